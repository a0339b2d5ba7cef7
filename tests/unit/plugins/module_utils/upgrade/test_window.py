# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Steps in maintenance windows: how long they are expected to take, and the wait for the next window."""

from __future__ import annotations

import pytest

from ansible_collections.kumo.eks.plugins.module_utils.upgrade.durations import estimate_seconds
from ansible_collections.kumo.eks.plugins.module_utils.upgrade.plan import ADDON, CONTROL_PLANE, NODEGROUP, Step
from ansible_collections.kumo.eks.plugins.module_utils.upgrade.state import ClusterState
from ansible_collections.kumo.eks.plugins.module_utils.upgrade.window import build_keeper

HOUR = 3600.0
NIGHTLY = {"days": ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"], "timezone": "UTC", "exclude": []}


def build_step(kind, name="general"):
    return Step("1.32", kind, name, "1.31", "1.32")


def build_state(**group):
    return ClusterState({"version": "1.31"}, nodegroups=[{"nodegroupName": "general", **group}])


# updateConfig, nodes, batches
@pytest.mark.parametrize(
    ("config", "nodes", "batches"),
    [
        ({"maxUnavailable": 1}, 3, 3),
        ({"maxUnavailable": 2}, 3, 2),
        ({"maxUnavailablePercentage": 50}, 10, 2),
        ({"maxUnavailablePercentage": 1}, 10, 10),
        ({"maxUnavailable": 1}, 0, 1),
        ({}, 2, 2),
    ],
)
def test_nodes_are_expected_to_take_time_by_batches(config, nodes, batches):
    state = build_state(updateConfig=config, scalingConfig={"desiredSize": nodes})
    assert estimate_seconds(build_step(NODEGROUP), state, {}) == 60 * (10 + 6 * batches)
    assert estimate_seconds(build_step(NODEGROUP), state, {NODEGROUP: 1}) == 60 * (10 + batches)
    assert estimate_seconds(build_step(ADDON), state, {}) == 5 * 60


def test_a_wait_ends_when_the_window_opens():
    keeper = build_keeper({"windows": [{**NIGHTLY, "start": "02:00", "duration": "1h"}], "wait_for_window": True})
    now = [23 * HOUR]
    keeper.clock, keeper.sleep = lambda: now[0], lambda seconds: now.append(now.pop() + seconds)
    waiting = keeper.find_wait(build_step(CONTROL_PLANE), build_state())
    assert waiting and waiting["opens"] == "1970-01-02T02:00:00Z"
    keeper.hold(waiting)
    assert now == [26 * HOUR] and keeper.find_wait(build_step(CONTROL_PLANE), build_state()) is None


def test_without_windows_every_step_may_begin():
    assert build_keeper({}).find_wait(build_step(CONTROL_PLANE), build_state()) is None
