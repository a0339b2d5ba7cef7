# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The prices of one region: what the Price List API answered, and else what is shipped. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache

from ansible_collections.kumo.eks.plugins.module_utils.cost import ec2_prices, service_prices
from ansible_collections.kumo.eks.plugins.module_utils.cost.price import Price

SIZES = {"nano": 0.25, "micro": 0.5, "small": 1, "medium": 2, "large": 4, "xlarge": 8}
XLARGE = "xlarge"
ON_DEMAND = "ec2/"
# What each source of ec2_prices is called, and whether it was written from the Price List API itself
SOURCES = {
    "karpenter": ("shipped table: Karpenter's copy of the Price List API", True),
    "libcloud": ("shipped table: Apache Libcloud's copy of the Price List API, by families", False),
}
SHIPPED, PAGE = "shipped table: AWS Price List", "shipped table: page of prices"
CHINA, CHINESE, OTHERS = "cn-", "CNY", ("cn-", "us-gov-", "us-iso", "eusc-", "eu-isoe-")


@dataclass
class PriceBook:
    """Finds a price by its key.

    Args:
        region: like ap-northeast-1.
        read: what was read for this task, by key. It comes first.
        failures: why what was to be read could not be, for the report.
    """

    region: str
    read: dict[str, Price] = field(default_factory=dict)
    failures: list[str] = field(default_factory=list)

    def find(self, key: str) -> Price | None:
        """The price, None where nobody says it."""
        return self.read.get(key) or find_shipped(self.region, key)


def find_shipped(region: str, key: str) -> Price | None:
    """The price in the shipped tables. Spot prices are in none: they change by the hour."""
    row = service_prices.PRICES.get(region, {}).get(key)
    if row:
        amount, date, verified = row
        return Price(amount, f"{SHIPPED}, {format_usage(key)}", date, verified, get_currency(region))
    if key.startswith(ON_DEMAND):
        return _find_instance(region, key.removeprefix(ON_DEMAND))
    if key == "eks/hybrid" and region in service_prices.HYBRID_REGIONS:
        tiers, date = service_prices.HYBRID, service_prices.HYBRID_DATE
        return Price(tiers[0][1], f"{SHIPPED}, {format_usage(key)}", date, True, tiers=tiers)
    if key in service_prices.PAGES and not region.startswith(OTHERS):
        amount, date, page = service_prices.PAGES[key]
        return Price(amount, f"{PAGE}, {page}", date, False)
    return None


def format_usage(key: str) -> str:
    """The offer and usage type of a key, as in "AmazonVPC, VpcEndpoint-Hours"."""
    kind, dummy, name = key.partition("/")
    if kind == "auto":
        return f"AmazonEKS, EKS-Auto:{name}-management-hours"
    if kind == "ec2":
        return f"AmazonEC2, BoxUsage:{name}"
    return ", ".join(service_prices.USAGE[key])


def get_currency(region: str) -> str:
    """The currency of the Price List for a region: China has its own."""
    return CHINESE if region.startswith(CHINA) else "USD"


def _find_instance(region: str, name: str) -> Price | None:
    source, date = ec2_prices.DATES.get(region, ("", ""))
    family, dummy, size = name.partition(".")
    amount = _read_words(ec2_prices.TYPES.get(region, "")).get(name)
    unit, units = _read_words(ec2_prices.FAMILIES.get(region, "")).get(family), count_units(size)
    if amount is None and unit and units and name in _list_types():
        amount = round(unit * units, 6)
    if amount is None:
        return None
    title, verified = SOURCES[source]
    return Price(amount, title, date, verified, get_currency(region))


@cache
def _list_types() -> frozenset[str]:
    """The types that EC2 has: the price of a family is not that of a size that does not exist."""
    words = (word.partition("=") for word in ec2_prices.SIZES.split())
    return frozenset(f"{family}.{size}" for family, _sign, sizes in words for size in sizes.split(","))


@cache
def _read_words(text: str) -> dict[str, float]:
    """The numbers of "m5=0.024 c5=0.02125" by their names."""
    return {name: float(amount) for name, _sign, amount in (word.partition("=") for word in text.split())}


def count_units(size: str) -> float | None:
    """The units of a size; None for one whose name does not say it, like metal."""
    number = size.removesuffix(XLARGE)
    return SIZES.get(size) or (8 * int(number) if size.endswith(XLARGE) and number.isdigit() else None)
