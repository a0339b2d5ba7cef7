# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What differs between two renders, and values without it."""

from __future__ import annotations

import pytest

from ansible_collections.kumo.eks.plugins.module_utils.helm.chance import (
    LEFT_OUT,
    find_chance,
    find_reordering,
    level,
    list_paths,
)

CASES = {
    "text": ({"a": {"b": "x"}}, {"a": {"b": "y"}}, ["a.b"]),
    "dotted": ({"tls.crt": "x", "_a-b": 1}, {"tls.crt": "y", "_a-b": 2}, ["_a-b", '["tls.crt"]']),
    "sometimes": ({"a": {"b": 1}}, {"a": {}}, ["a.b"]),
    "shape": ({"a": [1]}, {"a": None}, ["a"]),
    "not a number": ({"a": 1}, {"a": True}, ["a"]),
    "positions": ({"a": [1, {"b": 2}]}, {"a": [1, {"b": 3}]}, ["a[1].b"]),
    "lengths": ({"a": [1]}, {"a": [1, 2]}, ["a"]),
    "order": ({"a": [1, 2, 3]}, {"a": [3, 1, 2]}, ["a (order)"]),
    "names": (
        {"a": [{"name": "x", "v": 1}, {"name": "y", "v": 2}]},
        {"a": [{"name": "y", "v": 3}, {"name": "x", "v": 1}]},
        ["a (order)", "a[y].v"],
    ),
    "names that differ": ({"a": [{"name": "x1"}]}, {"a": [{"name": "x2"}]}, ["a[0].name"]),
}


@pytest.mark.parametrize("case", CASES)
def test_what_differs_is_named_and_levelled(case):
    first, second, paths = CASES[case]
    chance = find_chance(first, second)
    assert list(list_paths(chance)) == paths
    assert level(first, chance) == level(second, chance)
    assert find_chance(first, first) is None


def test_what_differs_elsewhere_is_left():
    chance = find_chance({"a": "x", "b": [1, 2], "c": 1}, {"a": "y", "b": [2, 1], "c": 1})
    assert level({"a": "z", "b": [2, 3], "c": 2}, chance) == {"a": LEFT_OUT, "b": [2, 3], "c": 2}
    assert level({"a": {"of": "another shape"}, "d": 1}, chance) == {"a": {"of": "another shape"}, "d": 1}
    assert level({}, chance) == {}


def test_an_item_that_is_new_or_gone_is_left_beside_one_that_varies():
    rows = [{"name": "x", "v": 1}, {"name": "y", "v": 2}]
    chance = find_chance({"a": rows}, {"a": [{"name": "x", "v": 3}, rows[1]]})
    levelled = level({"a": [{"name": "new", "v": 1}, {"name": "x", "v": 4}]}, chance)
    assert levelled == {"a": [{"name": "new", "v": 1}, {"name": "x", "v": LEFT_OUT}]}


def test_another_order_is_found_in_lists_and_texts():
    before = {"list": [[1, 2]], "text": "a,b", "same": [1], "other": [1, 2], "number": 12}
    after = {"list": [[2, 1]], "text": "b,a", "same": [1], "other": [1, 3], "number": 21}
    chance = find_reordering(before, after)
    assert list(list_paths(chance)) == ["list[0] (order)", "text"]
    assert find_reordering(before, before) is None
