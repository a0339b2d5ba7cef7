# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Karpenter with site.yml and teardown.yml, on a cluster with a Kubernetes API and a mirror of its charts."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.account.comparison import compare
from support.chart_repository import serve_files, write_repository
from support.clock import SPEED
from support.karpenter import CHARTS, FINALIZERS, TEMPLATES, ending_nodes, start_node

from ansible_collections.kumo.eks.plugins.module_utils.karpenter.objects import NODE_CLAIM, NODE_CLASS, NODE_POOL
from ansible_collections.kumo.eks.plugins.module_utils.kubernetes.api import open_cluster_api
from kumo_sandbox import Sandbox
from kumo_sandbox.toolchain import binaries

pytestmark = pytest.mark.extended
NAME, VERSION, REGION = "my-cluster", "1.34", "ap-northeast-1"
NODE_ROLE = f"{NAME}.{REGION}_karpenter-node"


@pytest.fixture(scope="module")
def standing() -> Iterator[Sandbox]:
    with Sandbox(speed=SPEED, kubernetes=True) as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(standing, monkeypatch):
    for name, value in standing.env.items():
        monkeypatch.setenv(name, value)
    return standing


@pytest.fixture
def variables(ground, tmp_path, monkeypatch) -> Iterator[dict]:
    """A cluster with two nodes, Karpenter, and the mirror that has its charts."""
    helm: Path = binaries.ensure(["helm"])["helm"]
    monkeypatch.setenv("PATH", f"{helm.parent}{os.pathsep}{os.environ['PATH']}")
    for kind in ("CACHE", "CONFIG", "DATA"):
        monkeypatch.setenv(f"HELM_{kind}_HOME", str(tmp_path / "helm" / kind))
    with serve_files(write_repository(helm, tmp_path, CHARTS, TEMPLATES)) as mirror:
        yield {
            "eks_cluster_name": NAME,
            "eks_cluster_version": VERSION,
            "eks_cluster_access_config": {"authentication_mode": "API_AND_CONFIG_MAP"},
            "eks_tags": {"Team": "a"},
            "eks_network_subnets": {"private": ground["subnets"]},
            "eks_nodegroups_list": [{"name": "general", "scaling_config": {"min_size": 2, "max_size": 2}}],
            "eks_karpenter_enabled": True,
            "eks_karpenter_chart_repository": mirror,
        }


def show(api, kind):
    return {row["metadata"]["name"]: row["spec"] for row in api.list(kind)}


def test_karpenter_comes_and_goes_with_its_nodes(sandbox, account, variables, play, play_role, run_module):
    eks, sts = sandbox.client("eks"), sandbox.client("sts")
    before = account()
    play("kumo.eks.site", **variables).assert_ok()
    with open_cluster_api(eks, sts, NAME) as api:
        (node_class,) = show(api, NODE_CLASS).values()
        assert node_class["role"] == NODE_ROLE and node_class["tags"] == {"Team": "a"}
        assert show(api, NODE_POOL)["default"]["limits"] == {"cpu": 1000}
        rows = {row["name"]: row for row in run_module("eks_helm_info", {"cluster_name": NAME})["releases"]}
        assert {row["chart"] for row in rows.values()} == {f"{name}-{version}" for name, version in CHARTS.items()}
        play_role("eks_karpenter", **variables).assert_unchanged()

        pools = [{"name": "batch", "spec": {"limits": {"cpu": 10}}}]
        one = {"cluster_name": NAME, "node_role": NODE_ROLE, "tags": {"Team": "a"}, "node_pools": pools}
        plan = run_module("eks_karpenter_nodes", one, check=True)
        assert set(plan["diff"]["after"]) == {"NodePool batch"} and set(show(api, NODE_POOL)) == {"default"}
        made = run_module("eks_karpenter_nodes", one)
        assert made["unlisted"] == [{"kind": "NodePool", "name": "default"}] and made["diff"] == plan["diff"]
        wrong = [{"name": "default", "spec": {"amiSelectorTerms": []}}]
        refused = run_module("eks_karpenter_nodes", {**one, "node_classes": wrong})
        assert refused["failed"] and "amiSelectorTerms" in refused["msg"]

        for name, pool in (("default-a", "default"), ("batch-a", "batch")):
            start_node(api, name, pool)
        slow = run_module("eks_karpenter_nodes", {**one, "purge": True, "wait_timeout": 1})
        assert slow["failed"] and "NodeClaim default-a" in slow["msg"] and "karpenter.sh/do-not-disrupt" in slow["msg"]
        with ending_nodes(api) as ended:
            purged = run_module("eks_karpenter_nodes", {**one, "purge": True})
            assert not purged["failed"] and set(show(api, NODE_CLAIM)) == {"batch-a"}
            api.patch(NODE_CLASS, "default", {"metadata": {"finalizers": [FINALIZERS[NODE_CLASS]]}})
            play("kumo.eks.teardown", **variables).assert_ok()
    assert ended == ["NodeClaim default-a", "NodeClaim batch-a", "EC2NodeClass default"]
    assert compare(account(), before) == []
