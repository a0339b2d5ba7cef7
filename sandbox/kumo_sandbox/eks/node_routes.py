"""Whether instances of a subnet reach the API server and the services that nodes require.

https://docs.aws.amazon.com/eks/latest/userguide/cluster-endpoint.html
https://docs.aws.amazon.com/eks/latest/userguide/private-clusters.html
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from typing import Any

from kumo_sandbox.eks.context import Context
from kumo_sandbox.eks.route_tables import find_table
from kumo_sandbox.eks.store import Cluster, Raw
from kumo_sandbox.principals import ACCOUNT

EVERYWHERE = ("0.0.0.0/0", "::/0")
# What a node calls before its pods run: https://docs.aws.amazon.com/eks/latest/userguide/private-clusters.html
SERVICES = ("ec2", "ecr.api", "ecr.dkr", "s3")


@dataclass(frozen=True)
class WayOut:
    """Where a subnet's traffic to the internet goes.

    Attributes:
        kind: "internet gateway", "nat", or "other" for what leads to a network that the sandbox does not know.
        address: the public IPv4 address that the other side sees; empty where that is not known.
    """

    kind: str
    address: str = ""


class NodeNetwork:
    """The network of a node group, as it is now.

    Args:
        has_addresses: whether the launch template gives public IPv4 addresses; None where the subnet decides.
    """

    def __init__(self, ctx: Context, cluster: Cluster, nodegroup: Raw, has_addresses: bool | None) -> None:
        self._ec2 = ctx.aws_context.client("ec2", ctx.region)
        self._region = ctx.region
        self._config = cluster.raw["resourcesVpcConfig"]
        self._is_ipv6 = cluster.raw["kubernetesNetworkConfig"]["ipFamily"] == "ipv6"
        self._has_addresses = has_addresses
        filters = [{"Name": "vpc-id", "Values": [self._config["vpcId"]]}]
        self._tables = self._ec2.describe_route_tables(Filters=filters)["RouteTables"]
        self.subnets = ctx.aws_context.describe_subnets(ctx.region, nodegroup["subnets"])

    def list_without_public_addresses(self) -> list[str]:
        """Public subnets that give their instances no public address, and whose launch template does not either."""
        return [
            row["SubnetId"]
            for row in self.subnets
            if self._has_addresses is None
            and not row["MapPublicIpOnLaunch"]
            and any(way.kind == "internet gateway" for way in self._find_ways_out(row))
        ]

    def list_short_of_addresses(self, nodes: int) -> list[str]:
        """Subnets that do not have an address for each node that they get."""
        share = -(-nodes // len(self.subnets))
        return [row["SubnetId"] for row in self.subnets if row["AvailableIpAddressCount"] < share]

    def is_joinable(self) -> bool:
        """Whether nodes of all subnets reach the API server and the services that they require."""
        return self._has_dns() and all(self._reaches_all(row) for row in self.subnets)

    def _has_dns(self) -> bool:
        """https://docs.aws.amazon.com/eks/latest/userguide/network-reqs.html: "Otherwise, nodes can't register to your cluster"."""
        from moto.ec2.models import ec2_backends

        vpc = ec2_backends[ACCOUNT][self._region].vpcs[self._config["vpcId"]]
        return all(str(each).lower() == "true" for each in (vpc.enable_dns_support, vpc.enable_dns_hostnames))

    def _reaches_all(self, subnet: dict[str, Any]) -> bool:
        ways = [way for way in self._find_ways_out(subnet) if self._is_usable(way, subnet)]
        if not (self._config["endpointPrivateAccess"] or any(map(self._is_let_in, ways))):
            return False
        return bool(ways) or self._list_endpoints(subnet) >= set(SERVICES)

    def _is_usable(self, way: WayOut, subnet: dict[str, Any]) -> bool:
        """An internet gateway serves instances that have public addresses only."""
        if way.kind != "internet gateway" or self._is_ipv6:
            return True
        return subnet["MapPublicIpOnLaunch"] if self._has_addresses is None else self._has_addresses

    def _is_let_in(self, way: WayOut) -> bool:
        """Whether the public endpoint takes connections from there. Of an unknown network it is not known, and assumed."""
        if not self._config["endpointPublicAccess"]:
            return False
        blocks = self._config["publicAccessCidrs"]
        if way.kind == "other" or any(block in EVERYWHERE for block in blocks):
            return True
        own = ipaddress.ip_address(way.address) if way.address else None
        return own is not None and any(own in ipaddress.ip_network(block) for block in blocks)

    def _find_ways_out(self, subnet: dict[str, Any]) -> list[WayOut]:
        """By the default routes of the subnet's table; of the IPv6 one in IPv6 clusters only."""
        routes = find_table(self._tables, subnet["SubnetId"])["Routes"]
        wanted = EVERYWHERE if self._is_ipv6 else EVERYWHERE[:1]
        named = [
            row for row in routes if (row.get("DestinationCidrBlock") or row.get("DestinationIpv6CidrBlock")) in wanted
        ]
        return [way for way in map(self._read_route, named) if way]

    def _read_route(self, route: Raw) -> WayOut | None:
        if route.get("State") == "blackhole":
            return None
        if (route.get("GatewayId") or "").startswith("igw-"):
            return WayOut("internet gateway")
        if route.get("NatGatewayId"):
            return self._read_nat(route["NatGatewayId"])
        return WayOut("other")

    def _read_nat(self, gateway: str) -> WayOut | None:
        """A NAT gateway that is available. A private one leads to networks beside the internet."""
        rows = self._ec2.describe_nat_gateways(Filter=[{"Name": "nat-gateway-id", "Values": [gateway]}])["NatGateways"]
        if not rows or rows[0]["State"] != "available":
            return None
        if rows[0].get("ConnectivityType") == "private":
            return WayOut("other")
        return WayOut(
            "nat", next((row["PublicIp"] for row in rows[0]["NatGatewayAddresses"] if row.get("PublicIp")), "")
        )

    def _list_endpoints(self, subnet: dict[str, Any]) -> set[str]:
        """The services that have an endpoint for the subnet: an interface anywhere in the VPC, a gateway in its route table."""
        filters = [{"Name": "vpc-id", "Values": [self._config["vpcId"]]}]
        rows = self._ec2.describe_vpc_endpoints(Filters=filters)["VpcEndpoints"]
        table = find_table(self._tables, subnet["SubnetId"]).get("RouteTableId")
        return {
            row["ServiceName"].partition(f"{self._region}.")[2]
            for row in rows
            if row["State"].lower() == "available"
            and (row["VpcEndpointType"] == "Interface" or table in row.get("RouteTableIds", ()))
        }
