#!/usr/bin/python
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: eks_platform
version_added: 0.1.0
short_description: Install the controllers that an Amazon EKS cluster needs
description:
  - Installs components like the AWS Load Balancer Controller, ExternalDNS and cert-manager, each named by one word. A component is an add-on
    where EKS offers one, and otherwise a Helm release.
  - Creates the IAM role of each component with the policy that its project publishes, and the EKS Pod Identity Agent if it is missing.
  - The version of a chart belongs to the cluster's Kubernetes version. EKS chooses the versions of add-ons.
  - The agent is installed before what needs pod identities, roles before the pods that use them, add-ons before releases, and the AWS Load
    Balancer Controller before all other releases. O(state=absent) goes the other way round.
  - All options are checked before anything is created.
author:
  - kumo.eks contributors (@kumo-eks)
options:
  cluster_name:
    description: The cluster's name.
    type: str
    required: true
  components:
    description:
      - The components. An item is a word, or a mapping with the word as C(name) and options.
      - Add-ons are V(cert_manager), V(cloudwatch_observability), V(ebs_csi_driver), V(efs_csi_driver), V(external_dns), V(fsx_csi_driver) and
        V(metrics_server). Helm releases are V(argo_cd), V(aws_load_balancer_controller), V(cluster_autoscaler), V(external_secrets) and
        V(ingress_nginx).
      - C(version) is the version of the add-on, as the module M(kumo.eks.eks_addon) takes it, or that of the chart.
      - C(values) are the settings of the add-on (C(configuration_values)), or values of the chart over those of the module.
        C(secret_values) are values of the chart that are masked in results.
      - C(namespace) is the Kubernetes namespace.
      - C(identity) overrides O(identity) for this component.
      - C(hosted_zones) limits the policy of V(cert_manager) and V(external_dns) to hosted zones of Route 53, by their IDs or ARNs.
      - C(secrets) limits the policy of V(external_secrets) to secrets of Secrets Manager and parameters of Systems Manager, by their ARNs,
        which may end with C(*). C(kms_keys) adds the right to decrypt with KMS keys.
      - C(repository) is the repository of the chart, as in O(chart_repository).
    type: list
    elements: raw
    required: true
  identity:
    description:
      - How pods get their IAM role. V(irsa) is for Fargate, where pods cannot reach the EKS Pod Identity Agent.
      - With V(none) the module does not create IAM roles.
    type: str
    choices: [pod_identity, irsa, none]
    default: pod_identity
  purge:
    description:
      - Whether components that the module installed, and that are not in O(components) any more, are removed.
      - Without it they are returned in RV(unlisted).
    type: bool
    default: false
  kubernetes_version:
    description: The Kubernetes version for which the versions of charts are planned in check mode while the cluster does not exist.
    type: str
  chart_repository:
    description:
      - A mirror that has all charts, for clusters and controllers without access to the internet. It is the URL of a chart repository, or
        a registry like V(oci://123456789012.dkr.ecr.ap-northeast-1.amazonaws.com/charts).
      - The default is the repository of each project.
    type: str
  # ChartSource: written by tools/shared_docs.py, from here
  chart_repository_username:
    description: The user at O(chart_repository).
    type: str
  chart_repository_password:
    description: The user's password. Helm reads it from its standard input.
    type: str
  ecr_login:
    description:
      - Whether to sign in to the registry of O(chart_repository) with a password that Amazon ECR gives for the credentials of the task.
    type: bool
    default: false
  binary_path:
    description: The C(helm) to run. The default is the first C(helm) on PATH.
    type: path
  # to here.
  wait_timeout:
    description: The limit of each wait for add-ons and releases, in seconds.
    type: int
    default: 1200
  tags:
    description: Tags of the add-ons, the pod identity associations and the IAM roles. Keys are never rewritten.
    type: dict
    aliases: [resource_tags]
  state:
    description: Whether the components exist. V(absent) removes those of O(components), and their IAM roles last.
    type: str
    choices: [present, absent]
    default: present
notes:
  - The plan is made on the controller. The modules M(kumo.eks.eks_addon), M(kumo.eks.eks_pod_identity), M(kumo.eks.eks_irsa) and
    M(kumo.eks.eks_helm) run on the task's host with its credentials.
  - Add-ons and IAM roles have the tag C(kumo.eks/platform) with the component's word, and releases a description that begins with
    C(kumo.eks platform). O(purge) recognizes them by it.
  - If a new Kubernetes version or a new release of kumo.eks has another version of a chart, the next run upgrades the release. Set C(version) to
    pin it.
  - Helm is needed only where a component is a Helm release.
seealso:
  - module: kumo.eks.eks_addon
  - module: kumo.eks.eks_helm
  - module: kumo.eks.eks_pod_identity
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - kumo.eks.requirements
  - kumo.eks.requirements.kubernetes
  - ansible.builtin.action_common_attributes
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
  platform:
    platforms: posix
"""

EXAMPLES = r"""
- name: Install components by their names
  kumo.eks.eks_platform:
    cluster_name: my-cluster
    region: ap-northeast-1
    components:
      - aws_load_balancer_controller
      - cluster_autoscaler
      - metrics_server
      - name: external_dns
        hosted_zones: [Z0123456789ABCDEFGHIJ]
      - name: external_secrets
        secrets: ["arn:aws:secretsmanager:ap-northeast-1:123456789012:secret:production/*"]
        values:
          replicaCount: 2

- name: Remove a component, and its IAM role
  kumo.eks.eks_platform:
    cluster_name: my-cluster
    region: ap-northeast-1
    components: [external_secrets]
    state: absent
"""

RETURN = r"""
components:
  description: The components of the task.
  returned: when the cluster was looked at
  type: list
  elements: dict
  contains:
    name:
      description: The component's word.
      returned: always
      type: str
      sample: external_dns
    namespace:
      description: Its namespace.
      returned: always
      type: str
      sample: external-dns
    identity:
      description: How its pods get their IAM role.
      returned: always
      type: str
      sample: pod_identity
    addon:
      description: The add-on's name.
      returned: when it is an add-on
      type: str
      sample: external-dns
    release:
      description: The release's name.
      returned: when it is a Helm release
      type: str
      sample: cluster-autoscaler
unlisted:
  description: Components that the module installed in the cluster and that are not in O(components). They were removed if O(purge=true).
  returned: when the cluster was looked at
  type: list
  elements: dict
  contains:
    name:
      description: The component's word.
      returned: always
      type: str
      sample: metrics_server
    installed:
      description: Name of its add-on or release. Empty if only its IAM role is left.
      returned: always
      type: str
      sample: metrics-server
addons:
  description: The results of the add-ons, as M(kumo.eks.eks_addon) returns them.
  returned: always
  type: list
  elements: dict
  sample: [{"name": "external-dns", "changed": true, "status": "ACTIVE"}]
associations:
  description: The results of the pod identity associations, as M(kumo.eks.eks_pod_identity) returns them.
  returned: always
  type: list
  elements: dict
  sample: [{"name": "external-dns/external-dns", "changed": true}]
identities:
  description: The results of the IAM roles by IRSA, as M(kumo.eks.eks_irsa) returns them.
  returned: always
  type: list
  elements: dict
  sample: [{"name": "external-dns/external-dns", "changed": true}]
releases:
  description: The results of the Helm releases, as M(kumo.eks.eks_helm) returns them.
  returned: always
  type: list
  elements: dict
  sample: [{"name": "cluster-autoscaler", "namespace": "kube-system", "changed": true, "status": "deployed"}]
kept:
  description: What was not removed, and why.
  returned: always
  type: list
  elements: dict
  contains:
    kind:
      description: What it is.
      returned: always
      type: str
      sample: add-on
    name:
      description: Its name or ARN.
      returned: always
      type: str
      sample: eks-pod-identity-agent
    why:
      description: Why it was kept.
      returned: always
      type: str
      sample: "pod identity associations use it: production/reader"
"""

from functools import partial
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.aws.client import get_client
from ansible_collections.kumo.eks.plugins.module_utils.aws.describe import describe_or_none
from ansible_collections.kumo.eks.plugins.module_utils.aws.module import AnsibleAWSModule, handle_failures
from ansible_collections.kumo.eks.plugins.module_utils.kubernetes.api import KubernetesError, connect_api
from ansible_collections.kumo.eks.plugins.module_utils.kubernetes.connection import build_connection
from ansible_collections.kumo.eks.plugins.module_utils.kubernetes.token import mint_token
from ansible_collections.kumo.eks.plugins.module_utils.platform.catalog import COMPONENTS
from ansible_collections.kumo.eks.plugins.module_utils.platform.observation import (
    build_observation,
    build_place,
    find_releases,
)
from ansible_collections.kumo.eks.plugins.module_utils.platform.options import build_platform_spec, read_components

Row = dict[str, Any]


def look_at_releases(module: AnsibleAWSModule, raw: Row | None, components: list[Row]) -> list[Row]:
    """The releases of components. The Kubernetes API is asked only where the task may have to do with releases.

    A task that only purges goes on without it: a cluster whose components are all add-ons may have no way to its API from here.
    """
    has_charts = any(COMPONENTS[row["name"]].chart for row in components)
    wanted = has_charts or module.params["purge"]
    if raw is None or not wanted or not raw.get("endpoint") or raw["status"] == "DELETING":
        return []
    try:
        return ask_for_releases(module, raw)
    except KubernetesError as error:
        if has_charts:
            raise
        module.warn(f"Helm releases of components that are not listed any more were not looked for: {error.message}")
        return []


def ask_for_releases(module: AnsibleAWSModule, raw: Row) -> list[Row]:
    """The releases of components, by the Kubernetes API."""
    sts, name = get_client(module, "sts"), raw["name"]
    with connect_api(build_connection(raw, name, sts.meta.region_name), partial(mint_token, sts, name)) as api:
        return find_releases(api)


def main() -> None:
    """The look at the cluster. The action plugin of the same name makes the plan and runs the modules."""
    module = AnsibleAWSModule(argument_spec=build_platform_spec(), supports_check_mode=True)
    name = module.params["cluster_name"]
    with handle_failures(module, f"Could not look at the components of cluster {name}"):
        components = read_components(module.params["components"], "components")
        eks = get_client(module)
        raw = describe_or_none(eks.describe_cluster, "cluster", name=name)
        place = build_place(
            raw, name, eks.meta.region_name, lambda: get_client(module, "sts").get_caller_identity()["Arn"]
        )
        releases = look_at_releases(module, raw, components)
        namespaces = {row["name"]: row["namespace"] for row in components if "namespace" in row}
        observation = build_observation(eks, get_client(module, "iam"), place, releases, namespaces)
    module.exit_json(changed=False, **observation)


if __name__ == "__main__":
    main()
