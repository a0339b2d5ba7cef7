# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What could cost less: idle nodes, instance types that hold the same pods for less, spot and Graviton. Pure.

All amounts are by the shipped table, for the type that is there and for the one that is proposed, so that they can be compared.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.cost.allocatable import Shape, build_shape
from ansible_collections.kumo.eks.plugins.module_utils.cost.book import find_shipped, get_currency
from ansible_collections.kumo.eks.plugins.module_utils.cost.packing import (
    ARCHITECTURE,
    TYPE,
    ZONE,
    Pod,
    build_pod,
    pack,
)
from ansible_collections.kumo.eks.plugins.module_utils.cost.price import HOURS
from ansible_collections.kumo.eks.plugins.module_utils.cost.quantities import (
    GIB,
    is_running,
    read_quantity,
    sum_requests,
)

Row = dict[str, Any]
# Labels by which nodes belong to a group
GROUPS = (
    "eks.amazonaws.com/nodegroup",
    "karpenter.sh/nodepool",
    "kumo.eks/self-managed-nodegroup",
    "alpha.eksctl.io/nodegroup-name",
)
CAPACITY = ("eks.amazonaws.com/capacityType", "karpenter.sh/capacity-type")
COMPUTE_TYPE = "eks.amazonaws.com/compute-type"
ELSEWHERE = ("fargate", "hybrid")
OF_TYPE = (TYPE, ARCHITECTURE, ZONE, "kubernetes.io/hostname")
BURSTABLE = "t"
MOST_CPU = 64  # vCPU of a type that is proposed
LEAST_SAVING = 0.05  # of what a group costs; less is not worth a change
IMAGES = "check that all images are built for arm64"
LEAST_TYPES = 3  # of a group on spot
ONE_FAMILY = "its types are of one family"
# https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/spot-best-practices.html
DIVERSIFY = "EC2 interrupts a group with few types more often"


@dataclass
class Group:
    """The nodes of a group, and the pods on them."""

    name: str
    nodes: list[Row] = field(default_factory=list)
    pods: list[Row] = field(default_factory=list)
    daemons: list[Row] = field(default_factory=list)

    @property
    def is_spot(self) -> bool:
        return any((get_labels(node).get(key) or "").upper() == "SPOT" for node in self.nodes for key in CAPACITY)

    @property
    def types(self) -> list[str]:
        return sorted(get_labels(node).get(TYPE) or "" for node in self.nodes)

    @property
    def zones(self) -> list[str]:
        return sorted({get_labels(node).get(ZONE) or "" for node in self.nodes})


def get_labels(row: Row) -> dict[str, str]:
    return row["metadata"].get("labels") or {}


def list_groups(nodes: Iterable[Row], pods: Iterable[Row]) -> list[Group]:
    """The groups of nodes on EC2, each with its pods."""
    groups: dict[str, Group] = {}
    by_node: dict[str, Group] = {}
    for node in nodes:
        labels = get_labels(node)
        if labels.get(COMPUTE_TYPE) in ELSEWHERE or not labels.get(TYPE):
            continue
        name = next((labels[key] for key in GROUPS if labels.get(key)), "nodes without a group")
        group = groups.setdefault(name, Group(name))
        group.nodes.append(node)
        by_node[node["metadata"]["name"]] = group
    for pod in pods:
        group_of_pod = by_node.get(pod["spec"].get("nodeName") or "")
        if group_of_pod and is_running(pod):
            (group_of_pod.daemons if is_daemon(pod) else group_of_pod.pods).append(pod)
    return [groups[name] for name in sorted(groups)]


def is_daemon(pod: Row) -> bool:
    """Whether each node has such a pod anyway."""
    return any(one.get("kind") in ("DaemonSet", "Node") for one in pod["metadata"].get("ownerReferences") or [])


def find_savings(
    nodes: list[Row],
    pods: list[Row],
    volumes: list[Row],
    claims: list[Row],
    usage: dict[tuple[str, str], tuple[float, float]] | None,
    types: list[Row],
    region: str,
) -> list[Row]:
    """For each group its use, and what could be changed.

    Args:
        types: of DescribeInstanceTypes.
        usage: by metrics-server: CPU and bytes of pods; None where there are no metrics.
    """
    shapes = {row["InstanceType"]: build_shape(row) for row in types}
    offered = [shapes[row["InstanceType"]] for row in types if is_proposed(row)]
    zones = find_volume_zones(volumes, claims)
    return [_look_at(group, shapes, offered, zones, usage, region) for group in list_groups(nodes, pods)]


def is_proposed(row: Row) -> bool:
    """Whether a type can stand in for another: of the current generation, not bare metal, without accelerators, not burstable."""
    return bool(
        row.get("CurrentGeneration", True)
        and not row.get("BareMetal")
        and not row.get("GpuInfo")
        and not row.get("InferenceAcceleratorInfo")
        and not row.get("BurstablePerformanceSupported")
        and row["VCpuInfo"]["DefaultVCpus"] <= MOST_CPU
        and "on-demand" in (row.get("SupportedUsageClasses") or ["on-demand"])
    )


def find_volume_zones(volumes: list[Row], claims: list[Row]) -> dict[tuple[str, str], frozenset[str]]:
    """The zones of claims whose volume is bound to some."""
    found = {}
    by_name = {row["metadata"]["name"]: row for row in volumes}
    for claim in claims:
        volume = by_name.get(claim["spec"].get("volumeName") or "")
        required = (((volume or {}).get("spec") or {}).get("nodeAffinity") or {}).get("required") or {}
        zones = {
            value
            for term in required.get("nodeSelectorTerms") or []
            for one in term.get("matchExpressions") or []
            if one.get("key") in (ZONE, "topology.ebs.csi.aws.com/zone")
            for value in one.get("values") or []
        }
        if zones:
            found[claim["metadata"]["namespace"], claim["metadata"]["name"]] = frozenset(zones)
    return found


def _look_at(
    group: Group,
    shapes: dict[str, Shape],
    offered: list[Shape],
    zones: dict[tuple[str, str], frozenset[str]],
    usage: dict[tuple[str, str], tuple[float, float]] | None,
    region: str,
) -> Row:
    pods = [build_pod(pod, zones) for pod in group.pods]
    current = price_types(group.types, region)
    found = {
        "group": group.name,
        "nodes": len(group.nodes),
        "instance_types": sorted(set(group.types)),
        "spot": group.is_spot,
        **measure(group, usage),
        "idle_nodes": list_idle(group),
        "monthly": current,
        "currency": get_currency(region),
        "proposals": [],
        "advice": list(advise(group, shapes, region)),
    }
    if current is not None and pods:
        found["proposals"] = list(propose(group, pods, offered, current, region))
    return found


def price_types(names: Iterable[str], region: str) -> float | None:
    """What nodes of these types cost in a month on demand; None where the price of one is not known."""
    prices = [find_shipped(region, f"ec2/{name}") for name in names]
    return None if None in prices else round(sum(price.amount for price in prices if price) * HOURS, 2)


def measure(group: Group, usage: dict[tuple[str, str], tuple[float, float]] | None) -> Row:
    """Requests and usage as shares of what the nodes can give."""
    cpu, memory = (
        sum(read_quantity(node["status"]["allocatable"].get(name)) for node in group.nodes)
        for name in ("cpu", "memory")
    )
    requests = [sum_requests(pod) for pod in [*group.pods, *group.daemons]]
    found = {
        "cpu_requested": _share(sum(one[0] for one in requests), cpu),
        "memory_requested": _share(sum(one[1] for one in requests) * GIB, memory),
        "cpu_used": None,
        "memory_used": None,
    }
    if usage is not None:
        used = [
            usage.get((pod["metadata"]["namespace"], pod["metadata"]["name"]), (0.0, 0.0))
            for pod in [*group.pods, *group.daemons]
        ]
        found["cpu_used"] = _share(sum(one[0] for one in used), cpu)
        found["memory_used"] = _share(sum(one[1] for one in used), memory)
    return found


def _share(part: float, whole: float) -> float:
    """Percent."""
    return round(100 * part / whole, 1) if whole else 0.0


def list_idle(group: Group) -> list[str]:
    """Nodes that have nothing but what each node has."""
    busy = {pod["spec"]["nodeName"] for pod in group.pods}
    return sorted(node["metadata"]["name"] for node in group.nodes if node["metadata"]["name"] not in busy)


def measure_daemons(group: Group) -> tuple[float, float, int]:
    """What the daemons of the fullest node request: a new node has as much."""
    by_node: dict[str, list[tuple[float, float]]] = defaultdict(list)
    for pod in group.daemons:
        by_node[pod["spec"]["nodeName"]].append(sum_requests(pod))
    sums = [(sum(a for a, _b in rows), sum(b for _a, b in rows), len(rows)) for rows in by_node.values()]
    return tuple(max(one[number] for one in sums) for number in range(3)) if sums else (0.0, 0.0, 0)  # type: ignore[return-value]


def propose(group: Group, pods: list[Pod], offered: list[Shape], current: float, region: str) -> Iterator[Row]:
    """For each architecture the cheapest type that holds the same pods, in as many zones as now, where that saves enough."""
    for architecture in ("amd64", "arm64"):
        shapes = [shape for shape in offered if shape.architecture == architecture]
        best = find_cheapest(group, pods, shapes, current * (1 - LEAST_SAVING), region)
        if best:
            shape, nodes, monthly = best
            yield {
                "instance_type": shape.name,
                "nodes": nodes,
                "monthly": monthly,
                "saving": round(current - monthly, 2),
                "architecture": architecture,
                "note": IMAGES if architecture == "arm64" and not is_arm(group) else "",
            }


def is_arm(group: Group) -> bool:
    return all(get_labels(node).get(ARCHITECTURE) == "arm64" for node in group.nodes)


def find_cheapest(
    group: Group, pods: list[Pod], shapes: list[Shape], limit: float, region: str
) -> tuple[Shape, int, float] | None:
    """The cheapest shape below a limit. Those that cannot be cheaper by their sums alone are not packed."""
    daemons, zones = measure_daemons(group), group.zones
    labels = {key: value for key, value in get_labels(group.nodes[0]).items() if key not in OF_TYPE}
    taints = group.nodes[0]["spec"].get("taints") or []
    least = min(len(zones), len(group.nodes))
    cpu, memory = sum(pod.cpu for pod in pods), sum(pod.memory for pod in pods)
    ranked = []
    for shape in shapes:
        price = find_shipped(region, f"ec2/{shape.name}")
        room = (shape.cpu - daemons[0], shape.memory - daemons[1], shape.pods - daemons[2])
        if price and min(room) > 0:
            bound = max(least, cpu / room[0], memory / room[1], len(pods) / room[2])
            ranked.append((bound * price.amount * HOURS, shape.name, shape, price.amount))
    best: tuple[Shape, int, float] | None = None
    for bound, _name, shape, amount in sorted(ranked, key=lambda row: row[:2]):
        if bound >= (best[2] if best else limit):
            break
        packing = pack(pods, shape, zones, labels, taints, daemons)
        count = max(packing.count, least)
        monthly = round(count * amount * HOURS, 2)
        if not packing.left and monthly < (best[2] if best else limit):
            best = (shape, count, monthly)
    return best


def advise(group: Group, shapes: dict[str, Shape], region: str) -> Iterator[str]:
    """What to know of spot."""
    types = sorted(set(group.types))
    if group.is_spot:
        families = {name.partition(".")[0] for name in types}
        if len(types) < LEAST_TYPES or len(families) == 1:
            others = ", ".join(list_similar(types[0], shapes, region)[:5])
            yield f"Only {', '.join(types)} run on spot, and {DIVERSIFY}. Types of the same size: {others or 'none are known'}."
    elif group.pods and all(is_replaceable(pod) for pod in group.pods):
        yield "All pods belong to controllers and have no volume in one zone, so that the group could be on spot if they bear an interruption."


def is_replaceable(pod: Row) -> bool:
    """Whether a pod is made again elsewhere when its node goes: not a bare pod, not of a StatefulSet, and without claims."""
    owners = [one.get("kind") for one in pod["metadata"].get("ownerReferences") or []]
    has_claim = any(volume.get("persistentVolumeClaim") for volume in pod["spec"].get("volumes") or [])
    return bool(owners) and "StatefulSet" not in owners and not has_claim


def list_similar(name: str, shapes: dict[str, Shape], region: str) -> list[str]:
    """Types of other families with the same vCPU and at least the same memory, the cheapest first."""
    own = shapes.get(name)
    if own is None:
        return []
    rows = []
    for other in shapes.values():
        price = find_shipped(region, f"ec2/{other.name}")
        same = other.architecture == own.architecture and abs(other.cpu - own.cpu) < 0.01
        if same and price and own.memory * 0.97 <= other.memory <= own.memory * 2.1 and other.name != name:
            rows.append((price.amount, other.name))
    return [one for _amount, one in sorted(rows) if not one.startswith(BURSTABLE)]
