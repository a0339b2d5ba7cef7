# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Maintenance windows: their options and rules. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from ansible_collections.kumo.eks.plugins.module_utils.core.validation import suggest_name

Row = dict[str, Any]
DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
START = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)")
DURATION = re.compile(r"(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?")
LONGEST = timedelta(days=7)


def build_window_spec() -> Row:
    """The options of one window."""
    return dict(
        days=dict(type="list", elements="str", choices=list(DAYS), default=list(DAYS)),
        start=dict(type="str", required=True),
        duration=dict(type="str", required=True),
        timezone=dict(type="str", default="UTC"),
        exclude=dict(type="list", elements="str", default=[]),
    )


def find_windows_problems(name: str, rows: list[Row]) -> Iterator[str]:
    """What is wrong with a list of windows; ``name`` is what the list is called."""
    for number, row in enumerate(rows):
        yield from (f"{name}[{number}].{problem}" for problem in find_window_problems(row))


def find_window_problems(row: Row) -> Iterator[str]:
    """Times, a time zone and dates that cannot be read."""
    if not START.fullmatch(row["start"]):
        yield (
            f'start: {row["start"]!r} is not a time. Use HH:MM in quotes, like "22:00":'
            " YAML reads 22:00 without quotes as a number."
        )
    if parse_duration(row["duration"]) is None:
        yield f"duration: {row['duration']!r} is not a duration of up to 7 days. Use one like 4h, 90m, 1h30m or 2d."
    if not row["days"]:
        yield f"days: the list is empty. Name at least one of {', '.join(DAYS)}, or omit it for all of them."
    yield from _find_timezone_problems(row["timezone"])
    for text in row["exclude"]:
        if parse_dates(text) is None:
            yield f"exclude: {text!r} is not a date. Use one like 2026-12-24, or two like 2026-12-20/2027-01-05."


def _find_timezone_problems(name: str) -> Iterator[str]:
    if parse_timezone(name) is not None:
        return
    known = available_timezones()
    if not known:
        yield (
            f"timezone: {name!r} cannot be looked up, because the host that runs the module has no time zone database."
            " Install the Python package tzdata there, or use UTC."
        )
        return
    yield f"timezone: {name!r} is not a time zone.{suggest_name(name, known)} Use one like Europe/Berlin, or UTC."


def parse_start(text: str) -> time:
    """HH:MM as a time of day."""
    hour, minute = text.split(":")
    return time(int(hour), int(minute))


def parse_duration(text: str) -> timedelta | None:
    """1h30m and the like, None where it is not one of more than nothing and up to seven days."""
    found = DURATION.fullmatch(text)
    days, hours, minutes = (int(part or 0) for part in found.groups()) if found else (0, 0, 0)
    if max(days, hours, minutes) > 7 * 24 * 60:
        return None
    length = timedelta(days=days, hours=hours, minutes=minutes)
    return length if timedelta() < length <= LONGEST else None


def parse_timezone(name: str) -> tzinfo | None:
    """A time zone by its name in the IANA database. UTC needs no database."""
    if name == "UTC":
        return UTC
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):  # OSError: the name is a folder of the database, as "Europe"
        return None


def parse_dates(text: str) -> tuple[date, date] | None:
    """A date, or the first and the last one."""
    try:
        dates = [datetime.strptime(part.strip(), "%Y-%m-%d").date() for part in text.split("/")]
    except ValueError:
        return None
    return (dates[0], dates[-1]) if len(dates) <= 2 and dates[0] <= dates[-1] else None
