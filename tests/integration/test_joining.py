# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Node groups whose nodes could not join are refused before they are created, with the option and the remedy."""

from __future__ import annotations

import pytest

from kumo_sandbox.ground import POLICY, create_role, find_main_table

CLUSTER = "my-cluster"
READ_ONLY, WORKER = "AmazonEC2ContainerRegistryReadOnly", "AmazonEKSWorkerNodePolicy"


@pytest.fixture
def network(sandbox, ground):
    """The VPC and the route table of the ground, and its internet gateway."""
    ec2 = sandbox.client("ec2")
    vpc = ec2.describe_subnets(SubnetIds=ground["subnets"][:1])["Subnets"][0]["VpcId"]
    (gateway,) = ec2.describe_internet_gateways()["InternetGateways"]
    (nat,) = ec2.describe_nat_gateways()["NatGateways"]
    return {
        "vpc": vpc,
        "table": find_main_table(ec2, vpc),
        "gateway": gateway["InternetGatewayId"],
        "address": nat["NatGatewayAddresses"][0]["PublicIp"],
    }


@pytest.fixture
def create(sandbox, run_module, ground):
    """Create a node group with these options, by a plan first, which refuses what is then not sent."""

    def run(cluster=None, **options):
        base = {"name": CLUSTER, "role_arn": ground["role"], "subnets": ground["subnets"], "wait": True}
        assert not run_module("eks_cluster", {**base, **(cluster or {})})["failed"]
        words = {"cluster_name": CLUSTER, "name": "n", "node_role": ground["node_role"], "subnets": ground["subnets"]}
        sandbox.recorder.clear()
        planned = run_module("eks_nodegroup", {**words, **options}, check=True)
        result = run_module("eks_nodegroup", {**words, "wait": True, **options})
        assert planned["failed"] == (sandbox.calls("eks", "CreateNodegroup") == [])
        return result

    return run


def drop_way_out(sandbox, network):
    sandbox.client("ec2").delete_route(RouteTableId=network["table"], DestinationCidrBlock="0.0.0.0/0")


def test_no_route_to_the_internet(sandbox, network, create):
    drop_way_out(sandbox, network)
    refused = create()
    assert refused["failed"] and "subnets: subnet-" in refused["msg"] and "no route to the internet" in refused["msg"]
    assert "endpoint_private_access=true" in refused["msg"]


def test_groups_of_a_list_in_the_same_subnets_are_judged_once(sandbox, network, ground, run_module, create):
    assert create()["status"] == "ACTIVE"
    drop_way_out(sandbox, network)
    rows = [{"name": name, "node_role": ground["node_role"], "subnets": ground["subnets"]} for name in "ab"]
    sandbox.recorder.clear()
    refused = run_module("eks_nodegroup", {"cluster_name": CLUSTER, "nodegroups": rows})
    for name in "ab":
        assert f"node group {name}: subnets: subnet-" in refused["msg"]
    assert len(sandbox.calls("ec2", "DescribeRouteTables")) == len(sandbox.calls("iam", "ListAttachedRolePolicies"))
    assert len(sandbox.calls("ec2", "DescribeSubnets")) == len(sandbox.calls("ec2", "DescribeRouteTables")) + 1
    assert sandbox.calls("eks", "CreateNodegroup") == []


def test_no_route_and_no_endpoints(sandbox, network, ground, create):
    drop_way_out(sandbox, network)
    ec2, private = sandbox.client("ec2"), {"endpoint_private_access": True, "endpoint_public_access": False}
    place = {"VpcId": network["vpc"], "VpcEndpointType": "Interface", "SubnetIds": ground["subnets"]}
    for service in ("ec2", "ecr.api", "ecr.dkr"):
        ec2.create_vpc_endpoint(ServiceName=f"com.amazonaws.ap-northeast-1.{service}", **place)
    refused = create(private)
    assert refused["failed"] and "no VPC endpoints for s3" in refused["msg"]
    ec2.create_vpc_endpoint(
        ServiceName="com.amazonaws.ap-northeast-1.s3", VpcId=network["vpc"], RouteTableIds=[network["table"]]
    )
    assert create(private)["status"] == "ACTIVE"


def test_public_access_cidrs_that_keep_the_nat_gateway_out(network, create):
    closed = {"public_access_cidrs": ["198.51.100.0/24"]}
    refused = create(closed)
    assert refused["failed"] and f"Add {network['address']}/32 to public_access_cidrs" in refused["msg"]
    assert create({"public_access_cidrs": ["198.51.100.0/24", f"{network['address']}/32"]})["status"] == "ACTIVE"


def test_public_subnets_without_addresses(sandbox, network, ground, create):
    ec2, way = sandbox.client("ec2"), {"DestinationCidrBlock": "0.0.0.0/0", "GatewayId": network["gateway"]}
    ec2.replace_route(RouteTableId=network["table"], **way)
    refused = create()
    assert refused["failed"] and "are public, and instances get no public IPv4 address" in refused["msg"]
    for subnet in ground["subnets"]:
        ec2.modify_subnet_attribute(SubnetId=subnet, MapPublicIpOnLaunch={"Value": True})
    assert create()["status"] == "ACTIVE"


@pytest.mark.parametrize(
    ("policy", "text"), [(WORKER, "nodes cannot register"), (READ_ONLY, "nodes cannot pull images")]
)
def test_a_role_without_a_policy(sandbox, create, policy, text):
    sandbox.client("iam").detach_role_policy(RoleName="eksNodeRole", PolicyArn=POLICY.format(policy))
    refused = create()
    assert refused["failed"] and "node_role: arn:aws:iam::" in refused["msg"] and text in refused["msg"]


def test_what_nobody_can_judge_is_left_to_eks(sandbox, create):
    """A policy of the user's own, which gives too little: EKS says so after its wait."""
    document = '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}'
    iam = sandbox.client("iam")
    arn = create_role(iam, "own", "ec2.amazonaws.com")
    iam.put_role_policy(RoleName="own", PolicyName="p", PolicyDocument=document)
    refused = create(node_role=arn)
    assert (
        refused["failed"] and "NodeCreationFailure: Instances failed to join the kubernetes cluster" in refused["msg"]
    )


def test_the_first_task_of_site_refuses_what_it_can_see(sandbox, network, ground, run_module):
    """Before the cluster is there, by the options of the roles."""
    drop_way_out(sandbox, network)
    sandbox.client("iam").detach_role_policy(RoleName="eksNodeRole", PolicyArn=POLICY.format(WORKER))
    groups = [
        {"name": "a"},
        {"name": "b", "subnets": ground["subnets"], "node_role": ground["node_role"]},
        {"name": "c", "instance_types": ["m5.large", "m5.lrge"]},
    ]
    options = {"cluster_name": CLUSTER, "check_account": True, "nodegroups": groups}
    refused = run_module("eks_preflight", {**options, "network": {"subnets": {"private": ground["subnets"][:1]}}})
    starts = [problem.partition(": ")[0] for problem in refused["problems"]]
    assert starts == [
        *["eks_nodegroups_list[0].subnets", *["eks_nodegroups_list[1].subnets"] * 3],
        "eks_nodegroups_list[1].node_role",
        "eks_nodegroups_list[2].subnets",
        "eks_nodegroups_list[2].instance_types",
    ]
    assert "m5.lrge is not offered" in refused["problems"][-1]
    public = {**options, "nodegroups": [{"name": "a"}], "cluster": {"endpoint_private_access": True}}
    refused = run_module("eks_preflight", {**public, "network": {"subnets": {"private": ground["subnets"][:1]}}})
    assert "no VPC endpoints for ec2, ecr.api, ecr.dkr, s3" in refused["msg"]


def test_what_exists_already_is_not_judged_by_the_first_task(sandbox, network, ground, run_module, create):
    assert create()["status"] == "ACTIVE"
    drop_way_out(sandbox, network)
    group = {"name": "n", "subnets": ground["subnets"], "instance_types": ["m5.lrge"]}
    options = {"cluster_name": CLUSTER, "check_account": True, "adopt": True, "nodegroups": [group]}
    assert not run_module("eks_preflight", options)["failed"]
    assert run_module("eks_preflight", {**options, "nodegroups": [{**group, "name": "new"}]})["failed"]
