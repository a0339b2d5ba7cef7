"""Ends a process with everything that it has started, also what runs in sessions of its own.

ansible-core puts every worker into a session of its own (os.setsid in ansible/executor/process/worker.py), so a signal to
the process group of ansible-playbook leaves workers and their modules running.
"""

from __future__ import annotations

import contextlib
import os
import signal
import time
from pathlib import Path

PATIENCE = 10.0  # seconds until a killed process must be gone


def list_children() -> dict[int, list[int]]:
    """The children of every process, by /proc."""
    children: dict[int, list[int]] = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            # The name, in parentheses, may contain anything; the fields after it are the state and the parent.
            parent = int(path.read_text().rpartition(")")[2].split()[1])
            children.setdefault(parent, []).append(int(path.parent.name))
    return children


def stop_tree(root: int) -> list[int]:
    """Stop a process and all its descendants, so that none of them starts another one. Returns their ids."""
    stopped: list[int] = []
    waiting = [root]
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
    stopped = stop_tree(root)
    for pid in stopped:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    end = time.monotonic() + PATIENCE
    while any(is_alive(pid) for pid in stopped) and time.monotonic() < end:
        time.sleep(0.01)
    if left := [pid for pid in stopped if is_alive(pid)]:
        raise RuntimeError(f"processes {left} survived SIGKILL")
    return stopped
