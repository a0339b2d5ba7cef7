"""VPC endpoints and flow logs."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from typing import Any

import pytest

from kumo_sandbox import durations
from kumo_sandbox.moto_fixes.ec2.tokens import repeat

S3 = "com.amazonaws.ap-northeast-1.s3"
STS = "com.amazonaws.ap-northeast-1.sts"


@pytest.fixture
def table(ec2, network):
    return ec2.create_route_table(VpcId=network.vpc)["RouteTable"]["RouteTableId"]


@pytest.fixture
def with_dns(ec2, network):
    ec2.modify_vpc_attribute(VpcId=network.vpc, EnableDnsHostnames={"Value": True})
    return network


def interface(network, **options):
    return {
        "VpcId": network.vpc,
        "ServiceName": STS,
        "VpcEndpointType": "Interface",
        "SubnetIds": [network.private],
        **options,
    }


def test_a_gateway_endpoint_is_a_route_to_a_prefix_list(ec2, network, table, refused):
    asked = {"VpcId": network.vpc, "ServiceName": S3, "RouteTableIds": [table]}
    made = ec2.create_vpc_endpoint(**asked)["VpcEndpoint"]
    assert (made["State"], made["VpcEndpointType"]) == ("available", "Gateway")

    def read_routes() -> list[str]:
        routes = ec2.describe_route_tables(RouteTableIds=[table])["RouteTables"][0]["Routes"]
        return [each["GatewayId"] for each in routes if "DestinationPrefixListId" in each]

    assert read_routes() == [made["VpcEndpointId"]]
    assert "RouteAlreadyExists" in refused(ec2.create_vpc_endpoint, **asked)
    ec2.delete_vpc_endpoints(VpcEndpointIds=[made["VpcEndpointId"]])
    assert read_routes() == []


def test_the_life_of_an_interface_endpoint(sandbox, ec2, with_dns, refused):
    group = ec2.create_security_group(GroupName="g", Description="d", VpcId=with_dns.vpc)["GroupId"]
    made = ec2.create_vpc_endpoint(**interface(with_dns, SecurityGroupIds=[group]))["VpcEndpoint"]
    assert made["State"] == "pending"
    names = {"VpcEndpointIds": [made["VpcEndpointId"]]}
    sandbox.clock.advance(durations.VPC_ENDPOINT)
    assert ec2.describe_vpc_endpoints(**names)["VpcEndpoints"][0]["State"] == "available"
    (found,) = ec2.describe_network_interfaces(NetworkInterfaceIds=made["NetworkInterfaceIds"])["NetworkInterfaces"]
    assert found["Description"] == f"VPC Endpoint Interface {made['VpcEndpointId']}" and found["RequesterManaged"]
    assert "DependencyViolation" in refused(ec2.delete_subnet, SubnetId=with_dns.private)
    assert "DependencyViolation" in refused(ec2.delete_security_group, GroupId=group)
    ec2.delete_vpc_endpoints(**names)
    assert ec2.describe_vpc_endpoints(**names)["VpcEndpoints"][0]["State"] == "deleting"
    assert "DependencyViolation" in refused(ec2.delete_subnet, SubnetId=with_dns.private)
    sandbox.clock.advance(durations.VPC_ENDPOINT_DELETE)
    ec2.delete_subnet(SubnetId=with_dns.private)
    assert "InvalidVpcEndpointId.NotFound" in refused(ec2.describe_vpc_endpoints, **names)
    (missing,) = ec2.delete_vpc_endpoints(**names)["Unsuccessful"]
    assert missing["Error"]["Code"] == "InvalidVpcEndpoint.NotFound"


def test_interface_endpoints_that_do_not_go(ec2, network, refused):
    assert "requires both enableDnsSupport and enableDnsHostnames" in refused(
        ec2.create_vpc_endpoint, **interface(network)
    )
    ec2.modify_vpc_attribute(VpcId=network.vpc, EnableDnsHostnames={"Value": True})
    ec2.create_vpc_endpoint(**interface(network))
    assert "conflicting DNS domain" in refused(ec2.create_vpc_endpoint, **interface(network))
    subnet = ec2.create_subnet(VpcId=network.vpc, CidrBlock="10.0.9.0/24", AvailabilityZone="ap-northeast-1c")
    twice = interface(network, PrivateDnsEnabled=False, SubnetIds=[network.private, subnet["Subnet"]["SubnetId"]])
    assert "DuplicateSubnetsInSameZone" in refused(ec2.create_vpc_endpoint, **twice)
    wrong = {"VpcId": network.vpc, "ServiceName": STS, "VpcEndpointType": "Gateway"}
    assert "does not match available service types" in refused(ec2.create_vpc_endpoint, **wrong)


def test_calls_at_the_same_time_are_decided_one_after_the_other(ec2, with_dns):
    def ask(_number: int) -> str:
        try:
            return ec2.create_vpc_endpoint(**interface(with_dns))["VpcEndpoint"]["VpcEndpointId"]
        except ec2.exceptions.ClientError as error:
            return error.response["Error"]["Code"]

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(ask, range(8)))
    assert answers.count("InvalidParameter") == 7
    assert len(ec2.describe_vpc_endpoints()["VpcEndpoints"]) == 1


def test_repeated_creations_with_the_same_token(sandbox, ec2, network, table):
    asked = {"VpcId": network.vpc, "ServiceName": S3, "RouteTableIds": [table], "ClientToken": "one"}
    assert len({ec2.create_vpc_endpoint(**asked)["VpcEndpoint"]["VpcEndpointId"] for _each in range(2)}) == 1
    sandbox.client("s3").create_bucket(Bucket="logs", CreateBucketConfiguration={"LocationConstraint": sandbox.region})
    logs = {
        "ResourceIds": [network.vpc],
        "ResourceType": "VPC",
        "TrafficType": "ALL",
        "LogDestinationType": "s3",
        "LogDestination": "arn:aws:s3:::logs",
        "ClientToken": "two",
    }
    assert len({ec2.create_flow_logs(**logs)["FlowLogIds"][0] for _each in range(2)}) == 1


def test_flow_logs_in_a_folder_of_a_bucket(sandbox, ec2, network):
    sandbox.client("s3").create_bucket(Bucket="logs", CreateBucketConfiguration={"LocationConstraint": sandbox.region})
    words = {"ResourceIds": [network.vpc], "ResourceType": "VPC", "TrafficType": "ALL", "LogDestinationType": "s3"}
    ec2.create_flow_logs(**words, LogDestination="arn:aws:s3:::logs/of/mine")
    assert [row["LogDestination"] for row in ec2.describe_flow_logs()["FlowLogs"]] == ["arn:aws:s3:::logs/of/mine"]
    with pytest.raises(ec2.exceptions.ClientError, match="existing Flow Log"):
        ec2.create_flow_logs(**words, LogDestination="arn:aws:s3:::logs/of/mine")
    assert ec2.create_flow_logs(**words, LogDestination="arn:aws:s3:::other/of/mine")["Unsuccessful"]


def test_the_same_token_at_the_same_moment_makes_one():
    made: list[str] = []

    def create_vpc_endpoint(request: Any) -> str:
        time.sleep(0.05)
        made.append(request.params["ServiceName"])
        return f"endpoint {len(made)}"

    params = {"ServiceName": S3, "ClientToken": "one"}
    request = SimpleNamespace(params=params, _get_param=params.get, ec2_backend=SimpleNamespace())
    with ThreadPoolExecutor() as pool:
        answers = list(pool.map(lambda _each: repeat(create_vpc_endpoint, request), range(4)))
    assert answers == ["endpoint 1"] * 4 and made == [S3]
