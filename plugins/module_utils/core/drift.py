# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What differs between clusters and their declarations, as a table, as Markdown and as data. Pure."""

from __future__ import annotations

from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.core.counts import format_count
from ansible_collections.kumo.eks.plugins.module_utils.core.field_changes import format_value
from ansible_collections.kumo.eks.plugins.module_utils.core.tables import align_columns, format_markdown_table
from ansible_collections.kumo.eks.plugins.module_utils.core.validation import check_results

Row = dict[str, Any]
SOURCE = "what drift.yml collects of each cluster: host, cluster, region, resources, events and error"
COLUMNS = ("Cluster", "Resource", "Action", "Field", "Is", "Declared", "Last changed")


def build_drift_spec() -> Row:
    """The options of eks_drift_report."""
    return dict(clusters=dict(type="list", elements="dict", required=True))


def build_drift(clusters: list[Row]) -> Row:
    """The result of eks_drift_report.

    Args:
        clusters: host, cluster, region, error, the resources of eks_summary, the events of eks_event_info.

    Raises:
        ValidationError: a row is something else.
    """
    named = [{**row, "error": ""} for row in clusters]  # a row with an error needs them, too
    check_results("clusters", named, ("host", "cluster"), SOURCE)
    found = [_build_cluster(row) for row in clusters]
    cells = [cells for row in found for cells in _list_cells(row)]
    summary = _summarize(found)
    return {
        "changed": False,
        "drift": any(row["drift"] for row in found),
        "clusters": found,
        "summary": summary,
        "lines": [*(align_columns([COLUMNS, *cells]) if cells else []), summary],
        "markdown": _format_markdown(cells, summary),
    }


def _build_cluster(row: Row) -> Row:
    """One cluster with those of its resources that differ, and the last event of each."""
    resources = [
        _build_resource(one, row.get("events") or []) for one in row.get("resources") or [] if one.get("action")
    ]
    return {
        "host": row["host"],
        "cluster": row["cluster"],
        "region": row.get("region") or "",
        "error": row.get("error") or "",
        "drift": bool(resources or row.get("error")),
        "resources": resources,
    }


def _build_resource(line: Row, events: list[Row]) -> Row:
    own = [one for one in events if (one["kind"], one["name"]) == (line["kind"], line["name"])]
    last = max(own, key=lambda one: one["time"], default=None)
    return {
        "kind": line["kind"],
        "name": line["name"],
        "action": line["action"],
        "fields": line.get("fields") or [],
        "last_event": last,
    }


def _list_cells(row: Row) -> list[tuple[str, ...]]:
    """The lines of the table, one for each field."""
    name = row["host"] if row["host"] != "localhost" else row["cluster"]
    cells: list[tuple[str, ...]] = []
    for one in row["resources"]:
        last = one["last_event"]
        who = f"{last['time']} {last['user']} ({last['event']})" if last else ""
        head = (name, f"{one['kind']} {one['name']}", one["action"])
        cells += [
            (*head, field["field"], format_value(field["before"]), format_value(field["after"]), who)
            for field in one["fields"]
        ] or [(*head, "", "", "", who)]
    if row["error"]:
        cells.append((name, "", "not possible", "", "", row["error"], ""))
    return cells


def _summarize(clusters: list[Row]) -> str:
    names = [row["host"] if row["host"] != "localhost" else row["cluster"] for row in clusters if row["drift"]]
    if not names:
        return f"No drift in {format_count(len(clusters), 'cluster')}." if len(clusters) != 1 else "No drift."
    return f"Drift in {len(names)} of {format_count(len(clusters), 'cluster')}: {', '.join(names)}."


def _format_markdown(cells: list[tuple[str, ...]], summary: str) -> str:
    """A page with the table."""
    lines = ["# Drift", "", summary]
    if cells:
        lines += ["", *format_markdown_table(COLUMNS, cells)]
    return "\n".join([*lines, ""])
