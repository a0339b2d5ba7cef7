"""AWS Outposts: racks, subnets and instances on them, and local clusters."""

from __future__ import annotations

import json

import pytest

from kumo_sandbox.ground import create_outpost

UNKNOWN = "arn:aws:outposts:ap-northeast-1:123456789012:outpost/op-0123456789abcdef0"
PRIVATE = {"endpointPublicAccess": False, "endpointPrivateAccess": True}


@pytest.fixture
def outpost(sandbox):
    """The ARN of an Outpost in the first zone."""
    return create_outpost(sandbox.client("outposts"))


@pytest.fixture
def place(sandbox, ground, outpost):
    """A subnet on it, in the VPC of the cluster."""
    ec2 = sandbox.client("ec2")
    vpc = ec2.describe_subnets(SubnetIds=ground.subnets[:1])["Subnets"][0]["VpcId"]
    words = {"VpcId": vpc, "CidrBlock": "10.0.200.0/24", "AvailabilityZone": "ap-northeast-1a", "OutpostArn": outpost}
    return ec2.create_subnet(**words)["Subnet"]["SubnetId"]


@pytest.fixture
def local_role(sandbox):
    trust = {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}
    iam = sandbox.client("iam")
    document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    arn = iam.create_role(RoleName="local", AssumeRolePolicyDocument=document)["Role"]["Arn"]
    iam.attach_role_policy(RoleName="local", PolicyArn="arn:aws:iam::aws:policy/AmazonEKSLocalOutpostClusterPolicy")
    return arn


@pytest.fixture
def local(eks, place, outpost, local_role):
    """The request of a local cluster that EKS takes, with changes."""

    def build(access=None, endpoints=None, config=None, **more):
        return {
            "name": "local",
            "roleArn": local_role,
            "resourcesVpcConfig": {"subnetIds": [place], **PRIVATE, **(endpoints or {})},
            "outpostConfig": {"outpostArns": [outpost], "controlPlaneInstanceType": "m5.large", **(config or {})},
            **({"accessConfig": access} if access else {}),
            **more,
        }

    return build


def test_a_rack_says_where_it_is_and_what_it_has(sandbox, outpost, refused):
    client = sandbox.client("outposts")
    assert client.get_outpost(OutpostId=outpost)["Outpost"]["AvailabilityZone"] == "ap-northeast-1a"
    assert [row["OutpostArn"] for row in client.list_outposts()["Outposts"]] == [outpost]
    pages = client.get_paginator("get_outpost_instance_types").paginate(
        OutpostId=outpost, PaginationConfig={"PageSize": 2}
    )
    types = {row["InstanceType"] for page in pages for row in page["InstanceTypes"]}
    assert {"m5.large", "c5.large"} <= types and "t3.medium" not in types
    assert refused(client.get_outpost_instance_types, OutpostId=UNKNOWN).startswith("NotFoundException")


def test_a_subnet_is_on_an_outpost_of_its_zone(sandbox, ground, outpost, place, refused):
    ec2 = sandbox.client("ec2")
    (row,) = ec2.describe_subnets(SubnetIds=[place])["Subnets"]
    assert row["OutpostArn"] == outpost
    words = {"VpcId": row["VpcId"], "CidrBlock": "10.0.201.0/24", "AvailabilityZone": "ap-northeast-1a"}
    assert "InvalidOutpostArn.NotFound" in refused(ec2.create_subnet, **words, OutpostArn=UNKNOWN)
    words["AvailabilityZone"] = "ap-northeast-1c"
    assert "InvalidParameterCombination" in refused(ec2.create_subnet, **words, OutpostArn=outpost)


def test_what_eks_manages_is_not_there(eks, make_cluster, ground, place, refused):
    make_cluster()
    words = {"clusterName": "demo", "nodegroupName": "x", "subnets": [place], "nodeRole": ground.role}
    assert f"Managed node groups cannot be created on AWS Outposts: {place}" in refused(eks.create_nodegroup, **words)
    vpc = {"subnetIds": [*ground.subnets, place]}
    assert "cannot be created on AWS Outposts" in refused(
        eks.create_cluster, name="x", roleArn=ground.role, resourcesVpcConfig=vpc
    )


@pytest.mark.parametrize(
    ("kind", "types", "count"),
    [("gp2", "m5.large", 1), ("gp3", "m5.large", 0), ("gp2", "t3.medium", 0)],
)
def test_instances_start_if_the_rack_has_their_type_and_their_volumes(sandbox, place, kind, types, count):
    volume = {"DeviceName": "/dev/xvda", "Ebs": {"VolumeType": kind, "VolumeSize": 20}}
    image = sandbox.client("ec2").describe_images()["Images"][0]["ImageId"]
    data = {"ImageId": image, "InstanceType": types, "BlockDeviceMappings": [volume]}
    sandbox.client("ec2").create_launch_template(LaunchTemplateName="on-rack", LaunchTemplateData=data)
    client = sandbox.client("autoscaling")
    client.create_auto_scaling_group(
        AutoScalingGroupName="x",
        LaunchTemplate={"LaunchTemplateName": "on-rack", "Version": "1"},
        MinSize=1,
        MaxSize=1,
        VPCZoneIdentifier=place,
    )
    (group,) = client.describe_auto_scaling_groups(AutoScalingGroupNames=["x"])["AutoScalingGroups"]
    assert len(group["Instances"]) == count


def test_a_local_cluster_comes_with_one_subnet_and_without_what_eks_manages(eks, local, ground, place, refused):
    eks.create_cluster(**local())
    raw = eks.describe_cluster(name="local")["cluster"]
    assert (raw["status"], raw["platformVersion"]) == ("ACTIVE", "eks-local-outposts.1") and raw["id"]
    group = {"clusterName": "local", "nodegroupName": "x", "subnets": [place], "nodeRole": ground.role}
    assert "Managed node groups are not supported on local" in refused(eks.create_nodegroup, **group)
    assert "add-ons are not supported on local" in refused(eks.create_addon, clusterName="local", addonName="coredns")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"access": {"authenticationMode": "API"}}, "only supports bootstrapClusterCreatorAdminPermissions=true"),
        ({"config": {"etcdInstanceType": "m5.large"}}, "requires authenticationMode API"),
        ({"config": {"controlPlaneInstanceType": "t3.medium"}}, "t3.medium is not available on the Outpost"),
        ({"config": {"outpostArns": [UNKNOWN]}}, "The Outpost ARN is not valid"),
        ({"endpoints": {"endpointPublicAccess": True}}, "only supports private endpoint access"),
        ({"kubernetesNetworkConfig": {"ipFamily": "ipv6"}}, "does not support ipFamily ipv6"),
        ({"config": {"controlPlanePlacement": {"spreadLevel": "rack"}}}, "does not support spreadLevel"),
    ],
)
def test_what_a_local_cluster_cannot_have(eks, local, refused, changes, words):
    assert words in refused(eks.create_cluster, **local(**changes))


def test_other_roles_and_subnets_are_refused(sandbox, eks, local, ground, refused):
    trust = json.dumps({"Version": "2012-10-17", "Statement": []})
    arn = sandbox.client("iam").create_role(RoleName="other", AssumeRolePolicyDocument=trust)["Role"]["Arn"]
    assert "could not be assumed" in refused(eks.create_cluster, **{**local(), "roleArn": arn})
    words = local(endpoints={"subnetIds": ground.subnets[:1]})
    assert "are not on the Outpost" in refused(eks.create_cluster, **words)
