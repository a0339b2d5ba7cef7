"""What moto finds out again for each request, though it never changes: half of the time of a call that describes something. And what
it makes though nobody can use it.
"""

from __future__ import annotations

import functools
from typing import Any

from moto import backends
from moto.core import responses
from moto.ec2 import utils as ec2
from moto.kms import models as kms
from moto.moto_api._internal import mock_random


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


def choose_digits(size: int = 8) -> str:
    """The digits of an ID, at once: moto draws each by itself, which is a third of what it takes to make a volume."""
    return f"{mock_random.getrandbits(4 * size):0{size}x}"


ec2.random_resource_id = choose_digits
