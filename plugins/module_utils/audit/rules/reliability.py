# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""I: whether workloads survive the loss of a pod or a node."""

from __future__ import annotations

from ansible_collections.kumo.eks.plugins.module_utils.audit.rule import (
    HIGH,
    LOW,
    MEDIUM,
    Hits,
    Row,
    name_object,
    rule,
)
from ansible_collections.kumo.eks.plugins.module_utils.audit.sources.workloads import name_workload
from ansible_collections.kumo.eks.plugins.module_utils.kubernetes.selectors import select

SERVING = ("Deployment", "StatefulSet")


def list_serving(workloads: list[Row]) -> list[Row]:
    """Deployments and StatefulSets that are not scaled to zero."""
    return [row for row in workloads if row["kind"] in SERVING and row["replicas"]]


def list_main(workload: Row) -> list[Row]:
    return workload["pod"].get("containers") or []


def list_budgets(workload: Row, budgets: list[Row]) -> list[Row]:
    """The budgets that select the pods of a workload."""
    return [
        row
        for row in budgets
        if row["metadata"]["namespace"] == workload["namespace"]
        and select((row.get("spec") or {}).get("selector"), workload["labels"])
    ]


def find_autoscaler(workload: Row, autoscalers: list[Row]) -> Row | None:
    """The HorizontalPodAutoscaler of a workload."""
    for row in autoscalers:
        target = (row.get("spec") or {}).get("scaleTargetRef") or {}
        if (row["metadata"]["namespace"], target.get("kind"), target.get("name")) == (
            workload["namespace"],
            workload["kind"],
            workload["name"],
        ):
            return row
    return None


@rule(
    "I01",
    MEDIUM,
    "Workloads have two replicas or more",
    reads=("workloads", "horizontal_pod_autoscalers"),
    why="The application is gone while its only pod is moved, which each update of nodes does.",
    remedy="Set replicas to two or more.",
    references=(
        "hardeneks run_multiple_replicas",
        "eksup K8S002",
        "Polaris deploymentMissingReplicas",
    ),
)
def single_replica(workloads: list[Row], horizontal_pod_autoscalers: list[Row]) -> Hits:
    for workload in list_serving(workloads):
        scaler = find_autoscaler(workload, horizontal_pod_autoscalers)
        least = ((scaler.get("spec") or {}).get("minReplicas") or 1) if scaler else workload["replicas"]
        if least < 2:
            yield name_workload(workload), f"{'minReplicas of its autoscaler' if scaler else 'replicas'} is {least}"


@rule(
    "I02",
    MEDIUM,
    "Pods belong to a controller",
    reads=("workloads",),
    why="Nothing starts such a pod again when its node ends. A drain refuses to evict it.",
    remedy="Create a Deployment or a Job.",
    references=("hardeneks avoid_running_singleton_pods", "Popeye POP-208"),
)
def bare_pod(workloads: list[Row]) -> Hits:
    for workload in workloads:
        if workload["kind"] == "Pod" and (workload["object"].get("status") or {}).get("phase") not in (
            "Succeeded",
            "Failed",
        ):
            yield name_workload(workload), "it has no controller"


@rule(
    "I03",
    LOW,
    "Replicas are spread over nodes or zones",
    reads=("workloads",),
    why="All replicas may be on one node or in one zone, and go with it.",
    remedy="Add topologySpreadConstraints, or pod anti-affinity.",
    references=("hardeneks schedule_replicas_across_nodes", "eksup K8S005", "Polaris topologySpreadConstraint"),
)
def replicas_together(workloads: list[Row]) -> Hits:
    for workload in list_serving(workloads):
        spread = workload["pod"].get("topologySpreadConstraints") or (
            (workload["pod"].get("affinity") or {}).get("podAntiAffinity")
        )
        if workload["replicas"] > 1 and not spread:
            yield (
                name_workload(workload),
                f"{workload['replicas']} replicas without topologySpreadConstraints and podAntiAffinity",
            )


@rule(
    "I04",
    MEDIUM,
    "A PodDisruptionBudget covers workloads with several replicas",
    reads=("workloads", "pod_disruption_budgets"),
    why="A drain may evict all replicas at once.",
    remedy="Add a PodDisruptionBudget with maxUnavailable 1.",
    references=("eksup K8S004", "Polaris missingPodDisruptionBudget", "Popeye POP-206"),
)
def no_budget(workloads: list[Row], pod_disruption_budgets: list[Row]) -> Hits:
    for workload in list_serving(workloads):
        if workload["replicas"] > 1 and not list_budgets(workload, pod_disruption_budgets):
            yield name_workload(workload), f"{workload['replicas']} replicas, and no PodDisruptionBudget"


@rule(
    "I05",
    HIGH,
    "PodDisruptionBudgets let one pod go",
    reads=("pod_disruption_budgets",),
    why="No node with such a pod can be drained: updates of node groups wait, and fail.",
    remedy="Add replicas, or use maxUnavailable 1 instead of minAvailable.",
    references=("eksup K8S004", "Polaris pdbDisruptionsIsZero", "Popeye POP-901"),
)
def closed_budget(pod_disruption_budgets: list[Row]) -> Hits:
    for row in pod_disruption_budgets:
        status = row.get("status") or {}
        if (
            status.get("expectedPods")
            and not status.get("disruptionsAllowed")
            and status.get("currentHealthy", 0) >= status["expectedPods"]
        ):
            spec = {
                key: value
                for key, value in (row.get("spec") or {}).items()
                if key in ("minAvailable", "maxUnavailable")
            }
            yield name_object("PodDisruptionBudget", row), f"{spec}, and all {status['expectedPods']} pods are healthy"


@rule(
    "I05b",
    LOW,
    "PodDisruptionBudgets select pods",
    reads=("pod_disruption_budgets",),
    why="A budget that selects nothing protects nothing. Often a label is misspelt.",
    remedy="Correct the selector, or delete the budget.",
    references=("Popeye POP-900",),
)
def budget_without_pods(pod_disruption_budgets: list[Row]) -> Hits:
    for row in pod_disruption_budgets:
        if not (row.get("status") or {}).get("expectedPods"):
            yield name_object("PodDisruptionBudget", row), "expectedPods is 0"


@rule(
    "I05c",
    HIGH,
    "Each pod has one PodDisruptionBudget at most",
    reads=("workloads", "pod_disruption_budgets"),
    why="The API server refuses to evict a pod that two budgets select: its node cannot be drained.",
    remedy="Delete one of the budgets.",
    references=("Popeye POP-209",),
)
def two_budgets(workloads: list[Row], pod_disruption_budgets: list[Row]) -> Hits:
    for workload in workloads:
        names = [row["metadata"]["name"] for row in list_budgets(workload, pod_disruption_budgets)]
        if len(names) > 1:
            yield name_workload(workload), f"budgets {', '.join(names)}"
