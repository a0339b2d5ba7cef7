# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: nodegroup_plan
version_added: 0.1.0
short_description: The IAM roles, launch templates and module options of node groups
author: kumo.eks contributors (@kumo-eks)
description:
  - Turns the node groups that a person writes for the role P(kumo.eks.eks_nodegroups#role) into what each of its tasks needs.
options:
  _input:
    description: The node groups, as in the role's C(eks_nodegroups_list).
    type: list
    elements: dict
    required: true
  cluster:
    description: The cluster's name.
    type: str
    required: true
  region:
    description: The AWS region.
    type: str
    required: true
  role_name:
    description: Name of the IAM role that groups share.
    type: str
    required: true
  subnets:
    description: IDs of subnets, under C(private) and C(public).
    type: dict
    required: true
  tags:
    description: Tags of everything.
    type: dict
    required: true
  roles:
    description: The RV(kumo.eks.eks_foundation_info#module:roles) and RV(kumo.eks.eks_foundation_info#module:missing_roles) that were found.
    type: list
    elements: dict
  templates:
    description: The RV(kumo.eks.eks_foundation_info#module:launch_templates) that were found.
    type: list
    elements: dict
"""

EXAMPLES = r"""
- name: Show what node groups need
  ansible.builtin.debug:
    msg: >-
      {{ eks_nodegroups_list | kumo.eks.nodegroup_plan(cluster='my-cluster', region='ap-northeast-1',
         role_name='eksNodeRole', subnets={'private': [], 'public': []}, tags={}) }}
"""

RETURN = r"""
_value:
  description: C(roles), C(launch_templates), C(differing_templates), and C(nodegroups) as M(kumo.eks.eks_nodegroup) takes them.
  type: dict
"""

from collections.abc import Callable
from typing import Any

from ansible.errors import AnsibleFilterError

from ansible_collections.kumo.eks.plugins.module_utils.core.errors import EksError
from ansible_collections.kumo.eks.plugins.module_utils.nodes.managed import nodegroup_plan


def plan(groups: list[dict[str, Any]], **facts: Any) -> dict[str, Any]:
    try:
        return nodegroup_plan(groups, **facts)
    except EksError as error:
        raise AnsibleFilterError(str(error)) from error


class FilterModule:
    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"nodegroup_plan": plan}
