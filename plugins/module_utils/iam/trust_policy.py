# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a role's trust policy allows: a service, or a service account's token, and if not, at which part it fails. Pure.

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


def list_statements(document: dict[str, Any], effect: str) -> list[Statement]:
    return [row for row in as_list(document["Statement"]) if row.get("Effect") == effect]


def list_federated(row: Statement) -> list[str]:
    """The web identity providers that a statement names."""
    principal = row.get("Principal")
    return as_list(principal.get("Federated", [])) if isinstance(principal, dict) else []


def list_principals(document: dict[str, Any]) -> list[str]:
    """All principals that the policy allows, for a message."""
    found: list[str] = []
    for row in list_statements(document, "Allow"):
        principal = row.get("Principal")
        found += (
            [str(who) for kind in principal.values() for who in as_list(kind)] if isinstance(principal, dict) else ["*"]
        )
    return sorted(set(found))


def list_providers(document: dict[str, Any]) -> list[str]:
    """The web identity providers that the policy allows."""
    return sorted({str(who) for row in list_statements(document, "Allow") for who in list_federated(row)})


def _list_services(row: Statement) -> list[str]:
    principal = row.get("Principal")
    return as_list(principal.get("Service", [])) if isinstance(principal, dict) else []


def is_allowed(document: dict[str, Any], wanted: Statement) -> bool:
    """Whether a trust policy allows the service of a statement all of its actions.

    A condition (aws:SourceArn of a Fargate role) is the business of who wrote it, and does not count against. A denial does.
    """
    services, actions = as_list(wanted["Principal"]["Service"]), as_list(wanted["Action"])
    return all(_is_service_allowed(document, service, action) for service in services for action in actions)


def _is_service_allowed(document: dict[str, Any], service: str, action: str) -> bool:
    def names(row: Statement) -> bool:
        return service in _list_services(row) and has_action(row, action)

    denied = any(names(row) or _denies_all(row, action) for row in list_statements(document, "Deny"))
    return not denied and any(names(row) for row in list_statements(document, "Allow"))


def _denies_all(row: Statement, action: str) -> bool:
    everybody = row.get("Principal") == "*" or row.get("Principal") == {"AWS": "*"}
    return everybody and not row.get("Condition") and has_action(row, action)


def format_statement(row: Statement) -> str:
    """A statement of a trust policy in words: "eks.amazonaws.com to call sts:AssumeRole"."""
    return f"{', '.join(as_list(row['Principal']['Service']))} to call {' and '.join(as_list(row['Action']))}"


def has_action(row: Statement, action: str = WEB_IDENTITY) -> bool:
    """Whether the statement covers the action."""
    return any(matches(str(pattern), action, ignore_case=True) for pattern in as_list(row.get("Action", [])))


def matches(pattern: str, text: str, ignore_case: bool = False) -> bool:
    """IAM's wildcards: ``*`` and ``?``."""
    parts = [".*" if sign == "*" else "." if sign == "?" else re.escape(sign) for sign in pattern]
    return re.fullmatch("".join(parts), text, re.IGNORECASE | re.DOTALL if ignore_case else re.DOTALL) is not None


def list_conditions(row: Statement, key: str) -> list[tuple[str, list[str]]]:
    """(operator, values) of a condition key; case does not matter in keys."""
    return [
        (operator, [str(value) for value in as_list(values)])
        for operator, pairs in (row.get("Condition") or {}).items()
        for name, values in pairs.items()
        if name.lower() == key.lower()
    ]


def admits(row: Statement, key: str, value: str) -> bool:
    """Whether the statement's conditions on this key allow the value; without a condition every value is allowed.

    An operator that does not compare text is not judged, and counts as fulfilled.
    """
    return all(_holds(operator, wanted, value) for operator, wanted in list_conditions(row, key))


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


def list_condition_keys(row: Statement) -> list[str]:
    return sorted({name for pairs in (row.get("Condition") or {}).values() for name in pairs})
