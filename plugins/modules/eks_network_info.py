#!/usr/bin/python
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: eks_network_info
version_added: 0.1.0
short_description: Look at the network of an Amazon EKS cluster
description:
  - Describes a VPC with its subnets, gateways, route tables and security groups in one task, with six calls.
  - Keys of the answers are those of the EC2 API in snake case; tags are dictionaries.
author:
  - kumo.eks contributors (@kumo-eks)
options:
  vpc_id:
    description: ID of the VPC.
    type: str
  cluster_name:
    description:
      - Name of the cluster. The VPC is the one with the tag C(kubernetes.io/cluster/<name>) and the value V(owned),
        as the role P(kumo.eks.network#role) sets it.
    type: str
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
  kumo.eks.eks_network_info:
    cluster_name: my-cluster
    region: ap-northeast-1
  register: found
"""

RETURN = r"""
network:
  description: The VPC and what is in it.
  returned: always
  type: dict
  contains:
    vpc:
      description: The VPC; null where there is none.
      returned: always
      type: dict
      sample: {"vpc_id": "vpc-11111111", "cidr_block": "10.0.0.0/16", "tags": {"Name": "my-cluster"}}
    internet_gateway:
      description: The internet gateway; null where there is none.
      returned: always
      type: dict
      sample: {"internet_gateway_id": "igw-11111111"}
    subnets:
      description: The subnets.
      returned: always
      type: list
      elements: dict
      sample: [{"subnet_id": "subnet-11111111", "availability_zone": "ap-northeast-1a", "cidr_block": "10.0.0.0/19"}]
    nat_gateways:
      description: The NAT gateways that are pending or available, with their addresses.
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
    security_groups:
      description: The security groups.
      returned: always
      type: list
      elements: dict
      sample: [{"group_id": "sg-11111111", "group_name": "default"}]
"""

from ansible_collections.kumo.eks.plugins.module_utils.aws import AnsibleAWSModule, client, failures
from ansible_collections.kumo.eks.plugins.module_utils.errors import EksError
from ansible_collections.kumo.eks.plugins.module_utils.resources.network import describe_network, describe_vpc


def main() -> None:
    module = AnsibleAWSModule(
        argument_spec=dict(vpc_id=dict(type="str"), cluster_name=dict(type="str")),
        mutually_exclusive=[("vpc_id", "cluster_name")],
        required_one_of=[("vpc_id", "cluster_name")],
        supports_check_mode=True,
    )
    with failures(module, "Could not look at the network"):
        ec2 = client(module, "ec2")
        vpcs = describe_vpc(ec2, module.params["vpc_id"], module.params["cluster_name"])
        if len(vpcs) > 1:
            ids = ", ".join(vpc["vpc_id"] for vpc in vpcs)
            raise EksError(
                f"Several VPCs belong to cluster {module.params['cluster_name']}: {ids}. Name one by vpc_id."
            )
        network = describe_network(ec2, vpcs[0] if vpcs else None)
    module.exit_json(changed=False, network=network)


if __name__ == "__main__":
    main()
