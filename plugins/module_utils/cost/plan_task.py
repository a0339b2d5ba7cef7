# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The price of a plan, from its options to its result."""

from __future__ import annotations

import time
from functools import partial
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.aws.client import get_client, get_quick_client
from ansible_collections.kumo.eks.plugins.module_utils.aws.partition import get_partition
from ansible_collections.kumo.eks.plugins.module_utils.core.errors import ValidationError, is_service_failure
from ansible_collections.kumo.eks.plugins.module_utils.cost.book import PriceBook
from ansible_collections.kumo.eks.plugins.module_utils.cost.items import list_items, list_keys
from ansible_collections.kumo.eks.plugins.module_utils.cost.lines import build_lines, build_total, round_money
from ansible_collections.kumo.eks.plugins.module_utils.cost.model import ClusterCosts
from ansible_collections.kumo.eks.plugins.module_utils.cost.plan import build_sides
from ansible_collections.kumo.eks.plugins.module_utils.cost.price_reading import AUTO, TABLE, read_prices
from ansible_collections.kumo.eks.plugins.module_utils.cost.report import format_money
from ansible_collections.kumo.eks.plugins.module_utils.cost.support import read_support
from ansible_collections.kumo.eks.plugins.module_utils.eks.versions import describe_version

Row = dict[str, Any]
NOT_PLANNED = "Pods on Fargate, nodes of EKS Auto Mode and Karpenter, volumes of claims, load balancers and traffic are not part of a plan."


def build_plan_spec() -> Row:
    """The options of eks_cost_plan."""
    return dict(
        results=dict(type="list", elements="dict", required=True),
        price_source=dict(type="str", choices=[AUTO, "api", TABLE], default=TABLE),
    )


def price_plan(module: Any) -> Row:
    """The result of eks_cost_plan."""
    params, client = module.params, partial(get_client, module)
    region = find_region(module)
    get_partition(region)  # refuses a region that there is not: all its prices would be unknown
    sides = build_sides(params["results"])
    if params["price_source"] != TABLE:
        for costs in sides:
            look_up_support(costs, client)
    book = PriceBook(region)
    keys = list_keys(item for costs in sides for item in list_items(costs))
    if params["price_source"] != TABLE:
        read_prices(book, keys, client, partial(get_quick_client, module), params["price_source"], time.time())
    return build_plan(*sides, book)


def find_region(module: Any) -> str:
    """The region of the task, of the environment or of the profile. A client says it, and makes no call."""
    region = module.params.get("region") or get_client(module, "eks").meta.region_name
    if not region:
        raise ValidationError("region: is required, and neither the task, the environment nor the profile sets it.")
    return region


def look_up_support(costs: ClusterCosts, client: Any) -> None:
    """Whether the version is in extended support, where EKS says it."""
    try:
        costs.support = read_support(describe_version(client("eks"), costs.version)) if costs.version else ""
    except Exception as error:
        if not is_service_failure(error):
            raise


def build_plan(before: ClusterCosts, after: ClusterCosts, book: PriceBook) -> Row:
    """The prices of both sides, and what differs."""
    old, new = (build_lines(list_items(costs), book) for costs in (before, after))
    sums = build_total(old, book.region), build_total(new, book.region)
    result = {
        "lines": new,
        "before": sums[0],
        "after": sums[1],
        "difference": round_money(sums[1]["monthly"] - sums[0]["monthly"]),
        "changes": list_changes(old, new),
        "failures": book.failures,
    }
    return {**result, "text": format_plan(result)}


def list_changes(old: list[Row], new: list[Row]) -> list[Row]:
    """The lines that are new, gone, or cost something else."""
    sides = [{line["name"]: line for line in lines} for lines in (old, new)]
    found = []
    for name in {**sides[0], **sides[1]}:
        one, other = (side.get(name) for side in sides)
        if one is None or other is None or (one["quantity"], one["monthly"]) != (other["quantity"], other["monthly"]):
            found.append({"name": name, "before": get_amount(one), "after": get_amount(other)})
    return found


def get_amount(line: Row | None) -> float | None:
    """What a line costs; nothing where there is none."""
    return 0.0 if line is None else line["monthly"]


def format_plan(plan: Row) -> list[str]:
    """The price of the plan in a few lines."""
    after, currency = plan["after"], plan["after"]["currency"]
    least = "at least " if after["at_least"] else ""
    most = after["monthly_most"]
    limit = f" (at most {format_money(most, currency)})" if after["at_least"] and most is not None else ""
    text = f"Price of the plan: {least}{format_money(after['monthly'], currency)} a month{limit}"
    found = [f"{text}, {format_difference(plan)}."]
    found += [
        f"    {row['name']}: {format_money(row['before'], currency)} -> {format_money(row['after'], currency)}"
        for row in plan["changes"]
    ]
    if after["unknown"]:
        found.append(f"    Unknown: {', '.join(after['unknown'])}.")
    return [*found, *plan["failures"], f"    {format_sources(plan['lines'])} {NOT_PLANNED}"]


def format_difference(plan: Row) -> str:
    amount, currency = plan["difference"], plan["after"]["currency"]
    if not plan["changes"]:
        return "as before"
    more = "more" if amount >= 0 else "less"
    return f"{format_money(abs(amount), currency)} {more} than before"


def format_sources(lines: list[Row]) -> str:
    """Of when the prices are, and how many are not verified."""
    known = [line for line in lines if line["monthly"] is not None]
    if not known:
        return "No price is known."
    dates = sorted(line["as_of"] for line in known)
    open_ = sum(not line["verified"] for line in known)
    span = dates[0] if dates[0] == dates[-1] else f"{dates[0]} to {dates[-1]}"
    return f"Prices of {span}, {open_} of {len(known)} not verified."
