# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The options of a list of node groups: each item over what the task says for all of them. Pure."""

from __future__ import annotations

from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.core.errors import ValidationError
from ansible_collections.kumo.eks.plugins.module_utils.core.fields import drop_none

Row = dict[str, Any]


def build_items(task: Row) -> list[Row]:
    """The node groups of a task, each with all of its options.

    Args:
        task: the options of the task: nodegroups, and for all of them defaults, tags, node_roles, private_subnets, public_subnets.
    """
    return [build_item(task, row) for row in task["nodegroups"]]


def build_item(task: Row, row: Row) -> Row:
    """One node group: its own options, else the defaults of the task."""
    defaults, row = drop_none(task.get("defaults") or {}), drop_none(row)
    if row.get("launch_template"):
        defaults.pop("template", None)  # the group brings its own
    item = {**defaults, **row}
    tags = [source.get("tags") for source in (task, defaults, row)]
    if any(each is not None for each in tags):
        item["tags"] = {key: value for each in tags for key, value in (each or {}).items()}
    item.setdefault("purge_tags", task.get("purge_tags"))
    item.setdefault("node_role", (task.get("node_roles") or {}).get(row["name"]))
    item.setdefault("subnets", _narrow(item, choose_subnets(task, item)))
    return drop_none(item)


def _narrow(item: Row, subnets: list[str] | None) -> list[str] | None:
    """The first subnet for nodes with EFA, which works in one zone: eksctl's AssignSubnets does so, too."""
    return subnets[:1] if subnets and (item.get("template") or {}).get("efa") else subnets


def choose_subnets(task: Row, item: Row) -> list[str] | None:
    """The task's private subnets, or the public ones of a group with private_networking: false; those in its zones or Local Zones.

    Raises:
        ValidationError: one of the zones has no such subnet.
    """
    option = get_subnets_option(item)
    named = "local_zones" if item.get("local_zones") else "availability_zones"
    subnets, zones = task.get(option) or None, item.get(named)
    if not subnets or not zones:
        return subnets
    places = {subnet: (task.get("subnet_zones") or {}).get(subnet) for subnet in subnets}
    if missing := [zone for zone in zones if zone not in places.values()]:
        known = ", ".join(sorted({zone for zone in places.values() if zone})) or "none is known"
        raise ValidationError(
            f"{named}: no subnet of {option} is in {', '.join(missing)}. The zones with such subnets: {known}."
        )
    return [subnet for subnet in subnets if places[subnet] in zones]


def get_subnets_option(item: Row) -> str:
    """The option of the task that has the subnets of a group that names none."""
    kind = "public" if item.get("private_networking") is False else "private"
    return f"local_zone_{kind}_subnets" if item.get("local_zones") else f"{kind}_subnets"


def list_unplaced(task: Row) -> list[str]:
    """The subnets whose zones are needed and not given."""
    defaults, rows = task.get("defaults") or {}, task.get("nodegroups") or []
    items = [{**drop_none(defaults), **drop_none(row)} for row in rows]
    needed = [
        subnet
        for item in items
        if (item.get("availability_zones") or item.get("local_zones")) and not item.get("subnets")
        for subnet in task.get(get_subnets_option(item)) or []
    ]
    known = task.get("subnet_zones") or {}
    return [subnet for subnet in dict.fromkeys(needed) if subnet not in known]
