# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""IAM principals by their ARNs, and the user names that they have in a cluster. Pure."""

from __future__ import annotations

import re

# A role or a user with its path, or the account's root user: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html
PRINCIPAL = re.compile(r"arn:aws[\w-]*:iam::\d{12}:(root|(role|user)/([\x21-\x7e]+/)?[\w+=,.@-]+)", re.ASCII)
SESSION_ARN = re.compile(r"arn:(aws[\w-]*):sts::(\d{12}):assumed-role/([\w+=,.@-]+)/.+", re.ASCII)
SERVICE_LINKED = ":role/aws-service-role/"
SESSION_NAME = "{{SessionName}}"


def get_kind(arn: str) -> str:
    """ "role", "user", "root", or the like."""
    return arn.rpartition(":")[2].partition("/")[0]


def get_name(arn: str) -> str:
    """The name of a role or user, without its path."""
    return arn.rpartition("/")[2]


def get_account(arn: str) -> str:
    """The account of an ARN, "" where the text is none."""
    return (*arn.split(":"), "", "", "", "", "")[4]


def build_role_arn_of_session(arn: str) -> str:
    """The ARN of the role of a session, as far as the session shows it: without the role's path. "" for any other text."""
    found = SESSION_ARN.fullmatch(arn)
    return f"arn:{found[1]}:iam::{found[2]}:role/{found[3]}" if found else ""


def strip_path(arn: str) -> str:
    """The ARN of a role without its path; other ARNs as they are."""
    return re.sub(r":role/(?:.*/)?([^/]+)$", r":role/\1", arn)


def is_caller(principal: str, caller: str) -> bool:
    """Whether a principal is the one behind the ARN of GetCallerIdentity, where the session of a role has lost its path."""
    role = build_role_arn_of_session(caller)
    return strip_path(principal) == role if role else principal == caller


def build_username(principal: str) -> str:
    """The user name that EKS gives an access entry of type STANDARD that sets none.

    https://docs.aws.amazon.com/eks/latest/userguide/creating-access-entries.html
    """
    if get_kind(principal) != "role":
        return principal
    partition = principal.split(":")[1]
    return f"arn:{partition}:sts::{get_account(principal)}:assumed-role/{get_name(principal)}/{SESSION_NAME}"


def fill_username(template: str, session: str, account: str = "") -> str:
    """A user name or group as a session of a role has it: https://github.com/kubernetes-sigs/aws-iam-authenticator."""
    values = {"SessionName": session.replace("@", "-"), "SessionNameRaw": session}
    if account:
        values["AccountID"] = account
    return re.sub(r"\{\{(\w+)\}\}", lambda match: values.get(match[1], match[0]), template)
