# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reads of the Kubernetes API what AWS' API does not know: pods on Fargate, hybrid nodes, and what pods request."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.cost import fargate, items
from ansible_collections.kumo.eks.plugins.module_utils.cost.model import ClusterCosts, FargatePods, Unknown
from ansible_collections.kumo.eks.plugins.module_utils.cost.quantities import is_running, read_quantity, sum_requests
from ansible_collections.kumo.eks.plugins.module_utils.kubernetes.api import KubernetesApi
from ansible_collections.kumo.eks.plugins.module_utils.kubernetes.errors import KubernetesError
from ansible_collections.kumo.eks.plugins.module_utils.kubernetes.kinds import (
    NODE,
    PERSISTENT_VOLUME,
    PERSISTENT_VOLUME_CLAIM,
    POD,
)

Row = dict[str, Any]
METRICS = "/apis/metrics.k8s.io/v1beta1/{}"
COMPUTE_TYPE = "eks.amazonaws.com/compute-type"
PROVISIONED = "CapacityProvisioned"
EBS = "ebs.csi.aws.com"


@dataclass
class KubernetesSnapshot:
    """What the API server said.

    Args:
        usage: CPU and bytes by namespace and name of a pod; None where there are no metrics.
    """

    nodes: list[Row] = field(default_factory=list)
    pods: list[Row] = field(default_factory=list)
    volumes: list[Row] = field(default_factory=list)
    claims: list[Row] = field(default_factory=list)
    usage: dict[tuple[str, str], tuple[float, float]] | None = None


def read_snapshot(api: KubernetesApi) -> KubernetesSnapshot:
    """Nodes, pods, volumes and, where metrics-server is installed, usage."""
    return KubernetesSnapshot(
        list(api.list(NODE)),
        list(api.list(POD)),
        list(api.list(PERSISTENT_VOLUME)),
        list(api.list(PERSISTENT_VOLUME_CLAIM)),
        read_usage(api),
    )


def read_usage(api: KubernetesApi) -> dict[tuple[str, str], tuple[float, float]] | None:
    """Usage of pods, None without metrics-server.

    https://kubernetes.io/docs/tasks/debug/debug-cluster/resource-metrics-pipeline/
    """
    try:
        rows = json.loads(api.read(METRICS.format("pods")))["items"]
    except KubernetesError as error:
        if error.status in (403, 404, 503):
            return None
        raise
    found = {}
    for row in rows:
        usage = [one["usage"] for one in row["containers"]]
        key = (row["metadata"]["namespace"], row["metadata"]["name"])
        found[key] = tuple(sum(read_quantity(one.get(name)) for one in usage) for name in ("cpu", "memory"))
    return found  # type: ignore[return-value]


def get_compute_type(node: Row) -> str:
    """ec2, auto, hybrid or fargate; "" for nodes that have no such label."""
    return (node["metadata"].get("labels") or {}).get(COMPUTE_TYPE) or ""


def add_kubernetes(costs: ClusterCosts, snapshot: KubernetesSnapshot) -> None:
    """Add what only the Kubernetes API knows."""
    on_fargate = {node["metadata"]["name"] for node in snapshot.nodes if get_compute_type(node) == "fargate"}
    pods = [pod for pod in snapshot.pods if pod["spec"].get("nodeName") in on_fargate and is_running(pod)]
    sizes = Counter(map(find_size, pods))
    costs.fargate = [FargatePods(*size, count=count) for size, count in sorted(sizes.items(), key=str) if size]
    if sizes.get(None):
        costs.gaps.append(
            Unknown(items.FARGATE, f"{sizes[None]} pods", "they request more than any size of Fargate has")
        )
    hybrid = [node for node in snapshot.nodes if get_compute_type(node) == "hybrid"]
    costs.hybrid_vcpus = int(sum(read_quantity(node["status"]["capacity"]["cpu"]) for node in hybrid))


def find_size(pod: Row) -> tuple[float, float] | None:
    """The size of a pod on Fargate: what its annotation says, else what its requests are rounded up to."""
    text = (pod["metadata"].get("annotations") or {}).get(PROVISIONED) or ""
    return fargate.read_annotation(text) or fargate.round_up(*sum_requests(pod))


def list_volume_ids(snapshot: KubernetesSnapshot) -> list[str]:
    """The EBS volumes of PersistentVolumes."""
    sources = [row["spec"].get("csi") or {} for row in snapshot.volumes]
    return [source["volumeHandle"] for source in sources if source.get("driver") == EBS]
