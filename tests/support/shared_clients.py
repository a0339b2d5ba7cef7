# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What botocore makes again for each session and client, made once: models, the methods of clients, names of events.

A module makes a session and clients of its own. This would be half of the time of its run.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

import botocore.session
from botocore.client import ClientCreator
from botocore.hooks import BaseEventHooks, EventAliaser
from botocore.model import ServiceModel

_find_discovery = ServiceModel.__dict__["endpoint_discovery_operation"]._fget
_write_class, _name_event = ClientCreator._create_client_class, EventAliaser._alias_event_name
_classes: dict[str, type] = {}
_names: dict[str, str] = {}
_discoveries: dict[str, Any] = {}


def _find_class(creator: ClientCreator, service: str, model: Any) -> type:
    if service not in _classes:
        _classes[service] = _write_class(creator, service, model)
    return _classes[service]


def _find_name(aliaser: EventAliaser, event: str) -> str:
    if event not in _names:
        _names[event] = _name_event(aliaser, event)
    return _names[event]


def _find_discovery_once(model: ServiceModel) -> Any:
    if model.service_name not in _discoveries:
        _discoveries[model.service_name] = _find_discovery(model)
    return _discoveries[model.service_name]


def list_replacements() -> Iterator[tuple[Any, str, Any]]:
    """Owner, name and replacement of each function of botocore."""
    yield botocore.session, "create_loader", cache(botocore.session.create_loader)
    yield ClientCreator, "_create_client_class", _find_class
    yield EventAliaser, "_alias_event_name", _find_name
    yield (
        BaseEventHooks,
        "_verify_accept_kwargs",
        lambda hooks, handler: None,
    )  # by inspect, of each handler of each client
    yield ServiceModel, "endpoint_discovery_operation", property(_find_discovery_once)  # looks at each operation
