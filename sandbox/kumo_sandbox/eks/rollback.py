"""Rolling a control plane back to the minor version it was upgraded from, and cancelling that.

https://docs.aws.amazon.com/eks/latest/userguide/rollback-cluster.html: readiness insights with ERROR or UNKNOWN block it, and force goes
past them; nothing goes past the seven days, and past the support policy that a version in extended support requires.
https://docs.aws.amazon.com/eks/latest/APIReference/API_UpdateClusterVersion.html and API_CancelUpdate.html: possible
for seven days after the upgrade; in auto mode the nodes roll back first, and until they have the update can be cancelled.
https://docs.aws.amazon.com/eks/latest/userguide/rollback-automode.html: the cluster is ACTIVE as long.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from kumo_sandbox import durations
from kumo_sandbox.eks.context import Context, begin_update
from kumo_sandbox.eks.errors import InvalidParameter, InvalidRequest, InvalidState, ResourceInUse
from kumo_sandbox.eks.store import Cluster, Raw
from kumo_sandbox.eks.versions import Version, find_support_status

Finding = tuple[str, str, str]
KIND = "VersionRollback"
DEADLINE = 7 * 86400  # seconds after the upgrade
TIMEOUT = (120, 10080)  # minutes


def roll_back(
    ctx: Context, cluster: Cluster, wanted: Version, p: dict[str, Any], list_findings: Callable[..., list[Finding]]
) -> dict[str, Any]:
    """Begin the update; raises in the service's words where there is no way back.

    Args:
        list_findings: the readiness insights of the moment about a minor version: (name, status, reason).
    """
    _check_way_back(ctx, cluster, wanted)
    minutes = (p.get("rollbackConfig") or {}).get("timeoutMinutes")
    if minutes is not None and not TIMEOUT[0] <= minutes <= TIMEOUT[1]:
        raise InvalidParameter(
            f"timeoutMinutes {minutes} must be between {TIMEOUT[0]} and {TIMEOUT[1]}", clusterName=cluster.name
        )
    _check_support(ctx, cluster, wanted)
    if not p.get("force"):
        _check_readiness(cluster, wanted, list_findings(cluster, wanted.minor))

    def act() -> None:
        cluster.raw.update(version=wanted.name)
        cluster.upgraded = None

    nodes = durations.NODES_ROLLBACK if _is_auto_mode(cluster) else 0.0
    params = [("Version", wanted.name), ("PlatformVersion", "eks.20")]
    seconds = durations.CLUSTER_VERSION_UPDATE + nodes
    return begin_update(ctx, cluster, ("cluster", cluster.raw), KIND, params, seconds, act, unseen=nodes)


def cancel(ctx: Context, cluster: Cluster, update: Raw) -> None:
    """Begin the cancellation; raises in the service's words where the update cannot be cancelled."""
    check_cancellable(ctx, cluster, update)
    fault = ctx.take_fault("fail_update", cluster.name)
    update["cancellation"] = {"status": "InProgress", "reason": "The cancellation was requested"}

    def end() -> None:
        if fault:
            reason = fault.message or "The control plane rollback has begun"
            update["cancellation"] = {"status": "Failed", "reason": reason}
            return
        update["status"] = "Cancelled"
        update["cancellation"] = {"status": "Successful", "reason": "The node rollback was stopped"}

    ctx.store.schedule(durations.CANCELLATION, end)


def check_cancellable(ctx: Context, cluster: Cluster, update: Raw) -> None:
    """Only a rollback in auto mode, while its nodes are on their way."""
    if update["status"] != "InProgress":
        raise InvalidState(
            f"Update {update['id']} is {update['status']} and cannot be cancelled", clusterName=cluster.name
        )
    if update.get("cancellation", {}).get("status") == "InProgress":
        raise ResourceInUse(f"Update {update['id']} is being cancelled", clusterName=cluster.name)
    if update["type"] != KIND or not _is_auto_mode(cluster):
        raise InvalidRequest(
            f"Update type {update['type']} of this cluster cannot be cancelled", clusterName=cluster.name
        )
    if ctx.now() - update["createdAt"] >= durations.NODES_ROLLBACK:
        raise InvalidState(
            "The rollback of the control plane has begun and cannot be cancelled", clusterName=cluster.name
        )


def is_way_back_open(ctx: Context, cluster: Cluster) -> bool:
    """Whether the cluster was upgraded less than seven days ago."""
    return cluster.upgraded is not None and ctx.now() - cluster.upgraded[1] <= DEADLINE


def is_way_back(ctx: Context, cluster: Cluster, version: str) -> bool:
    """Whether the cluster can be rolled back to a version, so that its node groups may have it before."""
    return is_way_back_open(ctx, cluster) and cluster.upgraded[0] == version


def _check_way_back(ctx: Context, cluster: Cluster, wanted: Version) -> None:
    before, ended = cluster.upgraded or ("", 0.0)
    if before != wanted.name:
        raise InvalidParameter(
            f"Unsupported Kubernetes minor version update from {cluster.raw['version']} to {wanted.name}",
            clusterName=cluster.name,
        )
    if ctx.now() - ended > DEADLINE:
        raise InvalidRequest(
            f"Cluster {cluster.name} was upgraded more than 7 days ago and can no longer be rolled back",
            clusterName=cluster.name,
        )


def _check_support(ctx: Context, cluster: Cluster, wanted: Version) -> None:
    """The code and the words are assumed."""
    policy = (cluster.raw.get("upgradePolicy") or {}).get("supportType")
    if find_support_status(ctx, wanted) == "EXTENDED_SUPPORT" and policy == "STANDARD":
        raise InvalidRequest(
            f"Version {wanted.name} is in extended support. Change the upgrade policy of the cluster to EXTENDED first",
            clusterName=cluster.name,
        )


def _check_readiness(cluster: Cluster, wanted: Version, findings: list[Finding]) -> None:
    """The code and the words are assumed."""
    closed = [f"{name}: {reason}" for name, status, reason in findings if status in ("ERROR", "UNKNOWN")]
    if closed:
        raise InvalidRequest(
            f"Rollback readiness insights block the rollback to {wanted.name}: {'; '.join(closed)}",
            clusterName=cluster.name,
        )


def _is_auto_mode(cluster: Cluster) -> bool:
    return bool((cluster.raw.get("computeConfig") or {}).get("enabled"))
