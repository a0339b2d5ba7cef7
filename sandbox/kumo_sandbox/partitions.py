"""AWS partitions: which one a region is in, and what has another name there.

An account belongs to one partition: its ARNs name it, and IAM is one for all of its regions.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import botocore.session
from botocore.exceptions import UnknownRegionError

DEFAULT = "aws"
# EC2 assumes roles by this name; where a partition is not here, as ec2.amazonaws.com. EKS' own principals are
# SERVICE.amazonaws.com everywhere.
# https://github.com/eksctl-io/eksctl/blob/main/pkg/apis/eksctl.io/v1alpha5/partitions.go
EC2_PRINCIPALS = {
    "aws-cn": "ec2.amazonaws.com.cn",
    "aws-iso": "ec2.c2s.ic.gov",
    "aws-iso-b": "ec2.sc2s.sgov.gov",
}
# Regions that an account has only after somebody enabled them.
# https://docs.aws.amazon.com/accounts/latest/reference/manage-acct-regions.html
OPT_IN_REGIONS = frozenset(
    "af-south-1 ap-east-1 ap-east-2 ap-south-2 ap-southeast-3 ap-southeast-4 ap-southeast-5 ap-southeast-6 ap-southeast-7"
    " ca-west-1 eu-central-2 eu-south-1 eu-south-2 il-central-1 me-central-1 me-south-1 mx-central-1".split()
)


@dataclass(frozen=True)
class Partition:
    """A partition.

    Attributes:
        name: as ARNs name it: "aws-cn".
        domain: of its endpoints: "amazonaws.com.cn".
    """

    name: str
    domain: str

    @property
    def ec2_principal(self) -> str:
        return EC2_PRINCIPALS.get(self.name, "ec2.amazonaws.com")


@cache
def find_partition(region: str) -> Partition:
    """The partition of a region; ``aws`` for a region that botocore does not know."""
    try:
        name = _get_session().get_partition_for_region(region)
    except UnknownRegionError:
        name = DEFAULT
    return Partition(name, _list_domains()[name])


@cache
def _list_domains() -> dict[str, str]:
    return {row["id"]: row["outputs"]["dnsSuffix"] for row in _get_session().get_data("partitions")["partitions"]}


@cache
def _get_session() -> Any:
    return botocore.session.get_session()


def read_partition(arn: str) -> str:
    """The partition that an ARN names; "" where it is none."""
    parts = arn.split(":")
    return parts[1] if len(parts) >= 6 and parts[0] == "arn" else ""
