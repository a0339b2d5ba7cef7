# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: network_removal
version_added: 0.1.0
short_description: What of a cluster's network may be removed
author: kumo.eks contributors (@kumo-eks)
description:
  - Picks what has the tag of this cluster from what M(kumo.eks.eks_foundation_info) found, and names what others have in the VPC.
options:
  _input:
    description: The RV(kumo.eks.eks_foundation_info#module:network) that was found, with its leftovers.
    type: dict
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
- name: Show what others have in the VPC
  ansible.builtin.debug:
    msg: "{{ (found.network | kumo.eks.network_removal(cluster='my-cluster', region='ap-northeast-1')).blocking }}"
"""

RETURN = r"""
_value:
  description: Lists of what may be removed, and C(blocking) with what has to go first.
  type: dict
"""

from collections.abc import Callable
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.ec2.network_plan import network_removal


class FilterModule:
    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"network_removal": network_removal}
