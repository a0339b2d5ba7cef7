"""The chart repository as the server offers it; that its chart installs is for the Kubernetes side's tests."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import requests

from kumo_sandbox import Sandbox
from kumo_sandbox.toolchain import charts


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache."""
    monkeypatch.setenv("KUMO_SANDBOX_CACHE", str(tmp_path))
    return tmp_path


def get(sandbox: Sandbox, name: str) -> Any:
    return requests.get(f"{sandbox.endpoint}/_sandbox/charts/{name}", timeout=30)


def test_a_repository_that_is_not_fetched_says_what_to_run(sandbox, cache):
    answer = get(sandbox, "index.yaml")
    assert (answer.status_code, answer.text) == (
        404,
        "the chart repository is not fetched yet; fetch it: kumo-sandbox charts\n",
    )


def test_its_files_are_served_without_a_signature_and_nothing_else_is(sandbox, cache):
    folder = charts.get_repository()
    assert folder.parent == cache and "52c50467d67d" in folder.name
    folder.mkdir()
    (folder / "index.yaml").write_text("entries: {}\n")
    (folder / "a-1.0.0.tgz").write_bytes(b"\x1f\x8b")
    (cache / "secret").write_text("")
    assert sandbox.chart_repository == f"{sandbox.endpoint}/_sandbox/charts"
    assert get(sandbox, "index.yaml").text == "entries: {}\n"
    assert get(sandbox, "a-1.0.0.tgz").content == b"\x1f\x8b"
    for name in ("b-1.0.0.tgz", "..%2fsecret"):
        answer = get(sandbox, name)
        assert answer.status_code == 404 and "there are a-1.0.0.tgz, index.yaml" in answer.text
