"""What a handler gets: the store, AWS beside EKS, control planes, and who asks from where."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from kumo_sandbox import durations
from kumo_sandbox.eks.aws_context import AwsContext
from kumo_sandbox.eks.control_planes import ControlPlanes
from kumo_sandbox.eks.errors import InvalidParameter, InvalidRequest, ResourceInUse, ResourceNotFound
from kumo_sandbox.eks.store import Cluster, Raw, Store
from kumo_sandbox.faults import Fault, Faults
from kumo_sandbox.partitions import Partition, find_partition
from kumo_sandbox.quotas import Quotas
from kumo_sandbox.switches import SHORT_PAGE, Switches

Handler = Callable[["Context", dict[str, Any]], dict[str, Any]]
OPERATIONS: dict[str, Handler] = {}


def handles(name: str) -> Callable[[Handler], Handler]:
    """Make a function the handler of an API operation."""

    def register(handler: Handler) -> Handler:
        OPERATIONS[name] = handler
        return handler

    return register


@dataclass
class Settings:
    """What the sandbox was started with."""

    refuse_unsupported: bool = False


@dataclass
class Context:
    store: Store
    aws_context: AwsContext
    control_planes: ControlPlanes
    faults: Faults
    settings: Settings
    quotas: Quotas
    switches: Switches
    region: str
    account: str
    principal: str
    operation: str

    @property
    def partition(self) -> Partition:
        return find_partition(self.region)

    def build_arn(self, rest: str) -> str:
        return f"arn:{self.partition.name}:eks:{self.region}:{self.account}:{rest}"

    def now(self) -> float:
        return round(self.store.clock.now(), 3)

    def is_just_now(self, when: float) -> bool:
        """Whether what happened at that time is so new that not all of EKS knows it. Never where the clock is instant."""
        # in milliseconds, as the moments are kept
        return not self.store.clock.instant and round(self.now() - when, 3) < durations.READ_LAG

    def find_cluster(self, name: str) -> Cluster:
        """The cluster; raises ResourceNotFoundException in the service's words."""
        found = self.store.clusters.get((self.region, name))
        if found is None:
            raise ResourceNotFound(f"No cluster found for name: {name}.", clusterName=name)
        return found

    def find_active_cluster(self, name: str) -> Cluster:
        """The cluster, ready to take children; raises InvalidRequestException while it is not."""
        cluster = self.find_cluster(name)
        if cluster.raw["status"] not in ("ACTIVE", "UPDATING"):
            raise InvalidRequest(f"Cluster '{name}' is not in ACTIVE status", clusterName=name)
        return cluster

    def take_fault(self, kind: str, resource: str) -> Fault | None:
        """The fault that lets this creation, update or deletion fail, if one waits for it."""
        return self.faults.take((kind,), "eks", self.operation, resource)


def paginate(ctx: Context, p: dict[str, Any], key: str, rows: list[Any], most: int = 100) -> dict[str, Any]:
    """One page of a listing; the token is the place the next one begins at."""
    try:
        start = int(p.get("nextToken") or 0)
    except ValueError as error:
        raise InvalidParameter("The nextToken is not valid") from error
    size = p.get("maxResults") or most
    end = start + (min(size, SHORT_PAGE) if ctx.switches["short_pages"] else size)
    return {key: rows[start:end], "nextToken": str(end) if end < len(rows) else None}


def begin_update(
    ctx: Context,
    cluster: Cluster,
    target: tuple[str, Raw],
    kind: str,
    params: list[tuple[str, Any]],
    seconds: float,
    act: Callable[[], None],
    undo: Callable[[], None] = lambda: None,
    unseen: float = 0.0,
    find_obstacle: Callable[[], Raw | None] = lambda: None,
    milestones: Sequence[tuple[float, Callable[[], None]]] = (),
) -> dict[str, Any]:
    """Start an update of the cluster or one of its things and return it as the API does.

    Args:
        target: ("cluster" | "nodegroup" | "addon" | "capability", the resource's raw).
        act: makes the change when the update ends well.
        undo: takes back what the update had begun when it fails.
        unseen: the seconds at its beginning in which the resource keeps its status.
        find_obstacle: asked when the update could end: the error by which it fails, which is None where nothing is in its way, and
            empty where it is looked at again a while later.
        milestones: what happens before the end, each after so many seconds.

    The resource is ACTIVE again whether it succeeded or failed; only the update says which. An add-on tells it by itself:
    AddonStatus has UPDATE_FAILED.
    """
    what, raw = target
    name = raw.get("nodegroupName") or raw.get("addonName") or raw.get("capabilityName") or raw["name"]
    running = find_running_update(cluster, what, name)
    if running:
        raise ResourceInUse(
            f"Cannot {kind} because {what} {name} currently has update {running['id']} in progress",
            clusterName=cluster.name,
            nodegroupName=name if what == "nodegroup" else None,
            addonName=name if what == "addon" else None,
        )
    update: Raw = {
        "id": str(uuid.uuid4()),
        "status": "InProgress",
        "type": kind,
        "params": [
            {"type": key, "value": value if isinstance(value, str) else json.dumps(value)}
            for key, value in params
            if value is not None
        ],
        "createdAt": ctx.now(),
        "errors": [],
    }
    cluster.updates[update["id"]] = update
    cluster.update_of[update["id"]] = (what, name)
    fault = ctx.take_fault("fail_update", name)

    def show() -> None:
        being_cancelled = update.get("cancellation", {}).get("status") == "InProgress"
        if update["status"] == "InProgress" and not being_cancelled:
            raw["status"] = "UPDATING"

    if unseen:
        ctx.store.schedule(unseen, show)
    else:
        show()

    def pass_by(work: Callable[[], None]) -> None:
        if update["status"] == "InProgress" and not fault:
            work()

    def end() -> None:
        if update["status"] != "InProgress":
            return
        error = _build_error(fault) if fault else find_obstacle()
        if error == {}:
            ctx.store.schedule(durations.NODES_LOOK, end)
            return
        raw["status"] = "UPDATE_FAILED" if error and what == "addon" else "ACTIVE"
        if error:
            update["status"] = "Failed"
            update["errors"] = [error]
            undo()
            return
        update["status"] = "Successful"
        act()
        ctx.control_planes.sync(cluster.raw["arn"])

    for moment, work in milestones:
        ctx.store.schedule(moment, partial(pass_by, work))
    ctx.store.schedule(seconds, end)
    return {"update": dict(update)}


def _build_error(fault: Fault) -> Raw:
    """The error of an update that is to fail."""
    return {
        "errorCode": fault.code or "Unknown",
        "errorMessage": fault.message or "The update failed",
        "resourceIds": [],
    }


def find_running_update(cluster: Cluster, what: str, name: str) -> Raw | None:
    """The update of this resource that is under way."""
    for key, update in cluster.updates.items():
        if update["status"] == "InProgress" and cluster.update_of[key] == (what, name):
            return update
    return None
