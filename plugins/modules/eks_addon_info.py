#!/usr/bin/python
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: eks_addon_info
version_added: 0.1.0
short_description: Describe add-ons of an Amazon EKS cluster
description:
  - Describes one add-on, or all add-ons of a cluster.
  - With O(self_managed=true) it also shows VPC CNI, kube-proxy, CoreDNS and the EBS CSI driver where they run without EKS managing them, what
    differs from EKS' defaults, and what M(kumo.eks.eks_addon_takeover) would keep of it.
author:
  - kumo.eks contributors (@kumo-eks)
options:
  cluster_name:
    description: The cluster's name.
    type: str
    required: true
  name:
    description: The add-on's name. By default all add-ons are described.
    type: str
  self_managed:
    description: Whether to look in the cluster for software of add-ons that EKS does not manage. It connects to the Kubernetes API.
    type: bool
    default: false
seealso:
  - module: kumo.eks.eks_addon_takeover
    description: Takes over what is self-managed.
  - module: kumo.eks.eks_addon_version_info
    description: The add-ons and versions that EKS offers.
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - kumo.eks.requirements
  - kumo.eks.requirements.kubernetes
  - ansible.builtin.action_common_attributes
  - ansible.builtin.action_common_attributes.facts
attributes:
  check_mode:
    support: full
  diff_mode:
    support: none
  facts:
    support: none
  platform:
    platforms: posix
"""

EXAMPLES = r"""
- name: Describe all add-ons of the cluster
  kumo.eks.eks_addon_info:
    cluster_name: my-cluster
    region: ap-northeast-1
  register: found

- name: Describe one add-on
  kumo.eks.eks_addon_info:
    cluster_name: my-cluster
    name: vpc-cni
"""

RETURN = r"""
addons:
  description:
    - The add-ons as DescribeAddon answers them, in snake case.
    - The list is empty if there is none, or if the cluster does not exist.
  returned: always
  type: list
  elements: dict
  contains:
    # Addon: written by tools/shared_docs.py, from here
    addon_name:
      description: The add-on's name.
      returned: when the add-on exists
      type: str
      sample: coredns
    cluster_name:
      description: The cluster's name.
      returned: when the add-on exists
      type: str
      sample: my-cluster
    status:
      description: Its status.
      returned: when the add-on exists
      type: str
      sample: ACTIVE
    addon_version:
      description: Its version.
      returned: when the add-on exists
      type: str
      sample: v1.13.1-eksbuild.1
    health:
      description: Health issues that EKS reports.
      returned: when EKS returns it
      type: dict
      contains:
        issues:
          description: The issues.
          returned: when EKS returns it
          type: list
          elements: dict
          contains:
            code:
              description: The error code.
              returned: always
              type: str
              sample: AccessDenied
            message:
              description: The message of EKS.
              returned: always
              type: str
              sample: no access
            resource_ids:
              description: The resources that are affected.
              returned: when EKS returns it
              type: list
              elements: str
              sample: [i-0123456789abcdef0]
    addon_arn:
      description: The add-on's ARN.
      returned: when the add-on exists
      type: str
      sample: arn:aws:eks:ap-northeast-1:123456789012:addon/my-cluster/coredns/1
    created_at:
      description: When it was created.
      returned: when the add-on exists
      type: str
      sample: '2026-08-01T09:00:00+09:00'
    modified_at:
      description: When it was last changed.
      returned: when EKS returns it
      type: str
      sample: '2026-08-02T09:00:00+09:00'
    service_account_role_arn:
      description: ARN of the IAM role of its service account.
      returned: when EKS returns it
      type: str
      sample: arn:aws:iam::123456789012:role/vpcCniRole
    tags:
      description: Its tags.
      returned: when the add-on exists
      type: dict
      sample:
        Environment: production
    publisher:
      description: Who publishes it.
      returned: when EKS returns it
      type: str
      sample: eks
    owner:
      description: Who owns it.
      returned: when EKS returns it
      type: str
      sample: aws
    marketplace_information:
      description: Of an add-on of the AWS Marketplace, where it is sold.
      returned: when EKS returns it
      type: dict
      contains:
        product_id:
          description: The product's ID.
          returned: when EKS returns it
          type: str
          sample: '0123'
        product_url:
          description: The product's address.
          returned: when EKS returns it
          type: str
          sample: https://aws.amazon.com/marketplace/pp/prodview-1
    configuration_values:
      description: Its settings, as text.
      returned: when EKS returns it
      type: str
      sample: '{"replicaCount": 3}'
    pod_identity_associations:
      description: ARNs of its pod identity associations.
      returned: when EKS returns it
      type: list
      elements: str
      sample: ['arn:aws:eks:ap-northeast-1:123456789012:podidentityassociation/my-cluster/a-1']
    namespace_config:
      description: Where its software runs.
      returned: when EKS returns it
      type: dict
      contains:
        namespace:
          description: The namespace.
          returned: always
          type: str
          sample: kube-system
    # to here.
self_managed:
  description: The software that EKS does not manage.
  returned: when O(self_managed=true)
  type: list
  elements: dict
  contains:
    name:
      description: The add-on's name.
      returned: always
      type: str
      sample: coredns
    # SelfManagedAddon: written by tools/shared_docs.py, from here
    image:
      description: The image that its pods run.
      returned: always
      type: str
      sample: 602401143452.dkr.ecr.ap-northeast-1.amazonaws.com/eks/coredns:v1.12.4-eksbuild.1
    managed_by:
      description:
        - Who manages the software. V(eks) for what EKS installed with the cluster, or an add-on left behind, V(helm), V(argocd), V(flux),
          V(kubectl) for other manifests, and V(eks add-on) if EKS manages it.
      returned: always
      type: str
      sample: eks
    field_managers:
      description: The field managers that created its workload.
      returned: always
      type: list
      elements: str
      sample: [kubectl-client-side-apply]
    release:
      description: Namespace and name of its Helm release.
      returned: always
      type: str
      sample: kube-system/aws-ebs-csi-driver
    installed_version:
      description: The version of the software, as its image says.
      returned: always
      type: str
      sample: v1.12.4-eksbuild.1
    version:
      description: The version of the add-on that takes its place.
      returned: always
      type: str
      sample: v1.12.4-eksbuild.1
    configuration_values:
      description: The settings that are kept, as the configuration values of the add-on.
      returned: always
      type: dict
      sample:
        replicaCount: 3
    kept:
      description: Where in the cluster these settings are.
      returned: always
      type: list
      elements: str
      sample:
        - Deployment coredns .spec.replicas
    lost:
      description: What differs from EKS' defaults and the add-on has no configuration value for.
      returned: always
      type: list
      elements: str
      sample:
        - 'ConfigMap kube-proxy-config conntrack.min: 262144'
    service_account_role_arn:
      description: The IAM role of its service account by IRSA, which is kept.
      returned: always
      type: str
      sample: arn:aws:iam::123456789012:role/ebsCsiRole
    pod_identity_association:
      description: ID of the EKS Pod Identity association of its service account, which is kept.
      returned: always
      type: str
      sample: a-abcdefghijklmnop1
    replaced:
      description: Workloads that are deleted before the add-on is created, because their selectors cannot be changed.
      returned: always
      type: list
      elements: str
      sample:
        - Deployment ebs-csi-controller
        - DaemonSet ebs-csi-node
    why:
      description: Why it cannot be taken over, or why it failed. Empty if it can be.
      returned: always
      type: str
      sample: ''
    # to here.
"""

from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.aws.client import convert_answer, get_client
from ansible_collections.kumo.eks.plugins.module_utils.aws.describe import describe_all, describe_or_none, list_names
from ansible_collections.kumo.eks.plugins.module_utils.aws.module import AnsibleAWSModule, handle_failures
from ansible_collections.kumo.eks.plugins.module_utils.eks.addon_versions import AddonCatalog
from ansible_collections.kumo.eks.plugins.module_utils.kubernetes.api import open_cluster_api
from ansible_collections.kumo.eks.plugins.module_utils.takeover.reading import TakeoverReader
from ansible_collections.kumo.eks.plugins.module_utils.takeover.table import NAMES


def describe_addons(eks: Any, cluster: str, name: str | None) -> list[dict[str, Any]]:
    """One add-on or all of them, in snake case."""
    names = [name] if name else list_names(eks, "list_addons", "addons", cluster)
    found = describe_all(
        names, lambda one: describe_or_none(eks.describe_addon, "addon", clusterName=cluster, addonName=one)
    )
    return [convert_answer(raw) for raw in found]


def find_self_managed(module: AnsibleAWSModule, eks: Any, name: str | None) -> list[dict[str, Any]]:
    """What a take-over would do; nothing where the cluster does not exist."""
    cluster = module.params["cluster_name"]
    names = [one for one in NAMES if name in (None, one)]
    if not names or describe_or_none(eks.describe_cluster, "cluster", name=cluster) is None:
        return []
    with open_cluster_api(eks, get_client(module, "sts"), cluster) as api:
        reader = TakeoverReader(eks, api, cluster, AddonCatalog(eks, cluster))
        managed = reader.list_managed(names)
        plans = [reader.plan(one) for one in names if one not in managed]
    return [plan.build_row() for plan in plans if plan is not None]


def main() -> None:
    spec = dict(
        cluster_name=dict(type="str", required=True),
        name=dict(type="str"),
        self_managed=dict(type="bool", default=False),
    )
    module = AnsibleAWSModule(argument_spec=spec, supports_check_mode=True)
    with handle_failures(module, f"Could not describe add-ons of cluster {module.params['cluster_name']}"):
        eks, name = get_client(module), module.params["name"]
        found = describe_addons(eks, module.params["cluster_name"], name)
        more = {"self_managed": find_self_managed(module, eks, name)} if module.params["self_managed"] else {}
    module.exit_json(changed=False, addons=found, **more)


if __name__ == "__main__":
    main()
