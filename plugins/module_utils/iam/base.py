# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the resources of IAM have in common: no status, no update IDs, and reads that trail writes by seconds."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.aws.client import has_code, has_message
from ansible_collections.kumo.eks.plugins.module_utils.aws.denials import look_if_allowed
from ansible_collections.kumo.eks.plugins.module_utils.aws.lookups import ask_patiently
from ansible_collections.kumo.eks.plugins.module_utils.core.errors import NotThere, ValidationError
from ansible_collections.kumo.eks.plugins.module_utils.core.resource import Resource


class IamResource(Resource):
    """What is the same for all resources of IAM.

    Args:
        owner: key of the tag that a creation sets, and that marks what was made for the cluster.
    """

    def __init__(self, iam: Any, name: str, owner: str = "") -> None:
        self.iam, self.name, self.owner = iam, name, owner

    refusal = "IAM refused a principal of its trust policy"
    refusal_advice = "Check that each principal exists."

    def is_in_use(self, error: Exception) -> bool:
        """Somebody else changes it at this moment."""
        return has_code(error, "ConcurrentModification", "EntityTemporarilyUnmodifiable")

    def is_propagating(self, error: Exception) -> bool:
        """A principal that was just made is not yet known everywhere."""
        return has_code(error, "MalformedPolicyDocument") and has_message(error, "Invalid principal")

    def already_exists(self, error: Exception) -> bool:
        return has_code(error, "EntityAlreadyExists")

    def is_missing(self, error: Exception) -> bool:
        return has_code(error, "NoSuchEntity")


def get_or_none(ask: Callable[[], Any]) -> Any:
    """The answer, None for NoSuchEntity."""
    try:
        return ask()
    except Exception as error:
        if has_code(error, "NoSuchEntity"):
            return None
        raise


def find_patiently(ask: Callable[[], Any]) -> Any:
    """As get_or_none, of what the input names and an earlier task may have just made."""
    return get_or_none(lambda: ask_patiently(ask, "NoSuchEntity"))


def check_policies(iam: Any, arns: list[str], option: str, partition: str) -> None:
    """Refuse policies that are of another partition or that do not exist."""
    for arn in arns:
        if not arn.startswith(f"arn:{partition}:iam::"):
            raise ValidationError(
                f"{option}: {arn!r} is not the ARN of a policy in the partition {partition}. Use one like arn:{partition}:iam::..."
            )
        lost = f"it was not checked whether policy {arn} exists"
        look = partial(find_patiently, partial(iam.get_policy, PolicyArn=arn))
        if look_if_allowed(look, arn, "iam:GetPolicy", lost) is None:
            raise NotThere(f"{option}: policy {arn} does not exist. Check its name and path.")
