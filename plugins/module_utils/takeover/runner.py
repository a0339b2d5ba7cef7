# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Takes over software that runs in a cluster: as an add-on of EKS, with its settings, and without another manager beside it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.core.counts import format_count
from ansible_collections.kumo.eks.plugins.module_utils.core.errors import GateClosed
from ansible_collections.kumo.eks.plugins.module_utils.core.reconciler import Reconciler
from ansible_collections.kumo.eks.plugins.module_utils.core.waiting import Deadline, poll
from ansible_collections.kumo.eks.plugins.module_utils.eks.addon import AddonResource
from ansible_collections.kumo.eks.plugins.module_utils.kubernetes.api import KubernetesApi
from ansible_collections.kumo.eks.plugins.module_utils.kubernetes.kinds import SECRET
from ansible_collections.kumo.eks.plugins.module_utils.takeover.plan import Plan
from ansible_collections.kumo.eks.plugins.module_utils.takeover.reading import TakeoverReader, is_alone
from ansible_collections.kumo.eks.plugins.module_utils.takeover.table import BY_NAME, NAMESPACE, Part

Row = dict[str, Any]
ALL = "all"  # as an item of accept_loss


def find_unaccepted(plan: Plan, accepted: list[str]) -> list[str]:
    """What would be lost, and nobody agreed to."""
    return [] if ALL in accepted else [line for line in plan.lost if line not in accepted]


def refuse(plans: list[Plan], accepted: list[str]) -> None:
    """Raise ValidationError for everything that prevents the take-over, before anything is changed."""
    reasons = [f"{plan.name}: {plan.why}." for plan in plans if plan.why]
    for plan in plans:
        lost = find_unaccepted(plan, accepted)
        if lost:
            reasons.append(
                f"{plan.name}: the add-on has no configuration value for {len(lost)} of its settings: {'; '.join(lost)}. They would be lost."
                " Undo them first, or accept their loss with accept_loss."
            )
    if reasons:
        raise GateClosed(" ".join(reasons), addons=[{**plan.build_row(), "state": "refused"} for plan in plans])


@dataclass
class Takeover:
    """The work.

    Args:
        build_resource: an add-on by its options.
        wait: whether to wait until the add-on is ACTIVE and its pods are ready. One with a Helm release is waited for always.
    """

    api: KubernetesApi
    reader: TakeoverReader
    build_resource: Callable[[Row], AddonResource]
    check_mode: bool
    wait: bool
    wait_timeout: float
    tags: Row | None = None
    before: Row = field(default_factory=dict)
    after: Row = field(default_factory=dict)

    def run(self, plan: Plan) -> Row:
        """Take over one add-on; its row of the result."""
        self._note(plan)
        if self.check_mode:
            return {**plan.build_row(), "state": "taken_over"}
        deadline = Deadline(self.wait_timeout)
        self._make_room(plan, deadline)
        wait = self.wait or plan.release is not None
        self._create(plan, wait, deadline)
        if wait:
            self._wait_for_pods(plan, deadline)
        if plan.release is not None:
            self.forget_release(plan.release)
        return {**plan.build_row(), "state": "taken_over"}

    def finish(self, name: str) -> Row | None:
        """Remove the records of a release whose software EKS manages by now, as an interrupted run leaves them."""
        release = self.reader.find_release(BY_NAME[name])
        if release is None or not is_alone(release):
            return None
        key = (release.namespace, release.name)
        self.before[name] = {"managed_by": "eks, helm", "release": "/".join(key)}
        self.after[name] = {"managed_by": "eks", "release": None}
        if not self.check_mode:
            self.forget_release(key)
        return {**Plan(name, managed_by="helm", release=key).build_row(), "state": "taken_over"}

    def forget_release(self, release: tuple[str, str]) -> None:
        """Delete Helm's records, and nothing of what they describe: from then on Helm does not know the release.

        The newest goes first: what an interruption leaves is superseded, which no upgrade begins from.
        """
        for row in reversed(self.reader.list_records(*release)):
            self.api.delete(SECRET, row["metadata"]["name"], release[0], uid=row["metadata"]["uid"])

    def _make_room(self, plan: Plan, deadline: Deadline) -> None:
        """Delete the workloads that Kubernetes does not let EKS change. Volumes that are mounted stay mounted.

        https://github.com/kubernetes-sigs/aws-ebs-csi-driver/issues/1502
        """
        parts = [part for part in BY_NAME[plan.name].parts if f"{part.kind.kind} {part.name}" in plan.replaced]
        for part in parts:
            self.api.delete(part.kind, part.name, NAMESPACE, propagation="Foreground")
        for part in parts:
            poll(
                lambda part=part: (
                    (gone := self.api.get(part.kind, part.name, NAMESPACE) is None),
                    None,
                    "gone" if gone else "still there",
                ),
                f"the deletion of {part.kind.kind} {part.name}",
                deadline,
            )

    def _create(self, plan: Plan, wait: bool, deadline: Deadline) -> None:
        """One that an earlier run could not create is deleted first, without its software."""
        item: Row = {
            "name": plan.name,
            "version": plan.version,
            "resolve_conflicts": "OVERWRITE",
            "preserve": True,
        }
        if plan.kept:
            item["configuration_values"] = plan.kept
        if plan.role_arn:
            item["service_account_role_arn"] = plan.role_arn
        if self.tags is not None:
            item["tags"] = self.tags
        left = max(deadline.seconds_left(), 1)
        Reconciler(self.build_resource(item), False, wait, left, replace=True).ensure_present(item)

    def _wait_for_pods(self, plan: Plan, deadline: Deadline) -> None:
        for part in BY_NAME[plan.name].parts:
            poll(lambda part=part: self._look_at(part), f"the rollout of {part.kind.kind} {part.name}", deadline)

    def _look_at(self, part: Part) -> tuple[bool, None, str]:
        """Whether all pods of a workload are new and ready."""
        row = self.api.get(part.kind, part.name, NAMESPACE)
        if row is None:
            return False, None, "it does not exist"
        wanted, ready, updated = count_pods(row)
        seen = (row.get("status") or {}).get("observedGeneration", 0) >= row["metadata"].get("generation", 0)
        return (
            seen and ready >= wanted and updated >= wanted,
            None,
            f"{ready} of {format_count(wanted, 'pod', 'is', 'are')} ready, {updated} are new",
        )

    def _note(self, plan: Plan) -> None:
        """The diff: what there is, and what is left of it."""
        now = {setting.origin: setting.value for setting in plan.settings}
        lost = dict.fromkeys(plan.lost, "set")
        rights = {
            "service_account_role_arn": plan.role_arn or None,
            "pod_identity_association": plan.association or None,
        }
        release = "/".join(plan.release) if plan.release else None
        self.before[plan.name] = {
            "managed_by": plan.managed_by,
            "version": plan.installed or None,
            "settings": {**now, **lost},
            "release": release,
            **rights,
        }
        self.after[plan.name] = {
            "managed_by": "eks add-on",
            "version": plan.version,
            "settings": now,
            "configuration_values": plan.kept,
            "release": None,
            **rights,
        }


def count_pods(row: Row) -> tuple[int, int, int]:
    """How many pods a Deployment or DaemonSet wants, how many are ready, and how many are of its newest template."""
    status = row.get("status") or {}
    if row.get("kind", "") == "DaemonSet" or "desiredNumberScheduled" in status:
        wanted = status.get("desiredNumberScheduled", 0)
        return wanted, status.get("numberReady", 0), status.get("updatedNumberScheduled", 0)
    return row["spec"].get("replicas", 1), status.get("readyReplicas", 0), status.get("updatedReplicas", 0)
