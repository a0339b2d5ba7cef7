# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""I, J: probes, resources, rollouts and scaling of workloads."""

from __future__ import annotations

from collections.abc import Iterator

from ansible_collections.kumo.eks.plugins.module_utils.audit.rule import (
    INFO,
    LOW,
    MEDIUM,
    Hits,
    Row,
    name_object,
    rule,
)
from ansible_collections.kumo.eks.plugins.module_utils.audit.rules.reliability import (
    SERVING,
    find_autoscaler,
    list_main,
    list_serving,
)
from ansible_collections.kumo.eks.plugins.module_utils.audit.sources.workloads import name_workload
from ansible_collections.kumo.eks.plugins.module_utils.core.counts import format_count


def _lacking(workloads: list[Row], probe: str) -> Iterator[tuple[str, str]]:
    for workload in workloads:
        names = [one["name"] for one in list_main(workload) if not one.get(probe)]
        if names:
            yield name_workload(workload), f"containers: {', '.join(names)}"


@rule(
    "I06",
    MEDIUM,
    "Containers that serve have a readiness probe",
    reads=("workloads",),
    why="A pod gets requests before it can answer them, and a rollout goes on over broken pods.",
    remedy="Add a readinessProbe.",
    references=("hardeneks check_readiness_probes", "eksup K8S006", "Polaris readinessProbeMissing", "Popeye POP-104"),
)
def no_readiness(workloads: list[Row]) -> Hits:
    yield from _lacking(list_serving(workloads), "readinessProbe")


@rule(
    "I07",
    LOW,
    "Containers that serve have a liveness probe",
    reads=("workloads",),
    why="A process that hangs is not started again.",
    remedy="Add a livenessProbe that looks at the process alone, and not at what it depends on.",
    references=("hardeneks check_liveness_probes", "Polaris livenessProbeMissing", "Popeye POP-103"),
)
def no_liveness(workloads: list[Row]) -> Hits:
    yield from _lacking(list_serving(workloads), "livenessProbe")


@rule(
    "I07b",
    MEDIUM,
    "Liveness and readiness probes differ",
    reads=("workloads",),
    why="A pod that is only slow is killed, and the load goes to the others, until all are killed.",
    remedy="Give the livenessProbe a higher failureThreshold, or another endpoint.",
)
def same_probes(workloads: list[Row]) -> Hits:
    for workload in list_serving(workloads):
        names = [
            one["name"]
            for one in list_main(workload)
            if one.get("livenessProbe") and one["livenessProbe"] == one.get("readinessProbe")
        ]
        if names:
            yield name_workload(workload), f"containers: {', '.join(names)}"


@rule(
    "I08",
    LOW,
    "Deployments are rolled out without a gap",
    reads=("workloads",),
    why="With Recreate, all pods end before the first new one starts.",
    remedy="Use RollingUpdate, if two versions can run at once.",
    references=("eksup K8S003",),
)
def recreate_strategy(workloads: list[Row]) -> Hits:
    for workload in workloads:
        strategy = ((workload["object"].get("spec") or {}).get("strategy") or {}).get("type")
        if workload["kind"] == "Deployment" and strategy == "Recreate":
            yield name_workload(workload), "strategy is Recreate"


@rule(
    "I09",
    MEDIUM,
    "Pods have time to end",
    reads=("workloads",),
    why="With a grace period of 0 the process is killed at once: requests and data are lost.",
    remedy="Set terminationGracePeriodSeconds to what the process needs.",
    references=("eksup K8S007",),
)
def no_grace(workloads: list[Row]) -> Hits:
    for workload in workloads:
        if workload["pod"].get("terminationGracePeriodSeconds") == 0:
            yield name_workload(workload), "terminationGracePeriodSeconds is 0"


@rule(
    "I10",
    MEDIUM,
    "Containers request CPU and memory",
    reads=("workloads",),
    why="The scheduler puts pods without requests anywhere, and autoscalers add no nodes for them. They are the first to be evicted.",
    remedy="Set resources.requests to what the container uses.",
    references=(
        "hardeneks set_requests_limits_for_containers",
        "Polaris cpuRequestsMissing",
        "Popeye POP-106",
        "Trivy KSV-0015",
        "Trivy KSV-0016",
    ),
)
def no_requests(workloads: list[Row]) -> Hits:
    for workload in workloads:
        names = []
        for one in list_main(workload):
            resources = one.get("resources") or {}
            asked = {**(resources.get("limits") or {}), **(resources.get("requests") or {})}
            names += [one["name"]] if not {"cpu", "memory"} <= set(asked) else []
        if names:
            yield name_workload(workload), f"containers: {', '.join(names)}"


@rule(
    "I10c",
    LOW,
    "Containers have a limit of memory",
    reads=("workloads",),
    why="A container that leaks takes the memory of its node, and others are killed.",
    remedy="Set resources.limits.memory.",
    references=(
        "hardeneks set_requests_limits_for_containers",
        "Polaris memoryLimitsMissing",
        "Popeye POP-107",
        "Trivy KSV-0018",
    ),
)
def no_memory_limit(workloads: list[Row]) -> Hits:
    for workload in workloads:
        names = [
            one["name"]
            for one in list_main(workload)
            if not ((one.get("resources") or {}).get("limits") or {}).get("memory")
        ]
        if names:
            yield name_workload(workload), f"containers: {', '.join(names)}"


@rule(
    "I11",
    MEDIUM,
    "HorizontalPodAutoscalers have a target that exists, and room",
    reads=("horizontal_pod_autoscalers", "all_workloads"),
    why="An autoscaler without a target does nothing, and one with equal bounds neither.",
    remedy="Correct scaleTargetRef, or the bounds.",
    references=("Popeye POP-600", "Polaris hpaMinAvailability"),
)
def autoscaler_target(horizontal_pod_autoscalers: list[Row], all_workloads: list[Row]) -> Hits:
    known = {(row["namespace"], row["kind"], row["name"]) for row in all_workloads}
    for row in horizontal_pod_autoscalers:
        spec = row.get("spec") or {}
        target = spec.get("scaleTargetRef") or {}
        key = (row["metadata"]["namespace"], target.get("kind"), target.get("name"))
        if target.get("kind") in SERVING and key not in known:
            yield (
                name_object("HorizontalPodAutoscaler", row),
                f"{target.get('kind')} {target.get('name')} does not exist",
            )
        elif spec.get("maxReplicas") == (spec.get("minReplicas") or 1):
            yield (
                name_object("HorizontalPodAutoscaler", row),
                f"minReplicas and maxReplicas are {spec.get('maxReplicas')}",
            )


@rule(
    "I12",
    INFO,
    "Some workloads have a priority",
    reads=("workloads",),
    why="When nodes are full, pods that matter wait as long as those that do not.",
    remedy="Create PriorityClasses, and name them in priorityClassName.",
    references=("Polaris priorityClassNotSet",),
)
def no_priorities(workloads: list[Row]) -> Hits:
    serving = list_serving(workloads)
    if len(serving) > 5 and not any(row["pod"].get("priorityClassName") for row in serving):
        yield (
            "Workloads",
            f"{format_count(len(serving), 'Deployment or StatefulSet', 'has', 'have')} no priorityClassName",
        )


@rule(
    "I15",
    LOW,
    "CronJobs do not overlap, and run",
    reads=("cron_jobs",),
    why="Runs that overlap work on the same data, and a suspended job is forgotten.",
    remedy="Set concurrencyPolicy to Forbid or Replace. Delete a job that is suspended for good.",
    references=("Popeye POP-1500",),
)
def cron_job_settings(cron_jobs: list[Row]) -> Hits:
    for row in cron_jobs:
        spec = row.get("spec") or {}
        if spec.get("suspend"):
            yield name_object("CronJob", row), "suspend is true"
        elif spec.get("concurrencyPolicy", "Allow") == "Allow":
            yield name_object("CronJob", row), "concurrencyPolicy is Allow"


@rule(
    "J16",
    INFO,
    "No workload is scaled to zero",
    reads=("workloads", "horizontal_pod_autoscalers"),
    why="Nobody notices that it does not start any more after an upgrade.",
    remedy="Try to scale it up, or delete it.",
    references=("Popeye POP-500",),
)
def scaled_to_zero(workloads: list[Row], horizontal_pod_autoscalers: list[Row]) -> Hits:
    for workload in workloads:
        if (
            workload["kind"] in SERVING
            and workload["replicas"] == 0
            and not find_autoscaler(workload, horizontal_pod_autoscalers)
        ):
            yield name_workload(workload), "replicas is 0"
