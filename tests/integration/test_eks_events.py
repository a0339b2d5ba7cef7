# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""eks_event_info: who changed what, by CloudTrail's event history."""

from __future__ import annotations

import pytest

from kumo_sandbox import Sandbox

NAME = "my-cluster"
OTHER = "other"
GROUP = {"kind": "node group", "name": "general"}


@pytest.fixture
def look(run_module):
    def run(*resources, **options):
        place = {"cluster_name": NAME, "region": "ap-northeast-1", "resources": list(resources)}
        return run_module("eks_event_info", {**place, **options})

    return run


@pytest.fixture
def standing(sandbox: Sandbox, ground):
    eks, places = sandbox.client("eks"), {"subnetIds": ground["subnets"]}
    sizes = {"minSize": 1, "maxSize": 2, "desiredSize": 1}
    for name in (NAME, OTHER):
        eks.create_cluster(name=name, version="1.33", roleArn=ground["role"], resourcesVpcConfig=places)
        words = {"nodeRole": ground["node_role"], "subnets": ground["subnets"], "scalingConfig": sizes}
        eks.create_nodegroup(clusterName=name, nodegroupName="general", **words)
    return eks


def test_changes_of_a_cluster_and_its_parts(standing, look):
    eks = standing
    eks.update_nodegroup_config(clusterName=NAME, nodegroupName="general", labels={"addOrUpdateLabels": {"a": "b"}})
    arn = eks.describe_nodegroup(clusterName=NAME, nodegroupName="general")["nodegroup"]["nodegroupArn"]
    eks.tag_resource(resourceArn=arn, tags={"a": "b"})
    with pytest.raises(eks.exceptions.ClientError):
        eks.update_nodegroup_config(
            clusterName=NAME, nodegroupName="general", scalingConfig={"minSize": 9, "maxSize": 2}
        )
    found = look(GROUP, {"kind": "network", "name": "vpc-1"})
    assert not found["failed"], found
    events = found["events"]
    assert sorted(row["event"] for row in events) == ["CreateNodegroup", "TagResource", "UpdateNodegroupConfig"]
    assert {(row["kind"], row["name"]) for row in events} == {("node group", "general")}
    assert {row["user"] for row in events} == {"arn:aws:iam::123456789012:user/sandbox-admin"}
    assert [row["event"] for row in look({"kind": "cluster", "name": NAME})["events"]] == ["CreateCluster"]
    assert look()["events"] == [] and look({"kind": "network", "name": "x"})["events"] == []


def test_a_number_of_hours_that_is_not_kept(sandbox, look):
    refused = look(GROUP, hours=5000)
    assert refused["failed"] and "hours: 5000" in refused["msg"]
