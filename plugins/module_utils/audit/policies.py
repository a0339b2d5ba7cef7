# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What policies allow: actions of IAM roles by their documents. Pure.

An action is allowed if a statement allows it and none denies it for all resources. Conditions of allowing statements are not judged: what is allowed
under a condition is reported with it. A permissions boundary limits what policies allow.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
"""

from __future__ import annotations

from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.aws.policy_documents import as_list

Row = dict[str, Any]
# Actions by which a principal gets the rights of others, alone or with one more call:
# https://docs.aws.amazon.com/IAM/latest/UserGuide/best-practices.html,
# https://github.com/RhinoSecurityLabs/AWS-IAM-Privilege-Escalation
ESCALATIONS = (
    "iam:AddUserToGroup",
    "iam:AttachGroupPolicy",
    "iam:AttachRolePolicy",
    "iam:AttachUserPolicy",
    "iam:CreateAccessKey",
    "iam:CreateLoginProfile",
    "iam:CreatePolicyVersion",
    "iam:PassRole",
    "iam:PutGroupPolicy",
    "iam:PutRolePolicy",
    "iam:PutUserPolicy",
    "iam:SetDefaultPolicyVersion",
    "iam:UpdateAssumeRolePolicy",
    "iam:UpdateLoginProfile",
    "sts:AssumeRole",
    "eks:CreateAccessEntry",
    "eks:AssociateAccessPolicy",
    "eks:CreatePodIdentityAssociation",
)
# Actions by which data of a whole account is read or destroyed
SENSITIVE = (
    "s3:GetObject",
    "s3:DeleteObject",
    "dynamodb:Scan",
    "secretsmanager:GetSecretValue",
    "ssm:GetParametersByPath",
    "kms:Decrypt",
    "rds:DeleteDBInstance",
    "ec2:TerminateInstances",
    "lambda:InvokeFunction",
    "sqs:ReceiveMessage",
)


def list_statements(document: Row) -> list[Row]:
    return [row for row in as_list(document.get("Statement") or []) if isinstance(row, dict)]


def covers(statement: Row, action: str) -> bool:
    """Whether a statement is about an action. Actions do not tell capital letters apart."""
    wanted = action.lower()
    if "NotAction" in statement:
        return not any(fnmatchcase(wanted, str(one).lower()) for one in as_list(statement["NotAction"]))
    return any(fnmatchcase(wanted, str(one).lower()) for one in as_list(statement.get("Action") or []))


def is_for_everything(statement: Row) -> bool:
    """Whether a statement is about all resources, or about all of a service."""
    if "NotResource" in statement:
        return True
    return any(_is_everything(str(one)) for one in as_list(statement.get("Resource") or []))


def _is_everything(resource: str) -> bool:
    if resource == "*":
        return True
    parts = resource.split(":", 5)
    return len(parts) == 6 and parts[5] in (
        "*",
        "*/*",
        "role/*",
        "user/*",
        "table/*",
        "secret:*",
        "key/*",
        "function:*",
    )


def is_denied(role: Row, action: str) -> bool:
    """Whether a statement without conditions denies an action for all resources."""
    return any(
        row.get("Effect") == "Deny"
        and not row.get("Condition")
        and "*" in as_list(row.get("Resource") or [])
        and covers(row, action)
        for policy in role["policies"]
        for row in list_statements(policy["document"])
    )


def is_in_boundary(role: Row, action: str) -> bool:
    """Whether the permissions boundary, where there is one, allows an action."""
    if role.get("boundary") is None:
        return True
    return any(row.get("Effect") == "Allow" and covers(row, action) for row in list_statements(role["boundary"]))


def find_grants(role: Row, action: str, whole: bool = True) -> Iterator[tuple[str, Row]]:
    """The name of the policy and the statement of each that allows an action.

    Args:
        whole: only statements about all resources.
    """
    if is_denied(role, action) or not is_in_boundary(role, action):
        return
    for policy in role["policies"]:
        for row in list_statements(policy["document"]):
            if row.get("Effect") == "Allow" and covers(row, action) and (not whole or is_for_everything(row)):
                yield policy["name"], row


def find_wildcards(role: Row) -> Iterator[tuple[str, str]]:
    """Name of the policy and the action of statements that allow everything, or everything of a service, for all resources."""
    for policy in role["policies"]:
        for row in list_statements(policy["document"]):
            if row.get("Effect") != "Allow" or not is_for_everything(row):
                continue
            if "NotAction" in row:
                yield policy["name"], f"NotAction {', '.join(map(str, as_list(row['NotAction'])))}"
            for action in map(str, as_list(row.get("Action") or [])):
                probe = action.replace("*", "Anything")
                if (
                    (action == "*" or action.endswith(":*"))
                    and not is_denied(role, probe)
                    and is_in_boundary(role, probe)
                ):
                    yield policy["name"], action


def is_administrator(role: Row) -> bool:
    """Whether a role may do everything."""
    return any(action == "*" for _name, action in find_wildcards(role))


def list_services(trust: Row) -> list[str]:
    """The services that a trust policy names."""
    return [one for row in list_statements(trust) for one in _list_principals(row, "Service")]


def _list_principals(statement: Row, kind: str) -> list[str]:
    principal = statement.get("Principal")
    return [str(one) for one in as_list(principal.get(kind) or [])] if isinstance(principal, dict) else []


def list_trusted(trust: Row) -> Iterator[tuple[str, Row]]:
    """Principals that a trust policy lets in, with the statement: accounts, ARNs, services, providers, or "*"."""
    for row in list_statements(trust):
        if row.get("Effect") != "Allow":
            continue
        if row.get("Principal") == "*":
            yield "*", row
        for kind in ("AWS", "Service", "Federated"):
            for one in _list_principals(row, kind):
                yield one, row
