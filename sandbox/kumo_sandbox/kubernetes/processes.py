"""Child processes that cannot outlive the sandbox: each in a separate session, recorded, and killed with us."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

# The kernel sends the death signal when the *thread* that started a child ends, so one thread starts them all
# and lives as long as we do.
_STARTER = ThreadPoolExecutor(max_workers=1, thread_name_prefix="kumo-starter")

# Runs in the child before the program itself: ask for SIGKILL on the parent's death, unless that already happened.
_WRAPPER = """
import ctypes, os, sys
ctypes.CDLL(None).prctl(1, 9)
if os.getppid() != int(sys.argv[1]):
    sys.exit("the parent is gone")
os.execv(sys.argv[2], sys.argv[2:])
"""


class Processes:
    """The processes of one folder: NAME.log takes a program's output, NAME.pid its process id."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        folder.mkdir(parents=True, exist_ok=True)

    def start(self, name: str, command: Sequence[str], environment: Mapping[str, str] | None = None) -> None:
        """Start a program (command[0] is its absolute path) as ``name``."""
        process = _STARTER.submit(self._spawn, name, command, environment or {}).result()
        (self.folder / f"{name}.pid").write_text(str(process.pid))
        self._running[name] = process

    @property
    def pids(self) -> dict[str, int]:
        """Name and process id of those that run."""
        return {name: process.pid for name, process in self._running.items() if process.poll() is None}

    def ended(self) -> list[str]:
        """Names of those that ended by themselves."""
        return [name for name, process in self._running.items() if process.poll() is not None]

    def last_lines(self, name: str, count: int = 10) -> str:
        """The end of a program's log."""
        return "\n".join((self.folder / f"{name}.log").read_text(errors="replace").splitlines()[-count:])

    def stop(self) -> None:
        """Kill them all and forget them; a cluster's data outlives that, and nobody needs it after the sandbox."""
        for process in self._running.values():
            process.kill()
        for name, process in self._running.items():
            process.wait()
            (self.folder / f"{name}.pid").unlink(missing_ok=True)
        self._running.clear()

    def _spawn(self, name: str, command: Sequence[str], environment: Mapping[str, str]) -> subprocess.Popen[bytes]:
        with (self.folder / f"{name}.log").open("ab") as log:
            return subprocess.Popen(
                [*_bind_to_parent(), *command],
                cwd=self.folder,
                env={"PATH": os.defpath, "HOME": str(self.folder), **environment},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )


def measure_resident_mib(pids: Sequence[int]) -> float:
    """Resident memory of these processes together in MiB, as far as /proc tells."""
    return sum(_read_resident_kib(pid) for pid in pids) / 1024


def kill_recorded(folder: Path) -> list[int]:
    """Kill what earlier runs recorded under ``folder`` (searched deeply); the process ids that were still alive.

    A process id that by now belongs to a stranger is left alone: ours name ``folder`` on their command line.
    """
    killed = []
    for record in sorted(folder.rglob("*.pid")):
        pid = int(record.read_text() or 0)
        if pid and str(record.parent) in _read_command_line(pid):
            os.kill(pid, signal.SIGKILL)
            killed.append(pid)
        record.unlink(missing_ok=True)
    return killed


def _bind_to_parent() -> list[str]:
    if sys.platform != "linux":
        return []
    return [sys.executable, "-I", "-S", "-c", _WRAPPER, str(os.getpid())]


def _read_resident_kib(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("VmRSS")), 0)


def _read_command_line(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ")
    except OSError:
        return ""
