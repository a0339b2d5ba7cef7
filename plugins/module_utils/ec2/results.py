# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A network as the result of a task. Pure."""

from __future__ import annotations

from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.core.specs.placement import is_edge_zone
from ansible_collections.kumo.eks.plugins.module_utils.ec2.inventory import Inventory, Row
from ansible_collections.kumo.eks.plugins.module_utils.ec2.layout import ROLES, read_ipv6
from ansible_collections.kumo.eks.plugins.module_utils.ec2.nat_gateways import GONE
from ansible_collections.kumo.eks.plugins.module_utils.ec2.options import KINDS
from ansible_collections.kumo.eks.plugins.module_utils.ec2.routes import is_main, list_routes, list_subnets
from ansible_collections.kumo.eks.plugins.module_utils.ec2.vpc import list_ranges


def read_kind(row: Row, cluster: str) -> str:
    """Whether a subnet is public, private or isolated: by its name, otherwise by its tags and attributes."""
    name = row["tags"].get("Name", "")
    for kind in KINDS:
        if name == f"{cluster}-{kind}-{row['AvailabilityZone']}":
            return kind
    public = ROLES["public"] in row["tags"] or (ROLES["private"] not in row["tags"] and row.get("MapPublicIpOnLaunch"))
    return "public" if public else "private"


def build_network(inventory: Inventory, cluster: str, kinds: dict[str, str] | None = None) -> dict[str, Any]:
    """The network in the keys that the modules return.

    Args:
        kinds: the kind of each subnet by its id, where the task says it.
    """
    rows = inventory.list_rows("subnets")
    if kinds is not None:
        rows = [row for row in rows if row["SubnetId"] in kinds]
    elif inventory.list_owned("subnets"):
        rows = inventory.list_owned("subnets")  # not those of others in an existing VPC
    subnets = [_build_subnet(row, (kinds or {}).get(row["SubnetId"]) or read_kind(row, cluster)) for row in rows]
    order = {kind: number for number, kind in enumerate(KINDS)}
    subnets.sort(key=lambda row: (order[row["kind"]], row["availability_zone"], row["subnet_id"]))
    return {
        **_build_vpc(inventory.vpc),
        **_build_places("zones", "", [row for row in subnets if not is_edge_zone(row["availability_zone"])]),
        **_build_places(
            "local_zones", "local_zone_", [row for row in subnets if is_edge_zone(row["availability_zone"])]
        ),
        "subnets": subnets,
        **_build_gateways(inventory),
        "nat_gateways": _build_nat_gateways(inventory),
        "addresses": _build_addresses(inventory),
        "route_tables": _build_route_tables(inventory),
        "vpc_endpoints": _build_endpoints(inventory),
        "flow_logs": _build_flow_logs(inventory),
    }


def _build_places(option: str, prefix: str, subnets: list[dict[str, Any]]) -> dict[str, list[str]]:
    """Zones, and the IDs of their subnets by kind. Those in Local Zones are apart: EKS takes them for self-managed nodes alone."""
    return {
        option: sorted({row["availability_zone"] for row in subnets}),
        **{
            f"{prefix}{kind}_subnet_ids": [row["subnet_id"] for row in subnets if row["kind"] == kind] for kind in KINDS
        },
    }


def _build_vpc(vpc: Row | None) -> dict[str, Any]:
    if vpc is None:
        return {"vpc_id": None, "cidr_blocks": [], "ipv6_cidr_block": None, "tags": {}}
    return {
        "vpc_id": vpc["VpcId"],
        "cidr_blocks": list_ranges(vpc),
        "ipv6_cidr_block": read_ipv6(vpc),
        "dns_support": vpc.get("DnsSupport"),
        "dns_hostnames": vpc.get("DnsHostnames"),
        "tags": vpc["tags"],
    }


def _build_subnet(row: Row, kind: str) -> dict[str, Any]:
    return {
        "subnet_id": row["SubnetId"],
        "name": row["tags"].get("Name"),
        "kind": kind,
        "availability_zone": row["AvailabilityZone"],
        "availability_zone_id": row.get("AvailabilityZoneId"),
        "cidr_block": row["CidrBlock"],
        "ipv6_cidr_block": read_ipv6(row),
        "map_public_ip_on_launch": bool(row.get("MapPublicIpOnLaunch")),
        "available_ip_address_count": row.get("AvailableIpAddressCount"),
        "tags": row["tags"],
    }


def _build_gateways(inventory: Inventory) -> dict[str, Any]:
    def attached(kind: str, key: str) -> str | None:
        return next((row[key] for row in inventory.list_rows(kind) if inventory.is_attached(row)), None)

    return {
        "internet_gateway_id": attached("internet_gateways", "InternetGatewayId"),
        "egress_only_internet_gateway_id": attached("egress_only_gateways", "EgressOnlyInternetGatewayId"),
    }


def _build_nat_gateways(inventory: Inventory) -> list[dict[str, Any]]:
    rows = [row for row in inventory.list_rows("nat_gateways") if row["State"] != GONE]
    return sorted((_build_nat_gateway(inventory, row) for row in rows), key=lambda row: str(row["availability_zone"]))


def _build_nat_gateway(inventory: Inventory, row: Row) -> dict[str, Any]:
    address = ((row.get("NatGatewayAddresses") or []) + [{}])[0]
    subnet = inventory.find("subnets", row["SubnetId"]) or {}
    return {
        "nat_gateway_id": row["NatGatewayId"],
        "name": row["tags"].get("Name"),
        "state": row["State"],
        "failure_message": row.get("FailureMessage"),
        "subnet_id": row["SubnetId"],
        "availability_zone": subnet.get("AvailabilityZone"),
        "public_ip": address.get("PublicIp"),
        "allocation_id": address.get("AllocationId"),
    }


def _build_addresses(inventory: Inventory) -> list[dict[str, Any]]:
    return [
        {
            "allocation_id": row["AllocationId"],
            "public_ip": row.get("PublicIp"),
            "name": row["tags"].get("Name"),
        }
        for row in sorted(inventory.list_owned("addresses"), key=lambda row: str(row["tags"].get("Name")))
    ]


def _build_route_tables(inventory: Inventory) -> list[dict[str, Any]]:
    rows = [row for row in inventory.list_rows("route_tables") if inventory.is_owned(row) or not is_main(row)]
    found = [
        {
            "route_table_id": row["RouteTableId"],
            "name": row["tags"].get("Name"),
            "subnet_ids": sorted(list_subnets(row)),
            "routes": [
                {"destination": dest, "target": target} for dest, (_key, target) in sorted(list_routes(row).items())
            ],
        }
        for row in rows
    ]
    return sorted(found, key=lambda row: (str(row["name"]), row["route_table_id"]))


def _build_endpoints(inventory: Inventory) -> list[dict[str, Any]]:
    found = [
        {
            "vpc_endpoint_id": row["VpcEndpointId"],
            "service_name": row["ServiceName"],
            "type": row["VpcEndpointType"],
            "state": row["State"],
            "subnet_ids": sorted(row.get("SubnetIds") or []),
            "route_table_ids": sorted(row.get("RouteTableIds") or []),
        }
        for row in inventory.list_rows("vpc_endpoints")
        if row["State"].lower() not in ("deleted", "deleting")
    ]
    return sorted(found, key=lambda row: row["service_name"])


def _build_flow_logs(inventory: Inventory) -> list[dict[str, Any]]:
    return [
        {
            "flow_log_id": row["FlowLogId"],
            "destination": row.get("LogDestinationType") or "cloud-watch-logs",
            "log_group_name": row.get("LogGroupName"),
            "log_destination": row.get("LogDestination"),
            "traffic_type": row.get("TrafficType"),
        }
        for row in inventory.list_rows("flow_logs")
    ]
