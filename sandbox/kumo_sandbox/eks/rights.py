"""What a role may do, by its policies: AWS' and the user's own managed ones, inline ones, and its boundary.

Since October 2023 EKS asks for no policy by its name, and a role works by what its policies allow:
https://aws.amazon.com/about-aws/whats-new/2023/10/amazon-eks-customer-managed-iam-policies/
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator
from typing import Any

from kumo_sandbox.principals import ACCOUNT
from kumo_sandbox.trust import concerns

Document = dict[str, Any]


def find_missing(role: Any, actions: Iterable[str], now: float = math.inf) -> list[str]:
    """The actions that the role may not do. Which resources and conditions a statement names is not judged.

    Args:
        now: by the sandbox's clock; policies that other services do not know yet (moto_fixes/iam/propagation.py) allow nothing.
    """
    own, boundary = list(_list_documents(role, now)), _find_boundary(role)
    return [
        action for action in actions if not (_allows(own, action) and (boundary is None or _allows([boundary], action)))
    ]


def find_iam_role(arn: str) -> Any:
    """moto's role with this ARN, None where there is none."""
    return next((role for role in _find_backend(arn).roles.values() if role.arn == arn), None)


def has_provider(issuer: str, arn: str) -> str | None:
    """The ARN of the OIDC provider of an issuer, in the account and partition of a role."""
    name = issuer.removeprefix("https://")
    providers = _find_backend(arn).open_id_providers.values()
    return next((provider.arn for provider in providers if provider.url == name), None)


def _find_backend(arn: str) -> Any:
    from moto.iam.models import iam_backends

    return iam_backends[ACCOUNT][arn.split(":")[1]]


def _list_documents(role: Any, now: float) -> Iterator[Document]:
    known_at = getattr(role, "policies_known_at", {})
    for arn, policy in role.managed_policies.items():
        if known_at.get(arn, now) <= now:
            yield _read_managed(policy)
    for name, text in role.policies.items():
        if known_at.get(name, now) <= now:
            yield json.loads(text)


def _read_managed(policy: Any) -> Document:
    """The default version of a managed policy."""
    return next(json.loads(version.document) for version in policy.versions if version.is_default)


def _find_boundary(role: Any) -> Document | None:
    arn = role.permissions_boundary_arn
    if not arn:
        return None
    policies = _find_backend(role.arn).managed_policies.values()
    return next((_read_managed(policy) for policy in policies if policy.arn == arn), {"Statement": []})


def _allows(documents: list[Document], action: str) -> bool:
    fitting = [row for document in documents for row in _list_statements(document) if concerns(row, action)]
    return any(row["Effect"] == "Allow" for row in fitting) and not any(_denies(row) for row in fitting)


def _denies(statement: dict[str, Any]) -> bool:
    """A denial of some resources, or under a condition, is not one of all."""
    return (
        statement["Effect"] == "Deny" and statement.get("Resource") in ("*", ["*"]) and not statement.get("Condition")
    )


def _list_statements(document: Document) -> list[dict[str, Any]]:
    rows = document.get("Statement") or []
    return rows if isinstance(rows, list) else [rows]
