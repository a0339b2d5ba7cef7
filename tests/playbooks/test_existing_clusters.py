# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Clusters that others made: written down, adopted without a change, compared, and not torn down."""

from __future__ import annotations

import json

import pytest
import yaml
from support import existing_clusters
from support.account.comparison import compare

pytestmark = pytest.mark.extended
NAME, REGION = "my-cluster", "ap-northeast-1"


@pytest.fixture
def sandbox(sandbox):
    """Everything is there at once: nothing is waited for."""
    sandbox.clock.set_speed("instant")
    return sandbox


@pytest.mark.parametrize("make", existing_clusters.MAKERS.values(), ids=existing_clusters.MAKERS)
def test_adoption(sandbox, play, account, tmp_path, make):
    make(sandbox)
    before = account()
    play("kumo.eks.export", eks_cluster_name=NAME, eks_region=REGION).assert_ok()
    variables = f"@exported/{NAME}.{REGION}.yml"
    config = {"eks_cluster_config": f"exported/{NAME}.{REGION}.cluster-config.yaml", "eks_cluster_adopt": True}
    play("kumo.eks.site", "-e", variables, "--check", "--diff").assert_unchanged()
    play("kumo.eks.site", "-e", variables).assert_unchanged()
    play("kumo.eks.site", "--check", **config).assert_unchanged()
    play("kumo.eks.site", **config).assert_unchanged()
    assert compare(account(), before) == []
    refused = play("kumo.eks.teardown", "-e", variables)
    refused.assert_refused("nothing was removed", "was not created by kumo.eks")
    assert compare(account(), before) == []


def test_drift(sandbox, play, tmp_path):
    existing_clusters.make_as_terraform(sandbox)
    play("kumo.eks.export", eks_cluster_name=NAME, eks_region=REGION).assert_ok()
    variables = f"@exported/{NAME}.{REGION}.yml"
    same = play("kumo.eks.drift", "-e", variables, eks_drift_fail=True).assert_unchanged()
    assert "No drift." in same.output
    eks = sandbox.client("eks")
    (group,) = eks.list_nodegroups(clusterName=NAME)["nodegroups"]
    eks.update_nodegroup_config(clusterName=NAME, nodegroupName=group, scalingConfig={"maxSize": 7})
    eks.delete_addon(clusterName=NAME, addonName="kube-proxy")
    files = {"eks_drift_json_file": "drift.json", "eks_drift_markdown_file": "drift.md"}
    found = play("kumo.eks.drift", "-e", variables, eks_drift_fail=True, **files)
    found.assert_refused(f"Drift in 1 of 1 clusters: {NAME}.")
    (cluster,) = json.loads((tmp_path / "drift.json").read_text())
    rows = {row["kind"]: row for row in cluster["resources"]}
    assert rows["add-on"]["action"] == "create" and rows["add-on"]["last_event"]["event"] == "DeleteAddon"
    assert rows["node group"]["fields"] == [{"field": "scaling_config.max_size", "before": 7, "after": 3}]
    assert rows["node group"]["last_event"]["user"].endswith(":user/sandbox-admin")
    assert f"| {NAME} | add-on kube-proxy | create |" in (tmp_path / "drift.md").read_text()
    assert eks.list_addons(clusterName=NAME)["addons"] == ["coredns", "vpc-cni"]
    # A field that EKS cannot change is drift, too
    given = yaml.safe_load((tmp_path / variables[1:]).read_text())
    given["eks_nodegroups_list"][0]["capacity_type"] = "SPOT"
    impossible = play("kumo.eks.drift", **given)
    assert "not possible" in impossible.output and "capacity_type" in impossible.output
