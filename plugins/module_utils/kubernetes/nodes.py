# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The nodes of a cluster by their EC2 instances: whether they are Ready, and how they are drained.

A drain is what kubectl does: the node takes no new pods, and each of its pods is evicted, which respects PodDisruptionBudgets.
https://kubernetes.io/docs/tasks/administer-cluster/safely-drain-node/
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass

from ansible_collections.kumo.eks.plugins.module_utils.kubernetes.api import KubernetesApi, Object
from ansible_collections.kumo.eks.plugins.module_utils.kubernetes.errors import KubernetesError
from ansible_collections.kumo.eks.plugins.module_utils.kubernetes.kinds import NODE, POD

DRAINING = "kumo.eks/draining"  # annotation: since when (POSIX time) this collection drains the node
MIRROR = "kubernetes.io/config.mirror"  # annotation of static pods, which no API call ends
FINISHED = ("Succeeded", "Failed")


@dataclass(frozen=True)
class Node:
    """A node as it was when the cluster was asked.

    Args:
        instance_id: of its provider ID, aws:///ZONE/INSTANCE.
        draining_since: POSIX time, None where this collection does not drain it.
    """

    name: str
    instance_id: str
    ready: bool
    unschedulable: bool = False
    draining_since: float | None = None


class ClusterNodes:
    """The nodes of one cluster, read once."""

    def __init__(self, api: KubernetesApi) -> None:
        self._api = api
        self._nodes = {node.instance_id: node for node in map(read_node, api.list(NODE))}

    def find(self, instance_id: str) -> Node | None:
        """The node on an instance, None where none has registered."""
        return self._nodes.get(instance_id)

    def cordon(self, node: Node) -> None:
        """Let the node take no new pods, and remember that it is this collection that drains it."""
        since = {"metadata": {"annotations": {DRAINING: str(int(time.time()))}}}
        self._api.patch(NODE, node.name, {**since, "spec": {"unschedulable": True}})

    def uncordon(self, node: Node) -> None:
        """Let a node take pods again that is not to go any more."""
        self._api.patch(
            NODE, node.name, {"metadata": {"annotations": {DRAINING: None}}, "spec": {"unschedulable": None}}
        )

    def evict_pods(self, node: Node) -> list[str]:
        """Ask for the end of each pod that a drain ends. Returns what is still there, and why."""
        return evict_pods(self._api, node.name)

    def list_pods_left(self, node: Node) -> list[str]:
        """The pods that a drain has not ended yet."""
        return [format_pod(pod) for pod in list_drained_pods(self._api, node.name)]


def list_drained_pods(api: KubernetesApi, node: str) -> Iterator[Object]:
    """The pods on a node that a drain ends."""
    return (pod for pod in api.list(POD, field_selector=f"spec.nodeName={node}") if is_drained(pod))


def evict_pods(api: KubernetesApi, node: str) -> list[str]:
    """Ask for the end of each pod on a node that a drain ends. Returns what is still there, and why."""
    return [_evict_pod(api, pod) for pod in list_drained_pods(api, node)]


def _evict_pod(api: KubernetesApi, pod: Object) -> str:
    """Ask for the end of a pod. Returns what becomes of it, and which budget keeps it."""
    metadata = pod["metadata"]
    if metadata.get("deletionTimestamp"):
        return f"{format_pod(pod)} ends"
    try:
        api.evict(metadata["name"], metadata["namespace"])
    except KubernetesError as error:
        if error.status == 429:
            return f"{format_pod(pod)} may not be evicted now: {_format_refusal(error)}"
        raise
    return f"{format_pod(pod)} ends"


def read_node(row: Object) -> Node:
    """A Node object."""
    metadata, spec = row["metadata"], row.get("spec") or {}
    since = (metadata.get("annotations") or {}).get(DRAINING)
    conditions = (row.get("status") or {}).get("conditions") or []
    return Node(
        metadata["name"],
        str(spec.get("providerID") or "").rpartition("/")[2],
        any(one["type"] == "Ready" and one["status"] == "True" for one in conditions),
        bool(spec.get("unschedulable")),
        float(since) if since else None,
    )


def is_drained(pod: Object) -> bool:
    """Whether a drain ends the pod: not one of a DaemonSet, which comes again, not a static one, not one that has ended."""
    metadata = pod["metadata"]
    owners = [owner["kind"] for owner in metadata.get("ownerReferences") or [] if owner.get("controller")]
    is_static = MIRROR in (metadata.get("annotations") or {})
    return not ("DaemonSet" in owners or is_static or (pod.get("status") or {}).get("phase") in FINISHED)


def _format_refusal(error: KubernetesError) -> str:
    """Why an eviction was refused. The causes name the PodDisruptionBudget, which the message does not."""
    causes = (error.body.get("details") or {}).get("causes") or []
    said = [cause["message"] for cause in causes if cause.get("reason") == "DisruptionBudget" and cause.get("message")]
    return "; ".join(said) or str(error.body.get("message") or error.message)


def format_pod(pod: Object) -> str:
    return f"pod {pod['metadata']['namespace']}/{pod['metadata']['name']}"
