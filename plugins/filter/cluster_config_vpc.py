# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: cluster_config_vpc
version_added: 0.1.0
short_description: Find the VPC in which an eksctl ClusterConfig leaves subnets to be looked up
description:
  - In C(vpc.subnets) of a ClusterConfig, a subnet may have C(cidr) or C(az) instead of its C(id). This filter returns the VPC whose subnets
    P(kumo.eks.cluster_config#filter) then needs.
author:
  - kumo.eks contributors (@kumo-eks)
options:
  _input:
    description: The ClusterConfig, as a dictionary or as YAML text.
    type: raw
    required: true
seealso:
  - plugin: kumo.eks.cluster_config
    plugin_type: filter
  - module: kumo.eks.eks_network_info
"""

EXAMPLES = r"""
- name: Look up the subnets of the VPC
  kumo.eks.eks_network_info: "{{ lookup('ansible.builtin.file', 'cluster-config.yaml') | kumo.eks.cluster_config_vpc }}"
  register: found

- name: Read an eksctl file whose subnets have no IDs
  ansible.builtin.set_fact:
    eks_variables: "{{ lookup('ansible.builtin.file', 'cluster-config.yaml') | kumo.eks.cluster_config(found.network.subnets) }}"
"""

RETURN = r"""
_value:
  description:
    - The ID of the VPC, C(vpc_id), and its C(region). Empty if all subnets of the file have IDs, and if the file has no VPC or cannot be read, which
      P(kumo.eks.cluster_config#filter) then reports.
  type: dict
  sample:
    vpc_id: vpc-11111111
    region: ap-northeast-1
"""

from collections.abc import Callable
from typing import Any

import yaml

from ansible_collections.kumo.eks.plugins.module_utils.cluster_config.existing_subnets import find_vpc
from ansible_collections.kumo.eks.plugins.module_utils.cluster_config.text import parse_text
from ansible_collections.kumo.eks.plugins.module_utils.core.errors import ValidationError


def cluster_config_vpc(config: Any) -> dict[str, str]:
    """The VPC and its region, empty where nothing is to be looked up."""
    try:
        return find_vpc(parse_text(config) if isinstance(config, str) else config)
    except (yaml.YAMLError, ValidationError):
        return {}


class FilterModule:
    """What Ansible finds here."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"cluster_config_vpc": cluster_config_vpc}
