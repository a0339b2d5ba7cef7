"""Load balancers of Ingresses and Gateways at the sandbox's Elastic Load Balancing."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest

from kumo_sandbox import durations
from kumo_sandbox.aws_interfaces import ListenerSpec, LoadBalancerStack, RuleSpec, StackRefusedError, TargetGroupSpec
from kumo_sandbox.eks.stack_load_balancers import StackLoadBalancers

REGION = "ap-northeast-1"
PREFIX, NAME, STACK = "ingress.k8s.aws", "k8s-default-web-0123456789", "default/web"
TARGET = TargetGroupSpec("k8s-default-web-9876543210", 8080, "HTTP", "ip", (8080,), {"team": "web"})
RULE = RuleSpec(("api.example.com",), ("/*",), ((TARGET.name, 1),))
LISTENER = ListenerSpec(80, "HTTP", (), (), ("0.0.0.0/0",), (), (RULE,))
MARKS = {"elbv2.k8s.aws/cluster": "demo", "ingress.k8s.aws/stack": STACK}


@pytest.fixture
def balancers(sandbox: Any) -> StackLoadBalancers:
    return StackLoadBalancers(sandbox.store, sandbox.aws_context)


@pytest.fixture
def wanted(sandbox: Any, make_cluster: Any, ground: Any) -> LoadBalancerStack:
    """In subnets that are tagged for load balancers of either kind."""
    arn = make_cluster()["arn"]
    tags = [{"Key": f"kubernetes.io/role/{role}", "Value": "1"} for role in ("elb", "internal-elb")]
    sandbox.client("ec2").create_tags(Resources=list(ground.subnets), Tags=tags)
    words = (
        arn,
        PREFIX,
        STACK,
        "application",
        NAME,
        "k8s-default-web-front",
        False,
        (),
        (),
        True,
        (LISTENER,),
        (TARGET,),
        {"team": "web"},
    )
    return LoadBalancerStack(*words, ("uid-1",))


def find_tags(sandbox: Any, arn: str) -> dict[str, str]:
    (row,) = sandbox.client("elbv2").describe_tags(ResourceArns=[arn])["TagDescriptions"]
    return {tag["Key"]: tag["Value"] for tag in row["Tags"]}


def find_groups(sandbox: Any) -> dict[str, dict[str, Any]]:
    rows = sandbox.client("ec2").describe_security_groups()["SecurityGroups"]
    return {row["GroupName"]: row for row in rows if row["GroupName"].startswith("k8s-")}


def find_rules(sandbox: Any) -> list[tuple[int, int, str]]:
    """The controller's rules in the cluster's security group."""
    group = sandbox.client("eks").describe_cluster(name="demo")["cluster"]["resourcesVpcConfig"][
        "clusterSecurityGroupId"
    ]
    (row,) = sandbox.client("ec2").describe_security_groups(GroupIds=[group])["SecurityGroups"]
    return [
        (rule["FromPort"], rule["ToPort"], pair["GroupId"])
        for rule in row["IpPermissions"]
        for pair in rule["UserIdGroupPairs"]
        if pair.get("Description") == "elbv2.k8s.aws/targetGroupBinding=shared"
    ]


def test_an_application_load_balancer_with_all_that_goes_with_it(sandbox, balancers, wanted, ground):
    hostname = balancers.ensure(wanted).hostname
    assert re.fullmatch(rf"{NAME}-\d{{10}}\.{REGION}\.elb\.amazonaws\.com", hostname)
    elbv2, ec2 = sandbox.client("elbv2"), sandbox.client("ec2")
    (found,) = elbv2.describe_load_balancers()["LoadBalancers"]
    assert (found["DNSName"], found["Type"], found["Scheme"]) == (hostname, "application", "internet-facing")
    resource = {"ingress.k8s.aws/resource": "LoadBalancer"}
    assert find_tags(sandbox, found["LoadBalancerArn"]) == {**MARKS, **resource, "team": "web"}
    groups = find_groups(sandbox)
    assert {name: row["Description"] for name, row in groups.items()} == {
        "k8s-default-web-front": "[k8s] Managed SecurityGroup for LoadBalancer",
        "k8s-traffic-demo-2a97516c35": "[k8s] Shared Backend SecurityGroup for LoadBalancer",
    }
    front, shared = (groups[name]["GroupId"] for name in sorted(groups))
    assert found["SecurityGroups"] == [front, shared]
    assert {tag["Key"]: tag["Value"] for tag in groups["k8s-traffic-demo-2a97516c35"]["Tags"]} == {
        "elbv2.k8s.aws/cluster": "demo",
        "elbv2.k8s.aws/resource": "backend-sg",
    }
    (rule,) = groups["k8s-default-web-front"]["IpPermissions"]
    assert (rule["FromPort"], rule["IpRanges"][0]["CidrIp"]) == (80, "0.0.0.0/0")
    assert find_rules(sandbox) == [(8080, 8080, shared)]
    rows = ec2.describe_network_interfaces()["NetworkInterfaces"]
    number = found["LoadBalancerArn"].rpartition("/")[2]
    own = {row["SubnetId"] for row in rows if row["Description"] == f"ELB app/{NAME}/{number}"}
    assert own == set(ground.subnets)


def test_listeners_send_requests_to_target_groups(sandbox, balancers, wanted):
    balancers.ensure(wanted)
    elbv2 = sandbox.client("elbv2")
    (target,) = elbv2.describe_target_groups()["TargetGroups"]
    assert (target["TargetGroupName"], target["TargetType"], target["Port"]) == (TARGET.name, "ip", 8080)
    assert find_tags(sandbox, target["TargetGroupArn"]) == {**MARKS, "team": "web"}
    (balancer,) = target["LoadBalancerArns"]
    (listener,) = elbv2.describe_listeners(LoadBalancerArn=balancer)["Listeners"]
    assert listener["DefaultActions"][0]["FixedResponseConfig"]["StatusCode"] == "404"
    rules = elbv2.describe_rules(ListenerArn=listener["ListenerArn"])["Rules"]
    (first,) = [row for row in rules if not row["IsDefault"]]
    assert first["Priority"] == "1"
    assert first["Actions"][0]["TargetGroupArn"] == target["TargetGroupArn"]
    assert {row["Field"]: row["Values"] for row in first["Conditions"]} == {
        "host-header": ["api.example.com"],
        "path-pattern": ["/*"],
    }


def test_a_change_keeps_the_load_balancer_but_for_its_scheme(sandbox, balancers, wanted):
    hostname, elbv2 = balancers.ensure(wanted).hostname, sandbox.client("elbv2")
    other = replace(TARGET, name="k8s-default-new-9876543210", port=9090, open_ports=(9090,))
    listener = replace(LISTENER, port=8000, sources=("10.0.0.0/8",), default=((other.name, 1),), rules=())
    changed = replace(wanted, listeners=(listener,), target_groups=(other,))
    assert balancers.ensure(changed).hostname == hostname
    (balancer,) = elbv2.describe_load_balancers()["LoadBalancers"]
    (found,) = elbv2.describe_listeners(LoadBalancerArn=balancer["LoadBalancerArn"])["Listeners"]
    (target,) = elbv2.describe_target_groups()["TargetGroups"]
    assert (found["Port"], target["TargetGroupName"]) == (8000, other.name)
    assert target["LoadBalancerArns"] == [balancer["LoadBalancerArn"]]
    assert found["DefaultActions"][0]["TargetGroupArn"] == target["TargetGroupArn"]
    (rule,) = find_groups(sandbox)["k8s-default-web-front"]["IpPermissions"]
    assert (rule["FromPort"], rule["IpRanges"][0]["CidrIp"]) == (8000, "10.0.0.0/8")
    assert [row[:2] for row in find_rules(sandbox)] == [(9090, 9090)]
    assert balancers.ensure(replace(changed, internal=True, name="k8s-default-web-internal")).hostname != hostname
    (balancer,) = elbv2.describe_load_balancers()["LoadBalancers"]
    assert (balancer["LoadBalancerName"], balancer["Scheme"]) == ("k8s-default-web-internal", "internal")


def test_all_of_it_goes_and_the_shared_group_with_the_last(sandbox, balancers, wanted):
    second = replace(wanted, stack="shop", name="k8s-shop-1", group_name="k8s-shop-1", target_groups=(), listeners=())
    for stack in (wanted, second):
        balancers.ensure(stack)
    sandbox.clock.set_speed(1)
    assert not balancers.remove(wanted.cluster, PREFIX, STACK)  # its interfaces hold its group for a while
    elbv2 = sandbox.client("elbv2")
    assert [row["LoadBalancerName"] for row in elbv2.describe_load_balancers()["LoadBalancers"]] == ["k8s-shop-1"]
    assert elbv2.describe_target_groups()["TargetGroups"] == [] and find_rules(sandbox) == []
    sandbox.clock.advance(durations.LOAD_BALANCER_INTERFACES)
    assert balancers.remove(wanted.cluster, PREFIX, STACK)
    assert set(find_groups(sandbox)) == {"k8s-shop-1", "k8s-traffic-demo-2a97516c35"}
    assert not balancers.remove(wanted.cluster, PREFIX, "shop")
    sandbox.clock.advance(durations.LOAD_BALANCER_INTERFACES)
    assert balancers.remove(wanted.cluster, PREFIX, "shop") and find_groups(sandbox) == {}


def test_what_was_left_is_found_again_by_its_tags(sandbox, balancers, wanted):
    hostname = balancers.ensure(wanted).hostname
    again = StackLoadBalancers(sandbox.store, sandbox.aws_context)
    assert again.ensure(replace(wanted, members=("uid-2",))).hostname == hostname
    assert len(sandbox.client("elbv2").describe_load_balancers()["LoadBalancers"]) == 1
    again.remove(wanted.cluster, PREFIX, STACK)
    assert again.remove(wanted.cluster, PREFIX, STACK) and find_groups(sandbox) == {}  # its interfaces are gone by now


def test_a_target_group_forgets_a_load_balancer_that_is_deleted(sandbox, balancers, wanted):
    balancers.ensure(wanted)
    elbv2 = sandbox.client("elbv2")
    (target,) = elbv2.describe_target_groups()["TargetGroups"]
    (balancer,) = target["LoadBalancerArns"]
    elbv2.delete_load_balancer(LoadBalancerArn=balancer)
    assert elbv2.describe_target_groups()["TargetGroups"][0]["LoadBalancerArns"] == []


def test_own_security_groups_and_none_for_the_nodes(sandbox, balancers, wanted, ground):
    ec2 = sandbox.client("ec2")
    vpc = ec2.describe_subnets(SubnetIds=[ground.subnets[0]])["Subnets"][0]["VpcId"]
    group = ec2.create_security_group(GroupName="mine", Description="mine", VpcId=vpc)["GroupId"]
    balancers.ensure(replace(wanted, security_groups=(group,), backend_group=False))
    (found,) = sandbox.client("elbv2").describe_load_balancers()["LoadBalancers"]
    assert found["SecurityGroups"] == [group] and find_groups(sandbox) == {} and find_rules(sandbox) == []
    balancers.remove(wanted.cluster, PREFIX, STACK)
    assert ec2.describe_security_groups(GroupIds=[group])["SecurityGroups"]


def test_subnets_that_do_not_go(sandbox, balancers, wanted, ground):
    ec2 = sandbox.client("ec2")
    one = replace(wanted, subnets=(ground.subnets[0],))
    with pytest.raises(StackRefusedError, match="subnets count less than minimal required count: 1 < 2"):
        balancers.ensure(one)
    with pytest.raises(StackRefusedError, match=r"couldn't find all subnets, missing names: \[front\]"):
        balancers.ensure(replace(wanted, subnets=("front", ground.subnets[0])))
    other = [{"Key": "kubernetes.io/cluster/other", "Value": "shared"}]
    ec2.create_tags(Resources=list(ground.subnets), Tags=other)
    with pytest.raises(StackRefusedError, match="couldn't auto-discover subnets: unable to resolve at least one"):
        balancers.ensure(wanted)
    assert sandbox.client("elbv2").describe_load_balancers()["LoadBalancers"] == [] and find_groups(sandbox) == {}
    ec2.create_tags(Resources=list(ground.subnets), Tags=[{"Key": "kubernetes.io/cluster/demo", "Value": "shared"}])
    assert balancers.ensure(wanted)


def test_without_tags_the_routes_of_a_subnet_decide(sandbox, balancers, wanted, ground):
    ec2 = sandbox.client("ec2")
    keys = [{"Key": f"kubernetes.io/role/{role}"} for role in ("elb", "internal-elb")]
    ec2.delete_tags(Resources=list(ground.subnets), Tags=keys)
    with pytest.raises(StackRefusedError, match="subnet"):
        balancers.ensure(wanted)  # the subnets of the cluster are private
    assert balancers.ensure(replace(wanted, internal=True))


def test_certificates_of_a_secure_listener(sandbox, balancers, wanted):
    secure = replace(LISTENER, port=443, protocol="HTTPS", hosts=("api.example.com",))
    with pytest.raises(StackRefusedError, match=r"no certificate found for host: api\.example\.com"):
        balancers.ensure(replace(wanted, listeners=(secure,)))
    assert sandbox.client("elbv2").describe_load_balancers()["LoadBalancers"] == [] and find_groups(sandbox) == {}
    missing = replace(secure, hosts=(), certificates=(f"arn:aws:acm:{REGION}:123456789012:certificate/none",))
    with pytest.raises(StackRefusedError) as refused:
        balancers.ensure(replace(wanted, listeners=(missing,)))
    assert refused.value.reason == "FailedDeployModel" and "CertificateNotFound" in str(refused.value)


def test_an_address_takes_its_time(sandbox, balancers, wanted):
    sandbox.clock.set_speed(1)
    assert not balancers.ensure(wanted).active
    sandbox.clock.advance(durations.LOAD_BALANCER)
    assert balancers.ensure(wanted).active


def build_network(wanted: LoadBalancerStack, *ports: ListenerSpec) -> LoadBalancerStack:
    """The stack of a Gateway of the controller's other kind."""
    words = {"prefix": "gateway.k8s.aws.nlb", "kind": "network", "stack": "default/tcp", "name": "k8s-default-tcp-1"}
    return replace(wanted, **words, group_name="k8s-default-tcp-front", listeners=ports)


def test_a_network_load_balancer_of_a_gateway(sandbox, balancers, wanted, ground):
    second = replace(TARGET, name="k8s-default-b-9876543210", protocol="TCP")
    first = replace(second, name="k8s-default-a-9876543210")
    weights = ((first.name, 3), (second.name, 1))
    listener = ListenerSpec(53, "TCP_UDP", (), (), ("10.0.0.0/8",), weights, ())
    network = replace(build_network(wanted, listener), target_groups=(first, second), subnets=ground.subnets[:1])
    made, elbv2 = balancers.ensure(network), sandbox.client("elbv2")
    (found,) = elbv2.describe_load_balancers()["LoadBalancers"]
    assert (found["LoadBalancerArn"], found["Type"], len(found["AvailabilityZones"])) == (made.arn, "network", 1)
    marks = {"elbv2.k8s.aws/cluster": "demo", "gateway.k8s.aws.nlb/stack": "default/tcp"}
    resource = {"gateway.k8s.aws.nlb/resource": "LoadBalancer"}
    assert find_tags(sandbox, made.arn) == {**marks, **resource, "team": "web"}
    (row,) = elbv2.describe_listeners(LoadBalancerArn=made.arn)["Listeners"]
    targets = row["DefaultActions"][0]["ForwardConfig"]["TargetGroups"]
    assert (row["Protocol"], [each["Weight"] for each in targets]) == ("TCP_UDP", [3, 1])
    rules = find_groups(sandbox)["k8s-default-tcp-front"]["IpPermissions"]
    assert sorted((rule["IpProtocol"], rule["FromPort"]) for rule in rules) == [("tcp", 53), ("udp", 53)]
    balancers.ensure(replace(wanted, stack="default/tcp"))  # an Ingress of the same name is another stack
    assert len(elbv2.describe_load_balancers()["LoadBalancers"]) == 2
    balancers.remove(wanted.cluster, network.prefix, network.stack)
    assert [each["Type"] for each in elbv2.describe_load_balancers()["LoadBalancers"]] == ["application"]


def test_targets_of_a_target_group_of_a_user(sandbox, balancers, wanted, ground):
    elbv2 = sandbox.client("elbv2")
    (subnet,) = sandbox.client("ec2").describe_subnets(SubnetIds=ground.subnets[:1])["Subnets"]
    words = {"Name": "mine", "Protocol": "HTTP", "Port": 80, "VpcId": subnet["VpcId"], "TargetType": "ip"}
    arn = elbv2.create_target_group(**words)["TargetGroups"][0]["TargetGroupArn"]
    assert balancers.find_target_type(wanted.cluster, arn) == "ip"

    def find_targets() -> set[tuple[str, int]]:
        rows = elbv2.describe_target_health(TargetGroupArn=arn)["TargetHealthDescriptions"]
        return {(row["Target"]["Id"], row["Target"]["Port"]) for row in rows}

    for targets in ({("10.0.1.7", 8080), ("10.0.1.8", 8080)}, {("10.0.1.8", 8080)}, set()):
        balancers.set_targets(wanted.cluster, arn, frozenset(targets))
        assert find_targets() == targets
    instance = sandbox.client("ec2").run_instances(ImageId="ami-1", MinCount=1, MaxCount=1)["Instances"][0][
        "InstanceId"
    ]
    elbv2.register_targets(TargetGroupArn=arn, Targets=[{"Id": instance, "Port": 80}])
    sandbox.client("ec2").terminate_instances(InstanceIds=[instance])
    assert find_targets() == set()
    elbv2.delete_target_group(TargetGroupArn=arn)
    balancers.set_targets(wanted.cluster, arn, frozenset())
    with pytest.raises(StackRefusedError, match="Failed reconcile due to .*TargetGroupNotFound"):
        balancers.set_targets(wanted.cluster, arn, frozenset({("10.0.1.7", 80)}))
