# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""I, N: HorizontalPodAutoscalers and VerticalPodAutoscalers."""

from __future__ import annotations

from ansible_collections.kumo.eks.plugins.module_utils.audit.objects import (
    find_condition,
    format_names,
    get_place,
)
from ansible_collections.kumo.eks.plugins.module_utils.audit.rule import HIGH, LOW, MEDIUM, Hits, Row, name_object, rule
from ansible_collections.kumo.eks.plugins.module_utils.audit.sources.workloads import list_containers
from ansible_collections.kumo.eks.plugins.module_utils.core.counts import format_count

KIND = "HorizontalPodAutoscaler"
MANY_SERVICES = 100  # in a namespace
Target = tuple[str, str, str]


def get_target(scaler: Row) -> Target:
    """Kind, namespace and name of what an autoscaler scales."""
    ref = scaler["spec"].get("scaleTargetRef") or scaler["spec"].get("targetRef") or {}
    return ref.get("kind") or "", get_place(scaler)[0], ref.get("name") or ""


def index_workloads(workloads: list[Row]) -> dict[Target, Row]:
    return {(row["kind"], row["namespace"], row["name"]): row for row in workloads}


def list_resources(scaler: Row) -> list[str]:
    """The resources by whose use, compared with requests, a HorizontalPodAutoscaler scales: "cpu", "memory"."""
    return [
        one["resource"]["name"]
        for one in scaler["spec"].get("metrics") or []
        if one.get("type") == "Resource"
        and ((one.get("resource") or {}).get("target") or {}).get("type") == "Utilization"
    ]


@rule(
    "I11b",
    MEDIUM,
    "No HorizontalPodAutoscaler is at its maximum",
    reads=("horizontal_pod_autoscalers",),
    why="The load asks for more pods than are allowed.",
    remedy="Raise maxReplicas, or make the pods larger.",
)
def scaler_at_maximum(horizontal_pod_autoscalers: list[Row]) -> Hits:
    for row in horizontal_pod_autoscalers:
        limited = find_condition(row, "ScalingLimited")
        if limited.get("status") == "True" and limited.get("reason") == "TooManyReplicas":
            yield name_object(KIND, row), f"it wants more than maxReplicas, {row['spec'].get('maxReplicas')}"


@rule(
    "I11c",
    HIGH,
    "HorizontalPodAutoscalers get their metrics",
    reads=("horizontal_pod_autoscalers",),
    why="Without metrics it does not scale, whatever the load is.",
    remedy="See the message of its conditions: often metrics-server, requests of containers or a metrics adapter are missing.",
)
def scaler_without_metrics(horizontal_pod_autoscalers: list[Row]) -> Hits:
    for row in horizontal_pod_autoscalers:
        for kind in ("AbleToScale", "ScalingActive"):
            found = find_condition(row, kind)
            # ScalingDisabled: its target is scaled to zero
            if found.get("status") == "False" and found.get("reason") != "ScalingDisabled":
                yield name_object(KIND, row), f"{kind} is False: {found.get('reason', '')}"
                break


@rule(
    "I11d",
    HIGH,
    "Containers that are scaled by their use have requests",
    reads=("horizontal_pod_autoscalers", "all_workloads"),
    why="The use is compared with the request. Without one in each container, the autoscaler does not scale.",
    remedy="Set requests for each container of the target, sidecars as well, or scale by ContainerResource.",
)
def scaled_without_requests(horizontal_pod_autoscalers: list[Row], all_workloads: list[Row]) -> Hits:
    targets = index_workloads(all_workloads)
    for row in horizontal_pod_autoscalers:
        target, wanted = targets.get(get_target(row)), list_resources(row)
        if target is None or (target["pod"].get("resources") or {}).get("requests"):
            continue
        missing = [
            f"{one['name']} ({name})"
            for one in target["pod"].get("containers") or []
            for name in wanted
            if name not in ((one.get("resources") or {}).get("requests") or {})
            and name not in ((one.get("resources") or {}).get("limits") or {})  # the API server takes it as request
        ]
        if missing:
            yield name_object(KIND, row), f"no request: {format_names(missing)}"


@rule(
    "I11e",
    HIGH,
    "Each workload has one HorizontalPodAutoscaler at most",
    reads=("horizontal_pod_autoscalers",),
    why="Two autoscalers set the number of replicas against each other.",
    remedy="Delete one of them. One can have several metrics.",
)
def two_scalers(horizontal_pod_autoscalers: list[Row]) -> Hits:
    found: dict[Target, list[str]] = {}
    for row in horizontal_pod_autoscalers:
        found.setdefault(get_target(row), []).append(get_place(row)[1])
    for (kind, namespace, name), names in found.items():
        if len(names) > 1:
            yield f"{kind} {namespace}/{name}", f"scaled by {format_names(names)}"


@rule(
    "I11f",
    MEDIUM,
    "No VerticalPodAutoscaler works against a HorizontalPodAutoscaler",
    reads=("horizontal_pod_autoscalers", "vertical_pod_autoscalers"),
    why="The one changes the requests with which the other compares the use: replicas swing.",
    remedy="Set the updateMode of the VerticalPodAutoscaler to Off, or scale horizontally by other metrics.",
)
def both_scalers(horizontal_pod_autoscalers: list[Row], vertical_pod_autoscalers: list[Row]) -> Hits:
    scaled = {get_target(row): row for row in horizontal_pod_autoscalers if list_resources(row)}
    for row in vertical_pod_autoscalers:
        mode = (row["spec"].get("updatePolicy") or {}).get("updateMode") or "Auto"
        other = scaled.get(get_target(row))
        if other is not None and mode != "Off":
            text = f"updateMode {mode}, and HorizontalPodAutoscaler {get_place(other)[1]} scales by {format_names(list_resources(other))}"
            yield name_object("VerticalPodAutoscaler", row), text


@rule(
    "N03d",
    LOW,
    "VerticalPodAutoscalers have a target that exists",
    reads=("vertical_pod_autoscalers", "all_workloads"),
    why="It recommends nothing.",
    remedy="Correct targetRef, or delete it.",
)
def vertical_target(vertical_pod_autoscalers: list[Row], all_workloads: list[Row]) -> Hits:
    targets = index_workloads(all_workloads)
    for row in vertical_pod_autoscalers:
        kind, namespace, name = get_target(row)
        if kind in ("Deployment", "StatefulSet", "DaemonSet", "CronJob") and (kind, namespace, name) not in targets:
            yield name_object("VerticalPodAutoscaler", row), f"{kind} {name} does not exist"


@rule(
    "I12b",
    LOW,
    "DaemonSets have a priority",
    reads=("workloads", "priority_classes"),
    why="On a full node the pod of a DaemonSet without priority stays pending: the node has no logs, metrics or agent.",
    remedy="Set a priorityClassName.",
    references=("AWS review Sc10", "Polaris priorityClassNotSet"),
)
def daemon_set_priority(workloads: list[Row], priority_classes: list[Row]) -> Hits:
    if any(row.get("globalDefault") for row in priority_classes):
        return
    for row in workloads:
        if row["kind"] == "DaemonSet" and not row["pod"].get("priorityClassName"):
            yield f"DaemonSet {row['namespace']}/{row['name']}", "no priorityClassName"


@rule(
    "N01d",
    HIGH,
    "The priority classes of workloads exist",
    reads=("workloads", "priority_classes"),
    why="The API server refuses pods of a priority class that does not exist.",
    remedy="Create the PriorityClass, or correct the name.",
)
def missing_priority_class(workloads: list[Row], priority_classes: list[Row]) -> Hits:
    names = {row["metadata"]["name"] for row in priority_classes}
    for row in workloads:
        wanted = row["pod"].get("priorityClassName")
        if wanted and wanted not in names:
            yield f"{row['kind']} {row['namespace']}/{row['name']}", f"PriorityClass {wanted} does not exist"


@rule(
    "M04b",
    LOW,
    "Pods of large namespaces have no environment variables for each Service",
    reads=("workloads", "services"),
    why="Each Service of the namespace adds seven variables. Hundreds of them slow the start down, or exceed the limit of arguments.",
    remedy="Set enableServiceLinks to false.",
    references=("AWS review Sc18",),
)
def service_links(workloads: list[Row], services: list[Row]) -> Hits:
    numbers: dict[str, int] = {}
    for row in services:
        numbers[get_place(row)[0]] = numbers.get(get_place(row)[0], 0) + 1
    for row in workloads:
        number = numbers.get(row["namespace"], 0)
        if number >= MANY_SERVICES and row["pod"].get("enableServiceLinks", True) and list_containers(row):
            yield (
                f"{row['kind']} {row['namespace']}/{row['name']}",
                f"{format_count(number, 'Service')} in its namespace",
            )
