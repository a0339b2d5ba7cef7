# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""J: whether the cluster can take its next upgrade, as far as EKS and the account tell."""

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
    name_cluster,
    rule,
)
from ansible_collections.kumo.eks.plugins.module_utils.core.counts import format_count
from ansible_collections.kumo.eks.plugins.module_utils.core.versions import parse_minor
from ansible_collections.kumo.eks.plugins.module_utils.eks.versions import STANDARD_SUPPORT, get_support_status

STALE = 3  # days: EKS refreshes insights once a day
DAY = 86400  # seconds
SKEW = 3  # minor versions: https://kubernetes.io/releases/version-skew-policy/
PLAN = ("eks_upgrade_info", {"cluster_name": "{cluster}", "kubernetes_version": "{next_version}"})


def find_troubled_insights(rows: list[Row]) -> Hits:
    """Insights with an error or a warning."""
    for row in rows:
        status = row["insightStatus"]
        if status["status"] in ("ERROR", "WARNING"):
            yield f"Insight {row['name']}", f"{status['status']}: {status.get('reason', '')}"


@rule(
    "J01",
    INFO,
    "The cluster has the newest Kubernetes version",
    reads=("cluster", "cluster_versions"),
    why="Small steps in time are easier than several at the end of support.",
    remedy="Plan the next upgrade.",
    task=PLAN,
)
def newer_version(cluster: Row, cluster_versions: list[Row]) -> Hits:
    own = parse_minor(cluster["version"])
    newer = [
        row["clusterVersion"]
        for row in cluster_versions
        if get_support_status(row) == STANDARD_SUPPORT and parse_minor(row["clusterVersion"]) > own
    ]
    if newer:
        yield (
            name_cluster(cluster),
            f"version {cluster['version']}, and EKS offers {', '.join(sorted(newer, key=parse_minor))}",
        )


@rule(
    "J02",
    HIGH,
    "No upgrade insight of EKS reports an error",
    reads=("insights",),
    why="The next upgrade breaks what the insight names.",
    remedy="Follow the recommendation of the insight. Its records look back 30 days, so it stays for a while after a cure.",
    task=PLAN,
    references=("eksup EKS009", "EKS insights deprecated APIs"),
)
def upgrade_insights(insights: list[Row]) -> Hits:
    rows = [row for row in insights if row.get("category") == "UPGRADE_READINESS"]
    if not rows:
        raise Undecided("EKS has no upgrade insights of the cluster yet")
    for row in rows:
        if row["insightStatus"]["status"] == "ERROR":
            yield (
                f"Insight {row['name']}",
                f"for {row.get('kubernetesVersion')}: {row['insightStatus'].get('reason', '')}",
            )


@rule(
    "J02b",
    MEDIUM,
    "No upgrade insight of EKS warns or is unknown",
    reads=("insights",),
    why="EKS could not tell, or sees a problem in a later version.",
    remedy="Follow the recommendation of the insight, or refresh it.",
    task=(
        "eks_insights_info",
        {"cluster_name": "{cluster}", "categories": ["UPGRADE_READINESS"], "refresh": True, "details": True},
    ),
    references=("eksup EKS009",),
)
def upgrade_insights_warn(insights: list[Row]) -> Hits:
    for row in insights:
        if row.get("category") == "UPGRADE_READINESS" and row["insightStatus"]["status"] in ("WARNING", "UNKNOWN"):
            text = f"{row['insightStatus']['status']} for {row.get('kubernetesVersion')}: {row['insightStatus'].get('reason', '')}"
            yield f"Insight {row['name']}", text


@rule(
    "J02c",
    LOW,
    "Insights of EKS are fresh",
    reads=("cluster", "insights", "now"),
    why="Insights that EKS cannot refresh say nothing of the cluster as it is now.",
    remedy="Refresh them, and see why EKS could not.",
    task=("eks_insights_info", {"cluster_name": "{cluster}", "refresh": True}),
)
def stale_insights(cluster: Row, insights: list[Row], now: float) -> Hits:
    times = [row["lastRefreshTime"] for row in insights if row.get("lastRefreshTime")]
    if not times:
        raise Undecided("EKS does not say when it refreshed the insights")
    if now - max(times).timestamp() > STALE * DAY:
        yield name_cluster(cluster), f"last refreshed on {max(times).date()}"


@rule(
    "J03",
    HIGH,
    "No client uses an API that the next version removes",
    reads=("insights",),
    why="The client fails from the moment of the upgrade on.",
    remedy="Update the clients that the insight names.",
    references=("EKS insights deprecated APIs",),
)
def removed_api_clients(insights: list[Row]) -> Hits:
    for row in insights:
        details = (row.get("categorySpecificSummary") or {}).get("deprecationDetails") or []
        for one in details:
            clients = [client.get("userAgent", "?") for client in one.get("clientStats") or []]
            if clients:
                yield (
                    f"API {one.get('usage')}",
                    f"gone in {one.get('stopServingVersion')}, used by {', '.join(clients[:5])}",
                )


@rule(
    "J10",
    HIGH,
    "No node group lags so far that it blocks the next upgrade",
    reads=("cluster", "nodegroups"),
    why="EKS refuses to upgrade the control plane while a node group is too far behind.",
    remedy="Update the node group.",
    task=("eks_nodegroup", {"cluster_name": "{cluster}", "name": "{name}", "version": "{version}"}),
    references=("eksup K8S001", "EKS insights Kubelet version skew"),
)
def nodegroup_blocks_upgrade(cluster: Row, nodegroups: list[Row]) -> Hits:
    if not nodegroups:
        raise NotApplicable("the cluster has no managed node groups")
    own = parse_minor(cluster["version"])
    for row in nodegroups:
        if row.get("version") and own + 1 - parse_minor(row["version"]) > SKEW:
            yield (
                f"Node group {row['nodegroupName']}",
                f"version is {row['version']}, and the next of the control plane is 1.{own + 1}",
            )


@rule(
    "J11",
    MEDIUM,
    "Add-ons have a version for the next Kubernetes version",
    reads=("cluster", "insights"),
    why="The add-on has to be updated before or with the control plane, or it fails.",
    remedy="Let the upgrade update add-ons in its order.",
    task=PLAN,
    references=("AWS review U6", "eksup EKS005", "EKS insights EKS add-on version compatibility"),
)
def addon_blocks_upgrade(cluster: Row, insights: list[Row]) -> Hits:
    wanted = f"1.{parse_minor(cluster['version']) + 1}"
    for row in insights:
        if row.get("kubernetesVersion") != wanted or row["insightStatus"]["status"] not in ("ERROR", "WARNING"):
            continue
        for one in (row.get("categorySpecificSummary") or {}).get("addonCompatibilityDetails") or []:
            versions = ", ".join((one.get("compatibleVersions") or [])[:3])
            yield (
                f"Add-on {one.get('name')}",
                f"its version is not compatible with {wanted}; compatible: {versions or 'none'}",
            )


@rule(
    "J20",
    INFO,
    "Nothing stands against a rollback of the last upgrade",
    reads=("insights",),
    why="For seven days after an upgrade the control plane can go back, unless something new depends on it.",
    remedy="See the insight, if you consider to go back.",
)
def rollback_readiness(insights: list[Row]) -> Hits:
    rows = [row for row in insights if row.get("category") == "ROLLBACK_READINESS"]
    if not rows:
        raise NotApplicable("no upgrade can be rolled back now")
    yield from find_troubled_insights(rows)


@rule(
    "J13",
    MEDIUM,
    "Node groups have addresses for the nodes that an update adds",
    reads=("nodegroups", "subnets"),
    why="An update of a node group starts new nodes before it ends old ones. Without addresses it fails after hours.",
    remedy="Release addresses, or set update_config to the strategy MINIMAL.",
    references=("eksup AWS001",),
)
def surge_addresses(nodegroups: list[Row], subnets: dict[str, Row]) -> Hits:
    if not nodegroups:
        raise NotApplicable("the cluster has no managed node groups")
    for row in nodegroups:
        free = sum((subnets.get(key) or {}).get("AvailableIpAddressCount", 0) for key in row["subnets"])
        if (row.get("updateConfig") or {}).get("updateStrategy", "DEFAULT") == "DEFAULT" and free < 2 * len(
            row["subnets"]
        ) + 10:
            yield f"Node group {row['nodegroupName']}", f"its subnets have {format_count(free, 'free address')}"


@rule(
    "J17",
    MEDIUM,
    "Pods on Fargate have the Kubernetes version of the control plane",
    reads=("cluster", "nodes"),
    why="Pods on Fargate keep their kubelet until they are started again, and block the next upgrade.",
    remedy="Restart their Deployments and StatefulSets.",
    references=("EKS insights Kubelet version skew",),
)
def fargate_version(cluster: Row, nodes: list[Row]) -> Hits:
    own = parse_minor(cluster["version"])
    rows = [
        row for row in nodes if (row["metadata"].get("labels") or {}).get("eks.amazonaws.com/compute-type") == "fargate"
    ]
    if not rows:
        raise NotApplicable("no pod runs on Fargate")
    for row in rows:
        version = row["status"]["nodeInfo"]["kubeletVersion"]
        if int(version.lstrip("v").split(".")[1]) < own:
            yield f"Node {row['metadata']['name']}", f"kubelet {version}, control plane {cluster['version']}"
