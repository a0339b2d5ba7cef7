"""What the controllers of a cluster ask of the EKS service: load balancers of Services and Ingresses, and volumes of claims."""

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


@dataclass(frozen=True)
class TargetGroupSpec:
    """The target group of one port of a Service that an Ingress names."""

    name: str
    port: int
    protocol: str  # HTTP, HTTPS
    target_type: str  # instance, ip
    open_ports: tuple[int, ...]  # of its targets; none while it has no target
    tags: dict[str, str]


@dataclass(frozen=True)
class RuleSpec:
    """Which requests a listener sends to which target group."""

    hosts: tuple[str, ...]
    paths: tuple[str, ...]
    target_group: str  # its name; empty: a response 503


@dataclass(frozen=True)
class ListenerSpec:
    """A listener of an Application Load Balancer."""

    port: int
    protocol: str  # HTTP, HTTPS
    certificates: tuple[str, ...]  # ARNs; none: those that are found for the hosts
    hosts: tuple[str, ...]
    sources: tuple[str, ...]  # CIDR blocks that the load balancer's security group lets in
    default: str  # the name of a target group; empty: a response 404
    rules: tuple[RuleSpec, ...]


@dataclass(frozen=True)
class IngressStack:
    """What a group of Ingresses wants: an Application Load Balancer, and what goes with it."""

    cluster: str  # the cluster's ARN
    stack: str  # NAMESPACE/NAME of an Ingress, or the name of a group
    name: str  # of the load balancer
    group_name: str  # of the security group that is made for it
    internal: bool
    subnets: tuple[str, ...]  # IDs or names; none: discovered
    security_groups: tuple[str, ...]  # IDs or names; none: one is made
    backend_group: bool  # whether it has the security group that all load balancers of a cluster share
    listeners: tuple[ListenerSpec, ...]
    target_groups: tuple[TargetGroupSpec, ...]
    tags: dict[str, str]
    members: tuple[str, ...]  # the UIDs of the Ingresses


class IngressRefusedError(Exception):
    """An Ingress that the controller cannot serve; ``reason`` and the message are those of its event."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


class IngressLoadBalancers(Protocol):
    """From the EKS service: the load balancers of Ingresses. Called from threads of the Kubernetes backend."""

    def ensure(self, wanted: IngressStack) -> str | None:
        """Make it as it is wanted; its hostname, None while it is still being made. Raises IngressRefusedError."""

    def remove(self, cluster: str, stack: str) -> bool:
        """Delete what was made for a stack; whether all of it is gone. What is not there is not missed."""


class LoadBalancers(Protocol):
    """From the EKS service: the load balancers of Services. Called from threads of the Kubernetes backend."""

    @property
    def ingresses(self) -> IngressLoadBalancers:
        """Those of Ingresses."""

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

    def remove(self, caller: PodCaller, volume: str) -> None:
        """Delete the volume of this ID. What is not there is not missed. Raises VolumeError."""


@dataclass(frozen=True)
class AwsSide:
    """What the controllers of a cluster use of AWS."""

    load_balancers: LoadBalancers
    volumes: Volumes
