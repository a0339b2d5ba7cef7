"""moto's WSGI application for all services."""

from __future__ import annotations

from typing import Any


def build_moto() -> Any:
    """The application. It raises NotImplementedError for a service that moto does not have."""
    from moto.moto_server.werkzeug_app import DomainDispatcherApplication

    return DomainDispatcherApplication(_create_backend)


def _create_backend(service: str | None) -> Any:
    """The application of one service; moto finds no name for a service that it does not have, and would fail."""
    from moto.moto_server.werkzeug_app import create_backend_app

    if service is None:
        raise NotImplementedError("the service is unknown")
    return create_backend_app(service)
