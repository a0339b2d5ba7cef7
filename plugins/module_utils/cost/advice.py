# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Rightsizing as the result of a task, and as text. Pure."""

from __future__ import annotations

from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.core.tables import align_columns
from ansible_collections.kumo.eks.plugins.module_utils.cost.report import format_money

Row = dict[str, Any]
GROUP_COLUMNS = ("Group", "Nodes", "Types", "CPU requested", "Memory requested", "CPU used", "Memory used", "Per month")
PLACES = ("Place", "Per month", "Note")


def build_rightsizing(groups: list[Row], places: list[Row]) -> Row:
    """The result: groups, the comparison with other places, and both as text."""
    return {"groups": groups, "alternatives": places, "text": [*format_groups(groups), *format_places(places, groups)]}


def format_groups(groups: list[Row]) -> list[str]:
    if not groups:
        return ["There are no nodes on EC2 to look at."]
    cells = [
        (
            row["group"],
            str(row["nodes"]),
            ", ".join(row["instance_types"]),
            format_share(row["cpu_requested"]),
            format_share(row["memory_requested"]),
            format_share(row["cpu_used"]),
            format_share(row["memory_used"]),
            format_money(row["monthly"], row["currency"]),
        )
        for row in groups
    ]
    return [*align_columns([GROUP_COLUMNS, *cells]), *(text for row in groups for text in format_advice(row))]


def format_share(percent: float | None) -> str:
    return "no metrics" if percent is None else f"{percent:g} %"


def format_advice(row: Row) -> list[str]:
    """What could be changed of a group."""
    name = row["group"]
    found = (
        [f"{name}: {', '.join(row['idle_nodes'])} have no pods but those of DaemonSets."] if row["idle_nodes"] else []
    )
    for one in row["proposals"]:
        note = f" ({one['note']})" if one["note"] else ""
        found.append(
            f"{name}: {one['nodes']} x {one['instance_type']} hold the same pods for"
            f" {format_money(one['monthly'], row['currency'])} a month, {format_money(one['saving'], row['currency'])} less{note}."
        )
    return [*found, *(f"{name}: {text}" for text in row["advice"])]


def format_places(places: list[Row], groups: list[Row]) -> list[str]:
    """The same pods elsewhere."""
    currency = groups[0]["currency"] if groups else "USD"
    cells = [(row["place"], format_money(row["monthly"], currency), row["note"]) for row in places]
    return [
        "The same pods elsewhere, in a month, without volumes, network and load balancers:",
        *align_columns([PLACES, *cells]),
    ]
