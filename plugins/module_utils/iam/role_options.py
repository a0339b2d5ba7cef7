# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The options that describe a role, checked and read before anything is sent. Pure.

Lengths: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html; signs: CreateRole, CreatePolicy.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.aws.policy_documents import parse_document
from ansible_collections.kumo.eks.plugins.module_utils.core.errors import ValidationError

NAME = re.compile(r"[\w+=,.@-]{1,64}", re.ASCII)
PROFILE_NAME = POLICY_NAME = re.compile(r"[\w+=,.@-]{1,128}", re.ASCII)
PATH = re.compile(r"/([\x21-\x7e]+/)?")
POLICY_ARN = re.compile(r"arn:aws[\w-]*:iam::(aws|\d{12}):policy(/|/[\x21-\x7e]+/)[\w+=,.@-]+", re.ASCII)
ROLE_ARN = re.compile(r"arn:(aws[\w-]*):iam::(\d{12}):role(/|/[\x21-\x7e]+/)([\w+=,.@-]+)", re.ASCII)
DEFAULT_TRUST, LONGEST_TRUST = 2048, 4096  # characters: the quota "Role trust policy length" and its limit
SHORTEST_SESSION, LONGEST_SESSION = 3600, 43200  # seconds; CreateRole MaxSessionDuration

NOT_ROLE_ARN = "not the ARN of an IAM role. Use one like arn:aws:iam::123456789012:role/my-app."
NOT_POLICY_ARN = "not the ARN of an IAM policy. Use one like arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess."
NOT_PATH = "not a valid path. Use one like /apps/, with a slash at both ends."
NOT_NAME = "not a valid {} name. Use 1-{} letters, digits and the signs + = , . @ _ -"

Form = tuple[str, Any, re.Pattern[str], str]  # option, value, what it must match, and what it is where it does not


def check_role_options(options: dict[str, Any]) -> None:
    """Refuse names, paths, ARNs and durations that IAM does not take.

    Raises:
        ValidationError: naming the option, its value, and what is allowed.
    """
    check_forms(_list_forms(options))
    duration = options.get("max_session_duration")
    if duration is not None and not SHORTEST_SESSION <= duration <= LONGEST_SESSION:
        raise ValidationError(
            f"max_session_duration: {duration} is out of range. Use {SHORTEST_SESSION}-{LONGEST_SESSION} seconds."
        )


def check_trust_size(document: dict[str, Any]) -> None:
    """Refuse a trust policy that no quota allows; IAM does not count white space."""
    size = len("".join(json.dumps(document).split()))
    if size > LONGEST_TRUST:
        raise ValidationError(
            f"trust_policy: it has {size} characters, and IAM accepts at most {DEFAULT_TRUST}, or {LONGEST_TRUST} with a higher"
            " quota. Use fewer statements, or several IAM roles."
        )


def check_forms(forms: Iterator[Form] | list[Form]) -> None:
    """Refuse the first value that does not match; None is left alone."""
    for option, value, form, message in forms:
        if value is not None and not form.fullmatch(value):
            raise ValidationError(f"{option}: {value!r} is {message}")


def _list_forms(options: dict[str, Any]) -> Iterator[Form]:
    policy = options.get("policy", {})
    yield "role_name", options.get("role_name"), NAME, NOT_NAME.format("role", 64)
    yield "path", options.get("path"), PATH, NOT_PATH
    yield "permissions_boundary", options.get("permissions_boundary") or None, POLICY_ARN, NOT_POLICY_ARN
    yield "policy.name", policy.get("name"), POLICY_NAME, NOT_NAME.format("policy", 128)
    yield "policy.path", policy.get("path"), PATH, NOT_PATH
    for arn in options.get("policy_arns", []):
        yield "policy_arns", arn, POLICY_ARN, NOT_POLICY_ARN
    for name in options.get("inline_policies", {}):
        yield "inline_policies", name, POLICY_NAME, NOT_NAME.format("policy", 128)


def parse_role_documents(options: dict[str, Any]) -> dict[str, Any]:
    """The options with policy documents as documents, whether they were written as mappings or as JSON text."""
    found = dict(options)
    if "inline_policies" in options:
        rows = options["inline_policies"].items()
        found["inline_policies"] = {
            name: parse_document(document, f"inline_policies.{name}") for name, document in rows
        }
    if "document" in options.get("policy", {}):
        policy = options["policy"]
        found["policy"] = {**policy, "document": parse_document(policy["document"], "policy.document")}
    return found
