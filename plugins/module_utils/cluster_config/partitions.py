# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The partition of a region, and the ARNs of AWS managed policies in it. Pure: botocore is not there where filters run.

A test compares the table with botocore's. Source: partitions of https://docs.aws.amazon.com/general/latest/gr/rande.html
"""

from __future__ import annotations

PARTITIONS = {
    "cn": "aws-cn",
    "eusc": "aws-eusc",
    "us-gov": "aws-us-gov",
    "us-iso": "aws-iso",
    "us-isob": "aws-iso-b",
    "eu-isoe": "aws-iso-e",
    "us-isof": "aws-iso-f",
}


def get_partition(region: str) -> str:
    """The partition by the prefix of the region's name: us-gov-west-1 is in aws-us-gov."""
    return next((name for prefix, name in PARTITIONS.items() if region.startswith(f"{prefix}-")), "aws")


def build_managed_policy_arn(name: str, region: str) -> str:
    """The ARN of an AWS managed policy; a name with a path, like service-role/x, is taken as it is."""
    return f"arn:{get_partition(region)}:iam::aws:policy/{name}"
