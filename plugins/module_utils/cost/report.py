# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The report of a cost: a table for the screen, Markdown and CSV. Pure."""

from __future__ import annotations

import csv
import io
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.core.tables import align_columns, format_markdown_table
from ansible_collections.kumo.eks.plugins.module_utils.cost.items import NOT_INCLUDED

Row = dict[str, Any]
COLUMNS = ("Kind", "Name", "Quantity", "Unit price", "Per hour", "Per month", "Source")
CSV_COLUMNS = (
    "host",
    "cluster",
    "region",
    "kind",
    "name",
    "quantity",
    "unit",
    "unit_price",
    "period",
    "hourly",
    "monthly",
    "monthly_most",
    "currency",
    "source",
    "as_of",
    "verified",
    "note",
)
UNKNOWN = "unknown"
# Of units that are counted; those that are measured have none
PLURALS = {
    "node": "s",
    "gateway": "s",
    "zone": "s",
    "volume": "s",
    "vCPU": "s",
    "address": "es",
    "resource": "s",
    "application": "s",
    "key": "s",
}
BEGINS_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def format_money(amount: float | None, currency: str = "USD", digits: int = 2) -> str:
    """An amount as text: "73.00 USD"; "unknown" for None."""
    return UNKNOWN if amount is None else f"{amount:,.{digits}f} {currency}"


def format_quantity(line: Row) -> str:
    unit = line["unit"]
    if unit == UNKNOWN:
        return ""
    plural = "" if line["quantity"] == 1 or unit not in PLURALS else PLURALS[unit]
    return f"{line['quantity']:,.10g} {unit}{plural}"


def format_source(line: Row) -> str:
    """Who says the price, of when, and whether it is verified."""
    if line["monthly"] is None:
        most = line["monthly_most"]
        return f"at most {most:,.2f}" if most is not None else ""
    mark = "" if line["verified"] else ", not verified"
    return f"{line['source']} ({line['as_of']}{mark})"


def format_unit_price(line: Row) -> str:
    price = line["unit_price"]
    return "" if price is None else f"{price:.7g}/{line['period']}"


def list_cells(lines: list[Row]) -> list[tuple[str, ...]]:
    """The cells of the table, a row for each line."""
    return [
        (
            line["kind"],
            line["name"],
            format_quantity(line),
            format_unit_price(line),
            UNKNOWN if line["hourly"] is None else f"{line['hourly']:.4f}",
            UNKNOWN if line["monthly"] is None else f"{line['monthly']:,.2f}",
            format_source(line),
        )
        for line in lines
    ]


def format_total(total: Row) -> str:
    """The sum in a sentence."""
    amount = format_money(total["monthly"], total["currency"])
    least = "at least " if total["at_least"] else ""
    most = total["monthly_most"]
    limit = f", at most {format_money(most, total['currency'])}" if total["at_least"] and most is not None else ""
    text = f"Total: {least}{amount} a month{limit} ({total['hours']} hours a month, {total['hourly']:.4f} an hour)."
    if total["unknown"]:
        text += f" Unknown: {', '.join(total['unknown'])}."
    return text


def format_not_included() -> str:
    return "Not included: " + "; ".join(NOT_INCLUDED) + "."


def format_notes(lines: list[Row]) -> list[str]:
    """The notes of the lines, each once."""
    return list(dict.fromkeys(f"Note: {line['name']}: {line['note']}." for line in lines if line["note"]))


def format_screen(report: Row) -> list[str]:
    """A cluster as lines of text."""
    title = f"Cost of cluster {report['cluster_name']} in {report['region']}, {report['total']['currency']}"
    return [
        title,
        *align_columns([COLUMNS, *list_cells(report["lines"])]),
        *format_notes(report["lines"]),
        *(f"Warning: {text}" for text in report["notices"]),
        *report["failures"],
        format_total(report["total"]),
        format_not_included(),
    ]


def format_markdown(report: Row, level: int = 1) -> list[str]:
    """A cluster as lines of Markdown."""
    mark = "#" * level
    lines = [f"{mark} Cost of {report['cluster_name']} in {report['region']}", "", format_total(report["total"]), ""]
    lines += format_markdown_table(COLUMNS, list_cells(report["lines"]))
    more = [*format_notes(report["lines"]), *report["notices"], *report["failures"], format_not_included()]
    return [*lines, "", *(f"- {text}" for text in more), ""]


def format_csv(reports: list[Row]) -> str:
    """All lines of all clusters, for a spreadsheet. A cell that would be a formula there begins with an apostrophe."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(CSV_COLUMNS)
    for report in reports:
        place = {
            "host": report.get("host") or "",
            "cluster": report["cluster_name"],
            "region": report["region"],
            "currency": report["total"]["currency"],
        }
        for line in report["lines"]:
            row = {**line, **place}
            writer.writerow([_protect(row[name]) for name in CSV_COLUMNS])
    return text.getvalue()


def _protect(value: Any) -> Any:
    """https://owasp.org/www-community/attacks/CSV_Injection"""
    return f"'{value}" if isinstance(value, str) and value.startswith(BEGINS_FORMULA) else value
