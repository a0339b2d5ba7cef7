# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What there is of a cluster's network: a handful of Describe calls of EC2, put together."""

from __future__ import annotations

from typing import Any

from ansible.module_utils.common.dict_transformations import camel_dict_to_snake_dict

GONE = ("deleting", "deleted", "failed")
NOTHING: dict[str, Any] = {
    "vpc": None,
    "internet_gateway": None,
    "subnets": [],
    "nat_gateways": [],
    "route_tables": [],
    "security_groups": [],
}


def cluster_tag(cluster_name: str) -> str:
    """The tag key by which EKS and load balancer controllers know what belongs to a cluster.

    https://docs.aws.amazon.com/eks/latest/userguide/network-reqs.html
    """
    return f"kubernetes.io/cluster/{cluster_name}"


def plain_tags(raw: dict[str, Any]) -> dict[str, Any]:
    """An EC2 resource in snake case, its tags as a dictionary."""
    tags = {tag["Key"]: tag["Value"] for tag in raw.get("Tags", [])}
    return {**camel_dict_to_snake_dict({k: v for k, v in raw.items() if k != "Tags"}), "tags": tags}


def describe_all(ec2: Any, operation: str, key: str, vpc_id: str, filter_name: str = "vpc-id") -> list[dict[str, Any]]:
    """Every page of a Describe operation for one VPC."""
    # DescribeNatGateways alone calls its filters "Filter".
    word = "Filter" if operation == "describe_nat_gateways" else "Filters"
    wanted = {word: [{"Name": filter_name, "Values": [vpc_id]}]}
    return [plain_tags(raw) for page in ec2.get_paginator(operation).paginate(**wanted) for raw in page[key]]


def describe_vpc(ec2: Any, vpc_id: str | None, cluster_name: str | None) -> list[dict[str, Any]]:
    """The VPCs with that ID, or that carry the cluster's tag as their own."""
    if vpc_id:
        wanted = {"Name": "vpc-id", "Values": [vpc_id]}
    else:
        wanted = {"Name": f"tag:{cluster_tag(cluster_name or '')}", "Values": ["owned"]}
    pages = ec2.get_paginator("describe_vpcs").paginate(Filters=[wanted])
    return [plain_tags(raw) for page in pages for raw in page["Vpcs"]]


def describe_network(ec2: Any, vpc: dict[str, Any] | None) -> dict[str, Any]:
    """The VPC and what is in it, as one dictionary; nothing but empty values where there is no VPC."""
    if vpc is None:
        return dict(NOTHING)
    vpc_id = vpc["vpc_id"]
    gateways = describe_all(
        ec2, "describe_internet_gateways", "InternetGateways", vpc_id, filter_name="attachment.vpc-id"
    )
    nat = describe_all(ec2, "describe_nat_gateways", "NatGateways", vpc_id)
    return {
        "vpc": vpc,
        "internet_gateway": gateways[0] if gateways else None,
        "subnets": describe_all(ec2, "describe_subnets", "Subnets", vpc_id),
        "nat_gateways": [gateway for gateway in nat if gateway["state"] not in GONE],
        "route_tables": describe_all(ec2, "describe_route_tables", "RouteTables", vpc_id),
        "security_groups": describe_all(ec2, "describe_security_groups", "SecurityGroups", vpc_id),
    }
