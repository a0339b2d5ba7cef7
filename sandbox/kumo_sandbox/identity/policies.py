"""What a caller's policies say: identity policies of users, groups and roles, permissions boundaries and session policies.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from kumo_sandbox.partitions import read_partition
from kumo_sandbox.principals import find_session, get_iam_backend
from kumo_sandbox.trust import as_list, concerns, match_conditions, match_wildcards

Document = dict[str, Any]
# How AWS says why: https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html
NOT_ALLOWED = "because no identity-based policy allows the {action} action"
EXPLICIT = "with an explicit deny in an identity-based policy"
BOUNDARY = "because no permissions boundary allows the {action} action"
EXPLICIT_BOUNDARY = "with an explicit deny in a permissions boundary"
SESSION = "because no session policy allows the {action} action"
EXPLICIT_SESSION = "with an explicit deny in a session policy"


@dataclass(frozen=True)
class Caller:
    """A principal and the documents that decide what it may do; a boundary and a session policy only narrow."""

    arn: str
    identity: list[Document]
    boundary: Document | None = None
    session: Document | None = None
    context: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def explain_denial(self, action: str, resource: str, context: Mapping[str, Sequence[str]]) -> str:
        """Why the caller may not do this, in AWS' words; "" where it may."""
        keys = {key.lower(): values for key, values in {**self.context, **context}.items()}
        checks = [(self.identity, EXPLICIT, NOT_ALLOWED)]
        checks += [([self.boundary], EXPLICIT_BOUNDARY, BOUNDARY)] if self.boundary else []
        checks += [([self.session], EXPLICIT_SESSION, SESSION)] if self.session else []
        effects = [(collect_effects(documents, action, resource, keys), *words) for documents, *words in checks]
        for found, explicit, _missing in effects:
            if "Deny" in found:
                return explicit
        return next((missing.format(action=action) for found, _, missing in effects if "Allow" not in found), "")


def collect_effects(
    documents: Iterable[Document], action: str, resource: str, context: Mapping[str, Sequence[str]]
) -> set[str]:
    """The effects of all statements that fit; the keys of ``context`` are in lower case."""
    return {
        str(statement.get("Effect"))
        for document in documents
        for statement in as_list(document.get("Statement"))
        if concerns(statement, action) and covers(statement, resource) and match_conditions(statement, context)
    }


def covers(statement: dict[str, Any], resource: str) -> bool:
    """Whether the statement is about the resource. What an action without resources asks for, "*", only "*" covers."""
    if "NotResource" in statement:
        return not any(match_wildcards(resource, each) for each in as_list(statement["NotResource"]))
    return any(match_wildcards(resource, each) for each in as_list(statement.get("Resource")))


def build_caller(key: Any, arn: str) -> Caller:
    """The owner of an access key.

    Args:
        key: moto's ``IAMUserAccessKey`` or ``AssumedRoleAccessKey``.
    """
    from moto.iam.access_control import IAMPolicy

    identity = [IAMPolicy(policy)._policy_json for policy in key.collect_policies()]
    if ":assumed-role/" not in arn:
        name = arn.rsplit("/", 1)[-1]
        return Caller(arn, identity, context={"aws:PrincipalArn": [arn], "aws:username": [name]})
    role = get_iam_backend(read_partition(arn)).get_role(arn.split("/")[1])
    session = find_session(key._access_key_id)
    policy = getattr(session, "policy", None)
    return Caller(
        arn,
        identity,
        find_document(role.permissions_boundary_arn) if role.permissions_boundary_arn else None,
        json.loads(policy) if policy else None,
        {"aws:PrincipalArn": [role.arn]},
    )


def find_document(arn: str) -> Document:
    """A managed policy's default version; one that is gone allows nothing."""
    from moto.iam.access_control import IAMPolicy

    policy = get_iam_backend(read_partition(arn)).managed_policies.get(arn)
    return IAMPolicy(policy)._policy_json if policy else {"Statement": []}
