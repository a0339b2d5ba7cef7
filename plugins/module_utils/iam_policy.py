# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""IAM policy documents: one form in which two that mean the same are equal, and the trust of a service account. Pure.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
"""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import unquote

from ansible_collections.kumo.eks.plugins.module_utils.errors import Refused

VERSION = "2012-10-17"
WEB_IDENTITY = "sts:AssumeRoleWithWebIdentity"
PODS = "pods.eks.amazonaws.com"
EKS_PROVIDER = ":oidc-provider/oidc.eks."
SETS = ("Action", "NotAction", "Resource", "NotResource")
PRINCIPALS = ("Principal", "NotPrincipal")
ACCOUNT = re.compile(r"\d{12}")


def parsed(value: Any, option: str) -> dict[str, Any]:
    """A policy document from a dict, or from JSON text, also URL-encoded as IAM's API spells it.

    Raises:
        Refused: naming the option, where it is neither.
    """
    if isinstance(value, str):
        text = value.strip()
        try:
            value = json.loads(unquote(text) if text.startswith("%7B") else text)
        except ValueError as error:
            raise Refused(f"{option}: this is no JSON ({error}); wanted is a policy document.") from error
    if not isinstance(value, dict) or "Statement" not in value:
        raise Refused(f"{option}: {value!r} is no policy document; wanted is a mapping with Version and Statement.")
    return value


def canonical(document: Any) -> dict[str, Any] | None:
    """The document in the one form for comparing and showing; None stays None.

    The order of statements and of lists, one value or a list of one, and true or "true" in conditions make no
    difference to IAM, so they make none here.
    """
    if document is None:
        return None
    document = parsed(document, "policy document")
    statements = [_statement(row) for row in listed(document["Statement"])]
    found = {**document, "Version": document.get("Version", "2008-10-17")}  # IAM's own default
    return {**found, "Statement": sorted(statements, key=_sortable)}


def canonicals(documents: Any) -> dict[str, Any]:
    """Documents by name, each in the one form."""
    return {name: canonical(document) for name, document in sorted((documents or {}).items())}


def _statement(row: dict[str, Any]) -> dict[str, Any]:
    found = dict(row)
    for key in SETS:
        if key in found:
            found[key] = _plain_set(found[key])
    for key in PRINCIPALS:
        if isinstance(found.get(key), dict):
            found[key] = {kind: _plain_set([_root(v) for v in listed(who)]) for kind, who in found[key].items()}
        elif found.get(key) == "*":
            found[key] = {"AWS": "*"}
    if "Condition" in found:
        found["Condition"] = {
            operator: {key: _plain_set(value) for key, value in sorted(pairs.items())}
            for operator, pairs in sorted(found["Condition"].items())
        }
    return found


def _root(principal: Any) -> Any:
    """An account's number and the ARN of its root are one principal."""
    match = re.fullmatch(r"arn:aws[\w-]*:iam::(\d{12}):root", str(principal))
    return match.group(1) if match else principal


def listed(value: Any) -> list[Any]:
    """One value or a list of them, as a list."""
    return value if isinstance(value, list) else [value]


def _plain_set(value: Any) -> Any:
    """Sorted text without doubles; a list of one is its item."""
    items = sorted({("true" if v else "false") if isinstance(v, bool) else str(v) for v in listed(value)})
    return items[0] if len(items) == 1 else items


def _sortable(statement: dict[str, Any]) -> str:
    return json.dumps(statement, sort_keys=True)


# trust


def subject(namespace: str, account: str) -> str:
    """The ``sub`` claim of a service account's tokens."""
    return f"system:serviceaccount:{namespace}:{account}"


def web_identity_trust(provider: str, subjects: list[str], audience: str, patterns: bool) -> dict[str, Any]:
    """The trust by which service accounts of a cluster take a role.

    Args:
        provider: ARN of the cluster's IAM OIDC provider.
        subjects: ``sub`` claims, patterns of them with ``patterns``.
    """
    issuer = issuer_of(provider)
    same = {f"{issuer}:aud": audience}
    like = {f"{issuer}:sub": subjects[0] if len(subjects) == 1 else subjects}
    condition = {"StringEquals": same, "StringLike": like} if patterns else {"StringEquals": {**like, **same}}
    statement = {
        "Effect": "Allow",
        "Principal": {"Federated": provider},
        "Action": WEB_IDENTITY,
        "Condition": condition,
    }
    return {"Version": VERSION, "Statement": [statement]}


def issuer_of(provider: str) -> str:
    """The issuer's host and path in an OIDC provider's ARN: the prefix of its condition keys."""
    return provider.partition(":oidc-provider/")[2]


def pod_identity_trust() -> dict[str, Any]:
    """The trust by which EKS Pod Identity takes a role for pods, session tags included.

    https://docs.aws.amazon.com/eks/latest/userguide/pod-id-role.html
    """
    statement = {"Effect": "Allow", "Principal": {"Service": PODS}, "Action": ["sts:AssumeRole", "sts:TagSession"]}
    return {"Version": VERSION, "Statement": [statement]}


def trust_beside(current: Any, wanted: dict[str, Any], everything: bool) -> dict[str, Any]:
    """The wanted trust beside what the role's current one says of others.

    Statements that let in pods by another way always stay: clusters share a role, and IRSA and pod identity do. With ``everything``
    all else goes; without, every statement stays whose principal is not the wanted one.
    """
    kept = [row for row in trust_without(current, wanted) if not everything or _lets_in_pods(row)]
    return {**wanted, "Statement": [*wanted["Statement"], *kept]} if kept else wanted


def trust_without(current: Any, mine: dict[str, Any]) -> list[dict[str, Any]]:
    """The statements of a role's trust that speak of others than the principal of this trust."""
    principal = _statement(mine["Statement"][0])["Principal"]
    rows = listed(parsed(current, "trust policy")["Statement"])
    return [row for row in rows if _statement(row).get("Principal") != principal]


def _lets_in_pods(row: dict[str, Any]) -> bool:
    principal = row.get("Principal")
    if not isinstance(principal, dict) or len(principal) != 1:
        return False
    federated = principal.get("Federated")
    return principal.get("Service") == PODS or (isinstance(federated, str) and EKS_PROVIDER in federated)


def trusts(document: Any, provider: str) -> bool:
    """Whether any statement of a trust names the provider."""
    rows = listed(parsed(document, "trust policy")["Statement"])
    return any(
        provider in listed(row["Principal"].get("Federated", []))
        for row in rows
        if isinstance(row.get("Principal"), dict)
    )
