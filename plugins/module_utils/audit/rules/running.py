# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""G, J, K, L: nodes and pods as they are now."""

from __future__ import annotations

import re
from collections import Counter

from ansible_collections.kumo.eks.plugins.module_utils.audit.rule import (
    HIGH,
    LOW,
    MEDIUM,
    Hits,
    NotApplicable,
    Row,
    name_object,
    rule,
)
from ansible_collections.kumo.eks.plugins.module_utils.audit.sources.workloads import name_workload
from ansible_collections.kumo.eks.plugins.module_utils.core.counts import format_count
from ansible_collections.kumo.eks.plugins.module_utils.core.versions import parse_minor

PRESSURES = ("DiskPressure", "MemoryPressure", "PIDPressure", "NetworkUnavailable")
WAITING = (
    "CrashLoopBackOff",
    "ImagePullBackOff",
    "ErrImagePull",
    "InvalidImageName",
    "CreateContainerConfigError",
    "RunContainerError",
)
MANY_RESTARTS = 20
SKEW = 3  # minor versions: https://kubernetes.io/releases/version-skew-policy/
# https://kubernetes.io/docs/setup/best-practices/cluster-large/
LIMITS = {"nodes": 5000, "pods": 150000}
NEAR = 0.8
INGRESS_NGINX = re.compile(r"(^|/)ingress-nginx/controller|ingress-nginx-controller")


def get_conditions(row: Row) -> dict[str, str]:
    return {one["type"]: one["status"] for one in (row.get("status") or {}).get("conditions") or []}


@rule(
    "G03",
    HIGH,
    "Nodes are ready",
    reads=("nodes",),
    why="Pods of the node do not answer, and are moved after five minutes.",
    remedy="See the conditions and the kubelet of the node, or replace it.",
    references=("Popeye POP-702",),
)
def node_not_ready(nodes: list[Row]) -> Hits:
    for row in nodes:
        if get_conditions(row).get("Ready") != "True":
            yield name_object("Node", row), f"Ready is {get_conditions(row).get('Ready', 'not reported')}"


@rule(
    "G03b",
    MEDIUM,
    "Nodes have disk, memory and process IDs left",
    reads=("nodes",),
    why="The kubelet evicts pods of the node.",
    remedy="Find what uses it up, or use larger instances or disks.",
    references=("Popeye POP-704",),
)
def node_pressure(nodes: list[Row]) -> Hits:
    for row in nodes:
        found = [name for name in PRESSURES if get_conditions(row).get(name) == "True"]
        if found:
            yield name_object("Node", row), ", ".join(found)


@rule(
    "G03c",
    LOW,
    "Nodes take pods",
    reads=("nodes",),
    why="A cordoned node that nobody drains costs as much as others, and takes no pods.",
    remedy="Uncordon it, or drain and terminate it.",
    references=("Popeye POP-711",),
)
def node_cordoned(nodes: list[Row]) -> Hits:
    for row in nodes:
        if (row.get("spec") or {}).get("unschedulable"):
            yield name_object("Node", row), "unschedulable is true"


@rule(
    "J08",
    HIGH,
    "Kubelets are at most two minor versions behind the control plane",
    reads=("cluster", "nodes"),
    why="The next upgrade of the control plane would leave them further behind than Kubernetes supports.",
    remedy="Update or replace the nodes.",
    task=("eks_upgrade_info", {"cluster_name": "{cluster}", "kubernetes_version": "{version}"}),
    references=("eksup K8S001", "EKS insights Kubelet version skew"),
)
def kubelet_skew(cluster: Row, nodes: list[Row]) -> Hits:
    own = parse_minor(cluster["version"])
    for row in nodes:
        version = ((row.get("status") or {}).get("nodeInfo") or {}).get("kubeletVersion", "")
        if version and own + 1 - int(version.lstrip("v").split(".")[1]) > SKEW:
            yield name_object("Node", row), f"kubelet {version}, control plane {cluster['version']}"


@rule(
    "G10b",
    MEDIUM,
    "Nodes of the cluster are in two zones or more",
    reads=("nodes",),
    why="All applications are gone when the zone fails.",
    remedy="Add node groups or NodePools in other zones.",
    references=("Prowler autoscaling_group_multiple_az",),
)
def nodes_in_one_zone(nodes: list[Row]) -> Hits:
    if not nodes:
        raise NotApplicable("the cluster has no nodes")
    zones = {(row["metadata"].get("labels") or {}).get("topology.kubernetes.io/zone") for row in nodes} - {None}
    if len(zones) == 1:
        yield "Nodes", f"all {format_count(len(nodes), 'node', 'is', 'are')} in {zones.pop()}"


@rule(
    "L02",
    LOW,
    "Nodes have pods of users",
    reads=("nodes", "pods"),
    why="A node that runs only DaemonSets costs as much as others.",
    remedy="Scale the group down, or turn on consolidation of Karpenter.",
)
def empty_node(nodes: list[Row], pods: list[Row]) -> Hits:
    used = set()
    for row in pods:
        owners = {one["kind"] for one in row["metadata"].get("ownerReferences") or []}
        if not owners & {"DaemonSet", "Node"}:
            used.add((row.get("spec") or {}).get("nodeName"))
    for row in nodes:
        if row["metadata"]["name"] not in used:
            yield name_object("Node", row), "it has no pods but those of DaemonSets"


def group_pods(rows: list[tuple[Row, str]]) -> Hits:
    """A violation for each controller of pods, with how many of them."""
    found: dict[str, Counter[str]] = {}
    for row, reason in rows:
        owner = next((one for one in row["metadata"].get("ownerReferences") or [] if one.get("controller")), None)
        name = f"{owner['kind']} {row['metadata']['namespace']}/{owner['name']}" if owner else name_object("Pod", row)
        found.setdefault(name, Counter())[reason] += 1
    for name, reasons in found.items():
        yield name, ", ".join(f"{format_count(number, 'pod')}: {reason}" for reason, number in reasons.items())


def list_statuses(pod: Row) -> list[Row]:
    status = pod.get("status") or {}
    return [*(status.get("initContainerStatuses") or []), *(status.get("containerStatuses") or [])]


@rule(
    "K02",
    HIGH,
    "Containers start and stay up",
    reads=("pods",),
    why="The application does not work, or not with all of its replicas.",
    remedy="See the logs and events of the pod.",
    references=("Popeye POP-203", "Popeye POP-204"),
)
def failing_pods(pods: list[Row]) -> Hits:
    rows = []
    for pod in pods:
        for one in list_statuses(pod):
            reason = ((one.get("state") or {}).get("waiting") or {}).get("reason")
            if reason in WAITING:
                rows.append((pod, reason))
    yield from group_pods(rows)


@rule(
    "K02b",
    MEDIUM,
    "No container was killed for its memory",
    reads=("pods",),
    why="What the container did at that moment is lost.",
    remedy="Raise the limit of memory, or find the leak.",
)
def out_of_memory(pods: list[Row]) -> Hits:
    rows = []
    for pod in pods:
        for one in list_statuses(pod):
            states = [(one.get(key) or {}).get("terminated") or {} for key in ("state", "lastState")]
            if any(state.get("reason") == "OOMKilled" for state in states):
                rows.append((pod, f"OOMKilled {one['name']}"))
    yield from group_pods(rows)


@rule(
    "K02c",
    HIGH,
    "No pod waits for a node",
    reads=("pods",),
    why="There is no room, or no node that fits its affinity, tolerations or volumes.",
    remedy="See the condition PodScheduled of the pod.",
    references=("Popeye POP-207",),
)
def unschedulable_pods(pods: list[Row]) -> Hits:
    rows = []
    for pod in pods:
        for one in (pod.get("status") or {}).get("conditions") or []:
            if one["type"] == "PodScheduled" and one["status"] == "False" and one.get("reason") == "Unschedulable":
                rows.append((pod, str(one.get("message") or "unschedulable")[:150]))
    yield from group_pods(rows)


@rule(
    "K02d",
    LOW,
    "Containers are not started again and again",
    reads=("pods",),
    why="Something ends the process from time to time, and users see errors.",
    remedy="See the last state and the logs of the container before.",
    references=("Popeye POP-205",),
)
def many_restarts(pods: list[Row]) -> Hits:
    reason = f"was restarted {MANY_RESTARTS} times or more"
    rows = [
        (pod, f"{one['name']} {reason}")
        for pod in pods
        for one in list_statuses(pod)
        if one.get("restartCount", 0) >= MANY_RESTARTS
    ]
    yield from group_pods(rows)


@rule(
    "K02e",
    MEDIUM,
    "Deployments, StatefulSets and DaemonSets have the replicas that they want",
    reads=("all_workloads",),
    why="The application has less capacity than planned, or an update does not go on.",
    remedy="See the conditions of the workload, and the events of its pods.",
    references=("Popeye POP-501",),
)
def missing_replicas(all_workloads: list[Row]) -> Hits:
    for row in all_workloads:
        status = row["object"].get("status") or {}
        if row["kind"] in ("Deployment", "StatefulSet"):
            wanted, ready = row["replicas"], status.get("readyReplicas") or 0
        elif row["kind"] == "DaemonSet":
            wanted, ready = status.get("desiredNumberScheduled") or 0, status.get("numberReady") or 0
        else:
            continue
        if ready < wanted:
            yield name_workload(row), f"{ready} of {format_count(wanted, 'replica', 'is', 'are')} ready"
