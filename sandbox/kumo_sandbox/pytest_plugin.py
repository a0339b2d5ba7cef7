"""Fixtures for pytest: an account that is empty for each test, and boto3 and all other clients of AWS pointed to it.

pytest loads them where kumo-sandbox is installed. ``kumo_sandbox`` is the one that tests ask for. A test suite changes the others by defining
``kumo_sandbox_options``, and by the setting ``kumo_sandbox_scope``.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:  # moto takes a second to import; tests that need no sandbox do without it
    from kumo_sandbox.kept_account import KeptAccount
    from kumo_sandbox.sandbox import Sandbox

SCOPE = "kumo_sandbox_scope"
SCOPES = ("session", "module", "class", "function")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addini(SCOPE, f"how long one sandbox runs: {', '.join(SCOPES)}", default=SCOPES[0])


def read_scope(fixture_name: str, config: pytest.Config) -> Any:
    """The scope of the fixtures below; ``fixture_name`` is what pytest passes."""
    scope = config.getini(SCOPE)
    if scope not in SCOPES:
        raise pytest.UsageError(f"{SCOPE} {scope!r} is not valid. Use one of {', '.join(SCOPES)}")
    return scope


@pytest.fixture(scope=read_scope)
def kumo_sandbox_options() -> dict[str, Any]:
    """What the sandbox is started with: arguments of ``kumo_sandbox.Sandbox``. Define it again to change them."""
    return {}


@pytest.fixture(scope=read_scope)
def kumo_sandbox_server(kumo_sandbox_options: dict[str, Any]) -> Iterator[Sandbox]:
    """The running sandbox, with all that tests have done to it. ``kumo_sandbox`` is the same one, empty."""
    from kumo_sandbox.sandbox import Sandbox

    with Sandbox(**kumo_sandbox_options) as sandbox:
        yield sandbox


@pytest.fixture(scope=read_scope)
def kumo_sandbox_kept(kumo_sandbox_server: Sandbox) -> KeptAccount:
    """Keeps what fixtures build from one test to the next: ``kumo_sandbox_kept.build(request, work)``."""
    from kumo_sandbox.kept_account import KeptAccount

    return KeptAccount(kumo_sandbox_server)


@pytest.fixture
def kumo_sandbox(
    request: pytest.FixtureRequest,
    kumo_sandbox_options: dict[str, Any],
    kumo_sandbox_server: Sandbox,
    kumo_sandbox_kept: KeptAccount,
    monkeypatch: pytest.MonkeyPatch,
) -> Sandbox:
    """A sandbox whose account is empty but for what the test's other fixtures keep in it, and clients that are pointed to it."""
    kumo_sandbox_kept.begin(request)
    kumo_sandbox_server.clock.set_speed(kumo_sandbox_options.get("speed", "instant"))
    point_clients(kumo_sandbox_server, monkeypatch)
    return kumo_sandbox_server


def point_clients(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let clients find the sandbox, and nothing of an account that the user has: no profile, no session, no other endpoint."""
    import boto3

    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    nothing = {"AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull}
    for name, value in {**nothing, **sandbox.env}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)  # it has the keys of the sandbox before
