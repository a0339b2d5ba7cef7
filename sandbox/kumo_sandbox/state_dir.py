"""The state folder of one sandbox, and who may do what with it when several commands come at once.

Two locks of the kernel (gone with the process that holds them, however it ends):

- ``command.lock``: `up` and `down` of one folder go one after the other.
- ``server.lock``: held by the server as long as it lives; it holds the server's process id.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import requests

PATIENCE = 180.0  # seconds that `up` and `down` wait for the server
DYING = 5.0  # seconds that a killed process may take to be gone


class Failure(Exception):
    """What ends a command, in words."""


class StateDir:
    """server.json says where the server answers and who it is; server.log is its log, clusters/ the control planes'."""

    def __init__(self, folder: str) -> None:
        self.folder = Path(folder).expanduser().absolute()
        self.clusters = self.folder / "clusters"
        self.log = self.folder / "server.log"
        self._facts = self.folder / "server.json"
        self._server_lock = self.folder / "server.lock"

    def read_facts(self) -> dict[str, Any] | None:
        """What the running server wrote, None where none runs or it is still starting."""
        try:
            facts = json.loads(self._facts.read_text())
        except (OSError, ValueError):
            return None
        return facts if facts["pid"] == self.find_server() else None

    def require_facts(self) -> dict[str, Any]:
        facts = self.read_facts()
        if facts is None:
            raise Failure(f"no sandbox runs with the state folder {self.folder}; start one: kumo-sandbox up")
        return facts

    def write_facts(self, facts: dict[str, Any]) -> None:
        """In one go: a reader sees all of it or nothing."""
        draft = self._facts.with_suffix(".new")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)  # it holds the secret key
        with os.fdopen(descriptor, "w") as out:
            json.dump(facts, out)
        draft.replace(self._facts)

    def request(self, method: str, path: str, **words: Any) -> Any:
        facts = self.require_facts()
        try:
            answer = requests.request(method, f"{facts['endpoint']}/_sandbox/{path}", timeout=30, **words)
        except requests.ConnectionError:
            self._await_end(facts["pid"])
            self.require_facts()
            raise
        if answer.status_code >= 400:
            raise Failure(answer.text.strip())
        return answer.json()

    def _await_end(self, pid: int) -> None:
        """A server that was killed answers no more before the kernel has given its lock back."""
        end = time.monotonic() + DYING
        while self.find_server() == pid and time.monotonic() < end:
            time.sleep(0.1)

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Wait until no other command starts or stops a sandbox in this folder, which is there afterwards."""
        path = self.folder / "command.lock"
        while True:
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            try:
                file = path.open("a")
            except FileNotFoundError:  # a `down` took the folder away meanwhile
                continue
            with file:
                fcntl.flock(file, fcntl.LOCK_EX)
                if _is_same_file(path, file.fileno()):
                    yield
                    return

    def claim(self) -> None:
        """Be the server of this folder until the process ends; raises Failure where there is one."""
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        # a bare descriptor: a file object would be closed, and the lock lost, before the process has ended
        descriptor = os.open(self._server_lock, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(descriptor)
            raise Failure(f"a sandbox runs already with the state folder {self.folder}") from error
        os.ftruncate(descriptor, 0)
        os.write(descriptor, str(os.getpid()).encode())

    def find_server(self) -> int | None:
        """The process id of the server that lives, also while it is still starting."""
        try:
            with self._server_lock.open() as file:
                try:
                    fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
                except OSError:
                    return int(file.read() or 0) or None
        except OSError:
            pass
        return None

    def stop(self) -> bool:
        """End the server, killing it where it does not end by itself, and what it left; whether there was one."""
        pid = self.find_server()
        if pid:
            os.kill(pid, signal.SIGTERM)
            end = time.monotonic() + PATIENCE
            while self.find_server() == pid:
                if time.monotonic() > end:
                    os.kill(pid, signal.SIGKILL)
                time.sleep(0.1)
        self.clear()
        return pid is not None

    def clear(self) -> None:
        """Kill the control planes that a killed server left behind (on Linux the kernel did so already)."""
        if self.clusters.exists():
            from kumo_sandbox.kubernetes import clear

            clear(str(self.clusters))

    def delete(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)


def _is_same_file(path: Path, descriptor: int) -> bool:
    """Whether the open file is still the one of that name."""
    try:
        return os.path.samestat(path.stat(), os.fstat(descriptor))
    except FileNotFoundError:
        return False
