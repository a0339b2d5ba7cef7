# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A price with the source that says it, and how prices are named. Pure.

A price has a key, a word with slashes:

    eks/cluster, eks/extended, eks/tier-xl, eks/hybrid      the control plane, and vCPUs of hybrid nodes
    capability/ACK, capability/ACK/resource                 a capability, and what it manages
    ec2/m5.large, windows/m5.large, spot/m5.large           an instance on demand, with Linux and with Windows, and on spot with Linux
    auto/m5.large                                           the fee of EKS Auto Mode for it
    fargate/vcpu, fargate/gb                                a pod on Fargate
    ebs/gp3, ebs/gp3/iops, ebs/gp3/throughput               a volume: GiB, and what goes beyond the free part
    nat, endpoint, ipv4                                     the network, by the hour
    lb/application, lb/network, lb/classic                  load balancers
    logs, kms                                               GB that are stored, and a key
"""

from __future__ import annotations

from dataclasses import dataclass

HOURS = 730  # a month, as AWS' own calculator counts
# https://docs.aws.amazon.com/pricing-calculator/latest/userguide/getting-started.html
HOUR, MONTH = "hour", "month"
MONTHLY = ("ebs", "logs", "kms")  # first words of keys whose price is by the month


@dataclass(frozen=True)
class Price:
    """What one unit costs in an hour or a month.

    Args:
        source: who says so.
        as_of: the date of the source, like 2026-09-18.
        verified: whether it is from the Price List API itself, a table that was written from it, or from two sources that agree.
        tiers: for amounts that sink: up to how many units in a month, and the amount there. The last one has no limit.
    """

    amount: float
    source: str
    as_of: str
    verified: bool = False
    currency: str = "USD"
    tiers: tuple[tuple[float, float], ...] = ()


def get_period(key: str) -> str:
    """Whether the price of a key is by the hour or by the month."""
    return MONTH if key.split("/")[0] in MONTHLY else HOUR


def compute_month(price: Price, quantity: float, key: str) -> float:
    """What so many units cost in a month of 730 hours."""
    if get_period(key) == MONTH:
        return price.amount * quantity
    if price.tiers:
        return _walk_tiers(price.tiers, quantity * HOURS)
    return price.amount * quantity * HOURS


def _walk_tiers(tiers: tuple[tuple[float, float], ...], units: float) -> float:
    total, below = 0.0, 0.0
    for limit, amount in tiers:
        total += max(0.0, min(units, limit) - below) * amount
        below = limit
    return total
