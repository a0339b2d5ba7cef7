# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Polling until a thing is as it should be, with a limit."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

from ansible_collections.kumo.eks.plugins.module_utils.core.errors import WaitTimedOut

T = TypeVar("T")

FIRST_PAUSE = 0.5  # seconds; grows, so that short waits end early and long ones ask seldom
LONGEST_PAUSE = 10.0


class Deadline:
    """A limit in seconds that several waits share."""

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
    """Look until it is done; returns what the last look saw.

    Args:
        look: returns (done, value, the state in words); raises to end the wait with a failure.
        what: what is waited for, for the message.
        longest_pause: seconds; the pauses grow up to it.

    Raises:
        WaitTimedOut: naming the limit and the last state.
    """
    pause = min(FIRST_PAUSE, longest_pause)
    while True:
        done, value, state = look()
        if done:
            return value
        left = deadline.seconds_left()
        if left <= 0:
            raise WaitTimedOut(
                f"{what} did not get there within {deadline.seconds:g} seconds; the last state seen: {state}."
                " It goes on in AWS: run again, or give a longer wait_timeout."
            )
        (sleep or time.sleep)(min(pause, left))
        pause = min(pause * 1.5, longest_pause)
