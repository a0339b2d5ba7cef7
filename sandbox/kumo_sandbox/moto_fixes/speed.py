"""What moto finds out again for each request, though it never changes: half of the time of a call that describes something. And what
it makes though nobody can use it.
"""

from __future__ import annotations

import functools
from typing import Any

from moto import backends
from moto.core import responses
from moto.kms import models as kms


@functools.cache
def list_services() -> tuple[str, ...]:
    """The names of moto's services, which are folders of it."""
    return tuple(_list_services())


_list_services = backends.list_of_moto_modules
backends.list_of_moto_modules = list_services
responses.method_names_from_class = functools.cache(responses.method_names_from_class)


def generate_private_key(key_spec: str) -> Any:
    """The private key of an asymmetric pair. A symmetric key has none, and moto would make one of RSA, which takes 50 ms."""
    return None if key_spec == "SYMMETRIC_DEFAULT" else _generate_private_key(key_spec)


_generate_private_key = kms.generate_private_key
kms.generate_private_key = generate_private_key
