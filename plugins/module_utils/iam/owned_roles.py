# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The roles that were made for a cluster, found by their tag: a node group that was renamed leaves one that no list names."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.aws.denials import look_if_allowed
from ansible_collections.kumo.eks.plugins.module_utils.aws.iam_tags import read_tag_list
from ansible_collections.kumo.eks.plugins.module_utils.aws.policy_documents import parse_document
from ansible_collections.kumo.eks.plugins.module_utils.core.concurrency import MAX_CONCURRENCY
from ansible_collections.kumo.eks.plugins.module_utils.core.counts import format_count
from ansible_collections.kumo.eks.plugins.module_utils.core.errors import ValidationError
from ansible_collections.kumo.eks.plugins.module_utils.iam.base import get_or_none
from ansible_collections.kumo.eks.plugins.module_utils.iam.role_usage import list_assumers

MOST = 2000  # roles whose tags are read; IAM answers about 20 calls a second
SERVICE_LINKED = "/aws-service-role/"


def list_owned_roles(iam: Any, owner: str) -> list[str]:
    """Names of the roles with the owner's tag.

    ListRoles answers no tags, so they are read of each role that something of EKS could assume (the trust policy is answered).
    """
    lost = "IAM roles that were made for the cluster and that the task does not name were not looked for and stay"
    names = [role["RoleName"] for role in look_if_allowed(lambda: list_candidates(iam), [], "iam:ListRoles", lost)]
    if len(names) > MOST:
        raise ValidationError(
            f"all_owned: the account has {format_count(len(names), 'role')} that EKS, EC2 or pods can assume, and the tags of at most {MOST} are"
            " read. Name the roles to remove with iam_roles."
        )
    with ThreadPoolExecutor(max_workers=MAX_CONCURRENCY) as pool:
        tags = pool.map(
            lambda name: look_if_allowed(lambda: _list_tags(iam, name), {}, "iam:ListRoleTags", lost), names
        )
        found = [owner in row for row in tags]
    return [name for name, owned in zip(names, found, strict=True) if owned]


def list_candidates(iam: Any) -> list[dict[str, Any]]:
    """The roles that something of EKS could assume."""
    pages = iam.get_paginator("list_roles").paginate()
    return [role for page in pages for role in page["Roles"] if _is_candidate(role)]


def _is_candidate(role: dict[str, Any]) -> bool:
    trust = parse_document(role["AssumeRolePolicyDocument"], f"trust of role {role['RoleName']}")
    return not role["Path"].startswith(SERVICE_LINKED) and bool(list_assumers(trust))


def _list_tags(iam: Any, name: str) -> dict[str, str]:
    """A role's tags; none where it is gone meanwhile."""

    def ask() -> dict[str, str]:
        pages = iam.get_paginator("list_role_tags").paginate(RoleName=name)
        return {key: value for page in pages for key, value in read_tag_list(page["Tags"]).items()}

    return get_or_none(ask) or {}
