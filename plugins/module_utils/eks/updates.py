# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Updates of a cluster and of what belongs to it, and their cancellation. Sources: ListUpdates, DescribeUpdate, CancelUpdate."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.aws.client import has_code, is_not_found
from ansible_collections.kumo.eks.plugins.module_utils.aws.describe import describe_all, describe_or_none, list_names
from ansible_collections.kumo.eks.plugins.module_utils.core.errors import ValidationError, WaitFailed, format_issues
from ansible_collections.kumo.eks.plugins.module_utils.core.waiting import Deadline, poll
from ansible_collections.kumo.eks.plugins.module_utils.eks.capability import list_capabilities

Row = dict[str, Any]
# Option that names the resource of an update, and its parameter. Without one of them, an update is the cluster's.
TARGETS = {"nodegroup": "nodegroupName", "addon": "addonName", "capability": "capabilityName"}
# "Currently, this is supported for VersionRollback update types on EKS Auto Mode clusters when nodes are rolling back": CancelUpdate
CANCELLABLE = "VersionRollback"
RULE = (
    f"EKS can cancel only a {CANCELLABLE} of a cluster with EKS Auto Mode, and only while its nodes roll back, before the"
    " control plane does."
)


def build_update_ids(cluster: str, update: Row) -> dict[str, str]:
    """The parameters by which DescribeUpdate finds an update: {id, nodegroup, addon, capability}, one of the last three at most."""
    return {"name": cluster, "updateId": update["id"], **build_target(update)}


def build_target(options: Row) -> dict[str, str]:
    """The parameters that name the resource whose updates are meant."""
    return {key: options[option] for option, key in TARGETS.items() if options.get(option)}


# looking


def list_updates(client: Any, cluster: str, target: Row) -> list[Row]:
    """The updates of one resource, described, each with the name of its resource; none where that does not exist."""
    words = {"name": cluster, **build_target(target)}
    try:
        keys = [key for page in client.get_paginator("list_updates").paginate(**words) for key in page["updateIds"]]
    except Exception as error:
        if is_not_found(error):
            return []
        raise
    found = describe_all(keys, lambda key: describe_update(client, cluster, {**target, "id": key}))
    return [{**update, **target} for update in found]


def describe_update(client: Any, cluster: str, update: Row) -> Row | None:
    """One update, None where there is none with this id."""
    return describe_or_none(client.describe_update, "update", **build_update_ids(cluster, update))


def list_targets(client: Any, cluster: str) -> list[Row]:
    """The cluster and all of its node groups, add-ons and capabilities, as options of a target."""
    capabilities = [row["capabilityName"] for row in list_capabilities(client, cluster)]
    return [
        {},
        *({"nodegroup": name} for name in list_names(client, "list_nodegroups", "nodegroups", cluster)),
        *({"addon": name} for name in list_names(client, "list_addons", "addons", cluster)),
        *({"capability": name} for name in capabilities),
    ]


# cancelling


@dataclass(frozen=True)
class Cancellation:
    """The end of ``cancel_update``: whether this run asked for it, the update before (None: none to cancel) and after."""

    changed: bool
    before: Row | None
    update: Row | None


def find_cancellable(client: Any, cluster: str, key: str | None) -> Row | None:
    """The update that is to be cancelled, None where none is in progress that EKS could cancel.

    Args:
        key: its id; without one, the rollback that is in progress.

    Raises:
        ValidationError: for an update that does not exist, has ended otherwise, or cannot be cancelled by its type.
    """
    if key is None:
        running = [row for row in list_updates(client, cluster, {}) if row["status"] == "InProgress"]
        return next((row for row in running if row["type"] == CANCELLABLE), None)
    update = describe_update(client, cluster, {"id": key})
    if update is None:
        raise ValidationError(
            f"id: cluster {cluster} has no update {key!r}. kumo.eks.eks_update_info lists its updates."
        )
    if update["status"] in ("Successful", "Failed"):
        raise ValidationError(f"id: update {key} is {update['status']} and cannot be cancelled any more.")
    if update["status"] == "InProgress" and update["type"] != CANCELLABLE:
        raise ValidationError(f"id: update {key} is of the type {update['type']}. {RULE} Wait for its end.")
    return update


def is_being_cancelled(update: Row) -> bool:
    return (update.get("cancellation") or {}).get("status") == "InProgress"


def cancel_update(
    client: Any, cluster: str, key: str | None, check_mode: bool, wait: bool, wait_timeout: float
) -> Cancellation:
    """Cancel an update, unless that is done or under way."""
    before = find_cancellable(client, cluster, key)
    if before is None or before["status"] == "Cancelled":
        return Cancellation(False, before, before)
    changed = not is_being_cancelled(before)
    if check_mode:
        return Cancellation(changed, before, {**before, "status": "Cancelled"})
    update = before
    if changed:
        changed, update = _send(client, cluster, before)
    if wait:
        update = _wait(partial(describe_update, client, cluster, before), before["id"], wait_timeout)
    return Cancellation(changed, before, update)


def _send(client: Any, cluster: str, update: Row) -> tuple[bool, Row]:
    """Whether the request was taken, and the update. Another run may have been faster."""
    try:
        return True, client.cancel_update(name=cluster, updateId=update["id"])["update"]
    except Exception as error:
        if not has_code(error, "ResourceInUseException", "InvalidStateException", "InvalidRequestException"):
            raise
        now = describe_update(client, cluster, update) or update
        if now["status"] == "Cancelled" or is_being_cancelled(now):
            return False, now
        if has_code(error, "ResourceInUseException"):
            raise
        raise ValidationError(
            f"Update {update['id']} was not cancelled: {error}. {RULE}", update_id=update["id"]
        ) from error


def _wait(describe: Callable[[], Row | None], key: str, wait_timeout: float) -> Row:
    """Wait until the update is Cancelled. Raises WaitFailed where the cancellation fails, or the update ends otherwise."""

    def look() -> tuple[bool, Row, str]:
        now = describe() or {"status": "InProgress"}
        cancellation = now.get("cancellation") or {}
        if now["status"] in ("Successful", "Failed") or cancellation.get("status") == "Failed":
            reason = cancellation.get("reason") or format_issues(now.get("errors") or [])
            raise WaitFailed(f"Update {key} was not cancelled. It is {now['status']}: {reason}. {RULE}", update_id=key)
        return now["status"] == "Cancelled", now, now["status"]

    return poll(look, f"The cancellation of update {key}", Deadline(wait_timeout))
