# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Replaces the instances of a group that have an older launch template, a few at a time, each step from what is there now.

There is no lifecycle hook: it would stay behind when a run ends, and delay every instance that an autoscaler ends later. Instead the
node is drained first, and its instance terminated when no pod is left on it. A run that was interrupted is taken up by the next one,
since a node that is being drained says so itself. The group launches the replacement, by the new template.

Sources: TerminateInstanceInAutoScalingGroup, StartInstanceRefresh, DescribeInstanceRefreshes
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.core.counts import format_count
from ansible_collections.kumo.eks.plugins.module_utils.core.errors import NotDrained, ValidationError, WaitFailed
from ansible_collections.kumo.eks.plugins.module_utils.core.specs.self_managed import (
    DRAIN_TIMEOUT,
    NONE,
    REFRESH,
    ROLLING,
)
from ansible_collections.kumo.eks.plugins.module_utils.kubernetes.nodes import ClusterNodes, Node

Row = dict[str, Any]

COMING, THERE = "Pending", "InService"
STANDING = (COMING, "Pending:Wait", "Pending:Proceed", THERE)
ACTIVE_REFRESHES = ("Pending", "InProgress", "Cancelling", "RollbackInProgress", "Baking")
REQUIRED_PROCESSES = ("Launch", "Terminate")  # without them no instance is replaced


def list_standing(group: Row) -> list[Row]:
    """The instances that count for the group's capacity."""
    return [row for row in group["instances"] if row["LifecycleState"] in STANDING]


def is_outdated(instance: Row, template: Row, types: list[str]) -> bool:
    """Whether an instance has another launch template, or a type that the group no longer has."""
    own = instance.get("LaunchTemplate") or {}
    is_same = (own.get("LaunchTemplateId"), str(own.get("Version"))) == (template["id"], str(template["version"]))
    return not is_same or bool(types and instance.get("InstanceType") not in types)


def list_outdated(group: Row) -> list[Row]:
    """The instances that a rollout replaces."""
    template, types = group["launch_template"], group["instance_types"]
    return [row for row in list_standing(group) if is_outdated(row, template, types)]


@dataclass
class Rollout:
    """One step of a rollout.

    Args:
        client: boto3's client of EC2 Auto Scaling.
        group: as it is now (AutoScalingGroupResource.describe).
        nodes: of the cluster, None where its API server cannot be asked.
        update: the option update_config.
        began: POSIX time at which the task began to wait: a drain has its time from then on.
        goes_on: whether an earlier step of the same task started what is under way.
    """

    client: Any
    group: Row
    nodes: ClusterNodes | None
    update: Row
    began: float
    goes_on: bool = False
    changed: bool = False
    pending: list[str] = field(default_factory=list)

    @property
    def strategy(self) -> str:
        return self.update.get("strategy") or ROLLING

    def step(self) -> None:
        """Do what can be done now. ``changed`` says whether something was, and ``pending`` what is still to come."""
        outdated = list_outdated(self.group)
        if self.nodes:
            self._release(outdated)
        if outdated and self.strategy != NONE:
            self._check_processes()
            (self._refresh if self.strategy == REFRESH else self._roll)(outdated)
        elif self.strategy == REFRESH:
            self._await_refresh()
        self._await_capacity()

    def _check_processes(self) -> None:
        """The module resumes nothing: somebody had a reason."""
        stopped = [name for name in self.group["suspended_processes"] if name in REQUIRED_PROCESSES]
        if stopped:
            raise ValidationError(
                f"Auto Scaling group {self.group['name']}: {', '.join(stopped)} is suspended, so that instances cannot be replaced."
                " Resume it, or set update_config.strategy=none."
            )

    # what is there

    def _find_node(self, instance: Row) -> Node | None:
        return self.nodes.find(instance["InstanceId"]) if self.nodes else None

    def is_ready(self, instance: Row) -> bool:
        """Whether the instance is in service and, where the cluster can be asked, its node is Ready."""
        if instance["LifecycleState"] != THERE:
            return False
        node = self._find_node(instance)
        return node.ready if node else self.nodes is None

    def _release(self, outdated: list[Row]) -> None:
        """Nodes that an earlier run drained for a template that is the current one again."""
        leaving = {row["InstanceId"] for row in outdated} if self.strategy == ROLLING else set()
        for instance in list_standing(self.group):
            node = self._find_node(instance)
            if node and node.draining_since is not None and instance["InstanceId"] not in leaving:
                self.nodes.uncordon(node)
                self.changed = True

    def _await_capacity(self) -> None:
        wanted = self.group["scaling_config"]["desired_size"]
        ready = sum(map(self.is_ready, list_standing(self.group)))
        if ready < wanted:
            what = "instances are in service" if self.nodes is None else "nodes are Ready"
            self.pending.append(f"{ready} of {wanted} {what}")

    # by draining

    def _roll(self, outdated: list[Row]) -> None:
        """Replace instances that never became nodes at once, and drain as many of the others as may be missing.

        A node that is not Ready is missing already, so that its drain need not wait for its turn.
        """
        if self.nodes is None:
            raise ValidationError(
                f"Auto Scaling group {self.group['name']}: without a look at its nodes none is drained."
            )
        for instance in outdated:
            if self._find_node(instance) is None:
                self._terminate(instance)
        nodes = [row for row in outdated if self._find_node(row)]
        draining = [row for row in nodes if self._is_draining(row)]
        waiting = [row for row in nodes if row not in draining]
        missing = self.group["scaling_config"]["desired_size"] - len(
            [row for row in list_standing(self.group) if self.is_ready(row) and row not in draining]
        )
        free = max(0, (self.update.get("max_unavailable") or 1) - missing)
        serving = [row for row in waiting if self.is_ready(row)]
        for instance in [*(row for row in waiting if row not in serving), *serving[:free]]:
            self._cordon(instance)
            draining.append(instance)
        for instance in draining:
            self._drain(instance)
        if len(serving) > free:
            self.pending.append(f"{format_count(len(outdated), 'instance', 'is', 'are')} to be replaced")

    def _is_draining(self, instance: Row) -> bool:
        node = self._find_node(instance)
        return node is not None and node.draining_since is not None

    def _cordon(self, instance: Row) -> None:
        self.nodes.cordon(self._find_node(instance))
        self.changed = True

    def _drain(self, instance: Row) -> None:
        """Evict what is left on the node, and terminate the instance when it is empty, or when its time is over by force."""
        node = self._find_node(instance)
        left = self.nodes.evict_pods(node)
        if not left:
            self._terminate(instance)
            return
        since = max(node.draining_since or time.time(), self.began)
        timeout = self.update.get("drain_timeout")
        timeout = DRAIN_TIMEOUT if timeout is None else timeout
        if time.time() - since < timeout:
            self.pending.append(f"node {node.name} is drained: {'; '.join(left[:3])}")
        elif self.update.get("force"):
            self._terminate(instance)
        else:
            raise NotDrained(
                f"node {node.name} was not drained after {timeout} seconds: {'; '.join(left)}. It takes no new pods, and its instance"
                f" {instance['InstanceId']} runs. Let the pods go, and run the task again, or set update_config.force=true."
            )

    def _terminate(self, instance: Row) -> None:
        self.client.terminate_instance_in_auto_scaling_group(
            InstanceId=instance["InstanceId"], ShouldDecrementDesiredCapacity=False
        )
        self.changed = True
        self.pending.append(f"instance {instance['InstanceId']} is replaced")

    # by an instance refresh

    def _refresh(self, outdated: list[Row]) -> None:
        latest = self._find_latest_refresh()
        if latest and latest["Status"] in ACTIVE_REFRESHES:
            self._tell_refresh(latest)
            return
        if latest and self.goes_on and latest["Status"] != "Successful":
            raise WaitFailed(
                f"instance refresh {latest['InstanceRefreshId']} of {self.group['name']} ended {latest['Status']}:"
                f" {latest.get('StatusReason') or 'EC2 Auto Scaling gave no reason'}. {format_count(len(outdated), 'instance', 'is', 'are')} not replaced."
            )
        preferences = {"SkipMatching": True}
        for option, member in (
            ("min_healthy_percentage", "MinHealthyPercentage"),
            ("instance_warmup", "InstanceWarmup"),
        ):
            if self.update.get(option) is not None:
                preferences[member] = self.update[option]
        self.client.start_instance_refresh(AutoScalingGroupName=self.group["name"], Preferences=preferences)
        self.changed = True
        self.pending.append(f"an instance refresh replaces {format_count(len(outdated), 'instance')}")

    def _await_refresh(self) -> None:
        """All instances are new, and the refresh may still wait for the last one."""
        latest = self._find_latest_refresh()
        if latest and latest["Status"] in ACTIVE_REFRESHES:
            self._tell_refresh(latest)

    def _tell_refresh(self, refresh: Row) -> None:
        self.pending.append(f"instance refresh {refresh['Status']}, {refresh.get('PercentageComplete') or 0} %")

    def _find_latest_refresh(self) -> Row | None:
        """Refreshes are answered with the latest first."""
        rows = self.client.describe_instance_refreshes(AutoScalingGroupName=self.group["name"], MaxRecords=1)
        return next(iter(rows["InstanceRefreshes"]), None)
