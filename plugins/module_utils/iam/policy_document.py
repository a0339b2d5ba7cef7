# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""IAM policy documents: one form in which two that mean the same are equal, and the trust of a service account. Pure.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
"""

from __future__ import annotations

import re
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.aws.policy_documents import (
    VERSION,
    as_list,
    normalize_statement,
    parse_document,
)

WEB_IDENTITY = "sts:AssumeRoleWithWebIdentity"
PODS = "pods.eks.amazonaws.com"
EKS_PROVIDER = ":oidc-provider/oidc.eks."
ACCOUNT = re.compile(r"\d{12}")


# trust


def build_subject(namespace: str, account: str) -> str:
    """The ``sub`` claim of a service account's tokens."""
    return f"system:serviceaccount:{namespace}:{account}"


def build_web_identity_trust(provider: str, subjects: list[str], audience: str, patterns: bool) -> dict[str, Any]:
    """The trust by which service accounts of a cluster assume a role.

    Args:
        provider: ARN of the cluster's IAM OIDC provider.
        subjects: ``sub`` claims, patterns of them with ``patterns``.
    """
    issuer = get_issuer(provider)
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


def get_issuer(provider: str) -> str:
    """The issuer's host and path in an OIDC provider's ARN: the prefix of its condition keys."""
    return provider.partition(":oidc-provider/")[2]


def build_pod_identity_trust() -> dict[str, Any]:
    """The trust by which EKS Pod Identity assumes a role for pods, session tags included.

    https://docs.aws.amazon.com/eks/latest/userguide/pod-id-role.html
    """
    statement = {"Effect": "Allow", "Principal": {"Service": PODS}, "Action": ["sts:AssumeRole", "sts:TagSession"]}
    return {"Version": VERSION, "Statement": [statement]}


def merge_trust(current: Any, wanted: dict[str, Any], everything: bool) -> dict[str, Any]:
    """The wanted trust beside what the role's current one says of others.

    Statements that let in pods by another way always stay: clusters share a role, and IRSA and pod identity do. With ``everything``
    all else goes; without, every statement stays whose principal is not the wanted one.
    """
    kept = [row for row in list_other_statements(current, wanted) if not everything or _allows_pods(row)]
    return {**wanted, "Statement": [*wanted["Statement"], *kept]} if kept else wanted


def list_other_statements(current: Any, mine: dict[str, Any]) -> list[dict[str, Any]]:
    """The statements of a role's trust that speak of others than the principal of this trust."""
    principal = normalize_statement(mine["Statement"][0])["Principal"]
    rows = as_list(parse_document(current, "trust policy")["Statement"])
    return [row for row in rows if normalize_statement(row).get("Principal") != principal]


def _allows_pods(row: dict[str, Any]) -> bool:
    principal = row.get("Principal")
    if not isinstance(principal, dict) or len(principal) != 1:
        return False
    federated = principal.get("Federated")
    return principal.get("Service") == PODS or (isinstance(federated, str) and EKS_PROVIDER in federated)


def trusts(document: Any, provider: str) -> bool:
    """Whether any statement of a trust names the provider."""
    rows = as_list(parse_document(document, "trust policy")["Statement"])
    return any(
        provider in as_list(row["Principal"].get("Federated", []))
        for row in rows
        if isinstance(row.get("Principal"), dict)
    )


def list_subjects(document: Any, provider: str) -> list[str]:
    """The ``sub`` claims, or patterns of them, that a trust allows of a provider's tokens."""
    key = f"{get_issuer(provider)}:sub"
    rows = as_list(parse_document(document, "trust policy")["Statement"])
    mine = [
        row
        for row in rows
        if isinstance(row.get("Principal"), dict) and provider in as_list(row["Principal"].get("Federated", []))
    ]
    conditions = [test for row in mine for test in (row.get("Condition") or {}).values()]
    return sorted({subject for test in conditions for subject in as_list(test.get(key, []))})
