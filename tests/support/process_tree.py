"""Ends a process with everything that it has started, also what runs in sessions of its own.

ansible-core puts every worker into a session of its own (os.setsid in ansible/executor/process/worker.py), so a signal to
the process group of ansible-playbook leaves workers and their modules running.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterable
from pathlib import Path

PATIENCE = 10.0  # seconds until a killed process must be gone
PAUSE = 0.02  # seconds between looks


def list_children() -> dict[int, list[int]]:
    """The children of every process, by /proc."""
    children: dict[int, list[int]] = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            # The name, in parentheses, may contain anything; the fields after it are the state and the parent.
            parent = int(path.read_text().rpartition(")")[2].split()[1])
            children.setdefault(parent, []).append(int(path.parent.name))
    return children


def stop_trees(roots: Iterable[int]) -> list[int]:
    """Stop processes and all their descendants, so that none of them starts another one. Returns their ids."""
    stopped: list[int] = []
    waiting = list(roots)
    while waiting:
        pid = waiting.pop()
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGSTOP)
            stopped.append(pid)
            waiting += [child for child in list_children().get(pid, []) if child not in stopped]
    return stopped


def is_alive(pid: int) -> bool:
    """Whether a process runs; one that has ended and was not waited for does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def kill_tree(root: int) -> list[int]:
    """Kill a process and all its descendants (SIGKILL), and make sure that none of them is left. Returns their ids."""
    return _kill(stop_trees([root]))


def kill_run(process: subprocess.Popen[str], servers: Iterable[int] = ()) -> None:
    """Kill a command with all that it has started.

    Args:
        servers: those of support.warm.commands, whose children work for the command alone.
    """
    _kill(stop_trees([process.pid]))
    process.wait()
    end = time.monotonic() + PATIENCE
    while left := _list_workers(servers):
        _kill(stop_trees(left))
        if time.monotonic() > end:
            raise RuntimeError(f"the warm servers still have the children {left}")


def _list_workers(servers: Iterable[int]) -> list[int]:
    children = list_children()
    return [pid for server in servers for pid in children.get(server, []) if is_alive(pid)]


def kill_when(
    condition: Callable[[], bool], process: subprocess.Popen[str], servers: Iterable[int] = (), timeout: float = 600
) -> bool:
    """Kill a command with all that it has started once the condition holds; False where the command ends before.

    Raises TimeoutError when neither comes.
    """
    end = time.monotonic() + timeout
    while not condition():
        if process.poll() is not None:
            return False
        if time.monotonic() > end:
            kill_run(process, servers)
            raise TimeoutError(f"the command runs after {timeout} s, and the moment to kill it has not come")
        time.sleep(PAUSE)
    kill_run(process, servers)
    return True


def _kill(stopped: list[int]) -> list[int]:
    for pid in stopped:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    end = time.monotonic() + PATIENCE
    while any(is_alive(pid) for pid in stopped) and time.monotonic() < end:
        time.sleep(PAUSE)
    if left := [pid for pid in stopped if is_alive(pid)]:
        raise RuntimeError(f"processes {left} survived SIGKILL")
    return stopped
