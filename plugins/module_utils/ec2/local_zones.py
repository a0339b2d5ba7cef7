# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The Local Zones of a network: those that the task names, or that have subnets already, and the removal of others.

https://docs.aws.amazon.com/local-zones/latest/ug/getting-started.html
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.aws.lookups import describe_by_filter
from ansible_collections.kumo.eks.plugins.module_utils.core.specs.placement import is_edge_zone
from ansible_collections.kumo.eks.plugins.module_utils.core.validation import raise_problems
from ansible_collections.kumo.eks.plugins.module_utils.ec2.inventory import Inventory
from ansible_collections.kumo.eks.plugins.module_utils.ec2.leftovers import format_interface
from ansible_collections.kumo.eks.plugins.module_utils.ec2.option_rules import find_local_zone_problems
from ansible_collections.kumo.eks.plugins.module_utils.ec2.options import NetworkOptions

Row = dict[str, Any]


def choose_local_zones(inventory: Inventory, options: NetworkOptions) -> dict[str, str]:
    """The Local Zones of the network, each with its parent zone.

    Raises:
        ValidationError: one that is not listed is in use, or one does not exist, or is of a group that the account has not opted in to.
    """
    places = {row["AvailabilityZone"] for row in inventory.list_owned("subnets")}
    there = sorted(zone for zone in places if is_edge_zone(zone))
    names = there if options.local_zones is None else list(options.local_zones)
    raise_problems(_find_users(inventory, list_surplus_subnets(inventory, options)))
    if not names:
        return {}
    raise_problems(find_local_zone_problems(names, options.ip_family))
    rows = describe_local_zones(inventory.ec2)
    raise_problems(find_closed_zones("local_zones", names, rows, options.region))
    return {name: rows[name].get("ParentZoneName") or name for name in names}


def list_surplus_subnets(inventory: Inventory, options: NetworkOptions) -> list[Row]:
    """The subnets of the cluster in Local Zones that the task does not list any more; none where it lists nothing."""
    return [row for row in inventory.list_owned("subnets") if _is_surplus(row["AvailabilityZone"], options)]


def list_surplus_tables(inventory: Inventory, options: NetworkOptions) -> list[Row]:
    """The route tables of such subnets, by their names: they are there longer than the subnets, whose deletion may have been the last call of a run."""
    start = f"{options.cluster_name}-private-"
    rows = inventory.list_owned("route_tables")
    return [row for row in rows if _is_surplus(row["tags"].get("Name", "").partition(start)[2], options)]


def _is_surplus(zone: str, options: NetworkOptions) -> bool:
    return options.local_zones is not None and is_edge_zone(zone) and zone not in options.local_zones


def _find_users(inventory: Inventory, rows: list[Row]) -> Iterator[str]:
    """Network interfaces in subnets that are to go: of nodes, load balancers and others."""
    zones = {row["SubnetId"]: row["AvailabilityZone"] for row in rows}
    words = ("describe_network_interfaces", "NetworkInterfaces", "subnet-id", zones)
    users = describe_by_filter(inventory.ec2, *words) if zones else []
    for zone in sorted({zones[row["SubnetId"]] for row in users}):
        found = [format_interface(row) for row in users if zones[row["SubnetId"]] == zone]
        yield (
            f"local_zones: {zone} is not listed, and its subnets are in use: {', '.join(sorted(found))}. Delete its nodes and load balancers"
            " first, or leave the zone in the list."
        )


def describe_local_zones(ec2: Any) -> dict[str, Row]:
    """All Local Zones of the region by name, also those that the account has not opted in to."""
    wanted = [{"Name": "zone-type", "Values": ["local-zone"]}]
    rows = ec2.describe_availability_zones(AllAvailabilityZones=True, Filters=wanted)["AvailabilityZones"]
    return {row["ZoneName"]: row for row in rows}


def find_closed_zones(option: str, names: Iterable[str], rows: dict[str, Row], region: str) -> Iterator[str]:
    """Local Zones in which the account cannot create subnets.

    Args:
        rows: what ``describe_local_zones`` found.
    """
    for name in names:
        row = rows.get(name)
        if row is None:
            known = ", ".join(sorted(rows)) or "none"
            yield f"{option}: {name} is not a Local Zone of {region}. Its Local Zones are: {known}."
        elif row.get("OptInStatus") == "not-opted-in":
            yield (
                f"{option}: the account has not opted in to {name}. Run aws ec2 modify-availability-zone-group --region {region}"
                f" --group-name {row['GroupName']} --opt-in-status opted-in, wait until it is in effect, and run the task again."
            )
        elif row.get("State") != "available":
            yield f"{option}: {name} is {row.get('State')}. Use another Local Zone, or run the task when it is available."
