"""The load balancers of Services, made at the sandbox's Elastic Load Balancing: what the Kubernetes backend asks for."""

from __future__ import annotations

from typing import Any

from botocore.exceptions import ClientError

from kumo_sandbox import durations
from kumo_sandbox.aws_interfaces import LoadBalancerSpec
from kumo_sandbox.eks.aws_context import AwsContext
from kumo_sandbox.eks.stack_load_balancers import StackLoadBalancers
from kumo_sandbox.eks.stack_subnets import ROLES
from kumo_sandbox.eks.store import Store

NOT_FOUND = ("LoadBalancerNotFound", "LoadBalancerNotFoundException", "TargetGroupNotFound")
OF_CONTROLLER = "elbv2.k8s.aws/cluster"  # what the AWS Load Balancer Controller makes has it


class LoadBalancers:
    """See ``kumo_sandbox.aws_interfaces.LoadBalancers``. They are named after their Service: what is there is found again.

    No listener is made at a Network Load Balancer: nothing flows through it.
    """

    def __init__(self, store: Store, aws_context: AwsContext) -> None:
        self._store = store
        self._aws_context = aws_context
        self.stacks = StackLoadBalancers(store, aws_context)
        self._ready_at: dict[str, float] = {}  # by hostname

    def ensure(self, wanted: LoadBalancerSpec) -> str | None:
        hostname = self._find(wanted) or self._create(wanted)
        ready_at = self._ready_at.setdefault(hostname, self._store.clock.after(durations.LOAD_BALANCER))
        return hostname if self._store.clock.now() >= ready_at else None

    def remove(self, wanted: LoadBalancerSpec) -> bool:
        """Whichever kind it is: the Service's annotation may have changed since. The group is held until the interfaces are gone."""
        self._store.settle()
        region = _read_region(wanted)
        if network := self._describe_network(wanted):
            self._aws_context.client("elbv2", region).delete_load_balancer(LoadBalancerArn=network["LoadBalancerArn"])
            self._ready_at.pop(network["DNSName"], None)
        if classic := self._describe_classic(wanted):
            self._aws_context.client("elb", region).delete_load_balancer(LoadBalancerName=wanted.name)
            self._ready_at.pop(classic["DNSName"], None)
        for target in self._list_target_groups(wanted):
            self._aws_context.client("elbv2", region).delete_target_group(TargetGroupArn=target)
        for group in self._list_groups(wanted):
            self._aws_context.delete_security_group(region, group)
        return not self._list_groups(wanted)

    def _list_groups(self, wanted: LoadBalancerSpec) -> list[str]:
        """The group that was made for it."""
        own = [{"Name": "group-name", "Values": [_name_group(wanted)]}]
        rows = self._aws_context.client("ec2", _read_region(wanted)).describe_security_groups(Filters=own)
        return [row["GroupId"] for row in rows["SecurityGroups"]]

    def _list_target_groups(self, wanted: LoadBalancerSpec) -> list[str]:
        """The target group that was made for it."""
        try:
            answer = self._aws_context.client("elbv2", _read_region(wanted)).describe_target_groups(Names=[wanted.name])
        except ClientError as error:
            _ignore_not_found(error)
            return []
        return [row["TargetGroupArn"] for row in answer["TargetGroups"]]

    def _find(self, wanted: LoadBalancerSpec) -> str:
        found = self._describe_network(wanted) or self._describe_classic(wanted)
        return str(found["DNSName"]) if found else ""

    def _describe_network(self, wanted: LoadBalancerSpec) -> dict[str, Any] | None:
        try:
            answer = self._aws_context.client("elbv2", _read_region(wanted)).describe_load_balancers(
                Names=[wanted.name]
            )
        except ClientError as error:
            return _ignore_not_found(error)
        return dict(answer["LoadBalancers"][0])

    def _describe_classic(self, wanted: LoadBalancerSpec) -> dict[str, Any] | None:
        client = self._aws_context.client("elb", _read_region(wanted))
        try:
            answer = client.describe_load_balancers(LoadBalancerNames=[wanted.name])
        except ClientError as error:
            return _ignore_not_found(error)
        return dict(answer["LoadBalancerDescriptions"][0])

    def _create(self, wanted: LoadBalancerSpec) -> str:
        """Make it; its hostname."""
        region, vpc, subnets = _read_region(wanted), *self._choose_subnets(wanted)
        tags = [{"Key": key, "Value": value} for key, value in wanted.tags.items()]
        words = {"Subnets": subnets, "Tags": tags, **({"Scheme": "internal"} if wanted.internal else {})}
        if wanted.kind == "network":
            answer = self._aws_context.client("elbv2", region).create_load_balancer(
                Name=wanted.name, Type="network", **{"Scheme": "internet-facing", **words}
            )
            if OF_CONTROLLER in wanted.tags:
                self._aws_context.client("elbv2", region).create_target_group(
                    Name=wanted.name, Protocol="TCP", Port=wanted.ports[0], VpcId=vpc, Tags=tags
                )
            return str(answer["LoadBalancers"][0]["DNSName"])
        listeners = [
            {"Protocol": "TCP", "LoadBalancerPort": port, "InstanceProtocol": "TCP", "InstancePort": port}
            for port in wanted.ports
        ]
        group = self._create_security_group(wanted, region, vpc)
        answer = self._aws_context.client("elb", region).create_load_balancer(
            LoadBalancerName=wanted.name, Listeners=listeners, SecurityGroups=[group], **words
        )
        return str(answer["DNSName"])

    def _create_security_group(self, wanted: LoadBalancerSpec, region: str, vpc: str) -> str:
        owned = [{"Key": key, "Value": value} for key, value in wanted.tags.items() if value == "owned"]
        answer = self._aws_context.client("ec2", region).create_security_group(
            GroupName=_name_group(wanted),
            Description=f"Security group for Kubernetes ELB {wanted.name} ({wanted.tags['kubernetes.io/service-name']})",
            VpcId=vpc,
            TagSpecifications=[{"ResourceType": "security-group", "Tags": owned}],
        )
        return str(answer["GroupId"])

    def _choose_subnets(self, wanted: LoadBalancerSpec) -> tuple[str, list[str]]:
        """The cluster's VPC, and there one subnet a zone: of those with the role's tag, else of the cluster's own."""
        region, name = _read_region(wanted), wanted.cluster.rpartition("/")[2]
        with self._store.lock:
            config = self._store.clusters[(region, name)].raw["resourcesVpcConfig"]
        inside = [{"Name": "vpc-id", "Values": [config["vpcId"]]}]
        subnets = self._aws_context.client("ec2", region).describe_subnets(Filters=inside)["Subnets"]
        tagged = [each for each in subnets if ROLES[wanted.internal] in {tag["Key"] for tag in each.get("Tags") or []}]
        own = [each for each in subnets if each["SubnetId"] in config["subnetIds"]]
        zones = {each["AvailabilityZone"]: each["SubnetId"] for each in reversed(tagged or own)}
        return config["vpcId"], sorted(zones.values())


def _read_region(wanted: LoadBalancerSpec) -> str:
    return wanted.cluster.split(":")[3]


def _name_group(wanted: LoadBalancerSpec) -> str:
    return f"k8s-elb-{wanted.name}"


def _ignore_not_found(error: ClientError) -> None:
    if error.response["Error"]["Code"] not in NOT_FOUND:
        raise error
