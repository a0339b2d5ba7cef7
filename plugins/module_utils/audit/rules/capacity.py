# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""G, I, K, L, P: what nodes have, what pods reserve of it, and special nodes."""

from __future__ import annotations

from ansible_collections.kumo.eks.plugins.module_utils.audit.objects import (
    find_condition,
    format_names,
    get_labels,
    get_spec,
    get_status,
    is_running,
    parse_moment,
)
from ansible_collections.kumo.eks.plugins.module_utils.audit.rule import (
    HIGH,
    INFO,
    LOW,
    MEDIUM,
    Hits,
    NotApplicable,
    Row,
    name_object,
    rule,
)
from ansible_collections.kumo.eks.plugins.module_utils.audit.sources.workloads import list_containers, name_workload
from ansible_collections.kumo.eks.plugins.module_utils.kubernetes.quantities import parse_quantity
from ansible_collections.kumo.eks.plugins.module_utils.kubernetes.requests import sum_requests

RESOURCES = ("cpu", "memory")
LITTLE = 0.2  # of what a node has
YOUNG = 3600  # seconds
FARGATE = ("eks.amazonaws.com/compute-type", "fargate")
GPU_LABELS = ("karpenter.k8s.aws/instance-gpu-name", "eks.amazonaws.com/instance-gpu-name")
GPU = "nvidia.com/gpu"
# Conditions that the node monitoring agent sets to False: https://docs.aws.amazon.com/eks/latest/userguide/node-health.html
AGENT_CONDITIONS = (
    "AcceleratedHardwareReady",
    "ContainerRuntimeReady",
    "KernelReady",
    "NetworkingReady",
    "StorageReady",
)
OS = "kubernetes.io/os"


def list_instances(nodes: list[Row]) -> list[Row]:
    """Nodes without those of Fargate, which hold one pod each."""
    return [row for row in nodes if get_labels(row).get(FARGATE[0]) != FARGATE[1]]


def get_allocatable(node: Row, resource: str) -> float:
    return parse_quantity((get_status(node).get("allocatable") or {})[resource])


@rule(
    "G14",
    MEDIUM,
    "Kubelets reserve memory for the node",
    reads=("nodes",),
    why="Pods may take all memory of the node: the kernel then ends the kubelet or the container runtime.",
    remedy="Set kubeReserved, as the EKS AMIs do by default.",
    references=("AWS review R15",),
)
def no_reserve(nodes: list[Row]) -> Hits:
    for row in list_instances(nodes):
        capacity = (get_status(row).get("capacity") or {}).get("memory")
        if capacity and get_allocatable(row, "memory") >= parse_quantity(capacity):
            yield name_object("Node", row), "all memory is allocatable"


@rule(
    "G03d",
    HIGH,
    "The node monitoring agent reports no failure",
    reads=("nodes",),
    why="A node with a broken kernel, network, disk or accelerator still gets pods.",
    remedy="Replace the node, or turn node auto repair on.",
)
def agent_reports(nodes: list[Row]) -> Hits:
    for row in nodes:
        found = [(kind, find_condition(row, kind)) for kind in AGENT_CONDITIONS]
        bad = [f"{kind} ({one.get('reason', '')})" for kind, one in found if one.get("status") == "False"]
        if bad:
            yield name_object("Node", row), ", ".join(bad)


@rule(
    "L02b",
    LOW,
    "Pods reserve more than a fifth of each node",
    reads=("nodes", "pods", "now"),
    why="The rest of the node is paid for and not used.",
    remedy="Let Karpenter or the Cluster Autoscaler consolidate nodes, or use smaller instances.",
)
def little_reserved(nodes: list[Row], pods: list[Row], now: float) -> Hits:
    sums: dict[str, dict[str, float]] = {}
    for pod in filter(is_running, pods):
        own = sums.setdefault(pod["spec"]["nodeName"], dict.fromkeys(RESOURCES, 0.0))
        for name in RESOURCES:
            own[name] += sum_requests(pod["spec"], name)
    for row in list_instances(nodes):
        if now - (parse_moment(row["metadata"].get("creationTimestamp")) or now) < YOUNG:
            continue
        own = sums.get(row["metadata"]["name"], dict.fromkeys(RESOURCES, 0.0))
        shares = {name: own[name] / get_allocatable(row, name) for name in RESOURCES}
        if max(shares.values()) < LITTLE:
            yield (
                name_object("Node", row),
                f"reserved: {', '.join(f'{name} {share:.0%}' for name, share in shares.items())}",
            )


@rule(
    "I10e",
    HIGH,
    "Pods fit on a node",
    reads=("cluster", "workloads", "nodes", "node_pools"),
    why="A pod that requests more than the largest node has stays pending for ever.",
    remedy="Lower the request, or add larger nodes.",
)
def too_large(cluster: Row, workloads: list[Row], nodes: list[Row], node_pools: list[Row]) -> Hits:
    rows = list_instances(nodes)
    if node_pools or (cluster.get("computeConfig") or {}).get("enabled"):
        raise NotApplicable("nodes are started as large as pods need them")
    if len(rows) < max(len(nodes), 1):
        raise NotApplicable("pods may run on Fargate, or there are no nodes")
    most = {name: max(get_allocatable(row, name) for row in rows) for name in RESOURCES}
    for row in workloads:
        for name in RESOURCES:
            wanted = sum_requests(row["pod"], name)
            if wanted > most[name]:
                yield name_workload(row), f"requests {wanted:g} of {name}, the largest node has {most[name]:g}"
                break


@rule(
    "I10d",
    MEDIUM,
    "emptyDir volumes in memory have a limit",
    reads=("workloads",),
    why="What is written there counts as memory, up to half of the node's or the container's limit.",
    remedy="Set sizeLimit.",
)
def memory_volume(workloads: list[Row]) -> Hits:
    for row in workloads:
        names = [
            one["name"]
            for one in row["pod"].get("volumes") or []
            if (one.get("emptyDir") or {}).get("medium") == "Memory" and not one["emptyDir"].get("sizeLimit")
        ]
        if names:
            yield name_workload(row), f"emptyDir in memory without sizeLimit: {format_names(names)}"


@rule(
    "P03",
    HIGH,
    "Nodes with GPUs offer them",
    reads=("nodes",),
    why="Without the device plugin, no pod can request the GPUs that are paid for.",
    remedy="Install the NVIDIA device plugin, and use an AMI with the driver.",
)
def gpu_not_offered(nodes: list[Row]) -> Hits:
    rows = [row for row in nodes if any(name in get_labels(row) for name in GPU_LABELS)]
    if not rows:
        raise NotApplicable("no node is known to have a GPU")
    for row in rows:
        if not parse_quantity((get_status(row).get("allocatable") or {}).get(GPU, 0)):
            yield name_object("Node", row), f"{GPU} is not allocatable"


@rule(
    "P03b",
    LOW,
    "Nodes with GPUs keep other pods away",
    reads=("nodes",),
    why="Pods that need no GPU fill the node, and pods that do wait.",
    remedy=f"Taint the nodes with {GPU}.",
)
def gpu_without_taint(nodes: list[Row]) -> Hits:
    rows = [row for row in nodes if parse_quantity((get_status(row).get("allocatable") or {}).get(GPU, 0))]
    if not rows:
        raise NotApplicable("no node offers GPUs")
    if len(rows) == len(nodes):
        raise NotApplicable("all nodes have GPUs")
    for row in rows:
        taints = get_spec(row).get("taints") or []
        if not any(one.get("effect") in ("NoSchedule", "NoExecute") for one in taints):
            yield name_object("Node", row), "it has no taint"


@rule(
    "P02",
    MEDIUM,
    "Pods name their operating system where nodes have two",
    reads=("nodes", "workloads"),
    why="A pod for Linux that comes on a node with Windows, or the other way round, does not start.",
    remedy=f"Set a nodeSelector of {OS}, or taint the nodes with Windows.",
    references=("EKS best practices windows-scheduling", "AWS review W1", "AWS review W2"),
)
def no_operating_system(nodes: list[Row], workloads: list[Row]) -> Hits:
    windows = [row for row in nodes if get_labels(row).get(OS) == "windows"]
    if not windows or len(windows) == len(nodes):
        raise NotApplicable("all nodes have the same operating system")
    if all(get_spec(row).get("taints") for row in windows):
        return
    for row in workloads:
        pod = row["pod"]
        named = (
            OS in (pod.get("nodeSelector") or {}) or (pod.get("affinity") or {}).get("nodeAffinity") or pod.get("os")
        )
        if not named and list_containers(row):
            yield name_workload(row), f"it selects no {OS}"


@rule(
    "P01",
    INFO,
    "Hybrid nodes are ready",
    reads=("nodes",),
    why="A hybrid node that is not ready is often cut off from the VPC.",
    remedy="See its connection and its credentials.",
    references=("EKS user guide hybrid-nodes-troubleshooting",),
)
def hybrid_not_ready(nodes: list[Row]) -> Hits:
    rows = [row for row in nodes if get_labels(row).get(FARGATE[0]) == "hybrid"]
    if not rows:
        raise NotApplicable("the cluster has no hybrid nodes")
    for row in rows:
        if find_condition(row, "Ready").get("status") != "True":
            yield name_object("Node", row), "Ready is not True"
