# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: cluster_config
version_added: 0.1.0
short_description: Convert an eksctl ClusterConfig to role variables
description:
  - Takes a ClusterConfig, as C(eksctl create cluster -f) does, and returns variables of the roles of this collection.
  - Every field is either supported, or refused by its path, with the reason and what to use instead. No field is ignored.
    C(docs/cluster-config.md) lists every field.
  - If the file has no value and eksctl has a default, the default is returned, so that the same file creates the same cluster.
  - All problems of a file are reported at once.
author:
  - kumo.eks contributors (@kumo-eks)
options:
  _input:
    description: The ClusterConfig, as a dictionary or as YAML text.
    type: raw
    required: true
  subnets:
    description:
      - The subnets of the VPC of the file, as C(network.subnets) of M(kumo.eks.eks_network_info). Entries of C(vpc.subnets) that have C(cidr) or
        C(az) and no C(id) are found among them.
      - The filter P(kumo.eks.cluster_config_vpc#filter) returns the VPC if the file has such entries.
    type: list
    elements: dict
notes:
  - As in eksctl, nodes are in public subnets unless their group sets C(privateNetworking), and there is one NAT gateway
    unless C(vpc.nat.gateway) is set.
"""

EXAMPLES = r"""
- name: Read an eksctl file
  ansible.builtin.set_fact:
    eks_variables: "{{ lookup('ansible.builtin.file', 'cluster-config.yaml') | kumo.eks.cluster_config }}"

- name: Show the node groups of the file
  ansible.builtin.debug:
    var: eks_variables.eks_nodegroups_list
"""

RETURN = r"""
_value:
  description:
    - Variables of the roles, by name. Only those that the file, or a default of eksctl, determines.
  type: dict
  sample:
    eks_cluster_name: my-cluster
    eks_region: ap-northeast-1
    eks_cluster_version: "1.29"
    eks_network_cidr: 10.0.0.0/16
    eks_network_nat_gateway: HighlyAvailable
"""

from collections.abc import Callable
from typing import Any

import yaml
from ansible.errors import AnsibleFilterError

from ansible_collections.kumo.eks.plugins.module_utils.cluster_config.config import Unusable, build_role_variables
from ansible_collections.kumo.eks.plugins.module_utils.cluster_config.text import parse_text
from ansible_collections.kumo.eks.plugins.module_utils.core.error_kinds import add_see, build_help
from ansible_collections.kumo.eks.plugins.module_utils.core.errors import ValidationError

HELP = build_help(ValidationError.kind)


def cluster_config(config: Any, subnets: list[dict[str, Any]] | None = None) -> dict[str, Any]:
    """The role variables of a ClusterConfig; raises AnsibleFilterError with everything that is wrong with it."""
    try:
        return build_role_variables(parse_text(config) if isinstance(config, str) else config, subnets)
    except yaml.YAMLError as error:
        raise AnsibleFilterError(add_see(f"The ClusterConfig is not YAML: {error}", HELP)) from error
    except (Unusable, ValidationError) as error:
        problems = error.problems if isinstance(error, Unusable) else error.facts["problems"]
        lines = "\n".join(f"- {problem}" for problem in problems)
        raise AnsibleFilterError(
            add_see(f"The ClusterConfig cannot be used:\n{lines}", HELP)
        ) from None  # the cause would repeat it


class FilterModule:
    """What Ansible finds here."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"cluster_config": cluster_config}
