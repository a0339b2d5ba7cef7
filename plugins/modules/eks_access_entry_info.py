#!/usr/bin/python
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: eks_access_entry_info
version_added: 0.1.0
short_description: Describe access entries of an Amazon EKS cluster
description:
  - Describes one access entry with its access policies, or all access entries of a cluster, and on request the access policies that EKS
    offers.
author:
  - kumo.eks contributors (@kumo-eks)
options:
  cluster_name:
    description: The cluster's name.
    type: str
    required: true
  principal_arn:
    description: ARN of an IAM role or user. By default the entries of all principals are described.
    type: str
  policy_arn:
    description: Name or ARN of an access policy. Only entries with this policy are described.
    type: str
  available_policies:
    description: Whether to list the access policies that EKS offers, too.
    type: bool
    default: false
seealso:
  - module: kumo.eks.eks_access_review
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
- name: Describe the access of everybody
  kumo.eks.eks_access_entry_info:
    cluster_name: my-cluster
    region: ap-northeast-1
  register: access

- name: Find the administrators
  kumo.eks.eks_access_entry_info:
    cluster_name: my-cluster
    region: ap-northeast-1
    policy_arn: AmazonEKSClusterAdminPolicy
"""

RETURN = r"""
access_entries:
  description:
    - The access entries in snake case.
    - The list is empty if there is none, if the cluster does not exist, or if its authentication mode is V(CONFIG_MAP).
  returned: always
  type: list
  elements: dict
  contains:
    # AccessEntry: written by tools/shared_docs.py, from here
    principal_arn:
      description: ARN of the IAM role or user.
      returned: when the access entry exists
      type: str
      sample: arn:aws:iam::123456789012:role/developers
    cluster_name:
      description: The cluster's name.
      returned: when the access entry exists
      type: str
      sample: my-cluster
    type:
      description: Its type.
      returned: when the access entry exists
      type: str
      sample: STANDARD
    username:
      description: The user name in Kubernetes.
      returned: when the access entry exists
      type: str
      sample: arn:aws:sts::123456789012:assumed-role/developers/{{SessionName}}
    kubernetes_groups:
      description: The groups in Kubernetes.
      returned: when the access entry exists
      type: list
      elements: str
      sample: [developers]
    access_policies:
      description: The access policies of the entry.
      returned: when the access entry exists
      type: list
      elements: dict
      contains:
        policy_arn:
          description: ARN of the access policy.
          returned: always
          type: str
          sample: arn:aws:eks::aws:cluster-access-policy/AmazonEKSViewPolicy
        access_scope:
          description: Where it applies.
          returned: always
          type: dict
          contains:
            type:
              description: Whether it applies in the cluster or in namespaces.
              returned: always
              type: str
              sample: namespace
            namespaces:
              description: The namespaces, an empty list for the cluster.
              returned: always
              type: list
              elements: str
              sample: [shop]
        associated_at:
          description: When it was associated.
          returned: when it is associated
          type: str
          sample: '2026-08-01T09:00:00+09:00'
        modified_at:
          description: When its scope was changed last.
          returned: when it is associated
          type: str
          sample: '2026-08-01T09:00:00+09:00'
    access_entry_arn:
      description: Its ARN.
      returned: when the access entry exists
      type: str
      sample: arn:aws:eks:ap-northeast-1:123456789012:access-entry/my-cluster/role/123456789012/developers/1
    created_at:
      description: When it was created.
      returned: when the access entry exists
      type: str
      sample: '2026-08-01T09:00:00+09:00'
    modified_at:
      description: When it was changed last.
      returned: when the access entry exists
      type: str
      sample: '2026-08-01T09:00:00+09:00'
    tags:
      description: Its tags.
      returned: when the access entry exists
      type: dict
      sample:
        Environment: production
    # to here.
authentication_mode:
  description: The authentication mode of the cluster.
  returned: when the cluster exists
  type: str
  sample: API
available_policies:
  description: The access policies that EKS offers.
  returned: with O(available_policies=true)
  type: list
  elements: dict
  contains:
    name:
      description: The policy's name.
      returned: always
      type: str
      sample: AmazonEKSViewPolicy
    arn:
      description: The policy's ARN.
      returned: always
      type: str
      sample: arn:aws:eks::aws:cluster-access-policy/AmazonEKSViewPolicy
"""

from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.aws.client import get_client
from ansible_collections.kumo.eks.plugins.module_utils.aws.describe import describe_all, describe_or_none
from ansible_collections.kumo.eks.plugins.module_utils.aws.module import AnsibleAWSModule, handle_failures
from ansible_collections.kumo.eks.plugins.module_utils.aws.partition import get_partition
from ansible_collections.kumo.eks.plugins.module_utils.core.specs.access_entry import build_policy_arn
from ansible_collections.kumo.eks.plugins.module_utils.eks.access_entry import (
    convert_entry,
    describe_entry,
    list_available_policies,
    list_entries,
)
from ansible_collections.kumo.eks.plugins.module_utils.eks.authentication_mode import get_mode, has_entries


def describe_entries(eks: Any, params: dict[str, Any]) -> list[dict[str, Any]]:
    """The entries that the task asks for."""
    cluster, principal = params["cluster_name"], params["principal_arn"]
    policy = build_policy_arn(params["policy_arn"], get_partition(eks.meta.region_name)) if params["policy_arn"] else ""
    names = [principal] if principal and not policy else list_entries(eks, cluster, policy)
    wanted = [arn for arn in names if principal in (None, arn)]
    return describe_all(wanted, lambda arn: describe_entry(eks, cluster, arn))


def main() -> None:
    spec = dict(
        cluster_name=dict(type="str", required=True),
        principal_arn=dict(type="str"),
        policy_arn=dict(type="str"),
        available_policies=dict(type="bool", default=False),
    )
    module = AnsibleAWSModule(argument_spec=spec, supports_check_mode=True)
    name = module.params["cluster_name"]
    result: dict[str, Any] = {"access_entries": []}
    with handle_failures(module, f"Could not describe access entries of cluster {name}"):
        eks = get_client(module)
        cluster = describe_or_none(eks.describe_cluster, "cluster", name=name)
        if cluster:
            result["authentication_mode"] = get_mode(cluster)
        if cluster and has_entries(cluster):
            result["access_entries"] = [convert_entry(raw) for raw in describe_entries(eks, module.params)]
        if module.params["available_policies"]:
            result["available_policies"] = list_available_policies(eks)
    module.exit_json(changed=False, **result)


if __name__ == "__main__":
    main()
