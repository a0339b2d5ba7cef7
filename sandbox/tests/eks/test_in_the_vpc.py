"""What a cluster and its nodes have in the VPC: network interfaces, security groups, launch templates."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError

from kumo_sandbox import durations


@pytest.fixture
def ec2(sandbox):
    return sandbox.client("ec2")


def refuse(code, text=""):
    return pytest.raises(ClientError, match=f"{code}.*{text}")


def list_interfaces(ec2):
    named = [{"Name": "description", "Values": ["Amazon EKS c"]}]
    return ec2.describe_network_interfaces(Filters=named)["NetworkInterfaces"]


def test_a_cluster_holds_its_subnets_by_network_interfaces_and_for_a_while_after(sandbox, eks, ec2, account, cluster):
    found = list_interfaces(ec2)
    assert {each["SubnetId"] for each in found} == set(account["subnets"])
    assert all(each["RequesterManaged"] and each["Status"] == "in-use" for each in found)
    with refuse("OperationNotPermitted"):
        ec2.delete_network_interface(NetworkInterfaceId=found[0]["NetworkInterfaceId"])
    group = eks.describe_cluster(name="c")["cluster"]["resourcesVpcConfig"]["clusterSecurityGroupId"]
    with refuse("DependencyViolation"):
        ec2.delete_security_group(GroupId=group)
    eks.delete_cluster(name="c")
    sandbox.clock.advance(durations.CLUSTER_DELETE)
    assert eks.list_clusters()["clusters"] == []
    with refuse("InvalidGroup.NotFound"):
        ec2.describe_security_groups(GroupIds=[group])
    with refuse("DependencyViolation"):
        ec2.delete_subnet(SubnetId=account["subnets"][0])
    sandbox.clock.advance(durations.CONTROL_PLANE_INTERFACES)
    for subnet in account["subnets"]:
        ec2.delete_subnet(SubnetId=subnet)


def test_a_cluster_that_moves_to_other_subnets_takes_its_interfaces_along(sandbox, eks, ec2, account, cluster):
    place = {"VpcId": account["vpc"], "AvailabilityZone": "ap-northeast-1a"}  # the zone of the subnet that it leaves
    other = ec2.create_subnet(CidrBlock="10.0.9.0/24", **place)["Subnet"]["SubnetId"]
    subnets = [other, *account["subnets"][1:]]
    eks.update_cluster_config(name="c", resourcesVpcConfig={"subnetIds": subnets})
    sandbox.clock.advance(durations.CLUSTER_CONFIG_UPDATE)
    eks.describe_cluster(name="c")
    assert {each["SubnetId"] for each in list_interfaces(ec2)} == set(subnets)
    ec2.delete_subnet(SubnetId=account["subnets"][0])


@pytest.fixture
def nodegroup(account, cluster):
    return {
        "clusterName": "c",
        "nodegroupName": "n",
        "subnets": account["subnets"][:1],
        "nodeRole": account["node"],
        "scalingConfig": {"minSize": 1, "maxSize": 1, "desiredSize": 1},
    }


def test_nodes_hold_their_subnet_and_the_groups_own_template(sandbox, eks, ec2, account, nodegroup):
    data = {"MetadataOptions": {"HttpTokens": "required"}, "UserData": "IyEvYmluL2Jhc2g="}
    ec2.create_launch_template(LaunchTemplateName="mine", LaunchTemplateData=data)
    made = eks.create_nodegroup(**nodegroup, launchTemplate={"name": "mine"})["nodegroup"]
    sandbox.clock.advance(durations.NODEGROUP_CREATE)
    eks.describe_nodegroup(clusterName="c", nodegroupName="n")
    own = "eks-" + made["nodegroupArn"].rpartition("/")[2]
    (version,) = ec2.describe_launch_template_versions(LaunchTemplateName=own)["LaunchTemplateVersions"]
    assert version["LaunchTemplateData"]["MetadataOptions"] == {"HttpTokens": "required"}
    (template,) = ec2.describe_launch_templates(LaunchTemplateNames=[own])["LaunchTemplates"]
    assert {"Key": "eks:nodegroup-name", "Value": "n"} in template["Tags"]
    inside = [{"Name": "subnet-id", "Values": nodegroup["subnets"]}]
    assert len(ec2.describe_network_interfaces(Filters=inside)["NetworkInterfaces"]) == 2
    eks.delete_nodegroup(clusterName="c", nodegroupName="n")
    sandbox.clock.advance(durations.NODEGROUP_DELETE)
    assert eks.list_nodegroups(clusterName="c")["nodegroups"] == []
    assert len(ec2.describe_network_interfaces(Filters=inside)["NetworkInterfaces"]) == 1
    with refuse("InvalidLaunchTemplateName.NotFoundException"):
        ec2.describe_launch_templates(LaunchTemplateNames=[own])


@pytest.mark.parametrize(
    ("data", "options", "error"),
    [
        ({"IamInstanceProfile": {"Name": "p"}}, {}, "must not contain an instance profile"),
        ({"NetworkInterfaces": [{"DeviceIndex": 0, "SubnetId": "subnet-1"}]}, {}, "must not contain subnets"),
        ({"InstanceMarketOptions": {"MarketType": "spot"}}, {}, "must not contain spot options"),
        ({"HibernationOptions": {"Configured": True}}, {}, "must not contain hibernation options"),
        ({"InstanceInitiatedShutdownBehavior": "stop"}, {}, "must not contain a shutdown behavior"),
        ({"InstanceType": "m5.large"}, {"instanceTypes": ["m5.large"]}, "Cannot specify instance types"),
        ({"EbsOptimized": True}, {"diskSize": 20}, "Disk size must be specified within the launch template"),
        ({"EbsOptimized": True}, {"remoteAccess": {"ec2SshKey": "k"}}, "Remote access configuration cannot"),
        ({"ImageId": "ami-1"}, {"amiType": "AL2023_x86_64_STANDARD"}, "image type other than CUSTOM"),
        ({"ImageId": "ami-1"}, {"version": "1.33"}, "cannot specify the field kubernetesVersion"),
        ({"ImageId": "ami-1"}, {"releaseVersion": "1.33.5-20261105"}, "cannot specify the field releaseVersion"),
        ({"EbsOptimized": True}, {"amiType": "CUSTOM"}, "must specify an image id"),
    ],
)
def test_launch_templates_that_do_not_go(eks, ec2, nodegroup, data, options, error):
    ec2.create_launch_template(LaunchTemplateName="mine", LaunchTemplateData=data)
    with refuse("", error):
        eks.create_nodegroup(**nodegroup, launchTemplate={"name": "mine"}, **options)
    assert eks.list_nodegroups(clusterName="c")["nodegroups"] == []


def test_a_custom_image_is_the_groups_release(sandbox, eks, ec2, nodegroup):
    ec2.create_launch_template(LaunchTemplateName="mine", LaunchTemplateData={"ImageId": "ami-12c6146b"})
    made = eks.create_nodegroup(**nodegroup, launchTemplate={"name": "mine"})["nodegroup"]
    assert (made["amiType"], made["releaseVersion"]) == ("CUSTOM", "ami-12c6146b")
