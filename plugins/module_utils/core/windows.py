# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""When maintenance windows are open. Pure: the time is an argument.

A window begins at a time of day in its time zone, and lasts for its duration as a clock on the wall of a data center counts it: a
window of four hours has four hours also in the night in which the clocks are changed. A start that a change of the clocks skips is as
much later as the clocks are. One that comes twice is the first of both.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.core.specs.windows import (
    DAYS,
    LONGEST,
    find_windows_problems,
    parse_dates,
    parse_duration,
    parse_start,
    parse_timezone,
)
from ansible_collections.kumo.eks.plugins.module_utils.core.validation import raise_problems

Row = dict[str, Any]
HORIZON = timedelta(days=400)  # how far ahead is looked: exclusions may cover a year


@dataclass(frozen=True)
class Opening:
    """A time in which something may begin, in POSIX seconds. Windows that touch each other are one."""

    begins: float
    ends: float

    @property
    def seconds(self) -> float:
        return self.ends - self.begins


@dataclass(frozen=True)
class Window:
    """One window.

    Args:
        days: of its start, 0 is Monday.
        excluded: the first and the last of days on which it is closed, in its time zone.
    """

    days: frozenset[int]
    start: time
    duration: timedelta
    zone: tzinfo
    excluded: tuple[tuple[date, date], ...] = ()

    def list_openings(self, first: date, last: date) -> Iterator[Opening]:
        """The openings that begin on these days, without what is excluded of them."""
        day = first
        while day <= last:
            if day.weekday() in self.days and not self._is_excluded(day):
                begins = self._find_time(day, self.start)
                yield from self._cut(Opening(begins, begins + self.duration.total_seconds()))
            day += timedelta(days=1)

    def _is_excluded(self, day: date) -> bool:
        return any(first <= day <= last for first, last in self.excluded)

    def _find_time(self, day: date, at: time) -> float:
        return datetime.combine(day, at, self.zone).timestamp()

    def _cut(self, opening: Opening) -> Iterator[Opening]:
        """What is left where an opening runs into days that are excluded."""
        parts = [opening]
        for first, last in self.excluded:
            begins, ends = self._find_time(first, time()), self._find_time(last + timedelta(days=1), time())
            parts = [piece for part in parts for piece in _subtract(part, begins, ends)]
        return iter(parts)


def _subtract(part: Opening, begins: float, ends: float) -> list[Opening]:
    pieces = [Opening(part.begins, min(part.ends, begins)), Opening(max(part.begins, ends), part.ends)]
    return [piece for piece in pieces if piece.seconds > 0]


def build_windows(option: str, rows: Iterable[Row]) -> list[Window]:
    """Windows of rows with all options of build_window_spec. Raises ValidationError, naming the option."""
    given = list(rows)
    raise_problems(find_windows_problems(option, given))
    return [
        Window(
            frozenset(DAYS.index(day) for day in row["days"]),
            parse_start(row["start"]),
            parse_duration(row["duration"]) or timedelta(),
            parse_timezone(row["timezone"]) or UTC,
            tuple(dates for text in row["exclude"] if (dates := parse_dates(text))),
        )
        for row in given
    ]


def list_openings(windows: Iterable[Window], now: float) -> list[Opening]:
    """The openings from now on, the one that is open now with its true beginning, in their order."""
    found: list[Opening] = []
    for window in windows:
        today = datetime.fromtimestamp(now, window.zone).date()
        found += window.list_openings(today - LONGEST - timedelta(days=1), today + HORIZON)
    return [opening for opening in _merge(found) if opening.ends > now]


def _merge(openings: Iterable[Opening]) -> list[Opening]:
    merged: list[Opening] = []
    for opening in sorted(openings, key=lambda one: one.begins):
        if merged and opening.begins <= merged[-1].ends:
            merged[-1] = Opening(merged[-1].begins, max(merged[-1].ends, opening.ends))
        else:
            merged.append(opening)
    return merged


def find_open(openings: list[Opening], now: float) -> Opening | None:
    """The opening that is open now."""
    return next((one for one in openings if one.begins <= now < one.ends), None)


def find_next(openings: list[Opening], now: float, seconds: float) -> Opening | None:
    """The next opening after the present one that is long enough, None where there is none."""
    return next((one for one in openings if one.begins > now and one.seconds >= seconds), None)
