# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Items with their prices, and totals. A price that nobody says is unknown, and makes the total "at least". Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.cost.book import PriceBook, get_currency
from ansible_collections.kumo.eks.plugins.module_utils.cost.items import KINDS, Item
from ansible_collections.kumo.eks.plugins.module_utils.cost.price import HOURS, compute_month, get_period

Line = dict[str, Any]


def build_lines(items: Iterable[Item], book: PriceBook) -> list[Line]:
    """The lines of the report. ``monthly`` is None where the price is not known, and ``monthly_most`` where there is no limit."""
    return [_build_line(item, book) for item in items]


def _build_line(item: Item, book: PriceBook) -> Line:
    keys = item.any_of or ((item.key,) if item.key else ())
    found = [(compute_month(price, item.quantity, key), key, price) for key in keys if (price := book.find(key))]
    is_known = bool(found) and len(found) == len(keys)
    monthly, key, price = min(found, key=lambda row: row[0]) if is_known else (None, item.key, None)
    most = max(row[0] for row in found) if is_known else None
    return {
        "kind": item.kind,
        "name": item.name,
        "quantity": item.quantity,
        "unit": item.unit,
        "price_key": key,
        "unit_price": price.amount if price else None,
        "period": get_period(key) if price else "",
        "hourly": round_money(monthly / HOURS) if monthly is not None else None,
        "monthly": round_money(monthly) if monthly is not None else None,
        "monthly_most": round_money(most) if most is not None else _find_most(item, book),
        "source": price.source if price else "unknown",
        "as_of": price.as_of if price else "",
        "verified": bool(price and price.verified),
        "note": item.note,
    }


def _find_most(item: Item, book: PriceBook) -> float | None:
    """The most that an item without a price may cost."""
    found = [book.find(key) for key in item.ceiling]
    if not found or None in found:
        return None
    key = item.ceiling[0]
    return round_money(max(compute_month(price, item.quantity, key) for price in found if price))


def round_money(amount: float) -> float:
    """Six digits: a sum of rounded lines is the rounded sum for all that is shown."""
    return round(amount, 6)


def build_total(lines: list[Line], region: str) -> Line:
    """The sums."""
    unknown = [line for line in lines if line["monthly"] is None]
    monthly = sum(line["monthly"] or 0.0 for line in lines)
    most = [line["monthly_most"] for line in lines]
    return {
        "currency": get_currency(region),
        "hours": HOURS,
        "hourly": round_money(monthly / HOURS),
        "monthly": round_money(monthly),
        "monthly_most": round_money(sum(most)) if None not in most else None,
        "at_least": any(line["monthly"] != line["monthly_most"] for line in lines) or bool(unknown),
        "unknown": [line["name"] for line in unknown],
        "by_kind": {kind: round_money(sum_kind(lines, kind)) for kind in KINDS if has_kind(lines, kind)},
    }


def has_kind(lines: list[Line], kind: str) -> bool:
    return any(line["kind"] == kind for line in lines)


def sum_kind(lines: list[Line], kind: str) -> float:
    return sum(line["monthly"] or 0.0 for line in lines if line["kind"] == kind)
