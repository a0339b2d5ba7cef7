# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""eks_update_info and eks_update: what was updated and how it ended, and the one update that EKS can cancel."""

from __future__ import annotations

import pytest

from kumo_sandbox import durations

CLUSTER = "my-cluster"


@pytest.fixture
def eks(sandbox):
    return sandbox.client("eks")


@pytest.fixture
def create(eks, ground):
    """A cluster at 1.32, upgraded to 1.33."""

    def make(**options):
        place = {"roleArn": ground["role"], "resourcesVpcConfig": {"subnetIds": ground["subnets"]}}
        eks.create_cluster(name=CLUSTER, version="1.32", accessConfig={"authenticationMode": "API"}, **place, **options)
        eks.describe_cluster(name=CLUSTER)
        eks.update_cluster_version(name=CLUSTER, version="1.33")
        eks.describe_cluster(name=CLUSTER)

    return make


@pytest.fixture
def auto(create, ground):
    """The same with EKS Auto Mode."""
    create(
        computeConfig={"enabled": True, "nodePools": ["system"], "nodeRoleArn": ground["node_role"]},
        storageConfig={"blockStorage": {"enabled": True}},
        kubernetesNetworkConfig={"elasticLoadBalancing": {"enabled": True}},
    )


@pytest.fixture
def rollback(sandbox, auto, eks, monkeypatch):
    """A rollback whose nodes are on their way for hours. Returns its id."""
    monkeypatch.setattr(durations, "NODES_ROLLBACK", 36000.0)
    sandbox.clock.set_speed(60)
    key = eks.update_cluster_version(name=CLUSTER, version="1.32")["update"]["id"]
    sandbox.recorder.clear()
    return key


@pytest.fixture
def cancel(run_module):
    def run(check: bool = False, **options):
        return run_module("eks_update", {"cluster_name": CLUSTER, **options}, check)

    return run


@pytest.fixture
def updates(run_module):
    def look(**options):
        result = run_module("eks_update_info", {"cluster_name": CLUSTER, **options})
        assert not result["failed"] and not result["changed"], result
        return result["updates"]

    return look


def count_cancellations(sandbox):
    return len([call for call in sandbox.calls() if call["operation"] == "CancelUpdate"])


def test_updates_of_a_cluster_and_of_what_it_has(create, eks, ground, updates):
    create()
    words = {"clusterName": CLUSTER, "nodegroupName": "general"}
    eks.create_nodegroup(**words, subnets=ground["subnets"], nodeRole=ground["node_role"])
    eks.describe_nodegroup(**words)
    eks.update_nodegroup_config(**words, labels={"addOrUpdateLabels": {"a": "b"}})
    eks.describe_nodegroup(**words)
    eks.create_addon(clusterName=CLUSTER, addonName="kube-proxy", resolveConflicts="OVERWRITE")
    eks.describe_addon(clusterName=CLUSTER, addonName="kube-proxy")
    eks.update_addon(clusterName=CLUSTER, addonName="kube-proxy", configurationValues='{"mode": "ipvs"}')
    (upgrade,) = updates()
    assert (upgrade["type"], upgrade["status"]) == ("VersionUpdate", "Successful")
    assert {"type": "Version", "value": "1.33"} in upgrade["params"] and "nodegroup" not in upgrade
    (config,) = updates(nodegroup="general")
    assert (config["type"], config["nodegroup"]) == ("ConfigUpdate", "general")
    assert [row["type"] for row in updates(all=True)] == ["AddonUpdate", "ConfigUpdate", "VersionUpdate"]
    assert [row["addon"] for row in updates(all=True, types=["AddonUpdate"])] == ["kube-proxy"]
    assert updates(statuses=["Failed"]) == [] == updates(nodegroup="none") == updates(cluster_name="nowhere", all=True)
    assert updates(id=config["id"], nodegroup="general") == [config] and updates(id=config["id"]) == []


def test_a_failed_update_says_why(sandbox, create, eks, updates):
    create()
    sandbox.faults.add(kind="fail_update", code="SubnetNotFound", message="The subnet is gone")
    eks.update_cluster_config(name=CLUSTER, logging={"clusterLogging": [{"types": ["api"], "enabled": True}]})
    (row,) = updates(statuses=["Failed"])
    assert (row["errors"][0]["error_code"], row["errors"][0]["error_message"]) == (
        "SubnetNotFound",
        "The subnet is gone",
    )


def test_a_rollback_is_cancelled_once(sandbox, rollback, cancel, eks):
    planned = cancel(check=True)
    assert planned["changed"] and planned["update"]["status"] == "Cancelled" and count_cancellations(sandbox) == 0
    done = cancel()
    assert done["changed"] and not done["failed"], done
    assert (done["update"]["id"], done["update"]["status"]) == (rollback, "Cancelled")
    assert done["update"]["cancellation"]["status"] == "Successful"
    assert done["diff"] == planned["diff"] == {"before": {"status": "InProgress"}, "after": {"status": "Cancelled"}}
    for words in ({}, {"id": rollback}):
        for check in (True, False):
            again = cancel(check, **words)
            assert not again["changed"] and not again["failed"] and again["diff"]["before"] == again["diff"]["after"]
    assert count_cancellations(sandbox) == 1 and eks.describe_cluster(name=CLUSTER)["cluster"]["version"] == "1.33"


def test_without_a_wait_the_next_run_waits(sandbox, rollback, cancel):
    sandbox.clock.set_speed(1)
    first = cancel(wait=False)
    assert first["changed"] and first["update"]["cancellation"]["status"] == "InProgress"
    sandbox.clock.set_speed(60)
    again = cancel(id=rollback)
    assert not again["changed"] and again["update"]["status"] == "Cancelled" and count_cancellations(sandbox) == 1


def test_a_cancellation_that_fails_is_a_failure(sandbox, rollback, cancel):
    sandbox.faults.add(kind="fail_update", operation="CancelUpdate", message="It is too late")
    result = cancel()
    assert result["failed"] and "It is InProgress: It is too late. EKS can cancel only" in result["msg"]


def test_a_rollback_whose_control_plane_has_begun_is_not_cancelled(sandbox, rollback, cancel):
    sandbox.clock.advance(36010)
    result = cancel(id=rollback)
    assert result["failed"] and "before the control plane does" in result["msg"] and "has begun" in result["msg"]


def test_a_rollback_without_auto_mode_is_not_cancelled(sandbox, create, eks, cancel):
    create()
    sandbox.clock.set_speed(1)
    eks.update_cluster_version(name=CLUSTER, version="1.32")
    result = cancel()
    assert result["failed"] and "only a VersionRollback of a cluster with EKS Auto Mode" in result["msg"]


def test_other_updates_are_refused_before_a_call(sandbox, create, eks, cancel):
    create()
    (ended,) = eks.list_updates(name=CLUSTER)["updateIds"]
    sandbox.clock.set_speed(1)
    logging = {"clusterLogging": [{"types": ["api"], "enabled": True}]}
    running = eks.update_cluster_config(name=CLUSTER, logging=logging)["update"]["id"]
    sandbox.recorder.clear()
    for key, said in (
        (ended, "is Successful and cannot be cancelled any more"),
        (running, "is of the type LoggingUpdate"),
        ("none", "has no update 'none'"),
    ):
        result = cancel(id=key)
        assert result["failed"] and said in result["msg"], result
    nothing = cancel()
    assert not nothing["failed"] and not nothing["changed"] and "update" not in nothing
    assert count_cancellations(sandbox) == 0
