# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Managed policies above the quota of a role, as inline policies.

A role takes ten managed policies by default (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html), and a
node group with several well-known policies needs more. The rights of the last ones are put inline instead, with the document
that the policy has now.
"""

from __future__ import annotations

import json
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.aws.client import has_code
from ansible_collections.kumo.eks.plugins.module_utils.aws.policy_documents import parse_document
from ansible_collections.kumo.eks.plugins.module_utils.core.errors import NotThere, ValidationError
from ansible_collections.kumo.eks.plugins.module_utils.core.iam_names import shorten
from ansible_collections.kumo.eks.plugins.module_utils.iam.base import find_patiently

DEFAULT_QUOTA = 10
LONGEST_INLINE = 10240  # characters of all inline policies of a role together; IAM does not count white space
LONGEST_POLICY_NAME = 128
PREFIX = "managed-policy."  # of the names of inline policies that are managed ones above the quota


def get_quota(iam: Any) -> int:
    """How many managed policies a role takes in this account; the default where the caller may not ask."""
    try:
        return iam.get_account_summary()["SummaryMap"].get("AttachedPoliciesPerRoleQuota", DEFAULT_QUOTA)
    except Exception as error:
        if has_code(error, "AccessDenied"):
            return DEFAULT_QUOTA
        raise


def split_by_quota(iam: Any, arns: list[str]) -> tuple[list[str], list[str]]:
    """(policies to attach, policies whose rights go inline), in the order given."""
    unique = list(dict.fromkeys(arns))
    if len(unique) <= DEFAULT_QUOTA:
        return unique, []  # the quota is never lower, so the account is not asked
    quota = get_quota(iam)
    return unique[:quota], unique[quota:]


def build_inline_name(arn: str) -> str:
    """The name of the inline policy with the rights of a managed one."""
    return shorten(PREFIX + arn.rpartition("/")[2], arn, LONGEST_POLICY_NAME)


def read_document(iam: Any, arn: str, option: str) -> dict[str, Any]:
    """The document that a managed policy has in force."""
    found = find_patiently(lambda: iam.get_policy(PolicyArn=arn)["Policy"])
    if found is None:
        raise NotThere(f"{option}: policy {arn} does not exist. Check its name and path.")
    version = iam.get_policy_version(PolicyArn=arn, VersionId=found["DefaultVersionId"])["PolicyVersion"]
    return parse_document(version["Document"], f"policy {arn}")


def check_inline_size(role: str, documents: dict[str, Any], moved: list[str]) -> None:
    """Refuse inline policies that together are longer than IAM takes."""
    size = sum(len("".join(json.dumps(document).split())) for document in documents.values())
    if size <= LONGEST_INLINE:
        return
    if moved:
        raise ValidationError(
            f"policy_arns: IAM role {role} would have more managed policies than its quota allows, and the documents of"
            f" {', '.join(moved)} are too long for inline policies ({size} characters with the others, at most {LONGEST_INLINE})."
            " Request a higher quota 'Managed policies attached to an IAM role' in Service Quotas, or combine policies in one"
            " customer-managed policy and name that."
        )
    raise ValidationError(
        f"inline_policies: the inline policies of IAM role {role} have {size} characters together, and IAM accepts at most"
        f" {LONGEST_INLINE}. Move some of them to a customer-managed policy (option policy)."
    )
