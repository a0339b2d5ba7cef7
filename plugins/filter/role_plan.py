# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: role_plan
version_added: 0.1.0
short_description: Which IAM roles differ from what is wanted
author: kumo.eks contributors (@kumo-eks)
description:
  - Compares what M(kumo.eks.eks_foundation_info) found with roles as they should be. Policy documents are compared by what they mean.
  - A role with the tag of a cluster was made by this collection and is kept exactly as written. Another one is only added to.
options:
  _input:
    description: The RV(kumo.eks.eks_foundation_info#module:roles) that were found.
    type: list
    elements: dict
    required: true
  wanted:
    description: The roles as they should be, each with C(name), C(service), C(policies), C(inline) and C(tags).
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
"""

EXAMPLES = r"""
- name: Show which roles differ
  ansible.builtin.debug:
    msg: "{{ found.roles | kumo.eks.role_plan(wanted=wanted, cluster='my-cluster', region='ap-northeast-1') }}"
  vars:
    wanted:
      - name: eksClusterRole
        service: eks.amazonaws.com
        policies: [arn:aws:iam::aws:policy/AmazonEKSClusterPolicy]
        tags: {}
"""

RETURN = r"""
_value:
  description: Those of the wanted roles that are missing or differ, each with C(why) in words and what its tasks need.
  type: list
  elements: dict
"""

from collections.abc import Callable
from typing import Any

from ansible.errors import AnsibleFilterError

from ansible_collections.kumo.eks.plugins.module_utils.core.errors import EksError
from ansible_collections.kumo.eks.plugins.module_utils.iam.role_plan import role_plan


def plan(found: list[dict[str, Any]], **facts: Any) -> list[dict[str, Any]]:
    try:
        return role_plan(found, **facts)
    except EksError as error:
        raise AnsibleFilterError(str(error)) from error


class FilterModule:
    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"role_plan": plan}
