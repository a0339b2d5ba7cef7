# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A wait for many things, on a clock that goes forward only when it is told to."""

from __future__ import annotations

import pytest

from ansible_collections.kumo.eks.plugins.module_utils.core.errors import WaitFailed, WaitTimedOut
from ansible_collections.kumo.eks.plugins.module_utils.core.waiting import Deadline
from ansible_collections.kumo.eks.plugins.module_utils.core.watcher import (
    Limits,
    Observation,
    Watcher,
    follow,
    format_duration,
    list_warnings,
)


class Told:
    """Runs a wait over looks that are given, at one look every ``pause`` seconds; keeps the lines."""

    def __init__(self, *looks, pause=10, timeout=3600):
        self.now, self.lines, self.looks, self.pause = 0.0, [], list(looks), pause
        self.limits = Limits(timeout, interval=10, heartbeat=30, degraded_timeout=60)
        self.watcher = Watcher("c", self.limits, self.lines.append, lambda: self.now)

    def look(self):
        return self.looks.pop(0) if len(self.looks) > 1 else self.looks[0]

    def sleep(self, seconds):
        self.now += self.pause

    def run(self):
        return follow(
            self.look, self.watcher, self.limits, Deadline(self.limits.wait_timeout, lambda: self.now), self.sleep
        )


def group(status, reason="", name="general", wanted="active", **more):
    return Observation("nodegroup", name, status, reason, wanted, **more)


def addon(status, reason="", wanted="active"):
    return Observation("addon", "coredns", status, reason, wanted)


def test_each_change_is_told_once_and_each_thing_has_its_own_time():
    told = Told(
        [group("CREATING"), addon("CREATING")],
        [group("ACTIVE"), addon("CREATING")],
        [group("ACTIVE"), addon("ACTIVE")],
    )
    rows = told.run()
    assert [(row["name"], row["status"], row["seconds"]) for row in rows] == [
        ("general", "ACTIVE", 10.0),
        ("coredns", "ACTIVE", 20.0),
    ]
    assert told.lines == [
        "[c] nodegroup general: CREATING",
        "[c] addon coredns: CREATING",
        "[c] nodegroup general: CREATING -> ACTIVE after 10s",
        "[c] addon coredns: CREATING -> ACTIVE after 20s",
    ]


def test_a_heartbeat_names_what_is_waited_for_every_thirty_seconds():
    told = Told(*[[group("CREATING"), addon("ACTIVE")]] * 8, [group("ACTIVE"), addon("ACTIVE")])
    told.run()
    assert [line for line in told.lines if "elapsed" in line] == [
        "[c] 30s elapsed, still waiting for nodegroup general CREATING",
        "[c] 1m00s elapsed, still waiting for nodegroup general CREATING",
    ]


@pytest.mark.parametrize("status", ["FAILED", "CREATE_FAILED", "UPDATE_FAILED", "DELETE_FAILED", "Failed", "Cancelled"])
def test_a_terminal_state_ends_the_wait_at_once_with_the_words_of_eks(status):
    told = Told([group("CREATING", name="other"), group(status, "NodeCreationFailure: no node")])
    with pytest.raises(WaitFailed, match=f"general is {status}: NodeCreationFailure: no node") as caught:
        told.run()
    assert told.now == 0
    assert [row["name"] for row in caught.value.facts["resources"]] == ["other", "general"]


def test_a_failure_says_what_mends_it():
    told = Told([group("CREATE_FAILED", "AccessDenied: no right", advice=". Fix the cause.")])
    with pytest.raises(WaitFailed, match="general is CREATE_FAILED: AccessDenied: no right. Fix the cause.$"):
        told.run()


def test_what_is_active_and_has_issues_is_told_in_the_words_of_all_modules():
    rows = [
        group("ACTIVE", "x: y").build_row(),
        group("ACTIVE").build_row(),
        group("CREATE_FAILED", "x: y").build_row(),
    ]
    assert list_warnings(rows) == ["nodegroup general is ACTIVE and has health issues: x: y"]


def test_what_was_just_created_may_be_seen_a_moment_later():
    told = Told([group("MISSING", may_be_new=True)], [group("CREATING")], [group("ACTIVE")], pause=3)
    assert [row["status"] for row in told.run()] == ["ACTIVE"]
    assert told.lines[:2] == ["[c] nodegroup general: MISSING", "[c] nodegroup general: MISSING -> CREATING after 3s"]


def test_what_is_missing_or_deleting_cannot_become_active():
    misspelt, gone = Told([group("MISSING")]), Told([group("MISSING", may_be_new=True)])
    for told, seconds in ((misspelt, 0), (gone, 10)):
        with pytest.raises(WaitFailed, match="nodegroup general does not exist in cluster c"):
            told.run()
        assert told.now == seconds
    with pytest.raises(WaitFailed, match="nodegroup general does not exist in cluster c"):
        Told([group("CREATING")], [group("MISSING")], pause=1).run()
    with pytest.raises(WaitFailed, match="nodegroup general is DELETING"):
        Told([group("DELETING")]).run()


def test_deleted_waits_until_all_are_gone_also_when_they_leave_the_list():
    told = Told(
        [group("DELETING", wanted="deleted"), addon("MISSING", wanted="deleted")], [addon("MISSING", wanted="deleted")]
    )
    assert [row["status"] for row in told.run()] == ["MISSING", "MISSING"]


def test_a_deletion_that_fails_ends_the_wait():
    with pytest.raises(WaitFailed, match="DELETE_FAILED: Ec2SecurityGroupDeletionFailure"):
        Told([group("DELETE_FAILED", "Ec2SecurityGroupDeletionFailure: in use", wanted="deleted")]).run()


def test_a_node_group_that_was_create_failed_may_be_waited_for_while_it_is_deleted():
    assert Told([group("CREATE_FAILED", wanted="deleted")], [group("MISSING", wanted="deleted")]).run()


def test_degraded_is_borne_for_a_time_and_then_a_failure():
    told = Told([group("DEGRADED", "AccessDenied: no right")])
    with pytest.raises(WaitFailed, match="DEGRADED for 60 seconds: AccessDenied: no right"):
        told.run()
    assert told.now == 60


def test_degraded_that_recovers_is_no_failure():
    assert Told(*[[group("DEGRADED")]] * 5, [group("ACTIVE")]).run()


def test_an_addon_may_be_degraded_for_as_long_as_nodes_are_coming():
    looks = [[group("CREATING"), addon("DEGRADED", "InsufficientNumberOfReplicas: no nodes")]] * 20
    told = Told(*looks, [group("ACTIVE"), addon("DEGRADED")], [group("ACTIVE"), addon("ACTIVE")])
    assert [row["seconds"] for row in told.run()] == [200.0, 210.0]


def test_the_limit_names_what_is_not_there_yet():
    told = Told([group("ACTIVE"), addon("CREATING")], timeout=100)
    with pytest.raises(WaitTimedOut, match="100 seconds.*addon coredns CREATING") as caught:
        told.run()
    assert len(caught.value.facts["resources"]) == 2


@pytest.mark.parametrize(("seconds", "reason"), [(5.7, "5s"), (60, "1m00s"), (125, "2m05s"), (3725, "1h02m")])
def test_spans_are_for_people(seconds, reason):
    assert format_duration(seconds) == reason
