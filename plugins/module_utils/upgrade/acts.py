# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Does the steps of an upgrade, each by the reconciler of what it changes."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.core.concurrency import ItemResult
from ansible_collections.kumo.eks.plugins.module_utils.core.errors import NotReady, get_facts
from ansible_collections.kumo.eks.plugins.module_utils.core.reconciler import Reconciler
from ansible_collections.kumo.eks.plugins.module_utils.core.times import format_time
from ansible_collections.kumo.eks.plugins.module_utils.core.versions import parse_minor
from ansible_collections.kumo.eks.plugins.module_utils.eks.addon import AddonResource
from ansible_collections.kumo.eks.plugins.module_utils.eks.addon_versions import AddonCatalog
from ansible_collections.kumo.eks.plugins.module_utils.eks.cluster import ClusterResource
from ansible_collections.kumo.eks.plugins.module_utils.eks.nodegroup import NodegroupLookups, NodegroupResource
from ansible_collections.kumo.eks.plugins.module_utils.kubernetes.api import KubernetesApi, Object
from ansible_collections.kumo.eks.plugins.module_utils.kubernetes.kinds import POD, REPLICA_SET, Kind
from ansible_collections.kumo.eks.plugins.module_utils.nodes.replacement import Replacement
from ansible_collections.kumo.eks.plugins.module_utils.nodes.self_managed_steps import run_steps
from ansible_collections.kumo.eks.plugins.module_utils.upgrade.kubernetes_reading import read_nodes
from ansible_collections.kumo.eks.plugins.module_utils.upgrade.plan import (
    ADDON,
    CONTROL_PLANE,
    FARGATE,
    NODEGROUP,
    SELF_MANAGED,
    Step,
    Strategies,
)
from ansible_collections.kumo.eks.plugins.module_utils.upgrade.state import Row, is_fargate, read_kubelet_minor

# What kubectl rollout restart sets: https://kubernetes.io/docs/reference/kubectl/generated/kubectl_rollout/kubectl_rollout_restart/
RESTARTED = "kubectl.kubernetes.io/restartedAt"
RESTARTABLE = {
    "Deployment": Kind("apps/v1", "Deployment", "deployments"),
    "StatefulSet": Kind("apps/v1", "StatefulSet", "statefulsets"),
}


@dataclass
class UpgradeActs:
    """The steps of one cluster.

    Args:
        eks: boto3's client.
        lookups: what node groups look up.
        open_api: the API server of the cluster.
        strategies: of managed node groups.
        build_replacement: makes the replacement of a node group, by its name.
        build_manager: makes the manager of self-managed nodes, with the look at their nodes.
        items: the declared groups of self-managed nodes by name.
        force: whether nodes of managed groups go although a budget keeps pods on them.
        force_cluster: whether EKS ignores its upgrade insights (UpdateClusterVersion.force).
        wait_timeout: seconds, of each step.
        warn: shows a warning.
    """

    eks: Any
    cluster_name: str
    lookups: NodegroupLookups
    open_api: Callable[[], KubernetesApi]
    build_manager: Callable[[], tuple[Any, Any]]
    items: dict[str, Row] = field(default_factory=dict)
    force: bool = False
    force_cluster: bool = False
    wait_timeout: float = 7200
    warn: Callable[[str], None] = lambda text: None
    strategies: Strategies = field(default_factory=Strategies)
    build_replacement: Callable[[str], Replacement] | None = None

    def do(self, step: Step) -> None:
        """Do one step, and wait for its end."""
        self._find(step.kind)(step)

    def _find(self, kind: str) -> Callable[[Step], None]:
        return {
            CONTROL_PLANE: self._update_control_plane,
            ADDON: self._update_addon,
            NODEGROUP: self._update_nodegroup,
            SELF_MANAGED: self._roll_self_managed,
            FARGATE: self._restart_fargate_pods,
        }[kind]

    def _ensure(self, resource: Any, desired: Row) -> None:
        Reconciler(resource, wait=True, wait_timeout=self.wait_timeout).ensure_present(desired)

    def _update_control_plane(self, step: Step) -> None:
        desired = {"version": step.after, "force": self.force_cluster, "rollback": is_step_back(step)}
        self._ensure(ClusterResource(self.eks, self.cluster_name), desired)

    def _update_addon(self, step: Step) -> None:
        """Settings and roles stay: the resource sends them again. What was changed in the cluster by hand stays, too.

        PRESERVE is "not supported for operation CreateAddon", and what UpdateAddon takes: UpdateAddonRequest.resolveConflicts
        """
        item = {"name": step.name, "version": step.after, "resolve_conflicts": "PRESERVE"}
        self._ensure(AddonResource(self.eks, self.cluster_name, item, AddonCatalog(self.eks, self.cluster_name)), item)

    def _update_nodegroup(self, step: Step) -> None:
        """By EKS, or by a new group; a replacement that was begun goes on. EKS creates no group of an older version than the cluster's."""
        replacement = self.build_replacement(step.name) if self.build_replacement else None
        pair = replacement.read() if replacement else None
        if pair and pair.old and not is_step_back(step):
            if pair.new or self.strategies.is_blue_green(pair.old):
                self._replace(replacement)
                return
        lookups = NodegroupLookups(self.eks, self.cluster_name, self.lookups.ec2, self.lookups.ssm)
        resource = NodegroupResource(self.eks, self.cluster_name, step.name, lookups)
        desired = {"name": step.name, "version": step.after, "force": self.force, "rollback": is_step_back(step)}
        self._ensure(resource, desired)

    @staticmethod
    def _replace(replacement: Replacement) -> None:
        """A failure has the steps of the upgrade as its facts, and not those of the replacement."""
        try:
            replacement.replace()
        except Exception as error:
            error.facts = {key: value for key, value in get_facts(error).items() if key != "steps"}
            raise

    def _roll_self_managed(self, step: Step) -> None:
        """The new image in the launch template, and then the rollout of the group."""
        manager, look = self.build_manager()
        item = {**self.items[step.name], "version": step.after}
        work = {step.name: lambda: manager.ensure_present(item)}
        (result,) = run_steps(work, look, True, self.wait_timeout)
        raise_failure(result)

    # pods on Fargate

    def _restart_fargate_pods(self, step: Step) -> None:
        """Restart the owners of pods whose Fargate nodes have an older kubelet. Others are named: nobody starts them again."""
        api = self.open_api()
        minor = int(step.after.partition(".")[2])
        nodes = [node for node in read_nodes(api) if is_fargate(node)]
        old = {node["metadata"]["name"] for node in nodes if read_kubelet_minor(node) < minor}
        pods = [pod for pod in api.list(POD) if (pod.get("spec") or {}).get("nodeName") in old] if old else []
        owners = {pod["metadata"]["name"]: find_owner(api, pod) for pod in pods}
        moment = format_time(time.time())
        for kind, namespace, name in sorted({owner for owner in owners.values() if owner}):
            body = {"spec": {"template": {"metadata": {"annotations": {RESTARTED: moment}}}}}
            api.patch(RESTARTABLE[kind], name, body, namespace)
        left = [name for name, owner in owners.items() if owner is None]
        if left:
            self.warn(
                f"Pods on Fargate that have no Deployment or StatefulSet keep their kubelet: {', '.join(sorted(left))}."
            )


def is_step_back(step: Step) -> bool:
    """Whether a step of the control plane or a node group is part of a rollback."""
    return parse_minor(step.after) < parse_minor(step.before)


def find_owner(api: KubernetesApi, pod: Object) -> tuple[str, str, str] | None:
    """Kind, namespace and name of what starts a pod again, None where nothing does that can be restarted."""
    namespace = pod["metadata"]["namespace"]
    for owner in _list_owners(pod):
        if owner["kind"] in RESTARTABLE:
            return owner["kind"], namespace, owner["name"]
        if owner["kind"] == "ReplicaSet":
            row = api.get(REPLICA_SET, owner["name"], namespace) or {"metadata": {}}
            above = next((one for one in _list_owners(row) if one["kind"] in RESTARTABLE), None)
            if above:
                return above["kind"], namespace, above["name"]
    return None


def _list_owners(row: Object) -> Iterator[Object]:
    return (one for one in row["metadata"].get("ownerReferences") or [] if one.get("controller"))


def raise_failure(result: ItemResult) -> None:
    """The failure of an item, as an exception."""
    if result.error is not None:
        raise result.error
    if result.outcome is not None and result.outcome.pending:
        raise NotReady(f"{result.name}: {'; '.join(result.outcome.pending)}")
