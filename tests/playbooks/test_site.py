# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""site.yml and teardown.yml, run as a user runs them, against a sandbox whose clock moves."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml
from support import clock

CONFIG = Path(__file__).parents[2] / "docs/examples/cluster-config.yaml"
GUIDE = {"eks_cluster_config": str(CONFIG)}
ADDONS = ["coredns", "kube-proxy", "metrics-server", "vpc-cni"]
# Of an unchanged run: one for each of the 32 resources of the cluster, a look at what each of three lists does not name, and a look at
# the cluster before all, and how long EKS supports its version.
CALLS = 37


def test_the_guide_comes_up_stays_as_it_is_and_goes_without_a_trace(sandbox, play, account, tmp_path):
    before = account()
    kubeconfig = tmp_path / "kubeconfig"
    options = {**GUIDE, "eks_cluster_kubeconfig": str(kubeconfig), "eks_cluster_wait": "true"}
    first = play("kumo.eks.site", **options).assert_ok()
    eks, ec2 = sandbox.client("eks"), sandbox.client("ec2")
    assert eks.describe_cluster(name="my-cluster")["cluster"]["version"] == "1.29"
    assert sorted(eks.list_nodegroups(clusterName="my-cluster")["nodegroups"]) == ["general-purpose", "spot-workers"]
    assert eks.list_fargate_profiles(clusterName="my-cluster")["fargateProfileNames"] == ["default"]
    assert sorted(eks.list_addons(clusterName="my-cluster")["addons"]) == ADDONS
    assert len(account()["nat_gateways"]) == len(account()["addresses"]) == 3
    for words in (
        "[my-cluster] nodegroup general-purpose: ACTIVE",
        "ACTIVE  Kubernetes 1.29 https://",
        "ACTIVE  3 nodes (2 to 10), ON_DEMAND m5.large",
        "Changed: network vpc-",
        f"KUBECONFIG={kubeconfig} kubectl get nodes",
    ):
        assert words in first.output
    assert (kubeconfig.stat().st_mode & 0o777, len(yaml.safe_load(kubeconfig.read_text())["users"])) == (0o600, 1)

    so_far = len(sandbox.calls())
    play("kumo.eks.site", **GUIDE).assert_unchanged()
    assert len(sandbox.calls()) - so_far <= CALLS

    drift(sandbox, ec2.describe_vpcs(Filters=[{"Name": "tag:Name", "Values": ["my-cluster"]}])["Vpcs"][0]["VpcId"])
    stood = account()
    plan = play("kumo.eks.site", "--check", "--diff", **GUIDE).assert_ok()
    assert [words for words in DRIFT if words not in plan.output] == [], plan.output
    assert plan.changed == CHANGED
    assert account() == stood
    play("kumo.eks.site", **GUIDE).assert_ok()
    play("kumo.eks.site", "--check", **GUIDE).assert_unchanged()

    group = eks.describe_nodegroup(clusterName="my-cluster", nodegroupName="general-purpose")["nodegroup"]
    stray = {"clusterName": "my-cluster", "nodegroupName": "by-hand"}
    eks.create_nodegroup(**stray, subnets=group["subnets"], nodeRole=group["nodeRole"])
    clock.settle(sandbox)
    stood = account()
    play("kumo.eks.teardown", **options).assert_refused(
        "Cluster my-cluster cannot be deleted, and nothing was removed",
        "node groups that eks_nodegroups_list does not name: by-hand",
    )
    assert account() == stood
    eks.delete_nodegroup(**stray)
    clock.settle(sandbox)

    play("kumo.eks.teardown", **options).assert_ok()
    assert account() == before
    assert yaml.safe_load(kubeconfig.read_text())["users"] == []
    play("kumo.eks.teardown", **options).assert_unchanged()


# What drift() changes, as the diff of --check shows it.
DRIFT = (
    '"dns_hostnames": false',
    '"kubernetes.io/role/elb": "1"',
    "policy/AmazonEKSClusterPolicy",
    "policy/AdministratorAccess",
    '"AWS": "*"',
    '"admin": {',
    '"max_size": 9,',
    '"max_size": 20,',
)
# Network, the IAM roles of cluster, nodes and Fargate, cluster and node groups.
CHANGED = 6


def drift(sandbox, vpc: str) -> None:
    """Change by hand what the roles keep."""
    ec2, iam, eks = sandbox.client("ec2"), sandbox.client("iam"), sandbox.client("eks")
    ec2.modify_vpc_attribute(VpcId=vpc, EnableDnsHostnames={"Value": False})
    elb = [{"Name": "vpc-id", "Values": [vpc]}, {"Name": "tag-key", "Values": ["kubernetes.io/role/elb"]}]
    subnet = ec2.describe_subnets(Filters=elb)["Subnets"][0]["SubnetId"]
    ec2.delete_tags(Resources=[subnet], Tags=[{"Key": "kubernetes.io/role/elb"}])
    nat = ec2.describe_nat_gateways(Filters=[{"Name": "state", "Values": ["available"]}])["NatGateways"][0]
    ec2.delete_nat_gateway(NatGatewayId=nat["NatGatewayId"])
    policies, role = "arn:aws:iam::aws:policy", "my-cluster.ap-northeast-1"
    nodes = f"{role}_node.general-purpose"
    iam.detach_role_policy(RoleName=f"{role}_cluster", PolicyArn=f"{policies}/AmazonEKSClusterPolicy")
    iam.attach_role_policy(RoleName=f"{role}_fargate", PolicyArn=f"{policies}/AdministratorAccess")
    anybody = {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}
    iam.update_assume_role_policy(RoleName=f"{role}_node", PolicyDocument=document(anybody))
    nothing = {"Effect": "Deny", "Action": "*", "Resource": "*"}
    iam.put_role_policy(RoleName=nodes, PolicyName="aws_load_balancer_controller", PolicyDocument=document(nothing))
    everything = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    iam.put_role_policy(RoleName=nodes, PolicyName="admin", PolicyDocument=document(everything))
    eks.update_cluster_config(name="my-cluster", logging={"clusterLogging": [{"types": ["audit"], "enabled": False}]})
    eks.update_nodegroup_config(
        clusterName="my-cluster", nodegroupName="spot-workers", scalingConfig={"minSize": 0, "maxSize": 9}
    )
    clock.settle(sandbox)


def document(*statements: dict) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def test_the_roles_of_auto_mode_are_created(play, account):
    """The role of its nodes is yet to come when the input is checked."""
    before = account()
    options = {
        "eks_cluster_name": "my-cluster",
        "eks_cluster_version": "1.33",
        "eks_cluster_compute_config": {"enabled": True, "node_pools": ["system"]},
        "eks_cluster_access_config": {"authentication_mode": "API"},
    }
    plan = play("kumo.eks.site", "--check", "--diff", **options).assert_ok()
    assert "my-cluster.ap-northeast-1_auto-node" in plan.output
    assert account() == before


def test_check_mode_on_an_empty_account_is_a_plan(play, account):
    before = account()
    plan = play("kumo.eks.site", "--check", "--diff", **GUIDE).assert_ok()
    assert "DEPRECATION" not in plan.output, plan.output
    for words in (
        "general-purpose",
        "10.0.0.0/19",
        "my-cluster.ap-northeast-1_cluster",
        '"namespace": "fargate-tasks"',
    ):
        assert words in plan.output
    assert plan.changed == 8
    assert account() == before
    play("kumo.eks.teardown", "--check", **GUIDE).assert_unchanged()


def test_a_file_that_cannot_be_used_is_refused_before_anything_is_sent(sandbox, play, tmp_path):
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text(CONFIG.read_text().replace("instanceType:", "instanceTyp:"))
    play("kumo.eks.site", eks_cluster_config=str(wrong)).assert_refused("instanceTyp")
    assert sandbox.calls() == []


NAMES = [{"name": "one"}, {"name": "one"}]


@pytest.mark.parametrize(
    ("variables", "words"),
    [
        ({"eks_cluster_version": 1.3}, ["eks_cluster_version: '1.3' is not a Kubernetes version", "in quotes"]),
        ({"eks_nodegroups_list": NAMES}, ["eks_nodegroups_list: ", "one"]),
        ({"eks_fargate_profiles": NAMES}, ["eks_fargate_profiles: ", "one"]),
    ],
)
def test_wrong_options_are_refused_before_anything_is_sent(sandbox, play, variables, words):
    play("kumo.eks.site", eks_cluster_name="my-cluster", **variables).assert_refused(*words)
    assert sandbox.calls() == []


@pytest.mark.parametrize(
    ("variables", "words"),
    [
        (
            {"eks_network_zones": ["ap-northeast-1a", "ap-northeast-1x"]},
            ["zones: ap-northeast-1x is not a zone of ap-northeast-1 that EKS can use. Use ap-northeast-1a"],
        ),
        (
            {"eks_network_nat_gateway": "Both"},
            ["eks_network_nat_gateway", "Both", "HighlyAvailable or Single or Disable"],
        ),
        ({"eks_network_cidr": "10.0.0.0/27"}, ["cidr: 10.0.0.0/27 is too small"]),
        ({"eks_cluster_version": "1.99"}, ["1.99"]),
    ],
)
def test_what_aws_would_not_take_is_refused_before_anything_is_made(play, account, variables, words):
    before = account()
    play("kumo.eks.site", eks_cluster_name="my-cluster", **variables).assert_refused(*words)
    assert account() == before
