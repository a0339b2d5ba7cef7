# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which node group has a declared name."""

from __future__ import annotations

import pytest

from ansible_collections.kumo.eks.plugins.module_utils.core.errors import ValidationError
from ansible_collections.kumo.eks.plugins.module_utils.eks.nodegroup_names import (
    build_next_name,
    find_pair,
    list_declared,
)


def build(name, unique="1", **tags):
    named = {"declared": "kumo.eks/nodegroup", "replaces": "kumo.eks/replaces"}
    tags = {named[key]: value for key, value in tags.items()}
    return {"nodegroupName": name, "nodegroupArn": f"arn:aws:eks:r:1:nodegroup/c/{name}/{unique}", "tags": tags}


BLUE = build("general")
GREEN = build("general-2", declared="general", replaces="general/1")


def names(pair):
    return [raw and raw["nodegroupName"] for raw in pair]


@pytest.mark.parametrize("name", ["general", "general-2"])
def test_both_names_find_both_groups(name):
    assert names(find_pair([BLUE, GREEN, build("spot")], name)) == ["general", "general-2"]


def test_a_replacement_that_has_ended_stands_for_the_declared_name():
    assert names(find_pair([GREEN], "general")) == ["general-2", None]
    later = build("general-3", declared="general", replaces="general-2/1")
    assert names(find_pair([GREEN, later], "general")) == ["general-2", "general-3"]
    assert names(find_pair([BLUE], "other")) == [None, None]


def test_another_group_of_the_old_name_is_not_the_replaced_one():
    with pytest.raises(ValidationError, match="general, general-2 all have the tag of the declared node group general"):
        find_pair([build("general", unique="2"), GREEN], "general")


def test_names_are_numbered_on():
    assert build_next_name([BLUE], "general") == "general-2"
    assert build_next_name([build("general-7"), build("general-x")], "general") == "general-8"
    with pytest.raises(ValidationError, match="more than 63 characters. Set new_name"):
        build_next_name([], "g" * 62)


def test_declared_groups_have_their_declared_names():
    assert [raw["nodegroupName"] for raw in list_declared([BLUE, GREEN])] == ["general"]
    assert [raw["nodegroupName"] for raw in list_declared([GREEN])] == ["general"]
