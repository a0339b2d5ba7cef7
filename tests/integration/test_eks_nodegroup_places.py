# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the nodes of a group are, and who reaches them by SSH: eks_nodegroup against the sandbox."""

from __future__ import annotations

import pytest

CLUSTER = "my-cluster"
SSH = "my-cluster.general.ssh"


@pytest.fixture
def nodegroup(sandbox, run_module, ground):
    """eks_nodegroup on a cluster that is ACTIVE."""
    made = run_module(
        "eks_cluster",
        {"name": CLUSTER, "version": "1.33", "role_arn": ground["role"], "subnets": ground["subnets"], "wait": True},
    )
    assert not made["failed"], made

    def run(check=False, **group):
        words = {
            "cluster_name": CLUSTER,
            "nodegroups": [{"name": "general", "node_role": ground["node_role"], **group}],
            "private_subnets": ground["subnets"],
            "wait": True,
        }
        return run_module("eks_nodegroup", words, check=check)

    return run


def find_group(sandbox):
    filters = [{"Name": "group-name", "Values": [SSH]}]
    return sandbox.client("ec2").describe_security_groups(Filters=filters)["SecurityGroups"]


def read_sources(row):
    rules = row["IpPermissions"]
    assert all((rule["FromPort"], rule["ToPort"]) == (22, 22) for rule in rules)
    return sorted(one["CidrIp"] for rule in rules for one in rule["IpRanges"])


def test_a_group_is_in_its_zones(sandbox, nodegroup, ground):
    rows = sandbox.client("ec2").describe_subnets(SubnetIds=ground["subnets"])["Subnets"]
    zones = {row["SubnetId"]: row["AvailabilityZone"] for row in rows}
    first = ground["subnets"][0]
    made = nodegroup(availability_zones=[zones[first]])
    (group,) = made["nodegroups"]
    assert group["subnets"] == [subnet for subnet, zone in zones.items() if zone == zones[first]]
    assert not nodegroup(availability_zones=[zones[first]])["changed"]
    refused = nodegroup(availability_zones=["nowhere-1a"])
    assert refused["failed"] and "availability_zones: no subnet of private_subnets is in nowhere-1a" in refused["msg"]


def test_ssh_is_opened_changed_and_closed_with_the_group(sandbox, nodegroup):
    sandbox.client("ec2").create_key_pair(KeyName="k")
    template = {"key_name": "k", "ssh_sources": ["vpc", "203.0.113.0/24"]}
    planned = nodegroup(check=True, template=template)
    assert planned["changed"] and find_group(sandbox) == [], planned
    assert nodegroup(template=template)["changed"]
    (row,) = find_group(sandbox)
    blocks = [cidr for cidr in read_sources(row) if cidr != "203.0.113.0/24"]
    assert len(blocks) == 1 and len(read_sources(row)) == 2
    assert not nodegroup(template=template)["changed"] and not nodegroup(check=True, template=template)["changed"]

    data = describe_template(sandbox)
    shared = sandbox.client("eks").describe_cluster(name=CLUSTER)["cluster"]["resourcesVpcConfig"]
    assert data["SecurityGroupIds"] == [shared["clusterSecurityGroupId"], row["GroupId"]]

    narrowed = {"key_name": "k", "ssh_sources": ["198.51.100.0/24"]}
    assert nodegroup(check=True, template=narrowed)["changed"]
    changed = nodegroup(template=narrowed)
    assert changed["changed"] and read_sources(find_group(sandbox)[0]) == ["198.51.100.0/24"]
    assert describe_template(sandbox) == data  # no node is replaced for a rule


def describe_template(sandbox):
    answer = sandbox.client("ec2").describe_launch_template_versions(
        LaunchTemplateName="my-cluster.general", Versions=["$Default"]
    )
    return answer["LaunchTemplateVersions"][0]["LaunchTemplateData"]


def test_the_security_group_goes_with_the_node_group(sandbox, nodegroup, run_module):
    sandbox.client("ec2").create_key_pair(KeyName="k")
    assert nodegroup(template={"key_name": "k", "ssh_sources": ["203.0.113.0/24"]})["changed"]
    gone = {"cluster_name": CLUSTER, "name": "general", "state": "absent", "wait": True}
    assert run_module("eks_nodegroup", gone, check=True)["changed"] and find_group(sandbox)
    assert run_module("eks_nodegroup", gone)["changed"]
    assert find_group(sandbox) == []
    assert not run_module("eks_nodegroup", gone)["changed"]


def test_a_security_group_of_others_is_not_used(sandbox, nodegroup, ground):
    ec2 = sandbox.client("ec2")
    vpc = ec2.describe_subnets(SubnetIds=ground["subnets"][:1])["Subnets"][0]["VpcId"]
    ec2.create_security_group(GroupName=SSH, Description="of others", VpcId=vpc)
    refused = nodegroup(template={"key_name": "k", "ssh_sources": ["203.0.113.0/24"]})
    assert refused["failed"] and f"security group {SSH} exists and was not created by kumo.eks" in refused["msg"]


def test_a_plan_may_name_subnets_that_are_yet_to_come(run_module, ground):
    group = {
        "name": "web",
        "node_role": ground["node_role"],
        "private_networking": True,
        "availability_zones": ["b"],
        "template": {"key_name": "k", "ssh_sources": ["vpc"]},
    }
    task = {
        "cluster_name": "to-come",
        "nodegroups": [group],
        "private_subnets": ["ID of one", "ID of two"],
        "subnet_zones": {"ID of one": "a", "ID of two": "b"},
    }
    planned = run_module("eks_nodegroup", task, check=True)
    assert not planned["failed"], planned
    assert planned["nodegroups"][0]["subnets"] == ["ID of two"]
