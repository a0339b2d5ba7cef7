"""Runs a command to its end and leaves nothing of it behind.

Usage: nanny.py COMMAND [ARGUMENT ...]; ends with the command's exit code. What the command left running, servers that
became daemons included, is ended and waited for, so that the processor time of this process's children is all of it.
"""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

PR_SET_CHILD_SUBREAPER = 36  # prctl(2): orphans among the descendants become our children
PATIENCE = 10.0  # seconds that what is left may take to end


def children() -> list[int]:
    """The processes whose parent is this one, as Linux lists them."""
    return [int(word) for word in Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()]


def reap() -> None:
    """Wait for the children that have ended."""
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        return


def end_rest() -> None:
    """End what the command left running: politely, then not."""
    end = time.monotonic() + PATIENCE
    told: set[int] = set()
    while left := children():
        late = time.monotonic() > end
        for pid in left:
            if late or pid not in told:
                os.kill(pid, signal.SIGKILL if late else signal.SIGTERM)
                told.add(pid)
        time.sleep(0.05)
        reap()


def wait_for(command: int) -> int:
    """The command's exit code. Orphans that end before it are reaped at once, as init does: a test may wait for their end."""
    while True:
        pid, status = os.wait()
        if pid == command:
            return os.waitstatus_to_exitcode(status)


def main(command: list[str]) -> int:
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    # A shell that starts the gate with & lets it ignore SIGINT, and whoever tests an interruption would wait for ever.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    process = subprocess.Popen(command)
    code = process.returncode = wait_for(process.pid)
    end_rest()
    return code if code >= 0 else 128 - code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
