"""Whether IAM decides who may do what: moto's own switch, which its /moto-api/reset-auth turns too.

Without it every signed call is allowed, as moto does by default.
"""

from __future__ import annotations

import math


def enforced() -> bool:
    from moto import settings

    return settings.INITIAL_NO_AUTH_ACTION_COUNT != math.inf


def enforce(wanted: bool) -> None:
    """From the next call on. The switch is one for the process."""
    from moto import settings
    from moto.core.authorization import ActionAuthenticatorMixin

    settings.INITIAL_NO_AUTH_ACTION_COUNT = 0.0 if wanted else math.inf
    ActionAuthenticatorMixin.request_count = 0
