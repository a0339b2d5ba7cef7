"""The control planes of clusters, as the EKS service uses them: real ones, or none at all."""

from __future__ import annotations

import base64
import secrets

from kumo_sandbox.eks.store import Cluster
from kumo_sandbox.interfaces import AddonSpec, ApiRequest, KubernetesBackend
from kumo_sandbox.partitions import find_partition

RUNS_WITHOUT_NODES = {"vpc-cni", "kube-proxy", "eks-pod-identity-agent", "eks-node-monitoring-agent"}  # DaemonSets


class ControlPlanes:
    """Passes on to the Kubernetes backend; without one a cluster has an endpoint that nobody answers at."""

    def __init__(self, backend: KubernetesBackend | None = None) -> None:
        self._backend = backend

    def reserve_endpoint(self, arn: str) -> tuple[str, str]:
        """The cluster's endpoint and its certificate authority in base64."""
        if self._backend:
            return self._backend.endpoint(arn)
        name = secrets.token_hex(16).upper()
        authority = base64.b64encode(b"no control plane").decode()
        region = arn.split(":")[3]
        return f"https://{name}.gr7.{region}.eks.{find_partition(region).domain}", authority

    def sync(self, arn: str) -> None:
        """Report that a cluster looks different now."""
        if self._backend:
            self._backend.sync(arn)

    def read_aws_auth(self, arn: str) -> dict[str, str]:
        """The data of the cluster's aws-auth ConfigMap; empty without a control plane."""
        return self._backend.read_aws_auth(arn) if self._backend else {}

    def list_requests(self, arn: str) -> list[ApiRequest]:
        """Who asked for which version of API groups that have lost some; none without a control plane."""
        return self._backend.list_requests(arn) if self._backend else []

    def cordon(self, arn: str, nodes: list[str]) -> None:
        """Let no more pods go to nodes."""
        if self._backend and nodes:
            self._backend.cordon(arn, nodes)

    def drain(self, arn: str, nodes: list[str], force: bool) -> list[str]:
        """Evict the pods of nodes; those that pods are left on, none without a control plane."""
        return self._backend.drain(arn, nodes, force) if self._backend and nodes else []

    def find_conflicts(self, arn: str, addon: AddonSpec, force: bool) -> list[str] | None:
        """What keeps an add-on from being applied; None where no control plane runs that could be asked."""
        return self._backend.find_conflicts(arn, addon, force) if self._backend else None

    def settle_conflicts(self, arn: str, lines: list[str], overwrite: bool) -> None:
        """What an update does with fields of an add-on that were changed in the cluster."""
        if self._backend and lines:
            self._backend.settle_conflicts(arn, lines, overwrite)

    def remove(self, arn: str) -> None:
        if self._backend:
            self._backend.remove(arn)

    def is_addon_ready(self, cluster: Cluster, addon: str) -> bool:
        """Whether the add-on's pods could run: those of Deployments need a node."""
        if addon in RUNS_WITHOUT_NODES or _starts_nodes(cluster):
            return True
        if self._backend:
            return self._backend.addon_ready(cluster.raw["arn"], addon)
        return bool(cluster.joined) or any(
            raw["status"] != "CREATING" and raw["scalingConfig"]["desiredSize"] > 0
            for raw in cluster.nodegroups.values()
        )


def _starts_nodes(cluster: Cluster) -> bool:
    """Whether EKS Auto Mode starts a node for a pod that finds no place: its built-in node pools do."""
    compute = cluster.raw.get("computeConfig") or {}
    return bool(compute.get("enabled") and compute.get("nodePools"))
