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
SOURCE = "what drift.yml collects of each cluster: host, cluster, region, resources, events, error and error_kind"
# Failures that say what differs: the difference is there, and cannot be made. After all others nobody knows.
DIFFERENCES = ("cannot-be-changed", "unsupported-version")
COLUMNS = ("Cluster", "Resource", "Action", "Field", "Is", "Declared", "Last changed")


def build_drift_spec() -> Row:
    """The options of eks_drift_report."""
    return dict(clusters=dict(type="list", elements="dict", required=True))


def build_drift(clusters: list[Row]) -> Row:
    """The result of eks_drift_report.

    Args:
        clusters: host, cluster, region, error and its kind, the resources of eks_summary, the events of eks_event_info.

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
        "not_compared": [_get_name(row) for row in found if row["not_compared"]],
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
    error, kind = row.get("error") or "", row.get("error_kind") or ""
    return {
        "host": row["host"],
        "cluster": row["cluster"],
        "region": row.get("region") or "",
        "error": error,
        "error_kind": kind,
        "drift": bool(resources or (error and kind in DIFFERENCES)),
        "not_compared": bool(error and kind not in DIFFERENCES),
        "resources": resources,
    }


def _get_name(row: Row) -> str:
    """The host of the inventory, or the cluster where there is none."""
    return row["host"] if row["host"] != "localhost" else row["cluster"] or row["host"]


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
    name = _get_name(row)
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
        cells.append((name, "", "not compared" if row["not_compared"] else "not possible", "", "", row["error"], ""))
    return cells


def _summarize(clusters: list[Row]) -> str:
    """What differs, and what is not known. A cluster that was not compared is not counted among those without drift."""
    differ, unknown = ([_get_name(row) for row in clusters if row[key]] for key in ("drift", "not_compared"))
    same = len(clusters) - len(differ) - len(unknown)
    texts = []
    if differ:
        texts.append(f"Drift in {len(differ)} of {format_count(len(clusters), 'cluster')}: {', '.join(differ)}.")
    elif same:
        texts.append("No drift." if len(clusters) == 1 else f"No drift in {format_count(same, 'cluster')}.")
    if unknown:
        texts.append(f"Not compared: {', '.join(unknown)}.")
    return " ".join(texts) or "No cluster was compared."


def _format_markdown(cells: list[tuple[str, ...]], summary: str) -> str:
    """A page with the table."""
    lines = ["# Drift", "", summary]
    if cells:
        lines += ["", *format_markdown_table(COLUMNS, cells)]
    return "\n".join([*lines, ""])
