# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.kumo.eks.plugins.module_utils.core.errors import ValidationError
from ansible_collections.kumo.eks.plugins.module_utils.nodes.options import build_item, list_unplaced

TASK = {
    "private_subnets": ["subnet-1", "subnet-2"],
    "public_subnets": ["subnet-3", "subnet-4"],
    "local_zone_private_subnets": ["subnet-5"],
    "local_zone_public_subnets": ["subnet-6"],
    "subnet_zones": {
        "subnet-1": "a",
        "subnet-2": "b",
        "subnet-3": "a",
        "subnet-4": "b",
        "subnet-5": "l",
        "subnet-6": "l",
    },
}


@pytest.mark.parametrize(
    ("group", "subnets"),
    [
        ({"availability_zones": ["b"]}, ["subnet-2"]),
        ({"availability_zones": ["b"], "private_networking": False}, ["subnet-4"]),
        ({"availability_zones": ["b"], "subnets": ["subnet-9"]}, ["subnet-9"]),
        ({"local_zones": ["l"]}, ["subnet-5"]),
        ({"local_zones": ["l"], "private_networking": False}, ["subnet-6"]),
        ({}, ["subnet-1", "subnet-2"]),
    ],
)
def test_a_group_is_in_the_subnets_of_its_zones(group, subnets):
    assert build_item(TASK, {"name": "n", **group})["subnets"] == subnets


def test_zones_without_subnets_are_named_with_those_that_have_some():
    with pytest.raises(ValidationError) as caught:
        build_item(TASK, {"name": "n", "availability_zones": ["b", "c"]})
    assert "no subnet of private_subnets is in c. The zones with such subnets: a, b." in caught.value.message


def test_only_subnets_whose_zones_matter_and_are_unknown_are_looked_up():
    rows = [{"name": "n", "availability_zones": ["a"]}, {"name": "m"}]
    task = {**TASK, "nodegroups": rows, "subnet_zones": {"subnet-1": "a"}}
    assert list_unplaced(task) == ["subnet-2"]
    assert list_unplaced({**task, "nodegroups": rows[1:]}) == []
