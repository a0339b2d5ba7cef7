# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A cluster with a Kubernetes API behind it goes two minor versions on: planned, killed on the way, resumed, and then at rest."""

from __future__ import annotations

import json

import pytest
from support import clock, serving

from ansible_collections.kumo.eks.plugins.module_utils.kubernetes.api import open_cluster_api
from ansible_collections.kumo.eks.plugins.module_utils.kubernetes.kinds import NODE, POD, POD_DISRUPTION_BUDGET

NAME = "my-cluster"
SIZES = {"min_size": 1, "max_size": 4, "desired_size": 1}
pytestmark = pytest.mark.extended


@pytest.fixture
def sandbox(standing, monkeypatch):
    for name, value in standing.env.items():
        monkeypatch.setenv(name, value)
    standing.clock.set_speed(clock.SPEED)
    quota = standing.quotas["standard_vcpus"]
    yield standing
    standing.quotas.change({"standard_vcpus": quota})
    standing.clock.set_speed("instant")


@pytest.fixture
def variables(ground):
    return {
        "eks_cluster_name": NAME,
        "eks_region": "ap-northeast-1",
        "eks_cluster_version": "1.31",
        "eks_cluster_access_config": {"authentication_mode": "API_AND_CONFIG_MAP"},
        "eks_network_subnets": {"private": ground["subnets"]},
        "eks_nodegroups_list": [{"name": "managed", "scaling_config": SIZES}],
        "eks_addons_list": [{"name": name} for name in ("vpc-cni", "kube-proxy", "coredns")],
    }


def build_pod(node):
    spec = {"nodeName": node, "containers": [{"name": "main", "image": "registry.k8s.io/pause"}]}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "web", "labels": {"app": "web"}}, "spec": spec}


def build_budget():
    spec = {"minAvailable": 1, "selector": {"matchLabels": {"app": "web"}}}
    return {"apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": {"name": "web"}, "spec": spec}


def test_two_minor_versions_on(sandbox, play, account, variables, kill_when, tmp_path):
    eks = sandbox.client("eks")
    play("kumo.eks.site", **variables).assert_ok()
    before = account()
    newer = {**variables, "eks_cluster_version": "1.33"}
    runbook, record = tmp_path / "runbook.md", tmp_path / "record.json"
    files = {"eks_upgrade_runbook_path": str(runbook), "eks_upgrade_record_path": str(record)}
    planned = play("kumo.eks.site", "--check", **newer, **files).assert_ok()
    assert account() == before and not record.exists()
    for words in (
        "Upgrade of cluster my-cluster from 1.31 to 1.33: ",
        "+ removed_apis passed",
        "To be changed: upgrade my-cluster",
    ):
        assert words in planned.output, planned.output
    assert "| 1.32 | control plane | 1.31 | 1.32 |" in runbook.read_text()

    with open_cluster_api(eks, sandbox.client("sts"), NAME) as api:
        (node,) = [row["metadata"]["name"] for row in api.list(NODE)]
        api.create(POD, build_pod(node), "default")
        api.create(POD_DISRUPTION_BUDGET, build_budget(), "default")
        play("kumo.eks.site", **newer).assert_refused(
            "Cluster my-cluster stays at 1.31: these gates are closed: disruption_budgets",
            "PodDisruptionBudget default/web allows no disruption of web",
        )
        assert account() == before
        api.delete(POD_DISRUPTION_BUDGET, "web", "default")
        api.delete(POD, "web", "default", grace_period=0)

    def find_version():
        return eks.describe_nodegroup(clusterName=NAME, nodegroupName="managed")["nodegroup"]["version"]

    kill_when(lambda: find_version() == "1.32", "kumo.eks.upgrade", **newer)
    assert eks.describe_cluster(name=NAME)["cluster"]["version"] == "1.32"
    sandbox.quotas.change({"standard_vcpus": 1})
    files["eks_upgrade_overrides"] = [{"gate": "vcpu_quota", "reason": "raised a moment ago"}]
    resumed = play("kumo.eks.site", **newer, **files).assert_ok()
    assert "gate vcpu_quota is failed and overridden: raised a moment ago" in resumed.output
    assert "control plane 1.32 -> 1.33: done after" in resumed.output, resumed.output
    assert "upgrade" in resumed.output and "Behind Kubernetes" not in resumed.output
    assert find_version() == "1.33"
    with open_cluster_api(eks, sandbox.client("sts"), NAME) as api:
        kubelets = {row["status"]["nodeInfo"]["kubeletVersion"][:5] for row in api.list(NODE)}
    assert kubelets == {"v1.33"}
    done = json.loads(record.read_text())
    assert done["result"] == "done" and done["version"] == "1.33" and len(done["gates"]) == 16
    assert done["overrides"] == {"vcpu_quota": "raised a moment ago"} and done["caller"].endswith("user/sandbox-admin")
    play("kumo.eks.site", **newer).assert_unchanged()


@pytest.fixture
def serving_cluster():
    """A cluster with a network of its own: three nodes, and Fargate for the namespace tasks."""
    sizes = {"min_size": 3, "max_size": 4, "desired_size": 3}
    return {
        "eks_cluster_name": "serving",
        "eks_region": "ap-northeast-1",
        "eks_cluster_version": "1.29",
        "eks_nodegroups_list": [{"name": "managed", "scaling_config": sizes}],
        "eks_fargate_profiles": [{"name": "tasks", "selectors": [{"namespace": "tasks"}]}],
        "eks_addons_list": [{"name": name} for name in ("vpc-cni", "kube-proxy", "coredns")],
    }


def test_pods_serve_from_1_29_to_1_33(sandbox, play, serving_cluster):
    """No more pods are away at any time than their budgets allow, and in the end all are on new nodes."""
    play("kumo.eks.site", **serving_cluster).assert_ok()
    eks, sts = sandbox.client("eks"), sandbox.client("sts")
    workloads = [("web", "default"), ("database", "default"), ("task", "tasks")]
    with open_cluster_api(eks, sts, "serving") as api:
        serving.create_namespace(api, "tasks")
        serving.create_workload(api, "Deployment", "web", "default")
        serving.create_workload(api, "StatefulSet", "database", "default")
        serving.create_workload(api, "DaemonSet", "agent", "default")
        serving.create_workload(api, "Deployment", "task", "tasks")
        serving.wait_until_ready(api, [*workloads, ("agent", "default")])
        old = {row["metadata"]["uid"] for row in api.list(NODE)}
    newer = {**serving_cluster, "eks_cluster_version": "1.33"}
    with serving.watch(lambda: open_cluster_api(eks, sts, "serving"), workloads) as lowest:
        done = play("kumo.eks.site", **newer).assert_ok()
    assert "control plane 1.32 -> 1.33: done after" in done.output, done.output
    # Pods on nodes are evicted one at a time. Those on Fargate are restarted by their Deployment, which starts new ones first.
    assert lowest == {"web": serving.REPLICAS - 1, "database": serving.REPLICAS - 1, "task": serving.REPLICAS}
    with open_cluster_api(eks, sts, "serving") as api:
        serving.wait_until_ready(api, [*workloads, ("agent", "default")])
        nodes = list(api.list(NODE))
    assert not {row["metadata"]["uid"] for row in nodes} & old
    assert {row["status"]["nodeInfo"]["kubeletVersion"][:5] for row in nodes} == {"v1.33"}
