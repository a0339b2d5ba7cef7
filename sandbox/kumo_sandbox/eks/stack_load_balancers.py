"""The load balancers of Ingresses and Gateways, made at the sandbox's Elastic Load Balancing, as the AWS Load Balancer Controller does.

What is there is found again by its tags, by another controller of a cluster of that name, too.

https://github.com/kubernetes-sigs/aws-load-balancer-controller/blob/main/pkg/deploy/tracking/provider.go
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from kumo_sandbox import durations
from kumo_sandbox.aws_interfaces import LoadBalancerStack, MadeBalancer, StackRefusedError
from kumo_sandbox.eks.aws_context import AwsContext
from kumo_sandbox.eks.stack_listeners import (
    ensure_listeners,
    ensure_target_groups,
    find_certificates,
    list_tagged,
    write_tags,
)
from kumo_sandbox.eks.stack_security_groups import CLUSTER, StackSecurityGroups, build_marks
from kumo_sandbox.eks.stack_subnets import choose_subnets
from kumo_sandbox.eks.stack_targets import find_target_type, set_targets
from kumo_sandbox.eks.store import Raw, Store

SCHEMES = {False: "internet-facing", True: "internal"}


@dataclass(frozen=True)
class Place:
    """Where the load balancers of a cluster are: its clients, its VPC, its groups."""

    name: str
    vpc: str
    ec2: Any
    elbv2: Any
    acm: Any
    groups: StackSecurityGroups

    def list_balancers(self, marks: dict[str, str]) -> list[Raw]:
        rows = self.elbv2.describe_load_balancers()["LoadBalancers"]
        return list_tagged(self.elbv2, rows, "LoadBalancerArn", marks)

    def list_target_groups(self, marks: dict[str, str]) -> list[Raw]:
        rows = self.elbv2.describe_target_groups()["TargetGroups"]
        return list_tagged(self.elbv2, rows, "TargetGroupArn", marks)


class StackLoadBalancers:
    """See ``kumo_sandbox.aws_interfaces.StackLoadBalancers``. A stack that is as it was wanted last costs no call."""

    def __init__(self, store: Store, aws_context: AwsContext) -> None:
        self._store = store
        self._aws_context = aws_context
        # by the ID of the cluster's security group, which no other cluster of that name has, and the stack
        self._made: dict[tuple[str, str, str], tuple[LoadBalancerStack, Raw]] = {}
        self._ready_at: dict[str, float] = {}  # by hostname

    def ensure(self, wanted: LoadBalancerStack) -> MadeBalancer:
        place = self._find_place(wanted.cluster)
        key = (place.groups.nodes, wanted.prefix, wanted.stack)
        if key not in self._made or self._made[key][0] != wanted:
            self._made[key] = (wanted, self._apply(place, wanted))
        row = self._made[key][1]
        ready_at = self._ready_at.setdefault(row["DNSName"], self._store.clock.after(durations.LOAD_BALANCER))
        return MadeBalancer(row["LoadBalancerArn"], row["DNSName"], self._store.clock.now() >= ready_at)

    def remove(self, cluster: str, prefix: str, stack: str) -> bool:
        """The interfaces of a load balancer hold its groups for a while after it."""
        self._store.settle()
        place = self._find_place(cluster)
        self._made.pop((place.groups.nodes, prefix, stack), None)
        marks = build_marks(place.name, prefix, stack)
        for balancer in place.list_balancers(marks):
            place.elbv2.delete_load_balancer(LoadBalancerArn=balancer["LoadBalancerArn"])
            self._ready_at.pop(balancer["DNSName"], None)
        for group in place.list_target_groups(marks):
            place.elbv2.delete_target_group(TargetGroupArn=group["TargetGroupArn"])
        self._let_in(place)
        return self._delete_groups(place, prefix, stack)

    def find_target_type(self, cluster: str, target_group: str) -> str:
        return find_target_type(self._find_place(cluster).elbv2, target_group)

    def set_targets(self, cluster: str, target_group: str, targets: frozenset[tuple[str, int]]) -> None:
        set_targets(self._find_place(cluster).elbv2, target_group, targets)

    def _apply(self, place: Place, wanted: LoadBalancerStack) -> Raw:
        """Make everything as it is wanted; its load balancer."""
        try:
            return self._deploy(place, wanted)
        except ClientError as error:
            said = error.response["Error"]
            message = f"operation error {error.operation_name}, {said['Code']}: {said['Message']}"
            raise StackRefusedError("FailedDeployModel", f"Failed deploy model due to {message}") from error

    def _deploy(self, place: Place, wanted: LoadBalancerStack) -> Raw:
        marks, scheme = build_marks(place.name, wanted.prefix, wanted.stack), SCHEMES[wanted.internal]
        there = place.list_balancers(marks)
        fitting = [row for row in there if (row["LoadBalancerName"], row["Scheme"]) == (wanted.name, scheme)]
        certificates = find_certificates(place.acm, wanted)
        subnets = [] if fitting else choose_subnets(place.ec2, place.vpc, place.name, wanted)
        groups = place.groups.ensure(wanted)
        arns = ensure_target_groups(place.elbv2, place.vpc, wanted, marks)
        for row in there:
            if row not in fitting:  # what its name or its scheme was cannot be changed
                place.elbv2.delete_load_balancer(LoadBalancerArn=row["LoadBalancerArn"])
        balancer = fitting[0] if fitting else _create(place, wanted, subnets, groups, marks)
        ensure_listeners(place.elbv2, balancer["LoadBalancerArn"], wanted, arns, certificates, marks)
        for name in arns.keys() - {each.name for each in wanted.target_groups}:
            place.elbv2.delete_target_group(TargetGroupArn=arns[name])
        self._let_in(place, wanted)
        return balancer

    def _let_in(self, place: Place, wanted: LoadBalancerStack | None = None) -> None:
        """Let the traffic of all load balancers of a cluster into its security group."""
        stacks = [made for (nodes, *dummy), (made, dummy) in self._made.items() if nodes == place.groups.nodes]
        own = (wanted.prefix, wanted.stack) if wanted else None
        others = [each for each in stacks if (each.prefix, each.stack) != own]
        shared = [each for each in [*others, *([wanted] if wanted else [])] if each.backend_group]
        place.groups.let_in({port for each in shared for group in each.target_groups for port in group.open_ports})

    def _delete_groups(self, place: Place, prefix: str, stack: str) -> bool:
        """Delete a stack's own group, and the shared one where no load balancer has it; whether they are gone."""
        if own := place.groups.find_own(prefix, stack):
            place.groups.delete(own)
        shared = place.groups.find_shared()
        left = place.list_balancers({CLUSTER: place.name})
        if not shared or any(shared in row.get("SecurityGroups", []) for row in left):
            return not place.groups.find_own(prefix, stack)
        place.groups.delete(shared)
        return not place.groups.find_own(prefix, stack) and not place.groups.find_shared()

    def _find_place(self, arn: str) -> Place:
        region, name = arn.split(":")[3], arn.rpartition("/")[2]
        with self._store.lock:
            config = self._store.clusters[(region, name)].raw["resourcesVpcConfig"]
        vpc, nodes = config["vpcId"], config["clusterSecurityGroupId"]
        ec2, elbv2, acm = (self._aws_context.client(service, region) for service in ("ec2", "elbv2", "acm"))
        groups = StackSecurityGroups(self._aws_context, region, vpc, name, nodes)
        return Place(name, vpc, ec2, elbv2, acm, groups)


def _create(
    place: Place, wanted: LoadBalancerStack, subnets: list[str], groups: list[str], marks: dict[str, str]
) -> Raw:
    made = place.elbv2.create_load_balancer(
        Name=wanted.name,
        Type=wanted.kind,
        Scheme=SCHEMES[wanted.internal],
        Subnets=subnets,
        Tags=write_tags({**wanted.tags, **marks, f"{wanted.prefix}/resource": "LoadBalancer"}),
        **({"SecurityGroups": groups} if groups else {}),
    )
    return dict(made["LoadBalancers"][0])
