# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The availability zones of a network: by name or by number, never one in which EKS is not offered."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.aws.denials import look_if_allowed
from ansible_collections.kumo.eks.plugins.module_utils.core.errors import ValidationError
from ansible_collections.kumo.eks.plugins.module_utils.core.specs.placement import (
    FEWEST_ZONES,
    WITHOUT_EKS,
    is_edge_zone,
)
from ansible_collections.kumo.eks.plugins.module_utils.ec2.inventory import Inventory
from ansible_collections.kumo.eks.plugins.module_utils.ec2.options import NetworkOptions

# EKS has no control plane in these zones. Names of zones differ from account to account, ids do not.
# https://docs.aws.amazon.com/eks/latest/userguide/network-reqs.html
ZoneLookup = Callable[[], "set[str] | None"]


def describe_zones(ec2: Any) -> list[str]:
    """The region's availability zones that can hold a control plane, by name."""
    wanted = [{"Name": "zone-type", "Values": ["availability-zone"]}, {"Name": "state", "Values": ["available"]}]
    rows = ec2.describe_availability_zones(Filters=wanted)["AvailabilityZones"]
    return sorted(row["ZoneName"] for row in rows if row.get("ZoneId") not in WITHOUT_EKS)


def describe_offerings(ec2: Any, types: tuple[str, ...]) -> dict[str, set[str]]:
    """For each Availability Zone, which of these instance types it offers."""
    pages = ec2.get_paginator("describe_instance_type_offerings").paginate(
        LocationType="availability-zone", Filters=[{"Name": "instance-type", "Values": list(types)}]
    )
    found: dict[str, set[str]] = {}
    for page in pages:
        for row in page["InstanceTypeOfferings"]:
            if not is_edge_zone(row["Location"]):
                found.setdefault(row["Location"], set()).add(row["InstanceType"])
    return found


def choose_zones(inventory: Inventory, options: NetworkOptions, cluster_zones: ZoneLookup) -> list[str]:
    """The zones asked for; otherwise those that have subnets, filled up to the number with the region's first ones.

    Args:
        cluster_zones: the zones of the cluster that exists, None where there is none; looked up for a new zone only.
    """
    places = {row["AvailabilityZone"] for row in inventory.list_owned("subnets")}
    there = {zone for zone in places if not is_edge_zone(zone)}
    if options.zones and (left := sorted(there - set(options.zones))):
        raise ValidationError(
            f"zones: {', '.join(left)} has subnets of the cluster already and must stay in the list. EKS keeps the zones"
            " that a cluster was created with."
        )
    if len(there) >= options.fixed_zone_count and not set(options.zones) - there:
        return list(options.zones) or sorted(there)
    usable = _list_usable(inventory, options)
    new = _choose_new(inventory, options, usable, there)
    new = _check_cluster(options, there, new, cluster_zones) if there and new else new
    zones = list(options.zones) or sorted([*there, *new])
    if len(zones) < FEWEST_ZONES:
        raise ValidationError(
            f"zones: {options.region} has {len(zones)} availability zone for this network ({', '.join(zones) or 'none'}), and"
            f" EKS requires subnets in at least {FEWEST_ZONES}.{_name_types(options)} Use another region or other instance_types."
        )
    return zones


def _name_types(options: NetworkOptions) -> str:
    """The instance types that the zones were to offer."""
    return f" The instance_types are {', '.join(options.instance_types)}." if options.instance_types else ""


def _list_usable(inventory: Inventory, options: NetworkOptions) -> list[str]:
    """The zones to choose from. Zones that the task names need no call; it only finds a wrong one early."""
    if not options.zones:
        return describe_zones(inventory.ec2)
    lost = "it was not checked whether EKS can use the zones"
    named = list(options.zones)
    return look_if_allowed(lambda: describe_zones(inventory.ec2), named, "ec2:DescribeAvailabilityZones", lost)


def _choose_new(inventory: Inventory, options: NetworkOptions, usable: list[str], there: set[str]) -> list[str]:
    """The zones that have no subnets yet."""
    if unknown := [zone for zone in options.zones if zone not in usable and zone not in there]:
        raise ValidationError(
            f"zones: {', '.join(unknown)} is not a zone of {options.region} that EKS can use. Use {', '.join(usable)}."
        )
    if options.zones:
        _check_offerings(inventory, options)
        return [zone for zone in options.zones if zone not in there]
    free = [zone for zone in _prefer_offering(inventory, options, usable) if zone not in there]
    return free[: max(0, options.zone_count - len(there))]


def _check_offerings(inventory: Inventory, options: NetworkOptions) -> None:
    offered = _describe_offerings(inventory, options)
    if offered is None:
        return
    without = [zone for zone in options.zones if not offered.get(zone)]
    if without:
        raise ValidationError(
            f"zones: {', '.join(without)} offers none of {', '.join(options.instance_types)}. Zones that do:"
            f" {', '.join(sorted(offered)) or 'none in this region'}."
        )


def _describe_offerings(inventory: Inventory, options: NetworkOptions) -> dict[str, set[str]] | None:
    """The wanted instance types of each zone; None where none is named, and where the caller may not ask."""
    if not options.instance_types:
        return None
    types, lost = options.instance_types, "it was not checked whether the zones offer the instance types"
    action = "ec2:DescribeInstanceTypeOfferings"
    return look_if_allowed(lambda: describe_offerings(inventory.ec2, types), None, action, lost)


def _prefer_offering(inventory: Inventory, options: NetworkOptions, usable: list[str]) -> list[str]:
    """The zones that offer the wanted instance types, those with all of them first."""
    offered = _describe_offerings(inventory, options)
    if offered is None:
        return usable
    able = [zone for zone in usable if offered.get(zone)]
    return sorted(able, key=lambda zone: (-len(offered[zone]), zone))


def _check_cluster(options: NetworkOptions, there: set[str], new: list[str], cluster_zones: ZoneLookup) -> list[str]:
    """The new zones that the cluster, if it exists, can use. EKS keeps the set of zones a cluster was created with.

    https://docs.aws.amazon.com/eks/latest/APIReference/API_VpcConfigRequest.html (subnetIds)
    """
    zones = cluster_zones()
    if zones is None:
        return new
    refused = [zone for zone in new if zone not in zones]
    if refused and options.zones:
        raise ValidationError(
            f"zones: {', '.join(refused)} cannot be added, because cluster {options.cluster_name} exists in"
            f" {', '.join(sorted(zones))}, and EKS keeps the zones that a cluster was created with. Nothing was changed."
            " Remove them from zones, or create a new cluster."
        )
    return [zone for zone in new if zone in zones]
