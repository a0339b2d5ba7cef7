# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a cluster's network should be, and what of it differs from what is there. Pure: no AWS call."""

from __future__ import annotations

import ipaddress
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.aws.ownership import (
    build_owner_key,
    build_owner_tags,
    describe_tag_differences,
    is_owned,
    list_owners,
)
from ansible_collections.kumo.eks.plugins.module_utils.core.errors import EksError
from ansible_collections.kumo.eks.plugins.module_utils.ec2.network import NOTHING, cluster_tag

Found = dict[str, Any]
NAT_CHOICES = ("HighlyAvailable", "Single", "Disable")
ANYWHERE = "0.0.0.0/0"
KINDS = (("public", "elb"), ("private", "internal-elb"))
SMALLEST = 28  # the prefix of the smallest subnet EC2 makes


def check_network(cidr: str, zones: list[str], nat_gateway: str) -> None:
    """Refuse what EC2 would not take, before anything is created."""
    if nat_gateway not in NAT_CHOICES:
        raise EksError(f"eks_network_nat_gateway: {nat_gateway} is not one of {', '.join(NAT_CHOICES)}")
    try:
        network = ipaddress.IPv4Network(cidr)
    except ValueError as error:
        raise EksError(f"eks_network_cidr: {cidr} is not a range of IPv4 addresses: {error}") from error
    if not 16 <= network.prefixlen <= SMALLEST:
        raise EksError(f"eks_network_cidr: {cidr} has a /{network.prefixlen}; a VPC has a /16 to a /28")
    if len(set(zones)) != len(zones):
        raise EksError(f"eks_network_zones: a zone is there twice: {', '.join(zones)}")
    if len(zones) == 1:
        raise EksError(f"eks_network_zones: {zones[0]} alone is not enough; EKS wants subnets in at least two zones")
    if network.prefixlen + subnet_bits(zones) > SMALLEST:
        count = len(zones) or 3
        raise EksError(
            f"eks_network_cidr: {cidr} is too small for {count} zones; a subnet needs at least a /{SMALLEST}"
        )


def subnet_bits(zones: list[str]) -> int:
    """How many bits a subnet's prefix has more than the VPC's: eighths of the range for up to four zones."""
    return max(3, (2 * len(zones) - 1).bit_length())


def choose_zones(found: Found, cluster: str, region: str, asked: list[str]) -> list[str]:
    """The zones asked for; otherwise those that have subnets, filled up to three with the region's first ones."""
    there = {row["availability_zone"] for row in found["subnets"] if is_owned(row["tags"], region, cluster)}
    known = found["zones"]
    if unknown := [zone for zone in asked if known and zone not in known and zone not in there]:
        raise EksError(
            f"eks_network_zones: {', '.join(unknown)} is not a zone of {region}; allowed: {', '.join(known)}"
        )
    if asked and (left := sorted(there - set(asked))):
        raise EksError(
            f"eks_network_zones: {', '.join(left)} has subnets of the cluster already and must stay in the list"
        )
    if asked:
        return asked
    more = [zone for zone in known if zone not in there]
    return sorted([*there, *more[: max(0, 3 - len(there))]])


def build_subnets(found: Found, cluster: str, cidr: str, zones: list[str], tags: dict[str, str]) -> list[Found]:
    """The subnets, a public and a private one in each zone. One that exists keeps its range; others take a free one."""
    there = {row["tags"].get("Name"): row for row in found["subnets"]}
    taken = [ipaddress.IPv4Network(row["cidr_block"]) for row in found["subnets"]]
    blocks = list(ipaddress.IPv4Network(cidr).subnets(prefixlen_diff=subnet_bits(zones)))
    rows = []
    for offset, (kind, role) in enumerate(KINDS):
        for number, zone in enumerate(zones):
            name = f"{cluster}-{kind}-{zone}"
            own = {**tags, "Name": name, f"kubernetes.io/role/{role}": "1", cluster_tag(cluster): "owned"}
            if name in there:
                block = there[name]["cidr_block"]
            else:
                block = free_block(blocks, offset * len(zones) + number, taken, cidr)
                taken.append(ipaddress.IPv4Network(block))
            rows.append({"name": name, "zone": zone, "public": kind == "public", "cidr": block, "tags": own})
    return rows


def free_block(blocks: list[Any], first: int, taken: list[Any], cidr: str) -> str:
    """The block with this number, or the next one that overlaps nothing."""
    for block in blocks[first:] + blocks[:first]:
        if not any(block.overlaps(other) for other in taken):
            return str(block)
    raise EksError(f"eks_network_cidr: {cidr} has no room for another subnet; use fewer zones or a new network")


def subnet_differences(found: Found | None, row: Found) -> list[str]:
    """In words, what of a subnet is not as wanted."""
    if found is None:
        return [f"new, {row['cidr']} in {row['zone']}"]
    public = bool(found.get("map_public_ip_on_launch"))
    words = [] if public == row["public"] else [f"public addresses: {public} -> {row['public']}"]
    return words + describe_tag_differences(found["tags"], row["tags"])


def differing_subnets(found: Found, wanted: list[Found]) -> list[Found]:
    """The wanted subnets that are missing or differ, each with ``why``."""
    there = {row["cidr_block"]: row for row in found["subnets"]}
    rows = [{**row, "why": "; ".join(subnet_differences(there.get(row["cidr"]), row))} for row in wanted]
    return [row for row in rows if row["why"]]


def subnet_ids(found: Found, rows: list[Found]) -> dict[str, str]:
    """Zone to subnet ID, of those that exist."""
    there = {row["cidr_block"]: row["subnet_id"] for row in found["subnets"]}
    return {row["zone"]: there[row["cidr"]] for row in rows if row["cidr"] in there}


def build_route_tables(found: Found, plan: Found, cluster: str, tags: dict[str, str]) -> list[Found]:
    """The route tables as they should be: one for the public subnets, one for each zone's private subnet."""
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
    return [{**table, "tags": {**tags, cluster_tag(cluster): "owned", "Name": table["name"]}} for table in tables]


def default_gateway(table: Found) -> str:
    """Where a route table sends everything: the ID of a gateway, or nothing."""
    for route in table["routes"]:
        if route.get("destination_cidr_block") == ANYWHERE and route.get("state") != "blackhole":
            return route.get("nat_gateway_id") or route.get("gateway_id") or ""
    return ""


def table_differences(table: Found, wanted: Found) -> list[str]:
    """In words, what of a route table is not as wanted."""
    there = {row["subnet_id"] for row in table["associations"] if row.get("subnet_id")}
    words = [f"subnet {subnet}: none -> associated" for subnet in wanted["subnets"] if subnet not in there]
    words += [f"subnet {subnet}: associated -> none" for subnet in sorted(there - set(wanted["subnets"]))]
    gateway = wanted["routes"][0]["gateway_id"] if wanted["routes"] else ""
    if default_gateway(table) != gateway:
        words.append(f"route {ANYWHERE}: {default_gateway(table) or 'none'} -> {gateway or 'none'}")
    return words + describe_tag_differences(table["tags"], wanted["tags"])


def differing_tables(found: Found, wanted: list[Found]) -> list[Found]:
    """The route tables that are missing or differ, each with ``why`` and the ID of the one that is there."""
    there = {table["tags"].get("Name"): table for table in found["route_tables"]}
    rows = []
    for row in wanted:
        table = there.get(row["name"])
        words = table_differences(table, row) if table else ["new"]
        rows.append({**row, "why": "; ".join(words), "id": table["route_table_id"] if table else ""})
    return [row for row in rows if row["why"]]


def vpc_differences(found: Found | None, cidr: str, tags: dict[str, str]) -> list[str]:
    """In words, what of the VPC is not as wanted."""
    if found is None:
        return [f"new, {cidr}"]
    if found["cidr_block"] != cidr:
        raise EksError(
            f"eks_network_cidr: {found['vpc_id']} has {found['cidr_block']}, wanted {cidr}; "
            "EC2 cannot change it, only a new cluster can have another range"
        )
    words = [f"{key}: {found[key]} -> True" for key in ("dns_hostnames", "dns_support") if not found[key]]
    return words + describe_tag_differences(found["tags"], tags)


def build_gateways(found: Found, plan: Found, cluster: str, tags: dict[str, str]) -> list[Found]:
    """The NAT gateways to make: zone, subnet_id, tags, and the address that an interrupted run left (or "")."""
    used = used_addresses(found)
    free = [row for row in found["addresses"] if row["allocation_id"] not in used and not row.get("association_id")]
    spare = {row["tags"].get("Name"): row for row in free}
    rows = []
    for zone in plan["nat_zones"]:
        if zone not in plan["nat"]:
            name = f"{cluster}-{zone}"
            address = spare.get(name, {}).get("allocation_id", "")
            subnet = plan["public"].get(zone, "")
            rows.append({"zone": zone, "subnet_id": subnet, "allocation_id": address, "tags": {**tags, "Name": name}})
    return rows


def used_addresses(found: Found) -> set[str]:
    """Allocation IDs of the addresses that NAT gateways hold."""
    rows = [address for gateway in found["nat_gateways"] for address in gateway.get("nat_gateway_addresses", [])]
    return {row.get("allocation_id", "") for row in rows}


def failed_gateways(found: Found, plan: Found) -> list[str]:
    """In words, the NAT gateways that failed where none has taken their place."""
    wanted = {plan["public"].get(zone) for zone in plan["nat_zones"] if zone not in plan["nat"]}
    return [
        f"{row['nat_gateway_id']}: {row.get('failure_message', 'EC2 gave no reason')}"
        for row in found["nat_gateways"]
        if row["state"] == "failed" and row["subnet_id"] in wanted
    ]


def network_plan(
    found: Found, cluster: str, region: str, cidr: str, zones: list[str], nat_gateway: str, tags: dict[str, str]
) -> dict[str, Any]:
    """What differs, ready for one task each, and the IDs of what is there.

    found: ``network`` of eks_foundation_info, or {} to check the options alone. No zones: see choose_zones.
    Keys: zones, vpc, gateway (in words what differs, or ""); subnets, nat_gateways, route_tables {public, private}:
    lists of what differs; public, private: {zone: subnet ID}; nat: {zone: gateway ID}; pending, surplus: gateway IDs;
    surplus_addresses: public IPs; failed: words; unfinished: whether anything of finish.yml is to be done.
    """
    check_network(cidr, zones, nat_gateway)
    found = found or NOTHING
    tags = {**tags, **build_owner_tags(region, cluster)}
    zones = choose_zones(found, cluster, region, zones)
    own = {**tags, "Name": cluster, cluster_tag(cluster): "owned"}
    wanted = build_subnets(found, cluster, cidr, zones, tags)
    public = subnet_ids(found, [row for row in wanted if row["public"]])
    private = subnet_ids(found, [row for row in wanted if not row["public"]])
    nat_zones = {"HighlyAvailable": zones, "Single": zones[:1], "Disable": []}[nat_gateway]
    living = [row for row in found["nat_gateways"] if row["state"] in ("pending", "available")]
    gateways = {row["subnet_id"]: row["nat_gateway_id"] for row in living}
    nat = {zone: gateways[public[zone]] for zone in nat_zones if public.get(zone) in gateways}
    plan: dict[str, Any] = {"zones": zones, "public": public, "private": private, "nat": nat, "nat_zones": nat_zones}
    plan["nat_gateways"] = build_gateways(found, plan, cluster, {**tags, cluster_tag(cluster): "owned"})
    tables = differing_tables(found, build_route_tables(found, plan, cluster, tags))
    surplus = [
        row["nat_gateway_id"]
        for row in living
        if row["nat_gateway_id"] not in nat.values() and is_owned(row["tags"], region, cluster)
    ]
    # A gateway that is going has its address until it is gone.
    kept = used_addresses(
        {"nat_gateways": [row for row in found["nat_gateways"] if row["nat_gateway_id"] not in surplus]}
    )
    kept |= {row["allocation_id"] for row in plan["nat_gateways"]}
    plan |= {
        "tags": own,
        "vpc": "; ".join(vpc_differences(found["vpc"], cidr, own)),
        "gateway": "; ".join(gateway_differences(found["internet_gateway"], own)),
        "subnets": differing_subnets(found, wanted),
        "route_tables": {
            kind: [row for row in tables if row["public"] == (kind == "public")] for kind in ("public", "private")
        },
        "pending": [row["nat_gateway_id"] for row in living if row["state"] == "pending"],
        "failed": failed_gateways(found, plan),
        "surplus": surplus,
        "surplus_addresses": [row["public_ip"] for row in found["addresses"] if row["allocation_id"] not in kept],
    }
    plan["unfinished"] = bool(
        plan["nat_gateways"] or tables or plan["pending"] or plan["surplus"] or plan["surplus_addresses"]
    )
    return plan


def gateway_differences(found: Found | None, tags: dict[str, str]) -> list[str]:
    """In words, what of the internet gateway is not as wanted."""
    if found is None:
        return ["new"]
    return ([] if found["attached"] else ["not attached -> attached"]) + describe_tag_differences(found["tags"], tags)


def network_removal(found: Found, cluster: str, region: str) -> dict[str, Any]:
    """What to remove, in the keys of eks_foundation_info, and ``blocking``: in words, what others have in the VPC.

    Only what has the owner's tag is removed. A VPC with anything else in it cannot go.
    """

    def mine(rows: list[Found]) -> list[Found]:
        return [row for row in rows if is_owned(row["tags"], region, cluster)]

    def others(kind: str, key: str, word: str, label: str) -> list[str]:
        return [
            f"{word} {row[key]} ({row.get(label) or row['tags'].get('Name', 'no name')})"
            for row in found[kind]
            if not is_owned(row["tags"], region, cluster)
        ]

    own_interfaces = {
        address.get("network_interface_id")
        for gateway in mine(found["nat_gateways"])
        for address in gateway.get("nat_gateway_addresses", [])
    }
    interfaces = [row for row in found["network_interfaces"] if row["network_interface_id"] not in own_interfaces]
    blocking = [
        f"network interface {row['network_interface_id']} ({row.get('description') or 'no description'})"
        for row in interfaces
    ]
    blocking += [
        f"security group {row['group_id']} ({row['group_name']})"
        for row in found["security_groups"]
        if row["group_name"] != "default"
    ]
    blocking += others("subnets", "subnet_id", "subnet", "cidr_block")
    blocking += others("nat_gateways", "nat_gateway_id", "NAT gateway", "subnet_id")
    main = [row for row in found["route_tables"] if any(place.get("main") for place in row["associations"])]
    tables = [row for row in found["route_tables"] if row not in main]
    blocking += [f"route table {row['route_table_id']}" for row in tables if row not in mine(tables)]
    gateway = found["internet_gateway"]
    sharing = [f"cluster {name} in {place}" for place, name in list_owners((found["vpc"] or {"tags": {}})["tags"])]
    sharing = [words for words in sharing if words != f"cluster {cluster} in {region}"]
    return {
        "vpc": found["vpc"],
        "internet_gateway": gateway if gateway and mine([gateway]) else None,
        "subnets": mine(found["subnets"]),
        "nat_gateways": [row for row in mine(found["nat_gateways"]) if row["state"] in ("pending", "available")],
        "deleting": [row for row in found["nat_gateways"] if row["state"] == "deleting"],
        "addresses": mine(found["addresses"]),
        "route_tables": mine(tables),
        "blocking": blocking + sharing,
        "mark": build_owner_key(region, cluster),
    }
