"""Cluster insights: what would block the next minor version, or the way back to the last one.

Checks: https://docs.aws.amazon.com/eks/latest/userguide/view-cluster-insights.html. As at EKS, they are a picture taken
at a refresh, not the state of the moment.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from typing import Any

from kumo_sandbox import durations
from kumo_sandbox.eks import addon_versions
from kumo_sandbox.eks.context import Context, handles, paginate
from kumo_sandbox.eks.deprecations import find_deprecations, has_removals
from kumo_sandbox.eks.errors import InvalidRequest, ResourceNotFound
from kumo_sandbox.eks.rollback import is_way_back_open
from kumo_sandbox.eks.store import Cluster, Raw

SKEW = 3  # minor versions a kubelet may be behind the API server

Finding = tuple[str, str, list[Raw], Raw]  # status, reason, resources, category specific summary
SUMMARY = ("id", "name", "category", "kubernetesVersion", "lastRefreshTime", "lastTransitionTime", "description")
SEVERITY = ("PASSING", "WARNING", "ERROR")
GUIDE = "https://docs.aws.amazon.com/eks/latest/userguide/"
SKEW_POLICY = {"Kubernetes version skew policy": "https://kubernetes.io/releases/version-skew-policy/"}
UPGRADE, ROLLBACK = "UPGRADE_READINESS", "ROLLBACK_READINESS"


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


def check_kubelet_rollback(cluster: Cluster, target: int) -> Finding:
    """A kubelet is never newer than its API server."""
    newer = [raw for raw in cluster.nodegroups.values() if _parse_minor(raw["version"]) > target]
    names = ", ".join(raw["nodegroupName"] for raw in newer)
    reason = f"Node kubelet versions are newer than version 1.{target}: {names}"
    resources = [{"arn": raw["nodegroupArn"], "insightStatus": {"status": "ERROR", "reason": reason}} for raw in newer]
    if newer:
        return "ERROR", reason, resources, {}
    return "PASSING", f"Node kubelet versions are compatible with version 1.{target}.", [], {}


def check_kube_proxy_rollback(cluster: Cluster, target: int) -> Finding:
    """kube-proxy is never newer than the API server."""
    rows = [row for row in cluster.addons.values() if row["addonName"] == "kube-proxy"]
    newer = [row for row in rows if _parse_minor(row["addonVersion"]) > target]
    reason = f"kube-proxy is newer than version 1.{target}."
    resources = [{"arn": row["addonArn"], "insightStatus": {"status": "ERROR", "reason": reason}} for row in newer]
    if newer:
        return "ERROR", reason, resources, {}
    return "PASSING", f"kube-proxy is compatible with version 1.{target}.", [], {}


Check = tuple[str, str, str, Raw, Callable[[Cluster, int], Finding]]  # name, description, recommendation, links, check
CHECKS: tuple[Check, ...] = (
    (
        "Kubelet version skew",
        "Checks the kubelet of each node against the version skew that the next version allows.",
        "Update the node groups before you upgrade the cluster.",
        SKEW_POLICY,
        check_kubelet_skew,
    ),
    (
        "kube-proxy version skew",
        "Checks kube-proxy against the version skew that the next version allows.",
        "Update the kube-proxy add-on before you upgrade the cluster.",
        SKEW_POLICY,
        check_kube_proxy_skew,
    ),
    (
        "EKS add-on version compatibility",
        "Checks whether the installed add-on versions are compatible with the next version.",
        "Update the add-ons to a version that both Kubernetes versions support before you upgrade the cluster.",
        {"Updating an EKS add-on": f"{GUIDE}updating-an-add-on.html"},
        check_addon_compatibility,
    ),
    (
        "Cluster health issues",
        "Checks for health issues of the cluster that keep it from being upgraded.",
        "Remedy the health issues before you upgrade the cluster.",
        {},
        check_health_issues,
    ),
)
ROLLBACK_CHECKS: tuple[Check, ...] = (
    (
        "Kubelet version rollback compatibility",
        "Checks the kubelet of each node against the version skew that the previous version allows.",
        "Update the node groups to the previous version before you roll the cluster back.",
        SKEW_POLICY,
        check_kubelet_rollback,
    ),
    (
        "kube-proxy version rollback compatibility",
        "Checks kube-proxy against the version skew that the previous version allows.",
        "Update the kube-proxy add-on to the previous version before you roll the cluster back.",
        SKEW_POLICY,
        check_kube_proxy_rollback,
    ),
    (
        "Cluster health issues rollback",
        "Checks for health issues of the cluster that keep it from being rolled back.",
        "Remedy the health issues before you roll the cluster back.",
        {},
        check_health_issues,
    ),
    (
        "EKS add-on version rollback compatibility",
        "Checks whether the installed add-on versions are compatible with the previous version.",
        "Update the add-ons to a version that both Kubernetes versions support before you roll the cluster back.",
        {"Updating an EKS add-on": f"{GUIDE}updating-an-add-on.html"},
        check_addon_compatibility,
    ),
)


def list_rollback_findings(cluster: Cluster, target: int) -> list[tuple[str, str, str]]:
    """The readiness for a rollback as it is at this moment: name, status and reason of each check."""
    return [(name, *look(cluster, target)[:2]) for name, _about, _advice, _links, look in ROLLBACK_CHECKS]


def refresh(ctx: Context, cluster: Cluster) -> None:
    """Refresh the insights; a status that stays keeps the time of its last change."""
    now, before, cluster.insights = _parse_minor(cluster.raw["version"]), cluster.insights, {}
    rows = [(UPGRADE, now + 1, check) for check in CHECKS]
    if is_way_back_open(ctx, cluster):
        rows += [(ROLLBACK, now - 1, check) for check in ROLLBACK_CHECKS]
    if has_removals(now + 1):
        rows.append((UPGRADE, now + 1, _build_deprecation_check(ctx, now + 1)))
    for category, target, check in rows:
        insight = _build_insight(ctx, cluster, category, target, check)
        old = before.get(insight["id"], {})
        if old.get("insightStatus", {}).get("status") == insight["insightStatus"]["status"]:
            insight["lastTransitionTime"] = old["lastTransitionTime"]
        cluster.insights[insight["id"]] = insight


def _build_deprecation_check(ctx: Context, target: int) -> Check:
    """The check of API versions that a minor version removes."""

    def look(cluster: Cluster, minor: int) -> Finding:
        requests = ctx.control_planes.list_requests(cluster.raw["arn"])
        return find_deprecations(cluster, minor, requests, time.time())  # the API server's clock, not the sandbox's

    return (
        f"Deprecated APIs removed in Kubernetes v1.{target}",
        f"Checks for usage of deprecated APIs that are scheduled for removal in Kubernetes v1.{target}.",
        "Update manifests and API clients to use newer Kubernetes APIs before you upgrade the cluster.",
        {"Kubernetes API deprecation guide": "https://kubernetes.io/docs/reference/using-api/deprecation-guide/"},
        look,
    )


def _build_insight(ctx: Context, cluster: Cluster, category: str, target: int, check: Check) -> Raw:
    name, description, recommendation, links, look = check
    status, reason, resources, summary = look(cluster, target)
    return {
        "id": str(uuid.uuid5(uuid.NAMESPACE_URL, f"{cluster.raw['arn']} {name} {target}")),
        "name": name,
        "category": category,
        "kubernetesVersion": f"1.{target}",
        "lastRefreshTime": ctx.now(),
        "lastTransitionTime": ctx.now(),
        "description": description,
        "insightStatus": {"status": status, "reason": reason},
        "recommendation": recommendation,
        "additionalInfo": links,
        "resources": resources,
        "categorySpecificSummary": {"deprecationDetails": [], "addonCompatibilityDetails": [], **summary},
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
        raise InvalidRequest("An insights refresh is already in progress", clusterName=cluster.name)
    cluster.insights_refresh = {
        "status": "IN_PROGRESS",
        "message": "Insights refresh is in progress",
        "startedAt": ctx.now(),
    }
    fault = ctx.take_fault("fail_refresh", cluster.name)

    def end() -> None:
        done = {"status": "COMPLETED", "message": "Insights refresh completed"}
        if fault:
            done = {"status": "FAILED", "message": fault.message or "Insights refresh failed"}
        else:
            refresh(ctx, cluster)
        cluster.insights_refresh.update(done, endedAt=ctx.now())

    ctx.store.schedule(durations.INSIGHTS_REFRESH, end)
    return {key: cluster.insights_refresh[key] for key in ("status", "message")}


@handles("DescribeInsightsRefresh")
def describe_insights_refresh(ctx: Context, p: dict[str, Any]) -> dict[str, Any]:
    cluster = ctx.find_cluster(p["clusterName"])
    if not cluster.insights_refresh:
        raise ResourceNotFound(f"No insights refresh found for cluster: {cluster.name}", clusterName=cluster.name)
    return cluster.insights_refresh
