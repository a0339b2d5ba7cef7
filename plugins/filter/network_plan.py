# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: network_plan
version_added: 0.1.0
short_description: What of a cluster's network differs from what is wanted
author: kumo.eks contributors (@kumo-eks)
description:
  - Compares what M(kumo.eks.eks_foundation_info) found with the network that the role P(kumo.eks.eks_network#role) keeps.
  - The role runs a task only for what is in the answer.
options:
  _input:
    description: The RV(kumo.eks.eks_foundation_info#module:network) that was found. An empty dictionary checks the options alone.
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
  cidr:
    description: Address range of the VPC.
    type: str
    required: true
  zones:
    description: Availability zones; an empty list for those of the subnets that are there.
    type: list
    elements: str
    required: true
  nat_gateway:
    description: V(HighlyAvailable), V(Single) or V(Disable).
    type: str
    required: true
  tags:
    description: Tags of everything.
    type: dict
    required: true
"""

EXAMPLES = r"""
- name: Show what differs
  ansible.builtin.debug:
    msg: >-
      {{ found.network | kumo.eks.network_plan(cluster='my-cluster', region='ap-northeast-1', cidr='10.0.0.0/16', zones=[],
         nat_gateway='Single', tags={}) }}
"""

RETURN = r"""
_value:
  description: Lists of what differs, and the IDs of what is there.
  type: dict
"""

from collections.abc import Callable
from typing import Any

from ansible.errors import AnsibleFilterError

from ansible_collections.kumo.eks.plugins.module_utils.core.errors import EksError
from ansible_collections.kumo.eks.plugins.module_utils.ec2.network_plan import network_plan


def plan(found: dict[str, Any], **wanted: Any) -> dict[str, Any]:
    try:
        return network_plan(found, **wanted)
    except EksError as error:
        raise AnsibleFilterError(str(error)) from error


class FilterModule:
    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"network_plan": plan}
