"""A new role, and a new trust policy of a role, are not known to other services at once.

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
