# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The folder of a sandbox whose server dies."""

from __future__ import annotations

import subprocess
import sys

import pytest
import requests

from kumo_sandbox.state_dir import Failure, StateDir

CLAIM = """
import sys, time
from kumo_sandbox.state_dir import StateDir
StateDir(sys.argv[1]).claim()
print("claimed", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def folder(tmp_path):
    return StateDir(str(tmp_path / "state"))


@pytest.fixture
def server(folder):
    """A process that holds the folder and answers nothing, as one that is killed does in its last moments."""
    process = subprocess.Popen(
        [sys.executable, "-c", CLAIM, str(folder.folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout.readline() == "claimed\n"
    folder.write_facts({"pid": process.pid, "endpoint": "http://127.0.0.1:9"})
    yield process
    process.kill()
    process.wait()
    process.stdout.close()


def test_a_server_that_dies_while_it_is_asked_runs_no_more(folder, server, monkeypatch):
    def refuse(*_words, **_more):
        server.stdin.close()
        raise requests.ConnectionError("reset")

    monkeypatch.setattr(requests, "request", refuse)
    with pytest.raises(Failure, match="no sandbox runs"):
        folder.request("GET", "status")


def test_a_server_that_lives_and_does_not_answer_is_told(folder, server, monkeypatch):
    monkeypatch.setattr("kumo_sandbox.state_dir.DYING", 0.1)
    with pytest.raises(requests.ConnectionError):
        folder.request("GET", "status")
