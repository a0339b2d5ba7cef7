# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Security groups that were given by name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.core.errors import ValidationError


def find_group_ids(ec2: Callable[[], Any], groups: list[str], subnets: list[str]) -> list[str]:
    """The ids of security groups given as ids or as names; names are looked up in the VPC of the subnets.

    Sources: DescribeSubnets, DescribeSecurityGroups. No call is made where all are ids.
    """
    names = [group for group in groups if not group.startswith("sg-")]
    if not names:
        return groups
    client = ec2()
    filters = [{"Name": "group-name", "Values": names}]
    if subnets:
        vpc_id = client.describe_subnets(SubnetIds=subnets[:1])["Subnets"][0]["VpcId"]
        filters.append({"Name": "vpc-id", "Values": [vpc_id]})
    pages = client.get_paginator("describe_security_groups").paginate(Filters=filters)
    rows = pages.build_full_result()["SecurityGroups"]
    found = {name: [row["GroupId"] for row in rows if row["GroupName"] == name] for name in names}
    unclear = [f"{name} ({len(ids)} found)" for name, ids in found.items() if len(ids) != 1]
    if unclear:
        raise ValidationError(
            f"security_groups: each name must match exactly one security group: {', '.join(unclear)}. Use IDs instead."
        )
    ids = [found[group][0] if group in found else group for group in groups]
    return list(dict.fromkeys(ids))  # a group may be given by its name and by its id
