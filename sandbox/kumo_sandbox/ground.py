"""What a cluster requires in an account before it: a VPC with ways out, and IAM roles with their policies, by boto3 alone.

For tests and benchmarks, which begin with an empty account.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

POLICY = "arn:aws:iam::aws:policy/{}"
# https://docs.aws.amazon.com/eks/latest/userguide/cluster-iam-role.html, create-node-role.html, pod-execution-role.html
CLUSTER_POLICIES = ("AmazonEKSClusterPolicy",)
NODE_POLICIES = ("AmazonEKSWorkerNodePolicy", "AmazonEKS_CNI_Policy", "AmazonEC2ContainerRegistryReadOnly")
FARGATE_POLICIES = ("AmazonEKSFargatePodExecutionRolePolicy",)


def create_vpc(ec2: Any, block: str = "10.0.0.0/16", **options: Any) -> str:
    """The ID of a new VPC with DNS host names, without which nodes do not register."""
    vpc = ec2.create_vpc(CidrBlock=block, **options)["Vpc"]["VpcId"]
    ec2.modify_vpc_attribute(VpcId=vpc, EnableDnsHostnames={"Value": True})
    return vpc


def create_subnets(ec2: Any, vpc: str, zones: Iterable[str] = "acd", region: str = "ap-northeast-1") -> list[str]:
    """The IDs of new subnets 10.0.N.0/24, one in each zone, which use the VPC's main route table."""
    rows = [
        ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.0.{number}.0/24", AvailabilityZone=f"{region}{zone}")
        for number, zone in enumerate(zones)
    ]
    return [row["Subnet"]["SubnetId"] for row in rows]


def create_internet_gateway(ec2: Any, vpc: str) -> str:
    """The ID of a new internet gateway of the VPC."""
    gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    return gateway


def find_main_table(ec2: Any, vpc: str) -> str:
    """The ID of the VPC's main route table."""
    filters = [{"Name": "vpc-id", "Values": [vpc]}, {"Name": "association.main", "Values": ["true"]}]
    return ec2.describe_route_tables(Filters=filters)["RouteTables"][0]["RouteTableId"]


def open_way_out(ec2: Any, vpc: str, block: str = "10.0.255.0/28") -> str:
    """Lead the main route table to the internet through a NAT gateway in a public subnet; the gateway's ID."""
    gateway = create_internet_gateway(ec2, vpc)
    public = ec2.create_subnet(VpcId=vpc, CidrBlock=block)["Subnet"]["SubnetId"]
    table = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
    ec2.associate_route_table(RouteTableId=table, SubnetId=public)
    ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", GatewayId=gateway)
    address = ec2.allocate_address(Domain="vpc")["AllocationId"]
    nat = ec2.create_nat_gateway(SubnetId=public, AllocationId=address)["NatGateway"]["NatGatewayId"]
    ec2.create_route(RouteTableId=find_main_table(ec2, vpc), DestinationCidrBlock="0.0.0.0/0", NatGatewayId=nat)
    return nat


def create_outpost(outposts: Any, zone: str = "ap-northeast-1a") -> str:
    """The ARN of a new Outpost, on a new site."""
    site = outposts.create_site(Name="hall")["Site"]["SiteId"]
    return str(outposts.create_outpost(Name="rack", SiteId=site, AvailabilityZone=zone)["Outpost"]["OutpostArn"])


def create_role(
    iam: Any, name: str, services: str | list[str], policies: Iterable[str] = (), partition: str = "aws"
) -> str:
    """The ARN of a new role that these services assume, with AWS' managed policies of these names."""
    trust = {"Effect": "Allow", "Principal": {"Service": services}, "Action": ["sts:AssumeRole", "sts:TagSession"]}
    document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    arn = iam.create_role(RoleName=name, AssumeRolePolicyDocument=document)["Role"]["Arn"]
    for policy in policies:
        iam.attach_role_policy(RoleName=name, PolicyArn=POLICY.format(policy).replace(":aws:", f":{partition}:", 1))
    return arn
