# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What fits to an AWS Outpost: its ARN, subnets on it, and the instance types that its racks have. Pure.

https://docs.aws.amazon.com/eks/latest/userguide/eks-outposts.html
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

Row = dict[str, Any]

OUTPOST_ARN = re.compile(r"arn:aws[a-z-]*:outposts:[a-z\d-]+:\d+:outpost/op-[a-z0-9]+")
VOLUME_TYPE = "gp2"  # the one type that Outposts of every generation have


def find_outpost_arn_problems(option: str, arn: str | None) -> Iterator[str]:
    """Text that is not the ARN of an Outpost."""
    if arn is not None and not OUTPOST_ARN.fullmatch(arn):
        yield f"{option}: {arn!r} is not the ARN of an Outpost. Use one like arn:aws:outposts:REGION:ACCOUNT:outpost/op-0123456789abcdef0."


def find_outpost_subnet_problems(option: str, rows: Iterable[Row], arn: str) -> Iterator[str]:
    """Subnets (of DescribeSubnets) that are not on the Outpost."""
    for row in rows:
        if row.get("OutpostArn") != arn:
            place = row.get("OutpostArn") or f"{row['AvailabilityZone']} of the region"
            yield f"{option}: {row['SubnetId']} is in {place}, and not on {arn}. Use a subnet on the Outpost."


def find_outpost_type_problems(option: str, types: Iterable[str], offered: list[str] | None, arn: str) -> Iterator[str]:
    """Instance types that an Outpost does not have.

    Args:
        offered: those that it has; None if there is no such Outpost.
    """
    if offered is None:
        yield f"outpost_arn: Outpost {arn} does not exist in this account and region."
        return
    for name in types:
        if name not in offered:
            yield f"{option}: Outpost {arn} does not have {name}. Its instance types are: {', '.join(sorted(offered)) or 'none'}."
