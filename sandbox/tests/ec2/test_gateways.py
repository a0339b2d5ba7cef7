"""Internet and NAT gateways, and the addresses that belong to them."""

from __future__ import annotations

import pytest

from kumo_sandbox import durations


@pytest.fixture
def address(ec2):
    return ec2.allocate_address(Domain="vpc")["AllocationId"]


@pytest.fixture
def nat(ec2, network, address):
    made = ec2.create_nat_gateway(SubnetId=network.public, AllocationId=address)["NatGateway"]
    assert made["State"] == "pending"
    return made["NatGatewayId"]


def describe(ec2, name):
    return ec2.describe_nat_gateways(NatGatewayIds=[name])["NatGateways"][0]


def test_a_region_has_five_addresses_until_the_quota_is_raised(sandbox, ec2, refused):
    for _each in range(5):
        ec2.allocate_address(Domain="vpc")
    assert "AddressLimitExceeded" in refused(ec2.allocate_address, Domain="vpc")
    sandbox.quotas.change({"addresses": 6})
    ec2.allocate_address(Domain="vpc")


def test_the_life_of_a_nat_gateway_and_its_address(sandbox, ec2, network, address, nat, refused):
    in_use = {"AllocationId": address}
    assert [row["AllocationId"] for row in describe(ec2, nat)["NatGatewayAddresses"]] == [address]
    assert "AssociationId" not in ec2.describe_addresses()["Addresses"][0]  # appears with the gateway
    assert "InvalidIPAddress.InUse" in refused(ec2.release_address, **in_use)
    sandbox.clock.advance(durations.NAT_GATEWAY)
    (row,) = describe(ec2, nat)["NatGatewayAddresses"]
    assert describe(ec2, nat)["State"] == "available" and row["PublicIp"] and row["NetworkInterfaceId"]
    association = ec2.describe_addresses()["Addresses"][0]["AssociationId"]
    assert "AuthFailure" in refused(ec2.disassociate_address, AssociationId=association)
    assert "InvalidIPAddress.InUse" in refused(ec2.release_address, **in_use)
    assert "DependencyViolation" in refused(ec2.delete_subnet, SubnetId=network.public)
    ec2.delete_nat_gateway(NatGatewayId=nat)
    assert describe(ec2, nat)["State"] == "deleting"
    assert "InvalidIPAddress.InUse" in refused(ec2.release_address, **in_use)
    sandbox.clock.advance(durations.NAT_GATEWAY_DELETE)
    assert describe(ec2, nat)["State"] == "deleted"
    ec2.release_address(**in_use)
    ec2.delete_subnet(SubnetId=network.public)
    sandbox.clock.advance(durations.NAT_GATEWAY_FORGOTTEN)
    assert "NatGatewayNotFound" in refused(ec2.describe_nat_gateways, NatGatewayIds=[nat])
    assert "NatGatewayNotFound" in refused(ec2.delete_nat_gateway, NatGatewayId=nat)


def test_a_second_nat_gateway_with_the_same_address_fails_later(sandbox, ec2, network, address, nat):
    second = ec2.create_nat_gateway(SubnetId=network.private, AllocationId=address)["NatGateway"]["NatGatewayId"]
    assert describe(ec2, second)["State"] == "pending"
    sandbox.clock.advance(durations.NAT_GATEWAY_FAILURE)
    failed = describe(ec2, second)
    assert (failed["State"], failed["FailureCode"]) == ("failed", "Resource.AlreadyAssociated")
    sandbox.clock.advance(durations.NAT_GATEWAY)
    assert describe(ec2, nat)["State"] == "available"
    ec2.delete_subnet(SubnetId=network.private)  # a failed gateway leaves nothing in it


def test_a_nat_gateway_fails_without_an_internet_gateway(sandbox, ec2, network, address):
    ec2.detach_internet_gateway(InternetGatewayId=network.gateway, VpcId=network.vpc)
    name = ec2.create_nat_gateway(SubnetId=network.public, AllocationId=address)["NatGateway"]["NatGatewayId"]
    sandbox.clock.advance(durations.NAT_GATEWAY_FAILURE)
    failed = describe(ec2, name)
    assert failed["FailureCode"] == "Gateway.NotAttached"
    assert failed["FailureMessage"] == f"Network {network.vpc} has no Internet gateway attached"
    ec2.release_address(AllocationId=address)


def test_a_zone_has_five_nat_gateways(ec2, network, refused):
    for _each in range(5):
        ec2.create_nat_gateway(SubnetId=network.private, ConnectivityType="private")
    asked = {"SubnetId": network.private, "ConnectivityType": "private"}
    assert "NatGatewayLimitExceeded" in refused(ec2.create_nat_gateway, **asked)
    ec2.create_nat_gateway(SubnetId=network.public, ConnectivityType="private")  # another zone


def test_a_public_nat_gateway_wants_an_address_that_exists(ec2, network, refused):
    assert "MissingParameter" in refused(ec2.create_nat_gateway, SubnetId=network.public)
    asked = {"SubnetId": network.public, "AllocationId": "eipalloc-0123456789abcdef0"}
    assert "InvalidAllocationID.NotFound" in refused(ec2.create_nat_gateway, **asked)


def test_a_repeated_creation_with_the_same_token_makes_one(ec2, network, address, refused):
    asked = {"SubnetId": network.public, "AllocationId": address, "ClientToken": "one"}
    names = {ec2.create_nat_gateway(**asked)["NatGateway"]["NatGatewayId"] for _each in range(2)}
    assert len(names) == 1 and len(ec2.describe_nat_gateways()["NatGateways"]) == 1
    other = {**asked, "SubnetId": network.private}
    assert "IdempotentParameterMismatch" in refused(ec2.create_nat_gateway, **other)
    egress = [
        ec2.create_egress_only_internet_gateway(VpcId=network.vpc, ClientToken="two")["EgressOnlyInternetGateway"]
        for _each in range(2)
    ]
    assert egress[0] == egress[1]


def test_nat_gateways_are_filtered_by_tag_and_come_in_pages(sandbox, ec2, network):
    sandbox.quotas.change({"nat_gateways": 10})
    tags = [{"ResourceType": "natgateway", "Tags": [{"Key": "owner", "Value": "me"}]}]
    made = [
        ec2.create_nat_gateway(SubnetId=network.private, ConnectivityType="private", TagSpecifications=tags)
        for _each in range(7)
    ]
    ec2.create_nat_gateway(SubnetId=network.private, ConnectivityType="private")
    mine = [{"Name": "tag:owner", "Values": ["me"]}]
    page = ec2.describe_nat_gateways(Filters=mine, MaxResults=5)
    assert len(page["NatGateways"]) == 5
    rest = ec2.describe_nat_gateways(Filters=mine, MaxResults=5, NextToken=page["NextToken"])
    assert len(rest["NatGateways"]) == 2 and "NextToken" not in rest
    assert {row["NatGatewayId"] for row in page["NatGateways"] + rest["NatGateways"]} == {
        each["NatGateway"]["NatGatewayId"] for each in made
    }


def test_an_internet_gateway_is_attached_to_one_vpc_and_a_vpc_to_one(ec2, network, refused):
    second = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    other = ec2.create_vpc(CidrBlock="10.1.0.0/16")["Vpc"]["VpcId"]
    assert "already has an internet gateway attached" in refused(
        ec2.attach_internet_gateway, InternetGatewayId=second, VpcId=network.vpc
    )
    assert "Resource.AlreadyAssociated" in refused(
        ec2.attach_internet_gateway, InternetGatewayId=network.gateway, VpcId=other
    )
    assert "DependencyViolation" in refused(ec2.delete_internet_gateway, InternetGatewayId=network.gateway)
    assert "Gateway.NotAttached" in refused(ec2.detach_internet_gateway, InternetGatewayId=second, VpcId=network.vpc)


def test_an_internet_gateway_stays_while_public_addresses_are_mapped(sandbox, ec2, network, nat, refused):
    sandbox.clock.advance(durations.NAT_GATEWAY)
    detach = {"InternetGatewayId": network.gateway, "VpcId": network.vpc}
    error = refused(ec2.detach_internet_gateway, **detach)
    assert error.startswith(f"DependencyViolation: Network {network.vpc} has some mapped public address(es).")
    ec2.delete_nat_gateway(NatGatewayId=nat)
    assert "DependencyViolation" in refused(ec2.detach_internet_gateway, **detach)
    sandbox.clock.advance(durations.NAT_GATEWAY_DELETE)
    ec2.detach_internet_gateway(**detach)


def test_egress_only_gateways(ec2, network, refused):
    tags = [{"ResourceType": "egress-only-internet-gateway", "Tags": [{"Key": "a", "Value": "b"}]}]
    asked = {"VpcId": network.vpc, "TagSpecifications": tags}
    made = ec2.create_egress_only_internet_gateway(**asked)["EgressOnlyInternetGateway"]
    assert "already has an egress only internet gateway" in refused(ec2.create_egress_only_internet_gateway, **asked)

    def find(value: str) -> int:
        filters = [{"Name": "tag:a", "Values": [value]}]
        found = ec2.describe_egress_only_internet_gateways(Filters=filters)
        return len(found["EgressOnlyInternetGateways"])

    assert (find("b"), find("c")) == (1, 0)
    name = made["EgressOnlyInternetGatewayId"]
    ec2.delete_egress_only_internet_gateway(EgressOnlyInternetGatewayId=name)
    assert "NotFound" in refused(ec2.describe_egress_only_internet_gateways, EgressOnlyInternetGatewayIds=[name])


def test_a_public_load_balancer_keeps_the_internet_gateway(sandbox, ec2, network, refused):
    elb, detach = sandbox.client("elbv2"), {"InternetGatewayId": network.gateway, "VpcId": network.vpc}
    subnets = {"Subnets": [network.public, network.private], "Type": "network"}
    internal = elb.create_load_balancer(Name="internal", Scheme="internal", **subnets)["LoadBalancers"][0]
    public = elb.create_load_balancer(Name="public", Scheme="internet-facing", **subnets)["LoadBalancers"][0]
    assert "mapped public address" in refused(ec2.detach_internet_gateway, **detach)
    sandbox.clock.set_speed(1)
    elb.delete_load_balancer(LoadBalancerArn=public["LoadBalancerArn"])
    assert "mapped public address" in refused(ec2.detach_internet_gateway, **detach)  # for a while after it
    sandbox.clock.advance(durations.LOAD_BALANCER_INTERFACES)
    ec2.detach_internet_gateway(**detach)
    assert "DependencyViolation" in refused(ec2.delete_subnet, SubnetId=network.private)
    elb.delete_load_balancer(LoadBalancerArn=internal["LoadBalancerArn"])
    sandbox.clock.advance(durations.LOAD_BALANCER_INTERFACES)
    ec2.delete_subnet(SubnetId=network.private)


def test_an_instances_address_is_released_after_it_is_disassociated(ec2, network, address, refused):
    instance = ec2.run_instances(ImageId="ami-12c6146b", MinCount=1, MaxCount=1, SubnetId=network.public)
    name = instance["Instances"][0]["InstanceId"]
    association = ec2.associate_address(InstanceId=name, AllocationId=address)["AssociationId"]
    assert "InvalidIPAddress.InUse" in refused(ec2.release_address, AllocationId=address)
    assert "mapped public address" in refused(
        ec2.detach_internet_gateway, InternetGatewayId=network.gateway, VpcId=network.vpc
    )
    ec2.disassociate_address(AssociationId=association)
    ec2.release_address(AllocationId=address)
    ec2.terminate_instances(InstanceIds=[name])
    ec2.delete_subnet(SubnetId=network.public)


def test_with_an_instant_clock_a_deleted_nat_gateway_is_still_seen(sandbox, ec2, nat):
    sandbox.clock.set_speed("instant")
    ec2.delete_nat_gateway(NatGatewayId=nat)
    try:
        assert [describe(ec2, nat)["State"] for _each in range(3)] == ["deleted"] * 3
    finally:
        sandbox.clock.set_speed(1)
