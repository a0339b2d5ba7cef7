"""Spot prices that differ by type and zone, where moto has the same tiny one for all, of the year 2006.

https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeSpotPriceHistory.html
"""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from typing import Any

from moto.ec2.responses.spot_instances import SpotInstances

from kumo_sandbox.moto_fixes.hooks import Method, around
from kumo_sandbox.moto_fixes.runtime import runtime
from kumo_sandbox.price_list import INSTANCES, PREFIXES

UNLISTED = 0.1  # dollars on demand, of types that the price list of the sandbox does not have


@around(SpotInstances, "describe_spot_price_history")
def describe_history(original: Method, response: Any) -> Any:
    """A third of the price on demand, more or less by zone."""
    answer = original(response)
    stamp = datetime.fromtimestamp(runtime.now(), UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")
    for row in answer.result["SpotPriceHistory"]:
        row["SpotPrice"] = f"{compute_price(response.region, row['InstanceType'], row['AvailabilityZone']):.6f}"
        row["Timestamp"] = stamp
    return answer


def compute_price(region: str, name: str, zone: str) -> float:
    """Between 30 and 40 percent."""
    prices = INSTANCES.get(name)
    on_demand = prices[list(PREFIXES).index(region) if region in PREFIXES else 0] if prices else UNLISTED
    share = int(hashlib.sha256(f"{name} {zone}".encode()).hexdigest()[:4], 16) / 0xFFFF
    return on_demand * (0.3 + 0.1 * share)
