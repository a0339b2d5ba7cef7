"""A new role, its trust policy and its policies, and a new instance profile are not known to other services at once.

https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot.html#troubleshoot_general_eventual-consistency
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from moto.iam.models import IAMBackend

from kumo_sandbox import durations
from kumo_sandbox.moto_fixes.hooks import around
from kumo_sandbox.moto_fixes.runtime import runtime


@around(IAMBackend, "create_role")
def create_role(original: Callable[..., Any], *args: Any, **options: Any) -> Any:
    """Remember from when on other services know the role."""
    role = original(*args, **options)
    role.known_at = runtime.agenda.clock.after(durations.IAM_PROPAGATION)
    return role


@around(IAMBackend, "update_assume_role_policy")
def update_assume_role_policy(
    original: Callable[..., Any], backend: Any, role_name: str, *args: Any, **options: Any
) -> Any:
    """Remember the trust policy that other services still know, and until when."""
    role = backend.get_role(role_name)
    before = role.assume_role_policy_document
    answer = original(backend, role_name, *args, **options)
    role.trust_before, role.trust_known_at = before, runtime.agenda.clock.after(durations.IAM_PROPAGATION)
    return answer


@around(IAMBackend, "attach_role_policy")
def attach_role_policy(original: Callable[..., Any], backend: Any, policy_arn: str, role_name: str) -> None:
    """Remember from when on other services know that the role has the policy."""
    is_new = policy_arn not in backend.get_role(role_name).managed_policies
    original(backend, policy_arn, role_name)
    if is_new:
        _note(backend.get_role(role_name), policy_arn)


@around(IAMBackend, "put_role_policy")
def put_role_policy(original: Callable[..., Any], backend: Any, role_name: str, policy_name: str, text: str) -> None:
    """Remember from when on other services know the inline policy."""
    original(backend, role_name, policy_name, text)
    _note(backend.get_role(role_name), policy_name)


def _note(role: Any, policy: str) -> None:
    known_at = runtime.agenda.clock.after(durations.IAM_PROPAGATION)
    role.policies_known_at = {**getattr(role, "policies_known_at", {}), policy: known_at}


@around(IAMBackend, "create_instance_profile")
def create_instance_profile(original: Callable[..., Any], *args: Any, **options: Any) -> Any:
    """Remember from when on EC2 knows the instance profile."""
    profile = original(*args, **options)
    profile.known_at = runtime.agenda.clock.after(durations.IAM_PROPAGATION)
    return profile


@around(IAMBackend, "add_role_to_instance_profile")
def add_role_to_instance_profile(original: Callable[..., Any], backend: Any, profile_name: str, role_name: str) -> None:
    """Remember from when on EC2 knows the role of the instance profile."""
    original(backend, profile_name, role_name)
    known_at = runtime.agenda.clock.after(durations.IAM_PROPAGATION)
    backend.get_instance_profile(profile_name).role_known_at = known_at
