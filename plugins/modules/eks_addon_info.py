#!/usr/bin/python
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: eks_addon_info
version_added: 0.1.0
short_description: Describe add-ons of an Amazon EKS cluster, and the versions that EKS offers
description:
  - Describes one add-on, or all add-ons of a cluster.
  - On request it also lists the add-on versions that are compatible with a Kubernetes version, and which of them is the default.
author:
  - kumo.eks contributors (@kumo-eks)
options:
  cluster_name:
    description: The cluster's name. One of O(cluster_name) and O(kubernetes_version) is required.
    type: str
  name:
    description: The add-on's name. By default all add-ons are described.
    type: str
  versions:
    description: Whether to also list the versions of the add-ons. O(kubernetes_version) implies it.
    type: bool
    default: false
  kubernetes_version:
    description: The Kubernetes version for which to list add-on versions, in quotes. The default is that of the cluster.
    type: str
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
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

- name: List the versions of CoreDNS that are compatible with a Kubernetes version
  kumo.eks.eks_addon_info:
    name: coredns
    kubernetes_version: "1.35"
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
addon_versions:
  description: What EKS offers for the Kubernetes version.
  returned: when O(versions=true) or O(kubernetes_version) is given, and the cluster exists
  type: list
  elements: dict
  contains:
    addon_name:
      description: The add-on's name.
      returned: always
      type: str
      sample: coredns
    type:
      description: What it is for.
      returned: always
      type: str
      sample: networking
    kubernetes_version:
      description: The Kubernetes version that was asked for.
      returned: always
      type: str
      sample: "1.35"
    default_version:
      description: The version EKS installs by default, none where it names none.
      returned: always
      type: str
      sample: v1.13.1-eksbuild.1
    versions:
      description: The versions that are compatible with it, newest first.
      returned: always
      type: list
      elements: str
      sample: [v1.13.1-eksbuild.1, v1.12.4-eksbuild.1]
"""

from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.aws.client import convert_answer, get_client
from ansible_collections.kumo.eks.plugins.module_utils.aws.describe import describe_all, describe_or_none, list_names
from ansible_collections.kumo.eks.plugins.module_utils.aws.module import AnsibleAWSModule, handle_failures
from ansible_collections.kumo.eks.plugins.module_utils.core.versions import parse_minor
from ansible_collections.kumo.eks.plugins.module_utils.eks.addon_versions import AddonCatalog, build_version_rows


def addons_of(eks: Any, cluster: str, name: str | None) -> list[dict[str, Any]]:
    """One add-on or all of them, in snake case."""
    names = [name] if name else list_names(eks, "list_addons", "addons", cluster)
    found = describe_all(
        names, lambda one: describe_or_none(eks.describe_addon, "addon", clusterName=cluster, addonName=one)
    )
    return [convert_answer(raw) for raw in found]


def offered(eks: Any, kubernetes: str, name: str | None) -> list[dict[str, Any]]:
    """What DescribeAddonVersions offers for the Kubernetes version, one row for each add-on."""
    words = {"kubernetesVersion": kubernetes, **({"addonName": name} if name else {})}
    pages = eks.get_paginator("describe_addon_versions").paginate(**words)
    return [offer(info, kubernetes) for page in pages for info in page["addons"]]


def offer(info: dict[str, Any], kubernetes: str) -> dict[str, Any]:
    rows = build_version_rows(info)
    defaults = [row["version"] for row in rows if kubernetes in row["default_for"]]
    return {
        "addon_name": info["addonName"],
        "type": info.get("type"),
        "kubernetes_version": kubernetes,
        "default_version": defaults[0] if defaults else None,
        "versions": [row["version"] for row in rows],
    }


def describe_addons(eks: Any, params: dict[str, Any]) -> dict[str, Any]:
    """The result: add-ons, and versions where they are asked for."""
    cluster, kubernetes = params["cluster_name"], params["kubernetes_version"]
    if kubernetes:
        parse_minor(kubernetes, "kubernetes_version")
    elif params["versions"]:
        kubernetes = AddonCatalog(eks, cluster).describe_cluster_version()
    found = {"addons": addons_of(eks, cluster, params["name"]) if cluster else []}
    return {**found, "addon_versions": offered(eks, kubernetes, params["name"])} if kubernetes else found


def main() -> None:
    spec = dict(
        cluster_name=dict(type="str"),
        name=dict(type="str"),
        versions=dict(type="bool", default=False),
        kubernetes_version=dict(type="str"),
    )
    module = AnsibleAWSModule(
        argument_spec=spec, required_one_of=[("cluster_name", "kubernetes_version")], supports_check_mode=True
    )
    with handle_failures(module, "Could not describe add-ons"):
        result = describe_addons(get_client(module), module.params)
    module.exit_json(changed=False, **result)


if __name__ == "__main__":
    main()
