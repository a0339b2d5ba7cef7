# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An account with a cluster that breaks rules of audits, and with what a cluster that is gone has left."""

from __future__ import annotations

import base64
import json
from typing import Any

from kumo_sandbox import Sandbox, ground

NAME, GONE = "my-cluster", "gone"
OWNED = f"kubernetes.io/cluster/{NAME}"
LEFT = f"kubernetes.io/cluster/{GONE}"
ACCOUNT, REGION = "123456789012", "ap-northeast-1"
ADMINISTRATOR = "arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy"
OF_OTHERS = "arn:aws:iam::210987654321:role/auditor"
OPEN = [{"CidrIp": "0.0.0.0/0"}]


def make_account(sandbox: Sandbox) -> None:
    place = _make_network(sandbox)
    roles = _make_roles(sandbox)
    _make_cluster(sandbox, place, roles)
    _make_nodes(sandbox, place, roles)
    _break_network(sandbox, place)
    _make_entries(sandbox, roles)
    _make_pod_roles(sandbox)
    _make_storage(sandbox)
    _make_load_balancers(sandbox, place)
    _make_remains(sandbox, place)


def tags(**words: str) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in words.items()]


def _make_network(sandbox: Sandbox) -> dict[str, Any]:
    """Public subnets that give public addresses, one of them nearly full, a route into nothing and an ACL that drops answers."""
    ec2 = sandbox.client("ec2")
    vpc = ground.create_vpc(ec2)
    table = ground.find_main_table(ec2, vpc)
    ec2.create_route(
        RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", GatewayId=ground.create_internet_gateway(ec2, vpc)
    )
    ids = [
        ec2.create_subnet(VpcId=vpc, CidrBlock=block, AvailabilityZone=f"{REGION}{zone}")["Subnet"]["SubnetId"]
        for block, zone in (("10.0.0.0/27", "a"), ("10.0.1.0/24", "c"))
    ]
    for key in ids:
        ec2.modify_subnet_attribute(SubnetId=key, MapPublicIpOnLaunch={"Value": True})
    closed = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
    private = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.2.0/24", AvailabilityZone=f"{REGION}d")["Subnet"]["SubnetId"]
    ec2.associate_route_table(RouteTableId=closed, SubnetId=private)
    group = ec2.create_security_group(GroupName="open", Description="open", VpcId=vpc)["GroupId"]
    for port, last in ((22, 22), (10250, 10250), (9000, 9999)):
        ec2.authorize_security_group_ingress(
            GroupId=group, IpPermissions=[{"IpProtocol": "tcp", "FromPort": port, "ToPort": last, "IpRanges": OPEN}]
        )
    return {"vpc": vpc, "subnets": ids, "private": [private], "group": group}


def _break_network(sandbox: Sandbox, place: dict[str, Any]) -> None:
    """What nodes could not join with: no DNS names, and an ACL that drops answers."""
    ec2, vpc = sandbox.client("ec2"), place["vpc"]
    ec2.modify_vpc_attribute(VpcId=vpc, EnableDnsHostnames={"Value": False})
    acl = ec2.describe_network_acls(Filters=[{"Name": "vpc-id", "Values": [vpc]}])["NetworkAcls"][0]["NetworkAclId"]
    words = {"NetworkAclId": acl, "RuleNumber": 50, "Protocol": "6", "RuleAction": "deny", "CidrBlock": "0.0.0.0/0"}
    ec2.create_network_acl_entry(**words, Egress=False, PortRange={"From": 1024, "To": 65535})


def _make_roles(sandbox: Sandbox) -> dict[str, str]:
    """A cluster role without its policy, and a node role that may do everything but what a node needs, which others can assume, too."""
    iam = sandbox.client("iam")
    cluster = ground.create_role(iam, "cluster", "eks.amazonaws.com", ground.CLUSTER_POLICIES)
    nodes = ground.create_role(iam, "nodes", ["ec2.amazonaws.com"], [*ground.NODE_POLICIES, "AutoScalingFullAccess"])
    statements = [
        {"Effect": "Allow", "Action": "s3:*", "Resource": "*"},
        {"Effect": "Allow", "Action": ["iam:PassRole", "iam:AttachRolePolicy"], "Resource": "*"},
        {"Effect": "Allow", "Action": "secretsmanager:GetSecretValue", "Resource": "*"},
    ]
    document = json.dumps({"Version": "2012-10-17", "Statement": statements})
    iam.put_role_policy(RoleName="nodes", PolicyName="own", PolicyDocument=document)
    others = ground.create_role(iam, "others", ["ec2.amazonaws.com", "lambda.amazonaws.com"], ground.NODE_POLICIES)
    pods = ground.create_role(iam, "pods", "eks-fargate-pods.amazonaws.com", ground.FARGATE_POLICIES)
    return {"cluster": cluster, "nodes": nodes, "others": others, "pods": pods}


def _make_cluster(sandbox: Sandbox, place: dict[str, Any], roles: dict[str, str]) -> None:
    """An old version, open to the internet, with no logs, no encryption and no protection."""
    eks = sandbox.client("eks")
    eks.create_cluster(
        name=NAME,
        version="1.30",
        roleArn=roles["cluster"],
        resourcesVpcConfig={"subnetIds": place["subnets"], "securityGroupIds": [place["group"]]},
        accessConfig={"authenticationMode": "API_AND_CONFIG_MAP", "bootstrapClusterCreatorAdminPermissions": True},
    )
    own = eks.describe_cluster(name=NAME)["cluster"]["resourcesVpcConfig"]["clusterSecurityGroupId"]
    sandbox.client("ec2").authorize_security_group_ingress(
        GroupId=own, IpPermissions=[{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "10.0.0.0/8"}]}]
    )
    eks.create_addon(clusterName=NAME, addonName="vpc-cni")
    eks.create_addon(clusterName=NAME, addonName="aws-ebs-csi-driver")
    eks.create_fargate_profile(
        clusterName=NAME,
        fargateProfileName="nobody",
        podExecutionRoleArn=roles["pods"],
        selectors=[{"namespace": "nobody"}],
        subnets=place["private"],
    )
    oidc = {"identityProviderConfigName": "own", "issuerUrl": "https://example.com", "clientId": "kubernetes"}
    eks.associate_identity_provider_config(clusterName=NAME, oidc={**oidc, "groupsClaim": "groups"})
    sandbox.client("iam").detach_role_policy(
        RoleName="cluster", PolicyArn=ground.POLICY.format("AmazonEKSClusterPolicy")
    )


def _make_nodes(sandbox: Sandbox, place: dict[str, Any], roles: dict[str, str]) -> None:
    """A group of one old Spot instance that the whole internet reaches by SSH, one of a template with all that is wrong, and a profile for no pods."""
    eks, ec2 = sandbox.client("eks"), sandbox.client("ec2")
    ec2.create_key_pair(KeyName="key")
    common = {"clusterName": NAME, "nodeRole": roles["nodes"]}
    eks.create_nodegroup(
        **common,
        nodegroupName="spot",
        subnets=place["subnets"][:1],
        scalingConfig={"minSize": 1, "maxSize": 1, "desiredSize": 1},
        instanceTypes=["t3.medium"],
        capacityType="SPOT",
        amiType="AL2_x86_64",
        remoteAccess={"ec2SshKey": "key"},
    )
    script = base64.b64encode(
        b"#!/bin/bash\nexport AWS_SECRET_ACCESS_KEY=wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY\n"
    ).decode()
    data = {
        "InstanceType": "m4.large",
        "MetadataOptions": {"HttpTokens": "optional", "HttpPutResponseHopLimit": 3},
        "BlockDeviceMappings": [{"DeviceName": "/dev/xvda", "Ebs": {"Encrypted": False, "VolumeSize": 20}}],
        "UserData": script,
    }
    template = ec2.create_launch_template(LaunchTemplateName="own", LaunchTemplateData=data)["LaunchTemplate"]
    eks.create_nodegroup(
        **common,
        nodegroupName="own",
        subnets=place["subnets"],
        scalingConfig={"minSize": 1, "maxSize": 2, "desiredSize": 2},
        launchTemplate={"id": template["LaunchTemplateId"], "version": "1"},
        amiType="AL2_x86_64",
    )
    eks.create_nodegroup(
        clusterName=NAME,
        nodeRole=roles["others"],
        nodegroupName="old",
        subnets=place["subnets"],
        scalingConfig={"minSize": 0, "maxSize": 1, "desiredSize": 0},
        instanceTypes=["m5.large"],
        nodeRepairConfig={"enabled": True},
    )
    ec2.create_launch_template_version(
        LaunchTemplateId=template["LaunchTemplateId"], SourceVersion="1", LaunchTemplateData=data
    )
    for name in ("spot", "own", "old"):
        eks.describe_nodegroup(clusterName=NAME, nodegroupName=name)
    iam = sandbox.client("iam")
    iam.attach_role_policy(RoleName="others", PolicyArn=ground.POLICY.format("AdministratorAccess"))
    iam.detach_role_policy(RoleName="others", PolicyArn=ground.POLICY.format("AmazonEKSWorkerNodePolicy"))


def _make_entries(sandbox: Sandbox, roles: dict[str, str]) -> None:
    eks, iam = sandbox.client("eks"), sandbox.client("iam")
    for number in range(4):
        arn = ground.create_role(iam, f"administrator-{number}", "ec2.amazonaws.com")
        eks.create_access_entry(clusterName=NAME, principalArn=arn)
        eks.associate_access_policy(
            clusterName=NAME, principalArn=arn, policyArn=ADMINISTRATOR, accessScope={"type": "cluster"}
        )
    user = iam.create_user(UserName="somebody")["User"]["Arn"]
    for arn in (user, OF_OTHERS):
        eks.create_access_entry(clusterName=NAME, principalArn=arn)
    iam.delete_role(RoleName="administrator-3")


def _make_pod_roles(sandbox: Sandbox) -> None:
    """Associations with a role that is gone, with a service account that does not exist, and with roles of too many rights.

    A role of IRSA lets every pod of the cluster in.
    """
    eks, iam = sandbox.client("eks"), sandbox.client("iam")
    words = {"clusterName": NAME, "namespace": "default"}
    for name in ("administrator", "lost", "passer"):
        arn = ground.create_role(
            iam, name, "pods.eks.amazonaws.com", ["AdministratorAccess"] if name == "administrator" else []
        )
        eks.create_pod_identity_association(**words, serviceAccount=name, roleArn=arn)
    iam.delete_role(RoleName="lost")
    statement = {"Effect": "Allow", "Action": "iam:PassRole", "Resource": "*"}
    iam.put_role_policy(RoleName="passer", PolicyName="own", PolicyDocument=build_document(statement))
    issuer = eks.describe_cluster(name=NAME)["cluster"]["identity"]["oidc"]["issuer"].removeprefix("https://")
    trust = {
        "Effect": "Allow",
        "Principal": {"Federated": f"arn:aws:iam::{ACCOUNT}:oidc-provider/{issuer}"},
        "Action": "sts:AssumeRoleWithWebIdentity",
        "Condition": {"StringEquals": {f"{issuer}:aud": "sts.amazonaws.com"}},
    }
    iam.create_role(RoleName="wide", AssumeRolePolicyDocument=build_document(trust))


def build_document(statement: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def _make_storage(sandbox: Sandbox) -> None:
    ec2, ecr, logs = sandbox.client("ec2"), sandbox.client("ecr"), sandbox.client("logs")
    ec2.create_volume(
        AvailabilityZone=f"{REGION}a",
        Size=8,
        VolumeType="gp2",
        TagSpecifications=[
            {"ResourceType": "volume", "Tags": tags(**{OWNED: "owned", "kubernetes.io/created-for/pvc/name": "data"})}
        ],
    )
    ecr.create_repository(repositoryName="web", imageTagMutability="MUTABLE")
    everybody = {"Effect": "Allow", "Principal": "*", "Action": "ecr:BatchGetImage"}
    ecr.set_repository_policy(
        repositoryName="web", policyText=json.dumps({"Version": "2012-10-17", "Statement": [everybody]})
    )
    logs.create_log_group(logGroupName=f"/aws/eks/{NAME}/cluster")


def create_file_system(sandbox: Sandbox) -> str:
    """The ID of a file system of EFS without encryption and mount targets."""
    return sandbox.client("efs").create_file_system(Encrypted=False)["FileSystemId"]


def _make_load_balancers(sandbox: Sandbox, place: dict[str, Any]) -> None:
    elb, classic = sandbox.client("elbv2"), sandbox.client("elb")
    for name, mark in (("plain", {"elbv2.k8s.aws/cluster": NAME}), ("left", {"elbv2.k8s.aws/cluster": GONE})):
        words = {"Tags": tags(**mark), "SecurityGroups": [place["group"]], "Scheme": "internet-facing"}
        made = elb.create_load_balancer(Name=name, Type="application", Subnets=place["subnets"], **words)[
            "LoadBalancers"
        ][0]
        group = elb.create_target_group(
            Name=name, Protocol="HTTP", Port=80, VpcId=place["vpc"], TargetType="instance", Tags=tags(**mark)
        )
        target = {"Type": "forward", "TargetGroupArn": group["TargetGroups"][0]["TargetGroupArn"]}
        elb.create_listener(LoadBalancerArn=made["LoadBalancerArn"], Protocol="HTTP", Port=80, DefaultActions=[target])
    for name, mark in (("classic", OWNED), ("classic-left", LEFT)):
        listener = {"Protocol": "tcp", "LoadBalancerPort": 80, "InstancePort": 80}
        classic.create_load_balancer(
            LoadBalancerName=name, Listeners=[listener], Subnets=place["subnets"], Tags=tags(**{mark: "owned"})
        )


def _make_remains(sandbox: Sandbox, place: dict[str, Any]) -> None:
    """What a cluster that is gone has left, of each kind."""
    ec2, iam, logs = sandbox.client("ec2"), sandbox.client("iam"), sandbox.client("logs")
    mark = tags(**{LEFT: "owned"})

    def words(kind: str) -> dict[str, Any]:
        return {"TagSpecifications": [{"ResourceType": kind, "Tags": mark}]}

    ec2.create_security_group(GroupName="k8s-left", Description="left", VpcId=place["vpc"], **words("security-group"))
    volume = ec2.create_volume(AvailabilityZone=f"{REGION}a", Size=8, **words("volume"))["VolumeId"]
    ec2.create_snapshot(VolumeId=volume, **words("snapshot"))
    ec2.create_network_interface(
        SubnetId=place["subnets"][1], Description="aws-K8S-i-0123", **words("network-interface")
    )
    ec2.allocate_address(Domain="vpc", **words("elastic-ip"))
    ec2.create_launch_template(
        LaunchTemplateName="left", LaunchTemplateData={"InstanceType": "m5.large"}, **words("launch-template")
    )
    image = ec2.describe_images(Owners=["amazon"])["Images"][0]["ImageId"]
    ec2.run_instances(ImageId=image, MinCount=1, MaxCount=1, SubnetId=place["subnets"][1], **words("instance"))
    logs.create_log_group(logGroupName=f"/aws/eks/{GONE}/cluster")
    issuer = f"oidc.eks.{REGION}.amazonaws.com/id/0123456789ABCDEF0123456789ABCDEF"
    provider = iam.create_open_id_connect_provider(
        Url=f"https://{issuer}", ThumbprintList=["a" * 40], ClientIDList=["sts.amazonaws.com"]
    )
    trust = {
        "Effect": "Allow",
        "Principal": {"Federated": provider["OpenIDConnectProviderArn"]},
        "Action": "sts:AssumeRoleWithWebIdentity",
        "Condition": {"StringEquals": {f"{issuer}:sub": "system:serviceaccount:shop:web"}},
    }
    iam.create_role(
        RoleName="left", AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    )
