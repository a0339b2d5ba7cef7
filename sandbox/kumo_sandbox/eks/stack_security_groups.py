"""The security groups of stacks' load balancers: each has its own, and all of a cluster share one.

The shared one is the source of the rules that let their traffic into the cluster's security group.

https://kubernetes-sigs.github.io/aws-load-balancer-controller/latest/deploy/security_groups/
https://github.com/kubernetes-sigs/aws-load-balancer-controller/blob/main/pkg/networking/backend_sg_provider.go
https://github.com/kubernetes-sigs/aws-load-balancer-controller/blob/main/pkg/networking/networking_manager.go
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from kumo_sandbox.aws_interfaces import ListenerSpec, LoadBalancerStack, refuse_model
from kumo_sandbox.eks.aws_context import AwsContext
from kumo_sandbox.eks.store import Raw

CLUSTER = "elbv2.k8s.aws/cluster"
SHARED = {"elbv2.k8s.aws/resource": "backend-sg"}
TRANSPORTS = {"UDP": ("udp",), "TCP_UDP": ("tcp", "udp")}  # of listeners; all others: TCP
Opening = tuple[str, int, str]  # protocol, port, CIDR block
RULE = "elbv2.k8s.aws/targetGroupBinding=shared"  # the description of the rules that are the controller's


@dataclass(frozen=True)
class StackSecurityGroups:
    """Those of one cluster.

    Args:
        nodes: the ID of the cluster's security group, which its nodes and pods have.
    """

    aws_context: AwsContext
    region: str
    vpc: str
    cluster: str
    nodes: str

    @property
    def _ec2(self) -> Any:
        return self.aws_context.client("ec2", self.region)

    def ensure(self, wanted: LoadBalancerStack) -> list[str]:
        """The IDs of those that a load balancer has."""
        if not wanted.group_name:
            return []
        own = [self._find_named(name) for name in wanted.security_groups] or [self._ensure_own(wanted)]
        return [*own, *([self._ensure_shared()] if wanted.backend_group else [])]

    def find_own(self, prefix: str, stack: str) -> str:
        """The ID of the one that was made for a stack, empty where there is none."""
        return self._find(build_marks(self.cluster, prefix, stack))

    def find_shared(self) -> str:
        return self._find({CLUSTER: self.cluster, **SHARED})

    def delete(self, group: str) -> None:
        """Delete it unless something has it still."""
        self.aws_context.delete_security_group(self.region, group)

    def let_in(self, ports: Iterable[int]) -> None:
        """One rule from the lowest to the highest port of all targets; without targets none."""
        shared, span = self.find_shared(), sorted(ports)
        wanted = (span[0], span[-1], shared) if span and shared else None
        found = self._list_rules()
        for key, rule in found.items():
            if key != wanted:
                self._ec2.revoke_security_group_ingress(GroupId=self.nodes, IpPermissions=[rule])
        if wanted and wanted not in found:
            rule = _build_rule(wanted[0], wanted[1], UserIdGroupPairs=[{"GroupId": shared, "Description": RULE}])
            self._ec2.authorize_security_group_ingress(GroupId=self.nodes, IpPermissions=[rule])

    def _list_rules(self) -> dict[tuple[int, int, str], Raw]:
        """The controller's rules in the cluster's security group, by ports and source."""
        (group,) = self._ec2.describe_security_groups(GroupIds=[self.nodes])["SecurityGroups"]
        return {
            (row["FromPort"], row["ToPort"], pair["GroupId"]): _build_rule(
                row["FromPort"],
                row["ToPort"],
                UserIdGroupPairs=[{key: pair[key] for key in ("GroupId", "Description")}],
            )
            for row in group["IpPermissions"]
            for pair in row["UserIdGroupPairs"]
            if pair.get("Description") == RULE
        }

    def _ensure_own(self, wanted: LoadBalancerStack) -> str:
        marks = build_marks(self.cluster, wanted.prefix, wanted.stack)
        tags = {**wanted.tags, **marks, f"{wanted.prefix}/resource": "ManagedLBSecurityGroup"}
        group = self.find_own(wanted.prefix, wanted.stack) or self._create(
            wanted.group_name, "[k8s] Managed SecurityGroup for LoadBalancer", tags
        )
        (found,) = self._ec2.describe_security_groups(GroupIds=[group])["SecurityGroups"]
        there = {
            (row["IpProtocol"], row["FromPort"], block["CidrIp"])
            for row in found["IpPermissions"]
            for block in row["IpRanges"]
        }
        asked = {row for listener in wanted.listeners for row in _list_openings(listener)}
        if old := _build_rules(there - asked):
            self._ec2.revoke_security_group_ingress(GroupId=group, IpPermissions=old)
        if new := _build_rules(asked - there):
            self._ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=new)
        return group

    def _ensure_shared(self) -> str:
        if found := self.find_shared():
            return found
        digest = hashlib.sha256(self.cluster.encode()).hexdigest()[:10]
        name = f"k8s-traffic-{re.sub(r'[^0-9A-Za-z]', '', self.cluster)}-{digest}"
        return self._create(
            name, "[k8s] Shared Backend SecurityGroup for LoadBalancer", {CLUSTER: self.cluster, **SHARED}
        )

    def _create(self, name: str, description: str, tags: dict[str, str]) -> str:
        marks = [{"ResourceType": "security-group", "Tags": [{"Key": key, "Value": tags[key]} for key in tags]}]
        words = {"GroupName": name, "Description": description, "VpcId": self.vpc, "TagSpecifications": marks}
        return str(self._ec2.create_security_group(**words)["GroupId"])

    def _find(self, tags: dict[str, str]) -> str:
        filters = [{"Name": f"tag:{key}", "Values": [value]} for key, value in tags.items()]
        rows = self._ec2.describe_security_groups(Filters=[{"Name": "vpc-id", "Values": [self.vpc]}, *filters])
        return next((str(row["GroupId"]) for row in rows["SecurityGroups"]), "")

    def _find_named(self, name: str) -> str:
        """By its ID or its tag Name."""
        key = "group-id" if name.startswith("sg-") else "tag:Name"
        filters = [{"Name": "vpc-id", "Values": [self.vpc]}, {"Name": key, "Values": [name]}]
        for row in self._ec2.describe_security_groups(Filters=filters)["SecurityGroups"]:
            return str(row["GroupId"])
        raise refuse_model(f"couldn't find all security groups: requested [{name}] but found []")


def build_marks(cluster: str, prefix: str, stack: str) -> dict[str, str]:
    """The tags by which all of a stack is found."""
    return {CLUSTER: cluster, f"{prefix}/stack": stack}


def _list_openings(listener: ListenerSpec) -> list[Opening]:
    protocols = TRANSPORTS.get(listener.protocol, ("tcp",))
    return [(protocol, listener.port, source) for protocol in protocols for source in listener.sources]


def _build_rules(rows: Iterable[Opening]) -> list[Raw]:
    return [
        {**_build_rule(port, port, IpRanges=[{"CidrIp": source}]), "IpProtocol": protocol}
        for protocol, port, source in sorted(rows)
    ]


def _build_rule(first: int, last: int, **source: Any) -> Raw:
    return {"IpProtocol": "tcp", "FromPort": first, "ToPort": last, **source}
