"""A sandbox, empty for each test."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from kumo_sandbox import Sandbox, durations


@pytest.fixture(autouse=True)
def no_lag(monkeypatch: pytest.MonkeyPatch) -> None:
    """Reads find at once what was made: service/test_lag.py has the tests of those that trail."""
    monkeypatch.setattr(durations, "READ_LAG", 0.0)


@pytest.fixture(scope="module")
def kumo_sandbox_options() -> dict[str, Any]:
    return {"speed": 1}


@pytest.fixture
def sandbox(kumo_sandbox: Sandbox) -> Sandbox:
    return kumo_sandbox


@pytest.fixture
def refused() -> Callable[..., str]:
    """Call and give the error as "Code: message"; a call that succeeds fails the test."""

    def call(method: Callable[..., Any], **params: Any) -> str:
        with pytest.raises(ClientError) as caught:
            method(**params)
        error = caught.value.response["Error"]
        return f"{error['Code']}: {error['Message']}"

    return call
