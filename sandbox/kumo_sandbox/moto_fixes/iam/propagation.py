"""A new role is not known to other services at once.

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
