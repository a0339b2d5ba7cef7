# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: differing_roles
version_added: 0.1.0
short_description: Which IAM roles differ from what is wanted
author: kumo.eks contributors (@kumo-eks)
description:
  - Compares what M(kumo.eks.eks_role_info) found with roles as they should be.
options:
  _input:
    description: The RV(kumo.eks.eks_role_info#module:roles) that were found.
    type: list
    elements: dict
    required: true
  wanted:
    description: The roles as they should be, each with C(name), C(service), C(policies) and C(tags).
    type: list
    elements: dict
    required: true
"""

EXAMPLES = r"""
- name: Show which roles differ
  ansible.builtin.debug:
    msg: "{{ found.roles | kumo.eks.differing_roles(wanted) }}"
  vars:
    wanted:
      - name: eksClusterRole
        service: eks.amazonaws.com
        policies: [arn:aws:iam::aws:policy/AmazonEKSClusterPolicy]
        tags: {}
"""

RETURN = r"""
_value:
  description: Those of the wanted roles that are missing or differ, each with its C(trust) document.
  type: list
  elements: dict
"""

from collections.abc import Callable
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.resources.roles import compare_roles


class FilterModule:
    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"differing_roles": compare_roles}
