"""Managed policies: sizes, versions, and what keeps them from being deleted.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
"""

from __future__ import annotations

from typing import Any

from moto.iam.exceptions import DeleteConflictException, LimitExceededException
from moto.iam.models import IAMBackend
from moto.iam.responses import IamResponse

from kumo_sandbox.moto_fixes.hooks import before
from kumo_sandbox.moto_fixes.iam.names import check_name, check_path, check_tags

MOST_CHARACTERS = 6144
ATTACHED = "Cannot delete a policy attached to entities."
VERSIONS = (
    "This policy has more than one version. Before you delete a policy, you must delete the policy's versions. "
    "The default version is deleted with the policy."
)


def count_characters(document: str) -> int:
    """IAM does not count white space when it calculates the size of a policy."""
    return len("".join(document.split()))


@before(IamResponse, "create_policy")
def check_policy(response: Any) -> None:
    check_name("policyName", response._get_param("PolicyName"), 128)
    check_path(response._get_param("Path"))
    check_tags(response._get_param("Tags"))
    check_size(response)


@before(IamResponse, "create_policy_version")
def check_size(response: Any) -> None:
    if count_characters(response._get_param("PolicyDocument", "")) > MOST_CHARACTERS:
        raise LimitExceededException(f"Cannot exceed quota for PolicySize: {MOST_CHARACTERS}")


@before(IAMBackend, "delete_policy")
def check_deletion(backend: Any, policy_arn: str) -> None:
    """A policy that is attached or has versions stays."""
    policy = backend.get_policy(policy_arn)
    if policy.attachment_count:
        raise DeleteConflictException(ATTACHED)
    if len(policy.versions) > 1:
        raise DeleteConflictException(VERSIONS)
