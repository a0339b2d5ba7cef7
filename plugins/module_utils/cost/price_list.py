# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What to ask the Price List API for, and how to read what it answers. Pure.

https://docs.aws.amazon.com/awsaccountbilling/latest/aboutv2/using-price-list-query-api-query-products.html
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from math import inf
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.cost.book import get_currency
from ansible_collections.kumo.eks.plugins.module_utils.cost.price import Price
from ansible_collections.kumo.eks.plugins.module_utils.cost.service_prices import USAGE

Row = dict[str, Any]
API = "Price List API"
# Linux on demand, shared tenancy, nothing installed, and the capacity itself, not a reservation of it
INSTANCE = {
    "operatingSystem": "Linux",
    "tenancy": "Shared",
    "preInstalledSw": "NA",
    "capacitystatus": "Used",
    "marketoption": "OnDemand",
}
# Of AWSELB: the families of products
BALANCERS = {
    "lb/application": "Load Balancer-Application",
    "lb/network": "Load Balancer-Network",
    "lb/classic": "Load Balancer",
}
GIB = 1024  # throughput of gp3 is sold by the GiB/s
THROUGHPUT = "GiBps-mo"


@dataclass(frozen=True)
class Question:
    """One GetProducts.

    Args:
        filters: fields that must have a value.
        ending: of the usage type of the product that is meant, after the prefix of the region.
    """

    key: str
    service: str
    filters: tuple[tuple[str, str], ...]
    ending: str


def build_questions(keys: Iterable[str], region: str) -> list[Question]:
    """What to ask for these prices; nothing for those that the API does not have, like spot prices."""
    return [question for key in sorted(set(keys)) if (question := _build_question(key, region))]


def _build_question(key: str, region: str) -> Question | None:
    kind, dummy, name = key.partition("/")
    place = ("regionCode", region)
    if kind == "ec2":
        return Question(key, "AmazonEC2", (place, ("instanceType", name), *INSTANCE.items()), f"BoxUsage:{name}")
    if kind == "windows":
        words = {**INSTANCE, "operatingSystem": "Windows", "licenseModel": "No License required"}
        return Question(key, "AmazonEC2", (place, ("instanceType", name), *words.items()), f"BoxUsage:{name}")
    if kind == "auto":
        usage = f"EKS-Auto:{name}-management-hours"
        return Question(key, "AmazonEKS", (place, ("operation", "EKSAutoUsage"), ("instancetype", name)), usage)
    if key in BALANCERS:
        return Question(key, "AWSELB", (place, ("productFamily", BALANCERS[key])), "LoadBalancerUsage")
    if key in USAGE:
        service, usage = USAGE[key]
        return Question(key, service, (place,), usage)
    return None


def build_request(question: Question) -> Row:
    """The parameters of GetProducts. A usage type begins with its region except in us-east-1, so it is asked by what it contains."""
    filters = [{"Type": "TERM_MATCH", "Field": field, "Value": value} for field, value in question.filters]
    filters.append({"Type": "CONTAINS", "Field": "usagetype", "Value": question.ending})
    return {"ServiceCode": question.service, "Filters": filters, "FormatVersion": "aws_v1"}


def read_price(question: Question, products: Iterable[str], region: str) -> Price | None:
    """The price in the answers, None where no product is the one that is meant."""
    rows = [json.loads(text) for text in products]
    rows = [row for row in rows if is_meant(row["product"]["attributes"].get("usagetype") or "", question.ending)]
    for row in sorted(rows, key=lambda one: one["product"]["sku"]):
        steps = sorted(_list_steps(row, get_currency(region)))
        if steps and steps[0][1] > 0:
            return _build_price(row, steps, region)
    return None


def is_meant(usage: str, ending: str) -> bool:
    """Whether a usage type is the ending, with nothing but the prefix of a region before it: not TS-LoadBalancerUsage."""
    prefix = usage.removesuffix(ending)
    return usage.endswith(ending) and (not prefix or (prefix.endswith("-") and "-" not in prefix[:-1]))


def _list_steps(row: Row, currency: str) -> Iterator[tuple[float, float, float, str]]:
    """Begin, amount, end and unit of each step of a price on demand."""
    for term in (row.get("terms") or {}).get("OnDemand", {}).values():
        for step in term["priceDimensions"].values():
            amount = step["pricePerUnit"].get(currency)
            if amount is not None:
                end = inf if step.get("endRange") in (None, "Inf") else float(step["endRange"])
                yield float(step.get("beginRange") or 0), float(amount), end, step.get("unit") or ""


def _build_price(row: Row, steps: list[tuple[float, float, float, str]], region: str) -> Price:
    scale = GIB if steps[0][3].lower() == THROUGHPUT.lower() else 1
    tiers = tuple((end, amount / scale) for _begin, amount, end, _unit in steps) if len(steps) > 1 else ()
    attributes = row["product"]["attributes"]
    source = f"{API}, {row.get('serviceCode') or attributes.get('servicecode')}, {attributes['usagetype']}"
    date = str(row.get("publicationDate") or "")[:10]
    return Price(steps[0][1] / scale, source, date, True, get_currency(region), tiers)
