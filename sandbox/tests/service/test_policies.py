"""What IAM decides, for each kind of policy, and each service's words for a denial."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest

REGION, ACCOUNT = "ap-northeast-1", "123456789012"
USER = f"arn:aws:iam::{ACCOUNT}:user/person"
Statement = dict[str, Any]


def allow(*actions: str, resource: Any = "*", **rest: Any) -> Statement:
    return {"Effect": "Allow", "Action": list(actions), "Resource": resource, **rest}


def deny(*actions: str, resource: Any = "*", **rest: Any) -> Statement:
    return {**allow(*actions, resource=resource, **rest), "Effect": "Deny"}


def write(*statements: Statement) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def connect(sandbox: Any, service: str, key: str, secret: str, token: str | None = None) -> Any:
    words = {"aws_access_key_id": key, "aws_secret_access_key": secret, "aws_session_token": token}
    return boto3.client(service, region_name=REGION, endpoint_url=sandbox.endpoint, **words)


@pytest.fixture
def enforced(sandbox: Any) -> Iterator[Any]:
    sandbox.set_enforce_iam(True)
    yield sandbox
    sandbox.set_enforce_iam(False)


@pytest.fixture
def person(enforced: Any) -> Callable[..., Callable[[str], Any]]:
    """person(*statements) -> client("ec2") of a user with this inline policy; calling again replaces it."""
    iam = enforced.client("iam")
    iam.create_user(UserName="person")
    key = iam.create_access_key(UserName="person")["AccessKey"]

    def give(*statements: Statement) -> Callable[[str], Any]:
        iam.put_user_policy(UserName="person", PolicyName="p", PolicyDocument=write(*statements or [allow("x:Y")]))
        return lambda service: connect(enforced, service, key["AccessKeyId"], key["SecretAccessKey"])

    return give


@pytest.fixture
def session(enforced: Any) -> Callable[..., Any]:
    """session(role, service, **of AssumeRole) -> a client with the role's credentials."""

    def assume(role: str, service: str, **words: Any) -> Any:
        sts = enforced.client("sts")
        arn = f"arn:aws:iam::{ACCOUNT}:role/{role}"
        got = sts.assume_role(RoleArn=arn, RoleSessionName="shift", **words)["Credentials"]
        return connect(enforced, service, got["AccessKeyId"], got["SecretAccessKey"], got["SessionToken"])

    return assume


def make_role(
    sandbox: Any, *statements: Statement, principal: str = f"arn:aws:iam::{ACCOUNT}:root", **words: Any
) -> None:
    iam = sandbox.client("iam")
    trust = {"Effect": "Allow", "Principal": {"AWS": principal}, "Action": "sts:AssumeRole"}
    iam.create_role(RoleName="worker", AssumeRolePolicyDocument=write(trust), **words)
    iam.put_role_policy(RoleName="worker", PolicyName="p", PolicyDocument=write(*statements))


# the words of each service


def test_each_service_denies_in_its_own_words(person, refused):
    client = person()
    because = "because no identity-based policy allows the {0} action"

    def told(action: str, where: str) -> str:
        return f"User: {USER} is not authorized to perform: {action}{where} {because.format(action)}"

    start = "UnauthorizedOperation: You are not authorized to perform this operation. "
    assert refused(client("ec2").describe_vpcs) == start + told("ec2:DescribeVpcs", "")
    assert refused(client("ec2").create_vpc, CidrBlock="10.0.0.0/16") == start + told(
        "ec2:CreateVpc", f" on resource: arn:aws:ec2:{REGION}:{ACCOUNT}:vpc/*"
    )
    where = f" on resource: arn:aws:eks:{REGION}:{ACCOUNT}:cluster/demo"
    assert refused(client("eks").describe_cluster, name="demo") == "AccessDeniedException: " + told(
        "eks:DescribeCluster", where
    )
    assert refused(client("iam").get_role, RoleName="x") == "AccessDenied: " + told(
        "iam:GetRole", " on resource: role x"
    )
    assert refused(client("autoscaling").describe_auto_scaling_groups).startswith("AccessDenied: ")
    assert refused(client("ssm").get_parameter, Name="/x").startswith("AccessDeniedException: ")
    person(allow("*"), deny("iam:GetRole"))
    assert refused(client("iam").get_role, RoleName="x").endswith("with an explicit deny in an identity-based policy")
    assert client("ec2").describe_vpcs()["Vpcs"]


def test_who_calls_is_always_told(person):
    assert person(deny("*"))("sts").get_caller_identity()["Arn"] == USER


def test_a_strangers_call_and_a_wrong_secret_are_refused_in_the_services_words(enforced, refused):
    strange, wrong = ("AKIAAAAAAAAAAAAAAAAA", "x"), (enforced.keys[0], "x")
    for key in (strange, wrong):
        assert refused(connect(enforced, "ec2", *key).describe_vpcs).startswith("AuthFailure: ")
    assert refused(connect(enforced, "iam", *strange).list_roles).startswith("InvalidClientTokenId: ")
    assert refused(connect(enforced, "iam", *wrong).list_roles).startswith("SignatureDoesNotMatch: ")
    assert refused(connect(enforced, "ssm", *wrong).get_parameter, Name="/x").startswith("InvalidSignatureException: ")


# where policies are


def test_policies_of_users_groups_and_roles_count(enforced, person, refused, session):
    client = person()
    iam = enforced.client("iam")
    policy = iam.create_policy(PolicyName="vpcs", PolicyDocument=write(allow("ec2:DescribeVpcs")))["Policy"]["Arn"]
    iam.attach_user_policy(UserName="person", PolicyArn=policy)
    assert client("ec2").describe_vpcs()["Vpcs"]
    iam.create_policy_version(PolicyArn=policy, PolicyDocument=write(allow("ec2:DescribeSubnets")), SetAsDefault=True)
    assert "UnauthorizedOperation" in refused(client("ec2").describe_vpcs)
    iam.create_group(GroupName="readers")
    iam.add_user_to_group(GroupName="readers", UserName="person")
    iam.put_group_policy(GroupName="readers", PolicyName="p", PolicyDocument=write(allow("ec2:*Vpcs")))
    assert client("ec2").describe_vpcs()["Vpcs"]
    make_role(enforced, allow("ec2:Describe*"))
    assert session("worker", "ec2").describe_vpcs()["Vpcs"]
    assert "assumed-role/worker/shift is not" in refused(session("worker", "iam").list_roles)


def test_a_boundary_and_a_session_policy_narrow_what_a_role_may(enforced, refused, session):
    iam = enforced.client("iam")
    boundary = iam.create_policy(PolicyName="b", PolicyDocument=write(allow("ec2:*")))["Policy"]["Arn"]
    make_role(enforced, allow("*"), PermissionsBoundary=boundary)
    assert session("worker", "ec2").describe_vpcs()["Vpcs"]
    assert "no permissions boundary allows the iam:ListRoles action" in refused(session("worker", "iam").list_roles)
    narrow = session("worker", "ec2", Policy=write(allow("ec2:DescribeSubnets")))
    assert narrow.describe_subnets()["Subnets"]
    assert "no session policy allows the ec2:DescribeVpcs action" in refused(narrow.describe_vpcs)


def test_a_role_is_assumed_by_those_whom_it_trusts(enforced, person, refused):
    make_role(enforced, allow("*"), principal=f"arn:aws:iam::{ACCOUNT}:user/other")
    words = {"RoleArn": f"arn:aws:iam::{ACCOUNT}:role/worker", "RoleSessionName": "shift"}
    sts = person(allow("sts:AssumeRole"))("sts")
    assert "AccessDenied" in refused(sts.assume_role, **words)
    trust = {"Effect": "Allow", "Principal": {"AWS": USER}, "Action": "sts:AssumeRole"}
    enforced.client("iam").update_assume_role_policy(RoleName="worker", PolicyDocument=write(trust))
    assert sts.assume_role(**words)["Credentials"]


# resources and conditions


def test_resources_of_ec2_are_matched(enforced, person, refused):
    arn = f"arn:aws:ec2:{REGION}:{ACCOUNT}:"
    ec2 = person(allow("ec2:CreateSubnet", resource=[f"{arn}subnet/*", f"{arn}vpc/vpc-0000"]))("ec2")
    vpc = enforced.client("ec2").create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    assert f"{arn}vpc/{vpc}" in refused(ec2.create_subnet, VpcId=vpc, CidrBlock="10.0.0.0/24")
    person(allow("ec2:CreateSubnet", resource=[f"{arn}subnet/*", f"{arn}vpc/{vpc}"]))
    assert ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.0.0/24")["Subnet"]
    person(allow("ec2:DescribeVpcs", resource=f"{arn}vpc/{vpc}"))
    assert "ec2:DescribeVpcs" in refused(ec2.describe_vpcs)


def test_tags_at_a_creation_ask_for_their_own_action(person, refused):
    tags = [{"ResourceType": "vpc", "Tags": [{"Key": "team", "Value": "a"}]}]
    words = {"CidrBlock": "10.0.0.0/16", "TagSpecifications": tags}
    ec2 = person(allow("ec2:CreateVpc"))("ec2")
    assert "ec2:CreateTags" in refused(ec2.create_vpc, **words)
    at_creation = {"StringEquals": {"ec2:CreateAction": "CreateVpc", "aws:RequestTag/team": "a"}}
    person(allow("ec2:CreateVpc"), allow("ec2:CreateTags", Condition=at_creation))
    vpc = ec2.create_vpc(**words)["Vpc"]["VpcId"]
    assert "ec2:CreateTags" in refused(ec2.create_tags, Resources=[vpc], Tags=[{"Key": "team", "Value": "a"}])
    iam = person(allow("iam:CreatePolicy"))("iam")
    document = write(allow("x:Y"))
    told = refused(iam.create_policy, PolicyName="p", PolicyDocument=document, Tags=[{"Key": "a", "Value": "b"}])
    assert "iam:TagPolicy" in told
    assert iam.create_policy(PolicyName="p", PolicyDocument=document)["Policy"]


def test_tags_of_resources_and_regions_are_conditions(enforced, person, refused, make_cluster):
    make_cluster(tags={"team": "a"})
    eks = person(allow("eks:*", Condition={"StringEquals": {"aws:ResourceTag/team": "a"}}))("eks")
    assert eks.describe_cluster(name="demo")["cluster"]
    assert "eks:ListClusters" in refused(eks.list_clusters)
    vpc = enforced.client("ec2").create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
    mine = {"StringEquals": {"aws:ResourceTag/team": "a"}}
    ec2 = person(allow("ec2:DeleteVpc", Condition=mine))("ec2")
    assert "ec2:DeleteVpc" in refused(ec2.delete_vpc, VpcId=vpc)
    enforced.client("ec2").create_tags(Resources=[vpc], Tags=[{"Key": "team", "Value": "a"}])
    ec2.delete_vpc(VpcId=vpc)
    person(allow("*"), deny("eks:*", Condition={"StringNotEquals": {"aws:RequestedRegion": "eu-west-1"}}))
    assert "explicit deny" in refused(eks.list_clusters)


def test_a_role_of_iam_is_matched_by_its_path(enforced, person, refused):
    make_role(enforced, allow("x:Y"), Path="/mine/")
    iam = person(allow("iam:*", resource=f"arn:aws:iam::{ACCOUNT}:role/mine/*"))("iam")
    assert iam.get_role(RoleName="worker")["Role"]
    assert "iam:GetRole" in refused(iam.get_role, RoleName="sandbox")
    only = {"ArnEquals": {"iam:PolicyARN": "arn:aws:iam::aws:policy/AmazonEKSClusterPolicy"}}
    person(allow("iam:AttachRolePolicy", Condition=only))
    iam.attach_role_policy(RoleName="worker", PolicyArn="arn:aws:iam::aws:policy/AmazonEKSClusterPolicy")
    told = refused(iam.attach_role_policy, RoleName="worker", PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess")
    assert "iam:AttachRolePolicy" in told


# what EKS does in the caller's name


@pytest.fixture
def creating(ground: Any) -> dict[str, Any]:
    """The parameters of a creation."""
    return {"name": "demo", "roleArn": ground.role, "resourcesVpcConfig": {"subnetIds": ground.subnets}}


SERVICE_LINKED = allow(
    "iam:GetRole", "iam:CreateServiceLinkedRole", resource=f"arn:aws:iam::{ACCOUNT}:role/aws-service-role/*"
)


def test_roles_are_passed_to_eks(person, ground, creating, refused):
    eks = person(allow("eks:*"), SERVICE_LINKED)("eks")
    assert (
        f"AccessDeniedException: User: {USER} is not authorized to perform: iam:PassRole on resource: {ground.role}"
        in (refused(eks.create_cluster, **creating))
    )
    to_ec2 = {"StringEquals": {"iam:PassedToService": "ec2.amazonaws.com"}}
    person(allow("eks:*"), SERVICE_LINKED, allow("iam:PassRole", Condition=to_ec2))
    assert "iam:PassRole" in refused(eks.create_cluster, **creating)
    to_eks = {"StringEquals": {"iam:PassedToService": "eks.amazonaws.com"}}
    person(allow("eks:*"), SERVICE_LINKED, allow("iam:PassRole", resource=ground.role, Condition=to_eks))
    eks.create_cluster(**creating)
    eks.describe_cluster(name="demo")
    association = {"clusterName": "demo", "namespace": "a", "serviceAccount": "b", "roleArn": ground.role}
    assert "iam:PassRole" in refused(eks.create_pod_identity_association, **association)
    fargate = {"clusterName": "demo", "fargateProfileName": "f", "selectors": [{"namespace": "a"}]}
    assert "iam:PassRole" in refused(
        eks.create_fargate_profile, **fargate, podExecutionRoleArn=ground.pods_role, subnets=ground.subnets
    )
    addon = {"clusterName": "demo", "addonName": "vpc-cni", "serviceAccountRoleArn": ground.pods_role}
    assert "iam:PassRole" in refused(eks.create_addon, **addon)
    entry = {"clusterName": "demo", "principalArn": ground.pods_role}
    assert "iam:PassRole" in refused(eks.create_access_entry, **entry, type="EC2_LINUX")
    assert "authentication mode" in refused(eks.create_access_entry, **entry)


def test_eks_looks_for_its_own_role_and_creates_it(enforced, person, creating, ground, refused, make_cluster, eks):
    make_cluster()
    words = {"clusterName": "demo", "nodegroupName": "general", "nodeRole": ground.role, "subnets": ground.subnets}
    may = (allow("eks:*"), allow("iam:PassRole"))
    mine = person(*may)("eks")
    name = "AWSServiceRoleForAmazonEKSNodegroup"
    assert refused(mine.create_nodegroup, **words) == (
        f"InvalidRequestException: Failed to validate if SLR: {name} already exists due to missing permissions for 'iam:GetRole'"
    )
    person(*may, allow("iam:GetRole"))
    assert refused(mine.create_nodegroup, **words) == (
        f"InvalidRequestException: Failed to create service linked role: {name} due to missing permissions for"
        " 'iam:CreateServiceLinkedRole'"
    )
    named = {"StringLike": {"iam:AWSServiceName": "eks*.amazonaws.com"}}
    person(*may, allow("iam:GetRole"), allow("iam:CreateServiceLinkedRole", Condition=named))
    mine.create_nodegroup(**words)
    role = enforced.client("iam").get_role(RoleName=name)["Role"]
    assert role["Path"] == "/aws-service-role/eks-nodegroup.amazonaws.com/"
    person(*may, allow("iam:GetRole"))
    mine.create_nodegroup(**{**words, "nodegroupName": "second"})


def test_tags_of_eks_ask_for_tag_resource(person, creating, refused):
    rest = (allow("eks:CreateCluster"), allow("iam:PassRole"), SERVICE_LINKED)
    eks = person(*rest)("eks")
    told = refused(eks.create_cluster, **creating, tags={"a": "b"})
    assert f"eks:TagResource on resource: arn:aws:eks:{REGION}:{ACCOUNT}:cluster/demo" in told
    person(*rest, allow("eks:TagResource", resource=f"arn:aws:eks:{REGION}:{ACCOUNT}:cluster/demo"))
    assert eks.create_cluster(**creating, tags={"a": "b"})["cluster"]


def test_who_names_a_launch_template_may_run_instances(enforced, person, ground, refused, make_cluster):
    make_cluster()
    data = {"TagSpecifications": [{"ResourceType": "instance", "Tags": [{"Key": "a", "Value": "b"}]}]}
    made = enforced.client("ec2").create_launch_template(LaunchTemplateName="nodes", LaunchTemplateData=data)
    words = {"clusterName": "demo", "nodegroupName": "general", "nodeRole": ground.role, "subnets": ground.subnets}
    words["launchTemplate"] = {"id": made["LaunchTemplate"]["LaunchTemplateId"]}
    may = (allow("eks:*"), allow("iam:PassRole"), SERVICE_LINKED)
    eks = person(*may)("eks")
    text = "InvalidRequestException: You are not authorized to launch instances with this launch template."
    assert refused(eks.create_nodegroup, **words).startswith(text)
    person(*may, allow("ec2:RunInstances"))
    assert refused(eks.create_nodegroup, **words).startswith(text)
    person(*may, allow("ec2:RunInstances", "ec2:CreateTags"))
    assert eks.create_nodegroup(**words)["nodegroup"]


def test_other_roles_that_are_passed(enforced, person, refused):
    make_role(enforced, allow("x:Y"))
    enforced.client("iam").create_instance_profile(InstanceProfileName="nodes")
    iam = person(allow("iam:AddRoleToInstanceProfile"))("iam")
    assert "iam:PassRole" in refused(iam.add_role_to_instance_profile, InstanceProfileName="nodes", RoleName="worker")
    person(allow("iam:AddRoleToInstanceProfile", "iam:PassRole"))
    iam.add_role_to_instance_profile(InstanceProfileName="nodes", RoleName="worker")
