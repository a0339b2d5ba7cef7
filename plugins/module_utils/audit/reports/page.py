# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An audit as one HTML page that needs nothing else: no script, no font, no image. Pure."""

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

IN_PAGE = 100  # findings of a rule; the JSON has all
STYLE = """
:root { color-scheme: light dark; --text: #1b1f24; --back: #fff; --soft: #f3f4f6; --line: #d0d7de; --critical: #8b0032; --high: #c02020;
  --medium: #9a6700; --low: #0b5cad; --info: #57606a; --passed: #1a7f37; }
@media (prefers-color-scheme: dark) { :root { --text: #e6e8eb; --back: #12161c; --soft: #1c222b; --line: #39424e; --critical: #ff6b9a; --high: #ff7b72;
  --medium: #e3b341; --low: #79c0ff; --info: #a3adb8; --passed: #56d364; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 68rem; padding: 1rem; font: 1rem/1.5 system-ui, sans-serif; color: var(--text); background: var(--back); }
h1 { font-size: 1.6rem; margin: .5rem 0; } h2 { font-size: 1.3rem; margin: 2rem 0 .5rem; } h3 { font-size: 1.05rem; margin: 0 0 .25rem; }
.numbers { display: flex; flex-wrap: wrap; gap: .5rem; padding: 0; margin: .5rem 0; list-style: none; }
.numbers li { padding: .25rem .75rem; border: 1px solid var(--line); border-radius: .4rem; background: var(--soft); }
.numbers b { font-size: 1.2rem; margin-right: .3rem; }
article { border: 1px solid var(--line); border-left: .4rem solid var(--info); border-radius: .4rem; padding: .75rem 1rem; margin: .75rem 0; }
article.critical { border-left-color: var(--critical); } article.high { border-left-color: var(--high); }
article.medium { border-left-color: var(--medium); } article.low { border-left-color: var(--low); }
.severity { font-weight: 600; } .critical .severity, b.critical { color: var(--critical); } .high .severity, b.high { color: var(--high); }
.medium .severity, b.medium { color: var(--medium); } .low .severity, b.low { color: var(--low); } b.passed { color: var(--passed); }
table { border-collapse: collapse; width: 100%; margin: .5rem 0; } th, td { text-align: left; vertical-align: top; padding: .25rem .5rem;
  border-bottom: 1px solid var(--line); overflow-wrap: anywhere; } th:first-child, td:first-child { width: 38%; }
pre { overflow-x: auto; padding: .5rem; background: var(--soft); border-radius: .3rem; font-size: .85rem; white-space: pre-wrap; }
.quiet { color: var(--info); font-size: .9rem; }
@media (max-width: 36rem) { table, tbody, tr, td { display: block; width: 100% !important; } thead { display: none; }
  td:first-child { font-weight: 600; border: 0; } }
@media print { body { max-width: none; font-size: 10pt; } article { break-inside: avoid; } }
"""


def format_page(clusters: list[Row], comparison: Row, summary: str) -> str:
    """The page."""
    head = (
        '<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>Audit of {escape(', '.join(map(get_title, clusters)) or 'no cluster')}</title><style>{STYLE}</style>"
    )
    parts = [f"<h1>Audit</h1><p>{escape(summary)}</p>", _format_comparison(comparison), *map(_format_cluster, clusters)]
    return (
        f'<!doctype html>\n<html lang="en"><head>{head}</head><body>\n'
        + "\n".join(filter(None, parts))
        + "\n</body></html>\n"
    )


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
        f"<p>{escape(one['why'])}</p>{_format_table(('Resource', 'Evidence'), cells)}{more}<p>{escape(one['remedy'])}</p>{task}{seen}</article>"
    )


def _format_table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    titles = "".join(f"<th>{escape(text)}</th>" for text in head)
    body = "".join("<tr>" + "".join(f"<td>{escape(text)}</td>" for text in row) + "</tr>" for row in rows)
    return f"<table><thead><tr>{titles}</tr></thead><tbody>{body}</tbody></table>"


def _format_notes(cluster: Row) -> str:
    """What could not be looked at, and exceptions that do not count or are not needed."""
    unknown = [(", ".join(ids), reason) for reason, ids in group_by_reason(list_unknown(cluster)).items()]
    parts = [f"<h3>Unknown</h3>{_format_table(('Checks', 'Reason'), unknown)}"] if unknown else []
    for title, rows in (
        ("Expired exceptions", list_expired(cluster)),
        ("Exceptions without findings", list_unused(cluster)),
    ):
        cells = [(f"{row['rule']}: {row['resource']}", f"{row['reason']} (until {row['until']})") for row in rows]
        parts += [f"<h3>{title}</h3>{_format_table(('Exception', 'Reason'), cells)}"] if cells else []
    return "".join(parts)


def _format_accepted(cluster: Row) -> str:
    rows = [
        (f"{row['id']}: {row['resource']}", f"{row['exception']} (until {row['until']})")
        for row in cluster["findings"]
        if row["exception"]
    ]
    return f"<h3>Accepted findings</h3>{_format_table(('Finding', 'Reason'), rows)}" if rows else ""


def _format_comparison(comparison: Row) -> str:
    if not comparison:
        return ""
    numbers = [(name.replace("_", " "), len(comparison[name]), name) for name in (NEW, GONE, KEPT, NOT_KNOWN)]
    rows = [
        (f"{name.replace('_', ' ')}: {row['id']} {row['cluster']}", f"{row['resource']}: {row['evidence']}")
        for name in (NEW, GONE, NOT_KNOWN)
        for row in comparison[name]
    ]
    table = _format_table(("Finding", "Resource"), rows) if rows else ""
    return f"<section><h2>Since the earlier audit</h2>{_format_numbers('Changes', numbers)}{table}</section>"
