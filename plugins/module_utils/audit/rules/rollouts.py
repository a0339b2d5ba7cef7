# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""I, J, M: where replicas run, and how their rollouts and their ends go."""

from __future__ import annotations

from ansible_collections.kumo.eks.plugins.module_utils.audit.objects import (
    ZONE,
    format_names,
    get_labels,
    group_by_owner,
    is_running,
)
from ansible_collections.kumo.eks.plugins.module_utils.audit.rule import (
    LOW,
    MEDIUM,
    Hits,
    NotApplicable,
    Row,
    rule,
)
from ansible_collections.kumo.eks.plugins.module_utils.audit.sources.workloads import name_workload
from ansible_collections.kumo.eks.plugins.module_utils.core.counts import format_count
from ansible_collections.kumo.eks.plugins.module_utils.kubernetes.selectors import select

REPLICATED = ("Deployment", "StatefulSet")
DRAIN_LIMIT = 900  # seconds: https://docs.aws.amazon.com/eks/latest/userguide/managed-node-update-behavior.html


def list_replicated(workloads: list[Row], least: int) -> list[Row]:
    return [row for row in workloads if row["kind"] in REPLICATED and (row["replicas"] or 0) >= least]


def get_strategy(workload: Row) -> Row:
    spec = workload["object"].get("spec") or {}
    return spec.get("strategy") or spec.get("updateStrategy") or {}


@rule(
    "I02b",
    LOW,
    "A Deployment owns each ReplicaSet",
    reads=("workloads",),
    why="A ReplicaSet does not roll out changes of its pods.",
    remedy="Make a Deployment of it.",
)
def bare_replica_set(workloads: list[Row]) -> Hits:
    for row in workloads:
        if row["kind"] == "ReplicaSet" and row["replicas"]:
            yield name_workload(row), f"{format_count(row['replicas'], 'replica')} without a Deployment"


@rule(
    "I03b",
    MEDIUM,
    "The replicas of no workload are all on one node",
    reads=("workloads", "pods", "nodes"),
    why="The loss of that node is the loss of the workload.",
    remedy="Set topologySpreadConstraints for kubernetes.io/hostname, and restart the workload.",
    references=("AWS review R5", "hardeneks schedule_replicas_across_nodes"),
)
def one_node(workloads: list[Row], pods: list[Row], nodes: list[Row]) -> Hits:
    if len(nodes) < 2:
        raise NotApplicable("the cluster has one node at most")
    for name, rows in list_running_replicas(workloads, pods):
        places = {row["spec"]["nodeName"] for row in rows}
        if len(rows) > 1 and len(places) == 1:
            yield name, f"{format_count(len(rows), 'pod')} on {places.pop()}"


@rule(
    "I03c",
    LOW,
    "The replicas of no workload are all in one zone",
    reads=("workloads", "pods", "nodes"),
    why="A failure of that zone is the loss of the workload, although the cluster has nodes in others.",
    remedy="Set topologySpreadConstraints for topology.kubernetes.io/zone, and restart the workload.",
    references=("AWS review R4",),
)
def one_zone(workloads: list[Row], pods: list[Row], nodes: list[Row]) -> Hits:
    zones = {row["metadata"]["name"]: get_labels(row).get(ZONE) for row in nodes}
    if len({zone for zone in zones.values() if zone}) < 2:
        raise NotApplicable("the nodes are in one zone at most")
    for name, rows in list_running_replicas(workloads, pods):
        places = {zones.get(row["spec"]["nodeName"]) for row in rows}
        if len(rows) > 1 and len(places) == 1 and None not in places:
            yield name, f"{format_count(len(rows), 'pod')} in {places.pop()}"


def list_running_replicas(workloads: list[Row], pods: list[Row]) -> list[tuple[str, list[Row]]]:
    """The running pods of Deployments and StatefulSets of users."""
    owned = group_by_owner(filter(is_running, pods))
    names = [name_workload(row) for row in list_replicated(workloads, 2)]
    return [(name, owned.get(name, [])) for name in names]


@rule(
    "I08b",
    MEDIUM,
    "Rollouts keep pods available",
    reads=("workloads",),
    why="With maxUnavailable at all replicas, a bad image takes away the working pods as well.",
    remedy="Set maxUnavailable to 25% or less.",
)
def rollout_takes_all(workloads: list[Row]) -> Hits:
    for row in list_replicated(workloads, 2):
        limit = (get_strategy(row).get("rollingUpdate") or {}).get("maxUnavailable")
        if limit == "100%" or (isinstance(limit, int) and limit >= row["replicas"]):
            yield name_workload(row), f"maxUnavailable is {limit} of {row['replicas']} replicas"


@rule(
    "I08c",
    LOW,
    "Deployments keep a revision to go back to",
    reads=("workloads",),
    why="With revisionHistoryLimit 0, kubectl rollout undo has nothing to go back to.",
    remedy="Set revisionHistoryLimit to 2 or more.",
)
def no_revisions(workloads: list[Row]) -> Hits:
    for row in workloads:
        if row["kind"] == "Deployment" and (row["object"].get("spec") or {}).get("revisionHistoryLimit") == 0:
            yield name_workload(row), "revisionHistoryLimit is 0"


@rule(
    "M04",
    LOW,
    "DaemonSets and StatefulSets roll out changes",
    reads=("workloads",),
    why="With OnDelete, pods keep their old image until somebody deletes them: a fix does not arrive.",
    remedy="Use the update strategy RollingUpdate.",
    references=("AWS review Sc9",),
)
def on_delete(workloads: list[Row]) -> Hits:
    for row in workloads:
        if get_strategy(row).get("type") == "OnDelete":
            yield name_workload(row), "its update strategy is OnDelete"


@rule(
    "J15",
    LOW,
    "Pods end within the 15 minutes of a node group's update",
    reads=("workloads",),
    why="EKS gives up to drain a node after 15 minutes, and the update of the node group fails with PodEvictionFailure.",
    remedy="Shorten terminationGracePeriodSeconds, or plan to force the update.",
)
def long_grace(workloads: list[Row]) -> Hits:
    for row in workloads:
        seconds = row["pod"].get("terminationGracePeriodSeconds") or 0
        if seconds >= DRAIN_LIMIT:
            yield name_workload(row), f"terminationGracePeriodSeconds is {seconds}"


@rule(
    "I09b",
    LOW,
    "Pods behind load balancers wait before they end",
    reads=("workloads", "services", "ingresses"),
    why="A load balancer sends requests for some seconds to a pod that has begun to end. They fail.",
    remedy="Add a preStop hook that sleeps as long as the load balancer needs to deregister targets.",
    references=("AWS review R18",),
)
def no_pre_stop(workloads: list[Row], services: list[Row], ingresses: list[Row]) -> Hits:
    exposed = list_exposed(services, ingresses)
    for row in workloads:
        hooks = [one for one in row["pod"].get("containers") or [] if (one.get("lifecycle") or {}).get("preStop")]
        if row["kind"] in REPLICATED and not hooks:
            names = [one["metadata"]["name"] for one in exposed if serves(one, row)]
            if names:
                yield name_workload(row), f"behind Service {format_names(names)}, without a preStop hook"


def serves(service: Row, workload: Row) -> bool:
    """Whether a Service sends to the pods of a workload."""
    selector = (service.get("spec") or {}).get("selector")
    same = service["metadata"].get("namespace") == workload["namespace"]
    return bool(same and selector and select({"matchLabels": selector}, workload["labels"]))


def list_exposed(services: list[Row], ingresses: list[Row]) -> list[Row]:
    """Services of the type LoadBalancer, and those that Ingresses name."""
    named = {
        (one["metadata"].get("namespace"), ((path.get("backend") or {}).get("service") or {}).get("name"))
        for one in ingresses
        for host in (one.get("spec") or {}).get("rules") or []
        for path in (host.get("http") or {}).get("paths") or []
    }
    return [
        one
        for one in services
        if (one.get("spec") or {}).get("type") == "LoadBalancer"
        or (one["metadata"].get("namespace"), one["metadata"]["name"]) in named
    ]
