# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The steps of an upgrade, one minor version at a time, from what a cluster is like now. Pure.

A plan keeps nothing: it is made of the state of the cluster, so that a run which was interrupted is taken up by the next one.
The order of a minor version: control plane, add-ons, managed node groups, self-managed nodes, pods on Fargate.
https://docs.aws.amazon.com/eks/latest/userguide/update-cluster.html
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.core.ami_types import CUSTOM
from ansible_collections.kumo.eks.plugins.module_utils.core.counts import format_count
from ansible_collections.kumo.eks.plugins.module_utils.core.specs.upgrade import BLUE_GREEN, ROLLING
from ansible_collections.kumo.eks.plugins.module_utils.core.versions import parse_minor
from ansible_collections.kumo.eks.plugins.module_utils.eks.addon_versions import (
    DEFAULT,
    MOST_RECENT,
    parse_numbers,
)
from ansible_collections.kumo.eks.plugins.module_utils.eks.nodegroup_names import get_declared_name
from ansible_collections.kumo.eks.plugins.module_utils.upgrade.state import (
    ClusterState,
    Row,
    get_instance,
    get_nodegroup,
    is_fargate,
    read_kubelet_minor,
)

GUIDE = "https://docs.aws.amazon.com/eks/latest/userguide/"
# The order in which the guide names the add-ons that every cluster has; the others follow by name.
ADDON_ORDER = ("vpc-cni", "coredns", "kube-proxy")
KUBE_PROXY = "kube-proxy"
CONTROL_PLANE, ADDON, NODEGROUP, SELF_MANAGED, FARGATE, AUTO_MODE, OTHER = (
    "control_plane",
    "addon",
    "nodegroup",
    "self_managed_nodes",
    "fargate_pods",
    "auto_mode_nodes",
    "other_nodes",
)
TITLES = {
    CONTROL_PLANE: "control plane",
    ADDON: "add-on {name}",
    NODEGROUP: "node group {name}",
    SELF_MANAGED: "self-managed nodes {name}",
    FARGATE: "pods on Fargate",
    AUTO_MODE: "nodes of EKS Auto Mode",
    OTHER: "other nodes",
}
BLUE_GREEN_NOTE = "by a new node group, to which the pods move"
# How long a step usually takes, where AWS says so. Of what depends on the cluster, the limit.
USUAL = {
    CONTROL_PLANE: (
        "a few minutes",
        "https://docs.aws.amazon.com/eks/latest/APIReference/API_UpdateClusterVersion.html",
    ),
    NODEGROUP: (
        "at most 15 minutes to drain a node, several nodes at once",
        f"{GUIDE}managed-node-update-behavior.html",
    ),
}


@dataclass(frozen=True)
class Step:
    """One step.

    Args:
        minor: the Kubernetes version to which it belongs, like "1.32".
        kind: one of the constants of this file.
        name: of the add-on or node group; of the cluster for its control plane.
        before, after: the versions.
        by: who does it: "kumo.eks", "EKS", or "you" for what this collection cannot do.
        note: what else is to be known of it.
        usual_duration, source: what AWS says of its duration, empty where it says nothing.
    """

    minor: str
    kind: str
    name: str
    before: str
    after: str
    by: str = "kumo.eks"
    note: str = ""
    usual_duration: str = ""
    source: str = ""

    @property
    def title(self) -> str:
        return TITLES[self.kind].format(name=self.name)

    def build_row(self) -> Row:
        return asdict(self)


@dataclass(frozen=True)
class Strategies:
    """How managed node groups get another version.

    Args:
        default: "rolling", by EKS, or "blue_green", by a new group. by_name: that of single groups, by declared name or EKS' own.
    """

    default: str = ROLLING
    by_name: dict[str, str] = field(default_factory=dict)

    def is_blue_green(self, raw: Row) -> bool:
        names = (raw["nodegroupName"], get_declared_name(raw))
        return next((self.by_name[name] for name in names if name in self.by_name), self.default) == BLUE_GREEN


@dataclass
class Plan:
    """The steps, and which versions things have before the next step of the control plane.

    Args:
        prepare: steps at the version that the control plane has.
        later: steps of the minor versions after it.
        addons: the version of each add-on when the control plane takes its next step.
        unfit: add-ons without a version for a minor version: {name, minor, problem}.
        blue_green: node groups that are replaced by new ones.
    """

    current: int
    target: int
    prepare: list[Step] = field(default_factory=list)
    later: list[Step] = field(default_factory=list)
    addons: dict[str, str] = field(default_factory=dict)
    unfit: list[Row] = field(default_factory=list)
    blue_green: set[str] = field(default_factory=set)

    @property
    def steps(self) -> list[Step]:
        return [*self.prepare, *self.later]

    @property
    def is_rollback(self) -> bool:
        return self.target < self.current

    @property
    def next_minor(self) -> int:
        """The minor version of the next step of the control plane; the current one where none is left."""
        return min(self.current + 1, self.target)

    @property
    def own_steps(self) -> list[Step]:
        """What this collection does."""
        return [step for step in self.steps if step.by == "kumo.eks"]


def build_plan(
    state: ClusterState,
    target: int,
    addon_versions: dict[str, str],
    declared: set[str],
    strategies: Strategies | None = None,
) -> Plan:
    """The plan from the state to a minor version.

    Args:
        addon_versions: of an add-on the version that the user wants: ``default``, ``most_recent`` or one by name.
        declared: groups of self-managed nodes whose options the task has.
        strategies: of managed node groups; by default EKS rolls them.
    """
    plan = Plan(state.minor, target, addons={raw["addonName"]: raw["addonVersion"] for raw in state.addons})
    chosen = strategies or Strategies()
    plan.blue_green = {raw["nodegroupName"] for raw in state.nodegroups if chosen.is_blue_green(raw)}
    plan.prepare = [
        *_plan_addons(state, plan, state.minor, addon_versions),
        *_plan_nodes(state, plan, state.minor, declared, is_first=True),
    ]
    if target > state.minor:
        plan.prepare += _plan_bridges(state, plan, state.minor + 1, addon_versions)
    at_first = dict(plan.addons)
    for minor in range(state.minor + 1, target + 1):
        if minor > state.minor + 1:
            plan.later += _plan_bridges(state, plan, minor, addon_versions)
        plan.later.append(build_step(minor, CONTROL_PLANE, state.cluster["name"], f"1.{minor - 1}", f"1.{minor}"))
        plan.later += _plan_addons(state, plan, minor, addon_versions)
        plan.later += _plan_nodes(state, plan, minor, declared, is_first=False)
    plan.addons = at_first
    plan.unfit += _list_misnamed(state, target, addon_versions)
    return plan


def _list_misnamed(state: ClusterState, target: int, wanted: dict[str, str]) -> Iterator[Row]:
    """Versions of add-ons that the user names and that the target is not compatible with."""
    for raw in state.addons:
        name = raw["addonName"]
        rows, version = list_known_versions(state, name), wanted.get(name, DEFAULT)
        fit = [row["version"] for row in rows or [] if f"1.{target}" in row["cluster_versions"]]
        if rows is not None and version not in (DEFAULT, MOST_RECENT, *fit):
            yield {
                "name": name,
                "minor": target,
                "problem": f"{version}, which is declared, is not compatible with 1.{target}",
            }


def build_step(minor: int, kind: str, name: str, before: str, after: str, **words: str) -> Step:
    """A step, with what AWS says of its duration."""
    duration, source = USUAL.get(kind, ("", "")) if words.get("note") != BLUE_GREEN_NOTE else ("", "")
    return Step(f"1.{minor}", kind, name, before, after, usual_duration=duration, source=source, **words)


def order_addons(names: Any) -> list[str]:
    """Names of add-ons in the order of their updates."""
    return sorted(names, key=lambda name: (ADDON_ORDER.index(name) if name in ADDON_ORDER else len(ADDON_ORDER), name))


def _plan_addons(state: ClusterState, plan: Plan, minor: int, wanted: dict[str, str]) -> Iterator[Step]:
    """Bring each add-on to the version that is recommended for a minor version. A newer one that is compatible stays."""
    for name in order_addons(plan.addons):
        rows = list_known_versions(state, name)
        if rows is None:
            continue  # a gate says so
        fit = [row for row in rows if f"1.{minor}" in row["cluster_versions"]]
        if not fit:
            plan.unfit.append({"name": name, "minor": minor, "problem": f"EKS offers no version for 1.{minor}"})
            continue
        chosen = choose_addon_version(fit, f"1.{minor}", wanted.get(name))
        now = plan.addons[name]
        if not _is_behind(now, chosen, fit, wanted.get(name)):
            continue
        plan.addons[name] = chosen
        yield build_step(minor, ADDON, name, now, chosen)


def _plan_bridges(state: ClusterState, plan: Plan, minor: int, wanted: dict[str, str]) -> Iterator[Step]:
    """Add-ons whose version does not know the next minor version: first to one that knows both.

    kube-proxy follows the control plane, by the version skew of Kubernetes: https://kubernetes.io/releases/version-skew-policy/
    """
    for name in order_addons(plan.addons):
        rows = list_known_versions(state, name)
        if rows is None or name == KUBE_PROXY:
            continue
        now = plan.addons[name]
        known = next((row["cluster_versions"] for row in rows if row["version"] == now), [])
        if f"1.{minor}" in known:
            continue
        both = [row for row in rows if {f"1.{minor - 1}", f"1.{minor}"} <= set(row["cluster_versions"])]
        if not both:
            problem = f"no version is compatible with both 1.{minor - 1} and 1.{minor}"
            plan.unfit.append({"name": name, "minor": minor, "problem": problem})
            continue
        chosen = choose_addon_version(both, f"1.{minor}", wanted.get(name))
        plan.addons[name] = chosen
        yield build_step(
            minor - 1, ADDON, name, now, chosen, note=f"{now} is not compatible with 1.{minor}, {chosen} is with both"
        )


def list_known_versions(state: ClusterState, name: str) -> list[Row] | None:
    """The versions of an add-on, newest first, None where they are not known."""
    read = state.offers.get(name)
    return read.value if read and read.is_known else None


def choose_addon_version(fit: list[Row], kubernetes: str, wanted: str | None) -> str:
    """The version among the compatible ones that the user wants, else the one that EKS recommends: its default."""
    if wanted == MOST_RECENT:
        return fit[0]["version"]
    if wanted not in (None, DEFAULT) and any(row["version"] == wanted for row in fit):
        return wanted
    defaults = [row["version"] for row in fit if kubernetes in row["default_for"]]
    return (defaults or [row["version"] for row in fit])[0]


def _is_behind(now: str, chosen: str, fit: list[Row], wanted: str | None) -> bool:
    """Whether an add-on is to be updated: it is not compatible, older than recommended, or not what the user named."""
    if now == chosen:
        return False
    is_compatible = any(row["version"] == now for row in fit)
    is_named = wanted not in (None, DEFAULT, MOST_RECENT) and wanted == chosen
    return not is_compatible or is_named or parse_numbers(now) < parse_numbers(chosen)


# nodes


def _plan_nodes(state: ClusterState, plan: Plan, minor: int, declared: set[str], is_first: bool) -> Iterator[Step]:
    """The nodes of a minor version: those that lag behind now, or all of them after a step of the control plane."""
    yield from _plan_nodegroups(state, plan, minor, is_first)
    yield from _plan_self_managed(state, minor, declared, is_first)
    yield from _plan_fargate(state, minor, is_first)
    yield from _plan_others(state, minor, is_first)


def _plan_nodegroups(state: ClusterState, plan: Plan, minor: int, is_first: bool) -> Iterator[Step]:
    for raw in state.nodegroups:
        now = raw["version"] if is_first else f"1.{minor - 1}"
        if parse_minor(now) >= minor:
            continue
        words = {"note": BLUE_GREEN_NOTE} if raw["nodegroupName"] in plan.blue_green else {}
        if raw.get("amiType") == CUSTOM:
            words = {"by": "you", "note": "it has an image of your own: give its launch template one for this version"}
        yield build_step(minor, NODEGROUP, raw["nodegroupName"], now, f"1.{minor}", **words)


def _plan_self_managed(state: ClusterState, minor: int, declared: set[str], is_first: bool) -> Iterator[Step]:
    for row in state.self_managed.value or []:
        now = (row["version"] or f"1.{minor}") if is_first else f"1.{minor - 1}"
        outdated = row["outdated"] if is_first else 0
        if parse_minor(now) >= minor and not outdated:
            continue
        words = (
            {"note": f"{format_count(outdated, 'instance', 'is', 'are')} to be replaced"}
            if parse_minor(now) >= minor
            else {}
        )
        if row["is_pinned"]:
            words = {"by": "you", "note": "it has an image of your own: declare one for this version"}
        elif row["name"] not in declared:
            words = {"by": "you", "note": "its declaration is needed: name it in self_managed_nodegroups"}
        yield build_step(minor, SELF_MANAGED, row["name"], now, f"1.{minor}", **words)


def _plan_fargate(state: ClusterState, minor: int, is_first: bool) -> Iterator[Step]:
    """Pods on Fargate get the kubelet of the cluster's version when they are started again."""
    if not state.fargate_profiles:
        return
    if is_first:
        nodes = [row for row in state.kubernetes.nodes.value or [] if is_fargate(row)]
        behind = [row for row in nodes if read_kubelet_minor(row) < minor]
        if behind:
            oldest = min(map(read_kubelet_minor, behind))
            yield build_step(minor, FARGATE, "", f"1.{oldest}", f"1.{minor}", note=format_count(len(behind), "pod"))
        return
    yield build_step(minor, FARGATE, "", f"1.{minor - 1}", f"1.{minor}")


def _plan_others(state: ClusterState, minor: int, is_first: bool) -> Iterator[Step]:
    """Nodes that follow by themselves, and those that nobody here replaces."""
    if state.is_auto_mode and not is_first:
        yield build_step(minor, AUTO_MODE, "", f"1.{minor - 1}", f"1.{minor}", by="EKS")
    names = list_other_nodes(state)
    if names and not is_first:
        note = (
            f"{format_count(len(names), 'node')} of other owners (Karpenter replaces its own): {', '.join(names[:5])}"
        )
        yield build_step(minor, OTHER, "", f"1.{minor - 1}", f"1.{minor}", by="you", note=note)


def list_other_nodes(state: ClusterState) -> list[str]:
    """Nodes that belong to no managed node group, no group of this collection, neither Fargate nor Auto Mode."""
    own = {instance for row in state.self_managed.value or [] for instance in row["instances"]}
    return [
        node["metadata"]["name"]
        for node in state.kubernetes.nodes.value or []
        if not (get_nodegroup(node) or is_fargate(node) or get_instance(node) in own)
        and (node["metadata"].get("labels") or {}).get("eks.amazonaws.com/compute-type") != "auto"
    ]
