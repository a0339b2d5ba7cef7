# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Points at which make chaos kills a playbook: all of them, in pairs, and again by their names."""

from __future__ import annotations

import pytest
from chaos.points import Point, draw_points, list_points, pair_points, parse_point

COUNTS = {"task": 2, "before": 1, "after": 1, "each": 0, "record": 0}


def test_every_task_and_call_is_a_point():
    names = [str(point) for point in list_points("site", COUNTS)]
    assert names == ["site:task:1", "site:task:2", "site:before:1", "site:after:1"]
    assert [str(parse_point(name)) for name in names] == names


@pytest.mark.parametrize("text", ["site", "upgrade:task:1", "site:during:1", "site:task:0", "site:task:x"])
def test_anything_else_is_no_point(text):
    with pytest.raises(ValueError):
        parse_point(text)


def test_a_teardown_follows_each_creation():
    ups, downs = list_points("site", COUNTS), list_points("teardown", {**COUNTS, "task": 0})
    assert pair_points([*ups, *downs]) == [(ups[0], downs[0]), (ups[1], downs[1]), (ups[2],), (ups[3],)]


def test_a_seed_draws_the_same_points():
    points = [Point("site", "task", number) for number in range(1, 100)]
    assert draw_points(points, 3, 1) == draw_points(points, 3, 1) != draw_points(points, 3, 2)
    assert len(draw_points(points[:2], 3, 1)) == 2
    assert len({point.pause for point in points}) > 90 and points[0].pause == Point("site", "task", 1).pause
