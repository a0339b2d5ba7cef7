# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What tests of playbooks share: a playbook run as a user runs it, and what there is in the account."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from support import clock, process_tree
from support.account.listing import leave_out_remains, list_account
from support.account.pages import Listing
from support.playbook_of_a_role import write_role
from support.warm import Commands

from kumo_sandbox import Sandbox


@dataclass
class Run:
    """A playbook's end: what its recap counts, and all it printed."""

    recap: dict[str, int]
    output: str

    @property
    def changed(self) -> int:
        return self.recap["changed"]

    def assert_ok(self) -> Run:
        assert self.recap.get("failed") == 0, self.output
        return self

    def assert_unchanged(self) -> Run:
        assert (self.recap.get("failed"), self.recap.get("changed")) == (0, 0), self.output
        return self

    def assert_refused(self, *words: str) -> Run:
        assert self.recap.get("failed") == 1, self.output
        flat = re.sub(r"\s+", " ", self.output)
        assert [text for text in words if text not in flat] == [], self.output
        return self


@pytest.fixture(scope="module")
def standing() -> Iterator[Sandbox]:
    """A sandbox with Kubernetes, for the tests of a file that make it theirs."""
    with Sandbox(speed="instant", kubernetes=True) as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(sandbox: Sandbox) -> Iterator[Sandbox]:
    """An empty account on a clock that moves."""
    sandbox.clock.set_speed(clock.SPEED)
    yield sandbox
    sandbox.clock.set_speed("instant")


@pytest.fixture
def ground(sandbox: Sandbox, ground: dict[str, Any]) -> dict[str, Any]:
    """The ground of all tests, known everywhere and with its gateway available."""
    clock.settle(sandbox)
    return ground


Recap = dict[str, dict[str, int]]
# A teardown asks for the cluster's name. The tests of other things give it whichever it is.
CONFIRMED = {"kumo.eks.teardown": {"eks_teardown_confirm": "{{ eks_cluster_name }}"}}


@pytest.fixture
def play(sandbox: Sandbox, tmp_path: Path, commands: Commands) -> Callable[..., Run]:
    """Run a playbook: play("kumo.eks.site", "--check", eks_cluster_name="x") -> its Run. Nothing reads an ansible.cfg."""

    def run(name: str, *args: str, **variables: Any) -> Run:
        variables = {**CONFIRMED.get(name, {}), **variables}
        command = [str(commands.playbook), name, "-e", json.dumps(variables), *args]
        env = {**os.environ, "ANSIBLE_HOME": str(tmp_path / "home"), "ANSIBLE_NOCOLOR": "1"}
        done = subprocess.run(
            command, env=env, cwd=tmp_path, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
        )
        output = done.stdout + done.stderr
        recap = done.stdout.partition("PLAY RECAP")[2]
        counts = {key: int(value) for key, value in re.findall(r"(\w+)=(\d+)", recap)}
        assert (done.returncode == 0) == (counts.get("failed") == 0), output
        return Run(counts, output)

    return run


@pytest.fixture
def run_fleet(sandbox: Sandbox, tmp_path: Path, commands: Commands) -> Callable[..., tuple[Recap, str]]:
    """run_fleet("kumo.eks.site", "--limit", "x", eks_serial=2) -> (counts by host, output)."""
    folder = tmp_path / "inventory"
    folder.mkdir()

    def run(name: str, *args: str, **variables: Any) -> tuple[Recap, str]:
        command = [str(commands.playbook), "-i", str(folder), name, "-e", json.dumps(variables), *args]
        env = {**os.environ, "ANSIBLE_HOME": str(tmp_path / "home"), "ANSIBLE_NOCOLOR": "1"}
        done = subprocess.run(
            command, env=env, cwd=tmp_path, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
        )
        recap = re.findall(r"^(\S+) +: (ok=.*)$", done.stdout.partition("PLAY RECAP")[2], re.MULTILINE)
        counts = {host: {key: int(n) for key, n in re.findall(r"(\w+)=(\d+)", text)} for host, text in recap}
        return counts, done.stdout + done.stderr

    return run


@pytest.fixture
def play_role(play: Callable[..., Run], tmp_path: Path) -> Callable[..., Run]:
    """Run one role alone: play_role("eks_network", "--check", eks_cluster_name="x")."""

    return lambda role, *args, **variables: play(write_role(tmp_path, role), *args, **variables)


@pytest.fixture
def kill_when(sandbox: Sandbox, tmp_path: Path, commands: Commands) -> Callable[..., None]:
    """kill_when(condition, playbook, **variables): start a playbook, and kill it with all it started once the condition holds."""

    def run(condition: Callable[[], bool], playbook: str, **variables: Any) -> None:
        variables = {**CONFIRMED.get(playbook, {}), **variables}
        command = [str(commands.playbook), playbook, "-e", json.dumps(variables)]
        env = {**os.environ, "ANSIBLE_HOME": str(tmp_path / "home"), "ANSIBLE_NOCOLOR": "1"}
        log = tmp_path / "killed.log"
        with log.open("w") as screen:
            process = subprocess.Popen(
                command, env=env, cwd=tmp_path, stdin=subprocess.DEVNULL, stdout=screen, stderr=screen
            )
            assert process_tree.kill_when(condition, process, commands.servers), log.read_text()

    return run


@pytest.fixture
def account(sandbox: Sandbox) -> Callable[[], Listing]:
    """account() -> everything in the account with its settings, by kind, but what EKS creates and nobody deletes."""
    return lambda: leave_out_remains(list_account(sandbox.client))
