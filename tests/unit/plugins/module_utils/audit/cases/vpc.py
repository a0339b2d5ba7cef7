# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from case import Case, build_cluster, build_subnet

ME, A = ["Cluster my-cluster"], ["Subnet subnet-a"]
ENDPOINTS = ("ecr.api", "ecr.dkr", "s3", "sts", "ec2", "eks", "eks-auth", "logs")


def subnets(nodes=("Node group general",), **fields):
    row = build_subnet("subnet-a", **fields)
    return {"node_subnets": {"subnet-a": list(nodes)}, "subnets": {"subnet-a": row}}


def instance(**fields):
    return {"instances": [{"InstanceId": "i-1", **fields}]}


def gateway(zone):
    there = {"subnet-a": build_subnet("subnet-a", zone="zone-a"), "subnet-b": build_subnet("subnet-b", zone=zone)}
    route = {"DestinationCidrBlock": "0.0.0.0/0", "NatGatewayId": "nat-1"}
    table = {"RouteTableId": "rtb-1", "Routes": [route], "Associations": [{"SubnetId": "subnet-a"}]}
    return {
        "node_subnets": {"subnet-a": ["Node group general"]},
        "subnets": there,
        "route_tables": [table],
        "nat_gateways": [{"NatGatewayId": "nat-1", "SubnetId": "subnet-b"}],
    }


def routes(state):
    return {
        "route_tables": [{"RouteTableId": "rtb-1", "Routes": [{"DestinationCidrBlock": "0.0.0.0/0", "State": state}]}]
    }


def endpoints(*names):
    return [{"ServiceName": f"com.amazonaws.ap-northeast-1.{name}", "State": "available"} for name in names]


def isolated(*names):
    return {"cluster": build_cluster(), **subnets(kind="isolated"), "vpc_endpoints": endpoints(*names)}


def logs(*rows):
    return {"cluster": build_cluster(), "vpc": {"VpcId": "vpc-1"}, "flow_logs": list(rows)}


def dns(value):
    return {"vpc": {"VpcId": "vpc-1"}, "vpc_dns": {"enableDnsSupport": True, "enableDnsHostnames": value}}


def tagged(**tags):
    return {"cluster": build_cluster(), "subnets": {"subnet-a": build_subnet("subnet-a", tags=tags)}}


INTERNAL = {"kubernetes.io/role/internal-elb": "1"}
CASES = {
    "nodes_in_public_subnets": Case(subnets(kind="public"), A, subnets(), ("Node group general",)),
    "node_public_address": Case(instance(PublicIpAddress="198.51.100.7"), ["Instance i-1"], instance()),
    "subnet_public_addresses": Case(subnets(MapPublicIpOnLaunch=True), A, subnets(MapPublicIpOnLaunch=False)),
    "node_addresses": Case(subnets(AvailableIpAddressCount=9), A, subnets(AvailableIpAddressCount=90), ("9 of 251",)),
    "nat_gateway_zones": Case(gateway("zone-b"), A, gateway("zone-a"), ("nat-1 in zone-b",)),
    "blackhole_routes": Case(routes("blackhole"), ["Route table rtb-1"], routes("active")),
    "endpoints_of_isolated_nodes": Case(isolated("s3"), ME, isolated(*ENDPOINTS), ("ecr.api",)),
    "s3_endpoint": Case(
        {"cluster": build_cluster(), "vpc_endpoints": [], "nat_gateways": [{}]},
        ME,
        {"cluster": build_cluster(), "vpc_endpoints": endpoints("s3"), "nat_gateways": [{}]},
    ),
    "interface_endpoints": Case(
        {"cluster": build_cluster(), "vpc_endpoints": endpoints("sts")},
        ME,
        {"cluster": build_cluster(), "vpc_endpoints": endpoints(*ENDPOINTS)},
        ("ecr.api, ecr.dkr",),
    ),
    "flow_logs_off": Case(
        logs({"FlowLogStatus": "ACTIVE", "ResourceId": "subnet-a"}),
        ["VPC vpc-1"],
        logs({"FlowLogStatus": "ACTIVE", "ResourceId": "vpc-1"}),
    ),
    "vpc_dns_off": Case(dns(False), ["VPC vpc-1"], dns(True), ("enableDnsHostnames",)),
    "load_balancer_tags": Case(tagged(), A, tagged(**INTERNAL)),
}
