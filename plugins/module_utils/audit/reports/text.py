# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An audit on the screen and as Markdown. Pure."""

from __future__ import annotations

from ansible_collections.kumo.eks.plugins.module_utils.audit.reports.comparison import GONE, KEPT, NEW, NOT_KNOWN
from ansible_collections.kumo.eks.plugins.module_utils.audit.reports.grouping import (
    format_counts,
    get_title,
    group_by_reason,
    group_by_rule,
    list_expired,
    list_open,
    list_unknown,
    list_unused,
)
from ansible_collections.kumo.eks.plugins.module_utils.audit.rule import Row
from ansible_collections.kumo.eks.plugins.module_utils.core.counts import format_count
from ansible_collections.kumo.eks.plugins.module_utils.core.listing import format_first
from ansible_collections.kumo.eks.plugins.module_utils.core.tables import align_columns, format_markdown_table

COLUMNS = ("Severity", "ID", "Rule", "Resources")
SHOWN = 2  # resources in a line of the screen
MOST = 200  # characters of a reason on the screen
IN_PAGE = 50  # findings of a rule in a page; the JSON has all


def format_screen(clusters: list[Row], comparison: Row, summary: str) -> list[str]:
    """The lines of the screen: a table of each cluster, what is not known, and the summary."""
    lines = [line for cluster in clusters for line in _format_cluster(cluster)]
    return [*lines, *_format_comparison(comparison), summary]


def _format_cluster(cluster: Row) -> list[str]:
    if cluster.get("error"):
        return [f"{get_title(cluster)}: not audited. {cluster['error']}", ""]
    groups = group_by_rule(list_open(cluster))
    rows = [(rows[0]["severity"], rows[0]["id"], rows[0]["name"], _join_resources(rows)) for rows in groups]
    head = f"{get_title(cluster)}: {format_counts(cluster['counts']['findings'])}; {_format_verdicts(cluster)}"
    table = align_columns([COLUMNS, *rows]) if rows else []
    return [head, *table, *_format_notes(cluster), ""]


def _join_resources(rows: list[Row]) -> str:
    return format_first(list(dict.fromkeys(row["resource"] for row in rows)), SHOWN)


def _format_verdicts(cluster: Row) -> str:
    counts = cluster["counts"]["checks"]
    words = ", ".join(f"{number} {name.replace('_', ' ')}" for name, number in counts.items() if number)
    excepted = cluster["counts"]["excepted"]
    return f"checks: {words or 'none'}" + (f"; {format_count(excepted, 'finding')} excepted" if excepted else "")


def _format_notes(cluster: Row) -> list[str]:
    unknown = group_by_reason(list_unknown(cluster))
    return [
        *(f"unknown: {', '.join(ids)}: {reason[:MOST]}" for reason, ids in unknown.items()),
        *(
            f"expired on {row['until']}: exception of {row['rule']} for {row['resource']}"
            for row in list_expired(cluster)
        ),
        *(f"not needed: exception of {row['rule']} for {row['resource']}" for row in list_unused(cluster)),
    ]


def _format_comparison(comparison: Row) -> list[str]:
    if not comparison:
        return []
    numbers = {name: len(comparison[name]) for name in (NEW, GONE, KEPT, NOT_KNOWN)}
    lines = [f"new: {row['severity']} {row['id']} {row['resource']}" for row in comparison[NEW]]
    unknown = f", {numbers[NOT_KNOWN]} not known" if numbers[NOT_KNOWN] else ""
    return [
        *lines,
        f"Since the earlier audit: {numbers[NEW]} new, {numbers[GONE]} gone, {numbers[KEPT]} still there{unknown}.",
    ]


def format_markdown(clusters: list[Row], comparison: Row, summary: str) -> str:
    """A page with all findings."""
    lines = ["# Audit", "", summary]
    for cluster in clusters:
        lines += ["", *_format_chapter(cluster)]
    if comparison:
        lines += ["", "## Since the earlier audit", "", _format_comparison(comparison)[-1], ""]
        rows = [
            (name.replace("_", " "), row["severity"], row["id"], row["cluster"], row["resource"])
            for name in (NEW, GONE, NOT_KNOWN)
            for row in comparison[name]
        ]
        lines += format_markdown_table(("", "Severity", "ID", "Cluster", "Resource"), rows) if rows else []
    return "\n".join([*lines, ""])


def _format_chapter(cluster: Row) -> list[str]:
    lines = [f"## {get_title(cluster)}", ""]
    if cluster.get("error"):
        return [*lines, f"Not audited: {cluster['error']}"]
    lines += [f"{format_counts(cluster['counts']['findings']).capitalize()}; {_format_verdicts(cluster)}.", ""]
    lines += [f"- {note}" for note in _format_notes(cluster)]
    for rows in group_by_rule(list_open(cluster)):
        lines += ["", *_format_rule(rows)]
    accepted = [row for row in cluster["findings"] if row["exception"]]
    if accepted:
        cells = [(row["id"], row["resource"], row["exception"], row["until"]) for row in accepted]
        lines += ["", "### Accepted", "", *format_markdown_table(("ID", "Resource", "Reason", "Until"), cells)]
    return lines


def _format_rule(rows: list[Row]) -> list[str]:
    one = rows[0]
    lines = [f"### {one['id']} {one['name']} ({one['severity']})", "", f"{one['title']}. {one['why']}", ""]
    lines += format_markdown_table(
        ("Resource", "Evidence"), [(row["resource"], row["evidence"]) for row in rows[:IN_PAGE]]
    )
    if len(rows) > IN_PAGE:
        lines += ["", f"And {len(rows) - IN_PAGE} more."]
    lines += ["", one["remedy"]]
    if one["task"]:
        lines += ["", "```yaml", one["task"].rstrip(), "```"]
    return [*lines, "", f"See also: {', '.join(one['references'])}."] if one["references"] else lines
