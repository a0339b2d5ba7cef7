"""VPCs and their subnets: ranges, zones, quotas, deletions."""

from __future__ import annotations

import boto3
import pytest

from kumo_sandbox import durations


def test_a_vpc_has_a_canonical_range_of_16_to_28_bits(ec2, refused):
    assert ec2.create_vpc(CidrBlock="10.1.0.9/16")["Vpc"]["CidrBlock"] == "10.1.0.0/16"
    assert "InvalidVpc.Range" in refused(ec2.create_vpc, CidrBlock="10.0.0.0/8")
    assert "InvalidVpc.Range" in refused(ec2.create_vpc, CidrBlock="10.0.0.0/29")


def test_a_region_has_five_vpcs_until_the_quota_is_raised(sandbox, ec2, refused):
    for number in range(4):  # the default VPC is the fifth
        ec2.create_vpc(CidrBlock=f"10.{number}.0.0/16")
    assert "VpcLimitExceeded" in refused(ec2.create_vpc, CidrBlock="10.9.0.0/16")
    sandbox.quotas.change({"vpcs": 6})
    ec2.create_vpc(CidrBlock="10.9.0.0/16")
    sandbox.reset()
    assert sandbox.quotas["vpcs"] == 5


def test_any_value_of_a_filter_may_match_any_of_several_tags(ec2, network):
    tags = [{"Key": "a/b", "Value": "1"}, {"Key": "c", "Value": "2"}]
    ec2.create_tags(Resources=[network.vpc], Tags=tags)
    for values in (["a/b", "other"], ["a/*", "other"], ["other", "c"]):
        found = ec2.describe_vpcs(Filters=[{"Name": "tag-key", "Values": values}])["Vpcs"]
        assert [row["VpcId"] for row in found] == [network.vpc], values
    assert ec2.describe_vpcs(Filters=[{"Name": "tag-key", "Values": ["other", "a"]}])["Vpcs"] == []


def test_an_unknown_quota_is_refused(sandbox):
    with pytest.raises(ValueError, match="'cars' is not a quota. Use one of vpcs, subnets"):
        sandbox.quotas.change({"cars": 1})


def test_a_vpc_is_kept_by_all_that_is_in_it(sandbox, ec2, network, refused):
    inside = f"DependencyViolation: The vpc '{network.vpc}' has dependencies and cannot be deleted."
    group = ec2.create_security_group(GroupName="g", Description="d", VpcId=network.vpc)["GroupId"]
    table = ec2.create_route_table(VpcId=network.vpc)["RouteTable"]["RouteTableId"]
    endpoint = ec2.create_vpc_endpoint(VpcId=network.vpc, ServiceName="com.amazonaws.ap-northeast-1.s3")
    egress = ec2.create_egress_only_internet_gateway(VpcId=network.vpc)["EgressOnlyInternetGateway"]
    steps = [
        lambda: [ec2.delete_subnet(SubnetId=subnet) for subnet in (network.public, network.private)],
        lambda: ec2.detach_internet_gateway(InternetGatewayId=network.gateway, VpcId=network.vpc),
        lambda: ec2.delete_security_group(GroupId=group),
        lambda: ec2.delete_route_table(RouteTableId=table),
        lambda: ec2.delete_egress_only_internet_gateway(
            EgressOnlyInternetGatewayId=egress["EgressOnlyInternetGatewayId"]
        ),
        lambda: ec2.delete_vpc_endpoints(VpcEndpointIds=[endpoint["VpcEndpoint"]["VpcEndpointId"]]),
    ]
    for step in steps:
        assert refused(ec2.delete_vpc, VpcId=network.vpc) == inside
        step()
    sandbox.clock.advance(durations.VPC_ENDPOINT_DELETE)
    ec2.delete_vpc(VpcId=network.vpc)


@pytest.mark.parametrize(
    ("block", "error"),
    [
        ("10.0.128.0/17", "conflicts with another CIDR block"),
        ("172.16.0.0/16", "is restricted. Use a CIDR from the same private address range"),
        ("198.19.0.0/16", "is restricted"),
        ("10.0.0.0/8", "InvalidVpc.Range: The CIDR '10.0.0.0/8' is invalid"),
    ],
)
def test_secondary_ranges_that_do_not_go(ec2, network, refused, block, error):
    assert error in refused(ec2.associate_vpc_cidr_block, VpcId=network.vpc, CidrBlock=block)


def test_a_secondary_range_is_associating_first_and_stays_while_a_subnet_uses_it(sandbox, ec2, network, refused):
    made = ec2.associate_vpc_cidr_block(VpcId=network.vpc, CidrBlock="100.64.0.0/16")["CidrBlockAssociation"]
    assert made["CidrBlockState"]["State"] == "associating"

    def read_state() -> str:
        sets = ec2.describe_vpcs(VpcIds=[network.vpc])["Vpcs"][0]["CidrBlockAssociationSet"]
        return next(each["CidrBlockState"]["State"] for each in sets if each["CidrBlock"] == "100.64.0.0/16")

    assert read_state() == "associating"
    sandbox.clock.advance(durations.CIDR_BLOCK)
    assert read_state() == "associated"
    subnet = ec2.create_subnet(VpcId=network.vpc, CidrBlock="100.64.0.0/24")["Subnet"]["SubnetId"]
    name = {"AssociationId": made["AssociationId"]}
    assert "InvalidCidrBlock.InUse" in refused(ec2.disassociate_vpc_cidr_block, **name)
    ec2.delete_subnet(SubnetId=subnet)
    ec2.disassociate_vpc_cidr_block(**name)


def test_a_range_that_has_gone_goes_once_and_comes_back_as_another_association(ec2, network, refused):
    asked = {"VpcId": network.vpc, "CidrBlock": "100.64.0.0/16"}
    first, second = "", ""
    for _number in range(2):
        first, second = second, ec2.associate_vpc_cidr_block(**asked)["CidrBlockAssociation"]["AssociationId"]
        if not first:
            ec2.disassociate_vpc_cidr_block(AssociationId=second)
    sets = ec2.describe_vpcs(VpcIds=[network.vpc])["Vpcs"][0]["CidrBlockAssociationSet"]
    states = {
        row["AssociationId"]: row["CidrBlockState"]["State"] for row in sets if row["CidrBlock"] == asked["CidrBlock"]
    }
    assert states == {first: "disassociated", second: "associating"}
    error = refused(ec2.disassociate_vpc_cidr_block, AssociationId=first)
    assert "InvalidVpcCidrBlockAssociationID.NotFound" in error


def test_a_vpc_has_five_ipv6_ranges(ec2, network, refused):
    words = {"VpcId": network.vpc, "AmazonProvidedIpv6CidrBlock": True}
    made = [ec2.associate_vpc_cidr_block(**words)["Ipv6CidrBlockAssociation"] for _number in range(5)]
    assert len({row["AssociationId"] for row in made}) == 5
    assert "CidrLimitExceeded" in refused(ec2.associate_vpc_cidr_block, **words)
    ec2.disassociate_vpc_cidr_block(AssociationId=made[4]["AssociationId"])
    ec2.associate_vpc_cidr_block(**words)


def test_a_vpc_has_five_ranges(sandbox, ec2, network, refused):
    for number in range(1, 5):
        ec2.associate_vpc_cidr_block(VpcId=network.vpc, CidrBlock=f"10.{number}.0.0/16")
    asked = {"VpcId": network.vpc, "CidrBlock": "10.9.0.0/16"}
    assert "CidrLimitExceeded" in refused(ec2.associate_vpc_cidr_block, **asked)


def test_ipv6_blocks_take_a_while_and_subnets_have_a_part_of_them(sandbox, ec2, refused):
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16", AmazonProvidedIpv6CidrBlock=True)["Vpc"]
    (association,) = vpc["Ipv6CidrBlockAssociationSet"]
    assert association["Ipv6CidrBlockState"]["State"] == "associating"
    block = association["Ipv6CidrBlock"].replace("/56", "/64")
    asked = {"VpcId": vpc["VpcId"], "CidrBlock": "10.0.0.0/24", "Ipv6CidrBlock": block}
    assert "InvalidSubnet.Range" in refused(ec2.create_subnet, **asked)  # not associated yet
    sandbox.clock.advance(durations.CIDR_BLOCK)
    ec2.create_subnet(**asked)
    again = {**asked, "CidrBlock": "10.0.1.0/24"}
    assert "InvalidSubnet.Conflict" in refused(ec2.create_subnet, **again)
    assert "InvalidSubnet.Range" in refused(ec2.create_subnet, **again | {"Ipv6CidrBlock": "2001:db8::/64"})
    assert "InvalidCidrBlock.InUse" in refused(
        ec2.disassociate_vpc_cidr_block, AssociationId=association["AssociationId"]
    )


@pytest.mark.parametrize(
    ("block", "error"),
    [
        ("10.1.0.0/24", "InvalidSubnet.Range: The CIDR '10.1.0.0/24' is invalid."),
        ("10.0.9.0/29", "InvalidSubnet.Range"),
        ("10.0.0.128/25", "InvalidSubnet.Conflict: The CIDR '10.0.0.128/25' conflicts with another subnet"),
    ],
)
def test_subnets_that_do_not_go(ec2, network, refused, block, error):
    assert error in refused(ec2.create_subnet, VpcId=network.vpc, CidrBlock=block)


def test_subnets_are_made_in_the_regions_zones_and_in_local_zones_after_opting_in(ec2, network, refused):
    def make(zone: str, number: int) -> str:
        return refused(ec2.create_subnet, VpcId=network.vpc, CidrBlock=f"10.0.{number}.0/24", AvailabilityZone=zone)

    assert "can currently only be created in" in make("us-east-1a", 10)
    zones = ec2.describe_availability_zones()["AvailabilityZones"]
    assert [zone["ZoneId"] for zone in zones] == ["apne1-az4", "apne1-az1", "apne1-az2"]
    assert {zone["OptInStatus"] for zone in zones} == {"opt-in-not-required"}
    everything = ec2.describe_availability_zones(AllAvailabilityZones=True)["AvailabilityZones"]
    (local,) = [zone for zone in everything if zone["ZoneType"] == "local-zone"]
    assert local["OptInStatus"] == "not-opted-in"
    assert "can currently only be created in" in make(local["ZoneName"], 11)
    ec2.modify_availability_zone_group(GroupName=local["GroupName"], OptInStatus="opted-in")
    ec2.create_subnet(VpcId=network.vpc, CidrBlock="10.0.12.0/24", AvailabilityZone=local["ZoneName"])
    assert len(ec2.describe_availability_zones()["AvailabilityZones"]) == 4


def test_local_zones_have_no_nat_gateways_and_no_interface_endpoints(ec2, network, refused):
    ec2.modify_availability_zone_group(GroupName="ap-northeast-1-tpe-1", OptInStatus="opted-in")
    zone = {"AvailabilityZone": "ap-northeast-1-tpe-1a", "CidrBlock": "10.0.12.0/24"}
    subnet = ec2.create_subnet(VpcId=network.vpc, **zone)["Subnet"]["SubnetId"]
    address = ec2.allocate_address(Domain="vpc")["AllocationId"]
    (row,) = ec2.describe_subnets(SubnetIds=[subnet])["Subnets"]  # the first one in its zone
    assert (row["MapPublicIpOnLaunch"], row["DefaultForAz"]) == (False, False)
    error = "NotAvailableInZone: Nat Gateway is not available in this availability zone"
    assert refused(ec2.create_nat_gateway, SubnetId=subnet, AllocationId=address) == error
    service = "com.amazonaws.ap-northeast-1.ec2"
    place = {"VpcId": network.vpc, "ServiceName": service, "VpcEndpointType": "Interface", "SubnetIds": [subnet]}
    error = f"InvalidParameter: The VPC endpoint service {service} does not support the availability zone of the subnet"
    assert error in refused(ec2.create_vpc_endpoint, **place)


def test_the_local_zones_of_a_region_have_their_parent_zones(sandbox):
    keys = {"aws_access_key_id": sandbox.keys[0], "aws_secret_access_key": sandbox.keys[1]}
    ec2 = boto3.client("ec2", region_name="us-west-2", endpoint_url=sandbox.endpoint, **keys)
    rows = ec2.describe_availability_zones(AllAvailabilityZones=True)["AvailabilityZones"]
    local = {row["ZoneName"]: row for row in rows if row["ZoneType"] == "local-zone"}
    assert list(local) == ["us-west-2-lax-1a", "us-west-2-lax-1b", "us-west-2-phx-2a"]
    assert {row["ParentZoneName"] for row in local.values()} <= {row["ZoneName"] for row in rows}
    assert {row["State"] for row in local.values()} == {"available"}
    place = [{"Name": "location", "Values": ["us-west-2-phx-2a"]}]
    types = ec2.describe_instance_type_offerings(LocationType="availability-zone", Filters=place)[
        "InstanceTypeOfferings"
    ]
    names = {row["InstanceType"] for row in types}
    assert "m5.large" in names and "m7i.large" not in names


def test_instance_types_are_offered_by_zone(ec2):
    by_zone = {"LocationType": "availability-zone", "Filters": [{"Name": "instance-type", "Values": ["m5.large"]}]}
    offered = ec2.describe_instance_type_offerings(**by_zone)["InstanceTypeOfferings"]
    zones = {"ap-northeast-1a", "ap-northeast-1c", "ap-northeast-1d", "ap-northeast-1-tpe-1a"}
    found = {row["Location"] for row in offered}
    assert "ap-northeast-1a" in found and found <= zones
    by_zone["Filters"][0]["Values"] = ["m5.nonsense"]
    assert ec2.describe_instance_type_offerings(**by_zone)["InstanceTypeOfferings"] == []


def test_a_subnet_is_kept_by_a_network_interface_and_leaves_its_route_table(ec2, network, refused):
    interface = ec2.create_network_interface(SubnetId=network.private)["NetworkInterface"]["NetworkInterfaceId"]
    table = ec2.create_route_table(VpcId=network.vpc)["RouteTable"]["RouteTableId"]
    ec2.associate_route_table(RouteTableId=table, SubnetId=network.private)
    error = f"DependencyViolation: The subnet '{network.private}' has dependencies and cannot be deleted."
    assert refused(ec2.delete_subnet, SubnetId=network.private) == error
    assert "DependencyViolation" in refused(ec2.delete_route_table, RouteTableId=table)
    ec2.delete_network_interface(NetworkInterfaceId=interface)
    ec2.delete_subnet(SubnetId=network.private)
    ec2.delete_route_table(RouteTableId=table)


def test_a_vpc_takes_its_default_parts_along(ec2):
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    inside = [{"Name": "vpc-id", "Values": [vpc]}]

    def count() -> list[int]:
        return [
            len(ec2.describe_network_acls(Filters=inside)["NetworkAcls"]),
            len(ec2.describe_route_tables(Filters=inside)["RouteTables"]),
            len(ec2.describe_security_groups(Filters=inside)["SecurityGroups"]),
        ]

    assert count() == [1, 1, 1]
    ec2.delete_vpc(VpcId=vpc)
    assert count() == [0, 0, 0]


def test_hostnames_of_instances(ec2, network, refused):
    def read() -> str:
        (row,) = ec2.describe_subnets(SubnetIds=[network.private])["Subnets"]
        return row["PrivateDnsNameOptionsOnLaunch"]["HostnameType"]

    assert read() == "ip-name"
    ec2.modify_subnet_attribute(SubnetId=network.private, PrivateDnsHostnameTypeOnLaunch="resource-name")
    assert read() == "resource-name"
    wrong = {"SubnetId": network.private, "PrivateDnsHostnameTypeOnLaunch": "name"}
    assert "InvalidParameterValue" in refused(ec2.modify_subnet_attribute, **wrong)
