# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The nodes of a managed node group whose pods move to another group: held, drained, and released.

What is done with a node is written on it, and nowhere else: a later run goes on from there, or takes it back.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

from ansible_collections.kumo.eks.plugins.module_utils.kubernetes.api import KubernetesApi, Object
from ansible_collections.kumo.eks.plugins.module_utils.kubernetes.kinds import NODE, POD
from ansible_collections.kumo.eks.plugins.module_utils.kubernetes.nodes import (
    DRAINING,
    Node,
    evict_pods,
    format_pod,
    list_drained_pods,
    read_node,
)

GROUP_LABEL = "eks.amazonaws.com/nodegroup"
CORDONED = "kumo.eks/cordoned"  # annotation: cordoned here, for the group that is its value; without it, somebody else cordoned it
# The cluster autoscaler leaves a node with it alone: an empty node of the old group is still needed to take the replacement back.
# https://github.com/kubernetes/autoscaler/blob/master/cluster-autoscaler/FAQ.md#how-can-i-prevent-cluster-autoscaler-from-scaling-down-a-particular-node
KEPT = "cluster-autoscaler.kubernetes.io/scale-down-disabled"
KEPT_HERE = "kumo.eks/scale-down-disabled"  # annotation: the one before was set here


@dataclass(frozen=True)
class GroupNode:
    """A node of a group.

    Args:
        cordoned_for: the group that is to take its pods, empty where it was not cordoned here.
        is_kept: whether the cluster autoscaler leaves it alone.
        is_kept_here: whether it does so because of this collection.
    """

    node: Node
    cordoned_for: str
    is_kept: bool
    is_kept_here: bool

    @property
    def name(self) -> str:
        return self.node.name

    @property
    def is_touched(self) -> bool:
        """Whether something on it is to be taken back."""
        return bool(self.cordoned_for or self.is_kept_here or self.node.draining_since is not None)


class GroupNodes:
    """The nodes of one managed node group."""

    def __init__(self, api: KubernetesApi, group: str) -> None:
        self._api, self.group = api, group

    def list(self) -> list[GroupNode]:
        """The nodes as they are now, in the order of their names."""
        rows = self._api.list(NODE, label_selector=f"{GROUP_LABEL}={self.group}")
        return sorted(map(_read, rows), key=lambda one: one.name)

    def hold(self, one: GroupNode, target: str) -> bool:
        """Let the node take no new pods, and keep the cluster autoscaler from ending it. Returns whether something was changed."""
        annotations: dict[str, str] = {}
        if not one.is_kept:
            annotations |= {KEPT: "true", KEPT_HERE: "true"}
        body: Object = {}
        if not one.node.unschedulable:
            annotations |= {CORDONED: target}
            body = {"spec": {"unschedulable": True}}
        if annotations:
            self._api.patch(NODE, one.name, {"metadata": {"annotations": annotations}, **body})
        return bool(annotations)

    def begin_drain(self, one: GroupNode) -> None:
        """Write down since when the node is drained."""
        since = {DRAINING: str(int(time.time()))}
        self._api.patch(NODE, one.name, {"metadata": {"annotations": since}})

    def release(self, one: GroupNode) -> bool:
        """Take back what was done here. A node that somebody else cordoned stays so. Returns whether something was changed."""
        if not one.is_touched:
            return False
        gone = {DRAINING: None, CORDONED: None, KEPT_HERE: None, **({KEPT: None} if one.is_kept_here else {})}
        body: Object = {"spec": {"unschedulable": None}} if one.cordoned_for else {}
        self._api.patch(NODE, one.name, {"metadata": {"annotations": gone}, **body})
        return True

    def evict(self, one: GroupNode) -> list[str]:
        """Ask for the end of each pod that a drain ends. Returns what is still there, and why."""
        return evict_pods(self._api, one.name)

    def list_pods(self, one: GroupNode) -> list[str]:
        """The pods that a drain has not ended."""
        return [format_pod(pod) for pod in list_drained_pods(self._api, one.name)]

    def list_bound_pods(self) -> list[str]:
        """Pods that only run on nodes of this very group, by their node selector or a required node affinity."""
        return [format_pod(pod) for pod in self._api.list(POD) if _is_bound(pod, self.group)]

    def list_lost_pods(self) -> list[str]:
        """Pods on the nodes that nothing starts again when they are evicted."""
        return [
            format_pod(pod)
            for one in self.list()
            for pod in list_drained_pods(self._api, one.name)
            if not any(owner.get("controller") for owner in pod["metadata"].get("ownerReferences") or [])
        ]


def _read(row: Object) -> GroupNode:
    annotations = row["metadata"].get("annotations") or {}
    return GroupNode(
        read_node(row), annotations.get(CORDONED) or "", annotations.get(KEPT) == "true", KEPT_HERE in annotations
    )


def _is_bound(pod: Object, group: str) -> bool:
    """Whether the pod names the group where it may run. It is bound if each alternative of its affinity does."""
    spec = pod.get("spec") or {}
    if (spec.get("nodeSelector") or {}).get(GROUP_LABEL) == group:
        return True
    required = ((spec.get("affinity") or {}).get("nodeAffinity") or {}).get(
        "requiredDuringSchedulingIgnoredDuringExecution"
    ) or {}
    terms = required.get("nodeSelectorTerms") or []
    return bool(terms) and all(any(_names(one, group) for one in term.get("matchExpressions") or []) for term in terms)


def _names(expression: Object, group: str) -> bool:
    values = expression.get("values") or []
    return expression.get("key") == GROUP_LABEL and expression.get("operator") == "In" and values == [group]
