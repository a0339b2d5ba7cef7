# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""F: subnets, ways out, endpoints and flow logs of the VPC."""

from __future__ import annotations

import math

from ansible_collections.kumo.eks.plugins.module_utils.audit.rule import (
    HIGH,
    INFO,
    LOW,
    MEDIUM,
    Hits,
    NotApplicable,
    Row,
    name_cluster,
    rule,
)
from ansible_collections.kumo.eks.plugins.module_utils.core.counts import format_count

FEW_ADDRESSES = 16
SMALL_SHARE = 0.1
# What nodes without a way to the internet need: https://docs.aws.amazon.com/eks/latest/userguide/private-clusters.html
REQUIRED = ("ec2", "ecr.api", "ecr.dkr", "s3", "sts")
PRIVATE_ROLE, PUBLIC_ROLE = "kubernetes.io/role/internal-elb", "kubernetes.io/role/elb"


def name_subnet(key: str) -> str:
    return f"Subnet {key}"


@rule(
    "F01",
    HIGH,
    "Nodes are in private subnets",
    reads=("node_subnets", "subnets"),
    why="An instance in a public subnet can be reached from the internet as soon as it has a public address and a group is open.",
    remedy="Create the node group again in private subnets. Subnets of a node group cannot be changed.",
    references=("CIS EKS 5.4.3", "hardeneks deploy_workers_onto_private_subnets", "Kubescape C-0229"),
)
def nodes_in_public_subnets(node_subnets: dict[str, list[str]], subnets: dict[str, Row]) -> Hits:
    if not node_subnets:
        raise NotApplicable("the cluster has no nodes of its own")
    for key, users in sorted(node_subnets.items()):
        if (subnets.get(key) or {}).get("kind") == "public":
            yield name_subnet(key), f"it is public, and has {', '.join(users[:5])}"


@rule(
    "F01b",
    HIGH,
    "Nodes have no public addresses",
    reads=("instances",),
    why="Everything that listens on the node can be reached from the internet.",
    remedy="Use private subnets, or turn off MapPublicIpOnLaunch and AssociatePublicIpAddress.",
    references=("CIS EKS 5.4.3", "Prowler ec2_launch_template_no_public_ip"),
)
def node_public_address(instances: list[Row]) -> Hits:
    if not instances:
        raise NotApplicable("the cluster has no instances")
    for row in instances:
        if row.get("PublicIpAddress"):
            yield f"Instance {row['InstanceId']}", f"PublicIpAddress is {row['PublicIpAddress']}"


@rule(
    "F01c",
    MEDIUM,
    "Subnets of nodes do not give public addresses",
    reads=("node_subnets", "subnets"),
    why="Each new node gets a public address.",
    remedy="Turn off MapPublicIpOnLaunch of the subnet.",
    references=("Prowler vpc_subnet_no_public_ip_by_default",),
)
def subnet_public_addresses(node_subnets: dict[str, list[str]], subnets: dict[str, Row]) -> Hits:
    for key in sorted(node_subnets):
        if (subnets.get(key) or {}).get("MapPublicIpOnLaunch"):
            yield name_subnet(key), "MapPublicIpOnLaunch is true"


def count_addresses(row: Row) -> int:
    """How many addresses a subnet has for its users: AWS keeps five."""
    return int(math.pow(2, 32 - int(row["CidrBlock"].partition("/")[2]))) - 5


@rule(
    "F02",
    HIGH,
    "Subnets of nodes have free addresses",
    reads=("node_subnets", "subnets"),
    why="Pods stay in ContainerCreating, and an update that adds nodes first does not start.",
    remedy="Add a secondary CIDR block with more subnets, or use prefix delegation or custom networking in the VPC CNI.",
    references=("eksup AWS001", "eksup AWS002"),
)
def node_addresses(node_subnets: dict[str, list[str]], subnets: dict[str, Row]) -> Hits:
    for key in sorted(node_subnets):
        row = subnets.get(key)
        if not row:
            continue
        free, size = row["AvailableIpAddressCount"], count_addresses(row)
        if free < FEW_ADDRESSES or free < SMALL_SHARE * size:
            yield name_subnet(key), f"{free} of {size} addresses are free"


@rule(
    "F03",
    MEDIUM,
    "Each zone of nodes has its own NAT gateway",
    reads=("node_subnets", "subnets", "route_tables", "nat_gateways"),
    why="If the zone of the only NAT gateway fails, the nodes of all zones lose their way out. Traffic between zones costs as well.",
    remedy="Use a NAT gateway in each zone.",
)
def nat_gateway_zones(
    node_subnets: dict[str, list[str]], subnets: dict[str, Row], route_tables: list[Row], nat_gateways: list[Row]
) -> Hits:
    zones = {
        row["NatGatewayId"]: (subnets.get(row.get("SubnetId", "")) or {}).get("AvailabilityZone")
        for row in nat_gateways
    }
    for key in sorted(node_subnets):
        gateway = find_nat_gateway(key, route_tables)
        own = (subnets.get(key) or {}).get("AvailabilityZone")
        if gateway and own and zones.get(gateway) not in (None, own):
            yield name_subnet(key), f"{own} leaves by {gateway} in {zones[gateway]}"


def find_nat_gateway(subnet: str, route_tables: list[Row]) -> str:
    """The NAT gateway of a subnet's default route, "" for none."""
    links = {one.get("SubnetId") or "": row for row in route_tables for one in row.get("Associations") or []}
    main = next((row for row in route_tables if any(one.get("Main") for one in row.get("Associations") or [])), None)
    routes = ((links.get(subnet) or main) or {}).get("Routes") or []
    return next(
        (
            row["NatGatewayId"]
            for row in routes
            if row.get("DestinationCidrBlock") == "0.0.0.0/0" and row.get("NatGatewayId")
        ),
        "",
    )


@rule(
    "F03b",
    HIGH,
    "No route of the VPC leads nowhere",
    reads=("route_tables",),
    why="Traffic to a gateway that is gone is dropped without a word.",
    remedy="Delete the route, or point it to a gateway that exists.",
)
def blackhole_routes(route_tables: list[Row]) -> Hits:
    for table in route_tables:
        lost = [
            str(
                row.get("DestinationCidrBlock")
                or row.get("DestinationIpv6CidrBlock")
                or row.get("DestinationPrefixListId")
            )
            for row in table.get("Routes") or []
            if row.get("State") == "blackhole"
        ]
        if lost:
            yield f"Route table {table['RouteTableId']}", f"blackhole: {', '.join(lost)}"


@rule(
    "F04",
    HIGH,
    "Nodes without a way to the internet have the VPC endpoints that they need",
    reads=("cluster", "node_subnets", "subnets", "vpc_endpoints"),
    why="Nodes cannot join the cluster or pull images, and pods with IRSA get no credentials.",
    remedy="Create the endpoints.",
)
def endpoints_of_isolated_nodes(
    cluster: Row, node_subnets: dict[str, list[str]], subnets: dict[str, Row], vpc_endpoints: list[Row]
) -> Hits:
    isolated = [key for key in sorted(node_subnets) if (subnets.get(key) or {}).get("kind") == "isolated"]
    if not isolated:
        raise NotApplicable("no node is in a subnet without a default route")
    there = list_services(vpc_endpoints)
    missing = [name for name in REQUIRED if name not in there]
    if missing:
        yield name_cluster(cluster), f"no endpoint for {', '.join(missing)}; isolated: {', '.join(isolated)}"


def list_services(vpc_endpoints: list[Row]) -> set[str]:
    """Services of endpoints without the prefix, as ecr.api of com.amazonaws.REGION.ecr.api."""
    return {
        row["ServiceName"].split(".", 3)[-1]
        for row in vpc_endpoints
        if row.get("State", "available").lower() == "available"
    }


@rule(
    "F04b",
    LOW,
    "S3 is reached by a gateway endpoint",
    reads=("cluster", "vpc_endpoints", "nat_gateways"),
    why="The layers of images in ECR come from S3, and pass the NAT gateway at its price. A gateway endpoint costs nothing.",
    remedy="Create a gateway endpoint for S3.",
)
def s3_endpoint(cluster: Row, vpc_endpoints: list[Row], nat_gateways: list[Row]) -> Hits:
    if not nat_gateways:
        raise NotApplicable("the VPC has no NAT gateway")
    if "s3" not in list_services(vpc_endpoints):
        yield (
            name_cluster(cluster),
            f"no endpoint for s3 in the VPC, and {format_count(len(nat_gateways), 'NAT gateway')}",
        )


@rule(
    "F04c",
    INFO,
    "ECR and STS are reached by interface endpoints",
    reads=("cluster", "vpc_endpoints"),
    why="Traffic to these services leaves the VPC, and stops with the NAT gateway.",
    remedy="Create the endpoints. Each has a price by the hour and zone.",
)
def interface_endpoints(cluster: Row, vpc_endpoints: list[Row]) -> Hits:
    missing = [name for name in ("ecr.api", "ecr.dkr", "sts") if name not in list_services(vpc_endpoints)]
    if missing:
        yield name_cluster(cluster), f"no endpoint for {', '.join(missing)}"


@rule(
    "F05",
    MEDIUM,
    "Flow logs of the VPC are on",
    reads=("cluster", "vpc", "flow_logs"),
    why="Without them, nothing shows which addresses a compromised pod has connected to.",
    remedy="Turn on flow logs.",
    references=("hardeneks check_vpc_flow_logs", "Prowler vpc_flow_logs_enabled"),
)
def flow_logs_off(cluster: Row, vpc: Row, flow_logs: list[Row]) -> Hits:
    active = [
        row for row in flow_logs if row.get("FlowLogStatus") == "ACTIVE" and row.get("ResourceId") == vpc["VpcId"]
    ]
    if not active:
        yield f"VPC {vpc['VpcId']}", "it has no active flow log"


@rule(
    "F21",
    HIGH,
    "DNS support and host names of the VPC are on",
    reads=("vpc", "vpc_dns"),
    why="Without them nodes cannot resolve the private endpoint of the API server.",
    remedy="Turn on enableDnsSupport and enableDnsHostnames.",
)
def vpc_dns_off(vpc: Row, vpc_dns: Row) -> Hits:
    off = [name for name, value in vpc_dns.items() if not value]
    if off:
        yield f"VPC {vpc['VpcId']}", f"{', '.join(off)} is false"


@rule(
    "F07",
    MEDIUM,
    "Subnets are tagged for load balancers",
    reads=("cluster", "subnets"),
    why="Controllers find the subnets of load balancers by these tags. Without them a Service or Ingress may get no load balancer.",
    remedy="Tag private subnets with kubernetes.io/role/internal-elb and public ones with kubernetes.io/role/elb, with the value 1.",
    task=(
        "eks_discovery_tags",
        {"cluster_name": "{cluster}", "key": PRIVATE_ROLE, "value": "1", "subnets": ["{name}"]},
    ),
)
def load_balancer_tags(cluster: Row, subnets: dict[str, Row]) -> Hits:
    for kind, tag in (("private", PRIVATE_ROLE), ("public", PUBLIC_ROLE)):
        rows = [row for row in subnets.values() if row["kind"] == kind]
        tagged = {row["AvailabilityZone"] for row in rows if row["tags"].get(tag) in ("1", "")}
        for row in rows:
            if row["AvailabilityZone"] not in tagged:
                yield name_subnet(row["SubnetId"]), f"no {kind} subnet in {row['AvailabilityZone']} has the tag {tag}"
