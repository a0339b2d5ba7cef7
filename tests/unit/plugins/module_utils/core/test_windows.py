# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""When maintenance windows are open: days, midnights, changes of the clocks, exclusions, and input that cannot be read."""

from __future__ import annotations

from datetime import datetime

import pytest

from ansible_collections.kumo.eks.plugins.module_utils.core.errors import ValidationError
from ansible_collections.kumo.eks.plugins.module_utils.core.specs import windows as specs
from ansible_collections.kumo.eks.plugins.module_utils.core.times import format_time
from ansible_collections.kumo.eks.plugins.module_utils.core.windows import (
    build_windows,
    find_next,
    find_open,
    list_openings,
)

HOUR = 3600


def window(start="02:00", duration="4h", days=specs.DAYS, timezone="UTC", exclude=()):
    return {"days": list(days), "start": start, "duration": duration, "timezone": timezone, "exclude": list(exclude)}


def at(text):
    return datetime.fromisoformat(text).timestamp()


def read_openings(rows, now, count=1):
    openings = list_openings(build_windows("windows", rows), at(now))
    return [f"{format_time(one.begins)[:16]} {format_time(one.ends)[:16]}" for one in openings[:count]]


WEEKEND = window(days=("Sat", "Sun"), timezone="Asia/Tokyo")
BERLIN = {"timezone": "Europe/Berlin", "duration": "4h"}
# windows, now, the openings from then on
OPENINGS = {
    "open now": ([window()], "2026-11-27T03:00:00Z", ["2026-11-27T02:00 2026-11-27T06:00"]),
    "closed at its end": ([window()], "2026-11-27T06:00:00Z", ["2026-11-28T02:00 2026-11-28T06:00"]),
    "days are those of the zone": ([WEEKEND], "2026-11-27T04:00:00Z", ["2026-11-27T17:00 2026-11-27T21:00"]),
    "over midnight": (
        [window("22:00", "5h", ["Fri"])],
        "2026-11-28T02:30:00Z",
        ["2026-11-27T22:00 2026-11-28T03:00", "2026-12-04T22:00 2026-12-05T03:00"],
    ),
    "of several days": (
        [window("00:00", "2d", ["Sat"])],
        "2026-11-29T20:00:00Z",
        ["2026-11-28T00:00 2026-11-30T00:00"],
    ),
    "the whole week": ([window("00:00", "7d", ["Mon"])], "2026-11-29T20:00:00Z", ["2026-11-16T00:00 "]),
    "two that touch are one": (
        [window("22:00", "2h", ["Sat"]), window("00:00", "3h", ["Sun"])],
        "2026-11-27T04:00:00Z",
        ["2026-11-28T22:00 2026-11-29T03:00"],
    ),
    "clocks go forward in it": (  # 01:00 CET to 06:00 CEST are four hours
        [window("01:00", days=["Sun"], **BERLIN)],
        "2026-03-28T00:00:00Z",
        ["2026-03-29T00:00 2026-03-29T04:00"],
    ),
    "clocks skip its start": (  # 02:30 is not there; it is 03:30 CEST
        [window("02:30", days=["Sun"], **BERLIN)],
        "2026-03-28T00:00:00Z",
        ["2026-03-29T01:30 2026-03-29T05:30"],
    ),
    "clocks show its start twice": (  # the first 02:30 is CEST
        [window("02:30", days=["Sun"], **BERLIN)],
        "2026-10-24T00:00:00Z",
        ["2026-10-25T00:30 2026-10-25T04:30"],
    ),
    "a day is excluded": (
        [window(exclude=["2026-11-28"])],
        "2026-11-27T07:00:00Z",
        ["2026-11-29T02:00 2026-11-29T06:00"],
    ),
    "days are excluded": (
        [window(exclude=["2026-12-20/2027-01-05"])],
        "2026-12-19T07:00:00Z",
        ["2027-01-06T02:00 2027-01-06T06:00"],
    ),
    "it ends where an excluded day begins": (
        [window("22:00", "5h", exclude=["2026-11-28"])],
        "2026-11-27T12:00:00Z",
        ["2026-11-27T22:00 2026-11-28T00:00", "2026-11-29T22:00 2026-11-30T03:00"],
    ),
    "the exclusion of one does not close the other": (
        [window(exclude=["2026-11-28"]), window("05:00", "1h")],
        "2026-11-27T07:00:00Z",
        ["2026-11-28T05:00 2026-11-28T06:00"],
    ),
}


@pytest.mark.parametrize("name", OPENINGS)
def test_openings(name):
    rows, now, expected = OPENINGS[name]
    found = read_openings(rows, now, len(expected))
    if expected[0].endswith(" "):  # it has no end in sight
        assert found[0].split()[1] > "2027-12"
    else:
        assert found == expected


def test_open_and_next():
    now = at("2026-11-27T03:00:00Z")
    openings = list_openings(build_windows("windows", [window(), window("12:00", "1h")]), now)
    assert find_open(openings, now) == openings[0] and find_open(openings, now + 4 * HOUR) is None
    assert find_next(openings, now, HOUR) == openings[1]
    assert find_next(openings, now, 2 * HOUR) == openings[2]  # the second one is too short
    assert find_next(openings, now, 5 * HOUR) is None
    over = list_openings(build_windows("windows", [window(exclude=["2026-01-01/2030-01-01"])]), now)
    assert over == []


BAD = {
    "start": ({"start": "1320"}, "windows[0].start: '1320' is not a time. Use HH:MM in quotes"),
    "late": ({"start": "24:00"}, "windows[0].start: '24:00' is not a time"),
    "duration": ({"duration": "4 hours"}, "windows[0].duration: '4 hours' is not a duration"),
    "nothing": ({"duration": ""}, "windows[0].duration: '' is not a duration"),
    "too long": ({"duration": "8d"}, "of up to 7 days"),
    "endless": ({"duration": "9" * 30 + "m"}, "of up to 7 days"),
    "days": ({"days": []}, "windows[0].days: the list is empty"),
    "zone": ({"timezone": "Europe/Berlni"}, "is not a time zone. Did you mean Europe/Berlin?"),
    "folder": ({"timezone": "Europe"}, "windows[0].timezone: 'Europe' is not a time zone"),
    "path": ({"timezone": "../etc/passwd"}, "is not a time zone"),
    "date": ({"exclude": ["24.12.2026"]}, "windows[0].exclude: '24.12.2026' is not a date"),
    "backwards": ({"exclude": ["2026-12-24/2026-12-20"]}, "is not a date"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_input_is_named(name):
    values, words = BAD[name]
    with pytest.raises(ValidationError) as caught:
        build_windows("windows", [{**window(), **values}])
    assert words in str(caught.value)


def test_without_a_database_of_time_zones(monkeypatch):
    def find(name):
        raise specs.ZoneInfoNotFoundError(name)

    monkeypatch.setattr(specs, "available_timezones", set)
    monkeypatch.setattr(specs, "ZoneInfo", find)
    with pytest.raises(ValidationError, match="Install the Python package tzdata there, or use UTC"):
        build_windows("windows", [WEEKEND])
    assert build_windows("windows", [window()])
