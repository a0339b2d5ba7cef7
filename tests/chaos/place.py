# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A sandbox in which things are seen late, and the playbooks run and killed against it as a user does it."""

from __future__ import annotations

import contextlib
import json
import os
import re
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from unittest import mock

from chaos.declarations import Declaration
from support.account.comparison import normalize
from support.account.kubernetes import list_cluster
from support.account.listing import list_account
from support.account.pages import Listing
from support.process_tree import kill_when
from support.warm import Commands

from kumo_sandbox import Sandbox, durations
from kumo_sandbox.faults import is_changing
from kumo_sandbox.toolchain import binaries

SPEED = 60  # of the clock: a control plane is created in 9 seconds
# Seconds by the true clock; SPEED lets the sandbox's own pass before a module looks.
READ_LAG = 1.0
IAM_PROPAGATION = 3.0
TASK = re.compile(r"^TASK \[(.*)\]", re.MULTILINE)
CHANGED = re.compile(r"\bchanged=(\d+)")


class Broken(Exception):
    """What chaos left behind does not converge."""


@dataclass
class Run:
    """The end of a playbook."""

    code: int
    output: str

    @property
    def tasks(self) -> list[str]:
        return TASK.findall(self.output)

    @property
    def changed(self) -> int:
        found = CHANGED.search(self.output.partition("PLAY RECAP")[2])
        return int(found[1]) if found else -1

    def assert_ok(self) -> Run:
        if self.code:
            raise Broken(f"the run ended with {self.code}:\n{self.output[-6000:]}")
        return self

    def assert_failed(self, *words: str) -> Run:
        if not self.code or any(text not in self.output for text in words):
            raise Broken(
                f"the run ended with {self.code}, and must fail with {', '.join(words)}:\n{self.output[-6000:]}"
            )
        return self

    def assert_unchanged(self) -> Run:
        if self.assert_ok().changed:
            raise Broken(f"there was still something to change:\n{self.output[-6000:]}")
        return self


class Place:
    """The account of one declaration.

    Args:
        folder: for what Ansible and Helm write.
    """

    def __init__(self, sandbox: Sandbox, commands: Commands, folder: Path, declaration: Declaration) -> None:
        self.sandbox, self.declaration = sandbox, declaration
        self._commands, self._folder = commands, folder
        self._variables = dict(declaration.variables)
        if declaration.kubernetes:
            self._variables["eks_helm_binary_path"] = str(binaries.ensure(["helm"])["helm"])

    def play(self, playbook: str, **more: object) -> Run:
        """Run it to its end."""
        log = self._folder / "run.log"
        process = self._start(playbook, log, more)
        return Run(process.wait(), log.read_text())

    def kill(self, playbook: str, condition: Callable[[str], bool]) -> Run | None:
        """Run it until the condition holds of what it has printed, and kill it with all it started; None where it ends before."""
        log = self._folder / "killed.log"
        process = self._start(playbook, log, {})
        if not kill_when(lambda: condition(log.read_text()), process, self._commands.servers):
            return None
        return Run(-1, log.read_text())

    def _start(self, playbook: str, log: Path, more: dict[str, object]) -> subprocess.Popen[str]:
        variables = json.dumps({"eks_teardown_confirm": "{{ eks_cluster_name }}", **self._variables, **more})
        command = [str(self._commands.playbook), "-i", "localhost,", f"kumo.eks.{playbook}", "-e", variables]
        env = {
            **{key: value for key, value in os.environ.items() if not key.startswith(("AWS_", "ANSIBLE_"))},
            **self.sandbox.env,
            **{f"HELM_{kind}_HOME": str(self._folder / "helm" / kind) for kind in ("CACHE", "CONFIG", "DATA")},
            "ANSIBLE_HOME": str(self._folder / "ansible"),
            "ANSIBLE_LOCALHOST_WARNING": "false",
            "ANSIBLE_NOCOLOR": "1",
        }
        with log.open("w") as screen:
            return subprocess.Popen(
                command, env=env, cwd=self._folder, stdin=subprocess.DEVNULL, stdout=screen, stderr=screen, text=True
            )

    def list_account(self) -> Listing:
        """What there is in the account."""
        return list_account(self.sandbox.client)

    def list_everything(self) -> Listing:
        """What there is in the account and in its clusters, in the same words for accounts that were made alike."""
        found = self.list_account()
        if self.declaration.kubernetes:
            assert self.sandbox.kubernetes
            for cluster in found["clusters"]:
                found |= list_cluster(str(self.sandbox.kubernetes.kubeconfig(cluster["arn"])))
        return normalize(found)

    def count_changing_calls(self) -> int:
        """Those that AWS has done since the last time. A new role is refused, so often as a run asks too early."""
        done = [row for row in self.sandbox.calls() if int(str(row["status"])) < 400]
        number = sum(is_changing(str(row["operation"])) for row in done)
        self.sandbox.recorder.clear()
        return number


@contextlib.contextmanager
def see_late(sandbox: Sandbox) -> Iterator[None]:
    """Let the clock move, and reads and new roles trail writes for longer than a module needs for its next call."""
    late = {"READ_LAG": SPEED * READ_LAG, "IAM_PROPAGATION": SPEED * IAM_PROPAGATION}
    with mock.patch.multiple(durations, **late):
        sandbox.clock.set_speed(SPEED)
        try:
            yield
        finally:
            sandbox.clock.set_speed("instant")
