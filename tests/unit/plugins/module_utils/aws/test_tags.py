# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tags: what is compared, what is kept, and what is sent."""

from __future__ import annotations

from unittest.mock import Mock, call

import pytest

from ansible_collections.kumo.eks.plugins.module_utils.aws.tags import (
    TAGS,
    apply_tags,
    drop_reserved_tags,
    keep_current_tags,
)

ARN = "arn:aws:eks:ap-northeast-1:123456789012:cluster/my-cluster"


def test_aws_own_tags_are_neither_compared_nor_sent():
    assert drop_reserved_tags({"aws:cloudformation:stack-name": "x", "Name": "y"}) == {"Name": "y"}
    assert TAGS.to_api({"aws:x": "1", "b": "2"}) == {"b": "2"}


def test_values_are_text_and_keys_stay_as_they_are():
    assert drop_reserved_tags({"costCenter": 42, "Team_Name": True}) == {"costCenter": "42", "Team_Name": "True"}


def test_nothing_is_no_tags():
    assert drop_reserved_tags(None) == {}


@pytest.mark.parametrize(
    ("desired", "tags"),
    [
        ({"tags": {"b": "2"}}, {"b": "2"}),
        ({"tags": {"b": "2"}, "purge_tags": True}, {"b": "2"}),
        ({"tags": {"b": "2"}, "purge_tags": False}, {"a": "1", "b": "2"}),
        ({"tags": {}, "purge_tags": False}, {"a": "1"}),
        ({"tags": {}}, {}),
        ({"purge_tags": False}, None),
    ],
)
def test_current_tags_are_kept_only_where_purge_tags_is_false(desired, tags):
    assert keep_current_tags(desired, {"tags": {"a": "1", "aws:x": "y"}}).get("tags") == tags


def test_only_the_difference_is_sent():
    client = Mock()
    apply_tags(client, ARN, {"a": "1", "b": "2", "c": "3", "aws:x": "y"}, {"a": "1", "b": "9", "d": "4"})
    assert client.mock_calls == [
        call.untag_resource(resourceArn=ARN, tagKeys=["c"]),
        call.tag_resource(resourceArn=ARN, tags={"b": "9", "d": "4"}),
    ]


def test_equal_tags_send_nothing():
    client = Mock()
    apply_tags(client, ARN, {"a": "1", "aws:x": "y"}, {"a": "1"})
    assert client.mock_calls == []
