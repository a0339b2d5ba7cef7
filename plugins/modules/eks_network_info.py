#!/usr/bin/python
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: eks_network_info
version_added: 0.1.0
short_description: Describe the network of an Amazon EKS cluster
description:
  - Describes the VPC that M(kumo.eks.eks_network) created for a cluster, or any other VPC by its ID, with its subnets, gateways and routes.
  - On request it also describes security groups and network interfaces that others left in the VPC.
author:
  - kumo.eks contributors (@kumo-eks)
options:
  cluster_name:
    description:
      - Name of the cluster. Its network has the tag C(kumo.eks/<region>/<cluster_name>).
      - Set it together with O(vpc_id) to describe only the subnets of one cluster.
    type: str
  vpc_id:
    description: ID of the VPC. The default is the VPC of O(cluster_name).
    type: str
  leftovers:
    description: Whether to also describe resources of AWS services and of others in the VPC, which can prevent its deletion.
    type: bool
    default: false
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - kumo.eks.requirements
  - ansible.builtin.action_common_attributes
attributes:
  check_mode:
    support: full
  diff_mode:
    support: none
  platform:
    platforms: posix
seealso:
  - module: kumo.eks.eks_network
"""

EXAMPLES = r"""
- name: Describe the network of a cluster
  kumo.eks.eks_network_info:
    cluster_name: my-cluster
    region: ap-northeast-1
  register: found

- name: Describe what prevents the deletion of a network
  kumo.eks.eks_network_info:
    cluster_name: my-cluster
    leftovers: true
    region: ap-northeast-1
  register: found
"""

RETURN = r"""
network:
  description: The network, with the keys that M(kumo.eks.eks_network) returns.
  returned: always
  type: dict
  contains:
    # Network: written by tools/shared_docs.py, from here
    vpc_id:
      description: The VPC; null where there is none.
      returned: always
      type: str
      sample: vpc-11111111
    cidr_blocks:
      description: Its IPv4 ranges, the first one first.
      returned: always
      type: list
      elements: str
      sample: [10.0.0.0/16]
    ipv6_cidr_block:
      description: Its IPv6 range; null where it has none.
      returned: always
      type: str
      sample: 2406:da14:1234:5600::/56
    dns_support:
      description: Whether the VPC has a DNS server.
      returned: when there is a VPC
      type: bool
      sample: true
    dns_hostnames:
      description: Whether instances get DNS names.
      returned: when there is a VPC
      type: bool
      sample: true
    tags:
      description: The tags of the VPC.
      returned: always
      type: dict
      sample:
        Name: my-cluster
    zones:
      description: The availability zones with subnets of the cluster.
      returned: always
      type: list
      elements: str
      sample: [ap-northeast-1a, ap-northeast-1c]
    public_subnet_ids:
      description: IDs of the public subnets in Availability Zones, in the order of the zones.
      returned: always
      type: list
      elements: str
      sample: [subnet-11111111]
    private_subnet_ids:
      description: IDs of the private subnets in Availability Zones, in the order of the zones.
      returned: always
      type: list
      elements: str
      sample: [subnet-22222222]
    isolated_subnet_ids:
      description: IDs of the isolated subnets in Availability Zones, in the order of the zones.
      returned: always
      type: list
      elements: str
      sample: []
    local_zones:
      description: The Local Zones with subnets of the cluster.
      returned: always
      type: list
      elements: str
      sample: [ap-northeast-1-tpe-1a]
    local_zone_public_subnet_ids:
      description: IDs of the public subnets in Local Zones, for self-managed nodes.
      returned: always
      type: list
      elements: str
      sample: [subnet-33333333]
    local_zone_private_subnet_ids:
      description: IDs of the private subnets in Local Zones.
      returned: always
      type: list
      elements: str
      sample: [subnet-44444444]
    local_zone_isolated_subnet_ids:
      description: IDs of the isolated subnets in Local Zones.
      returned: always
      type: list
      elements: str
      sample: []
    subnets:
      description: The subnets.
      returned: always
      type: list
      elements: dict
      contains:
        subnet_id:
          description: The ID.
          returned: always
          type: str
          sample: subnet-11111111
        name:
          description: The tag C(Name).
          returned: always
          type: str
          sample: my-cluster-public-ap-northeast-1a
        kind:
          description: V(public), V(private) or V(isolated).
          returned: always
          type: str
          sample: public
        availability_zone:
          description: The name of the zone.
          returned: always
          type: str
          sample: ap-northeast-1a
        availability_zone_id:
          description: The ID of the zone, which is the same in all accounts.
          returned: when it exists
          type: str
          sample: apne1-az4
        cidr_block:
          description: The IPv4 range.
          returned: always
          type: str
          sample: 10.0.0.0/19
        ipv6_cidr_block:
          description: The IPv6 range; null where it has none.
          returned: always
          type: str
          sample: 2406:da14:1234:5600::/64
        map_public_ip_on_launch:
          description: Whether instances get a public address.
          returned: always
          type: bool
          sample: true
        available_ip_address_count:
          description: How many addresses are free.
          returned: when it exists
          type: int
          sample: 8187
        tags:
          description: The tags.
          returned: always
          type: dict
          sample:
            kubernetes.io/role/elb: '1'
    internet_gateway_id:
      description: The internet gateway; null where there is none.
      returned: always
      type: str
      sample: igw-11111111
    egress_only_internet_gateway_id:
      description: The gateway for outgoing IPv6 traffic; null if there is none, or if it was not described.
      returned: always
      type: str
      sample: eigw-11111111
    nat_gateways:
      description: The NAT gateways that are not deleted.
      returned: always
      type: list
      elements: dict
      contains:
        nat_gateway_id:
          description: The ID.
          returned: always
          type: str
          sample: nat-11111111
        name:
          description: The tag C(Name).
          returned: always
          type: str
          sample: my-cluster-ap-northeast-1a
        state:
          description: The state as EC2 names it.
          returned: always
          type: str
          sample: available
        failure_message:
          description: Why it failed; null where it has not.
          returned: always
          type: str
          sample: Elastic IP address could not be associated with this NAT gateway
        subnet_id:
          description: The public subnet in which it is.
          returned: always
          type: str
          sample: subnet-11111111
        availability_zone:
          description: The zone in which it is.
          returned: always
          type: str
          sample: ap-northeast-1a
        public_ip:
          description: The public address of outgoing traffic. Add it to the allowed CIDR blocks of restricted endpoints.
          returned: always
          type: str
          sample: 203.0.113.7
        allocation_id:
          description: The allocation of that address.
          returned: always
          type: str
          sample: eipalloc-11111111
    addresses:
      description: The Elastic IP addresses that were allocated for the cluster.
      returned: always
      type: list
      elements: dict
      contains:
        allocation_id:
          description: The allocation.
          returned: always
          type: str
          sample: eipalloc-11111111
        public_ip:
          description: The address.
          returned: always
          type: str
          sample: 203.0.113.7
        name:
          description: The tag C(Name).
          returned: always
          type: str
          sample: my-cluster-ap-northeast-1a
    route_tables:
      description: The route tables, without the main table of the VPC.
      returned: always
      type: list
      elements: dict
      contains:
        route_table_id:
          description: The ID.
          returned: always
          type: str
          sample: rtb-11111111
        name:
          description: The tag C(Name).
          returned: always
          type: str
          sample: my-cluster-public
        subnet_ids:
          description: The subnets that use it.
          returned: always
          type: list
          elements: str
          sample: [subnet-11111111]
        routes:
          description: The routes that lead out of the VPC, without those of gateway endpoints.
          returned: always
          type: list
          elements: dict
          contains:
            destination:
              description: The range.
              returned: always
              type: str
              sample: 0.0.0.0/0
            target:
              description: The ID of the gateway, or of what else the route leads to.
              returned: always
              type: str
              sample: igw-11111111
    vpc_endpoints:
      description: The VPC endpoints. M(kumo.eks.eks_network) describes them only if its option C(endpoints) is given.
      returned: always
      type: list
      elements: dict
      contains:
        vpc_endpoint_id:
          description: The ID.
          returned: always
          type: str
          sample: vpce-11111111
        service_name:
          description: The full name of the service.
          returned: always
          type: str
          sample: com.amazonaws.ap-northeast-1.s3
        type:
          description: V(Gateway) or V(Interface).
          returned: always
          type: str
          sample: Gateway
        state:
          description: The state as EC2 names it.
          returned: always
          type: str
          sample: available
        subnet_ids:
          description: The subnets of an interface endpoint.
          returned: always
          type: list
          elements: str
          sample: []
        route_table_ids:
          description: The route tables of a gateway endpoint.
          returned: always
          type: list
          elements: str
          sample: [rtb-11111111]
    flow_logs:
      description: The flow logs. M(kumo.eks.eks_network) describes them only if its option C(flow_logs) is given.
      returned: always
      type: list
      elements: dict
      contains:
        flow_log_id:
          description: The ID.
          returned: always
          type: str
          sample: fl-11111111
        destination:
          description: V(cloud-watch-logs) or V(s3).
          returned: always
          type: str
          sample: cloud-watch-logs
        log_group_name:
          description: The log group; null for a bucket.
          returned: always
          type: str
          sample: /aws/vpc/my-cluster
        log_destination:
          description: The ARN of the destination.
          returned: always
          type: str
          sample: arn:aws:s3:::my-bucket
        traffic_type:
          description: Which traffic is logged.
          returned: always
          type: str
          sample: ALL
    # to here.
leftovers:
  description: Other resources in the VPC, as text.
  returned: when O(leftovers=true)
  type: dict
  contains:
    leaving:
      description: Network interfaces that EKS or another service deletes after the cluster or the load balancer is deleted.
      returned: always
      type: list
      elements: str
      sample: ["network interface eni-11111111 (Amazon EKS my-cluster)"]
    loose:
      description: Unused network interfaces of the cluster's VPC CNI, which O(kumo.eks.eks_network#module:state=absent) deletes.
      returned: always
      type: list
      elements: str
      sample: ["network interface eni-22222222 (aws-K8S-i-11111111)"]
    of_cluster:
      description: Network interfaces and security groups that are deleted with the cluster.
      returned: always
      type: list
      elements: str
      sample: ["security group sg-11111111 (eks-cluster-sg-my-cluster-1)"]
    blocking:
      description: Resources of others, which prevent the deletion of the VPC.
      returned: always
      type: list
      elements: str
      sample: ["security group sg-22222222 (k8s-elb-a1)"]
"""

from ansible_collections.kumo.eks.plugins.module_utils.aws.client import get_client
from ansible_collections.kumo.eks.plugins.module_utils.aws.module import AnsibleAWSModule, handle_failures
from ansible_collections.kumo.eks.plugins.module_utils.ec2.network_info import describe_network


def main() -> None:
    spec = dict(
        cluster_name=dict(type="str"),
        vpc_id=dict(type="str"),
        leftovers=dict(type="bool", default=False),
    )
    module = AnsibleAWSModule(
        argument_spec=spec, required_one_of=[("cluster_name", "vpc_id")], supports_check_mode=True
    )
    params = module.params
    with handle_failures(module, f"Could not describe the network of {params['cluster_name'] or params['vpc_id']}"):
        found = describe_network(
            get_client(module, "ec2"), module.region, params["cluster_name"], params["vpc_id"], params["leftovers"]
        )
    module.exit_json(changed=False, **found)


if __name__ == "__main__":
    main()
