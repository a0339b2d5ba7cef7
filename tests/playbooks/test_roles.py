# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each role alone: planned, made, made again, removed, removed again; and what it must never remove."""

from __future__ import annotations

import json
from typing import Any

import pytest
from support import clock

NAME = "my-cluster"
ZONES = ["ap-northeast-1a", "ap-northeast-1c"]


@pytest.fixture
def cycle(play_role, account):
    """Walk one role through its life: cycle("eks_network", **variables); the account is as before at the end."""

    def walk(role: str, **variables: Any) -> None:
        options = {"eks_cluster_name": NAME, **variables}
        before = account()
        assert play_role(role, "--check", "--diff", **options).assert_ok().changed > 0
        assert account() == before
        assert play_role(role, **options).assert_ok().changed > 0
        play_role(role, **options).assert_unchanged()
        gone = {**options, f"{role}_state": "absent"}
        assert play_role(role, "--check", **gone).assert_ok().changed > 0
        assert play_role(role, **gone).assert_ok().changed > 0
        assert account() == before
        play_role(role, **gone).assert_unchanged()

    return walk


@pytest.fixture
def cluster(sandbox, ground) -> dict[str, Any]:
    """A cluster that the roles did not make."""
    sandbox.client("eks").create_cluster(
        name=NAME, roleArn=ground["role"], resourcesVpcConfig={"subnetIds": ground["subnets"]}, version="1.33"
    )
    clock.settle(sandbox)
    return ground


def test_network_alone(cycle):
    cycle("eks_network", eks_network_nat_gateway="Single", eks_network_zones=ZONES, eks_tags={"Team": "kumo"})


def test_cluster_alone(cycle, ground):
    cycle(
        "eks_cluster",
        eks_cluster_subnets=ground["subnets"],
        eks_cluster_version="1.33",
    )


@pytest.mark.extended
def test_self_managed_nodes_alone(cycle, sandbox, ground):
    """Without an API server that could be asked: instances are waited for, and the output says so."""
    sandbox.client("eks").create_cluster(
        name=NAME,
        roleArn=ground["role"],
        resourcesVpcConfig={"subnetIds": ground["subnets"]},
        version="1.33",
        accessConfig={"authenticationMode": "API_AND_CONFIG_MAP"},
    )
    clock.settle(sandbox)
    group = {"name": "own", "instance_types": ["m5.large"], "scaling_config": {"min_size": 1, "max_size": 2}}
    cycle(
        "eks_self_managed_nodes",
        eks_self_managed_nodes_list=[group],
        eks_self_managed_nodes_private_subnets=ground["subnets"],
    )


@pytest.mark.extended
def test_a_cluster_in_auto_mode(sandbox, play_role, ground, account):
    """Its three parts, no bootstrapped add-ons, and roles with what Auto Mode asks for, from one variable."""
    before = account()
    compute = {"enabled": True, "node_pools": ["general-purpose", "system"]}
    access = {"authentication_mode": "API"}
    options = {"eks_cluster_name": NAME, "eks_cluster_subnets": ground["subnets"], "eks_cluster_access_config": access}
    options["eks_cluster_compute_config"] = compute
    assert play_role("eks_cluster", "--check", **options).assert_ok().changed > 0
    play_role("eks_cluster", **options).assert_ok()
    play_role("eks_cluster", **options).assert_unchanged()
    found = sandbox.client("eks").describe_cluster(name=NAME)["cluster"]
    node_role = f"{NAME}.ap-northeast-1_auto-node"
    assert found["computeConfig"]["nodeRoleArn"].endswith(f":role/{node_role}")
    assert found["storageConfig"] == {"blockStorage": {"enabled": True}}
    iam = sandbox.client("iam")
    role = iam.get_role(RoleName=f"{NAME}.ap-northeast-1_cluster")["Role"]
    assert role["AssumeRolePolicyDocument"]["Statement"][0]["Action"] == ["sts:AssumeRole", "sts:TagSession"]
    assert len(iam.list_attached_role_policies(RoleName=role["RoleName"])["AttachedPolicies"]) == 5
    play_role("eks_cluster", eks_cluster_state="absent", **options).assert_ok()
    assert account() == before


def test_nodegroups_alone(cycle, cluster):
    group = {"name": "general", "template": {"volumes": [{"size": 50}]}, "addon_policies": ["auto_scaler"]}
    cycle("eks_nodegroups", eks_nodegroups_list=[group], eks_nodegroups_private_subnets=cluster["subnets"])


@pytest.mark.extended
def test_node_groups_that_are_not_named(sandbox, play_role, cluster):
    """What the list does not name stays, with its launch template and its role, and is named; purge deletes it."""
    groups = [{"name": name, "template": {"volumes": [{"size": 50}]}} for name in ("stays", "goes")]
    options = {"eks_cluster_name": NAME, "eks_nodegroups_private_subnets": cluster["subnets"]}
    play_role("eks_nodegroups", eks_nodegroups_list=groups, **options).assert_ok()
    gone = {**options, "eks_nodegroups_list": [{"name": "goes"}], "eks_nodegroups_state": "absent"}
    assert "not in the list: stays" in play_role("eks_nodegroups", "--check", **gone).assert_ok().output
    play_role("eks_nodegroups", **gone).assert_ok()

    def left() -> tuple[list[str], list[str]]:
        found = sandbox.client("ec2").describe_launch_templates()["LaunchTemplates"]
        names = [row["LaunchTemplateName"] for row in found if row["LaunchTemplateName"].startswith(NAME)]
        return names, sandbox.client("eks").list_nodegroups(clusterName=NAME)["nodegroups"]

    assert left() == (["my-cluster.stays"], ["stays"])
    purged = {**options, "eks_nodegroups_list": [{"name": "other"}], "eks_nodegroups_purge": True}
    assert play_role("eks_nodegroups", "--check", **purged).assert_ok().changed > 0
    play_role("eks_nodegroups", **purged).assert_ok()
    assert left() == ([], ["other"])


@pytest.mark.extended
def test_fargate_alone(cycle, cluster):
    profile = {"name": "jobs", "selectors": [{"namespace": "jobs"}]}
    cycle(
        "eks_fargate",
        eks_fargate_profiles=[profile],
        eks_fargate_subnets=cluster["subnets"],
    )


@pytest.mark.extended
def test_roles_that_no_list_names_any_more_go_with_the_cluster(sandbox, play_role, ground, account):
    """A node group that was renamed, a file without Fargate profiles: their roles carry the cluster's tag."""
    before = account()
    iam = sandbox.client("iam")
    options = {"eks_cluster_name": NAME, "eks_cluster_subnets": ground["subnets"]}
    play_role("eks_cluster", **options).assert_ok()
    document = iam.get_role(RoleName="eksNodeRole")["Role"]["AssumeRolePolicyDocument"]
    mark = [{"Key": f"kumo.eks/ap-northeast-1/{NAME}", "Value": "owned"}]
    iam.create_role(RoleName="renamed", AssumeRolePolicyDocument=json.dumps(document), Tags=mark)
    planned = play_role("eks_cluster", "--check", eks_cluster_state="absent", **options).assert_ok()
    assert planned.changed == 2
    play_role("eks_cluster", eks_cluster_state="absent", **options).assert_ok()
    assert account() == before


@pytest.mark.extended
def test_addons_alone(cycle, cluster):
    cycle("eks_addons", eks_addons_list=[{"name": "kube-proxy"}, {"name": "vpc-cni"}])


@pytest.mark.extended
def test_a_role_that_clusters_share_goes_with_the_last_of_them(sandbox, play_role, ground):
    iam = sandbox.client("iam")
    options = {"eks_cluster_subnets": ground["subnets"], "eks_cluster_role_name": "shared"}
    play_role("eks_cluster", eks_cluster_name="one", **options).assert_ok()
    play_role("eks_cluster", eks_cluster_name="two", **options).assert_ok()
    gone = play_role("eks_cluster", eks_cluster_name="one", eks_cluster_state="absent", **options).assert_ok()
    assert "it is used by cluster two" in gone.output and '"name": "shared"' in gone.output
    tags = {tag["Key"] for tag in iam.list_role_tags(RoleName="shared")["Tags"]}
    assert tags == {"kumo.eks/ap-northeast-1/two"}
    play_role("eks_cluster", eks_cluster_name="two", **options).assert_unchanged()
    play_role("eks_cluster", eks_cluster_name="two", eks_cluster_state="absent", **options).assert_ok()
    assert "shared" not in [row["RoleName"] for row in iam.list_roles()["Roles"]]


@pytest.mark.extended
def test_what_somebody_else_made_is_used_and_never_removed(sandbox, play_role, ground, account):
    options = {
        "eks_cluster_name": NAME,
        "eks_cluster_subnets": ground["subnets"],
        "eks_cluster_role_name": "eksClusterRole",
    }
    extra = "arn:aws:iam::aws:policy/ReadOnlyAccess"
    iam = sandbox.client("iam")
    iam.attach_role_policy(RoleName="eksClusterRole", PolicyArn=extra)
    play_role("eks_cluster", **options).assert_ok()
    policies = iam.list_attached_role_policies(RoleName="eksClusterRole")["AttachedPolicies"]
    assert {row["PolicyArn"] for row in policies} == {extra, "arn:aws:iam::aws:policy/AmazonEKSClusterPolicy"}
    gone = play_role("eks_cluster", eks_cluster_state="absent", **options).assert_ok()
    assert "it was not created by kumo.eks for this cluster" in gone.output
    assert "eksClusterRole" in [row["RoleName"] for row in account()["roles"]]


@pytest.mark.extended
def test_a_network_that_others_use_is_kept_whole_and_says_why(sandbox, play_role, account):
    options = {"eks_cluster_name": NAME, "eks_network_nat_gateway": "Disable", "eks_network_zones": ZONES}
    play_role("eks_network", **options).assert_ok()
    ec2 = sandbox.client("ec2")
    (vpc,) = ec2.describe_vpcs(Filters=[{"Name": "tag:Name", "Values": [NAME]}])["Vpcs"]
    group = ec2.create_security_group(GroupName="k8s-elb-a1", Description="left", VpcId=vpc["VpcId"])["GroupId"]
    stood = account()
    gone = play_role("eks_network", eks_network_state="absent", **options)
    gone.assert_refused(f"VPC {vpc['VpcId']} is kept", f"security group {group} (k8s-elb-a1)")
    assert account() == stood
    ec2.delete_security_group(GroupId=group)
    play_role("eks_network", eks_network_state="absent", **options).assert_ok()
    assert vpc["VpcId"] not in [row["VpcId"] for row in account()["vpcs"]]


def test_subnets_that_are_given_are_used_and_left_alone(play_role, ground, account):
    before = account()
    options = {"eks_cluster_name": NAME, "eks_network_subnets": {"private": ground["subnets"]}}
    play_role("eks_network", **options).assert_unchanged()
    gone = play_role("eks_network", eks_network_state="absent", **options).assert_unchanged()
    assert "are kept, because kumo.eks did not create them" in gone.output
    assert account() == before


@pytest.mark.extended
def test_a_vpc_of_the_same_name_is_not_taken_for_ours(sandbox, play_role, account):
    ec2 = sandbox.client("ec2")
    tags = [{"Key": "Name", "Value": NAME}, {"Key": f"kubernetes.io/cluster/{NAME}", "Value": "owned"}]
    ec2.create_vpc(CidrBlock="10.0.0.0/16", TagSpecifications=[{"ResourceType": "vpc", "Tags": tags}])
    options = {"eks_cluster_name": NAME, "eks_network_nat_gateway": "Disable", "eks_network_zones": ZONES}
    before = account()
    play_role("eks_network", **options).assert_ok()
    assert len(account()["vpcs"]) == len(before["vpcs"]) + 1
    play_role("eks_network", eks_network_state="absent", **options).assert_ok()
    assert account() == before


@pytest.mark.extended
def test_site_on_given_subnets_makes_no_network(play, ground, account):
    before = account()
    options = {"eks_cluster_name": NAME, "eks_network_subnets": {"private": ground["subnets"]}, "eks_addons_list": []}
    options |= {"eks_cluster_role_name": "ownClusterRole", "eks_cluster_version": "1.33"}
    play("kumo.eks.site", **options).assert_ok()
    assert [row["name"] for row in account()["clusters"]] == [NAME]
    play("kumo.eks.site", **options).assert_unchanged()
    play("kumo.eks.teardown", **options).assert_ok()
    assert account() == before


def test_a_newer_version_waits_for_the_gates_of_an_upgrade(sandbox, play_role, ground):
    """Without an API server that could be asked, gates are unknown, and the control plane stays as it is."""
    eks = sandbox.client("eks")
    eks.create_cluster(
        name=NAME, roleArn=ground["role"], resourcesVpcConfig={"subnetIds": ground["subnets"]}, version="1.32"
    )
    clock.settle(sandbox)
    options = {"eks_cluster_name": NAME, "eks_cluster_role_arn": ground["role"], "eks_cluster_adopt": True}
    play_role("eks_cluster", eks_cluster_version="1.33", **options).assert_refused("kubelet_skew")
    assert eks.describe_cluster(name=NAME)["cluster"]["version"] == "1.32"
