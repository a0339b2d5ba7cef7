# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An answer is lost after AWS has done the work: nothing is made twice, and what the result says is true."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.extended

CLUSTER = "my-cluster"
DOCUMENT = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}],
}
NETWORK = {"cluster_name": CLUSTER, "wait_timeout": 30}
ROLE = {
    "cluster_name": CLUSTER,
    "purpose": "node",
    "policy": {"name": "extra", "document": DOCUMENT},
    "inline_policies": {"mine": DOCUMENT},
    "instance_profile": "nodes",
}
CREATIONS_OF_A_NETWORK = (
    "CreateVpc",
    "ModifyVpcAttribute",
    "CreateSubnet",
    "ModifySubnetAttribute",
    "CreateInternetGateway",
    "AttachInternetGateway",
    "AllocateAddress",
    "CreateNatGateway",
    "CreateRouteTable",
    "CreateRoute",
    "AssociateRouteTable",
)
DELETIONS_OF_A_NETWORK = (
    "DeleteNatGateway",
    "ReleaseAddress",
    "DetachInternetGateway",
    "DeleteInternetGateway",
    "DeleteRouteTable",
    "DeleteSubnet",
    "DeleteVpc",
)
CREATIONS_OF_A_ROLE = (
    "CreateRole",
    "CreatePolicy",
    "AttachRolePolicy",
    "PutRolePolicy",
    "CreateInstanceProfile",
    "AddRoleToInstanceProfile",
)
DELETIONS_OF_A_ROLE = (
    "RemoveRoleFromInstanceProfile",
    "DeleteInstanceProfile",
    "DetachRolePolicy",
    "DeleteRolePolicy",
    "DeletePolicy",
    "DeleteRole",
)


@pytest.fixture
def lose(sandbox):
    """Lose the next answer to an operation; lose("ec2", "CreateVpc"). At the end it has been lost."""
    faults = []

    def add(service: str, operation: str) -> None:
        faults.append(sandbox.faults.add(kind="lose_answer", service=service, operation=operation))

    yield add
    rows = {row["id"]: row for row in sandbox.faults.rows()}
    assert all(rows[fault.id]["used"] for fault in faults)


def count(ec2):
    """How many of everything that a network has are in the account."""
    gone = ("deleting", "deleted")
    return {
        "vpcs": len(ec2.describe_vpcs()["Vpcs"]),
        "subnets": len(ec2.describe_subnets()["Subnets"]),
        "gateways": len(ec2.describe_internet_gateways()["InternetGateways"]),
        "addresses": len(ec2.describe_addresses()["Addresses"]),
        "nat": len([row for row in ec2.describe_nat_gateways()["NatGateways"] if row["State"] not in gone]),
        "tables": len(ec2.describe_route_tables()["RouteTables"]),
    }


MADE = {"vpcs": 1, "subnets": 6, "gateways": 1, "addresses": 3, "nat": 3, "tables": 4}


@pytest.mark.parametrize("operation", CREATIONS_OF_A_NETWORK)
def test_a_network_is_made_once(sandbox, run_module, lose, operation):
    ec2 = sandbox.client("ec2")
    before = count(ec2)
    lose("ec2", operation)
    made = run_module("eks_network", NETWORK)
    assert not made["failed"] and made["changed"] and made["ready"], made
    more = {kind: number - before[kind] for kind, number in count(ec2).items()}
    assert more == {**MADE, "tables": MADE["tables"] + 1}  # and the VPC's main route table
    again = run_module("eks_network", NETWORK)
    assert not again["changed"], again["diff"]


@pytest.mark.parametrize("more", [{"secondary_cidrs": ["100.64.0.0/16"]}, {"ip_family": "dual_stack"}])
def test_a_network_gets_a_range_once(sandbox, run_module, lose, more):
    small = {**NETWORK, "nat_gateway": "Disable"}
    assert run_module("eks_network", small)["changed"]
    lose("ec2", "AssociateVpcCidrBlock")
    done = run_module("eks_network", {**small, **more})
    assert not done["failed"] and done["changed"], done
    (vpc,) = sandbox.client("ec2").describe_vpcs(VpcIds=[done["network"]["vpc_id"]])["Vpcs"]
    blocks = [row["CidrBlock"] for row in vpc["CidrBlockAssociationSet"]]
    assert blocks == ["10.0.0.0/16", *more.get("secondary_cidrs", [])]
    states = [row["Ipv6CidrBlockState"]["State"] for row in vpc.get("Ipv6CidrBlockAssociationSet", [])]
    assert states.count("associated") == (1 if "ip_family" in more else 0)
    assert not run_module("eks_network", {**small, **more})["changed"]


@pytest.mark.parametrize("operation", DELETIONS_OF_A_NETWORK)
def test_a_network_is_removed_and_nothing_is_left(sandbox, run_module, lose, operation):
    ec2 = sandbox.client("ec2")
    before = count(ec2)
    run_module("eks_network", NETWORK)
    lose("ec2", operation)
    gone = run_module("eks_network", {**NETWORK, "state": "absent"})
    assert not gone["failed"] and gone["changed"], gone
    assert count(ec2) == before
    assert not run_module("eks_network", {**NETWORK, "state": "absent"})["changed"]


@pytest.mark.parametrize("operation", CREATIONS_OF_A_ROLE)
def test_a_role_is_made_whole(sandbox, run_module, lose, operation):
    lose("iam", operation)
    made = run_module("eks_iam_role", ROLE)
    assert not made["failed"] and made["changed"], made
    assert not run_module("eks_iam_role", ROLE)["changed"]
    assert not run_module("eks_iam_role", {**ROLE, "state": "absent"})["failed"]


@pytest.mark.parametrize("operation", DELETIONS_OF_A_ROLE)
def test_a_role_is_removed_whole(sandbox, run_module, lose, operation):
    iam = sandbox.client("iam")
    before = [row["RoleName"] for row in iam.list_roles()["Roles"]]
    run_module("eks_iam_role", ROLE)
    lose("iam", operation)
    gone = run_module("eks_iam_role", {**ROLE, "state": "absent"})
    assert not gone["failed"] and gone["changed"] and gone["kept"] == [], gone
    assert [row["RoleName"] for row in iam.list_roles()["Roles"]] == before
    assert not iam.list_policies(Scope="Local")["Policies"]
    assert not iam.list_instance_profiles()["InstanceProfiles"]
    assert not run_module("eks_iam_role", {**ROLE, "state": "absent"})["changed"]


@pytest.fixture
def options(ground):
    """The options of a module, and others that change something in place."""
    cluster = {"name": CLUSTER, "role_arn": ground["role"], "subnets": ground["subnets"], "wait": True}
    child = {"cluster_name": CLUSTER, "wait": True}
    selectors = [{"namespace": "tasks"}]
    profile = {**child, "name": "tasks", "role_arn": ground["pod_role"], "subnets": ground["subnets"]}
    group = {**child, "name": "general", "node_role": ground["node_role"], "subnets": ground["subnets"]}
    return {
        "eks_cluster": (cluster, {"logging": ["audit"]}),
        "eks_nodegroup": (group, {"labels": {"a": "b"}}),
        "eks_fargate_profile": ({**profile, "selectors": selectors}, {"tags": {"a": "b"}}),
        "eks_addon": ({**child, "name": "vpc-cni"}, {"configuration_values": {"env": {"WARM_ENI_TARGET": "2"}}}),
    }


OF_EKS = [
    ("eks_cluster", "CreateCluster", "UpdateClusterConfig", "DeleteCluster"),
    ("eks_nodegroup", "CreateNodegroup", "UpdateNodegroupConfig", "DeleteNodegroup"),
    ("eks_fargate_profile", "CreateFargateProfile", "TagResource", "DeleteFargateProfile"),
    ("eks_addon", "CreateAddon", "UpdateAddon", "DeleteAddon"),
]


@pytest.mark.parametrize(("module", "create", "update", "delete"), OF_EKS, ids=[row[0] for row in OF_EKS])
def test_what_eks_has_done_is_told(run_module, lose, options, module, create, update, delete):
    if module != "eks_cluster":
        assert run_module("eks_cluster", options["eks_cluster"][0])["changed"]
    base, other = options[module]
    lose("eks", create)
    made = run_module(module, base)
    assert not made["failed"] and made["changed"] and made["status"] == "ACTIVE", made
    assert not run_module(module, base)["changed"]
    lose("eks", update)
    changed = run_module(module, {**base, **other})
    assert not changed["failed"] and changed["changed"], changed
    assert not run_module(module, {**base, **other})["changed"]
    lose("eks", delete)
    gone = run_module(module, {**base, "state": "absent"})
    assert not gone["failed"] and gone["changed"], gone
    assert not run_module(module, {**base, "state": "absent"})["changed"]
