# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reads prices: those on demand from the Price List API, those of spot capacity from EC2. What cannot be read says why."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from statistics import mean
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.aws.lookups import describe_all_pages
from ansible_collections.kumo.eks.plugins.module_utils.aws.partition import get_partition, list_service_regions
from ansible_collections.kumo.eks.plugins.module_utils.aws.reading import read_or_note
from ansible_collections.kumo.eks.plugins.module_utils.core.concurrency import MAX_CONCURRENCY
from ansible_collections.kumo.eks.plugins.module_utils.core.counts import format_count
from ansible_collections.kumo.eks.plugins.module_utils.core.errors import CannotBeRead
from ansible_collections.kumo.eks.plugins.module_utils.core.times import format_time
from ansible_collections.kumo.eks.plugins.module_utils.cost.book import PriceBook
from ansible_collections.kumo.eks.plugins.module_utils.cost.price import Price
from ansible_collections.kumo.eks.plugins.module_utils.cost.price_list import (
    Question,
    build_questions,
    build_request,
    read_price,
)

Row = dict[str, Any]
AUTO, API, TABLE = "auto", "api", "table"
SPOT = "spot/"
LONGEST = 300  # characters of a reason: a proxy answers with a page
LINUX = ("Linux/UNIX", "Linux/UNIX (Amazon VPC)")
# The endpoint that is nearest to a region, by its first word; else the first one of the partition
NEAR = {"ap": "ap-south-1", "eu": "eu-central-1", "us": "us-east-1"}


def find_endpoint(region: str) -> str | None:
    """The region in which the Price List API is asked, None where the partition has none (GovCloud).

    https://docs.aws.amazon.com/general/latest/gr/billing.html has it in three regions of the partition aws, and in one of China.
    """
    regions = list_service_regions("pricing", get_partition(region))
    nearest = NEAR.get(region.partition("-")[0], "us-east-1")
    return nearest if nearest in regions else next(iter(sorted(regions)), None)


def read_prices(
    book: PriceBook,
    keys: Iterable[str],
    get_client: Callable[..., Any],
    get_quick: Callable[..., Any],
    source: str,
    now: float,
) -> None:
    """Put the prices of these keys into the book, from where ``source`` allows them to be read.

    Args:
        get_client: gives a boto3 client by the name of its service.
        get_quick: gives one by the name of its service and a region, which gives up soon.
        source: ``table`` reads nothing, ``auto`` goes on with the shipped table where something cannot be read.
        now: POSIX time, of the spot prices.

    Raises:
        EksError: with ``api``, prices cannot be read.
    """
    wanted = set(keys)
    types = {key.removeprefix(SPOT) for key in wanted if key.startswith(SPOT)}
    if types:
        _try(book, "spot prices (ec2:DescribeSpotPriceHistory)", lambda: read_spot(book, types, get_client("ec2"), now))
    if source == TABLE:
        return
    failure = _try(book, "the Price List API (pricing:GetProducts)", lambda: read_price_list(book, wanted, get_quick))
    if failure and source == API:
        raise CannotBeRead(f"price_source: api, and prices cannot be read: {failure} Use auto or table.")


def _try(book: PriceBook, what: str, read: Callable[[], None]) -> str:
    """Read, or note why that cannot be done; the reason."""
    problem = read_or_note(read).problem
    if not problem:
        return ""
    failure = f"{what} could not be read: {' '.join(problem.split())[:LONGEST]}."
    book.failures.append(failure)
    return failure


def read_price_list(book: PriceBook, keys: Iterable[str], get_quick: Callable[..., Any]) -> None:
    """Ask the Price List API for each key, side by side. The first call is made alone: where it is denied, the others would be, too."""
    place = find_endpoint(book.region)
    if place is None:
        raise CannotBeRead(f"the partition of {book.region} has no Price List API")
    client = get_quick("pricing", place)
    questions = build_questions(keys, book.region)
    if not questions:
        return
    first, rest = questions[0], questions[1:]
    answers = {first.key: ask(client, first, book.region)}
    with ThreadPoolExecutor(max_workers=MAX_CONCURRENCY) as pool:
        found = pool.map(partial(ask, client, region=book.region), rest)
        answers |= {question.key: price for question, price in zip(rest, found, strict=True)}
    book.read |= {key: price for key, price in answers.items() if price}


def ask(client: Any, question: Question, region: str) -> Price | None:
    """The answer to one question."""
    pages = client.get_paginator("get_products").paginate(**build_request(question))
    return read_price(question, [text for page in pages for text in page["PriceList"]], region)


def read_spot(book: PriceBook, types: Iterable[str], ec2: Any, now: float) -> None:
    """The spot price of each type now: the mean of the zones, of which each has its own."""
    rows = describe_all_pages(
        ec2,
        "describe_spot_price_history",
        "SpotPriceHistory",
        InstanceTypes=sorted(types),
        ProductDescriptions=list(LINUX),
        StartTime=now,
    )
    for name in types:
        latest: dict[str, Row] = {}
        for row in rows:
            zone = row["AvailabilityZone"]
            if row["InstanceType"] == name and (zone not in latest or row["Timestamp"] > latest[zone]["Timestamp"]):
                latest[zone] = row
        amounts = [float(row["SpotPrice"]) for row in latest.values()]
        if amounts:
            source = f"EC2, DescribeSpotPriceHistory, mean of {format_count(len(amounts), 'zone')}"
            book.read[SPOT + name] = Price(mean(amounts), source, format_time(now)[:10], True)
