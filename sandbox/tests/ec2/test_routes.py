"""Route tables and routes, security groups, tags."""

from __future__ import annotations

import pytest

from kumo_sandbox import durations


@pytest.fixture
def table(ec2, network):
    return ec2.create_route_table(VpcId=network.vpc)["RouteTable"]["RouteTableId"]


def read_route(ec2, table, destination="0.0.0.0/0"):
    routes = ec2.describe_route_tables(RouteTableIds=[table])["RouteTables"][0]["Routes"]
    return next(each for each in routes if each.get("DestinationCidrBlock") == destination)


def test_a_destination_is_in_a_table_once(ec2, network, table, refused):
    route = {"RouteTableId": table, "DestinationCidrBlock": "0.0.0.0/0", "GatewayId": network.gateway}
    ec2.create_route(**route)
    assert refused(ec2.create_route, **route) == (
        "RouteAlreadyExists: The route identified by 0.0.0.0/0 already exists."
    )
    six = {"RouteTableId": table, "DestinationIpv6CidrBlock": "::/0", "GatewayId": network.gateway}
    ec2.create_route(**six)
    assert "RouteAlreadyExists" in refused(ec2.create_route, **six)


def test_a_route_leads_to_something_that_is_there(ec2, network, table, refused):
    route = {"RouteTableId": table, "DestinationCidrBlock": "0.0.0.0/0"}
    assert "MissingParameter" in refused(ec2.create_route, **route)
    missing = {**route, "NatGatewayId": "nat-0123456789abcdef0"}
    assert "InvalidNatGatewayID.NotFound" in refused(ec2.create_route, **missing)
    detached = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    assert "belong to different networks" in refused(ec2.create_route, **route, GatewayId=detached)


def test_a_route_to_a_deleted_nat_gateway_is_a_blackhole(sandbox, ec2, network, table):
    address = ec2.allocate_address(Domain="vpc")["AllocationId"]
    nat = ec2.create_nat_gateway(SubnetId=network.public, AllocationId=address)["NatGateway"]["NatGatewayId"]
    sandbox.clock.advance(durations.NAT_GATEWAY)
    ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", NatGatewayId=nat)
    assert read_route(ec2, table)["State"] == "active"
    ec2.delete_nat_gateway(NatGatewayId=nat)
    sandbox.clock.advance(durations.NAT_GATEWAY_DELETE)
    assert read_route(ec2, table)["State"] == "blackhole"


def test_a_subnet_has_one_route_table_of_its_vpc(ec2, network, table, refused):
    association = ec2.associate_route_table(RouteTableId=table, SubnetId=network.private)["AssociationId"]
    again = ec2.associate_route_table(RouteTableId=table, SubnetId=network.private)["AssociationId"]
    assert again == association
    second = ec2.create_route_table(VpcId=network.vpc)["RouteTable"]["RouteTableId"]
    asked = {"RouteTableId": second, "SubnetId": network.private}
    assert "Resource.AlreadyAssociated" in refused(ec2.associate_route_table, **asked)
    vpc = ec2.create_vpc(CidrBlock="10.1.0.0/16")["Vpc"]["VpcId"]
    strange = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
    assert "belong to different networks" in refused(
        ec2.associate_route_table, RouteTableId=strange, SubnetId=network.public
    )


def test_route_tables_that_stay(ec2, network, table, refused):
    association = ec2.associate_route_table(RouteTableId=table, SubnetId=network.private)["AssociationId"]
    assert "DependencyViolation" in refused(ec2.delete_route_table, RouteTableId=table)
    ec2.disassociate_route_table(AssociationId=association)
    ec2.delete_route_table(RouteTableId=table)
    main = [{"Name": "vpc-id", "Values": [network.vpc]}, {"Name": "association.main", "Values": ["true"]}]
    (found,) = ec2.describe_route_tables(Filters=main)["RouteTables"]
    assert "DependencyViolation" in refused(ec2.delete_route_table, RouteTableId=found["RouteTableId"])


def test_security_groups_that_stay(ec2, network, refused):
    one, two = [
        ec2.create_security_group(GroupName=name, Description="d", VpcId=network.vpc)["GroupId"] for name in "ab"
    ]
    rule = {"IpProtocol": "tcp", "FromPort": 1, "ToPort": 2, "UserIdGroupPairs": [{"GroupId": one}]}
    ec2.authorize_security_group_ingress(GroupId=one, IpPermissions=[rule])  # its own rules do not keep it
    ec2.authorize_security_group_ingress(GroupId=two, IpPermissions=[rule])
    kept = f"DependencyViolation: resource {one} has a dependent object"
    assert refused(ec2.delete_security_group, GroupId=one) == kept
    ec2.revoke_security_group_ingress(GroupId=two, IpPermissions=[rule])
    interface = ec2.create_network_interface(SubnetId=network.private, Groups=[one])["NetworkInterface"]
    assert refused(ec2.delete_security_group, GroupId=one) == kept
    ec2.delete_network_interface(NetworkInterfaceId=interface["NetworkInterfaceId"])
    ec2.delete_security_group(GroupId=one)
    inside = [{"Name": "vpc-id", "Values": [network.vpc]}, {"Name": "group-name", "Values": ["default"]}]
    (default,) = ec2.describe_security_groups(Filters=inside)["SecurityGroups"]
    assert "CannotDelete" in refused(ec2.delete_security_group, GroupId=default["GroupId"])


@pytest.mark.parametrize(
    ("tags", "error"),
    [
        ([{"Key": f"k{number}", "Value": ""} for number in range(51)], "TagLimitExceeded"),
        ([{"Key": "aws:mine", "Value": ""}], "reserved for internal use"),
        ([{"Key": "k" * 129, "Value": ""}], "maximum length of 128"),
        ([{"Key": "k", "Value": "v" * 257}], "maximum length of 256"),
    ],
)
def test_tags_that_do_not_go(ec2, network, refused, tags, error):
    assert error in refused(ec2.create_tags, Resources=[network.vpc], Tags=tags)
    specification = [{"ResourceType": "vpc", "Tags": tags}]
    assert error in refused(ec2.create_vpc, CidrBlock="10.9.0.0/16", TagSpecifications=specification)


def test_local_routes_are_to_the_ranges_that_the_vpc_has(ec2, network):
    def list_local(table):
        found = ec2.describe_route_tables(RouteTableIds=[table])["RouteTables"][0]["Routes"]
        keys = ("DestinationCidrBlock", "DestinationIpv6CidrBlock")
        return {next(row[key] for key in keys if row.get(key)) for row in found if row.get("GatewayId") == "local"}

    old = ec2.create_route_table(VpcId=network.vpc)["RouteTable"]["RouteTableId"]
    primary = list_local(old)
    more = ec2.associate_vpc_cidr_block(VpcId=network.vpc, CidrBlock="100.64.0.0/16")["CidrBlockAssociation"]
    six = ec2.associate_vpc_cidr_block(VpcId=network.vpc, AmazonProvidedIpv6CidrBlock=True)["Ipv6CidrBlockAssociation"]
    assert list_local(old) == primary | {"100.64.0.0/16", six["Ipv6CidrBlock"]}
    for row in (more, six):
        ec2.disassociate_vpc_cidr_block(AssociationId=row["AssociationId"])
    new = ec2.create_route_table(VpcId=network.vpc)["RouteTable"]["RouteTableId"]
    assert list_local(old) == list_local(new) == primary
