# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Volumes of PersistentVolumes, removed when nothing has them any more: with the policy ``snapshot`` when a snapshot is complete."""

from __future__ import annotations

from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.aws.iam_tags import build_tag_list
from ansible_collections.kumo.eks.plugins.module_utils.core.errors import WaitFailed
from ansible_collections.kumo.eks.plugins.module_utils.core.waiting import Deadline, poll
from ansible_collections.kumo.eks.plugins.module_utils.leaks.claims import CLUSTER_TAG, CSI_TAG, OWNED, Thing
from ansible_collections.kumo.eks.plugins.module_utils.leaks.fates import SNAPSHOT

SNAPSHOT_TAG = "kumo.eks/snapshot-of"  # by which an interrupted run finds the snapshot that it began


class VolumeRemoval:
    """Removes volumes.

    Args:
        policy: ``snapshot`` or ``delete``.
    """

    def __init__(self, ec2: Any, cluster: str, policy: str, deadline: Deadline) -> None:
        self._ec2, self._cluster, self._policy, self._deadline = ec2, cluster, policy, deadline

    def remove(self, thing: Thing) -> None:
        """Delete a volume, after its snapshot where the policy wants one."""
        if self._policy == SNAPSHOT:
            self._wait_for_snapshot(thing, self._find_snapshot(thing) or self._create_snapshot(thing))
        self._ec2.delete_volume(VolumeId=thing.id)

    def _find_snapshot(self, thing: Thing) -> str | None:
        filters = [{"Name": f"tag:{SNAPSHOT_TAG}", "Values": [thing.id]}]
        pages = self._ec2.get_paginator("describe_snapshots").paginate(OwnerIds=["self"], Filters=filters)
        rows = [row for page in pages for row in page["Snapshots"]]
        return next((row["SnapshotId"] for row in rows if row["State"] != "error"), None)

    def _create_snapshot(self, thing: Thing) -> str:
        """With the volume's tags, so that it is found as the cluster's, and says which claim it was."""
        own = {key: value for key, value in thing.tags.items() if not key.startswith("aws:")}
        tags = {**own, CSI_TAG: "true", f"{CLUSTER_TAG}{self._cluster}": OWNED, SNAPSHOT_TAG: thing.id}
        answer = self._ec2.create_snapshot(
            VolumeId=thing.id,
            Description=f"Of volume {thing.id} of cluster {self._cluster}, made before its removal",
            TagSpecifications=[{"ResourceType": "snapshot", "Tags": build_tag_list(tags)}],
        )
        return answer["SnapshotId"]

    def _wait_for_snapshot(self, thing: Thing, snapshot: str) -> None:
        def observe() -> tuple[bool, None, str]:
            (row,) = self._ec2.describe_snapshots(SnapshotIds=[snapshot])["Snapshots"]
            if row["State"] == "error":
                raise WaitFailed(f"Snapshot {snapshot} of volume {thing.id} failed, and the volume is kept.")
            return row["State"] == "completed", None, f"{row['State']} {row.get('Progress', '')}"

        poll(observe, f"Snapshot {snapshot} of volume {thing.id}", self._deadline)
