# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What there is of IAM roles, and who in the region uses them."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

Missing = Callable[[Exception], bool]


def describe_role(iam: Any, name: str, inline: bool, is_missing: Missing) -> dict[str, Any] | None:
    """One role, or None: GetRole carries trust and tags; one more call lists the policies.

    inline: read the inline policies, too: ListRolePolicies, and GetRolePolicy for each.
    """
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
        found["inline_policies"] = describe_inline(iam, name)
    return found


def describe_inline(iam: Any, role: str) -> dict[str, dict[str, Any]]:
    """A role's inline policies: {name: document}."""
    pages = iam.get_paginator("list_role_policies").paginate(RoleName=role)
    names = [name for page in pages for name in page["PolicyNames"]]
    return {name: iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"] for name in names}


def describe_roles(iam: Any, wanted: dict[str, bool], is_missing: Missing) -> dict[str, dict[str, Any] | None]:
    """Roles side by side. wanted: {name: whether to read its inline policies}."""
    with ThreadPoolExecutor(max_workers=8) as pool:
        found = {name: pool.submit(describe_role, iam, name, inline, is_missing) for name, inline in wanted.items()}
    return {name: answer.result() for name, answer in found.items()}


def list_role_users(eks: Any) -> dict[str, Any]:
    """Who uses which role in the region: ``clusters`` (names) and ``users`` ({role ARN: [what uses it, in words]})."""
    clusters = [name for page in eks.get_paginator("list_clusters").paginate() for name in page["clusters"]]
    users: dict[str, list[str]] = {}
    for cluster in clusters:
        for arn, words in list_users_of_cluster(eks, cluster):
            users.setdefault(arn, []).append(words)
    return {"clusters": clusters, "users": users}


def list_users_of_cluster(eks: Any, cluster: str) -> list[tuple[str, str]]:
    """(role ARN, what uses it) of a cluster, its node groups and its Fargate profiles."""
    found = [(eks.describe_cluster(name=cluster)["cluster"]["roleArn"], f"cluster {cluster}")]
    pages = eks.get_paginator("list_nodegroups").paginate(clusterName=cluster)
    for name in [name for page in pages for name in page["nodegroups"]]:
        group = eks.describe_nodegroup(clusterName=cluster, nodegroupName=name)["nodegroup"]
        found.append((group.get("nodeRole", ""), f"node group {name} of cluster {cluster}"))
    pages = eks.get_paginator("list_fargate_profiles").paginate(clusterName=cluster)
    for name in [name for page in pages for name in page["fargateProfileNames"]]:
        profile = eks.describe_fargate_profile(clusterName=cluster, fargateProfileName=name)["fargateProfile"]
        found.append((profile["podExecutionRoleArn"], f"Fargate profile {name} of cluster {cluster}"))
    return found
