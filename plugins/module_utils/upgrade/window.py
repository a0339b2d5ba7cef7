# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Keeps the steps of an upgrade in maintenance windows: none begins outside of one, or in one that is too short for it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from ansible_collections.kumo.eks.plugins.module_utils.core.errors import GateClosed, ValidationError
from ansible_collections.kumo.eks.plugins.module_utils.core.progress import PROGRESS
from ansible_collections.kumo.eks.plugins.module_utils.core.specs.windows import build_window_spec
from ansible_collections.kumo.eks.plugins.module_utils.core.times import format_time
from ansible_collections.kumo.eks.plugins.module_utils.core.validation import suggest_name
from ansible_collections.kumo.eks.plugins.module_utils.core.watcher import format_duration
from ansible_collections.kumo.eks.plugins.module_utils.core.windows import (
    Opening,
    Window,
    build_windows,
    find_next,
    find_open,
    list_openings,
)
from ansible_collections.kumo.eks.plugins.module_utils.upgrade.durations import EXPECTED, estimate_seconds
from ansible_collections.kumo.eks.plugins.module_utils.upgrade.plan import Step
from ansible_collections.kumo.eks.plugins.module_utils.upgrade.state import ClusterState, Row

WAITING = "waiting_for_window"
LONGEST_PAUSE = 300.0  # seconds between two looks at the clock, which may be set meanwhile


def build_windows_spec() -> Row:
    """The options of a task that keeps to windows."""
    return dict(
        windows=dict(type="list", elements="dict", default=[], options=build_window_spec()),
        expected_minutes=dict(type="dict", default={}),
        wait_for_window=dict(type="bool", default=False),
    )


@dataclass
class WindowKeeper:
    """Says of a step whether it may begin now.

    Args:
        windows: without any, every step may.
        minutes: how long steps are expected to take, by their kind, over EXPECTED.
        wait: whether ``hold`` waits until the step may begin.
        clock: POSIX seconds.
    """

    windows: list[Window]
    minutes: dict[str, float] = field(default_factory=dict)
    wait: bool = False
    clock: Callable[[], float] = time.time
    sleep: Callable[[float], None] = time.sleep

    def find_wait(self, step: Step, state: ClusterState) -> Row | None:
        """Until when a step has to wait, None where it may begin now.

        Raises:
            ValidationError: no window is as long as the step.
        """
        if not self.windows:
            return None
        now, seconds = self.clock(), estimate_seconds(step, state, self.minutes)
        openings = list_openings(self.windows, now)
        current = find_open(openings, now)
        if current and current.ends - now >= seconds:
            return None
        coming = find_next(openings, now, seconds)
        if coming is None:
            raise GateClosed(_format_too_short(step, seconds, openings))
        return {
            "step": step.title,
            "expected_seconds": int(seconds),
            "reason": _format_reason(step, seconds, current, now),
            "opens": format_time(coming.begins),
            "closes": format_time(coming.ends),
            "opens_at": int(coming.begins),
        }

    def hold(self, row: Row) -> None:
        """Wait until the window opens."""
        while (left := row["opens_at"] - self.clock()) > 0:
            PROGRESS.tell(f"{row['reason']}; waiting for {row['opens']}, in {format_duration(left)}")
            self.sleep(min(left, LONGEST_PAUSE))


def _format_reason(step: Step, seconds: float, current: Opening | None, now: float) -> str:
    if current is None:
        return f"{step.title} is not begun outside of the maintenance windows"
    return (
        f"{step.title} is expected to take {format_duration(seconds)}, and the maintenance window closes in"
        f" {format_duration(current.ends - now)}"
    )


def _format_too_short(step: Step, seconds: float, openings: list[Opening]) -> str:
    longest = max((one.seconds for one in openings), default=0)
    if not longest:
        return "windows: all of them are over or excluded for more than a year. Nothing can be begun."
    return (
        f"windows: {step.title} is expected to take {format_duration(seconds)}, and no window is longer than"
        f" {format_duration(longest)}. Use a longer window, or set expected_minutes.{step.kind}."
    )


def format_wait(row: Row) -> str:
    """A wait as a sentence."""
    return f"{row['reason']}. The next window opens at {row['opens']} and closes at {row['closes']}."


def build_keeper(params: Row) -> WindowKeeper:
    """The WindowKeeper for the options of a task. Raises ValidationError, naming the option."""
    minutes = {}
    for kind, value in (params.get("expected_minutes") or {}).items():
        if kind not in EXPECTED:
            hint = suggest_name(kind, EXPECTED)
            raise ValidationError(f"expected_minutes: {kind!r} is not a kind of step.{hint} Use {', '.join(EXPECTED)}.")
        minutes[kind] = _read_minutes(kind, value)
    windows = build_windows("windows", params.get("windows") or [])
    return WindowKeeper(windows, minutes, bool(params.get("wait_for_window")))


def _read_minutes(kind: str, value: object) -> float:
    try:
        minutes = float(str(value))
    except ValueError:
        minutes = 0
    if not 0 < minutes < 7 * 24 * 60:
        raise ValidationError(f"expected_minutes.{kind}: {value!r} is not a number of minutes. Use one like 20.")
    return minutes
