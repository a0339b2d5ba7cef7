#!/usr/bin/python
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: eks_tag_info
version_added: 0.1.0
short_description: List the tags of a resource of Amazon EKS
description:
  - Lists the tags of any resource of EKS by its ARN.
author:
  - kumo.eks contributors (@kumo-eks)
options:
  resource:
    description: The ARN of the resource.
    type: str
    required: true
seealso:
  - module: kumo.eks.eks_tag
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
- name: List the tags of a cluster
  kumo.eks.eks_tag_info:
    resource: arn:aws:eks:ap-northeast-1:123456789012:cluster/my-cluster
    region: ap-northeast-1
  register: found
"""

RETURN = r"""
tags:
  description: The tags of the resource.
  returned: always
  type: dict
  sample: {"Environment": "production"}
"""

from ansible_collections.kumo.eks.plugins.module_utils.aws.client import get_client
from ansible_collections.kumo.eks.plugins.module_utils.aws.module import AnsibleAWSModule, handle_failures
from ansible_collections.kumo.eks.plugins.module_utils.eks.resource_tags import list_tags


def main() -> None:
    module = AnsibleAWSModule(argument_spec=dict(resource=dict(type="str", required=True)), supports_check_mode=True)
    arn = module.params["resource"]
    with handle_failures(module, f"Could not list the tags of {arn}"):
        found = list_tags(get_client(module), arn)
    module.exit_json(changed=False, tags=found)


if __name__ == "__main__":
    main()
