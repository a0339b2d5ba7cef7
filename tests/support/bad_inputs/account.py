# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The account that the rows are held against: two VPCs, roles, keys, a launch template and clusters with what belongs to them."""

from __future__ import annotations

from typing import Any

from kumo_sandbox import Sandbox, ground

REGION = "ap-northeast-1"
Account = dict[str, Any]


def build_account(sandbox: Sandbox) -> Account:
    """Create it. Returns the names by which rows name its parts."""
    account = {**_create_network(sandbox), **_create_roles(sandbox), **_create_keys(sandbox)}
    account["template"] = _create_template(sandbox)
    _create_clusters(sandbox, account)
    return account


def _create_network(sandbox: Sandbox) -> Account:
    ec2 = sandbox.client("ec2")
    vpc, other = (ground.create_vpc(ec2, block) for block in ("10.0.0.0/16", "10.9.0.0/16"))

    def subnet(vpc_id: str, cidr: str, zone: str) -> str:
        made = ec2.create_subnet(VpcId=vpc_id, CidrBlock=cidr, AvailabilityZone=f"{REGION}{zone}")
        return made["Subnet"]["SubnetId"]

    private = [subnet(vpc, f"10.0.{number}.0/24", zone) for number, zone in enumerate("acd")]
    public = subnet(vpc, "10.0.10.0/24", "a")
    ground.open_way_out(ec2, vpc)
    gateway = ec2.describe_internet_gateways()["InternetGateways"][0]["InternetGatewayId"]
    table = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
    ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", GatewayId=gateway)
    ec2.associate_route_table(RouteTableId=table, SubnetId=public)
    return {
        "vpc": vpc,
        "other_vpc": other,
        "subnets": private[:2],
        "subnet": private[0],
        "third_subnet": private[2],
        "same_zone_subnet": subnet(vpc, "10.0.11.0/24", "a"),
        "public_subnet": public,
        "alien_subnet": subnet(other, "10.9.0.0/24", "c"),
        "group": _create_group(ec2, vpc),
        "alien_group": _create_group(ec2, other),
    }


def _create_group(ec2: Any, vpc: str) -> str:
    return ec2.create_security_group(GroupName="extra", Description="extra", VpcId=vpc)["GroupId"]


def _create_roles(sandbox: Sandbox) -> Account:
    """The profile is of the nodes' role, for nodes that EKS does not start."""
    iam = sandbox.client("iam")
    iam.create_instance_profile(InstanceProfileName="node-role")
    found = {
        "role": ground.create_role(iam, "cluster-role", "eks.amazonaws.com", ground.CLUSTER_POLICIES),
        "node_role": ground.create_role(iam, "node-role", "ec2.amazonaws.com", ground.NODE_POLICIES),
        "pod_role": ground.create_role(iam, "fargate-role", "eks-fargate-pods.amazonaws.com", ground.FARGATE_POLICIES),
        "app_role": ground.create_role(iam, "app-role", "pods.eks.amazonaws.com"),
    }
    iam.add_role_to_instance_profile(InstanceProfileName="node-role", RoleName="node-role")
    return found


def _create_keys(sandbox: Sandbox) -> Account:
    kms = sandbox.client("kms")
    signing = kms.create_key(KeyUsage="SIGN_VERIFY", KeySpec="RSA_2048")["KeyMetadata"]["Arn"]
    return {"key": kms.create_key()["KeyMetadata"]["Arn"], "signing_key": signing}


def _create_template(sandbox: Sandbox) -> str:
    data = {"InstanceType": "m5.large", "IamInstanceProfile": {"Name": "mine"}}
    made = sandbox.client("ec2").create_launch_template(LaunchTemplateName="mine", LaunchTemplateData=data)
    return made["LaunchTemplate"]["LaunchTemplateId"]


def _create_clusters(sandbox: Sandbox, account: Account) -> None:
    """ "there", an ordinary cluster with one of each thing, and "isolated", which EKS cannot change back."""
    eks = sandbox.client("eks")
    common = {"roleArn": account["role"], "version": "1.33", "accessConfig": {"authenticationMode": "API"}}
    place = {"subnetIds": account["subnets"]}
    encryption = [{"resources": ["secrets"], "provider": {"keyArn": account["key"]}}]
    eks.create_cluster(name="there", resourcesVpcConfig=place, encryptionConfig=encryption, **common)
    isolated = {**place, "controlPlaneEgressMode": "CUSTOMER_ISOLATED"}
    eks.create_cluster(name="isolated", resourcesVpcConfig=isolated, **common)
    words = {"clusterName": "there"}
    eks.describe_cluster(name="there")
    eks.create_nodegroup(
        nodegroupName="workers",
        subnets=account["subnets"],
        nodeRole=account["node_role"],
        scalingConfig={"minSize": 1, "maxSize": 3, "desiredSize": 2},
        **words,
    )
    selectors = [{"namespace": "batch"}]
    eks.create_fargate_profile(
        fargateProfileName="batch", podExecutionRoleArn=account["pod_role"], selectors=selectors, **words
    )
    eks.create_addon(addonName="coredns", **words)
    eks.create_addon(addonName="eks-pod-identity-agent", **words)
    eks.create_pod_identity_association(namespace="shop", serviceAccount="cart", roleArn=account["app_role"], **words)
    for name in ("there", "isolated"):
        eks.describe_cluster(name=name)
    eks.describe_nodegroup(nodegroupName="workers", **words)
