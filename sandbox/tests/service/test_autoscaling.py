"""Instances of a group are spread over its zones, when it grows and when it shrinks."""

from __future__ import annotations

from collections import Counter

import pytest

from kumo_sandbox.moto_fixes.autoscaling import split_shares

ZONES = {"s1": "a", "s2": "a", "s3": "c", "s4": "d"}


@pytest.mark.parametrize(
    ("standing", "count", "expected"),
    [
        ([], 3, {"s1": 1, "s3": 1, "s4": 1}),
        ([], 4, {"s1": 1, "s2": 1, "s3": 1, "s4": 1}),
        (["s1", "s3"], 1, {"s4": 1}),
        (["s1", "s1", "s3", "s4"], 3, {"s2": 1, "s3": 1, "s4": 1}),
        (["s1"], 0, {}),
    ],
)
def test_the_emptiest_zone_gets_the_next_instance(standing, count, expected):
    assert split_shares(ZONES, standing, count) == expected


def test_node_groups_stand_in_all_zones(sandbox, eks, make_cluster, make_nodegroup):
    cluster = make_cluster()
    make_nodegroup(scalingConfig={"minSize": 1, "maxSize": 9, "desiredSize": 5})

    def zones() -> list[int]:
        found = Counter(node.zone for node in sandbox.view(cluster["arn"]).nodes)
        return sorted(found.values())

    assert zones() == [1, 2, 2]
    for size, expected in ((9, [3, 3, 3]), (4, [1, 1, 2]), (3, [1, 1, 1]), (2, [1, 1])):
        words = {"clusterName": "demo", "nodegroupName": "general"}
        eks.update_nodegroup_config(**words, scalingConfig={"desiredSize": size})
        eks.describe_nodegroup(**words)
        assert zones() == expected
    group = sandbox.client("autoscaling").describe_auto_scaling_groups()["AutoScalingGroups"][0]
    assert len(group["VPCZoneIdentifier"].split(",")) == 3 and len(group["Instances"]) == 2


def test_instances_have_volumes_with_provisioned_iops(sandbox, make_cluster, make_nodegroup):
    make_cluster()
    volume = {
        "DeviceName": "/dev/xvda",
        "Ebs": {"VolumeSize": 80, "VolumeType": "io2", "Iops": 3000, "Encrypted": True},
    }
    words = {"LaunchTemplateName": "fast", "LaunchTemplateData": {"BlockDeviceMappings": [volume]}}
    sandbox.client("ec2").create_launch_template(**words)
    assert make_nodegroup(launchTemplate={"name": "fast"})["status"] == "ACTIVE"
    assert {row["VolumeType"] for row in sandbox.client("ec2").describe_volumes()["Volumes"] if row["Size"] == 80} == {
        "io2"
    }


def test_instances_have_the_metadata_options_of_their_template(sandbox, make_cluster, make_nodegroup):
    make_cluster()
    ec2 = sandbox.client("ec2")
    own = {"HttpTokens": "required", "HttpPutResponseHopLimit": 3}
    ec2.create_launch_template(LaunchTemplateName="own", LaunchTemplateData={"MetadataOptions": own})
    make_nodegroup("own", launchTemplate={"name": "own"})
    make_nodegroup("new", amiType="AL2023_x86_64_STANDARD")
    rows = [one for row in ec2.describe_instances()["Reservations"] for one in row["Instances"]]
    options = {
        (row["MetadataOptions"]["HttpTokens"], row["MetadataOptions"]["HttpPutResponseHopLimit"]) for row in rows
    }
    assert options == {("required", 3), ("required", 1)}
