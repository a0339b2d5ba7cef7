# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A cluster is upgraded by the role eks_cluster alone, through the same gates."""

from __future__ import annotations

import pytest
from support import clock
from support.playbook_of_a_role import write_role

pytestmark = pytest.mark.extended


@pytest.fixture
def sandbox(standing, monkeypatch):
    for name, value in standing.env.items():
        monkeypatch.setenv(name, value)
    standing.clock.set_speed(clock.SPEED)
    return standing


@pytest.fixture
def alone(sandbox, ground):
    """Variables of the role eks_cluster for a cluster that it did not create, two minor versions behind, with a node group and kube-proxy."""
    eks = sandbox.client("eks")
    place, words = {"subnetIds": ground["subnets"]}, {"clusterName": "alone"}
    eks.create_cluster(
        name="alone",
        version="1.31",
        roleArn=ground["role"],
        resourcesVpcConfig=place,
        accessConfig={"authenticationMode": "API_AND_CONFIG_MAP"},
    )
    clock.settle(sandbox)
    group = {"nodegroupName": "managed", "subnets": ground["subnets"], "nodeRole": ground["node_role"]}
    eks.create_nodegroup(**words, **group, scalingConfig={"minSize": 1, "maxSize": 4, "desiredSize": 1})
    for name in ("vpc-cni", "kube-proxy"):
        eks.create_addon(**words, addonName=name)
    clock.settle(sandbox)
    return {
        "eks_cluster_name": "alone",
        "eks_region": "ap-northeast-1",
        "eks_cluster_role_arn": ground["role"],
        "eks_cluster_adopt": True,
        "eks_cluster_version": "1.33",
    }


def test_the_role_of_the_control_plane_alone(sandbox, play_role, account, alone, kill_when, tmp_path):
    """Planned, killed on the way, resumed, and then at rest; killed behind the control plane, it names what is behind."""
    eks, before = sandbox.client("eks"), account()

    def find_versions():
        group = eks.describe_nodegroup(clusterName="alone", nodegroupName="managed")["nodegroup"]
        return eks.describe_cluster(name="alone")["cluster"]["version"], group["version"]

    planned = play_role("eks_cluster", "--check", **alone).assert_ok()
    assert "| 1.33 |" in planned.output or "Upgrade of cluster alone from 1.31 to 1.33" in planned.output
    assert account() == before
    kill_when(lambda: find_versions() == ("1.32", "1.31"), write_role(tmp_path, "eks_cluster"), **alone)
    resumed = play_role("eks_cluster", **alone).assert_ok()
    assert "control plane 1.32 -> 1.33: done after" in resumed.output, resumed.output
    assert find_versions() == ("1.33", "1.33") and "Behind Kubernetes" not in resumed.output
    play_role("eks_cluster", **alone).assert_unchanged()
    eks.update_cluster_version(name="alone", version="1.34")
    clock.settle(sandbox)
    behind = play_role("eks_cluster", **{**alone, "eks_cluster_version": "1.34"}).assert_unchanged()
    assert "Behind Kubernetes 1.34: managed. kumo.eks.upgrade brings them up." in behind.output
