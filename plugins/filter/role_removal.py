# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: role_removal
version_added: 0.1.0
short_description: Which IAM roles go with a cluster
author: kumo.eks contributors (@kumo-eks)
description:
  - Says which roles may be deleted when a cluster goes. Only those that this collection made for it, and that nothing else uses.
options:
  _input:
    description: The RV(kumo.eks.eks_foundation_info#module:roles) that were found.
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
  users:
    description: The RV(kumo.eks.eks_foundation_info#module:role_users) that were found.
    type: dict
    required: true
  planned:
    description: Whether what of the cluster itself uses a role is about to go, as in check mode.
    type: bool
    default: false
"""

EXAMPLES = r"""
- name: Show which roles go
  ansible.builtin.debug:
    msg: "{{ found.roles | kumo.eks.role_removal(cluster='my-cluster', region='ap-northeast-1', users=found.role_users) }}"
"""

RETURN = r"""
_value:
  description: C(delete), names; C(release), roles that lose this cluster's tag; C(kept), in words which roles stay and why.
  type: dict
"""

from collections.abc import Callable
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.iam.role_plan import role_removal


class FilterModule:
    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"role_removal": role_removal}
