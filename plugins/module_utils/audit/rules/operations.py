# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""J, K, L: what those who run a cluster have to know of it: versions of controllers, refused requests, events of AWS, and what is paid for nothing."""

from __future__ import annotations

import re

from ansible_collections.kumo.eks.plugins.module_utils.audit.objects import ZONE, get_annotations, get_labels, get_spec
from ansible_collections.kumo.eks.plugins.module_utils.audit.rule import (
    HIGH,
    INFO,
    LOW,
    MEDIUM,
    Hits,
    NotApplicable,
    Row,
    Undecided,
    name_cluster,
    rule,
)
from ansible_collections.kumo.eks.plugins.module_utils.audit.sources.workloads import list_containers, name_workload
from ansible_collections.kumo.eks.plugins.module_utils.core.counts import format_count
from ansible_collections.kumo.eks.plugins.module_utils.core.versions import parse_minor

KARPENTER = re.compile(r"karpenter/controller:v?(\d+)\.(\d+)(?:\.(\d+))?")
# By the minor version of Kubernetes the first Karpenter for it, by the matrix of v1.15: https://karpenter.sh/docs/upgrading/compatibility/
FIRST_KARPENTER = {
    29: (0, 34, 0),
    30: (0, 37, 0),
    31: (1, 0, 5),
    32: (1, 2, 0),
    33: (1, 5, 0),
    34: (1, 6, 0),
    35: (1, 9, 0),
    36: (1, 13, 0),
}
# By which a Service keeps traffic in a zone: https://kubernetes.io/docs/concepts/services-networking/topology-aware-routing/
TOPOLOGY = ("service.kubernetes.io/topology-mode", "service.kubernetes.io/topology-aware-hints")
NOT_PRODUCTION = re.compile(r"(^|[^a-z])(dev|development|test|testing|qa|staging|stage|sandbox)([^a-z]|$)")
FEW_NODES = 3  # for which a savings plan is hardly worth its term


@rule(
    "J12",
    HIGH,
    "Karpenter supports the next Kubernetes version",
    reads=("cluster", "all_workloads"),
    why="After the update of the control plane, Karpenter may neither start nodes nor replace them.",
    remedy="Update Karpenter first.",
    references=("Karpenter compatibility matrix",),
)
def karpenter_version(cluster: Row, all_workloads: list[Row]) -> Hits:
    found = [
        (row, (int(match[1]), int(match[2]), int(match[3] or 0)))
        for row in all_workloads
        for one in list_containers(row)
        if (match := KARPENTER.search(one.get("image") or ""))
    ]
    if not found:
        raise NotApplicable("the cluster has no Karpenter")
    following = parse_minor(cluster["version"]) + 1
    if following not in FIRST_KARPENTER:
        raise Undecided(f"it is not known here which Karpenter supports Kubernetes 1.{following}")
    first = FIRST_KARPENTER[following]
    for row, version in found:
        if version < first:
            text = ".".join(map(str, version))
            yield name_workload(row), f"version {text}; Kubernetes 1.{following} requires {'.'.join(map(str, first))}"


@rule(
    "K03",
    MEDIUM,
    "The API server refuses no requests",
    reads=("refused_requests",),
    why="Controllers and kubelets that are refused with 429 act late, and pods are neither scheduled nor replaced in time.",
    remedy="Find the client in the audit logs that asks too often, or choose a higher tier of the control plane.",
    references=("AWS review O14", "AWS review ScM3"),
)
def requests_refused(refused_requests: list[Row]) -> Hits:
    for row in refused_requests:
        count = format_count(int(row["count"]), "request", "was", "were")
        yield f"Priority level {row['level']}", f"{count} refused since the API server was started: {row['reason']}"


@rule(
    "K06",
    LOW,
    "Events of AWS Health reach somebody",
    reads=("cluster", "event_rules"),
    why="AWS Health announces the retirement of instances, and the end of versions of Kubernetes and add-ons.",
    remedy="Create a rule of Amazon EventBridge for the source aws.health with a target that is read.",
    references=("AWS review OpM9",),
)
def health_events(cluster: Row, event_rules: list[Row]) -> Hits:
    rows = [row for row in event_rules if "aws.health" in (row.get("EventPattern") or "")]
    if not any(row.get("State") == "ENABLED" for row in rows):
        account = cluster["arn"].split(":")[4]
        yield f"Account {account}", "no rule of EventBridge that is enabled names the source aws.health"


@rule(
    "L06",
    INFO,
    "Services keep traffic in a zone",
    reads=("services", "nodes", "system_namespaces"),
    why="Each gigabyte between zones is paid for twice, by who sends it and by who gets it.",
    remedy="Set trafficDistribution to PreferClose for Services with pods in each zone.",
    references=("AWS review A19",),
)
def cross_zone_traffic(services: list[Row], nodes: list[Row], system_namespaces: list[str]) -> Hits:
    zones = {get_labels(row).get(ZONE) for row in nodes} - {None}
    if len(zones) < 2:
        raise NotApplicable("the nodes are in one zone")
    rows = [
        row
        for row in services
        if get_spec(row).get("selector") and row["metadata"]["namespace"] not in system_namespaces
    ]
    if not rows:
        raise NotApplicable("no Service of users selects pods")
    if not any(get_spec(row).get("trafficDistribution") or set(TOPOLOGY) & set(get_annotations(row)) for row in rows):
        yield (
            "Services",
            f"no trafficDistribution in {format_count(len(rows), 'Service')}, and nodes in {format_count(len(zones), 'zone')}",
        )


@rule(
    "L08",
    INFO,
    "Nodes that nobody uses at night are scaled down",
    reads=("cluster", "nodegroups", "scheduled_actions"),
    why="Nodes for development that run only in working hours cost less than a third.",
    remedy="Add scheduled actions to the Auto Scaling group, or scale the workloads down and let an autoscaler remove the nodes.",
    references=("AWS review AM7",),
)
def no_night_schedule(cluster: Row, nodegroups: list[Row], scheduled_actions: list[Row]) -> Hits:
    common = [cluster["name"], *(cluster.get("tags") or {}).values()]
    scheduled = {row["AutoScalingGroupName"] for row in scheduled_actions}
    rows = [
        row
        for row in nodegroups
        if any(
            NOT_PRODUCTION.search(text.lower())
            for text in [*common, row["nodegroupName"], *(row.get("tags") or {}).values()]
        )
    ]
    if not rows:
        raise NotApplicable("no name and no tag says that nodes are for development or tests")
    for row in rows:
        groups = {one["name"] for one in (row.get("resources") or {}).get("autoScalingGroups") or []}
        smallest = (row.get("scalingConfig") or {}).get("minSize") or 0
        if smallest and not groups & scheduled:
            yield f"Node group {row['nodegroupName']}", f"minSize is {smallest} at all times"


@rule(
    "L09",
    INFO,
    "A savings plan covers the nodes that always run",
    reads=("cluster", "nodegroups", "savings_plans"),
    why="Nodes on demand cost up to three times of what they cost with a plan of one or three years.",
    remedy="Look at the recommendations of AWS Cost Explorer for Compute Savings Plans.",
    references=("AWS review AM4",),
)
def no_savings_plan(cluster: Row, nodegroups: list[Row], savings_plans: list[Row]) -> Hits:
    rows = [row for row in nodegroups if row.get("capacityType") != "SPOT"]
    number = sum((row.get("scalingConfig") or {}).get("minSize") or 0 for row in rows)
    if number < FEW_NODES:
        raise NotApplicable("few nodes on demand always run")
    if not savings_plans:
        yield (
            name_cluster(cluster),
            f"{format_count(number, 'node')} on demand, and no active plan of the account; those of its organization are not seen",
        )
