#!/usr/bin/python
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: eks_role_info
version_added: 0.1.0
short_description: Look at several IAM roles at once
description:
  - Describes IAM roles with their trust, policies and tags in one task. Two calls a role.
author:
  - kumo.eks contributors (@kumo-eks)
options:
  names:
    description: Names of the roles.
    type: list
    elements: str
    required: true
  inline_policies:
    description: Whether to look at the names of the inline policies, too; a third call a role.
    type: bool
    default: false
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
- name: Look at the roles of a cluster and its nodes
  kumo.eks.eks_role_info:
    names: [eksClusterRole, eksNodeRole]
    region: ap-northeast-1
  register: found
"""

RETURN = r"""
roles:
  description: The roles that there are.
  returned: always
  type: list
  elements: dict
  contains:
    role_name:
      description: The role's name.
      returned: always
      type: str
      sample: eksNodeRole
    arn:
      description: Its ARN.
      returned: always
      type: str
      sample: arn:aws:iam::123456789012:role/eksNodeRole
    assume_role_policy_document:
      description: Who may take the role.
      returned: always
      type: dict
      sample: {"Version": "2012-10-17", "Statement": []}
    attached_policies:
      description: ARNs of the managed policies.
      returned: always
      type: list
      elements: str
      sample: ["arn:aws:iam::aws:policy/AmazonEKSWorkerNodePolicy"]
    inline_policies:
      description: Names of the inline policies.
      returned: when O(inline_policies=true)
      type: list
      elements: str
      sample: ["auto_scaler"]
    tags:
      description: Its tags.
      returned: always
      type: dict
      sample: {"Environment": "production"}
missing:
  description: The roles that there are not, with the ARN that each would have.
  returned: always
  type: list
  elements: dict
  contains:
    role_name:
      description: The role's name.
      returned: always
      type: str
      sample: eksFargatePodRole
    arn:
      description: The ARN it would have.
      returned: always
      type: str
      sample: arn:aws:iam::123456789012:role/eksFargatePodRole
"""

from ansible_collections.kumo.eks.plugins.module_utils.aws import AnsibleAWSModule, client, failures, has_code
from ansible_collections.kumo.eks.plugins.module_utils.resources.roles import describe_role


def predicted(module: AnsibleAWSModule, names: list[str]) -> list[dict[str, str]]:
    """The missing roles with the ARNs they would have in the caller's account and partition."""
    if not names:
        return []
    partition, account = client(module, "sts").get_caller_identity()["Arn"].split(":")[1:5:3]
    return [{"role_name": name, "arn": f"arn:{partition}:iam::{account}:role/{name}"} for name in names]


def main() -> None:
    spec = dict(
        names=dict(type="list", elements="str", required=True), inline_policies=dict(type="bool", default=False)
    )
    module = AnsibleAWSModule(argument_spec=spec, supports_check_mode=True)
    with failures(module, "Could not look at IAM roles"):
        iam, inline = client(module, "iam"), module.params["inline_policies"]
        found = {
            name: describe_role(iam, name, inline, lambda error: has_code(error, "NoSuchEntity"))
            for name in module.params["names"]
        }
        missing = predicted(module, [name for name, role in found.items() if role is None])
    module.exit_json(changed=False, roles=[role for role in found.values() if role], missing=missing)


if __name__ == "__main__":
    main()
