#!/usr/bin/python
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: eks_foundation_info
version_added: 0.1.0
short_description: Look at what an Amazon EKS cluster stands on
description:
  - Describes the network that the role P(kumo.eks.eks_network#role) made for a cluster, and launch templates, in one task.
  - Keys of the answers are those of the APIs in snake case; tags are dictionaries.
author:
  - kumo.eks contributors (@kumo-eks)
options:
  cluster_name:
    description:
      - Name of the cluster. What was made for it has the tag C(kumo.eks/<region>/<name>).
    type: str
    required: true
  network:
    description: Whether to look at the network.
    type: bool
    default: false
  leftovers:
    description: Whether to look at the security groups and network interfaces in the VPC, too.
    type: bool
    default: false
  launch_templates:
    description:
      - Names of launch templates to look at.
      - An empty list looks at those that were made for the cluster. Left out, none is looked at.
    type: list
    elements: str
  wait:
    description:
      - Whether to wait until no NAT gateway is pending or deleting, and EKS has removed its own network interfaces.
      - When O(wait_timeout) has passed, what is there then is returned; that is no failure.
    type: bool
    default: false
  wait_timeout:
    description: Seconds to wait.
    type: int
    default: 600
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
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
- name: Look at the network of a cluster
  kumo.eks.eks_foundation_info:
    cluster_name: my-cluster
    network: true
    region: ap-northeast-1
  register: found
"""

RETURN = r"""
network:
  description: The VPC that was made for the cluster, and what is in it.
  returned: when O(network=true)
  type: dict
  contains:
    vpc:
      description: The VPC, with C(dns_hostnames) and C(dns_support); null where there is none.
      returned: always
      type: dict
      sample: {"vpc_id": "vpc-11111111", "cidr_block": "10.0.0.0/16", "tags": {"Name": "my-cluster"}}
    internet_gateway:
      description: The internet gateway, and whether it is C(attached); null where there is none.
      returned: always
      type: dict
      sample: {"internet_gateway_id": "igw-11111111", "attached": true}
    subnets:
      description: The subnets.
      returned: always
      type: list
      elements: dict
      sample: [{"subnet_id": "subnet-11111111", "availability_zone": "ap-northeast-1a", "cidr_block": "10.0.0.0/19"}]
    nat_gateways:
      description: The NAT gateways that are not deleted, with their addresses.
      returned: always
      type: list
      elements: dict
      sample: [{"nat_gateway_id": "nat-11111111", "state": "available", "subnet_id": "subnet-11111111"}]
    route_tables:
      description: The route tables, with their routes and associations.
      returned: always
      type: list
      elements: dict
      sample: [{"route_table_id": "rtb-11111111", "routes": [], "associations": []}]
    addresses:
      description: The Elastic IP addresses that were allocated for the cluster.
      returned: always
      type: list
      elements: dict
      sample: [{"allocation_id": "eipalloc-11111111", "public_ip": "203.0.113.7"}]
    zones:
      description: The region's availability zones that EKS can use; empty where no subnet is missing.
      returned: always
      type: list
      elements: str
      sample: ["ap-northeast-1a", "ap-northeast-1c", "ap-northeast-1d"]
    security_groups:
      description: The security groups; empty unless O(leftovers=true).
      returned: always
      type: list
      elements: dict
      sample: [{"group_id": "sg-11111111", "group_name": "default"}]
    network_interfaces:
      description: The network interfaces; empty unless O(leftovers=true).
      returned: always
      type: list
      elements: dict
      sample: [{"network_interface_id": "eni-11111111", "description": "ELB net/ingress/1234"}]
launch_templates:
  description: The launch templates, each with the data of its C(latest) version.
  returned: when O(launch_templates) is given
  type: list
  elements: dict
  sample: [{"launch_template_name": "my-cluster-general", "latest_version_number": 1, "latest": {}, "tags": {}}]
"""

import time
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.aws.client import get_client
from ansible_collections.kumo.eks.plugins.module_utils.aws.module import AnsibleAWSModule, handle_failures
from ansible_collections.kumo.eks.plugins.module_utils.ec2.launch_template import describe_templates
from ansible_collections.kumo.eks.plugins.module_utils.ec2.network import describe_network, is_settled

PAUSE = 5.0  # seconds between two looks of a wait


def look_at_network(module: AnsibleAWSModule) -> dict[str, Any]:
    params, ec2 = module.params, get_client(module, "ec2")
    end = time.monotonic() + params["wait_timeout"]
    while True:
        network = describe_network(ec2, module.region, params["cluster_name"], params["leftovers"])
        if not params["wait"] or module.check_mode or is_settled(network) or time.monotonic() > end:
            return network
        time.sleep(PAUSE)


def look(module: AnsibleAWSModule) -> dict[str, Any]:
    params = module.params
    found: dict[str, Any] = {}
    if params["network"]:
        found["network"] = look_at_network(module)
    if params["launch_templates"] is not None:
        ec2, names = get_client(module, "ec2"), params["launch_templates"]
        found["launch_templates"] = describe_templates(ec2, module.region, params["cluster_name"], names)
    return found


def main() -> None:
    spec = dict(
        cluster_name=dict(type="str", required=True),
        network=dict(type="bool", default=False),
        leftovers=dict(type="bool", default=False),
        launch_templates=dict(type="list", elements="str"),
        wait=dict(type="bool", default=False),
        wait_timeout=dict(type="int", default=600),
    )
    module = AnsibleAWSModule(argument_spec=spec, supports_check_mode=True)
    with handle_failures(module, f"Could not look at what cluster {module.params['cluster_name']} stands on"):
        found = look(module)
    module.exit_json(changed=False, **found)


if __name__ == "__main__":
    main()
