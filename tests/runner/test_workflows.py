# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The workflows of the example project, each job under ansible-runner: what approvals and failures let through."""

from __future__ import annotations

import itertools
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from support.awx_workflow import Ended, Job, walk_workflow
from support.runner_jobs import PROJECT, printed, read_artifacts, run_job

from kumo_sandbox import Sandbox

SITE, WAVES = "EKS: site, with approval", "EKS: upgrade in waves"
CLUSTERS = {"test": "staging", "shop": "production"}
# Without a Kubernetes API behind the clusters, what only it knows cannot be determined. In AWX, these are variables of the inventory.
UNREAD = ("kubelet_skew", "removed_apis", "disruption_budgets", "single_replicas", "kube_proxy_skew", "insights")
OF_THE_INVENTORY = {
    "eks_upgrade_wave_checks": ["version", "cluster", "nodegroups", "addons"],
    "eks_upgrade_wave_timeout": 0,
    "eks_upgrade_overrides": [
        {"gate": gate, "reason": "no Kubernetes API here"} for gate in (*UNREAD, "removed_features")
    ],
}
ASKED = {"version": "1.33", "soak": "0", "adopt": "yes"}


@pytest.fixture
def run(awx: Path) -> Callable[[Job], Ended]:
    """Run the job of a node, with the inventory of its template."""

    numbers = itertools.count()

    def run_node(job: Job) -> Ended:
        inventory = awx / "inventory"
        shutil.rmtree(inventory)
        inventory.mkdir()
        if job.inventory == "EKS: clusters":
            shutil.copy(PROJECT / "inventory/clusters.eks.yml", inventory)
            (inventory / "group_vars").mkdir()
            (inventory / "group_vars/eks_clusters.yml").write_text(yaml.safe_dump(OF_THE_INVENTORY))
        else:
            (inventory / "hosts").write_text("localhost ansible_connection=local\n")
        (awx / "env/extravars").write_text(json.dumps(job.variables))
        code, found = run_job(awx, job.playbook, f"{next(numbers)}-{job.node}", check=job.check)
        return Ended(code == 0, read_artifacts(found), printed(found))

    return run_node


@pytest.fixture
def fleet(sandbox: Sandbox, ground: dict[str, Any]) -> Any:
    """A cluster of staging and one of production, in two groups of the inventory."""
    eks = sandbox.client("eks")
    for name, environment in CLUSTERS.items():
        eks.create_cluster(
            name=name,
            version="1.32",
            roleArn=ground["role"],
            resourcesVpcConfig={"subnetIds": ground["subnets"]},
            accessConfig={"authenticationMode": "API_AND_CONFIG_MAP"},
            tags={"Environment": environment},
        )
    return eks


def list_versions(eks: Any) -> list[str]:
    return [eks.describe_cluster(name=name)["cluster"]["version"] for name in CLUSTERS]


def test_a_plan_that_is_denied_creates_nothing_and_an_approved_one_is_carried_out(sandbox, run):
    denied = walk_workflow(SITE, {}, run, approve=lambda _node: False)
    assert denied.states == {"plan": "successful", "approval": "denied", "site": "not run", "audit": "not run"}
    assert not denied.succeeded and "awx-cluster" in denied.ended["plan"].output
    assert sandbox.client("eks").list_clusters()["clusters"] == []

    approved = walk_workflow(SITE, {"nodes": 2}, run, approve=lambda _node: True)
    assert approved.succeeded, approved.ended[next(reversed(approved.ended))].output
    assert list(approved.ended) == ["plan", "approval", "site", "audit"]
    group = sandbox.client("eks").describe_nodegroup(clusterName="awx-cluster", nodegroupName="general")["nodegroup"]
    assert group["scalingConfig"]["desiredSize"] == 2
    assert "KUMO-A09" in approved.ended["audit"].output


def test_each_wave_waits_for_its_approval(fleet, run):
    seen: list[tuple[str, list[str]]] = []
    walk = walk_workflow(WAVES, ASKED, run, approve=lambda node: not seen.append((node, list_versions(fleet))))
    assert seen == [("approval of staging", ["1.32", "1.32"]), ("approval of production", ["1.33", "1.32"])]
    assert walk.succeeded and set(walk.states.values()) == {"successful", "approved"}, walk.states
    assert list_versions(fleet) == ["1.33", "1.33"]
    handed_on = [walk.ended[node].artifacts for node in ("staging", "production")]
    assert [row["eks_upgrade_result"] for row in handed_on] == ["done", "done"]


def test_a_wave_that_fails_stops_the_next_one(sandbox, fleet, run):
    bad = next(state for state in sandbox.store.clusters.values() if state.raw["name"] == "test")
    bad.raw["health"] = {"issues": [{"code": "ClusterUnreachable", "message": "no subnet"}]}
    approvals: list[str] = []
    walk = walk_workflow(WAVES, ASKED, run, approve=lambda node: not approvals.append(node))
    assert approvals == ["approval of staging"] and not walk.succeeded
    assert walk.states["staging"] == "failed" and walk.states["production"] == "not run"
    staging = walk.ended["staging"]
    assert staging.artifacts["eks_upgrade_result"] == "failed" and "ClusterUnreachable" in staging.output
    assert list_versions(fleet) == ["1.32", "1.32"]
