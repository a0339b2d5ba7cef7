# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.kumo.eks.plugins.module_utils.core.errors import ValidationError
from ansible_collections.kumo.eks.plugins.module_utils.core.fields import (
    Field,
    build_options,
    compare,
    drop_none,
    merge,
    normalize_list,
    normalize_map,
    project,
)

SUBNETS = Field("subnets", "resourcesVpcConfig.subnetIds", "vpc", normalize_list)
POLICY = Field("upgrade_policy", "upgradePolicy", "policy", partial=True)


class TestCompare:
    def test_order_does_not_matter_where_eks_keeps_none(self):
        raw = {"resourcesVpcConfig": {"subnetIds": ["b", "a"]}}
        assert compare((SUBNETS,), raw, {"subnets": ["a", "b"]}) == []

    def test_left_out_is_left_alone_and_empty_clears(self):
        raw = {"resourcesVpcConfig": {"subnetIds": ["a"]}}
        assert compare((SUBNETS,), raw, {"subnets": None}) == []
        assert compare((SUBNETS,), raw, {"subnets": []})[0].after == []

    def test_a_partial_field_compares_only_what_was_given(self):
        raw = {"upgradePolicy": {"supportType": "STANDARD", "other": 1}}
        assert compare((POLICY,), raw, {"upgrade_policy": {"supportType": "STANDARD"}}) == []
        change = compare((POLICY,), raw, {"upgrade_policy": {"supportType": "EXTENDED"}})[0]
        assert (change.before, change.after) == ({"supportType": "STANDARD"}, {"supportType": "EXTENDED"})

    def test_a_path_that_is_not_set_reads_as_none(self):
        assert SUBNETS.read({"resourcesVpcConfig": None}) is None


def test_narrowed_follows_the_wanted_dict_to_every_depth():
    assert project({"a": {"b": 1, "c": 2}, "d": 3}, {"a": {"b": 0}}) == {"a": {"b": 1}}
    assert project(None, {"a": {"b": 0}}) == {"a": {"b": None}}


def test_overlaid_keeps_what_was_not_given():
    assert merge({"a": {"b": 1, "c": 2}}, {"a": {"b": 0}}) == {"a": {"b": 0, "c": 2}}


def test_without_none_reaches_into_lists():
    assert drop_none({"a": None, "b": [{"c": None, "d": 0}], "e": ""}) == {"b": [{"d": 0}], "e": ""}


def test_without_none_leaves_the_users_own_words_alone():
    item = {"tags": {"a": None}, "configuration_values": {"affinity": None}, "labels": None, "name": None}
    assert drop_none([item]) == [{"tags": {"a": None}, "configuration_values": {"affinity": None}}]


@pytest.mark.parametrize("option", ["tags", "labels"])
def test_a_key_without_a_value_is_refused(option):
    assert normalize_map({"a": 1, "b": ""}, option) == {"a": "1", "b": ""}
    with pytest.raises(ValidationError, match=f'{option}: Owner has no value. Write Owner: ""'):
        normalize_map({"Owner": None}, option)


def test_shown_leaves_out_what_is_not_set():
    assert build_options((SUBNETS, POLICY), {"resourcesVpcConfig": {"subnetIds": ["b", "a"]}}) == {
        "subnets": ["a", "b"]
    }
