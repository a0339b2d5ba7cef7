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
VARIABLES = f"@exported/{NAME}.{REGION}.yml"


@pytest.fixture
def sandbox(sandbox):
    """Everything is there at once: nothing is waited for."""
    sandbox.clock.set_speed("instant")
    return sandbox


def test_adoption(sandbox, play, account):
    """By the variables, where names are of one's own; tests/integration/test_eks_export.py compares the others."""
    existing_clusters.make_by_hand(sandbox)
    before = account()
    play("kumo.eks.export", eks_cluster_name=NAME, eks_region=REGION).assert_ok()
    play("kumo.eks.site", "-e", VARIABLES).assert_unchanged()
    refused = play("kumo.eks.teardown", "-e", VARIABLES)
    refused.assert_refused("nothing was removed", "was not created by kumo.eks")
    assert compare(account(), before) == []


def test_adoption_by_a_cluster_config(sandbox, play, account, tmp_path):
    existing_clusters.make_as_eksctl(sandbox)
    before = account()
    play("kumo.eks.export", eks_cluster_name=NAME, eks_region=REGION).assert_ok()
    config = f"exported/{NAME}.{REGION}.cluster-config.yaml"
    play("kumo.eks.site", eks_cluster_config=config, eks_cluster_adopt=True).assert_unchanged()
    replace_ids(sandbox, tmp_path / config)
    play("kumo.eks.site", eks_cluster_config=config, eks_cluster_adopt=True).assert_unchanged()
    assert compare(account(), before) == []


def replace_ids(sandbox, file):
    """Name the subnets by their CIDR blocks, as eksctl takes them, too."""
    config = yaml.safe_load(file.read_text())
    blocks = {row["SubnetId"]: row["CidrBlock"] for row in sandbox.client("ec2").describe_subnets()["Subnets"]}
    entries = [entry for kind in config["vpc"]["subnets"].values() for entry in kind.values()]
    assert entries
    for entry in entries:
        entry["cidr"] = blocks[entry.pop("id")]
    file.write_text(yaml.safe_dump(config))


def test_self_managed_nodes_of_a_cluster_config(sandbox, play, account, tmp_path):
    """What site.yml made of nodeGroups is written down in both forms, and neither changes anything."""
    head = {"apiVersion": "eksctl.io/v1alpha5", "kind": "ClusterConfig"}
    config = {
        **head,
        "metadata": {"name": NAME, "region": REGION, "version": "1.33", "tags": {"Team": "a"}},
        "addonsConfig": {"disableDefaultAddons": True},
        "nodeGroups": [
            {
                "name": "own",
                "privateNetworking": True,
                "minSize": 1,
                "maxSize": 3,
                "instancesDistribution": {"instanceTypes": ["m5.large", "m5a.large"], "onDemandBaseCapacity": 1},
                "taints": [{"key": "dedicated", "value": "batch", "effect": "NoSchedule"}],
            }
        ],
    }
    (tmp_path / "config.yaml").write_text(json.dumps(config))
    play("kumo.eks.site", eks_cluster_config="config.yaml").assert_ok()
    before = account()
    play("kumo.eks.export", eks_cluster_name=NAME, eks_region=REGION).assert_ok()
    exported = tmp_path / "exported"
    (row,) = yaml.safe_load((exported / f"{NAME}.{REGION}.yml").read_text())["eks_self_managed_nodes_list"]
    assert (row["name"], row["taints"][0]["value"]) == ("own", "batch")
    (group,) = yaml.safe_load((exported / f"{NAME}.{REGION}.cluster-config.yaml").read_text())["nodeGroups"]
    assert group["instancesDistribution"]["onDemandBaseCapacity"] == 1
    play("kumo.eks.site", "-e", VARIABLES).assert_unchanged()
    play("kumo.eks.site", eks_cluster_config=f"exported/{NAME}.{REGION}.cluster-config.yaml").assert_unchanged()
    assert compare(account(), before) == []


def test_drift(sandbox, play, tmp_path):
    existing_clusters.make_as_terraform(sandbox)
    play("kumo.eks.export", eks_cluster_name=NAME, eks_region=REGION).assert_ok()
    same = play("kumo.eks.drift", "-e", VARIABLES, eks_drift_fail=True).assert_unchanged()
    assert "No drift." in same.output
    eks = sandbox.client("eks")
    (group,) = eks.list_nodegroups(clusterName=NAME)["nodegroups"]
    eks.update_nodegroup_config(clusterName=NAME, nodegroupName=group, scalingConfig={"maxSize": 7})
    eks.delete_addon(clusterName=NAME, addonName="kube-proxy")
    files = {"eks_drift_json_file": "drift.json", "eks_drift_markdown_file": "drift.md"}
    found = play("kumo.eks.drift", "-e", VARIABLES, eks_drift_fail=True, **files)
    found.assert_refused(f"Drift in 1 of 1 cluster: {NAME}.")
    (cluster,) = json.loads((tmp_path / "drift.json").read_text())
    rows = {row["kind"]: row for row in cluster["resources"]}
    assert rows["add-on"]["action"] == "create" and rows["add-on"]["last_event"]["event"] == "DeleteAddon"
    assert rows["node group"]["fields"] == [{"field": "scaling_config.max_size", "before": 7, "after": 3}]
    assert rows["node group"]["last_event"]["user"].endswith(":user/sandbox-admin")
    assert f"| {NAME} | add-on kube-proxy | create |" in (tmp_path / "drift.md").read_text()
    assert not cluster["not_compared"]
    unseen = play("kumo.eks.drift", "-e", VARIABLES, eks_account_id="210987654321", **files)
    unseen.assert_refused(f"Not compared: {NAME}.", "the credentials are of account")
    (cluster,) = json.loads((tmp_path / "drift.json").read_text())
    assert (cluster["not_compared"], cluster["drift"]) == (True, False)
    play("kumo.eks.drift", eks_hosts="nobody").assert_refused("No cluster was compared. eks_hosts matches no host")
    assert eks.list_addons(clusterName=NAME)["addons"] == ["coredns", "vpc-cni"]
