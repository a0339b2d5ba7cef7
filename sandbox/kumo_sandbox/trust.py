"""A role's trust policy, as STS reads it for one caller, and the parts of a statement that every policy has.

Elements and operators:
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

log = logging.getLogger("kumo_sandbox")
Context = Mapping[str, Sequence[str]]  # condition key -> its values


def is_allowed(document: dict[str, Any], action: str, principal: tuple[str, str], context: Context) -> bool:
    """Whether some statement allows the caller and none denies.

    Args:
        principal: (kind, value) as in the policy: ("Federated", provider ARN), ("Service", "pods.eks.amazonaws.com").
        context: the condition keys that the request carries.
    """
    lowered = {key.lower(): values for key, values in context.items()}
    fitting = {
        str(statement.get("Effect"))
        for statement in as_list(document.get("Statement"))
        if _fits(statement, action, principal, lowered)
    }
    return "Allow" in fitting and "Deny" not in fitting


def _fits(statement: dict[str, Any], action: str, principal: tuple[str, str], context: Context) -> bool:
    denies = statement.get("Effect") == "Deny"
    return (
        concerns(statement, action)
        and _list_names(statement, principal, denies)
        and match_conditions(statement, context)
    )


def match_conditions(statement: dict[str, Any], context: Context) -> bool:
    """Whether all conditions of a statement hold; the keys of ``context`` are in lower case."""
    return all(
        _match_condition(operator, key, wanted, context, statement.get("Effect") == "Deny")
        for operator, keys in (statement.get("Condition") or {}).items()
        for key, wanted in keys.items()
    )


def concerns(statement: dict[str, Any], action: str) -> bool:
    """Whether a statement is about the action; actions are compared without case."""
    if "NotAction" in statement:
        return not any(match_wildcards(action.lower(), each.lower()) for each in as_list(statement["NotAction"]))
    return any(match_wildcards(action.lower(), each.lower()) for each in as_list(statement.get("Action")))


def _list_names(statement: dict[str, Any], principal: tuple[str, str], denies: bool) -> bool:
    """Whether the principal is meant. Everybody ("*") counts in a denial; a federated or service caller is allowed by name."""
    kind, value = principal
    named = statement.get("Principal") or {}
    if named == "*" or (isinstance(named, dict) and "*" in as_list(named.get("AWS"))):
        return denies
    if "NotPrincipal" in statement:
        return denies and value not in as_list(statement["NotPrincipal"].get(kind))
    return value in as_list(named.get(kind))


def _match_condition(operator: str, key: str, wanted: Any, context: Context, denies: bool) -> bool:
    """Whether one condition holds; one that is not known here holds back an Allow and lets a Deny count."""
    have = context.get(key.lower())
    words = re.fullmatch(r"(?:(ForAnyValue|ForAllValues):)?(\w+?)(IfExists)?", operator)
    quantifier, name, if_exists = words.groups() if words else (None, operator, None)
    values = [str(each) for each in as_list(wanted)]
    if name == "Null":
        return (have is None) == (values[0].lower() == "true")
    negated = "Not" in name
    test = OPERATORS.get(name.replace("Not", ""))
    if test is None:
        log.warning("the condition operator %s of a policy is not known to the sandbox", operator)
        return denies
    if have is None:
        return bool(if_exists) or negated or quantifier == "ForAllValues"
    hits = [any(test(value, each) for each in values) for value in have]
    if quantifier == "ForAllValues":
        return all(hit != negated for hit in hits)
    return (not any(hits)) if negated else any(hits)


def match_wildcards(value: str, pattern: str) -> bool:
    """* is any characters, ? is one."""
    parts = (".*" if each == "*" else "." if each == "?" else re.escape(each) for each in pattern)
    return re.fullmatch("".join(parts), value, re.DOTALL) is not None


def as_list(value: Any) -> list[Any]:
    return [] if value is None else list(value) if isinstance(value, list) else [value]


OPERATORS: dict[str, Callable[[str, str], bool]] = {
    "StringEquals": lambda value, wanted: value == wanted,
    "StringEqualsIgnoreCase": lambda value, wanted: value.lower() == wanted.lower(),
    "StringLike": match_wildcards,
    "ArnEquals": match_wildcards,
    "ArnLike": match_wildcards,
    "Bool": lambda value, wanted: value.lower() == wanted.lower(),
}
