"""Reads that trail writes, on a clock that moves."""

from __future__ import annotations

import json

import pytest
from botocore.exceptions import ClientError

from kumo_sandbox import durations
from kumo_sandbox.ground import create_role

HARDLY = 0.01  # the clock's speed
READS_SUBNETS = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "ec2:DescribeSubnets", "Resource": "*"}],
}


@pytest.fixture
def moving(sandbox):
    """The clock moves by ``advance`` alone, however slow this machine is."""
    sandbox.clock.set_speed(HARDLY)
    return sandbox


def refuse(code):
    return pytest.raises(ClientError, match=code)


def test_a_new_id_is_read_a_moment_later(moving):
    ec2 = moving.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.0.0/24")["Subnet"]["SubnetId"]
    table = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
    template = ec2.create_launch_template(LaunchTemplateName="mine", LaunchTemplateData={"EbsOptimized": True})
    reads = [
        ("InvalidVpcID.NotFound", lambda: ec2.describe_vpcs(VpcIds=[vpc])),
        ("InvalidSubnetID.NotFound", lambda: ec2.describe_subnets(SubnetIds=[subnet])),
        ("InvalidRouteTableID.NotFound", lambda: ec2.describe_route_tables(RouteTableIds=[table])),
        (
            "InvalidLaunchTemplateId.NotFound",
            lambda: ec2.describe_launch_template_versions(
                LaunchTemplateId=template["LaunchTemplate"]["LaunchTemplateId"]
            ),
        ),
    ]
    for code, read in reads:
        with refuse(code):
            read()
    assert ec2.describe_subnets(Filters=[{"Name": "subnet-id", "Values": [subnet]}])["Subnets"]
    moving.clock.advance(durations.READ_LAG)
    for _code, read in reads:
        assert read()


def test_a_new_role_is_read_a_moment_later(moving):
    iam = moving.client("iam")
    create_role(iam, "new", "ec2.amazonaws.com", ["AmazonEKS_CNI_Policy"])
    iam.create_instance_profile(InstanceProfileName="profile")
    policy = iam.create_policy(PolicyName="own", PolicyDocument=json.dumps(READS_SUBNETS))["Policy"]["Arn"]
    reads = [
        lambda: iam.get_policy(PolicyArn=policy),
        lambda: iam.get_policy_version(PolicyArn=policy, VersionId="v1"),
        lambda: iam.get_role(RoleName="new"),
        lambda: iam.list_attached_role_policies(RoleName="new"),
        lambda: iam.get_instance_profile(InstanceProfileName="profile"),
    ]
    for read in reads:
        with refuse("NoSuchEntity"):
            read()
    moving.clock.advance(durations.READ_LAG)
    for read in reads:
        assert read()


def test_where_the_clock_is_instant_everything_is_read_at_once(sandbox):
    create_role(sandbox.client("iam"), "new", "ec2.amazonaws.com")
    assert sandbox.client("iam").get_role(RoleName="new")


def attach_managed(iam):
    iam.attach_role_policy(RoleName="bare", PolicyArn="arn:aws:iam::aws:policy/AmazonEKSClusterPolicy")


def put_inline(iam):
    iam.put_role_policy(RoleName="bare", PolicyName="own", PolicyDocument=json.dumps(READS_SUBNETS))


@pytest.mark.parametrize("give", [attach_managed, put_inline])
def test_eks_knows_a_new_policy_of_a_role_later(sandbox, eks, ground, give):
    iam, network = sandbox.client("iam"), {"subnetIds": ground.subnets}
    arn = create_role(iam, "bare", "eks.amazonaws.com")
    sandbox.clock.set_speed(HARDLY)
    words = {"name": "late", "roleArn": arn, "resourcesVpcConfig": network}
    with refuse("IAM role's policy must include the `ec2:DescribeSubnets` action"):
        eks.create_cluster(**words)
    give(iam)
    with refuse("IAM role's policy must include"):
        eks.create_cluster(**words)
    sandbox.clock.advance(durations.IAM_PROPAGATION)
    assert eks.create_cluster(**words)["cluster"]["status"] == "CREATING"


def test_ec2_knows_a_new_instance_profile_and_its_role_later(sandbox):
    ec2, iam = sandbox.client("ec2"), sandbox.client("iam")
    create_role(iam, "node", "ec2.amazonaws.com")
    image = ec2.describe_images()["Images"][0]["ImageId"]
    sandbox.clock.set_speed(HARDLY)
    arn = iam.create_instance_profile(InstanceProfileName="profile")["InstanceProfile"]["Arn"]

    def launch(**profile):
        return ec2.run_instances(ImageId=image, MinCount=1, MaxCount=1, IamInstanceProfile=profile)

    with refuse("InvalidParameterValue.*iamInstanceProfile.name is invalid. Invalid IAM Instance Profile name"):
        launch(Name="profile")
    with refuse("InvalidParameterValue.*iamInstanceProfile.arn is invalid. Invalid IAM Instance Profile ARN"):
        launch(Arn=arn)
    sandbox.clock.advance(durations.IAM_PROPAGATION)
    iam.add_role_to_instance_profile(InstanceProfileName="profile", RoleName="node")
    with refuse("has no associated IAM Roles"):
        launch(Name="profile")
    sandbox.clock.advance(durations.IAM_PROPAGATION)
    assert launch(Name="profile")["Instances"] and launch(Arn=arn)["Instances"]
    with refuse("Invalid IAM Instance Profile name"):
        launch(Name="none")


def test_eks_knows_an_older_trust_policy_for_a_while(sandbox, eks, ground, make_cluster):
    make_cluster()
    iam, association = sandbox.client("iam"), {"namespace": "n", "serviceAccount": "s"}
    arn = create_role(iam, "mended", "ec2.amazonaws.com")
    sandbox.clock.set_speed(HARDLY)
    trust = {
        "Effect": "Allow",
        "Principal": {"Service": "pods.eks.amazonaws.com"},
        "Action": ["sts:AssumeRole", "sts:TagSession"],
    }
    document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    iam.update_assume_role_policy(RoleName="mended", PolicyDocument=document)
    with refuse("Trust policy of the role provided is invalid"):
        eks.create_pod_identity_association(clusterName="demo", roleArn=arn, **association)
    sandbox.clock.advance(durations.IAM_PROPAGATION)
    assert eks.create_pod_identity_association(clusterName="demo", roleArn=arn, **association)["association"]


def test_a_new_gateway_endpoint_or_group_is_listed_a_moment_later(moving):
    ec2, autoscaling = moving.client("ec2"), moving.client("autoscaling")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.0.0/24")["Subnet"]["SubnetId"]
    ec2.create_nat_gateway(SubnetId=subnet, ConnectivityType="private")
    ec2.create_vpc_endpoint(VpcId=vpc, ServiceName=f"com.amazonaws.{ec2.meta.region_name}.s3")
    image = ec2.describe_images(Owners=["amazon"])["Images"][0]["ImageId"]
    ec2.create_launch_template(LaunchTemplateName="mine", LaunchTemplateData={"ImageId": image})
    autoscaling.create_auto_scaling_group(
        AutoScalingGroupName="group",
        MinSize=0,
        MaxSize=1,
        VPCZoneIdentifier=subnet,
        LaunchTemplate={"LaunchTemplateName": "mine", "Version": "1"},
    )
    reads = [
        lambda: ec2.describe_nat_gateways()["NatGateways"],
        lambda: ec2.describe_vpc_endpoints()["VpcEndpoints"],
        lambda: autoscaling.describe_auto_scaling_groups(AutoScalingGroupNames=["group"])["AutoScalingGroups"],
    ]
    assert [read() for read in reads] == [[], [], []]
    moving.clock.advance(durations.READ_LAG)
    assert [len(read()) for read in reads] == [1, 1, 1]


def test_a_new_access_entry_takes_a_policy_a_moment_later(sandbox, eks, make_cluster):
    make_cluster(accessConfig={"authenticationMode": "API"})
    arn = create_role(sandbox.client("iam"), "person", "ec2.amazonaws.com")
    sandbox.clock.set_speed(HARDLY)
    names = {"clusterName": "demo", "principalArn": arn}
    eks.create_access_entry(**names)
    policy = "arn:aws:eks::aws:cluster-access-policy/AmazonEKSViewPolicy"
    words = {**names, "policyArn": policy, "accessScope": {"type": "cluster"}}
    with refuse("ResourceNotFoundException.*The specified principalArn could not be found"):
        eks.associate_access_policy(**words)
    assert eks.describe_access_entry(**names)["accessEntry"]
    sandbox.clock.advance(durations.READ_LAG)
    assert eks.associate_access_policy(**words)["associatedAccessPolicy"]


def test_a_deleted_association_is_in_the_way_for_a_moment(sandbox, eks, make_cluster):
    make_cluster()
    role = create_role(sandbox.client("iam"), "pod", "pods.eks.amazonaws.com")
    words = {"clusterName": "demo", "roleArn": role, "namespace": "n", "serviceAccount": "s"}
    one = {"clusterName": "demo"}
    one["associationId"] = eks.create_pod_identity_association(**words)["association"]["associationId"]
    sandbox.clock.set_speed(HARDLY)
    eks.delete_pod_identity_association(**one)
    assert eks.list_pod_identity_associations(clusterName="demo")["associations"] == []
    with refuse("ResourceInUseException.*Association already exists"):
        eks.create_pod_identity_association(**words)
    assert eks.create_pod_identity_association(**{**words, "serviceAccount": "t"})["association"]
    sandbox.clock.advance(durations.READ_LAG)
    assert eks.create_pod_identity_association(**words)["association"]
