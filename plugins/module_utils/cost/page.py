# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A cost as one HTML page with tables and charts. Pure."""

from __future__ import annotations

from html import escape
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.core.counts import format_count
from ansible_collections.kumo.eks.plugins.module_utils.core.page import build_document, build_list, build_table
from ansible_collections.kumo.eks.plugins.module_utils.cost.report import (
    COLUMNS,
    format_money,
    format_not_included,
    format_notes,
    format_total,
    list_cells,
)

Row = dict[str, Any]
STYLE = """
figure { margin: 1rem 0 } figcaption { font-weight: 600 }
.bars { list-style: none; padding: 0; margin: .25rem 0 }
.bars li { display: grid; grid-template-columns: 12rem 1fr 9rem; gap: .75rem; align-items: center; padding: .15rem 0 }
.bars i { display: block; height: 1rem } .bars b { display: block; height: 100%; min-width: 1px; border-radius: .15rem; background: var(--bar);
  print-color-adjust: exact; -webkit-print-color-adjust: exact }
@media screen and (max-width: 40rem) {
  .bars li { grid-template-columns: 1fr auto; gap: .1rem .75rem; padding: .3rem 0 } .bars i { grid-row: 2; grid-column: 1 / 3; height: .6rem }
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
    return build_document("Cost of Amazon EKS clusters", body, STYLE)


def name_cluster(row: Row) -> str:
    host = row.get("host") or "localhost"
    return host if host != "localhost" else row.get("cluster_name") or ""


def format_sum(total: Row) -> str:
    least = "at least " if total["at_least"] else ""
    return f"{format_count(total['clusters'], 'cluster')}: {least}{format_money(total['monthly'], total['currency'])} a month (730 hours)"


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
        build_lines(f"Lines of {name}", row["lines"]),
    ]
    notes = [*format_notes(row["lines"]), format_not_included()]
    found.append(build_list(notes))
    advice = (row.get("rightsizing") or {}).get("text") or []
    if advice:
        found += ["<h3>Rightsizing</h3>", "<pre>" + escape("\n".join(advice)) + "</pre>"]
    return found


def build_lines(title: str, lines: list[Row]) -> str:
    return f'<div class="wide">{build_table(COLUMNS, list_cells(lines), title, NUMBERS)}</div>'


def build_chart(title: str, values: list[tuple[str, float]], currency: str) -> str:
    """Bars with a name and an amount each. They are as wide as the screen lets them be, and their text is as large as any other."""
    if not values:
        return ""
    most = max(amount for _name, amount in values) or 1.0
    rows = "".join(_build_bar(name, amount, 100 * amount / most, currency) for name, amount in values)
    return f'<figure><figcaption>{escape(title)}</figcaption><ul class="bars">{rows}</ul></figure>'


def _build_bar(name: str, amount: float, percent: float, currency: str) -> str:
    return (
        f'<li><span>{escape(name)}</span> <i><b style="width: {percent:.1f}%"></b></i>'
        f' <span class="number">{escape(format_money(amount, currency))}</span></li>'
    )
