# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""K, L, M: detection of threats, costs and quotas of the account."""

from __future__ import annotations

from ansible_collections.kumo.eks.plugins.module_utils.audit.rule import (
    HIGH,
    INFO,
    LOW,
    MEDIUM,
    Hits,
    NotApplicable,
    Row,
    Undecided,
    rule,
)
from ansible_collections.kumo.eks.plugins.module_utils.audit.rules.control_plane import require_version
from ansible_collections.kumo.eks.plugins.module_utils.audit.rules.instances import is_of_cluster
from ansible_collections.kumo.eks.plugins.module_utils.eks.versions import EXTENDED_SUPPORT, get_support_status

NEAR = 0.8  # share of a quota
DAY = 86400  # seconds
OLD_GENERATIONS = ("t2.", "m3.", "m4.", "c3.", "c4.", "r3.", "r4.", "i2.", "d2.", "p2.", "g3.")
# Features of GetDetector: https://docs.aws.amazon.com/guardduty/latest/APIReference/API_DetectorFeatureConfigurationResult.html
AUDIT, RUNTIME, EKS_RUNTIME = "EKS_AUDIT_LOGS", "RUNTIME_MONITORING", "EKS_RUNTIME_MONITORING"


def name_account(cluster: Row) -> str:
    return f"Account {cluster['arn'].split(':')[4]}"


def is_on(features: dict[str, Row], name: str) -> bool:
    return (features.get(name) or {}).get("Status") == "ENABLED"


@rule(
    "K05",
    MEDIUM,
    "GuardDuty looks at the audit logs of EKS",
    reads=("cluster", "guardduty_features"),
    why="Nobody notices that stolen credentials are used, or that a pod reads what it never has.",
    remedy="Turn on GuardDuty with EKS Audit Log Monitoring.",
    references=("Prowler guardduty_eks_audit_log_enabled",),
)
def guardduty_audit_logs(cluster: Row, guardduty_features: dict[str, Row]) -> Hits:
    if not guardduty_features:
        yield name_account(cluster), "GuardDuty has no enabled detector in this region"
    elif not is_on(guardduty_features, AUDIT):
        yield name_account(cluster), f"the feature {AUDIT} of GuardDuty is not enabled"


@rule(
    "K05b",
    LOW,
    "GuardDuty looks at what runs on nodes",
    reads=("cluster", "guardduty_features"),
    why="Nobody notices a miner or a reverse shell in a container.",
    remedy="Turn on Runtime Monitoring with the automatic agent for EKS.",
    references=("Prowler guardduty_eks_runtime_monitoring_enabled",),
)
def guardduty_runtime(cluster: Row, guardduty_features: dict[str, Row]) -> Hits:
    if not is_on(guardduty_features, RUNTIME) and not is_on(guardduty_features, EKS_RUNTIME):
        yield name_account(cluster), "Runtime Monitoring of GuardDuty is not enabled"


@rule(
    "L01",
    HIGH,
    "No extended support is paid for",
    reads=("cluster", "cluster_versions"),
    why="A control plane in extended support costs $0.60 instead of $0.10 an hour, some $365 more a month.",
    remedy="Upgrade the cluster.",
    task=("eks_upgrade", {"cluster_name": "{cluster}", "kubernetes_version": "{next_version}"}),
)
def extended_support(cluster: Row, cluster_versions: list[Row]) -> Hits:
    if get_support_status(require_version(cluster, cluster_versions)) == EXTENDED_SUPPORT:
        yield f"Cluster {cluster['name']}", f"version {cluster['version']} is in extended support"


@rule(
    "L03",
    LOW,
    "Node groups have instances of current generations",
    reads=("nodegroup_types",),
    why="Newer instances do more for the same price.",
    remedy="Create a node group with a current type, and delete this one.",
)
def old_generation(nodegroup_types: dict[str, list[str]]) -> Hits:
    for name, types in nodegroup_types.items():
        old = [one for one in types if one.startswith(OLD_GENERATIONS)]
        if old:
            yield f"Node group {name}", f"its instance types are {', '.join(old)}"


@rule(
    "L03b",
    INFO,
    "Some nodes have Graviton processors",
    reads=("cluster", "nodegroups"),
    why="Instances with Graviton cost about a fifth less than those with x86 of the same size.",
    remedy="Build images for arm64 as well, and add a node group with Graviton.",
)
def no_graviton(cluster: Row, nodegroups: list[Row]) -> Hits:
    if not nodegroups:
        raise NotApplicable("the cluster has no managed node groups")
    if not any("ARM" in str(row.get("amiType")) for row in nodegroups):
        yield f"Cluster {cluster['name']}", "no node group has an image for arm64"


@rule(
    "L04",
    LOW,
    "Volumes of the cluster are not gp2",
    reads=("cluster", "volumes"),
    why="gp3 costs a fifth less, and is not slower.",
    remedy="Modify the volumes, and set type gp3 in the StorageClass.",
)
def gp2_volumes(cluster: Row, volumes: list[Row]) -> Hits:
    for row in volumes:
        if row.get("VolumeType") == "gp2" and is_of_cluster(row["tags"], cluster["name"]):
            yield f"Volume {row['VolumeId']}", f"gp2, {row.get('Size')} GiB"


@rule(
    "L04b",
    LOW,
    "Volumes of the cluster are attached",
    reads=("cluster", "volumes", "now"),
    why="A volume that no instance uses costs as much as one in use.",
    remedy="See whether its PersistentVolume is still needed. Delete it otherwise, after a snapshot.",
)
def unattached_volumes(cluster: Row, volumes: list[Row], now: float) -> Hits:
    for row in volumes:
        age = now - row["CreateTime"].timestamp()
        if row.get("State") == "available" and age > DAY and is_of_cluster(row["tags"], cluster["name"]):
            yield f"Volume {row['VolumeId']}", f"available, {row.get('Size')} GiB, of {row['CreateTime']:%Y-%m-%d}"


@rule(
    "L07",
    INFO,
    "Logs are not kept for ever",
    reads=("log_groups", "cluster"),
    why="The storage of logs costs more each month.",
    remedy="Set a retention. Older logs are deleted.",
    task=("eks_cluster", {"name": "{cluster}", "log_retention_days": 365}),
)
def logs_for_ever(log_groups: list[Row], cluster: Row) -> Hits:
    for row in log_groups:
        if f"/{cluster['name']}/" in row["logGroupName"] and not row.get("retentionInDays"):
            yield f"Log group {row['logGroupName']}", "it has no retentionInDays"


@rule(
    "L10",
    INFO,
    "Node groups have tags by which costs can be distinguished",
    reads=("nodegroups",),
    why="The bill shows instances, and not whose they are.",
    remedy="Give the node group tags, and activate them as cost allocation tags.",
    task=("eks_nodegroup", {"cluster_name": "{cluster}", "name": "{name}", "tags": {"team": "platform"}}),
)
def cost_tags(nodegroups: list[Row]) -> Hits:
    for row in nodegroups:
        if all(key.startswith(("aws:", "eks:", "kumo.eks/")) for key in row.get("tags") or {}):
            yield f"Node group {row['nodegroupName']}", "it has no tag but those of AWS and of this collection"


def find_quota(quotas: dict[str, Row], name: str) -> float:
    """The limit of a quota. Raises Undecided where Service Quotas does not list it."""
    if name not in quotas:
        raise Undecided(f"Service Quotas does not list {name}")
    return quotas[name]["Value"]


@rule(
    "M02",
    MEDIUM,
    "The number of clusters is not near its quota",
    reads=("cluster", "cluster_names", "service_quotas"),
    why="The next cluster, for example for a blue/green upgrade, cannot be created.",
    remedy="Ask for a higher quota.",
)
def quota_clusters(cluster: Row, cluster_names: list[str], service_quotas: dict[str, Row]) -> Hits:
    limit = find_quota(service_quotas, "eks Clusters")
    if len(cluster_names) >= NEAR * limit:
        yield name_account(cluster), f"{len(cluster_names)} of {limit:.0f} clusters"


@rule(
    "M02b",
    MEDIUM,
    "The number of node groups is not near its quota",
    reads=("cluster", "nodegroups", "service_quotas"),
    why="The next node group, for example for a replacement, cannot be created.",
    remedy="Ask for a higher quota.",
)
def quota_nodegroups(cluster: Row, nodegroups: list[Row], service_quotas: dict[str, Row]) -> Hits:
    limit = find_quota(service_quotas, "eks Managed node groups per cluster")
    if len(nodegroups) >= NEAR * limit:
        yield f"Cluster {cluster['name']}", f"{len(nodegroups)} of {limit:.0f} node groups"


@rule(
    "M02c",
    MEDIUM,
    "The number of load balancers is not near its quota",
    reads=("cluster", "load_balancers", "service_quotas"),
    why="The next Ingress or Service of the type LoadBalancer gets none.",
    remedy="Ask for a higher quota, or share load balancers with alb.ingress.kubernetes.io/group.name.",
)
def quota_load_balancers(cluster: Row, load_balancers: list[Row], service_quotas: dict[str, Row]) -> Hits:
    for kind, name in (
        ("application", "Application Load Balancers per Region"),
        ("network", "Network Load Balancers per Region"),
    ):
        limit = find_quota(service_quotas, f"elasticloadbalancing {name}")
        number = sum(row.get("Type") == kind for row in load_balancers)
        if number >= NEAR * limit:
            yield name_account(cluster), f"{number} of {limit:.0f} {kind} load balancers"


@rule(
    "M02d",
    MEDIUM,
    "The number of target groups is not near its quota",
    reads=("cluster", "target_groups", "service_quotas"),
    why="The next Ingress or Service gets no target group.",
    remedy="Ask for a higher quota.",
)
def quota_target_groups(cluster: Row, target_groups: list[Row], service_quotas: dict[str, Row]) -> Hits:
    limit = find_quota(service_quotas, "elasticloadbalancing Target Groups per Region")
    if len(target_groups) >= NEAR * limit:
        yield name_account(cluster), f"{len(target_groups)} of {limit:.0f} target groups"


@rule(
    "M03",
    LOW,
    "Nodes have room for more pods",
    reads=("nodes", "pods"),
    why="The next pod does not start there, whatever CPU and memory are free.",
    remedy="Use prefix delegation in the VPC CNI, or larger instances.",
)
def pods_per_node(nodes: list[Row], pods: list[Row]) -> Hits:
    used: dict[str, int] = {}
    for row in pods:
        if (row.get("status") or {}).get("phase") not in ("Succeeded", "Failed"):
            name = (row.get("spec") or {}).get("nodeName") or ""
            used[name] = used.get(name, 0) + 1
    for row in nodes:
        most = int(((row.get("status") or {}).get("allocatable") or {}).get("pods") or 0)
        number = used.get(row["metadata"]["name"], 0)
        if most > 1 and number >= 0.9 * most:
            yield f"Node {row['metadata']['name']}", f"{number} of {most} pods"
