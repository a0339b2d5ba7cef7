# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The steps of a rollback by one minor version, from what a cluster is like now. Pure.

What is newer than the version goes back first: add-ons to a version that is compatible with both, and nodes, since no kubelet may be newer
than its API server. The control plane is last: https://docs.aws.amazon.com/eks/latest/userguide/rollback-cluster.html
"""

from __future__ import annotations

from collections.abc import Iterator

from ansible_collections.kumo.eks.plugins.module_utils.core.ami_types import CUSTOM
from ansible_collections.kumo.eks.plugins.module_utils.core.counts import format_count
from ansible_collections.kumo.eks.plugins.module_utils.core.versions import parse_minor
from ansible_collections.kumo.eks.plugins.module_utils.upgrade.plan import (
    ADDON,
    AUTO_MODE,
    CONTROL_PLANE,
    FARGATE,
    NODEGROUP,
    OTHER,
    SELF_MANAGED,
    Plan,
    Step,
    build_step,
    choose_addon_version,
    list_known_versions,
    list_other_nodes,
    order_addons,
)
from ansible_collections.kumo.eks.plugins.module_utils.upgrade.state import (
    ClusterState,
    is_fargate,
    read_kubelet_minor,
)

FARGATE_NOTE = (
    "EKS takes no pod on Fargate back: scale their workloads to zero, and up again when the control plane is back"
)
OTHER_NOTE = "replace them by nodes of the older version (Karpenter does it for a NodePool with an older image)"


def build_rollback_plan(state: ClusterState, target: int, addon_versions: dict[str, str], declared: set[str]) -> Plan:
    """The plan back to a minor version; without steps where the control plane has it.

    Args:
        addon_versions, declared: as those of build_plan.
    """
    plan = Plan(state.minor, target, addons={raw["addonName"]: raw["addonVersion"] for raw in state.addons})
    if target == state.minor:
        return plan
    plan.prepare = [
        *_plan_addons(state, plan, addon_versions),
        *_plan_nodegroups(state, target),
        *_plan_self_managed(state, target, declared),
        *_plan_left(state, target),
    ]
    name = state.cluster["name"]
    plan.later = [build_step(target, CONTROL_PLANE, name, f"1.{state.minor}", f"1.{target}", note="a rollback")]
    return plan


def _plan_addons(state: ClusterState, plan: Plan, wanted: dict[str, str]) -> Iterator[Step]:
    """Add-ons whose version does not know the older Kubernetes version: to one that knows both."""
    for name in order_addons(plan.addons):
        rows, now = list_known_versions(state, name), plan.addons[name]
        if rows is None:
            continue  # a gate says so
        known = next((row["cluster_versions"] for row in rows if row["version"] == now), [])
        if f"1.{plan.target}" in known:
            continue
        both = [row for row in rows if {f"1.{plan.target}", f"1.{plan.current}"} <= set(row["cluster_versions"])]
        if not both:
            problem = f"no version is compatible with both 1.{plan.target} and 1.{plan.current}"
            plan.unfit.append({"name": name, "minor": plan.target, "problem": problem})
            continue
        chosen = choose_addon_version(both, f"1.{plan.target}", wanted.get(name))
        plan.addons[name] = chosen
        note = f"{now} is not compatible with 1.{plan.target}, {chosen} is with both"
        yield build_step(plan.target, ADDON, name, now, chosen, note=note)


def _plan_nodegroups(state: ClusterState, target: int) -> Iterator[Step]:
    """EKS takes a node group back by an update to the older version, as long as the control plane can be rolled back."""
    for raw in state.nodegroups:
        if parse_minor(raw["version"]) <= target:
            continue
        words = {}
        if raw.get("amiType") == CUSTOM:
            words = {"by": "you", "note": "it has an image of your own: give its launch template one for this version"}
        yield build_step(target, NODEGROUP, raw["nodegroupName"], raw["version"], f"1.{target}", **words)


def _plan_self_managed(state: ClusterState, target: int, declared: set[str]) -> Iterator[Step]:
    for row in state.self_managed.value or []:
        if not row["version"] or parse_minor(row["version"]) <= target:
            continue
        words = {}
        if row["is_pinned"]:
            words = {"by": "you", "note": "it has an image of your own: declare one for this version"}
        elif row["name"] not in declared:
            words = {"by": "you", "note": "its declaration is needed: name it in self_managed_nodegroups"}
        yield build_step(target, SELF_MANAGED, row["name"], row["version"], f"1.{target}", **words)


def _plan_left(state: ClusterState, target: int) -> Iterator[Step]:
    """Nodes that go back with the control plane, and those that nobody here takes back."""
    if state.is_auto_mode:
        yield build_step(
            target, AUTO_MODE, "", f"1.{state.minor}", f"1.{target}", by="EKS", note="before the control plane"
        )
    newer = [row for row in state.kubernetes.nodes.value or [] if read_kubelet_minor(row) > target]
    pods = [row for row in newer if is_fargate(row)]
    if pods:
        note = f"{format_count(len(pods), 'pod')}. {FARGATE_NOTE}"
        yield build_step(target, FARGATE, "", f"1.{state.minor}", f"1.{target}", by="you", note=note)
    others = set(list_other_nodes(state)) & {row["metadata"]["name"] for row in newer}
    if others:
        note = f"{format_count(len(others), 'node')} of other owners: {', '.join(sorted(others)[:5])}. {OTHER_NOTE}"
        yield build_step(target, OTHER, "", f"1.{state.minor}", f"1.{target}", by="you", note=note)
