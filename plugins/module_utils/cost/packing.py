# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether pods fit on nodes of one shape, and on how many: first fit, the largest pod first. Pure.

It keeps to zones, node selectors, required node affinity by labels, taints, spread constraints and anti-affinity that must hold. What
the scheduler only prefers is not looked at.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.cost.allocatable import Shape
from ansible_collections.kumo.eks.plugins.module_utils.cost.quantities import sum_requests

Row = dict[str, Any]
ZONE, HOST = "topology.kubernetes.io/zone", "kubernetes.io/hostname"
TYPE, ARCHITECTURE = "node.kubernetes.io/instance-type", "kubernetes.io/arch"
DO_NOT_SCHEDULE = "DoNotSchedule"
EFFECTS = ("NoSchedule", "NoExecute")


@dataclass(frozen=True)
class Pod:
    """What the scheduler asks of a pod.

    Args:
        cpu: vCPU, and memory GiB, that it requests.
        owner: pods of the same one are spread and kept apart.
        zones: in which it may run; None for all. A volume is in one zone.
        selectors: terms of which one must hold: by label, the values that it may have.
        tolerations: as in the pod.
        skews: how uneven the owner's pods may be by topology key.
        apart: topology keys of which two of the owner's pods may not have the same value.
    """

    name: str
    cpu: float
    memory: float
    owner: str = ""
    zones: frozenset[str] | None = None
    selectors: tuple[dict[str, frozenset[str]], ...] = ()
    tolerations: tuple[Row, ...] = ()
    skews: tuple[tuple[str, int], ...] = ()
    apart: frozenset[str] = frozenset()


@dataclass
class Node:
    """A node that is being filled."""

    zone: str
    cpu: float
    memory: float
    room: int
    owners: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True)
class Packing:
    """The outcome: how many nodes by zone, and the pods that are on none, with a reason."""

    nodes: dict[str, int]
    left: dict[str, str]

    @property
    def count(self) -> int:
        return sum(self.nodes.values())


def build_pod(row: Row, volume_zones: dict[tuple[str, str], frozenset[str]]) -> Pod:
    """A pod of the Kubernetes API.

    Args:
        volume_zones: of claims whose volume is in some zones only, by namespace and name.
    """
    spec, about = row["spec"], row["metadata"]
    cpu, memory = sum_requests(row)
    owner = next((one["uid"] for one in about.get("ownerReferences") or []), about.get("uid") or about["name"])
    return Pod(
        f"{about['namespace']}/{about['name']}",
        cpu,
        memory,
        owner,
        find_zones(row, volume_zones),
        tuple(read_selectors(spec)),
        tuple(spec.get("tolerations") or []),
        tuple(
            (one["topologyKey"], one.get("maxSkew") or 1)
            for one in spec.get("topologySpreadConstraints") or []
            if one.get("whenUnsatisfiable", DO_NOT_SCHEDULE) == DO_NOT_SCHEDULE
        ),
        frozenset(_list_apart(row)),
    )


def find_zones(row: Row, volume_zones: dict[tuple[str, str], frozenset[str]]) -> frozenset[str] | None:
    """The zones in which all volumes of a pod are; None where no volume binds it."""
    found: frozenset[str] | None = None
    for volume in row["spec"].get("volumes") or []:
        claim = (volume.get("persistentVolumeClaim") or {}).get("claimName")
        zones = volume_zones.get((row["metadata"]["namespace"], claim)) if claim else None
        if zones is not None:
            found = zones if found is None else found & zones
    return found


def read_selectors(spec: Row) -> Iterator[dict[str, frozenset[str]]]:
    """The node selector merged into each term of the required affinity. Operators other than In are not read: they are kept as they are."""
    base = {key: frozenset([value]) for key, value in (spec.get("nodeSelector") or {}).items()}
    affinity = (spec.get("affinity") or {}).get("nodeAffinity") or {}
    terms = (affinity.get("requiredDuringSchedulingIgnoredDuringExecution") or {}).get("nodeSelectorTerms") or []
    for term in terms:
        rows = [one for one in term.get("matchExpressions") or [] if one.get("operator") == "In"]
        yield {**base, **{one["key"]: frozenset(one["values"]) for one in rows}}
    if not terms and base:
        yield base


def _list_apart(row: Row) -> Iterator[str]:
    """Topology keys by which a pod stays away from those with its own labels."""
    anti = (row["spec"].get("affinity") or {}).get("podAntiAffinity") or {}
    labels = row["metadata"].get("labels") or {}
    for term in anti.get("requiredDuringSchedulingIgnoredDuringExecution") or []:
        wanted = (term.get("labelSelector") or {}).get("matchLabels") or {}
        if all(labels.get(key) == value for key, value in wanted.items()):
            yield term["topologyKey"]


def fits_labels(pod: Pod, labels: dict[str, str]) -> bool:
    """Whether a node with these labels is one that the pod asks for. Zones are looked at node by node."""
    return not pod.selectors or any(
        all(labels.get(key) in values for key, values in term.items() if key not in (ZONE, HOST))
        for term in pod.selectors
    )


def tolerates(pod: Pod, taints: Iterable[Row]) -> bool:
    """Whether the pod may run on a node with these taints."""
    return all(
        any(_matches(toleration, taint) for toleration in pod.tolerations)
        for taint in taints
        if taint.get("effect") in EFFECTS
    )


def _matches(toleration: Row, taint: Row) -> bool:
    """https://kubernetes.io/docs/concepts/scheduling-eviction/taint-and-toleration/"""
    if toleration.get("effect") and toleration["effect"] != taint.get("effect"):
        return False
    if toleration.get("operator") == "Exists":
        return not toleration.get("key") or toleration["key"] == taint["key"]
    return toleration.get("key") == taint["key"] and (toleration.get("value") or "") == (taint.get("value") or "")


def pack(
    pods: Iterable[Pod],
    shape: Shape,
    zones: Iterable[str],
    labels: dict[str, str] | None = None,
    taints: Iterable[Row] = (),
    daemons: tuple[float, float, int] = (0.0, 0.0, 0),
) -> Packing:
    """Fill nodes of a shape with pods.

    Args:
        zones: in which nodes can be.
        labels, taints: of each node. Those of the type are added.
        daemons: vCPU, GiB and number of the pods that each node has anyway.
    """
    return _Packer(shape, sorted(zones), labels or {}, list(taints), daemons).run(pods)


class _Packer:
    """The nodes that are filled, and the pods that are on none."""

    def __init__(
        self,
        shape: Shape,
        zones: list[str],
        labels: dict[str, str],
        taints: list[Row],
        daemons: tuple[float, float, int],
    ) -> None:
        self._shape, self._zones, self._taints = shape, zones, taints
        self._labels = {**labels, TYPE: shape.name, ARCHITECTURE: shape.architecture}
        self._room = (shape.cpu - daemons[0], shape.memory - daemons[1], shape.pods - daemons[2])
        self._nodes: list[Node] = []
        self._by_zone: dict[str, Counter[str]] = {zone: Counter() for zone in zones}

    def run(self, pods: Iterable[Pod]) -> Packing:
        left = {}
        share = (max(self._room[0], 0.001), max(self._room[1], 0.001))
        for pod in sorted(pods, key=lambda one: (-max(one.cpu / share[0], one.memory / share[1]), one.name)):
            reason = self._place(pod)
            if reason:
                left[pod.name] = reason
        return Packing(dict(Counter(node.zone for node in self._nodes)), left)

    def _place(self, pod: Pod) -> str:
        """Put a pod on a node, or say why it cannot be on any."""
        if not fits_labels(pod, self._labels):
            return "its node selector or affinity asks for other nodes"
        if not tolerates(pod, self._taints):
            return "it does not tolerate the taints"
        if pod.cpu > self._room[0] + 1e-9 or pod.memory > self._room[1] + 1e-9 or self._room[2] < 1:
            return "it requests more than a node has"
        zones = [zone for zone in self._zones if self._may_be_in(pod, zone)]
        if not zones:
            return "its volumes, selectors or spread constraints leave no zone"
        node = next((one for one in self._nodes if one.zone in zones and self._has_room(pod, one)), None)
        if node is None:
            node = self._open(min(zones, key=lambda zone: sum(one.zone == zone for one in self._nodes)))
        node.cpu, node.memory, node.room = node.cpu - pod.cpu, node.memory - pod.memory, node.room - 1
        node.owners[pod.owner] += 1
        self._by_zone[node.zone][pod.owner] += 1
        return ""

    def _open(self, zone: str) -> Node:
        node = Node(zone, *self._room)
        self._nodes.append(node)
        return node

    def _may_be_in(self, pod: Pod, zone: str) -> bool:
        if pod.zones is not None and zone not in pod.zones:
            return False
        if pod.selectors and not any(zone in term.get(ZONE, {zone}) for term in pod.selectors):
            return False
        counts = {one: self._by_zone[one][pod.owner] for one in self._zones}
        if ZONE in pod.apart and counts[zone]:
            return False
        return all(counts[zone] + 1 - min(counts.values()) <= skew for key, skew in pod.skews if key == ZONE)

    def _has_room(self, pod: Pod, node: Node) -> bool:
        if pod.cpu > node.cpu + 1e-9 or pod.memory > node.memory + 1e-9 or node.room < 1:
            return False
        count = node.owners[pod.owner]
        if HOST in pod.apart and count:
            return False
        least = min((one.owners[pod.owner] for one in self._nodes), default=0)
        return all(count + 1 - least <= skew for key, skew in pod.skews if key == HOST)
