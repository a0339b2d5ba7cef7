"""A new instance profile is not known to EC2 at once.

https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot.html#troubleshoot_general_eventual-consistency
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from moto.iam.models import IAMBackend

from kumo_sandbox import durations
from kumo_sandbox.moto_fixes.hooks import around
from kumo_sandbox.moto_fixes.runtime import runtime


@around(IAMBackend, "create_instance_profile")
def create_instance_profile(original: Callable[..., Any], *args: Any, **options: Any) -> Any:
    """Remember from when on EC2 knows the profile."""
    profile = original(*args, **options)
    profile.known_at = runtime.agenda.clock.after(durations.IAM_PROPAGATION)
    return profile
