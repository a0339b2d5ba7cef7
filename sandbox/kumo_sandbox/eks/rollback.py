"""Rolling a control plane back to the minor version it was upgraded from, and cancelling that.

https://docs.aws.amazon.com/eks/latest/APIReference/API_UpdateClusterVersion.html and API_CancelUpdate.html: possible
for seven days after the upgrade; in auto mode the nodes roll back first, and until they have the update can be cancelled.
https://docs.aws.amazon.com/eks/latest/userguide/rollback-automode.html: the cluster is ACTIVE as long.
"""

from __future__ import annotations

from typing import Any

from kumo_sandbox import durations
from kumo_sandbox.eks.context import Context, begin_update
from kumo_sandbox.eks.errors import InvalidParameter, InvalidRequest, InvalidState, ResourceInUse
from kumo_sandbox.eks.store import Cluster, Raw
from kumo_sandbox.eks.versions import BY_NAME, Version

KIND = "VersionRollback"
DEADLINE = 7 * 86400  # seconds after the upgrade
TIMEOUT = (120, 10080)  # minutes


def roll_back(ctx: Context, cluster: Cluster, wanted: Version, p: dict[str, Any]) -> dict[str, Any]:
    """Begin the update; raises in the service's words where there is no way back."""
    _check_way_back(ctx, cluster, wanted)
    minutes = (p.get("rollbackConfig") or {}).get("timeoutMinutes")
    if minutes is not None and not TIMEOUT[0] <= minutes <= TIMEOUT[1]:
        raise InvalidParameter(
            f"timeoutMinutes {minutes} must be between {TIMEOUT[0]} and {TIMEOUT[1]}", clusterName=cluster.name
        )
    if not p.get("force"):
        _check_nodes(cluster, wanted)

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


def _check_nodes(cluster: Cluster, wanted: Version) -> None:
    """A kubelet is never newer than its API server."""
    newer = [name for name, raw in cluster.nodegroups.items() if BY_NAME[raw["version"]].minor > wanted.minor]
    if newer:
        raise InvalidRequest(
            f"Node groups are newer than {wanted.name}: {', '.join(sorted(newer))}", clusterName=cluster.name
        )


def _is_auto_mode(cluster: Cluster) -> bool:
    return bool((cluster.raw.get("computeConfig") or {}).get("enabled"))
