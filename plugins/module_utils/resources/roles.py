# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What there is of IAM roles, and which of them differ from what is wanted."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


def describe_role(iam: Any, name: str, inline: bool, is_missing: Callable[[Exception], bool]) -> dict[str, Any] | None:
    """One role, or None: GetRole carries trust and tags, one more call the policies, and one the inline policies."""
    try:
        role = iam.get_role(RoleName=name)["Role"]
    except Exception as error:
        if is_missing(error):
            return None
        raise
    pages = iam.get_paginator("list_attached_role_policies").paginate(RoleName=name)
    found = {
        "role_name": role["RoleName"],
        "arn": role["Arn"],
        "assume_role_policy_document": role["AssumeRolePolicyDocument"],
        "attached_policies": [policy["PolicyArn"] for page in pages for policy in page["AttachedPolicies"]],
        "tags": {tag["Key"]: tag["Value"] for tag in role.get("Tags", [])},
    }
    if inline:
        names = iam.get_paginator("list_role_policies").paginate(RoleName=name)
        found["inline_policies"] = [policy for page in names for policy in page["PolicyNames"]]
    return found


def trust_of(service: str) -> dict[str, Any]:
    """The trust document by which a service takes the role."""
    statement = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    return {"Version": "2012-10-17", "Statement": [statement]}


def differs(found: dict[str, Any] | None, wanted: dict[str, Any]) -> bool:
    """Whether a role is missing or has another trust, other policies or not the tags that are wanted."""
    return (
        found is None
        or found["assume_role_policy_document"] != trust_of(wanted["service"])
        or set(found["attached_policies"]) != set(wanted["policies"])
        or not {policy["name"] for policy in wanted.get("inline", [])} <= set(found.get("inline_policies", []))
        or any(found["tags"].get(key) != value for key, value in wanted.get("tags", {}).items())
    )


def compare_roles(found: list[dict[str, Any]], wanted: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Those of the wanted roles that differ, each with its trust document.

    wanted: [{name, service, policies: [ARN], inline?: [{name, document}], tags?}]; found: what eks_role_info answers as ``roles``.
    """
    by_name = {role["role_name"]: role for role in found}
    return [{**role, "trust": trust_of(role["service"])} for role in wanted if differs(by_name.get(role["name"]), role)]
