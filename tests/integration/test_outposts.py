# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Self-managed nodes on an AWS Outpost, and local clusters, whose control plane is there."""

from __future__ import annotations

import base64

import pytest

from kumo_sandbox.ground import create_outpost

CLUSTER = "my-cluster"
UNKNOWN = "arn:aws:outposts:ap-northeast-1:123456789012:outpost/op-0123456789abcdef0"
PRIVATE = {"endpoint_public_access": False, "endpoint_private_access": True}


@pytest.fixture
def outpost(sandbox):
    """The ARN of an Outpost."""
    return create_outpost(sandbox.client("outposts"))


@pytest.fixture
def place(sandbox, ground, outpost):
    """A subnet on it, with the way out of the others."""
    ec2 = sandbox.client("ec2")
    (other,) = ec2.describe_subnets(SubnetIds=ground["subnets"][:1])["Subnets"]
    words = {"VpcId": other["VpcId"], "CidrBlock": "10.0.200.0/24", "AvailabilityZone": "ap-northeast-1a"}
    return ec2.create_subnet(**words, OutpostArn=outpost)["Subnet"]["SubnetId"]


@pytest.fixture
def nodes(run_module, ground, outpost, place):
    """nodes(...) -> the result for a group on the Outpost, of a cluster in the region."""
    words = {"name": CLUSTER, "version": "1.33", "role_arn": ground["role"], "subnets": ground["subnets"], "wait": True}
    entries = {"access_config": {"authentication_mode": "API_AND_CONFIG_MAP"}}
    assert not run_module("eks_cluster", {**words, **entries})["failed"]
    role = run_module("eks_iam_role", {"cluster_name": CLUSTER, "purpose": "self_managed_node"})

    def run(check=False, **options):
        given = {
            "cluster_name": CLUSTER,
            "name": "rack",
            "node_role": role["arn"],
            "outpost_arn": outpost,
            "subnets": [place],
            "instance_types": ["m5.large"],
            "scaling_config": {"min_size": 2, "max_size": 3},
            **options,
        }
        return run_module("eks_self_managed_nodes", given, check=check)

    return run


def read_template(sandbox):
    rows = sandbox.client("ec2").describe_launch_template_versions(
        LaunchTemplateName=f"{CLUSTER}.self-managed.rack", Versions=["$Latest"]
    )
    return rows["LaunchTemplateVersions"][0]["LaunchTemplateData"]


def test_nodes_on_an_outpost_come_with_its_volumes(sandbox, nodes):
    plan, made = nodes(check=True), nodes(wait=True)
    assert not made["failed"] and made["changed"], made["msg"]
    assert plan["diff"] == made["diff"]
    assert [row["Ebs"]["VolumeType"] for row in read_template(sandbox)["BlockDeviceMappings"]] == ["gp2"]
    assert len(made["group"]["instances"]) == 2
    assert not nodes()["changed"]
    larger = {"template": {"volumes": [{"size": 100}]}}
    assert nodes(check=True, **larger)["diff"] == nodes(**larger, update_config={"strategy": "none"})["diff"]
    (volume,) = read_template(sandbox)["BlockDeviceMappings"]
    assert (volume["Ebs"]["VolumeType"], volume["Ebs"]["VolumeSize"]) == ("gp2", 100)


def test_what_is_not_on_the_outpost_is_refused_before_anything_is_made(sandbox, nodes, ground, outpost, place):
    sandbox.recorder.clear()
    cases = {
        "and not on arn:aws:outposts": {"subnets": ground["subnets"]},
        f"instance_types: Outpost {outpost} does not have t3.medium": {"instance_types": ["t3.medium"]},
        f"outpost_arn: Outpost {UNKNOWN} does not exist": {"outpost_arn": UNKNOWN},
        f"{ground['subnets'][0]} is in ap-northeast-1a of the region": {"subnets": ground["subnets"][:1]},
    }
    for words, options in cases.items():
        result = nodes(**options)
        assert result["failed"] and words in result["msg"], (words, result["msg"])
    assert {call["operation"] for call in sandbox.calls() if call["operation"].startswith("Create")} == set()


def test_managed_nodes_are_refused_there(sandbox, nodes, run_module, place):
    role = run_module("eks_iam_role", {"cluster_name": CLUSTER, "purpose": "node"})["arn"]
    words = {"cluster_name": CLUSTER, "name": "n", "node_role": role, "subnets": [place]}
    result = run_module("eks_nodegroup", words)
    assert result["failed"] and "EKS has no managed node groups on AWS Outposts" in result["msg"], result["msg"]


@pytest.fixture
def local(run_module, outpost, place):
    """local(...) -> the result for a local cluster."""
    role = run_module("eks_iam_role", {"cluster_name": "local", "purpose": "local_cluster"})
    assert [arn.rpartition("/")[2] for arn in role["role"]["policy_arns"]] == ["AmazonEKSLocalOutpostClusterPolicy"]

    def run(check=False, config=None, **options):
        rack = {"outpost_arns": [outpost], "control_plane_instance_type": "m5.large", **(config or {})}
        words = {"name": "local", "role_arn": role["arn"], "subnets": [place], "outpost_config": rack, **PRIVATE}
        return run_module("eks_cluster", {**words, **options}, check=check)

    return run


def test_a_local_cluster_comes_and_goes(sandbox, local, run_module):
    plan, made = local(check=True), local(wait=True)
    assert not made["failed"] and made["changed"], made["msg"]
    assert plan["diff"] == made["diff"]
    assert made["cluster"]["platform_version"].startswith("eks-local-outposts.") and made["cluster"]["id"]
    assert not local()["changed"]
    role = {"cluster_name": "local", "purpose": "local_cluster", "state": "absent"}
    assert run_module("eks_cluster", {"name": "local", "state": "absent", "wait": True})["changed"]
    assert run_module("eks_iam_role", role)["changed"]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (
            {"endpoint_public_access": True},
            "endpoint_public_access: the API server of a local cluster has a private endpoint",
        ),
        ({"access_config": {"authentication_mode": "API"}}, "a local cluster has CONFIG_MAP alone"),
        ({"config": {"etcd_instance_type": "m5.large"}}, "outpost_config.etcd_instance_type has access entries"),
        ({"config": {"etcd_placement": {"spread_level": "host"}}}, "it requires outpost_config.etcd_instance_type"),
        ({"config": {"control_plane_instance_type": "t3.medium"}}, "does not have t3.medium"),
        ({"config": {"outpost_arns": [UNKNOWN]}}, "does not exist in this account"),
        ({"config": {"outpost_arns": ["op-1"]}}, "'op-1' is not the ARN of an Outpost"),
        (
            {"kubernetes_network_config": {"ip_family": "ipv6"}},
            "kubernetes_network_config.ip_family: EKS does not support",
        ),
    ],
)
def test_what_a_local_cluster_cannot_be_is_refused(sandbox, local, options, words):
    result = local(**options)
    assert result["failed"] and words in result["msg"], result["msg"]
    assert sandbox.client("eks").list_clusters()["clusters"] == []


def test_nodes_of_a_local_cluster_are_told_its_id(sandbox, local, run_module, outpost, place):
    entries = {"access_config": {"authentication_mode": "API_AND_CONFIG_MAP"}}
    made = local(wait=True, config={"etcd_instance_type": "m5.large"}, **entries)
    assert not made["failed"], made
    role = run_module("eks_iam_role", {"cluster_name": "local", "purpose": "self_managed_node"})
    words = {
        "cluster_name": "local",
        "name": "rack",
        "node_role": role["arn"],
        "outpost_arn": outpost,
        "subnets": [place],
    }
    sizes = {"instance_types": ["m5.large"], "scaling_config": {"min_size": 1, "max_size": 1}}
    result = run_module("eks_self_managed_nodes", {**words, **sizes})
    assert not result["failed"], result["msg"]
    rows = sandbox.client("ec2").describe_launch_template_versions(
        LaunchTemplateName="local.self-managed.rack", Versions=["1"]
    )
    text = base64.b64decode(rows["LaunchTemplateVersions"][0]["LaunchTemplateData"]["UserData"]).decode()
    assert '"enableOutpost": true' in text and f'"id": "{made["cluster"]["id"]}"' in text
