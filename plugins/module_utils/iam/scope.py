# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where IAM roles are made, and for which cluster. Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property


@dataclass(frozen=True)
class IamScope:
    """The account whose roles are managed, and the cluster they are made for.

    Args:
        owner: key of the tag that marks what is made for the cluster.
        find_account: called once, and only where an ARN is needed that IAM did not answer.
        provider_arn: the cluster's OIDC provider, where its pods assume roles.
    """

    partition: str
    owner: str
    find_account: Callable[[], str]
    provider_arn: str = ""

    @cached_property
    def account(self) -> str:
        """The account's number."""
        return self.find_account()

    def build_role_arn(self, name: str, path: str = "/") -> str:
        """The ARN that a role of this name has or will have."""
        return f"arn:{self.partition}:iam::{self.account}:role{path}{name}"

    def build_policy_arn(self, name: str, path: str = "/") -> str:
        """The ARN that a customer-managed policy has or will have."""
        return f"arn:{self.partition}:iam::{self.account}:policy{path}{name}"

    def build_profile_arn(self, name: str, path: str = "/") -> str:
        """The ARN that an instance profile has or will have."""
        return f"arn:{self.partition}:iam::{self.account}:instance-profile{path}{name}"
