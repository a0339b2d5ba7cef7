#!/usr/bin/python
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: eks_iam_role_info
version_added: 0.1.0
short_description: Describe the IAM roles of an Amazon EKS cluster, and what uses them
description:
  - Describes the IAM roles that have the tag of a cluster, or named roles, with their trust policies and policies.
  - With O(users=true), it also returns what uses each role in all regions, as M(kumo.eks.eks_iam_role) checks before it deletes a role.
author:
  - kumo.eks contributors (@kumo-eks)
options:
  cluster_name:
    description: Name of the cluster. Roles that were created for it have the tag C(kumo.eks/REGION/CLUSTER).
    type: str
    required: true
  names:
    description:
      - Names of roles. Roles that do not exist are omitted from the result.
      - By default the roles with the tag of the cluster are described. This reads the tags of every role of the account that EKS, EC2 or
        pods can assume.
    type: list
    elements: str
  users:
    description: Whether to find out what uses the roles. This lists all clusters of the account, and describes the resources that can have such roles.
    type: bool
    default: false
  usage_regions:
    description: The regions to search for users. By default all regions that the account has enabled.
    type: list
    elements: str
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
seealso:
  - module: kumo.eks.eks_iam_role
"""

EXAMPLES = r"""
- name: Describe the roles of a cluster, and what uses them
  kumo.eks.eks_iam_role_info:
    cluster_name: my-cluster
    users: true
    region: ap-northeast-1
  register: found

- name: Describe two roles by their names
  kumo.eks.eks_iam_role_info:
    cluster_name: my-cluster
    names: [eksClusterRole, eksNodeRole]
    region: ap-northeast-1
"""

RETURN = r"""
iam_roles:
  description: The roles.
  returned: always
  type: list
  elements: dict
  contains:
    role_name:
      description: The role's name.
      returned: always
      type: str
      sample: my-cluster.ap-northeast-1_cluster
    arn:
      description: Its ARN.
      returned: always
      type: str
      sample: arn:aws:iam::123456789012:role/my-cluster.ap-northeast-1_cluster
    path:
      description: Its path.
      returned: always
      type: str
      sample: /
    trust_policy:
      description: The trust policy, in one form for comparing.
      returned: always
      type: dict
      sample:
        Version: "2012-10-17"
        Statement: [{"Effect": "Allow", "Principal": {"Service": "eks.amazonaws.com"}, "Action": "sts:AssumeRole"}]
    policy_arns:
      description: ARNs of the attached policies.
      returned: always
      type: list
      elements: str
      sample: ["arn:aws:iam::aws:policy/AmazonEKSClusterPolicy"]
    inline_policies:
      description: The inline policies, each document under its name.
      returned: always
      type: dict
      sample: {}
    permissions_boundary:
      description: ARN of its permissions boundary. Null if there is none.
      returned: always
      type: str
      sample: arn:aws:iam::123456789012:policy/boundary
    max_session_duration:
      description: The longest session, in seconds.
      returned: always
      type: int
      sample: 3600
    description:
      description: Its description. Null if there is none.
      returned: always
      type: str
      sample: Control plane of my-cluster
    tags:
      description: Its tags.
      returned: always
      type: dict
      sample: {"kumo.eks/ap-northeast-1/my-cluster": "owned"}
    users:
      description: What uses the role, as text.
      returned: when O(users=true)
      type: list
      elements: str
      sample: ["cluster my-cluster"]
not_determined:
  description: What could not be read, so that RV(iam_roles[].users) may be incomplete.
  returned: when O(users=true)
  type: list
  elements: str
  sample: ["clusters in eu-west-1 (AccessDeniedException: ...)"]
"""

from functools import partial
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.aws.client import get_client
from ansible_collections.kumo.eks.plugins.module_utils.aws.module import AnsibleAWSModule, handle_failures
from ansible_collections.kumo.eks.plugins.module_utils.aws.ownership import build_owner_key
from ansible_collections.kumo.eks.plugins.module_utils.aws.partition import get_partition
from ansible_collections.kumo.eks.plugins.module_utils.iam.access_entry import AccessEntries
from ansible_collections.kumo.eks.plugins.module_utils.iam.cluster_role_manager import ClusterRoleManager
from ansible_collections.kumo.eks.plugins.module_utils.iam.owned_roles import list_owned_roles
from ansible_collections.kumo.eks.plugins.module_utils.iam.role_manager import RoleManager
from ansible_collections.kumo.eks.plugins.module_utils.iam.role_usage import Leaving, UsageFinder
from ansible_collections.kumo.eks.plugins.module_utils.iam.scope import IamScope


def build_manager(module: AnsibleAWSModule) -> ClusterRoleManager:
    """The manager with the task's clients; nothing is about to be deleted."""
    region, cluster = module.region, module.params["cluster_name"]
    partition, owner = get_partition(region), build_owner_key(region, cluster)
    scope = IamScope(partition, owner, lambda: get_client(module, "sts").get_caller_identity()["Account"])
    leaving = Leaving(region, cluster)
    finder = UsageFinder(partial(get_client, module), region, partition, leaving, module.params["usage_regions"])
    entries = AccessEntries(partial(get_client, module), cluster)
    return ClusterRoleManager(RoleManager(get_client(module, "iam"), scope), finder, entries)


def describe(module: AnsibleAWSModule) -> dict[str, Any]:
    """The result of the task."""
    manager, names = build_manager(module), module.params["names"]
    if names is None:
        names = list_owned_roles(manager.roles.iam, manager.roles.scope.owner)
    rows = manager.describe_roles(names)
    if not module.params["users"]:
        return {"iam_roles": rows}
    users, unknown = manager.find_users(rows)
    return {"iam_roles": [{**row, "users": users[row["role_name"]]} for row in rows], "not_determined": unknown}


def main() -> None:
    spec = dict(
        cluster_name=dict(type="str", required=True),
        names=dict(type="list", elements="str"),
        users=dict(type="bool", default=False),
        usage_regions=dict(type="list", elements="str"),
    )
    module = AnsibleAWSModule(argument_spec=spec, supports_check_mode=True)
    with handle_failures(module, f"Could not describe IAM roles of cluster {module.params['cluster_name']}"):
        found = describe(module)
    module.exit_json(changed=False, **found)


if __name__ == "__main__":
    main()
