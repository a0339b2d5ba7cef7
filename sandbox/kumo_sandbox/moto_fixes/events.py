"""What Amazon EventBridge takes as a rule's name, and what becomes of the tags of a rule that exists.

https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutRule.html (Name; "If you are updating an existing rule, any tags you
specify in the PutRule operation are ignored")
"""

from __future__ import annotations

import re
from typing import Any

from moto.events.exceptions import ValidationException
from moto.events.models import EventsBackend

from kumo_sandbox.moto_fixes.hooks import Method, around

NAME = r"[\.\-_A-Za-z0-9]+"
LONGEST = 64


@around(EventsBackend, "put_rule")
def put_rule(original: Method, backend: Any, name: str, **options: Any) -> Any:
    constraint = ""
    if len(name) > LONGEST:
        constraint = f"Member must have length less than or equal to {LONGEST}"
    elif not re.fullmatch(NAME, name):
        constraint = f"Member must satisfy regular expression pattern: {NAME}"
    if constraint:
        raise ValidationException(
            f"1 validation error detected: Value '{name}' at 'name' failed to satisfy constraint: {constraint}"
        )
    bus = backend._get_event_bus(backend._normalize_event_bus_arn(options.get("event_bus_arn")))
    if name in bus.rules:
        options["tags"] = None
    return original(backend, name=name, **options)
