# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The order of releases."""

from __future__ import annotations

import pytest

from ansible_collections.kumo.eks.plugins.module_utils.core.errors import ValidationError
from ansible_collections.kumo.eks.plugins.module_utils.helm.order import in_order


def names(*rows: dict) -> list[str]:
    return [row["name"] for row in in_order(list(rows))]


def test_what_nothing_forces_stays_as_written():
    assert names({"name": "c"}, {"name": "a"}, {"name": "b"}) == ["c", "a", "b"]


def test_none_comes_before_what_it_needs():
    assert names({"name": "app", "needs": ["db", "mesh"]}, {"name": "db", "needs": ["mesh"]}, {"name": "mesh"}) == [
        "mesh",
        "db",
        "app",
    ]


def test_a_name_in_two_namespaces_is_needed_in_both():
    rows = [
        {"name": "app", "needs": ["redis"]},
        {"name": "redis", "namespace": "a"},
        {"name": "redis", "namespace": "b"},
    ]
    assert [row.get("namespace") for row in in_order(rows)] == ["a", "b", None]


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([{"name": "a"}, {"name": "a", "namespace": "default"}], "release a in namespace default is in the list twice"),
        ([{"name": "a", "needs": ["q"]}, {"name": "b"}], "a needs q, which is not in the list; it has a, b"),
        (
            [{"name": "a", "needs": ["b"]}, {"name": "b", "needs": ["a"]}, {"name": "c"}],
            "a, b need each other in a ring",
        ),
        ([{"name": "a", "needs": ["a"]}], "a need each other in a ring"),
    ],
)
def test_what_has_no_order_is_refused(rows, said):
    with pytest.raises(ValidationError, match=said):
        in_order(rows)
