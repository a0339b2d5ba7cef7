# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A cluster with a Kubernetes API behind it goes two minor versions on: planned, killed on the way, resumed, and then at rest."""

from __future__ import annotations

import json

import pytest
from support import clock

from ansible_collections.kumo.eks.plugins.module_utils.kubernetes.api import open_cluster_api
from ansible_collections.kumo.eks.plugins.module_utils.kubernetes.kinds import NODE, POD
from ansible_collections.kumo.eks.plugins.module_utils.upgrade.kubernetes_reading import BUDGET
from kumo_sandbox import Sandbox

NAME = "my-cluster"
SIZES = {"min_size": 1, "max_size": 4, "desired_size": 1}
pytestmark = pytest.mark.extended


@pytest.fixture(scope="module")
def standing():
    with Sandbox(speed="instant", kubernetes=True) as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(standing, monkeypatch):
    for name, value in standing.env.items():
        monkeypatch.setenv(name, value)
    standing.clock.set_speed(clock.SPEED)
    yield standing
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
        api.create(BUDGET, build_budget(), "default")
        play("kumo.eks.site", **newer).assert_refused(
            "Cluster my-cluster stays at 1.31: these gates are closed: disruption_budgets",
            "PodDisruptionBudget default/web allows no disruption of web",
        )
        assert account() == before
        api.delete(BUDGET, "web", "default")
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
