# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Looks at EC2, Outposts and KMS. Those that only tell whether an input fits are no must: see ``denials.find_if_allowed``."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from ansible_collections.kumo.eks.plugins.module_utils.aws.client import has_code
from ansible_collections.kumo.eks.plugins.module_utils.aws.consistency import ask_once
from ansible_collections.kumo.eks.plugins.module_utils.core.waiting import look_patiently

Row = dict[str, Any]
T = TypeVar("T")
# In all filters of a call (FilterLimitExceeded): https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html
MOST_VALUES = 200
# https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html
TEMPLATE_VERSION_MISSING = "InvalidLaunchTemplateId.VersionNotFound"


def describe_subnets(ec2: Any, ids: Iterable[str]) -> list[Row]:
    """Those of the subnets that exist: SubnetIds would fail for all where one is missing."""
    wanted = set(ids)
    return _describe_patiently(
        lambda: describe_by_filter(ec2, "describe_subnets", "Subnets", "subnet-id", wanted), len(wanted)
    )


def describe_groups(ec2: Any, ids: Iterable[str]) -> list[Row]:
    """Those of the security groups that exist."""
    wanted = set(ids)
    return _describe_patiently(
        lambda: describe_by_filter(ec2, "describe_security_groups", "SecurityGroups", "group-id", wanted), len(wanted)
    )


def describe_route_tables(ec2: Any, vpc_id: str) -> list[Row]:
    """The route tables of a VPC."""
    return describe_by_filter(ec2, "describe_route_tables", "RouteTables", "vpc-id", [vpc_id])


def list_vpc_blocks(ec2: Any, vpc_id: str) -> list[str]:
    """The IPv4 blocks of a VPC that are in use."""
    (vpc,) = ec2.describe_vpcs(VpcIds=[vpc_id])["Vpcs"]
    rows = vpc.get("CidrBlockAssociationSet") or []
    return [row["CidrBlock"] for row in rows if row["CidrBlockState"]["State"] in ("associating", "associated")]


def list_offered_types(ec2: Any, types: Iterable[str]) -> set[str]:
    """Those of the instance types that the region has."""
    rows = describe_by_filter(
        ec2, "describe_instance_type_offerings", "InstanceTypeOfferings", "instance-type", types, LocationType="region"
    )
    return {row["InstanceType"] for row in rows}


def list_types_of_zone(ec2: Any, zone: str) -> set[str]:
    """The instance types of a zone; none where EC2 does not tell."""
    wanted = {"name": "location", "values": [zone], "LocationType": "availability-zone"}
    rows = describe_by_filter(ec2, "describe_instance_type_offerings", "InstanceTypeOfferings", **wanted)
    return {row["InstanceType"] for row in rows}


def list_outpost_types(outposts: Any, arn: str) -> list[str] | None:
    """The instance types of an Outpost, None if there is no such Outpost."""
    try:
        rows = describe_all_pages(outposts, "get_outpost_instance_types", "InstanceTypes", OutpostId=arn)
    except Exception as error:
        if has_code(error, "NotFoundException", "ValidationException"):  # the latter for an ID that cannot be
            return None
        raise
    return [row["InstanceType"] for row in rows]


def describe_template_versions(ec2: Any, template: Row, versions: Iterable[str | int]) -> list[Row]:
    """Versions of a launch template. EC2 refuses all of them where one is missing, with TEMPLATE_VERSION_MISSING.

    Args:
        template: its "id" or its "name".
        versions: numbers, $Latest or $Default.
    """
    names = {"LaunchTemplateId": template["id"]} if template.get("id") else {"LaunchTemplateName": template["name"]}
    wanted = [str(version) for version in versions]
    return ec2.describe_launch_template_versions(Versions=wanted, **names)["LaunchTemplateVersions"]


def describe_key(kms: Any, arn: str) -> Row | None:
    """A KMS key by its ARN or the ARN of its alias, None where there is none."""
    try:
        return kms.describe_key(KeyId=arn)["KeyMetadata"]
    except Exception as error:
        if has_code(error, "NotFoundException"):
            return None
        raise


def describe_by_filter(ec2: Any, operation: str, key: str, name: str, values: Iterable[str], **words: Any) -> list[Row]:
    """What a filter finds of these values: what exists, where IDs would fail for all; nothing, without a call, for no values."""
    wanted = sorted(set(values))
    rows: list[Row] = []
    for start in range(0, len(wanted), MOST_VALUES):
        filters = [{"Name": name, "Values": wanted[start : start + MOST_VALUES]}]
        rows += describe_all_pages(ec2, operation, key, Filters=filters, **words)
    return rows


def describe_all_pages(client: Any, operation: str, key: str, **words: Any) -> list[Row]:
    """The rows under a key in all pages of an operation that lists or describes."""
    if not client.can_paginate(operation):  # DescribeAddresses has no pages
        return getattr(client, operation)(**words)[key]
    return [row for page in client.get_paginator(operation).paginate(**words) for row in page[key]]


def _describe_patiently(look: Callable[[], list[Row]], count: int) -> list[Row]:
    """The rows, looked for again where some are missing: what an earlier task has just made may not be seen at once.

    https://docs.aws.amazon.com/ec2/latest/devguide/eventual-consistency.html
    """

    def observe() -> tuple[bool, list[Row]]:
        rows = look()
        return len(rows) >= count, rows

    return look_patiently(observe)


def ask_patiently(ask: Callable[[], T], *codes: str) -> T:
    """The answer about something that the input names, asked for again where the codes say that it does not exist.

    As _describe_patiently: an earlier task may have just made it.
    """
    found = look_patiently(lambda: ask_once(ask, codes))
    if isinstance(found, Exception):
        raise found
    return found
