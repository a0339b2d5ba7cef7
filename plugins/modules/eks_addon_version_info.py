#!/usr/bin/python
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: eks_addon_version_info
version_added: 0.1.0
short_description: Describe the add-ons and add-on versions that Amazon EKS offers
description:
  - Describes what can be installed, whether or not a cluster has it. The add-ons with their versions, the Kubernetes versions that each is
    compatible with, and which version is the default.
  - On request it describes the configuration of a version. The JSON schema of its configuration values, and the service accounts that
    need an IAM role, with the policies that EKS recommends.
author:
  - kumo.eks contributors (@kumo-eks)
options:
  name:
    description: The add-on's name. By default all add-ons are described.
    type: str
  kubernetes_version:
    description: Describe only versions that are compatible with this Kubernetes version, in quotes.
    type: str
  cluster_name:
    description: Describe only versions that are compatible with the Kubernetes version of this cluster.
    type: str
  types:
    description: Describe only add-ons of these types, for example V(networking) or V(storage).
    type: list
    elements: str
  publishers:
    description: Describe only add-ons of these publishers, for example V(eks).
    type: list
    elements: str
  owners:
    description: Describe only add-ons of these owners, for example V(aws) or V(aws-marketplace).
    type: list
    elements: str
  configuration:
    description: Whether to describe the configuration of the version in O(version). It requires O(name).
    type: bool
    default: false
  version:
    description:
      - The version whose configuration is described. V(default) is the default version for the Kubernetes version, V(most_recent) the
        newest one that is compatible with it. Both require O(kubernetes_version) or O(cluster_name).
    type: str
    default: default
seealso:
  - module: kumo.eks.eks_addon_info
    description: The add-ons that a cluster has.
  - name: Amazon EKS add-ons
    description: The add-ons of AWS, with the IAM permissions that they need.
    link: https://docs.aws.amazon.com/eks/latest/userguide/workloads-add-ons-available-eks.html
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - kumo.eks.requirements
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
- name: List the add-ons that fit the cluster, with their versions
  kumo.eks.eks_addon_version_info:
    cluster_name: my-cluster
    region: ap-northeast-1
  register: offered

- name: List the versions of CoreDNS for the next Kubernetes version
  kumo.eks.eks_addon_version_info:
    name: coredns
    kubernetes_version: "1.35"

- name: Show what the EBS CSI driver can be configured with, and which IAM role it needs
  kumo.eks.eks_addon_version_info:
    name: aws-ebs-csi-driver
    cluster_name: my-cluster
    configuration: true
    version: most_recent
"""

RETURN = r"""
kubernetes_version:
  description: The Kubernetes version that the versions are compatible with.
  returned: when O(kubernetes_version) is given, or O(cluster_name) and the cluster exists
  type: str
  sample: "1.35"
addons:
  description:
    - The add-ons as DescribeAddonVersions returns them, in snake case.
    - The list is empty if EKS offers none, or if the cluster does not exist.
  returned: always
  type: list
  elements: dict
  contains:
    # AddonInfo: written by tools/shared_docs.py, from here
    addon_name:
      description: The add-on's name.
      returned: always
      type: str
      sample: vpc-cni
    type:
      description: What it is for.
      returned: when EKS returns it
      type: str
      sample: networking
    addon_versions:
      description: Its versions, newest first.
      returned: always
      type: list
      elements: dict
      contains:
        addon_version:
          description: The version.
          returned: always
          type: str
          sample: v1.20.4-eksbuild.1
        architecture:
          description: The architectures of nodes that it runs on.
          returned: when EKS returns it
          type: list
          elements: str
          sample: [amd64, arm64]
        compute_types:
          description: The types of compute that it runs on.
          returned: when EKS returns it
          type: list
          elements: str
          sample: [ec2, auto, hybrid]
        compatibilities:
          description: The Kubernetes versions that it is compatible with.
          returned: always
          type: list
          elements: dict
          contains:
            cluster_version:
              description: The Kubernetes version.
              returned: always
              type: str
              sample: '1.34'
            platform_versions:
              description: The platform versions of the control plane.
              returned: when EKS returns it
              type: list
              elements: str
              sample: ['*']
            default_version:
              description: Whether EKS installs it by default on this Kubernetes version.
              returned: always
              type: bool
              sample: false
        requires_configuration:
          description: Whether it cannot be installed without configuration values.
          returned: when EKS returns it
          type: bool
          sample: false
        requires_iam_permissions:
          description: Whether it needs the permissions of an IAM role.
          returned: when EKS returns it
          type: bool
          sample: true
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
    default_namespace:
      description: The Kubernetes namespace that it is installed in by default.
      returned: when EKS returns it
      type: str
      sample: kube-system
    # to here.
    default_version:
      description: The version that EKS installs by default on RV(kubernetes_version), none where it names none.
      returned: when RV(kubernetes_version) is returned
      type: str
      sample: v1.19.6-eksbuild.7
    most_recent_version:
      description: The newest of its versions.
      returned: always
      type: str
      sample: v1.20.4-eksbuild.1
configuration:
  description: The configuration of one version.
  returned: when O(configuration=true), and the add-on is offered
  type: dict
  contains:
    addon_version:
      description: The version.
      returned: always
      type: str
      sample: v1.49.0-eksbuild.1
    configuration_schema:
      description: The JSON schema of its configuration values. It is empty for an add-on that cannot be configured.
      returned: always
      type: dict
      sample: {"type": "object", "properties": {"controller": {"type": "object"}}}
    pod_identity_configuration:
      description: The service accounts that need an IAM role.
      returned: always
      type: list
      elements: dict
      contains:
        service_account:
          description: The service account's name.
          returned: always
          type: str
          sample: ebs-csi-controller-sa
        recommended_managed_policies:
          description: ARNs of the policies that EKS recommends for its role.
          returned: always
          type: list
          elements: str
          sample: ['arn:aws:iam::aws:policy/service-role/AmazonEBSCSIDriverPolicy']
"""

from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.aws.client import get_client
from ansible_collections.kumo.eks.plugins.module_utils.aws.describe import describe_or_none
from ansible_collections.kumo.eks.plugins.module_utils.aws.module import AnsibleAWSModule, handle_failures
from ansible_collections.kumo.eks.plugins.module_utils.core.errors import UnsupportedVersion, ValidationError
from ansible_collections.kumo.eks.plugins.module_utils.core.versions import parse_minor
from ansible_collections.kumo.eks.plugins.module_utils.eks.addon_versions import (
    DEFAULT,
    MOST_RECENT,
    build_offer,
    build_version_rows,
    choose_version,
    describe_configuration,
    list_offered,
)


def choose_kubernetes_version(eks: Any, params: dict[str, Any]) -> str | None:
    """The Kubernetes version that the task asks for, None for all of them, and "" where the cluster does not exist."""
    if params["kubernetes_version"]:
        parse_minor(params["kubernetes_version"], "kubernetes_version")
    if not params["cluster_name"]:
        return params["kubernetes_version"]
    cluster = describe_or_none(eks.describe_cluster, "cluster", name=params["cluster_name"])
    return cluster["version"] if cluster else ""


def check_version(params: dict[str, Any]) -> None:
    """Refuse a word for a version that only a Kubernetes version gives a meaning."""
    version = params["version"]
    unknown = not params["kubernetes_version"] and not params["cluster_name"]
    if params["configuration"] and version in (DEFAULT, MOST_RECENT) and unknown:
        raise ValidationError(
            f"version: {version!r} requires kubernetes_version or cluster_name. Set one of them, or a version like 'v1.20.4-eksbuild.1'."
        )


def find_version(info: dict[str, Any], wanted: str, kubernetes: str | None) -> str:
    """The version of an add-on that the option means; raises ValidationError for one that is not offered."""
    rows, name = build_version_rows(info), info["addonName"]
    if kubernetes:
        return choose_version(rows, wanted, name, kubernetes)
    versions = [row["version"] for row in rows]
    if wanted not in versions:
        raise UnsupportedVersion(f"version: EKS does not offer {name} {wanted}. Versions: {', '.join(versions)}.")
    return wanted


def describe_offers(eks: Any, params: dict[str, Any]) -> dict[str, Any]:
    """The result."""
    check_version(params)
    kubernetes = choose_kubernetes_version(eks, params)
    found: dict[str, Any] = {"addons": [], **({"kubernetes_version": kubernetes} if kubernetes else {})}
    if kubernetes == "":
        return found
    keys = {
        "addonName": "name",
        "types": "types",
        "publishers": "publishers",
        "owners": "owners",
    }
    words = {key: params[option] for key, option in keys.items() if params[option] is not None}
    infos = list_offered(eks, kubernetes, **words)
    found["addons"] = [build_offer(info, kubernetes) for info in infos]
    if params["configuration"] and infos:
        version = find_version(infos[0], params["version"], kubernetes)
        found["configuration"] = describe_configuration(eks, params["name"], version)
    return found


def main() -> None:
    spec = dict(
        name=dict(type="str"),
        kubernetes_version=dict(type="str"),
        cluster_name=dict(type="str"),
        types=dict(type="list", elements="str"),
        publishers=dict(type="list", elements="str"),
        owners=dict(type="list", elements="str"),
        configuration=dict(type="bool", default=False),
        version=dict(type="str", default=DEFAULT),
    )
    module = AnsibleAWSModule(
        argument_spec=spec,
        mutually_exclusive=[("kubernetes_version", "cluster_name")],
        required_if=[("configuration", True, ("name",))],
        supports_check_mode=True,
    )
    with handle_failures(module, "Could not describe add-on versions"):
        result = describe_offers(get_client(module), module.params)
    module.exit_json(changed=False, **result)


if __name__ == "__main__":
    main()
