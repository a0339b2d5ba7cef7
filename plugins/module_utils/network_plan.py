# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a cluster's network should be, and what of it differs from what is there. Pure: no AWS call."""

from __future__ import annotations

import ipaddress
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.errors import EksError
from ansible_collections.kumo.eks.plugins.module_utils.resources.network import cluster_tag

Found = dict[str, Any]
NAT_CHOICES = ("HighlyAvailable", "Single", "Disable")
ANYWHERE = "0.0.0.0/0"


def build_subnets(cluster: str, cidr: str, zones: list[str], tags: dict[str, str]) -> list[dict[str, Any]]:
    """The subnets: a public and a private one in each zone, eighths of the range for up to four zones."""
    network = ipaddress.ip_network(cidr)
    bits = max(3, (2 * len(zones) - 1).bit_length())
    if network.prefixlen + bits > 28:
        raise EksError(f"network_cidr: {cidr} is too small for {len(zones)} zones; a subnet needs at least a /28")
    blocks = list(network.subnets(prefixlen_diff=bits))
    rows = []
    for offset, (kind, role) in enumerate((("public", "elb"), ("private", "internal-elb"))):
        for number, zone in enumerate(zones):
            name = f"{cluster}-{kind}-{zone}"
            own = {**tags, "Name": name, f"kubernetes.io/role/{role}": "1", cluster_tag(cluster): "owned"}
            block = str(blocks[offset * len(zones) + number])
            rows.append({"name": name, "zone": zone, "public": kind == "public", "cidr": block, "tags": own})
    return rows


def has_tags(found: Found, wanted: dict[str, str]) -> bool:
    return all(found["tags"].get(key) == value for key, value in wanted.items())


def differing_subnets(found: Found, wanted: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The wanted subnets that are missing, or lack a tag or their public addresses."""
    there = {row["cidr_block"]: row for row in found["subnets"]}

    def same(row: dict[str, Any]) -> bool:
        subnet = there.get(row["cidr"])
        return bool(
            subnet and has_tags(subnet, row["tags"]) and bool(subnet.get("map_public_ip_on_launch")) == row["public"]
        )

    return [row for row in wanted if not same(row)]


def subnet_ids(found: Found, rows: list[dict[str, Any]]) -> dict[str, str]:
    """Zone to subnet ID, of those that exist."""
    there = {row["cidr_block"]: row["subnet_id"] for row in found["subnets"]}
    return {row["zone"]: there[row["cidr"]] for row in rows if row["cidr"] in there}


def build_route_tables(found: Found, plan: dict[str, Any], cluster: str, tags: dict[str, str]) -> list[dict[str, Any]]:
    """The route tables as they should be: one for the public subnets, one for each zone's private subnet."""
    own = {**tags, cluster_tag(cluster): "owned"}
    gateway = found["internet_gateway"] or {}
    public = {"name": f"{cluster}-public", "public": True, "subnets": list(plan["public"].values())}
    public["routes"] = [{"dest": ANYWHERE, "gateway_id": gateway.get("internet_gateway_id", "")}]
    tables = [public]
    for zone, subnet in plan["private"].items():
        table = {"name": f"{cluster}-private-{zone}", "public": False, "subnets": [subnet], "routes": []}
        if plan["nat_zones"]:
            nat_zone = zone if zone in plan["nat_zones"] else plan["nat_zones"][0]
            table["routes"] = [{"dest": ANYWHERE, "gateway_id": plan["nat"].get(nat_zone, "")}]
        tables.append(table)
    return [{**table, "tags": {**own, "Name": table["name"]}} for table in tables]


def default_gateway(table: Found) -> str:
    """Where a route table sends everything: the ID of a gateway, or nothing."""
    for route in table["routes"]:
        if route.get("destination_cidr_block") == ANYWHERE:
            return route.get("nat_gateway_id") or route.get("gateway_id") or ""
    return ""


def same_table(found: Found, wanted: dict[str, Any]) -> bool:
    for table in found["route_tables"]:
        if table["tags"].get("Name") == wanted["name"]:
            subnets = {row["subnet_id"] for row in table["associations"] if row.get("subnet_id")}
            gateway = wanted["routes"][0]["gateway_id"] if wanted["routes"] else ""
            same = subnets == set(wanted["subnets"]) and default_gateway(table) == gateway
            return same and has_tags(table, wanted["tags"])
    return False


def network_plan(
    found: Found, cluster: str, cidr: str, zones: list[str], nat_gateway: str, tags: dict[str, str]
) -> dict[str, Any]:
    """What differs, ready for one task each, and the IDs of what is there.

    found: ``network`` of eks_network_info. An empty list of zones means those of the subnets that are there.
    Keys: zones, vpc (differs?), subnets, nat_gateways, route_tables {public, private}: lists of what differs;
    public, private: {zone: subnet ID}; nat: {zone: gateway ID}; pending, surplus: gateway IDs.
    """
    if nat_gateway not in NAT_CHOICES:
        raise EksError(f"network_nat_gateway: {nat_gateway} is not one of {', '.join(NAT_CHOICES)}")
    owned = [row for row in found["subnets"] if cluster_tag(cluster) in row["tags"]]
    zones = zones or sorted({row["availability_zone"] for row in owned})
    own = {**tags, "Name": cluster, cluster_tag(cluster): "owned"}
    wanted = build_subnets(cluster, cidr, zones, tags)
    public = subnet_ids(found, [row for row in wanted if row["public"]])
    private = subnet_ids(found, [row for row in wanted if not row["public"]])
    nat_zones = {"HighlyAvailable": zones, "Single": zones[:1], "Disable": []}[nat_gateway]
    gateways = {row["subnet_id"]: row for row in found["nat_gateways"]}
    nat = {zone: gateways[public[zone]]["nat_gateway_id"] for zone in nat_zones if public.get(zone) in gateways}
    plan = {"zones": zones, "public": public, "private": private, "nat": nat, "nat_zones": nat_zones, "tags": own}
    tables = [row for row in build_route_tables(found, plan, cluster, tags) if not same_table(found, row)]
    return {
        **plan,
        "vpc": not found["vpc"] or not has_tags(found["vpc"], own),
        "subnets": differing_subnets(found, wanted),
        "nat_gateways": [
            {"zone": zone, "subnet_id": public.get(zone, ""), "tags": {**own, "Name": f"{cluster}-{zone}"}}
            for zone in nat_zones
            if zone not in nat
        ],
        "route_tables": {
            kind: [row for row in tables if row["public"] == (kind == "public")] for kind in ("public", "private")
        },
        "pending": [row["nat_gateway_id"] for row in found["nat_gateways"] if row["state"] == "pending"],
        "surplus": [
            row["nat_gateway_id"] for row in found["nat_gateways"] if row["nat_gateway_id"] not in nat.values()
        ],
    }
