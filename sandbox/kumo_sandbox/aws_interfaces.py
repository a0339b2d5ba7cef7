"""What the controllers of a cluster ask of the EKS service: load balancers of Services, Ingresses and Gateways, and volumes of claims."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True)
class LoadBalancerSpec:
    """The load balancer that a Service of type LoadBalancer wants."""

    cluster: str  # the cluster's ARN
    name: str  # at most 32 characters, the same whenever the same Service asks
    kind: str  # classic, network
    internal: bool
    ports: tuple[int, ...]
    tags: dict[str, str]


Targets = tuple[tuple[str, int], ...]  # names of target groups, and their weights


@dataclass(frozen=True)
class TargetGroupSpec:
    """The target group of one port of a Service that an Ingress or a route names."""

    name: str
    port: int
    protocol: str  # HTTP, HTTPS, TCP, UDP, TLS
    target_type: str  # instance, ip
    open_ports: tuple[int, ...]  # of its targets; none while it has no target
    tags: dict[str, str]


@dataclass(frozen=True)
class RuleSpec:
    """Which requests a listener sends to which target groups."""

    hosts: tuple[str, ...]
    paths: tuple[str, ...]
    targets: Targets  # none: the response ``otherwise``
    otherwise: str = "503"


@dataclass(frozen=True)
class ListenerSpec:
    """A listener of a load balancer. One without targets answers 404 at an Application Load Balancer."""

    port: int
    protocol: str  # HTTP, HTTPS, TCP, UDP, TCP_UDP, TLS
    certificates: tuple[str, ...]  # ARNs; none: those that are found for the hosts
    hosts: tuple[str, ...]
    sources: tuple[str, ...]  # CIDR blocks that the load balancer's security group lets in
    default: Targets
    rules: tuple[RuleSpec, ...]


@dataclass(frozen=True)
class LoadBalancerStack:
    """What a Gateway or a group of Ingresses wants: a load balancer, and what goes with it."""

    cluster: str  # the cluster's ARN
    prefix: str  # of the tags: ingress.k8s.aws, gateway.k8s.aws.alb, gateway.k8s.aws.nlb
    stack: str  # NAMESPACE/NAME of an Ingress or Gateway, or the name of a group
    kind: str  # application, network
    name: str  # of the load balancer
    group_name: str  # of the security group that is made for it; empty: it has none
    internal: bool
    subnets: tuple[str, ...]  # IDs or names; none: discovered
    security_groups: tuple[str, ...]  # IDs or names; none: one is made
    backend_group: bool  # whether it has the security group that all load balancers of a cluster share
    listeners: tuple[ListenerSpec, ...]
    target_groups: tuple[TargetGroupSpec, ...]
    tags: dict[str, str]
    members: tuple[str, ...]  # the UIDs of the Ingresses or the Gateway


@dataclass(frozen=True)
class MadeBalancer:
    """A load balancer that is there."""

    arn: str
    hostname: str
    active: bool  # False while it is provisioned


class StackRefusedError(Exception):
    """What the controller cannot serve; ``reason`` and the message are those of its event."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


def refuse_model(message: str) -> StackRefusedError:
    """The error of a stack that cannot be built, in the controller's words."""
    return StackRefusedError("FailedBuildModel", f"Failed build model due to {message}")


class StackLoadBalancers(Protocol):
    """From the EKS service: what the AWS Load Balancer Controller makes. Called from threads of the Kubernetes backend."""

    def ensure(self, wanted: LoadBalancerStack) -> MadeBalancer:
        """Make it as it is wanted. Raises StackRefusedError."""

    def remove(self, cluster: str, prefix: str, stack: str) -> bool:
        """Delete what was made for a stack; whether all of it is gone. What is not there is not missed."""

    def find_target_type(self, cluster: str, target_group: str) -> str:
        """instance, ip, ... of a target group by its ARN. Raises StackRefusedError."""

    def set_targets(self, cluster: str, target_group: str, targets: frozenset[tuple[str, int]]) -> None:
        """Register these (instance ID or IP address, port), and deregister all others. Raises StackRefusedError."""


class LoadBalancers(Protocol):
    """From the EKS service: the load balancers of Services. Called from threads of the Kubernetes backend."""

    @property
    def stacks(self) -> StackLoadBalancers:
        """Those of Ingresses and Gateways."""

    def ensure(self, wanted: LoadBalancerSpec) -> str | None:
        """Make it where it is not there; its hostname, None while it is still being made."""

    def remove(self, wanted: LoadBalancerSpec) -> bool:
        """Delete the load balancer of that name, and what goes with it; whether all of it is gone. What is not there is not missed."""


@dataclass(frozen=True)
class PodCaller:
    """A pod that calls AWS, as far as it decides whose credentials an SDK finds in it."""

    cluster: str  # the cluster's ARN
    namespace: str = ""
    account: str = ""  # its service account
    role_arn: str = ""  # that IRSA put into it
    associated: bool = False  # whether EKS Pod Identity put the address of the agent into it
    node_role: str = ""  # of the instance that it runs on
    of_eks: bool = False  # no pod of the cluster, but EKS Auto Mode, with the cluster's role


@dataclass(frozen=True)
class VolumeSpec:
    """The volume of EBS that a PersistentVolumeClaim wants."""

    name: str  # of its PersistentVolume, the same whenever the same claim asks
    zone: str
    size: int  # GiB
    kind: str  # gp3, io2, ...
    tags: dict[str, str]
    iops: int = 0  # 0: EC2's default
    throughput: int = 0  # MiB/s; 0: EC2's default
    encrypted: bool = False
    kms_key: str = ""
    multi_attach: bool = False


class VolumeError(RuntimeError):
    """Why AWS did not do it, in the words of the driver's SDK."""


class Volumes(Protocol):
    """From the EKS service: volumes of EBS. Called from threads of the Kubernetes backend."""

    def ensure(self, caller: PodCaller, wanted: VolumeSpec) -> str | None:
        """Make it where it is not there; its ID, None while it is still being made. Raises VolumeError."""

    def attach(self, caller: PodCaller, volume: str, instance: str) -> str:
        """Attach it where it is not; its device there. Raises VolumeError."""

    def detach(self, caller: PodCaller, volume: str, instance: str) -> None:
        """Detach it where it is attached. Raises VolumeError."""

    def remove(self, caller: PodCaller, volume: str) -> None:
        """Delete the volume of this ID. What is not there is not missed. Raises VolumeError."""


@dataclass(frozen=True)
class AwsSide:
    """What the controllers of a cluster use of AWS."""

    load_balancers: LoadBalancers
    volumes: Volumes
