"""Managed policies: sizes, versions, and what keeps them from being deleted.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
"""

from __future__ import annotations

import threading
from typing import Any

from moto.iam.exceptions import DeleteConflictException, LimitExceededException, NotFoundException
from moto.iam.models import IAMBackend, ManagedPolicy
from moto.iam.responses import IamResponse

from kumo_sandbox.moto_fixes.hooks import Method, around, before
from kumo_sandbox.moto_fixes.iam.names import check_name, check_path, check_tags

MOST_CHARACTERS = 6144
_ONE_AT_A_TIME = threading.Lock()
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


@around(ManagedPolicy, "attach_to")
def attach_once(original: Method, policy: Any, entity: Any) -> None:
    """An attachment that exists is no other one: moto counts it again, and the policy could never be deleted.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_AttachRolePolicy.html has no error for it.
    """
    with _ONE_AT_A_TIME:
        if policy.arn not in entity.managed_policies:
            original(policy, entity)


@around(ManagedPolicy, "detach_from")
def detach_once(original: Method, policy: Any, entity: Any) -> None:
    """One of two requests at the same moment detaches it."""
    with _ONE_AT_A_TIME:
        if policy.arn not in entity.managed_policies:
            raise NotFoundException(f"Policy {policy.arn} was not found.")
        original(policy, entity)


@before(IAMBackend, "delete_policy")
def check_deletion(backend: Any, policy_arn: str) -> None:
    """A policy that is attached or has versions stays."""
    policy = backend.get_policy(policy_arn)
    if policy.attachment_count:
        raise DeleteConflictException(ATTACHED)
    if len(policy.versions) > 1:
        raise DeleteConflictException(VERSIONS)
