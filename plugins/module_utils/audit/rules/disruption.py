# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""I, J: PodDisruptionBudgets that let a node be drained only at times."""

from __future__ import annotations

from ansible_collections.kumo.eks.plugins.module_utils.audit.objects import get_place, get_status
from ansible_collections.kumo.eks.plugins.module_utils.audit.rule import INFO, MEDIUM, Hits, Row, name_object, rule
from ansible_collections.kumo.eks.plugins.module_utils.core.counts import format_count
from ansible_collections.kumo.eks.plugins.module_utils.kubernetes.selectors import select

KIND = "PodDisruptionBudget"


def covers(budget: Row, namespace: str, labels: Row) -> bool:
    """Whether a budget selects pods with labels."""
    return get_place(budget)[0] == namespace and select((budget.get("spec") or {}).get("selector"), labels)


@rule(
    "I05e",
    MEDIUM,
    "No PodDisruptionBudget is used up",
    reads=("pod_disruption_budgets",),
    why="As long as pods are not ready, no other may be evicted: a drain of their nodes waits.",
    remedy="Get the pods that are not ready to run.",
)
def budget_used_up(pod_disruption_budgets: list[Row]) -> Hits:
    for row in pod_disruption_budgets:
        status = get_status(row)
        pods, healthy = status.get("expectedPods") or 0, status.get("currentHealthy") or 0
        if status.get("disruptionsAllowed") == 0 and healthy < pods:
            yield (
                name_object(KIND, row),
                f"{healthy} of {format_count(pods, 'pod', 'is', 'are')} healthy, and no disruption is allowed",
            )


@rule(
    "I05d",
    MEDIUM,
    "PodDisruptionBudgets fit what HorizontalPodAutoscalers may scale down to",
    reads=("pod_disruption_budgets", "horizontal_pod_autoscalers", "workloads"),
    why="At its minimum of replicas the workload has no pod to spare, and drains wait for it at night.",
    remedy="Set maxUnavailable instead of minAvailable.",
    references=("Polaris pdbMinAvailableGreaterThanHPAMinReplicas",),
)
def budget_over_minimum(
    pod_disruption_budgets: list[Row], horizontal_pod_autoscalers: list[Row], workloads: list[Row]
) -> Hits:
    targets = {(row["kind"], row["namespace"], row["name"]): row for row in workloads}
    for scaler in horizontal_pod_autoscalers:
        ref = scaler["spec"]["scaleTargetRef"]
        target = targets.get((ref["kind"], get_place(scaler)[0], ref["name"]))
        least = scaler["spec"].get("minReplicas") or 1
        for budget in pod_disruption_budgets if target else []:
            wanted = budget["spec"].get("minAvailable")
            if covers(budget, target["namespace"], target["labels"]) and isinstance(wanted, int) and wanted >= least:
                yield name_object(KIND, budget), f"minAvailable is {wanted}, minReplicas of its autoscaler {least}"


@rule(
    "J14",
    INFO,
    "Pods that are not ready do not stop drains",
    reads=("pod_disruption_budgets",),
    why="By default a pod that runs and is not ready counts as protected. A workload that crashes stops the drain of its nodes.",
    remedy="Set unhealthyPodEvictionPolicy to AlwaysAllow.",
    references=("AWS review U9",),
)
def unhealthy_not_evicted(pod_disruption_budgets: list[Row]) -> Hits:
    for row in pod_disruption_budgets:
        if (row.get("spec") or {}).get("unhealthyPodEvictionPolicy") != "AlwaysAllow":
            yield name_object(KIND, row), "unhealthyPodEvictionPolicy is not AlwaysAllow"
