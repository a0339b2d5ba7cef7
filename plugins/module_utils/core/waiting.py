# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Polling with a time limit."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

from ansible_collections.kumo.eks.plugins.module_utils.core.errors import WaitTimedOut

T = TypeVar("T")

FIRST_PAUSE = 0.5  # seconds; grows, so that short waits end early and long ones poll rarely
LONGEST_PAUSE = 5.0
# Reads of AWS may trail its writes: see aws/consistency.py.
CATCH_UP = 60.0  # seconds within which reads have caught up with what this task made
PATIENCE = 7.5  # seconds for which what the input names, and is not there, is looked for again


class Deadline:
    """A time limit in seconds that several waits share."""

    def __init__(self, seconds: float, clock: Callable[[], float] | None = None) -> None:
        self.seconds = seconds
        self._clock = clock or time.monotonic
        self._end = self._clock() + seconds

    def seconds_left(self) -> float:
        return max(0.0, self._end - self._clock())


def poll(
    look: Callable[[], tuple[bool, T, str]],
    what: str,
    deadline: Deadline,
    sleep: Callable[[float], None] | None = None,
    longest_pause: float = LONGEST_PAUSE,
) -> T:
    """Call ``look`` until it is done, and return its last value.

    Args:
        look: returns (done, value, description of the state). An exception ends the wait.
        what: what is waited for, for the message.
        longest_pause: seconds. Pauses between two calls grow up to it.

    Raises:
        WaitTimedOut: with the limit and the last state.
    """
    pause = min(FIRST_PAUSE, longest_pause)
    while True:
        done, value, state = look()
        if done:
            return value
        left = deadline.seconds_left()
        if left <= 0:
            raise WaitTimedOut(
                f"{what} was not complete after {deadline.seconds:g} seconds. The last state was: {state}."
                " AWS continues the operation: run the task again to wait for it."
            )
        (sleep or time.sleep)(min(pause, left))
        pause = min(pause * 1.5, longest_pause)


def poll_for(look: Callable[[], tuple[bool, T]], seconds: float) -> T:
    """Call ``look`` until it is done, or for so many seconds, and return its last value either way.

    Args:
        look: returns (done, value). An exception ends the wait.
    """
    last: list[T] = []

    def observe() -> tuple[bool, T, str]:
        done, value = look()
        last[:] = [value]
        return done, value, ""

    try:
        return poll(observe, "", Deadline(seconds))
    except WaitTimedOut:
        return last[0]


def look_patiently(look: Callable[[], tuple[bool, T]]) -> T:
    """Look again for a moment where something is not there: an earlier task may have just made it."""
    return poll_for(look, PATIENCE)
