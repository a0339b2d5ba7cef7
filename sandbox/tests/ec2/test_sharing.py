"""VPCs that another account owns, and whose subnets it shares by AWS RAM."""

from __future__ import annotations

import pytest

OWNER = "210987654321"


@pytest.fixture
def shared(sandbox, ec2, network):
    """A subnet of the other account, with a table, a gateway and tags."""
    subnet = ec2.create_subnet(VpcId=network.vpc, CidrBlock="10.0.9.0/24")["Subnet"]["SubnetId"]
    ec2.create_tags(Resources=[subnet, network.vpc], Tags=[{"Key": "kubernetes.io/role/elb", "Value": "1"}])
    ec2.create_nat_gateway(SubnetId=subnet, ConnectivityType="private")
    sandbox.share_vpc(network.vpc, OWNER)
    return subnet


def test_a_participant_sees_whose_they_are_without_tags_and_gateways(ec2, network, shared):
    (subnet,) = ec2.describe_subnets(SubnetIds=[shared])["Subnets"]
    (vpc,) = ec2.describe_vpcs(VpcIds=[network.vpc])["Vpcs"]
    assert (subnet["OwnerId"], vpc["OwnerId"]) == (OWNER, OWNER)
    assert (subnet.get("Tags", []), vpc.get("Tags", [])) == ([], [])
    tables = ec2.describe_route_tables(Filters=[{"Name": "vpc-id", "Values": [network.vpc]}])["RouteTables"]
    assert {row["OwnerId"] for row in tables} == {OWNER}
    assert ec2.describe_nat_gateways()["NatGateways"] == []


def test_a_participant_has_tags_of_its_own_on_them(ec2, shared):
    ec2.create_tags(Resources=[shared], Tags=[{"Key": "kubernetes.io/role/internal-elb", "Value": "1"}])
    (subnet,) = ec2.describe_subnets(SubnetIds=[shared])["Subnets"]
    assert [tag["Key"] for tag in subnet["Tags"]] == ["kubernetes.io/role/internal-elb"]


def test_only_the_owner_changes_them(ec2, network, shared, refused):
    table = ec2.describe_route_tables(Filters=[{"Name": "vpc-id", "Values": [network.vpc]}])["RouteTables"][0]
    calls = [
        (ec2.create_subnet, {"VpcId": network.vpc, "CidrBlock": "10.0.10.0/24"}),
        (ec2.delete_subnet, {"SubnetId": shared}),
        (ec2.modify_subnet_attribute, {"SubnetId": shared, "MapPublicIpOnLaunch": {"Value": True}}),
        (ec2.create_route_table, {"VpcId": network.vpc}),
        (ec2.associate_route_table, {"SubnetId": shared, "RouteTableId": table["RouteTableId"]}),
        (ec2.create_nat_gateway, {"SubnetId": shared, "ConnectivityType": "private"}),
        (ec2.delete_vpc, {"VpcId": network.vpc}),
    ]
    for call, words in calls:
        assert "UnauthorizedOperation" in refused(call, **words), call
    assert ec2.create_security_group(VpcId=network.vpc, GroupName="own", Description="x")["GroupId"]
