# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An audit as one HTML page. Pure."""

from __future__ import annotations

from html import escape

from ansible_collections.kumo.eks.plugins.module_utils.audit.reports.comparison import GONE, KEPT, NEW, NOT_KNOWN
from ansible_collections.kumo.eks.plugins.module_utils.audit.reports.grouping import (
    get_title,
    group_by_reason,
    group_by_rule,
    list_expired,
    list_open,
    list_unknown,
    list_unused,
)
from ansible_collections.kumo.eks.plugins.module_utils.audit.rule import SEVERITIES, VERDICTS, Row
from ansible_collections.kumo.eks.plugins.module_utils.core.page import build_document, build_table

IN_PAGE = 100  # findings of a rule; the JSON has all
STYLE = """
article { border: 1px solid var(--line); border-left: .4rem solid var(--muted); border-radius: .4rem; padding: .75rem 1rem; margin: .75rem 0 }
article h3 { margin-top: 0 }
article.critical { border-left-color: var(--critical) } article.high { border-left-color: var(--high) }
article.medium { border-left-color: var(--medium) } article.low { border-left-color: var(--low) }
.severity { font-weight: 600 } .critical .severity, b.critical { color: var(--critical) } .high .severity, b.high { color: var(--high) }
.medium .severity, b.medium { color: var(--medium) } .low .severity, b.low { color: var(--low) } b.passed { color: var(--passed) }
@media screen and (min-width: 40rem) { th:first-child, td:first-child { width: 38% } }
"""


def format_page(clusters: list[Row], comparison: Row, summary: str) -> str:
    """The page."""
    title = f"Audit of {', '.join(map(get_title, clusters)) or 'no cluster'}"
    parts = [f"<h1>Audit</h1><p>{escape(summary)}</p>", _format_comparison(comparison), *map(_format_cluster, clusters)]
    return build_document(title, parts, STYLE)


def _format_cluster(cluster: Row) -> str:
    title = f"<h2>{escape(get_title(cluster))}</h2>"
    if cluster.get("error"):
        return f"<section>{title}<p>Not audited: {escape(cluster['error'])}</p></section>"
    place = f"Account {cluster['account']}, Kubernetes {cluster['version']}, {cluster['time']}, rules: {cluster['rule_set']}"
    counts = cluster["counts"]
    severities = [(name, counts["findings"][name], name) for name in SEVERITIES]
    verdicts = [(name.replace("_", " "), counts["checks"][name], name) for name in VERDICTS]
    rules = [_format_rule(rows) for rows in group_by_rule(list_open(cluster))]
    body = [
        title,
        f'<p class="quiet">{escape(place)}</p>',
        _format_numbers("Findings", severities),
        _format_numbers("Checks", verdicts),
        _format_notes(cluster),
        *rules,
        _format_accepted(cluster),
    ]
    return f"<section>{''.join(body)}</section>"


def _format_numbers(label: str, rows: list[tuple[str, int, str]]) -> str:
    items = "".join(f'<li><b class="{kind}">{number}</b>{escape(name)}</li>' for name, number, kind in rows)
    return f'<ul class="numbers" aria-label="{label}">{items}</ul>'


def _format_rule(rows: list[Row]) -> str:
    one = rows[0]
    cells = [(row["resource"], row["evidence"]) for row in rows[:IN_PAGE]]
    more = f'<p class="quiet">And {len(rows) - IN_PAGE} more.</p>' if len(rows) > IN_PAGE else ""
    task = f"<pre>{escape(one['task'])}</pre>" if one["task"] else ""
    seen = f'<p class="quiet">See also: {escape(", ".join(one["references"]))}</p>' if one["references"] else ""
    return (
        f'<article class="{one["severity"]}"><h3>{escape(one["title"])}</h3>'
        f'<p class="quiet"><span class="severity">{one["severity"]}</span> {escape(one["id"])} {escape(one["name"])}</p>'
        f"<p>{escape(one['why'])}</p>{build_table(('Resource', 'Evidence'), cells)}{more}<p>{escape(one['remedy'])}</p>{task}{seen}</article>"
    )


def _format_notes(cluster: Row) -> str:
    """What could not be looked at, and exceptions that do not count or are not needed."""
    unknown = [(", ".join(ids), reason) for reason, ids in group_by_reason(list_unknown(cluster)).items()]
    parts = [f"<h3>Unknown</h3>{build_table(('Checks', 'Reason'), unknown)}"] if unknown else []
    for title, rows in (
        ("Expired exceptions", list_expired(cluster)),
        ("Exceptions without findings", list_unused(cluster)),
    ):
        cells = [(f"{row['rule']}: {row['resource']}", f"{row['reason']} (until {row['until']})") for row in rows]
        parts += [f"<h3>{title}</h3>{build_table(('Exception', 'Reason'), cells)}"] if cells else []
    return "".join(parts)


def _format_accepted(cluster: Row) -> str:
    rows = [
        (f"{row['id']}: {row['resource']}", f"{row['exception']} (until {row['until']})")
        for row in cluster["findings"]
        if row["exception"]
    ]
    return f"<h3>Accepted findings</h3>{build_table(('Finding', 'Reason'), rows)}" if rows else ""


def _format_comparison(comparison: Row) -> str:
    if not comparison:
        return ""
    numbers = [(name.replace("_", " "), len(comparison[name]), name) for name in (NEW, GONE, KEPT, NOT_KNOWN)]
    rows = [
        (f"{name.replace('_', ' ')}: {row['id']} {row['cluster']}", f"{row['resource']}: {row['evidence']}")
        for name in (NEW, GONE, NOT_KNOWN)
        for row in comparison[name]
    ]
    table = build_table(("Finding", "Resource"), rows) if rows else ""
    return f"<section><h2>Since the earlier audit</h2>{_format_numbers('Changes', numbers)}{table}</section>"
