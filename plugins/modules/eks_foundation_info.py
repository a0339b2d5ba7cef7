#!/usr/bin/python
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: eks_foundation_info
version_added: 0.1.0
short_description: Look at what an Amazon EKS cluster stands on
description:
  - Describes the network that the role P(kumo.eks.eks_network#role) made for a cluster, and IAM roles, in one task.
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
  roles:
    description: IAM roles to look at. Two calls for each.
    type: list
    elements: dict
    default: []
    suboptions:
      name:
        description: The role's name.
        type: str
        required: true
      inline:
        description: Whether to read its inline policies, too.
        type: bool
        default: false
  role_users:
    description: Whether to look up what in the region uses which role. This describes every cluster with its node groups and profiles.
    type: bool
    default: false
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

- name: Look at two IAM roles
  kumo.eks.eks_foundation_info:
    cluster_name: my-cluster
    roles:
      - name: eksClusterRole
      - name: eksNodeRole
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
roles:
  description: The roles that there are.
  returned: always
  type: list
  elements: dict
  contains:
    role_name:
      description: The role's name.
      returned: always
      type: str
      sample: eksNodeRole
    arn:
      description: Its ARN.
      returned: always
      type: str
      sample: arn:aws:iam::123456789012:role/eksNodeRole
    assume_role_policy_document:
      description: Who may take the role.
      returned: always
      type: dict
      sample: {"Version": "2012-10-17", "Statement": []}
    attached_policies:
      description: ARNs of the managed policies.
      returned: always
      type: list
      elements: str
      sample: ["arn:aws:iam::aws:policy/AmazonEKSWorkerNodePolicy"]
    inline_policies:
      description: The inline policies, each document under its name.
      returned: when C(inline) was asked for
      type: dict
      sample: {"auto_scaler": {"Version": "2012-10-17", "Statement": []}}
    tags:
      description: Its tags.
      returned: always
      type: dict
      sample: {"Environment": "production"}
missing_roles:
  description: The roles that there are not, with the ARN that each would have.
  returned: always
  type: list
  elements: dict
  contains:
    role_name:
      description: The role's name.
      returned: always
      type: str
      sample: eksFargatePodRole
    arn:
      description: The ARN it would have.
      returned: always
      type: str
      sample: arn:aws:iam::123456789012:role/eksFargatePodRole
role_users:
  description: What uses which role in the region.
  returned: when O(role_users=true)
  type: dict
  contains:
    clusters:
      description: The names of the region's clusters.
      returned: always
      type: list
      elements: str
      sample: ["my-cluster"]
    users:
      description: What uses a role, in words, under the role's ARN.
      returned: always
      type: dict
      sample: {"arn:aws:iam::123456789012:role/eksClusterRole": ["cluster my-cluster"]}
"""

import time
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.aws.client import get_client, has_code
from ansible_collections.kumo.eks.plugins.module_utils.aws.module import AnsibleAWSModule, handle_failures
from ansible_collections.kumo.eks.plugins.module_utils.ec2.network import describe_network, is_settled
from ansible_collections.kumo.eks.plugins.module_utils.iam.role_usage import describe_roles, list_role_users

PAUSE = 5.0  # seconds between two looks of a wait


def look_at_network(module: AnsibleAWSModule) -> dict[str, Any]:
    params, ec2 = module.params, get_client(module, "ec2")
    end = time.monotonic() + params["wait_timeout"]
    while True:
        network = describe_network(ec2, module.region, params["cluster_name"], params["leftovers"])
        if not params["wait"] or module.check_mode or is_settled(network) or time.monotonic() > end:
            return network
        time.sleep(PAUSE)


def look_at_roles(module: AnsibleAWSModule) -> dict[str, Any]:
    """``roles`` and ``missing_roles``."""
    if not module.params["roles"]:
        return {"roles": [], "missing_roles": []}
    wanted = {role["name"]: role["inline"] for role in module.params["roles"]}
    found = describe_roles(get_client(module, "iam"), wanted, lambda error: has_code(error, "NoSuchEntity"))
    missing = predicted(module, [name for name, role in found.items() if role is None])
    return {"roles": [role for role in found.values() if role], "missing_roles": missing}


def predicted(module: AnsibleAWSModule, names: list[str]) -> list[dict[str, str]]:
    """The missing roles with the ARNs they would have in the caller's account and partition."""
    if not names:
        return []
    partition, account = get_client(module, "sts").get_caller_identity()["Arn"].split(":")[1:5:3]
    return [{"role_name": name, "arn": f"arn:{partition}:iam::{account}:role/{name}"} for name in names]


def look(module: AnsibleAWSModule) -> dict[str, Any]:
    params = module.params
    found = look_at_roles(module)
    if params["network"]:
        found["network"] = look_at_network(module)
    if params["role_users"]:
        found["role_users"] = list_role_users(get_client(module))
    return found


def main() -> None:
    role = dict(name=dict(type="str", required=True), inline=dict(type="bool", default=False))
    spec = dict(
        cluster_name=dict(type="str", required=True),
        network=dict(type="bool", default=False),
        leftovers=dict(type="bool", default=False),
        roles=dict(type="list", elements="dict", options=role, default=[]),
        role_users=dict(type="bool", default=False),
        wait=dict(type="bool", default=False),
        wait_timeout=dict(type="int", default=600),
    )
    module = AnsibleAWSModule(argument_spec=spec, supports_check_mode=True)
    with handle_failures(module, f"Could not look at what cluster {module.params['cluster_name']} stands on"):
        found = look(module)
    module.exit_json(changed=False, **found)


if __name__ == "__main__":
    main()
