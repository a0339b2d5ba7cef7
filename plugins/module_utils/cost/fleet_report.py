# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What several clusters cost together: on the screen, as Markdown, CSV, HTML and data. Pure."""

from __future__ import annotations

from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.core.counts import format_count
from ansible_collections.kumo.eks.plugins.module_utils.core.tables import align_columns, format_markdown_table
from ansible_collections.kumo.eks.plugins.module_utils.core.validation import check_results
from ansible_collections.kumo.eks.plugins.module_utils.cost.page import build_page, name_cluster
from ansible_collections.kumo.eks.plugins.module_utils.cost.report import (
    format_csv,
    format_markdown,
    format_money,
    format_screen,
)

Row = dict[str, Any]
COLUMNS = ("Cluster", "Region", "Per hour", "Per month", "Unknown")


def build_report_spec() -> Row:
    """The options of eks_cost_report."""
    return dict(clusters=dict(type="list", elements="dict", required=True))


def build_report(clusters: list[Row]) -> Row:
    """The result of eks_cost_report.

    Args:
        clusters: host, error, and the result of eks_cost_info; of a cluster that could not be priced cluster_name and region.

    Raises:
        ValidationError: a row is something else.
    """
    check_results("clusters", clusters, ("lines", "total", "region"), "the result of eks_cost_info")
    priced = [row for row in clusters if row.get("lines") is not None and not row.get("error")]
    failed = [row for row in clusters if row not in priced]
    totals = sum_totals(priced, failed)
    lines = [text for row in priced for text in [*format_screen(row), *format_advice(row), ""]]
    lines += [f"{name_cluster(row)} could not be priced: {row.get('error')}" for row in failed]
    if len(clusters) > 1:
        lines += [*align_columns([COLUMNS, *map(list_cells, priced)]), *map(format_sum, totals)] if priced else []
    return {
        "changed": False,
        "clusters": clusters,
        "totals": totals,
        "lines": lines,
        "markdown": format_page(priced, failed, totals),
        "csv": format_csv(priced),
        "html": build_page(priced, failed, totals),
    }


def sum_totals(priced: list[Row], failed: list[Row]) -> list[Row]:
    """The sums over clusters, one for each currency."""
    found: dict[str, Row] = {}
    for row in priced:
        total = row["total"]
        one = found.setdefault(
            total["currency"],
            {"currency": total["currency"], "clusters": 0, "hourly": 0.0, "monthly": 0.0, "at_least": bool(failed)},
        )
        one["clusters"] += 1
        one["hourly"] = round(one["hourly"] + total["hourly"], 6)
        one["monthly"] = round(one["monthly"] + total["monthly"], 6)
        one["at_least"] = one["at_least"] or total["at_least"]
    return [found[currency] for currency in sorted(found)]


def list_cells(row: Row) -> tuple[str, ...]:
    total = row["total"]
    least = "at least " if total["at_least"] else ""
    monthly = least + format_money(total["monthly"], total["currency"])
    return (name_cluster(row), row["region"], f"{total['hourly']:.4f}", monthly, str(len(total["unknown"])))


def format_sum(total: Row) -> str:
    least = "at least " if total["at_least"] else ""
    return f"Total of {format_count(total['clusters'], 'cluster')}: {least}{format_money(total['monthly'], total['currency'])} a month."


def format_advice(row: Row) -> list[str]:
    """What could cost less, where that was looked for."""
    return (row.get("rightsizing") or {}).get("text") or []


def format_page(priced: list[Row], failed: list[Row], totals: list[Row]) -> str:
    """A page of Markdown."""
    lines = ["# Cost", "", *map(format_sum, totals), ""]
    if len(priced) > 1:
        lines += [*format_markdown_table(COLUMNS, map(list_cells, priced)), ""]
    lines += [f"- {name_cluster(row)} could not be priced: {row.get('error')}" for row in failed]
    for row in priced:
        advice = format_advice(row)
        lines += [*format_markdown(row, 2), *(["### Rightsizing", "", "```text", *advice, "```", ""] if advice else [])]
    return "\n".join(lines).rstrip() + "\n"
