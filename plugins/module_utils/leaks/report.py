# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Pictures as text for the screen: what is removed and what is kept, and how a person removes that. Pure."""

from __future__ import annotations

from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.core.counts import format_count
from ansible_collections.kumo.eks.plugins.module_utils.core.tables import align_columns

Row = dict[str, Any]
HEAD = ("Kind", "Name", "Owner", "Found by", "Why")


def format_plan(cluster: str, rows: list[Row], obstacles: list[str]) -> list[str]:
    """What belongs to a cluster before its teardown."""
    removed = [row for row in rows if row["removed_by_teardown"]]
    kept = [row for row in rows if not row["removed_by_teardown"]]
    lines = [
        f"{format_count(len(rows), 'resource', 'belongs', 'belong')} to cluster {cluster}. The teardown removes {len(removed)} and keeps {len(kept)}."
    ]
    lines += _format_table("Removed:", removed) + _format_table("Kept:", kept)
    lines += ["", "In the way:", *obstacles] if obstacles else []
    return lines


def format_proof(cluster: str, kept: list[Row], left: list[Row]) -> list[str]:
    """What still belongs to a cluster after its teardown."""
    if not kept and not left:
        return [f"Nothing is left of cluster {cluster}."]
    lines = [f"{format_count(len(kept) + len(left), 'resource', 'is', 'are')} left of cluster {cluster}."]
    lines += _format_remedies("Kept:", kept) + _format_remedies("Not removed:", left)
    return lines


def _format_table(title: str, rows: list[Row]) -> list[str]:
    if not rows:
        return []
    return ["", title, *align_columns([HEAD, *(_build_cells(row) for row in rows)])]


def _build_cells(row: Row) -> tuple[str, ...]:
    name = row["name"] if row["name"] and row["name"] in row["id"] else " ".join(filter(None, (row["id"], row["name"])))
    return (row["kind"].replace("_", " "), name, row["owner"], row["reason"], row["why"])


def _format_remedies(title: str, rows: list[Row]) -> list[str]:
    lines = ["", title] if rows else []
    for row in rows:
        cells = _build_cells(row)
        lines += [f"{cells[0]} {cells[1]}: {row['why']}", f"    {row['remedy']}"]
    return lines
