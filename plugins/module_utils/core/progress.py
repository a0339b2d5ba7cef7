# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Waits in the middle of a module: shown on the screen while they last, and in the task's result.

A module has no screen. Where the controller runs it (plugin_utils/installed_modules.py), the lines that it writes to standard error with
MARK before them are shown at once. Elsewhere nothing is written, and the action shows from the result what was waited for.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any, TextIO

from ansible_collections.kumo.eks.plugins.module_utils.core.watcher import format_duration

MARK = "kumo.eks progress: "
RESULT = "waits"  # the key of a task's result
HEARTBEAT = 30.0  # seconds between two lines while nothing changes


class Progress:
    """What a module has to tell. Safe for threads, for the items of a list wait at the same time."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._screen: TextIO | None = None
        self._waits: list[dict[str, Any]] = []

    def show_on(self, stream: TextIO) -> None:
        """Write lines to a stream from now on."""
        self._screen = stream

    def tell(self, line: str) -> None:
        """Write a line, where somebody shows it."""
        with self._lock:
            if self._screen:
                self._screen.write(MARK + " ".join(line.split()) + "\n")
                self._screen.flush()

    def add(self, wait: dict[str, Any]) -> None:
        """Remember a wait that has ended, for the result."""
        with self._lock:
            self._waits.append(wait)

    def take_waits(self) -> list[dict[str, Any]]:
        """The waits that have ended: resource, reason, seconds. They are not given twice."""
        with self._lock:
            waits, self._waits = self._waits, []
            return waits


PROGRESS = Progress()  # of the module that this process runs


class Wait:
    """One wait.

    Args:
        resource: what waits, like "node group general".
        reason: why it waits, as a clause.
        clock: a monotonic clock, in seconds.
    """

    def __init__(self, resource: str, reason: str, clock: Callable[[], float] | None = None) -> None:
        self._resource, self._reason, self._clock = resource, reason, clock or time.monotonic
        self._began = self._spoke = self._clock()
        PROGRESS.tell(f"{resource}: waiting, because {reason}")

    def go_on(self) -> None:
        """Tell now and then that the wait lasts."""
        now = self._clock()
        if now - self._spoke >= HEARTBEAT:
            self._spoke = now
            PROGRESS.tell(f"{self._resource}: still waiting after {format_duration(now - self._began)}")

    def end(self, is_over: bool) -> None:
        """Tell how long it took, and keep it for the result.

        Args:
            is_over: whether what was waited for has come. Otherwise the failure says it.
        """
        seconds = self._clock() - self._began
        if is_over:
            PROGRESS.tell(f"{self._resource}: goes on after {format_duration(seconds)}")
        PROGRESS.add({"resource": self._resource, "reason": self._reason, "seconds": round(seconds, 1)})


def format_wait(wait: dict[str, Any]) -> str:
    """A wait of a result in a line."""
    return f"{wait['resource']}: waited for {format_duration(wait['seconds'])}, because {wait['reason']}"
