"""What the EKS service and the Kubernetes backend know of each other.

The EKS service owns the state (clusters, node groups, profiles, access entries) and calls the Kubernetes backend
after every change. The Kubernetes backend makes the running control plane look like it, and never calls AWS: what a
cluster's controllers make there (the load balancers of its Services and Ingresses, the volumes of its claims) it asks of the EKS service.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from kumo_sandbox.aws_interfaces import AwsSide


@dataclass(frozen=True)
class NodeSpec:
    """One EC2 instance of a node group, or a self-managed one, as the kubelet on it would register it."""

    name: str  # private DNS name: ip-10-0-1-23.ap-northeast-1.compute.internal
    instance_id: str
    instance_type: str
    capacity_type: str  # ON_DEMAND, SPOT
    region: str
    zone: str
    private_ip: str
    nodegroup: str  # empty for a self-managed node
    labels: dict[str, str]  # the node group's own labels, the service's are added by the Kubernetes backend
    taints: tuple[tuple[str, str, str], ...]  # key, value, Kubernetes effect (NoSchedule, NoExecute, PreferNoSchedule)
    version: str  # Kubernetes version of the node group, 1.29
    ami_type: str
    image_id: str
    role_arn: str = ""  # of its instance profile


@dataclass(frozen=True)
class FargateProfileSpec:
    """An ACTIVE Fargate profile: pods that match a selector run on a Fargate node of their own."""

    name: str
    selectors: tuple[tuple[str, tuple[tuple[str, str], ...]], ...]  # namespace (may hold * and ?), labels
    subnets: tuple[str, ...]


@dataclass(frozen=True)
class AccessRule:
    """A principal the cluster knows: an access entry with its associated policies, or the creator as admin."""

    principal_arn: str  # IAM user or role ARN (never an assumed-role ARN)
    username: str
    groups: tuple[str, ...]
    policies: tuple[tuple[str, str, tuple[str, ...]], ...] = ()  # policy name (AmazonEKSAdminPolicy), scope, namespaces
    principal_id: str = ""  # the unique ID that IAM gave the principal; empty: of another account, any


@dataclass(frozen=True)
class AddonSpec:
    """An installed add-on; the Kubernetes backend runs its workload (CoreDNS Deployment, kube-proxy DaemonSet, ...)."""

    name: str
    version: str
    configuration: str = ""  # its configuration values as JSON or YAML text
    role_arn: str = ""  # of its service account, by IRSA


@dataclass(frozen=True)
class ClusterView:
    """What a cluster's control plane must look like now. Read again at each sync."""

    arn: str
    name: str
    account: str
    region: str
    version: str
    issuer: str
    service_cidr: str
    nodes: tuple[NodeSpec, ...] = ()
    fargate_profiles: tuple[FargateProfileSpec, ...] = ()
    access: tuple[AccessRule, ...] = ()
    authentication_mode: str = "API"
    node_roles: tuple[tuple[str, str], ...] = ()  # of managed nodes and of Fargate: ARN, type of an access entry
    addons: tuple[AddonSpec, ...] = field(default=())
    bootstrapped: tuple[
        AddonSpec, ...
    ] = ()  # software that was installed with the cluster, and that EKS does not manage
    pod_identities: tuple[tuple[str, str], ...] = ()  # namespace and service account of each association
    block_storage: bool = False  # whether EKS Auto Mode makes volumes of EBS
    signing_key: str = field(default="", repr=False)  # PEM of the issuer's key; empty: the Kubernetes backend makes one


@dataclass(frozen=True)
class ApiRequest:
    """A request to a cluster's API server, whether it serves that version or not."""

    group: str
    version: str
    resource: str
    user_agent: str
    moment: float  # POSIX time


class KubernetesBackend(Protocol):
    """Implemented by kumo_sandbox.kubernetes.KubernetesBackend; ``view(arn)`` gives the cluster as it should be now.

    ``view`` is called from its threads and must not wait for them. A cluster's API server posts its
    TokenReviews to ``token_review_url`` + "/" + the cluster's ARN (http://127.0.0.1:PORT/.../arn:aws:eks:...:cluster/NAME);
    the EKS service answers them with ``kumo_sandbox.kubernetes.review_token``.
    """

    def __init__(
        self,
        state_dir: str,
        view: Callable[[str], ClusterView | None],
        token_review_url: str,
        aws: AwsSide,
    ) -> None: ...

    def endpoint(self, arn: str) -> tuple[str, str]:
        """Reserve the cluster's endpoint: (https://127.0.0.1:PORT, base64 of the CA's PEM). Starts nothing; stable."""

    def sync(self, arn: str) -> None:
        """Make a started control plane look like ``view(arn)``; returns at once (work happens on a thread)."""

    def read_aws_auth(self, arn: str) -> dict[str, str]:
        """The data of the ConfigMap kube-system/aws-auth of a started cluster; empty where there is none."""

    def list_requests(self, arn: str) -> list[ApiRequest]:
        """Requests to API groups that have lost versions; none of a cluster that is not started."""

    def cordon(self, arn: str, nodes: list[str]) -> None:
        """Let no more pods go to nodes, and take them from load balancers; nothing in a cluster that is not started."""

    def drain(self, arn: str, nodes: list[str], force: bool) -> list[str]:
        """Evict the pods of nodes, with ``force`` delete those that a PodDisruptionBudget keeps; the nodes that pods are left on."""

    def addon_ready(self, arn: str, addon: str) -> bool:
        """Whether the add-on's pods could run by now (CoreDNS wants a node); a cluster not started is judged by its view."""

    def find_conflicts(self, arn: str, addon: AddonSpec, force: bool) -> list[str] | None:
        """The fields that keep an add-on from being applied, as EKS names them; None for a cluster that is not started.

        Args:
            force: overwrite what other field managers set. What Kubernetes does not let anybody change is left.
        """

    def settle_conflicts(self, arn: str, lines: list[str], overwrite: bool) -> None:
        """Leave fields of add-ons, as find_conflicts names them, to those who have changed them, or write over them."""

    def remove(self, arn: str) -> None:
        """Stop the cluster's processes and forget its state."""

    def status(self) -> Sequence[dict[str, object]]:
        """One row a cluster: arn, endpoint, started, pids, processes (name: pid), resident_mib."""

    def kubeconfig(self, arn: str) -> Path:
        """The cluster administrator's kubeconfig (0600)."""

    def stop(self) -> None:
        """Stop every process it started."""


class PrincipalOf(Protocol):
    """From the EKS service: who owns an access key. Returns (ARN, secret key, session token or None), None if unknown."""

    def __call__(self, access_key_id: str) -> tuple[str, str, str | None] | None: ...


class ReviewToken(Protocol):
    """kumo_sandbox.kubernetes.review_token: the answer to a TokenReview; ``now`` is POSIX time in seconds."""

    def __call__(
        self,
        body: dict[str, Any],
        *,
        cluster: ClusterView,
        principal_of: PrincipalOf,
        aws_auth: Callable[[], dict[str, str]],
        now: float,
    ) -> dict[str, Any]: ...
