# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Helm's command line: argument lists, no shell, and no secret in an argument. The only user of kubernetes.core.

kubernetes.core finds Helm and its version. Its modules are not run: a token passed to them is one value for the
whole task (valid for 15 minutes), they put passwords on the command line, and their comparison does not see
what --set or a template changed.
"""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from ansible_collections.kubernetes.core.plugins.module_utils.helm import AnsibleHelmModule

from ansible_collections.kumo.eks.plugins.module_utils.aws.module import AnsibleAWSModule
from ansible_collections.kumo.eks.plugins.module_utils.core.errors import EksError, MissingSoftware
from ansible_collections.kumo.eks.plugins.module_utils.helm.supervisor import Supervisor

OLDEST = (3, 14)  # the first version with --reset-then-reuse-values
WATCH_INTERVAL = 5.0  # seconds between two calls of ``watch``
FIRST_WATCH = 1.5
GRACE = 30  # seconds Helm has to end by itself and mark its release failed; killed outright it would leave it pending


class HelmError(EksError):
    """Helm failed; ``stderr`` is what it wrote to its standard error."""

    kind = "helm-failed"

    def __init__(self, action: str, stderr: str, code: int) -> None:
        super().__init__(f"{action}: {stderr or f'Helm exited with code {code} and no message'}", rc=code)
        self.stderr = stderr

    @property
    def is_missing(self) -> bool:
        """Whether the release does not exist (any more)."""
        return "release: not found" in self.stderr

    @property
    def is_crash(self) -> bool:
        """Whether Go's runtime ended Helm, so that nobody works on the release any more.

        Helm 4 may panic where a wait ends just when it looks at a pod that found no node for 15 seconds: the status check that
        kstatus scheduled sends on a closed channel (fluxcd/cli-utils, pkg/kstatus/watcher/object_status_reporter.go).
        """
        return self.facts["rc"] == 2 and "\ngoroutine " in self.stderr


class Stopped(BaseException):
    """The module received SIGTERM. Not an Exception: no handler of failures may catch it."""


class Helm(AnsibleHelmModule):
    """Runs Helm in the environment that ``open_cluster_helm`` or ``open_local_helm`` made. Safe to use from several threads.

    Args:
        module: the Ansible module.
        folder: a folder (0700) for files of the task; it is removed with the task.
        supervisor: ends Helm processes that change something when the module is killed.
        get_token: returns a valid token; None where there is no cluster.
    """

    def __init__(
        self, module: AnsibleAWSModule, folder: str, supervisor: Supervisor, get_token: Callable[[], str] | None = None
    ) -> None:
        super().__init__(module=module)
        self.folder, self._supervisor = folder, supervisor
        self._get_token = get_token
        self._lock = threading.Lock()
        self._running: set[subprocess.Popen[bytes]] = set()
        self._is_stopped = False
        self._binary = self.get_helm_binary()
        self.is_v4 = self._read_major_version() >= 4

    def _read_major_version(self) -> int:
        """Helm's major version.

        Raises:
            EksError: it is older than the oldest that is supported.
        """
        version = self.get_helm_version()
        match = re.match(r"(\d+)\.(\d+)", version or "")
        if match is None:
            raise MissingSoftware(f"binary_path: {self._binary} does not report a Helm version")
        if (int(match[1]), int(match[2])) < OLDEST:
            raise MissingSoftware(f"binary_path: Helm {version} is too old. Use {OLDEST[0]}.{OLDEST[1]} or later")
        return int(match[1])

    def run(
        self,
        *args: str,
        action: str = "",
        stdin: str | None = None,
        env: Mapping[str, str] | None = None,
        watch: Callable[[], None] | None = None,
        refresh_token: bool = False,
    ) -> str:
        """Run ``helm args`` and return its standard output.

        Args:
            action: what the message of a failure begins with.
            stdin: what the command reads, for secrets.
            env: environment variables of this command.
            watch: called every few seconds while the command runs, for a command that changes something.
            refresh_token: the command may run longer than a token is valid. It gets none, and the exec credential of
                the kubeconfig mints them.

        Raises:
            HelmError: it failed.
        """
        environment = dict(env or {})
        if self._get_token and not refresh_token:
            environment["HELM_KUBETOKEN"] = self._get_token()
        with _watching(watch):
            code, out, err = self._execute(args, stdin, environment, changes_something=watch is not None)
        if code:
            raise HelmError(action or f"helm {shlex.join(args[:2])}", _clean_error(err or out), code)
        return out

    def _execute(
        self, args: tuple[str, ...], stdin: str | None, env: dict[str, str], changes_something: bool
    ) -> tuple[int, str, str]:
        started: list[subprocess.Popen[bytes]] = []

        def register(process: subprocess.Popen[bytes]) -> None:
            started.append(process)
            self._register(process, changes_something)

        try:
            return self.run_command(
                [self._binary, *args],
                data=stdin.encode() if stdin else None,
                binary_data=True,
                environ_update=env,
                expand_user_and_vars=False,
                before_communicate_callback=register,
            )
        except BaseException:
            _end_processes(started)
            raise
        finally:
            self._unregister(started, changes_something)

    def _register(self, process: subprocess.Popen[bytes], changes_something: bool) -> None:
        with self._lock:
            self._running.add(process)
            is_stopped = self._is_stopped
        if changes_something:
            self._supervisor.follow(process.pid)
        if is_stopped:
            process.terminate()

    def _unregister(self, processes: list[subprocess.Popen[bytes]], changes_something: bool) -> None:
        for process in processes:
            with self._lock:
                self._running.discard(process)
            if changes_something:
                self._supervisor.forget(process.pid)

    def stop(self) -> None:
        """End all Helm processes that other threads run, and those they start from now on."""
        with self._lock:
            self._is_stopped = True
            running = list(self._running)
        _end_processes(running)

    def read_json(self, *args: str, action: str = "", env: Mapping[str, str] | None = None) -> Any:
        """The output of ``helm args --output json``."""
        return json.loads(self.run(*args, "--output", "json", action=action, env=env) or "null")


@contextmanager
def _watching(watch: Callable[[], None] | None) -> Iterator[None]:
    """Call ``watch`` every few seconds beside the block."""
    if watch is None:
        yield
        return
    ended = threading.Event()

    def repeat() -> None:
        pause = FIRST_WATCH
        while not ended.wait(pause):
            watch()
            pause = WATCH_INTERVAL

    watcher = threading.Thread(target=repeat, daemon=True)
    watcher.start()
    try:
        yield
    finally:
        ended.set()
        watcher.join(WATCH_INTERVAL)  # a call that waits for an answer is not waited for


def _end_processes(processes: list[subprocess.Popen[bytes]]) -> None:
    """End Helm so that it can mark its release failed; killed outright it would leave it pending."""
    for process in processes:
        process.terminate()
    until = time.monotonic() + GRACE
    for process in processes:
        try:
            process.wait(max(0.1, until - time.monotonic()))
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _clean_error(text: str) -> str:
    """Helm's message without its log lines and the word Error."""
    lines = [line for line in text.strip().splitlines() if not line.startswith(("level=", "WARNING:", "time="))]
    return "\n".join(lines or text.strip().splitlines()).removeprefix("Error: ")


def compute_age(timestamp: str, now: float | None = None) -> float:
    """Seconds since a time as Helm prints it (2026-11-24T10:53:09.371221572Z, or with an offset)."""
    text = timestamp.replace("Z", "+00:00")
    head, dot, tail = text.partition(".")
    if dot:
        digits = len(tail) - len(tail.lstrip("0123456789"))
        text = f"{head}.{tail[: min(digits, 6)]}{tail[digits:]}"
    return (time.time() if now is None else now) - datetime.fromisoformat(text).timestamp()
