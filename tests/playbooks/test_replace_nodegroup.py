# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A node group is replaced while its pods serve: taken back, killed on the way, resumed, upgraded by a new group, and rolled back."""

from __future__ import annotations

import pytest
from support import clock, serving

from ansible_collections.kumo.eks.plugins.module_utils.kubernetes.api import open_cluster_api
from ansible_collections.kumo.eks.plugins.module_utils.kubernetes.kinds import NODE, POD

NAME = "serving"
WORKLOADS = [("web", "default"), ("database", "default")]
ALL = [*WORKLOADS, ("agent", "default")]
GROUP_LABEL = "eks.amazonaws.com/nodegroup"
pytestmark = pytest.mark.extended


@pytest.fixture
def sandbox(standing, monkeypatch):
    for name, value in standing.env.items():
        monkeypatch.setenv(name, value)
    standing.clock.set_speed(clock.SPEED)
    yield standing
    standing.clock.set_speed("instant")


@pytest.fixture
def variables():
    sizes = {"min_size": 1, "max_size": 4, "desired_size": 3}
    return {
        "eks_cluster_name": NAME,
        "eks_region": "ap-northeast-1",
        "eks_cluster_version": "1.31",
        "eks_nodegroups_list": [{"name": "managed", "scaling_config": sizes, "instance_types": ["m5.large"]}],
        "eks_addons_list": [{"name": name} for name in ("vpc-cni", "kube-proxy", "coredns")],
    }


@pytest.fixture
def eks(sandbox):
    return sandbox.client("eks")


@pytest.fixture
def look(sandbox, eks):
    return lambda: open_cluster_api(eks, sandbox.client("sts"), NAME)


def declare(variables, **options):
    (group,) = variables["eks_nodegroups_list"]
    return {**variables, "eks_nodegroups_list": [{**group, **options}], "eks_replace_nodegroup": "managed"}


def list_groups(eks):
    return sorted(eks.list_nodegroups(clusterName=NAME)["nodegroups"])


def list_places(look):
    """The node groups on whose nodes the pods of the workloads are."""
    with look() as api:
        groups = {row["metadata"]["name"]: row["metadata"]["labels"][GROUP_LABEL] for row in api.list(NODE)}
        pods = [pod for name, space in WORKLOADS for pod in api.list(POD, space, label_selector=f"app={name}")]
    return {groups[pod["spec"]["nodeName"]] for pod in pods}


def test_a_group_is_replaced_while_its_pods_serve(sandbox, eks, play, look, variables, kill_when, account):
    play("kumo.eks.site", **variables).assert_ok()
    with look() as api:
        for kind, name in (("Deployment", "web"), ("StatefulSet", "database"), ("DaemonSet", "agent")):
            serving.create_workload(api, kind, name, "default")
        serving.wait_until_ready(api, ALL)
    before = account()
    larger = declare(variables, instance_types=["m6i.large"])
    planned = play("kumo.eks.replace_nodegroup", "--check", "--diff", **larger).assert_ok()
    for words in ("create node group managed-2 with 3 nodes", "drain 3 nodes of managed, 1 at once", "m6i.large"):
        assert words in planned.output, planned.output
    assert account() == before

    with serving.watch(look, WORKLOADS) as lowest:
        drained = play("kumo.eks.replace_nodegroup", **larger, eks_replace_stop_at="drained").assert_ok()
        assert "no pod is left" in drained.output and list_places(look) == {"managed-2"}
        with look() as api:
            serving.wait_until_ready(api, ALL)
        play("kumo.eks.replace_nodegroup", **larger, eks_replace_state="reverted").assert_ok()
        assert list_places(look) == {"managed"} and list_groups(eks) == ["managed"]
        with look() as api:
            serving.wait_until_ready(api, ALL)
            nodes = list(api.list(NODE))
        assert not any(row["spec"].get("unschedulable") for row in nodes)
        assert not any("kumo.eks" in key for row in nodes for key in row["metadata"].get("annotations") or {})
        assert account() == before

        def is_half_way():
            with look() as api:
                return (
                    sum("kumo.eks/draining" in (row["metadata"].get("annotations") or {}) for row in api.list(NODE))
                    == 2
                )

        kill_when(is_half_way, "kumo.eks.replace_nodegroup", **larger)
        assert list_groups(eks) == ["managed", "managed-2"]
        play("kumo.eks.site", "--check", **variables).assert_ok()  # the old declaration still describes the old group
        play("kumo.eks.replace_nodegroup", **larger).assert_ok()
        assert list_groups(eks) == ["managed-2"] and list_places(look) == {"managed-2"}
    assert lowest == {"web": serving.REPLICAS - 1, "database": serving.REPLICAS - 1}
    play("kumo.eks.replace_nodegroup", **larger).assert_unchanged()
    play("kumo.eks.site", **larger).assert_unchanged()


def test_an_upgrade_by_a_new_group_and_the_way_back(sandbox, eks, play, look, variables):
    larger = declare(variables, instance_types=["m6i.large"])
    newer = {**larger, "eks_cluster_version": "1.32", "eks_upgrade_nodegroup_strategy": "blue_green"}
    with serving.watch(look, WORKLOADS) as lowest:
        upgraded = play("kumo.eks.site", **newer).assert_ok()
        assert "node group managed-2 1.31 -> 1.32: done after" in upgraded.output, upgraded.output
        assert list_groups(eks) == ["managed-3"] and list_places(look) == {"managed-3"}
        play("kumo.eks.site", **newer).assert_unchanged()
        back = {**larger, "eks_upgrade_rollback": True}
        planned = play("kumo.eks.upgrade", "--check", **back).assert_ok()
        assert "Rollback of cluster serving from 1.32 to 1.31: " in planned.output, planned.output
        done = play("kumo.eks.upgrade", **back).assert_ok()
        assert "control plane 1.32 -> 1.31: done after" in done.output, done.output
    assert lowest == {"web": serving.REPLICAS - 1, "database": serving.REPLICAS - 1}
    with look() as api:
        assert {row["status"]["nodeInfo"]["kubeletVersion"][:5] for row in api.list(NODE)} == {"v1.31"}
    play("kumo.eks.upgrade", **back).assert_unchanged()
    play("kumo.eks.teardown", "--check", **larger, eks_teardown_confirm=NAME).assert_ok()
    play("kumo.eks.teardown", **larger, eks_teardown_confirm=NAME).assert_ok()
    assert eks.list_clusters()["clusters"] == []
