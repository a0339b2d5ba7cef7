# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""site.yml and teardown.yml on a clock that moves: roles are seen late, waits last, and a killed run is resumed in every status."""

from __future__ import annotations

from pathlib import Path

import pytest

pytestmark = pytest.mark.extended
TESTS = Path(__file__).parents[2]
GUIDE = {"eks_cluster_config": str(TESTS.parent / "docs/examples/cluster-config.yaml")}
NAME = "my-cluster"
WITH_ROLE_LAG = 2  # the clock's speed while a role is new: EKS sees it seconds after the module first asks
HARDLY = 0.05  # a role stays unseen for minutes, however slow this machine is
SPEED = 25  # else: a control plane takes 22 seconds


@pytest.fixture
def moving(sandbox):
    """A sandbox whose clock moves."""
    sandbox.clock.set_speed(WITH_ROLE_LAG)
    yield sandbox
    sandbox.clock.set_speed("instant")


@pytest.fixture
def status(moving):
    """status() -> the cluster's, or an empty text; status(group) -> that of the node group."""
    eks = moving.client("eks")

    def look(group: str = "") -> str:
        try:
            if group:
                return eks.describe_nodegroup(clusterName=NAME, nodegroupName=group)["nodegroup"]["status"]
            return eks.describe_cluster(name=NAME)["cluster"]["status"]
        except eks.exceptions.ResourceNotFoundException:
            return ""

    return look


def test_a_cluster_is_resumed_in_every_status(moving, status, kill_when, play, account):
    before = account()
    kill_when(lambda: status() == "CREATING", "kumo.eks.site", **GUIDE)
    moving.clock.set_speed(SPEED)
    resumed = play("kumo.eks.site", **GUIDE).assert_ok()
    assert f"[{NAME}] cluster {NAME}: CREATING" in resumed.output
    assert f"[{NAME}] cluster {NAME}: CREATING -> ACTIVE after " in resumed.output
    play("kumo.eks.site", **GUIDE).assert_unchanged()

    change = {**GUIDE, "eks_cluster_upgrade_policy": {"support_type": "STANDARD"}}
    kill_when(lambda: status() == "UPDATING", "kumo.eks.site", **change)
    assert status() == "UPDATING"
    play("kumo.eks.site", **change).assert_ok()
    assert status() == "ACTIVE"
    play("kumo.eks.site", **change).assert_unchanged()

    kill_when(lambda: status("general-purpose") == "DELETING", "kumo.eks.teardown", **GUIDE)
    kill_when(lambda: status() == "DELETING", "kumo.eks.teardown", **GUIDE)
    assert status() == "DELETING"
    play("kumo.eks.teardown", **GUIDE).assert_ok()
    assert status() == "" and account() == before


def test_a_new_role_is_waited_for(moving, status, kill_when):
    """EKS refuses a role that it does not see yet; site.yml asks again, and goes on."""
    moving.clock.set_speed(HARDLY)

    def list_refusals() -> set[str]:
        rows = [call for call in moving.calls() if call["operation"] == "CreateCluster"]
        return {call["error"] for call in rows if call["error"]}

    def is_created() -> bool:
        if list_refusals():
            moving.clock.set_speed(SPEED)
        return status() == "CREATING"

    kill_when(is_created, "kumo.eks.site", **GUIDE)
    assert list_refusals() == {"InvalidParameterException"}


def test_a_gateway_that_is_pending_is_told(moving, play_role):
    moving.clock.set_speed(SPEED / 4)
    made = play_role("eks_network", eks_cluster_name=NAME).assert_ok()
    assert "is pending" in made.output
    play_role("eks_network", eks_cluster_name=NAME).assert_unchanged()
