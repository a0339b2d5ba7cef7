# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The subnets of nodes as EC2 has them: which of them are public, and what leads out of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.aws.lookups import describe_all_pages, describe_by_filter
from ansible_collections.kumo.eks.plugins.module_utils.ec2.routes import (
    ANYWHERE,
    ANYWHERE_IPV6,
    is_main,
    list_routes,
    list_subnets,
)

Row = dict[str, Any]


@dataclass(frozen=True)
class NodeSubnet:
    """One subnet.

    Args:
        row: the answer of DescribeSubnets.
        table: the ID of its route table.
        ways: the targets of its default routes, as (key of the route, ID).
    """

    row: Row
    table: str
    ways: tuple[tuple[str, str], ...]

    @property
    def id(self) -> str:
        return self.row["SubnetId"]

    @property
    def is_public(self) -> bool:
        """Whether a default route leads to an internet gateway."""
        return any(key == "GatewayId" and target.startswith("igw-") for key, target in self.ways)

    @property
    def nat_gateways(self) -> list[str]:
        return [target for key, target in self.ways if key == "NatGatewayId"]


def read_node_subnets(ec2: Any, subnets: list[str]) -> list[NodeSubnet]:
    """The subnets that exist of these, with their routes."""
    rows = describe_by_filter(ec2, "describe_subnets", "Subnets", "subnet-id", subnets)
    tables = describe_by_filter(ec2, "describe_route_tables", "RouteTables", "vpc-id", [row["VpcId"] for row in rows])
    return [_build(row, tables) for row in rows]


def list_endpoint_services(ec2: Any, subnet: NodeSubnet, region: str) -> set[str]:
    """The services that have a VPC endpoint for the subnet, by their names without the region: "ec2", "ecr.api", "s3"."""
    rows = describe_by_filter(ec2, "describe_vpc_endpoints", "VpcEndpoints", "vpc-id", [subnet.row["VpcId"]])
    return {
        row["ServiceName"].partition(f"{region}.")[2]
        for row in rows
        if row.get("VpcEndpointType") == "Interface" or subnet.table in (row.get("RouteTableIds") or [])
    }


def list_nat_addresses(ec2: Any, gateways: list[str]) -> dict[str, list[str]]:
    """The public addresses of NAT gateways, by ID; none of a private one."""
    wanted = [{"Name": "nat-gateway-id", "Values": sorted(gateways)}]
    rows = describe_all_pages(ec2, "describe_nat_gateways", "NatGateways", Filter=wanted)
    return {
        row["NatGatewayId"]: [one["PublicIp"] for one in row.get("NatGatewayAddresses") or [] if one.get("PublicIp")]
        for row in rows
    }


def _build(row: Row, tables: list[Row]) -> NodeSubnet:
    """A subnet uses its own table, else the main one: https://docs.aws.amazon.com/vpc/latest/userguide/subnet-route-tables.html"""
    own = [table for table in tables if row["SubnetId"] in list_subnets(table)]
    main = [table for table in tables if table["VpcId"] == row["VpcId"] and is_main(table)]
    table = next(iter([*own, *main]), {})
    routes = list_routes(table)
    ways = tuple(routes[target] for target in (ANYWHERE, ANYWHERE_IPV6) if target in routes)
    return NodeSubnet(row, table.get("RouteTableId", ""), ways)
