"""Load balancers of Services at the sandbox's Elastic Load Balancing."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest

from kumo_sandbox import durations
from kumo_sandbox.aws_interfaces import LoadBalancerSpec
from kumo_sandbox.eks.load_balancers import LoadBalancers

NAME = "a0ac38093315243b1a67d275a4379ca6"
REGION = "ap-northeast-1"


@pytest.fixture
def balancers(sandbox: Any) -> LoadBalancers:
    return LoadBalancers(sandbox.store, sandbox.aws_context)


@pytest.fixture
def wanted(make_cluster: Any) -> Any:
    arn = make_cluster()["arn"]
    tags = {"kubernetes.io/cluster/demo": "owned", "kubernetes.io/service-name": "default/web"}

    def spec(kind: str, internal: bool = False) -> LoadBalancerSpec:
        return LoadBalancerSpec(arn, NAME, kind, internal, (80,), tags)

    return spec


def interfaces(sandbox: Any) -> set[tuple[str, str]]:
    rows = sandbox.client("ec2").describe_network_interfaces()["NetworkInterfaces"]
    return {(row["Description"], row["SubnetId"]) for row in rows if row["Description"].startswith("ELB ")}


def test_a_network_load_balancer_stands_in_its_subnets(sandbox, eks, balancers, wanted, ground, refused):
    hostname = balancers.ensure(wanted("network"))
    assert re.fullmatch(rf"{NAME}-[0-9a-f]{{16}}\.elb\.{REGION}\.amazonaws\.com", hostname)
    elbv2, ec2 = sandbox.client("elbv2"), sandbox.client("ec2")
    (found,) = elbv2.describe_load_balancers()["LoadBalancers"]
    assert (found["DNSName"], found["Type"], found["Scheme"]) == (hostname, "network", "internet-facing")
    number = hostname.removeprefix(f"{NAME}-").partition(".")[0]
    assert found["LoadBalancerArn"].endswith(f":loadbalancer/net/{NAME}/{number}")
    (described,) = elbv2.describe_tags(ResourceArns=[found["LoadBalancerArn"]])["TagDescriptions"]
    assert {"Key": "kubernetes.io/service-name", "Value": "default/web"} in described["Tags"]
    assert interfaces(sandbox) == {(f"ELB net/{NAME}/{number}", subnet) for subnet in ground.subnets}
    spec = wanted("network")
    assert balancers.ensure(spec) == hostname
    eks.delete_cluster(name="demo")  # and its own interfaces: what is left in the subnet is the load balancer
    assert eks.list_clusters()["clusters"] == []
    assert "DependencyViolation" in refused(ec2.delete_subnet, SubnetId=ground.subnets[0])
    assert balancers.remove(spec)
    sandbox.clock.advance(durations.LOAD_BALANCER_INTERFACES)
    assert elbv2.describe_load_balancers()["LoadBalancers"] == [] and interfaces(sandbox) == set()
    ec2.delete_subnet(SubnetId=ground.subnets[0])


def test_a_classic_load_balancer_has_its_security_group(sandbox, balancers, wanted):
    hostname = balancers.ensure(wanted("classic", internal=True))
    assert re.fullmatch(rf"internal-{NAME}-\d{{10}}\.{REGION}\.elb\.amazonaws\.com", hostname)
    assert {description for description, dummy in interfaces(sandbox)} == {f"ELB {NAME}"}
    ec2 = sandbox.client("ec2")
    group = [{"Name": "group-name", "Values": [f"k8s-elb-{NAME}"]}]
    assert len(ec2.describe_security_groups(Filters=group)["SecurityGroups"]) == 1
    sandbox.clock.set_speed(1)
    assert not balancers.remove(wanted("classic"))  # its interfaces hold the group for a while
    assert sandbox.client("elb").describe_load_balancers()["LoadBalancerDescriptions"] == []
    assert len(ec2.describe_security_groups(Filters=group)["SecurityGroups"]) == 1 and interfaces(sandbox)
    sandbox.clock.advance(durations.LOAD_BALANCER_INTERFACES)
    assert balancers.remove(wanted("classic"))
    assert ec2.describe_security_groups(Filters=group)["SecurityGroups"] == [] and interfaces(sandbox) == set()
    assert balancers.remove(wanted("classic"))


def test_the_controller_makes_a_target_group_and_takes_it_away(sandbox, balancers, wanted):
    spec = replace(wanted("network"), tags={"elbv2.k8s.aws/cluster": "demo"})
    balancers.ensure(spec)
    elbv2 = sandbox.client("elbv2")
    (group,) = elbv2.describe_target_groups(Names=[NAME])["TargetGroups"]
    (described,) = elbv2.describe_tags(ResourceArns=[group["TargetGroupArn"]])["TagDescriptions"]
    assert described["Tags"] == [{"Key": "elbv2.k8s.aws/cluster", "Value": "demo"}]
    balancers.remove(spec)
    assert elbv2.describe_target_groups()["TargetGroups"] == []


def test_a_hostname_takes_its_time(sandbox, balancers, wanted):
    spec = wanted("network")
    sandbox.clock.set_speed(1)
    assert balancers.ensure(spec) is None
    assert sandbox.client("elbv2").describe_load_balancers()["LoadBalancers"][0]["LoadBalancerName"] == NAME
    sandbox.clock.advance(durations.LOAD_BALANCER)
    assert balancers.ensure(spec)


def test_subnets_with_the_tag_come_first_and_one_a_zone(sandbox, balancers, wanted, ground):
    spec = wanted("network")
    ec2 = sandbox.client("ec2")
    vpc = ec2.describe_vpcs(Filters=[{"Name": "cidr", "Values": ["10.0.0.0/16"]}])["Vpcs"][0]["VpcId"]
    tagged = [
        ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.0.{n}.0/24", AvailabilityZone=f"{REGION}a")["Subnet"]["SubnetId"]
        for n in (10, 11)
    ]
    ec2.create_tags(Resources=tagged, Tags=[{"Key": "kubernetes.io/role/elb", "Value": "1"}])
    balancers.ensure(spec)
    assert [subnet for dummy, subnet in interfaces(sandbox)] == [tagged[0]]


def test_a_deleted_load_balancer_leaves_nothing_behind(sandbox, balancers, wanted):
    balancers.ensure(wanted("network"))
    elbv2 = sandbox.client("elbv2")
    (found,) = elbv2.describe_load_balancers()["LoadBalancers"]
    elbv2.delete_load_balancer(LoadBalancerArn=found["LoadBalancerArn"])
    assert interfaces(sandbox) == set()
