"""Placement groups, and what keeps EC2 from launching instances by a template."""

from __future__ import annotations

import pytest

from kumo_sandbox.launching import find_launch_problem

EFA = {"InterfaceType": "efa", "DeviceIndex": 0}


def test_a_placement_group_comes_and_goes(ec2, refused):
    tags = [{"ResourceType": "placement-group", "Tags": [{"Key": "mine", "Value": "yes"}]}]
    ec2.create_placement_group(GroupName="one", Strategy="cluster", TagSpecifications=tags)
    assert "InvalidPlacementGroup.Duplicate" in refused(ec2.create_placement_group, GroupName="one", Strategy="cluster")
    for filters in ({"Name": "tag-key", "Values": ["mine"]}, {"Name": "group-name", "Values": ["one"]}):
        (row,) = ec2.describe_placement_groups(Filters=[filters])["PlacementGroups"]
        assert (row["GroupName"], row["Strategy"], row["State"]) == ("one", "cluster", "available")
    assert ec2.describe_placement_groups(Filters=[{"Name": "group-name", "Values": ["two"]}])["PlacementGroups"] == []
    ec2.delete_placement_group(GroupName="one")
    for call in (ec2.delete_placement_group,):
        assert "InvalidPlacementGroup.Unknown" in refused(call, GroupName="one")
    assert "InvalidPlacementGroup.Unknown" in refused(ec2.describe_placement_groups, GroupNames=["one"])


@pytest.mark.parametrize("asked", [{"GroupName": "n" * 256}, {"GroupName": "one", "Strategy": "cluster"}])
def test_a_placement_group_that_does_not_go(ec2, refused, asked):
    ec2.create_placement_group(GroupName="one", Strategy="spread")
    assert "Invalid" in refused(ec2.create_placement_group, **asked)


@pytest.mark.parametrize(
    ("data", "types", "zones", "problem"),
    [
        ({}, ["m5.large"], {"a", "b"}, None),
        ({"NetworkInterfaces": [EFA] * 4}, ["p4d.24xlarge"], {"a"}, None),
        ({"NetworkInterfaces": [EFA]}, ["m5.large"], {"a"}, "not supported on m5.large"),
        ({"NetworkInterfaces": [EFA] * 5}, ["p4d.24xlarge"], {"a"}, "exceeds the limit"),
        ({"Placement": {"GroupName": "one"}}, ["m5.large"], {"a"}, None),
        ({"Placement": {"GroupName": "one"}}, ["m5.large"], {"a", "b"}, "in one Availability Zone"),
        ({"Placement": {"GroupName": "wide"}}, ["m5.large"], {"a", "b"}, None),
        ({"Placement": {"GroupName": "none"}}, ["m5.large"], {"a"}, "is unknown"),
    ],
)
def test_launch_problems(ec2, data, types, zones, problem):
    ec2.create_placement_group(GroupName="one", Strategy="cluster")
    ec2.create_placement_group(GroupName="wide", Strategy="spread")
    found = find_launch_problem(ec2.meta.region_name, data, types, zones)
    assert found is None if problem is None else problem in found
