# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether a role's trust policy lets a service account's token in, and if not, at which part it stops. Pure.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
"""

from __future__ import annotations

import re
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.aws.policy_documents import as_list
from ansible_collections.kumo.eks.plugins.module_utils.iam.policy_document import WEB_IDENTITY

Statement = dict[str, Any]

OPERATOR = re.compile(
    r"(?:ForAnyValue:|ForAllValues:)?String(Not)?(Equals|Like|EqualsIgnoreCase)(IfExists)?", re.IGNORECASE
)


def statements(document: dict[str, Any], effect: str) -> list[Statement]:
    return [row for row in as_list(document["Statement"]) if row.get("Effect") == effect]


def federated(row: Statement) -> list[str]:
    """The web identity providers a statement speaks of."""
    principal = row.get("Principal")
    return as_list(principal.get("Federated", [])) if isinstance(principal, dict) else []


def principals(document: dict[str, Any]) -> list[str]:
    """Everybody whom the policy lets in, for a message."""
    found: list[str] = []
    for row in statements(document, "Allow"):
        principal = row.get("Principal")
        found += (
            [str(who) for kind in principal.values() for who in as_list(kind)] if isinstance(principal, dict) else ["*"]
        )
    return sorted(set(found))


def has_action(row: Statement) -> bool:
    """Whether the statement speaks of AssumeRoleWithWebIdentity."""
    return any(matches(str(action), WEB_IDENTITY, ignore_case=True) for action in as_list(row.get("Action", [])))


def matches(pattern: str, text: str, ignore_case: bool = False) -> bool:
    """IAM's wildcards: ``*`` and ``?``."""
    parts = [".*" if sign == "*" else "." if sign == "?" else re.escape(sign) for sign in pattern]
    return re.fullmatch("".join(parts), text, re.IGNORECASE | re.DOTALL if ignore_case else re.DOTALL) is not None


def conditions(row: Statement, key: str) -> list[tuple[str, list[str]]]:
    """(operator, values) of a condition key; case does not matter in keys."""
    return [
        (operator, [str(value) for value in as_list(values)])
        for operator, pairs in (row.get("Condition") or {}).items()
        for name, values in pairs.items()
        if name.lower() == key.lower()
    ]


def admits(row: Statement, key: str, value: str) -> bool:
    """Whether the statement's conditions on this key let the value in; no condition lets all in.

    An operator that does not compare text is not judged, and lets in.
    """
    return all(_holds(operator, wanted, value) for operator, wanted in conditions(row, key))


def _holds(operator: str, wanted: list[str], value: str) -> bool:
    match = OPERATOR.fullmatch(operator)
    if match is None:
        return True
    negated, kind, dummy = match.groups()
    fold = kind.lower() == "equalsignorecase"
    if kind.lower() == "like":
        found = any(matches(pattern, value) for pattern in wanted)
    else:
        found = any(value.lower() == one.lower() if fold else value == one for one in wanted)
    return found is not bool(negated)


def condition_keys(row: Statement) -> list[str]:
    return sorted({name for pairs in (row.get("Condition") or {}).values() for name in pairs})
