# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether the principals and access policies that entries name exist, looked up before anything is sent."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.aws.denials import find_if_allowed, look_if_allowed
from ansible_collections.kumo.eks.plugins.module_utils.core.principals import get_account, get_kind, get_name
from ansible_collections.kumo.eks.plugins.module_utils.core.validation import suggest_name
from ansible_collections.kumo.eks.plugins.module_utils.eks.access_entry import list_available_policies
from ansible_collections.kumo.eks.plugins.module_utils.iam.base import find_patiently

LOST = "it was not checked whether the principals of new access entries exist in IAM"


def describe_principal(iam: Any, arn: str) -> str | None:
    """The ARN of the role or user of this name, with its path; None where IAM has none."""
    name = get_name(arn)
    if get_kind(arn) == "role":
        return find_patiently(lambda: iam.get_role(RoleName=name)["Role"]["Arn"])
    return find_patiently(lambda: iam.get_user(UserName=name)["User"]["Arn"])


def find_missing_principal(iam: Any, option: str, arn: str) -> Iterator[str]:
    """A role or user that does not exist, or that has another path."""
    found = describe_principal(iam, arn)
    kind = "role" if get_kind(arn) == "role" else "user"
    if found is None:
        yield f"{option}: IAM {kind} {arn} does not exist. Check its name, or create it first."
    elif found != arn:
        yield f"{option}: IAM {kind} {arn} does not exist. The one of this name is {found}. Use this ARN."


class PrincipalCheck:
    """What is looked up for the entries of a task. Threads may share it.

    Args:
        get_iam: makes boto3's client.
        account: of the cluster. IAM of other accounts cannot be asked.
        is_plan: whether the task only plans, so that an earlier task may be about to create the principal.
    """

    def __init__(self, eks: Any, get_iam: Callable[[], Any], account: str, is_plan: bool) -> None:
        self._eks, self._get_iam, self._account, self._is_plan = eks, get_iam, account, is_plan
        self._lock = threading.Lock()
        self._policies: list[str] | None = None

    def find_problems(self, desired: dict[str, Any], raw: dict[str, Any] | None) -> Iterator[str]:
        """What EKS would refuse of an entry that is to be created or changed, by what the account has."""
        arn = desired["principal_arn"]
        if (
            raw is None
            and not self._is_plan
            and self._account == get_account(arn)
            and get_kind(arn) in ("role", "user")
        ):
            yield from find_if_allowed(lambda: find_missing_principal(self._get_iam(), "principal_arn", arn), LOST)
        for number, row in enumerate(desired.get("access_policies") or []):
            known = self._list_policies()
            if known and row["policy_arn"] not in known:
                names = [policy.rpartition("/")[2] for policy in known]
                name = row["policy_arn"].rpartition("/")[2]
                yield (
                    f"access_policies[{number}].policy_arn: EKS has no access policy {name}.{suggest_name(name, names)}"
                    " aws eks list-access-policies shows all."
                )

    def _list_policies(self) -> list[str]:
        """The ARNs of all access policies, asked for once; empty where the caller may not ask."""
        with self._lock:
            if self._policies is None:
                rows = look_if_allowed(
                    lambda: list_available_policies(self._eks),
                    [],
                    "eks:ListAccessPolicies",
                    "it was not checked whether EKS has the access policies",
                )
                self._policies = [row["arn"] for row in rows]
            return self._policies
