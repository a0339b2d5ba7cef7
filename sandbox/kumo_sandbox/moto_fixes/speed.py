"""What moto finds out again for each request, though it never changes: half of the time of a call that describes something."""

from __future__ import annotations

import functools

from moto import backends
from moto.core import responses


@functools.cache
def list_services() -> tuple[str, ...]:
    """The names of moto's services, which are folders of it."""
    return tuple(_list_services())


_list_services = backends.list_of_moto_modules
backends.list_of_moto_modules = list_services
responses.method_names_from_class = functools.cache(responses.method_names_from_class)
