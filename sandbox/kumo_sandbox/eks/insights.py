"""Cluster insights: what would block the next minor version.

Checks: https://docs.aws.amazon.com/eks/latest/userguide/cluster-insights.html. As at EKS, they are a picture taken
at a refresh, not the state of the moment.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

from kumo_sandbox import durations
from kumo_sandbox.eks import addon_versions
from kumo_sandbox.eks.context import Context, handles, paginate
from kumo_sandbox.eks.errors import ResourceInUse, ResourceNotFound
from kumo_sandbox.eks.store import Cluster, Raw

SKEW = 3  # minor versions a kubelet may be behind the API server

Finding = tuple[str, str, list[Raw], Raw]  # status, reason, resources, category specific summary
SUMMARY = ("id", "name", "category", "kubernetesVersion", "lastRefreshTime", "lastTransitionTime", "description")
SEVERITY = ("PASSING", "WARNING", "ERROR")


def _parse_minor(version: str) -> int:
    return int(version.lstrip("v").split(".")[1])


def _build_skew(cluster: Cluster, target: int, rows: list[tuple[str, str]], what: str) -> Finding:
    """Rows of (ARN, version): too old for the target is an ERROR, on the brink a WARNING."""
    resources = []
    for arn, version in rows:
        behind = target - _parse_minor(version)
        status = "ERROR" if behind > SKEW else "WARNING" if behind == SKEW else "PASSING"
        if status != "PASSING":
            reason = f"{what} version {version} is {behind} minor versions behind 1.{target}"
            resources.append({"arn": arn, "insightStatus": {"status": status, "reason": reason}})
    worst = max((row["insightStatus"]["status"] for row in resources), key=SEVERITY.index, default="PASSING")
    words = {"PASSING": "within", "WARNING": "at the end of", "ERROR": "beyond"}[worst]
    return worst, f"{what} versions are {words} the supported skew for version 1.{target}.", resources, {}


def check_kubelet_skew(cluster: Cluster, target: int) -> Finding:
    rows = [(raw["nodegroupArn"], raw["version"]) for raw in cluster.nodegroups.values()]
    return _build_skew(cluster, target, rows, "Node kubelet")


def check_kube_proxy_skew(cluster: Cluster, target: int) -> Finding:
    rows = [(a["addonArn"], a["addonVersion"]) for a in cluster.addons.values() if a["addonName"] == "kube-proxy"]
    return _build_skew(cluster, target, rows, "kube-proxy")


def check_addon_compatibility(cluster: Cluster, target: int) -> Finding:
    details, resources = [], []
    for name, addon in cluster.addons.items():
        fitting = [v for v, clusters in addon_versions.find_addon(name)[2] if f"1.{target}" in clusters]
        if addon["addonVersion"] not in fitting:
            details.append({"name": name, "compatibleVersions": fitting})
            reason = f"{name} {addon['addonVersion']} is not compatible with version 1.{target}"
            resources.append({"arn": addon["addonArn"], "insightStatus": {"status": "ERROR", "reason": reason}})
    if not details:
        return "PASSING", "All installed EKS add-on versions are compatible with the next version.", [], {}
    return "ERROR", "Some EKS add-ons are incompatible.", resources, {"addonCompatibilityDetails": details}


def check_health_issues(cluster: Cluster, target: int) -> Finding:
    issues = cluster.raw["health"]["issues"]
    if not issues:
        return "PASSING", "No cluster health issues detected.", [], {}
    reason = "; ".join(issue["message"] for issue in issues)
    row = {"arn": cluster.raw["arn"], "insightStatus": {"status": "ERROR", "reason": reason}}
    return "ERROR", "Cluster health issues detected.", [row], {}


CHECKS: tuple[tuple[str, str, str, Callable[[Cluster, int], Finding]], ...] = (
    (
        "Kubelet version skew",
        "Checks the kubelet of each node against the version skew that the next version allows.",
        "Update the node groups before you upgrade the cluster.",
        check_kubelet_skew,
    ),
    (
        "kube-proxy version skew",
        "Checks kube-proxy against the version skew that the next version allows.",
        "Update the kube-proxy add-on before you upgrade the cluster.",
        check_kube_proxy_skew,
    ),
    (
        "EKS add-on version compatibility",
        "Checks whether the installed add-on versions are compatible with the next version.",
        "Update the add-ons to a version that both Kubernetes versions support before you upgrade the cluster.",
        check_addon_compatibility,
    ),
    (
        "Cluster health issues",
        "Checks for health issues of the cluster that keep it from being upgraded.",
        "Remedy the health issues before you upgrade the cluster.",
        check_health_issues,
    ),
)


def refresh(ctx: Context, cluster: Cluster) -> None:
    """Refresh the insights; a status that stays keeps the time of its last change."""
    target, before, cluster.insights = _parse_minor(cluster.raw["version"]) + 1, cluster.insights, {}
    for name, description, recommendation, check in CHECKS:
        key = str(uuid.uuid5(uuid.NAMESPACE_URL, f"{cluster.raw['arn']} {name} {target}"))
        status, reason, resources, summary = check(cluster, target)
        old = before.get(key, {})
        same = old.get("insightStatus", {}).get("status") == status
        cluster.insights[key] = {
            "id": key,
            "name": name,
            "category": "UPGRADE_READINESS",
            "kubernetesVersion": f"1.{target}",
            "lastRefreshTime": ctx.now(),
            "lastTransitionTime": old["lastTransitionTime"] if same else ctx.now(),
            "description": description,
            "insightStatus": {"status": status, "reason": reason},
            "recommendation": recommendation,
            "additionalInfo": {},
            "resources": resources,
            "categorySpecificSummary": summary,
        }


def _select_insights(ctx: Context, name: str) -> dict[str, Raw]:
    cluster = ctx.find_cluster(name)
    if not cluster.insights and cluster.raw["status"] in ("ACTIVE", "UPDATING"):
        refresh(ctx, cluster)
    return cluster.insights


@handles("ListInsights")
def list_insights(ctx: Context, p: dict[str, Any]) -> dict[str, Any]:
    wanted = p.get("filter") or {}
    rows = [
        {**{key: raw[key] for key in SUMMARY}, "insightStatus": raw["insightStatus"]}
        for raw in _select_insights(ctx, p["clusterName"]).values()
        if raw["category"] in (wanted.get("categories") or [raw["category"]])
        and raw["kubernetesVersion"] in (wanted.get("kubernetesVersions") or [raw["kubernetesVersion"]])
        and raw["insightStatus"]["status"] in (wanted.get("statuses") or [raw["insightStatus"]["status"]])
    ]
    return paginate(ctx, p, "insights", rows)


@handles("DescribeInsight")
def describe_insight(ctx: Context, p: dict[str, Any]) -> dict[str, Any]:
    found = _select_insights(ctx, p["clusterName"]).get(p["id"])
    if found is None:
        raise ResourceNotFound(f"No insight found for ID: {p['id']}", clusterName=p["clusterName"])
    return {"insight": found}


@handles("StartInsightsRefresh")
def start_insights_refresh(ctx: Context, p: dict[str, Any]) -> dict[str, Any]:
    cluster = ctx.find_active_cluster(p["clusterName"])
    if cluster.insights_refresh.get("status") == "IN_PROGRESS":
        raise ResourceInUse("An insights refresh is already in progress", clusterName=cluster.name)
    cluster.insights_refresh = {
        "status": "IN_PROGRESS",
        "message": "Insights refresh in progress",
        "startedAt": ctx.now(),
    }

    def end() -> None:
        refresh(ctx, cluster)
        done = {"status": "COMPLETED", "message": "Insights refresh completed", "endedAt": ctx.now()}
        cluster.insights_refresh.update(done)

    ctx.store.schedule(durations.INSIGHTS_REFRESH, end)
    return {key: cluster.insights_refresh[key] for key in ("status", "message")}


@handles("DescribeInsightsRefresh")
def describe_insights_refresh(ctx: Context, p: dict[str, Any]) -> dict[str, Any]:
    cluster = ctx.find_cluster(p["clusterName"])
    if not cluster.insights_refresh:
        raise ResourceNotFound(f"No insights refresh found for cluster: {cluster.name}", clusterName=cluster.name)
    return cluster.insights_refresh
