#!/usr/bin/python
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: eks_tag
version_added: 0.1.0
short_description: Set and remove tags of a resource of Amazon EKS
description:
  - Sets and removes tags of any resource of EKS by its ARN, and leaves everything else as it is. Use it for resources that other tools manage.
  - The modules of the resources set tags, too. Do not list different tags for one resource in both, unless with O(purge_tags=false).
author:
  - kumo.eks contributors (@kumo-eks)
options:
  resource:
    description: The ARN of a cluster, node group, add-on, Fargate profile, access entry, pod identity association or capability.
    type: str
    required: true
  tags:
    description:
      - The tags that are set, or with O(state=absent) those that are removed, whatever their values are.
      - Keys are never rewritten.
    type: dict
    required: true
    aliases: [resource_tags]
  purge_tags:
    description: Whether all other tags are removed. Tags with the prefix C(aws:) belong to AWS and are kept. Only with O(state=present).
    type: bool
    default: false
  state:
    description: Whether the resource has the tags.
    type: str
    choices: [present, absent]
    default: present
seealso:
  - module: kumo.eks.eks_tag_info
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - kumo.eks.requirements
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
- name: Set a tag of a cluster that another tool manages
  kumo.eks.eks_tag:
    resource: arn:aws:eks:ap-northeast-1:123456789012:cluster/my-cluster
    region: ap-northeast-1
    tags:
      CostCenter: "4711"

- name: Remove it
  kumo.eks.eks_tag:
    resource: arn:aws:eks:ap-northeast-1:123456789012:cluster/my-cluster
    region: ap-northeast-1
    tags: {CostCenter: ""}
    state: absent
"""

RETURN = r"""
tags:
  description: All tags of the resource.
  returned: always
  type: dict
  sample: {"CostCenter": "4711"}
"""

from ansible_collections.kumo.eks.plugins.module_utils.aws.client import get_client
from ansible_collections.kumo.eks.plugins.module_utils.aws.module import AnsibleAWSModule, handle_failures
from ansible_collections.kumo.eks.plugins.module_utils.core.specs.common import build_state_spec
from ansible_collections.kumo.eks.plugins.module_utils.eks.resource_tags import ensure_tags


def main() -> None:
    spec = dict(
        resource=dict(type="str", required=True),
        tags=dict(type="dict", required=True, aliases=["resource_tags"]),
        purge_tags=dict(type="bool", default=False),
        **build_state_spec(),
    )
    module = AnsibleAWSModule(argument_spec=spec, supports_check_mode=True)
    params = module.params
    with handle_failures(module, f"Could not change the tags of {params['resource']}"):
        options = (params["tags"], params["state"], params["purge_tags"], module.check_mode)
        before, after = ensure_tags(get_client(module), params["resource"], *options)
    module.exit_json(changed=before != after, tags=after, diff={"before": before, "after": after})


if __name__ == "__main__":
    main()
