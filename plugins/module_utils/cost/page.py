# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One page of HTML with tables and charts. It loads nothing, and can be read on a phone, on paper and by a screen reader. Pure."""

from __future__ import annotations

from html import escape
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.cost.report import (
    COLUMNS,
    format_money,
    format_not_included,
    format_notes,
    format_total,
    list_cells,
)

Row = dict[str, Any]
BAR, GAP, LABEL, WIDTH = 22, 8, 190, 640
STYLE = """
:root { color-scheme: light dark; --ink: #1b1f24; --paper: #fff; --line: #d0d7de; --bar: #0969da; --soft: #f6f8fa; --warn: #9a6700 }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e6edf3; --paper: #0d1117; --line: #30363d; --bar: #4493f8; --soft: #161b22; --warn: #d29922 }
}
* { box-sizing: border-box }
body { margin: 0 auto; max-width: 70rem; padding: 1rem; color: var(--ink); background: var(--paper);
  font: 1rem/1.5 system-ui, sans-serif }
h1, h2 { line-height: 1.2 }
table { border-collapse: collapse; width: 100% }
th, td { border-bottom: 1px solid var(--line); padding: .3rem .5rem; text-align: left; vertical-align: top }
td:last-child { overflow-wrap: anywhere }
td.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap }
thead th { background: var(--soft) }
.total { font-size: 1.2rem; font-weight: 600 }
.warning { color: var(--warn) }
.wide { overflow-x: auto }
pre { background: var(--soft); padding: .75rem; overflow-x: auto }
svg { max-width: 100%; height: auto; font: 13px system-ui, sans-serif }
svg text { fill: var(--ink) } svg rect { fill: var(--bar) }
@media (max-width: 40rem) {
  thead { position: absolute; clip-path: inset(50%); height: 1px; overflow: hidden }
  tr { display: block; border-bottom: 2px solid var(--line); padding: .4rem 0 }
  td, th[scope=row] { display: flex; justify-content: space-between; gap: 1rem; border: 0; text-align: right; white-space: normal }
  td::before, th[scope=row]::before { content: attr(data-label); font-weight: 600; text-align: left }
}
@media print {
  body { max-width: none; font-size: 10pt }
  table { font-size: 8pt }
  .wide { overflow: visible }
  tr, svg { break-inside: avoid }
}
"""
NUMBERS = (2, 3, 4, 5)  # columns of the table that are aligned to the right


def build_page(priced: list[Row], failed: list[Row], totals: list[Row]) -> str:
    """The page."""
    body = ["<h1>Cost of Amazon EKS clusters</h1>"]
    body += [f'<p class="total">{escape(format_sum(total))}</p>' for total in totals]
    if len(priced) > 1:
        values = [(name_cluster(row), row["total"]["monthly"]) for row in priced]
        body.append(build_chart("Cost of a month by cluster", values, priced[0]["total"]["currency"]))
    body += [
        f'<p class="warning">{escape(name_cluster(row))} could not be priced: {escape(str(row.get("error")))}</p>'
        for row in failed
    ]
    body += [part for row in priced for part in build_section(row)]
    head = (
        '<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>Cost of Amazon EKS clusters</title><style>{STYLE}</style>"
    )
    return f'<!doctype html>\n<html lang="en"><head>{head}</head>\n<body>\n' + "\n".join(body) + "\n</body></html>\n"


def name_cluster(row: Row) -> str:
    host = row.get("host") or "localhost"
    return host if host != "localhost" else row.get("cluster_name") or ""


def format_sum(total: Row) -> str:
    least = "at least " if total["at_least"] else ""
    count = "1 cluster" if total["clusters"] == 1 else f"{total['clusters']} clusters"
    return f"{count}: {least}{format_money(total['monthly'], total['currency'])} a month (730 hours)"


def build_section(row: Row) -> list[str]:
    """A cluster: the sum, a chart by kind, the table and what is to be known."""
    total, name = row["total"], name_cluster(row)
    kinds = [(kind, amount) for kind, amount in total["by_kind"].items() if amount]
    more = [*(row.get("notices") or []), *(row.get("failures") or [])]
    found = [
        f"<h2>{escape(name)}, {escape(row['region'])}</h2>",
        f"<p>{escape(format_total(total))}</p>",
        *(f'<p class="warning">{escape(text)}</p>' for text in more),
        build_chart(f"Cost of a month of {name} by kind", kinds, total["currency"]),
        build_table(f"Lines of {name}", row["lines"]),
    ]
    notes = [*format_notes(row["lines"]), format_not_included()]
    found.append("<ul>" + "".join(f"<li>{escape(text)}</li>" for text in notes) + "</ul>")
    advice = (row.get("rightsizing") or {}).get("text") or []
    if advice:
        found += ["<h3>Rightsizing</h3>", "<pre>" + escape("\n".join(advice)) + "</pre>"]
    return found


def build_table(title: str, lines: list[Row]) -> str:
    """The lines. On a narrow screen each cell says the name of its column."""
    head = "".join(f'<th scope="col">{escape(column)}</th>' for column in COLUMNS)
    rows = "".join(f"<tr>{_build_cells(cells)}</tr>" for cells in list_cells(lines))
    caption = f"<caption>{escape(title)}</caption>"
    return f'<div class="wide"><table>{caption}<thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>'


def _build_cells(cells: tuple[str, ...]) -> str:
    found = []
    for number, (label, text) in enumerate(zip(COLUMNS, cells, strict=True)):
        kind = ' class="number"' if number in NUMBERS else ""
        found.append(f'<td{kind} data-label="{escape(label)}">{escape(text)}</td>')
    return "".join(found)


def build_chart(title: str, values: list[tuple[str, float]], currency: str) -> str:
    """Bars as inline SVG, with the numbers as text beside them and in the description."""
    if not values:
        return ""
    most = max(amount for _name, amount in values) or 1.0
    height, room = len(values) * (BAR + GAP), WIDTH - LABEL - 110
    told = "; ".join(f"{name}: {format_money(amount, currency)}" for name, amount in values)
    bars = []
    for number, (name, amount) in enumerate(values):
        top, width = number * (BAR + GAP), max(1.0, room * amount / most)
        middle = top + BAR - 6
        bars.append(
            f'<text x="0" y="{middle}">{escape(_shorten(name))}</text>'
            f'<rect x="{LABEL}" y="{top}" width="{width:.1f}" height="{BAR}" rx="2" fill="#0969da"/>'
            f'<text x="{LABEL + width + 6:.1f}" y="{middle}">{amount:,.2f}</text>'
        )
    about = f"<title>{escape(title)}</title><desc>{escape(told)}</desc>"
    return f'<svg role="img" viewBox="0 0 {WIDTH} {height}" aria-label="{escape(title)}: {escape(told)}">{about}{"".join(bars)}</svg>'


def _shorten(name: str) -> str:
    return name if len(name) <= 26 else f"{name[:25]}…"
