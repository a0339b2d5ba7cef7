# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fields that differ, the plan of a run in check mode, and the report of drift."""

from __future__ import annotations

import pytest

from ansible_collections.kumo.eks.plugins.module_utils.core.drift import build_drift
from ansible_collections.kumo.eks.plugins.module_utils.core.field_changes import choose_action, list_field_changes
from ansible_collections.kumo.eks.plugins.module_utils.core.summary import build_summary


def test_fields_that_differ():
    before = {"labels": {"a": "1", "b": "2"}, "subnets": ["x"], "version": "1.33"}
    after = {"labels": {"a": "1", "b": "3"}, "subnets": ["x", "y"], "version": "1.33", "logging": ["api"]}
    assert list_field_changes(before, after) == [
        {"field": "labels.b", "before": "2", "after": "3"},
        {"field": "logging", "before": None, "after": ["api"]},
        {"field": "subnets", "before": ["x"], "after": ["x", "y"]},
    ]


@pytest.mark.parametrize(
    ("before", "after", "replaced", "action"),
    [
        ({}, {"a": 1}, False, "create"),
        (None, {"a": 1}, False, "create"),
        ({"role": {}, "policy": {}}, {"role": {"a": 1}, "policy": {}}, False, "create"),
        ({"a": 1}, {"a": 2}, False, "change"),
        ({"a": False}, {"a": True}, False, "change"),
        ({"a": 1}, {}, False, "remove"),
        ({"a": 1}, {"a": 2}, True, "replace"),
    ],
)
def test_actions(before, after, replaced, action):
    assert choose_action(before, after, replaced) == action


RESULTS = [
    {
        "cluster": {"name": "c", "status": "ACTIVE", "version": "1.34"},
        "changed": True,
        "diff": {"before": {"version": "1.33"}, "after": {"version": "1.34"}},
    },
    {
        "changed": True,
        "nodegroups": [
            {"name": "new", "changed": True, "status": "CREATING"},
            {"name": "old", "changed": True, "status": None},
            {"name": "other", "changed": True, "status": "ACTIVE", "replaced": {"disk_size": 20}},
            {"name": "same", "changed": False, "status": "ACTIVE"},
        ],
        "diff": {
            "before": {"new": {}, "old": {"disk_size": 20}, "other": {"disk_size": 20}, "same": {"disk_size": 20}},
            "after": {"new": {"disk_size": 20}, "old": {}, "other": {"disk_size": 30}, "same": {"disk_size": 20}},
        },
    },
    {
        "network": {"vpc_id": "vpc-1"},
        "changed": True,
        "diff": {
            "before": {"subnet a": {"cidr": "10.0.0.0/24"}},
            "after": {"subnet a": {"cidr": "10.0.0.0/24", "tags": {"x": "y"}}},
        },
    },
]


def test_check_mode_ends_with_one_plan():
    lines = build_summary(RESULTS, [], planned=True)["lines"]
    assert lines[lines.index("Plan:") : -1] == [
        "Plan:",
        "+ create   node group new",
        "~ change   cluster c",
        "             version: 1.33 -> 1.34",
        "~ change   network subnet a",
        '             tags: null -> {"x": "y"}',
        "! replace  node group other",
        "             disk_size: 20 -> 30",
        "- remove   node group old",
    ]
    assert "Plan:" not in build_summary(RESULTS, [], planned=False)["lines"]
    assert build_summary([], [], planned=True)["lines"] == ["Nothing to change."]


def test_an_iam_role_that_is_no_item_of_a_list():
    diff = {"before": {"c_fargate": {"role": {}}}, "after": {"c_fargate": {"role": {"path": "/"}}}}
    lines = build_summary([{"iam_role_name": "c_fargate", "changed": True, "diff": diff}], [], planned=True)["lines"]
    assert lines[:2] == ["Plan:", "+ create   IAM role c_fargate"]


EVENT = {
    "kind": "cluster",
    "name": "c",
    "event": "UpdateClusterVersion",
    "time": "2026-11-26T16:00:00Z",
    "user": "jane",
}


def test_the_report():
    resources = build_summary(RESULTS, [], planned=True)["resources"]
    events = [EVENT, {**EVENT, "time": "2026-11-25T16:00:00Z", "user": "joe"}]
    found = build_drift(
        [
            {"host": "c.eu-west-1", "cluster": "c", "region": "eu-west-1", "resources": resources, "events": events},
            {"host": "d.eu-west-1", "cluster": "d", "region": "eu-west-1", "resources": [], "events": []},
            {
                "host": "localhost",
                "cluster": "e",
                "region": "",
                "error": "Start: no | way",
                "error_kind": "cannot-be-changed",
                "resources": [],
            },
        ]
    )
    assert found["drift"] and [row["drift"] for row in found["clusters"]] == [True, False, True]
    assert found["summary"] == "Drift in 2 of 3 clusters: c.eu-west-1, e."
    row = next(line.split("  ") for line in found["lines"] if "UpdateClusterVersion" in line)
    assert [cell.strip() for cell in row if cell.strip()] == [
        "c.eu-west-1",
        "cluster c",
        "change",
        "version",
        "1.33",
        "1.34",
        "2026-11-26T16:00:00Z jane (UpdateClusterVersion)",
    ]
    assert "| e |  | not possible |  |  | Start: no \\| way |  |" in found["markdown"]
    assert found["clusters"][0]["resources"][0]["last_event"] == EVENT and found["not_compared"] == []


def test_a_cluster_that_was_not_compared_is_neither_drift_nor_none():
    same, denied = (
        {"host": "a", "cluster": "a"},
        {"host": "b", "cluster": "b", "error": "no", "error_kind": "access-denied"},
    )
    found = build_drift([same, denied, {**denied, "host": "c", "error_kind": ""}])
    assert (found["drift"], found["not_compared"]) == (False, ["b", "c"])
    assert found["summary"] == "No drift in 1 cluster. Not compared: b, c."
    assert "| b |  | not compared |  |  | no |  |" in found["markdown"]
    alone = build_drift([denied])
    assert (alone["summary"], alone["clusters"][0]["not_compared"]) == ("Not compared: b.", True)


def test_no_cluster_is_not_no_drift():
    assert build_drift([])["summary"] == "No cluster was compared."


def test_no_drift():
    found = build_drift([{"host": "localhost", "cluster": "c", "resources": [], "events": []}])
    assert (found["drift"], found["lines"], found["markdown"]) == (False, ["No drift."], "# Drift\n\nNo drift.\n")


def test_a_task_in_a_loop_says_what_changes():
    one = {
        "identity_provider": {"identity_provider_config_name": "people", "status": "ACTIVE"},
        "changed": True,
        "replaced": {"client_id": "old"},
        "diff": {"before": {"client_id": "old"}, "after": {"client_id": "new"}},
    }
    lines = build_summary([{"results": [one]}], [], planned=True)["lines"]
    plan = lines[lines.index("Plan:") : -1]
    assert plan[1].startswith("! replace") and plan[1].endswith("people")
    assert plan[2].strip() == "client_id: old -> new"
