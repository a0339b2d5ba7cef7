# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Watching resources of a cluster until all of them have reached their state. Pure: observations and time come from outside."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from ansible_collections.kumo.eks.plugins.module_utils.core.errors import WaitFailed, WaitTimedOut
from ansible_collections.kumo.eks.plugins.module_utils.core.health import format_trouble
from ansible_collections.kumo.eks.plugins.module_utils.core.waiting import PATIENCE, Deadline, poll

MISSING = "MISSING"  # what Describe does not find. EKS has no status for it
# Final statuses. DEGRADED is none: a resource leaves it as soon as the cause is gone.
ENDED = ("FAILED", "CREATE_FAILED", "UPDATE_FAILED", "DELETE_FAILED", "Failed", "Cancelled")
UNDONE = ("FAILED", "DELETE_FAILED")  # statuses of a failed deletion
RUNS_PODS = ("nodegroup", "fargate_profile")


@dataclass(frozen=True)
class Observation:
    """The state of one resource at one moment.

    Args:
        kind: cluster, nodegroup, fargate_profile, addon or update.
        name: its name. Of an update, the id.
        status: as EKS spells it, or MISSING.
        reason: health issues or update errors of EKS, empty where there are none.
        wanted: active or deleted, the state that is waited for.
        details: what else the report says of it.
        advice: what to do about it, to be appended to a failure; empty where EKS' own words say it.
        may_be_new: whether an earlier task has started it, so that it may not be seen yet.
    """

    kind: str
    name: str
    status: str
    reason: str = ""
    wanted: str = "active"
    details: dict[str, str] = field(default_factory=dict)
    advice: str = ""
    may_be_new: bool = False

    @property
    def title(self) -> str:
        return f"{self.kind} {self.name}"

    @property
    def state(self) -> str:
        return self.status + (f" ({self.reason})" if self.reason else "")

    def build_row(self, seconds: float = 0.0) -> dict[str, object]:
        """The row of a result: kind, name, status, issues (what EKS said, or empty), seconds and the details."""
        row = {"kind": self.kind, "name": self.name, "status": self.status, "issues": self.reason, "seconds": seconds}
        return {**row, **self.details}


@dataclass(frozen=True)
class Limits:
    """How to wait; all times in seconds.

    Args:
        interval: the longest pause between two looks.
        heartbeat: the time between two lines that say what is still waited for.
        degraded_timeout: how long on end a thing may be DEGRADED.
    """

    wait_timeout: float
    interval: float
    heartbeat: float
    degraded_timeout: float


def is_settled(observation: Observation) -> bool:
    """Whether the resource has reached the state that is waited for."""
    return observation.status in ((MISSING,) if observation.wanted == "deleted" else ("ACTIVE", "Successful"))


def has_failed(observation: Observation) -> bool:
    """Whether the resource cannot reach the state any more, also because it is missing or DELETING and must be active."""
    if observation.wanted == "deleted":
        return observation.status in UNDONE
    return observation.status in (*ENDED, MISSING, "DELETING")


def format_duration(seconds: float) -> str:
    """A duration for people: 45s, 2m05s, 1h02m."""
    whole = int(seconds)
    if whole < 60:
        return f"{whole}s"
    if whole < 3600:
        return f"{whole // 60}m{whole % 60:02d}s"
    return f"{whole // 3600}h{whole % 3600 // 60:02d}m"


def list_warnings(rows: list[dict[str, object]]) -> list[str]:
    """What EKS says of resources that are ACTIVE all the same, of the rows of a report."""
    active = [row for row in rows if row["status"] == "ACTIVE"]
    texts = [format_trouble(f"{row['kind']} {row['name']}", "ACTIVE", str(row["issues"])) for row in active]
    return [text for text in texts if text]


class Watcher:
    """The memory of a wait: the last state of each resource, since when, and how long it took.

    Args:
        cluster: the cluster's name, for the lines.
        limits: how to wait.
        say: takes a line of progress.
        clock: a monotonic clock, in seconds.
    """

    def __init__(
        self, cluster: str, limits: Limits, say: Callable[[str], None], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._cluster, self._limits, self._say, self._clock = cluster, limits, say, clock
        self._began = self._spoke = clock()
        self._last: dict[str, Observation] = {}
        self._degraded: dict[str, float] = {}
        self._took: dict[str, float] = {}
        self._seen: set[str] = set()  # titles of what Describe has found

    def record(self, observations: list[Observation]) -> bool:
        """Record observations and report changes. Returns whether all are settled.

        Raises:
            WaitFailed: as soon as one of them cannot reach its state any more, with what EKS said.
        """
        now = self._clock()
        observations = self._add_missing(observations)
        for observation in observations:
            self._record(observation, now)
        self._record_degraded(observations, now)
        failed = [observation for observation in observations if self._is_lost(observation, now)]
        if failed:
            raise WaitFailed(
                "; ".join(self._format_failure(observation) for observation in failed),
                [{"code": observation.reason.partition(":")[0]} for observation in failed],
                resources=self.report(),
            )
        settled = all(is_settled(observation) for observation in observations)
        if not settled:
            self._report_heartbeat(now)
        return settled

    def state(self) -> str:
        """What is still waited for, for a message."""
        return ", ".join(f"{s.title} {s.state}" for s in self._last.values() if not is_settled(s))

    def report(self) -> list[dict[str, object]]:
        """A row for each thing, with the seconds it took or has taken so far."""
        now = self._clock()
        return [
            observation.build_row(round(self._took.get(key, now - self._began), 1))
            for key, observation in self._last.items()
        ]

    def _add_missing(self, observations: list[Observation]) -> list[Observation]:
        """With all=true, EKS does not list what was deleted since the last observation."""
        seen = {observation.title for observation in observations}
        return observations + [
            replace(observation, status=MISSING, reason="")
            for observation in self._last.values()
            if observation.title not in seen
        ]

    def _record(self, observation: Observation, now: float) -> None:
        before = self._last.get(observation.title)
        if before is None:
            self._report_line(f"{observation.title}: {observation.state}", now)
        elif before.state != observation.state:
            self._report_line(
                f"{observation.title}: {before.status} -> {observation.state} after {format_duration(now - self._began)}",
                now,
            )
        self._last[observation.title] = observation
        if observation.status != MISSING:
            self._seen.add(observation.title)
        if is_settled(observation):
            self._took.setdefault(observation.title, now - self._began)
        else:
            self._took.pop(observation.title, None)

    def _record_degraded(self, observations: list[Observation], now: float) -> None:
        """An add-on is DEGRADED until its pods have a node: its time starts when what brings nodes is settled."""
        nodes_come = any(s.kind in RUNS_PODS and not is_settled(s) for s in observations)
        for observation in observations:
            if observation.status != "DEGRADED" or (observation.kind == "addon" and nodes_come):
                self._degraded.pop(observation.title, None)
            else:
                self._degraded.setdefault(observation.title, now)

    def _is_lost(self, observation: Observation, now: float) -> bool:
        if self._is_unseen(observation, now):
            return False
        if has_failed(observation):
            return True
        since = self._degraded.get(observation.title)
        return observation.wanted == "active" and since is not None and now - since >= self._limits.degraded_timeout

    def _is_unseen(self, observation: Observation, now: float) -> bool:
        """Whether it has not been seen yet, and an earlier task has just created it."""
        missing = observation.status == MISSING and observation.title not in self._seen
        is_new = observation.may_be_new and now - self._began < PATIENCE
        return missing and observation.wanted == "active" and is_new

    def _format_failure(self, observation: Observation) -> str:
        if observation.status == MISSING:
            return f"{observation.title} does not exist in cluster {self._cluster}, so it cannot become active"
        if observation.status == "DEGRADED":
            return (
                f"{observation.title} has been DEGRADED for {self._limits.degraded_timeout:g} seconds: "
                f"{observation.reason or 'EKS gave no reason'}"
            )
        if observation.status == "DELETING":
            return f"{observation.title} is DELETING, so it cannot become active"
        reason = observation.reason or "EKS gave no reason"
        return f"{observation.title} is {observation.status}: {reason}{observation.advice}"

    def _report_heartbeat(self, now: float) -> None:
        if now - self._spoke >= self._limits.heartbeat:
            self._report_line(f"{format_duration(now - self._began)} elapsed, still waiting for {self.state()}", now)

    def _report_line(self, line: str, now: float) -> None:
        self._spoke = now
        self._say(f"[{self._cluster}] {line}")


def follow(
    look: Callable[[], list[Observation]],
    watcher: Watcher,
    limits: Limits,
    deadline: Deadline,
    sleep: Callable[[float], None] = time.sleep,
) -> list[dict[str, object]]:
    """Observe until all are settled, and return the report of the watcher.

    Raises:
        WaitFailed: at once when a resource cannot reach its state any more.
        WaitTimedOut: naming what is not settled. Both have the report as the fact ``resources``.
    """
    try:
        poll(
            lambda: (watcher.record(look()), None, watcher.state()),
            "The wait",
            deadline,
            sleep,
            limits.interval,
        )
    except WaitTimedOut as error:
        error.facts["resources"] = watcher.report()
        raise
    return watcher.report()
