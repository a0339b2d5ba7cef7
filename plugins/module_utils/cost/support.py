# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether a Kubernetes version is in extended support, which costs more, until when, and what follows. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.core.versions import SUPPORT_ENDS_SOON
from ansible_collections.kumo.eks.plugins.module_utils.cost.book import find_shipped
from ansible_collections.kumo.eks.plugins.module_utils.cost.price import HOURS
from ansible_collections.kumo.eks.plugins.module_utils.eks.versions import (
    EXTENDED,
    EXTENDED_SUPPORT,
    STANDARD,
    STANDARD_SUPPORT,
    UNSUPPORTED,
    get_support_status,
)

Row = dict[str, Any]
ENDS = {STANDARD_SUPPORT: "endOfStandardSupportDate", EXTENDED_SUPPORT: "endOfExtendedSupportDate"}


def read_support(row: Row) -> str:
    """STANDARD or EXTENDED. A version that is past both is upgraded by EKS, and charged as extended until then."""
    known = {STANDARD_SUPPORT: STANDARD, EXTENDED_SUPPORT: EXTENDED, UNSUPPORTED: EXTENDED}
    return known.get(get_support_status(row), "")


def find_support_warnings(name: str, row: Row, support_type: str, region: str, now: float) -> Iterator[str]:
    """What there is to know in time: ``format_support`` where the version is not in standard support, or will soon be no longer.

    Args:
        row: what EKS says of the version, empty where that is not known.
        now: POSIX time in seconds.
    """
    end = row.get(ENDS[STANDARD_SUPPORT])
    soon = datetime.fromtimestamp(now, UTC) + timedelta(days=SUPPORT_ENDS_SOON)
    if get_support_status(row) != STANDARD_SUPPORT or (end and end <= soon):
        yield from format_support(name, row, support_type, region)


def format_support(name: str, row: Row, support_type: str, region: str) -> Iterator[str]:
    """Until when EKS supports the version of a cluster, what that costs, and what EKS does at the end.

    Args:
        row: of DescribeClusterVersions.
        support_type: of the cluster's upgrade policy. With STANDARD EKS charges nothing, and upgrades the cluster by itself:
            https://docs.aws.amazon.com/eks/latest/userguide/view-upgrade-policy.html
    """
    status, version = get_support_status(row), f"Kubernetes {row.get('clusterVersion')}"
    standard, extended = (str(row.get(key) or "an unknown date")[:10] for key in ENDS.values())
    by_itself = "EKS then upgrades the cluster by itself"
    if status == STANDARD_SUPPORT and support_type == STANDARD:
        yield f"Cluster {name}: standard support of {version} ends on {standard}. {by_itself}, as its upgrade policy is STANDARD."
    elif status == STANDARD_SUPPORT:
        yield (
            f"Cluster {name}: standard support of {version} ends on {standard}. From then on, extended support costs"
            f" {format_surcharge(region)} more. An upgrade before that avoids the charge."
        )
    elif status == EXTENDED_SUPPORT and support_type == STANDARD:
        yield (
            f"Cluster {name}: standard support of {version} ended on {standard}, and the upgrade policy is STANDARD."
            " EKS upgrades the cluster by itself."
        )
    elif status == EXTENDED_SUPPORT:
        yield (
            f"Cluster {name}: {version} is in extended support since {standard}, which costs {format_surcharge(region)} more,"
            f" until {extended}. {by_itself}. An upgrade ends the charge."
        )
    elif status == UNSUPPORTED:
        yield f"Cluster {name}: EKS ended its support of {version} on {extended}, and upgrades the cluster by itself."


def format_surcharge(region: str) -> str:
    """What extended support adds to the price of a control plane, by the shipped prices."""
    price = find_shipped(region, "eks/extended")
    if price is None:
        return "an amount that is not known here"
    return f"{price.amount:.2f} {price.currency} an hour ({price.amount * HOURS:.2f} {price.currency} a month)"
