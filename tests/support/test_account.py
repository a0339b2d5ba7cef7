# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Two accounts that were made alike compare as equal, and each setting that differs is told."""

from __future__ import annotations

import json
from typing import Any

import pytest
from support.account.comparison import compare, normalize
from support.account.listing import list_account

from kumo_sandbox import Sandbox, ground

TRUST = {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}
EVERYTHING = {"Effect": "Allow", "Action": "*", "Resource": "*"}
NOTHING = {**EVERYTHING, "Effect": "Deny"}


def write(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def build(sandbox: Sandbox) -> dict[str, Any]:
    """A little of each service; the ids by which change() finds it."""
    sandbox.reset()
    ec2, iam, kms = sandbox.client("ec2"), sandbox.client("iam"), sandbox.client("kms")
    vpc = ground.create_vpc(ec2)
    subnets = ground.create_subnets(ec2, vpc)
    for number, subnet in enumerate(subnets):
        ec2.create_tags(Resources=[subnet], Tags=[{"Key": "Name", "Value": f"subnet-{number}"}])
    table = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
    association = ec2.associate_route_table(RouteTableId=table, SubnetId=subnets[0])["AssociationId"]
    data = {"InstanceType": "m5.large"}
    template = ec2.create_launch_template(LaunchTemplateName="nodes", LaunchTemplateData=data)["LaunchTemplate"]
    iam.create_role(RoleName="nodes", AssumeRolePolicyDocument=write(TRUST))
    policy = iam.create_policy(PolicyName="mine", PolicyDocument=write(NOTHING))["Policy"]["Arn"]
    issuer = iam.create_open_id_connect_provider(Url="https://id.example.com/a", ClientIDList=["one"])
    sandbox.client("logs").create_log_group(logGroupName="/mine")
    role = ground.create_role(iam, "cluster", "eks.amazonaws.com", ground.CLUSTER_POLICIES)
    sandbox.client("eks").create_cluster(
        name="demo", roleArn=role, resourcesVpcConfig={"subnetIds": subnets}, accessConfig={"authenticationMode": "API"}
    )
    sandbox.client("eks").describe_cluster(name="demo")  # it is ACTIVE at the first look
    return {
        "vpc": vpc,
        "subnets": subnets,
        "table": table,
        "association": association,
        "template": template["LaunchTemplateId"],
        "policy": policy,
        "provider": issuer["OpenIDConnectProviderArn"],
        "key": kms.create_key()["KeyMetadata"]["KeyId"],
        "group": ec2.create_security_group(GroupName="extra", Description="extra", VpcId=vpc)["GroupId"],
    }


def add_version(sandbox: Sandbox, found: dict[str, Any]) -> None:
    iam, document = sandbox.client("iam"), write(EVERYTHING)
    iam.create_policy_version(PolicyArn=found["policy"], PolicyDocument=document, SetAsDefault=True)


def open_port(sandbox: Sandbox, found: dict[str, Any]) -> None:
    rule = {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
    sandbox.client("ec2").authorize_security_group_ingress(GroupId=found["group"], IpPermissions=[rule])


def move_table(sandbox: Sandbox, found: dict[str, Any]) -> None:
    words = {"AssociationId": found["association"]}
    sandbox.client("ec2").disassociate_route_table(**words)
    sandbox.client("ec2").associate_route_table(RouteTableId=found["table"], SubnetId=found["subnets"][1])


def set_template(sandbox: Sandbox, found: dict[str, Any]) -> None:
    words = {"LaunchTemplateId": found["template"], "LaunchTemplateData": {"InstanceType": "m5.xlarge"}}
    sandbox.client("ec2").create_launch_template_version(**words)
    sandbox.client("ec2").modify_launch_template(LaunchTemplateId=found["template"], DefaultVersion="2")


CHANGES = {
    "vpcs": lambda sandbox, found: sandbox.client("ec2").modify_vpc_attribute(
        VpcId=found["vpc"], EnableDnsHostnames={"Value": False}
    ),
    "route_tables": move_table,
    "security_groups": open_port,
    "launch_templates": set_template,
    "roles": lambda sandbox, _found: sandbox.client("iam").put_role_policy(
        RoleName="nodes", PolicyName="more", PolicyDocument=write(EVERYTHING)
    ),
    "policies": add_version,
    "oidc_providers": lambda sandbox, found: sandbox.client("iam").add_client_id_to_open_id_connect_provider(
        OpenIDConnectProviderArn=found["provider"], ClientID="two"
    ),
    "access_entries": lambda sandbox, _found: sandbox.client("eks").create_access_entry(
        clusterName="demo", principalArn="arn:aws:iam::123456789012:role/nodes"
    ),
    "log_groups": lambda sandbox, _found: sandbox.client("logs").put_retention_policy(
        logGroupName="/mine", retentionInDays=7
    ),
    "keys": lambda sandbox, found: sandbox.client("kms").tag_resource(
        KeyId=found["key"], Tags=[{"TagKey": "a", "TagValue": "b"}]
    ),
}


def test_settings_that_differ_are_told_and_nothing_else(sandbox):
    build(sandbox)
    first = normalize(list_account(sandbox.client))
    found = build(sandbox)
    assert compare(normalize(list_account(sandbox.client)), first) == []

    for change in CHANGES.values():
        change(sandbox, found)
    lines = compare(normalize(list_account(sandbox.client)), first)
    assert {line.partition(":")[0] for line in lines} == set(CHANGES)


@pytest.mark.parametrize(
    ("text", "normalized"),
    [
        ("subnet-0123456789abcdef0,subnet-0123456789abcdef1", "<id>,<id>"),
        ("eks-general-purpose-e2c0d6a4-4172-4fa7-8dd5-835dd3661e18", "eks-general-purpose-<id>"),
        ("k8s-elb-a5ced2327c01a49cdaa5a670ffca8693", "k8s-elb-<id>"),
        ("eks-cluster-sg-my-cluster-14487171", "<id>"),
        ("eks-cluster-sg-my-cluster-1448717", "<id>"),
        ("my-cluster.ap-northeast-1_node", "my-cluster.ap-northeast-1_node"),
    ],
)
def test_what_aws_makes_up_is_replaced_and_names_stay(text, normalized):
    assert normalize({"kind": [text]}) == {"kind": [normalized]}


def test_a_block_that_a_vpc_had_once_does_not_count(sandbox):
    found = build(sandbox)
    before = list_account(sandbox.client)
    ec2 = sandbox.client("ec2")
    made = ec2.associate_vpc_cidr_block(VpcId=found["vpc"], AmazonProvidedIpv6CidrBlock=True)
    association = made["Ipv6CidrBlockAssociation"]["AssociationId"]
    assert compare(list_account(sandbox.client), before) != []
    ec2.disassociate_vpc_cidr_block(AssociationId=association)
    ec2.describe_vpcs()
    (vpc,) = [row for row in list_account(sandbox.client)["vpcs"] if row["VpcId"] == found["vpc"]]
    assert not vpc.get("Ipv6CidrBlockAssociationSet")
