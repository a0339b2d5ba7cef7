#!/usr/bin/python
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: eks_network
version_added: 0.1.0
short_description: Manage the network of an Amazon EKS cluster
description:
  - Creates the VPC of a cluster with its subnets, gateways, routes, VPC endpoints and flow logs, changes them, and deletes them.
  - The module sets the tag C(kumo.eks/<region>/<cluster_name>) in each call that creates a resource. The next run after an interruption
    finds its resources by this tag, and two concurrent runs create one network.
  - Subnets, gateways and route tables that others created are never deleted. Routes that others added to the
    route tables are kept, for example those to peered VPCs or transit gateways.
  - With O(subnets), the module validates and returns existing subnets, and creates, changes or deletes nothing.
author:
  - kumo.eks contributors (@kumo-eks)
options:
  cluster_name:
    description: Name of the cluster that the network belongs to. The cluster need not exist.
    type: str
    required: true
  state:
    description:
      - V(present) creates the network, or changes it.
      - V(absent) deletes what was created for the cluster. First it waits until EKS and load balancers have deleted their network
        interfaces. If the VPC contains resources of others, it fails, names them, and deletes nothing.
    type: str
    choices: [present, absent]
    default: present
  vpc_id:
    description:
      - An existing VPC, in which the subnets, gateways and route tables of the cluster are created. The VPC itself is not changed.
      - It must belong to the account of the task. Of a VPC that another account shares, name the shared subnets in O(subnets).
      - By default a VPC is created.
    type: str
  subnets:
    description:
      - Existing subnets for the cluster. The module checks their zones, free addresses, tags and routes.
      - They may be subnets that another account shares by AWS RAM. An account does not see the tags of the owner, and has separate
        tags on shared subnets.
      - Those in Local Zones are returned apart, as RV(network.local_zone_private_subnet_ids) for example.
      - Cannot be combined with O(secondary_cidrs), O(zones) or O(local_zones).
    type: dict
    suboptions:
      public:
        description: IDs of subnets with a route to an internet gateway.
        type: list
        elements: str
      private:
        description: IDs of subnets that are not reachable from the internet.
        type: list
        elements: str
      isolated:
        description: IDs of subnets without a route to the internet.
        type: list
        elements: str
  cidr:
    description:
      - The IPv4 range of the VPC, a /16 to a /28. It cannot be changed later.
      - The default is V(10.0.0.0/16), or the range of O(vpc_id). With O(vpc_id), it is the part of that range for the subnets of the cluster.
      - The subnets are equal blocks of it, eighths for up to eight subnets. Existing subnets keep their blocks.
      - With O(subnets), a block that their VPC must have. Nothing is changed.
    type: str
  secondary_cidrs:
    description:
      - More IPv4 ranges of the VPC. Subnets are placed there when the first range is full.
      - If it is omitted, they are not changed. V([]) removes all of them, which EC2 refuses while subnets use them.
    type: list
    elements: str
  ip_family:
    description:
      - V(dual_stack) adds an IPv6 range of Amazon to the VPC and a /64 of it to each subnet, with a route through the internet
        gateway for public subnets and through an egress-only internet gateway for private ones.
      - A cluster with IPv6 pods requires it. V(ipv4) does not remove existing IPv6 ranges.
    type: str
    choices: [ipv4, dual_stack]
    default: ipv4
  zones:
    description:
      - Names of Availability Zones, at least two. Zones that EKS does not support for control planes are refused.
      - By default the module chooses O(zone_count) zones of the region, first those that have subnets of the cluster.
      - EKS keeps the zones that a cluster was created with, so a zone cannot be added once the cluster exists.
    type: list
    elements: str
    default: []
  zone_count:
    description: The number of zones if O(zones) is omitted, at least two.
    type: int
    default: 3
  local_zones:
    description:
      - Names of Local Zones, in which there are subnets as well, of the same kinds (O(subnet_kinds)). The account must have opted in to them.
      - The subnets are for self-managed nodes. EKS takes them neither for the control plane nor for managed node groups or Fargate, so they
        are returned apart, and have no tags for load balancers and Karpenter.
      - There is no NAT gateway in them. A private subnet uses the one in the parent zone of the Local Zone, or another one.
      - Zones can be added later. The subnets of a zone that is removed from the list are deleted with their route table. This is refused
        while there are network interfaces in them, of nodes or load balancers. It requires C(ec2:DescribeNetworkInterfaces). If the option
        is omitted, the Local Zones are not changed.
      - Cannot be combined with O(ip_family=dual_stack).
    type: list
    elements: str
  instance_types:
    description: The instance types of the nodes. The module chooses zones that offer them, and refuses O(zones) that offer none of them.
    type: list
    elements: str
    default: []
  subnet_kinds:
    description:
      - The kinds of subnets in each zone.
      - V(public) subnets have a route to the internet gateway, V(private) ones to a NAT gateway, V(isolated) ones only within the VPC.
    type: list
    elements: str
    choices: [public, private, isolated]
    default: [public, private]
  subnet_prefix_lengths:
    description:
      - The prefix length of new subnets. V(20) is a subnet with 4096 addresses.
      - The VPC CNI gives each pod an address of the subnet, so private subnets should be large.
    type: dict
    suboptions:
      public:
        description: The prefix length of public subnets.
        type: int
      private:
        description: The prefix length of private subnets.
        type: int
      isolated:
        description: The prefix length of isolated subnets.
        type: int
  nat_gateway:
    description:
      - A NAT gateway in each zone, one for all zones, or none. Each costs by the hour and by the gigabyte.
      - With V(Single), nodes in all zones lose internet access if that zone fails.
      - With V(Disable), nodes in private subnets need O(endpoints) to join the cluster.
      - When it changes, routes are changed before gateways are deleted. Connections through the old gateways are interrupted.
    type: str
    choices: [HighlyAvailable, Single, Disable]
    default: HighlyAvailable
  endpoints:
    description:
      - Services with a VPC endpoint, like V(ecr.api) or V(com.amazonaws.ap-northeast-1.ecr.api). V(s3) and V(dynamodb) get gateway
        endpoints, which are free of charge. Others get interface endpoints, each of which costs by the hour in each zone.
      - V(private_cluster) means all services that nodes and common controllers need without internet access.
      - If it is omitted, endpoints are not changed. V([]) deletes those that were created for the cluster.
    type: list
    elements: str
  hostname_type:
    description:
      - What the private DNS names of instances are made of, and so the names of nodes. V(ip-name) is their IPv4 address, which is the
        default of EC2, and V(resource-name) their ID. A change applies to instances that are started afterwards.
      - If it is omitted, it is not changed. Not with O(subnets).
    type: str
    choices: [ip-name, resource-name]
  karpenter_discovery:
    description: Whether private subnets have the tag C(karpenter.sh/discovery), by which Karpenter's node classes find them.
    type: bool
    default: false
  flow_logs:
    description:
      - Flow logs of the VPC. EC2 cannot change a flow log, so the module deletes and recreates it. Existing log records are
        kept.
      - If it is omitted, they are not changed. V({}) deletes those that were created for the cluster.
    type: dict
    suboptions:
      destination:
        description: Where they are written.
        type: str
        choices: [cloud-watch-logs, s3]
      log_group_name:
        description: The log group for V(cloud-watch-logs). The default is C(/aws/vpc/<cluster_name>). It is not deleted with the network.
        type: str
      role_arn:
        description: ARN of the IAM role that writes to the log group. By default a role is created, and deleted with the network.
        type: str
      bucket_arn:
        description: ARN of the bucket for V(s3), optionally with a prefix. The bucket policy must allow C(delivery.logs.amazonaws.com) to write.
        type: str
      traffic_type:
        description: Which traffic is logged.
        type: str
        choices: [ALL, ACCEPT, REJECT]
        default: ALL
      max_aggregation_interval:
        description: The aggregation interval of the records, in seconds.
        type: int
        choices: [60, 600]
        default: 600
  tags:
    description: Tags of everything that is created. Keys are never rewritten.
    type: dict
    aliases: [resource_tags]
    default: {}
  purge_tags:
    description:
      - Whether tags that are not in O(tags) are removed from what was created for the cluster.
      - This also removes tags that controllers set on subnets.
    type: bool
    default: false
  wait:
    description:
      - Whether to wait until NAT gateways and endpoints are available and routes lead to them, or until all is deleted.
      - With V(false), the task does only what needs no wait, and returns RV(ready=false) if it is not complete. The same task with
        O(wait=true) completes it.
      - While the task waits, it prints what is pending, at each change and once a minute.
    type: bool
    default: true
  wait_timeout:
    description: The limit for all waits together, in seconds.
    type: int
    default: 600
  planned_removals:
    description:
      - IDs of instances, network interfaces and security groups that earlier tasks of the play remove, as M(kumo.eks.eks_teardown)
        returns them. In check mode they still exist, but do not prevent the deletion of the VPC.
    type: list
    elements: str
    default: []
  _goes_on:
    description: Set by the action plugin of this module, which waits on the controller. Do not use it in playbooks.
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
    support: full
  platform:
    platforms: posix
seealso:
  - name: Amazon EKS networking requirements
    description: Requirements for VPC and subnets.
    link: https://docs.aws.amazon.com/eks/latest/userguide/network-reqs.html
  - name: Amazon EKS and AWS Local Zones
    description: What can be in a Local Zone.
    link: https://docs.aws.amazon.com/eks/latest/userguide/local-zones.html
  - name: Private clusters
    description: Which endpoints a cluster without internet access needs.
    link: https://docs.aws.amazon.com/eks/latest/userguide/private-clusters.html
  - module: kumo.eks.eks_network_info
"""

EXAMPLES = r"""
- name: Create a network in three zones
  kumo.eks.eks_network:
    cluster_name: my-cluster
    cidr: 10.0.0.0/16
    region: ap-northeast-1
  register: network

- name: Create a network in two zones with one NAT gateway, and tags
  kumo.eks.eks_network:
    cluster_name: small
    zones: [ap-northeast-1a, ap-northeast-1c]
    nat_gateway: Single
    tags: {Environment: test}
    region: ap-northeast-1

- name: Create a network without internet access, for a private cluster
  kumo.eks.eks_network:
    cluster_name: closed
    subnet_kinds: [private]
    nat_gateway: Disable
    endpoints: [private_cluster]
    region: ap-northeast-1

- name: Delete the network of a cluster
  kumo.eks.eks_network:
    cluster_name: small
    state: absent
    region: ap-northeast-1

- name: Create a network with subnets in two Local Zones, for self-managed nodes
  kumo.eks.eks_network:
    cluster_name: near-users
    local_zones: [us-west-2-lax-1a, us-west-2-lax-1b]
    region: us-west-2

- name: Create large private subnets, IPv6, and flow logs
  kumo.eks.eks_network:
    cluster_name: large
    ip_family: dual_stack
    subnet_prefix_lengths: {public: 24, private: 19}
    nat_gateway: Single
    flow_logs: {destination: cloud-watch-logs}
    region: ap-northeast-1
"""

RETURN = r"""
ready:
  description:
    - Whether the network is complete. False with O(wait=false) while NAT gateways or endpoints are being created or deleted.
  returned: always
  type: bool
  sample: true
pending:
  description: What is pending, as text.
  returned: always
  type: list
  elements: str
  sample: ["NAT gateway my-cluster-ap-northeast-1a (nat-11111111) is pending"]
network:
  description: The network. In check mode, what it would be; IDs that EC2 has not assigned yet end with C((known after apply)).
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
blocking:
  description: Resources of others in the VPC, as text.
  returned: when O(state=absent) fails because of it
  type: list
  elements: str
  sample: ["security group sg-11111111 (k8s-elb-a1)"]
"""

from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.aws.client import get_client
from ansible_collections.kumo.eks.plugins.module_utils.aws.module import AnsibleAWSModule, handle_failures
from ansible_collections.kumo.eks.plugins.module_utils.core.fields import drop_none
from ansible_collections.kumo.eks.plugins.module_utils.core.specs.network import build_network_spec
from ansible_collections.kumo.eks.plugins.module_utils.ec2.cluster_lookup import ClusterLookup
from ansible_collections.kumo.eks.plugins.module_utils.ec2.network import Network
from ansible_collections.kumo.eks.plugins.module_utils.ec2.network_removal import NetworkRemoval
from ansible_collections.kumo.eks.plugins.module_utils.ec2.options import build_network_options
from ansible_collections.kumo.eks.plugins.module_utils.iam.flow_log_role import FlowLogRole


def ensure(module: AnsibleAWSModule) -> dict[str, Any]:
    """The result of the task."""
    options = build_network_options(drop_none(module.params), module.region)
    ec2 = get_client(module, "ec2")
    cluster = ClusterLookup(lambda: get_client(module), ec2, options.cluster_name)
    role = FlowLogRole(
        lambda: get_client(module, "iam"),
        lambda: get_client(module, "sts"),
        options.cluster_name,
        options.region,
        dict(options.tags),
        module.check_mode,
    )
    params = module.params
    mode = dict(check_mode=module.check_mode, wait=params["wait"], wait_timeout=params["wait_timeout"])
    if params["state"] == "absent":
        return NetworkRemoval(
            ec2,
            options,
            cluster_exists=cluster.exists,
            delete_log_role=role.ensure_absent,
            planned_removals=frozenset(params["planned_removals"]),
            **mode,
        ).ensure_absent()
    return Network(
        ec2,
        options,
        cluster_zones=cluster.list_zones,
        ensure_log_role=role.ensure_present,
        warn=module.warn,
        goes_on=params["_goes_on"],
        find_account=lambda: get_client(module, "sts").get_caller_identity()["Account"],
        **mode,
    ).ensure_present()


def main() -> None:
    spec = dict(
        cluster_name=dict(type="str", required=True),
        state=dict(type="str", choices=["present", "absent"], default="present"),
        tags=dict(type="dict", aliases=["resource_tags"], default={}),
        purge_tags=dict(type="bool", default=False),
        wait=dict(type="bool", default=True),
        wait_timeout=dict(type="int", default=600),
        planned_removals=dict(type="list", elements="str", default=[]),
        _goes_on=dict(type="bool", default=False),  # given by the action plugin alone
        **build_network_spec(),
    )
    module = AnsibleAWSModule(argument_spec=spec, supports_check_mode=True)
    with handle_failures(module, f"Could not manage the network of cluster {module.params['cluster_name']}"):
        result = ensure(module)
    module.exit_json(**result)


if __name__ == "__main__":
    main()
