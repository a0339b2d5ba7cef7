# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Following a set of a cluster's things until all are settled. Pure: looks, words and time come from outside."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from ansible_collections.kumo.eks.plugins.module_utils.errors import WaitFailed, WaitTimedOut
from ansible_collections.kumo.eks.plugins.module_utils.waiting import Deadline, poll

MISSING = "MISSING"  # our word for what Describe does not find; EKS has no status for it
# Where each kind ends without help. DEGRADED is not here: EKS takes a thing out of it once its cause is gone.
ENDED = ("FAILED", "CREATE_FAILED", "UPDATE_FAILED", "DELETE_FAILED", "Failed", "Cancelled")
UNDONE = ("FAILED", "DELETE_FAILED")  # how a deletion ends that did not come off
RUNS_PODS = ("nodegroup", "fargate_profile")


@dataclass(frozen=True)
class Sight:
    """What one look saw of one thing.

    Args:
        kind: cluster, nodegroup, fargate_profile, addon or update.
        name: its name, of an update the id.
        status: as EKS spells it, or MISSING.
        words: EKS' health issues or update errors, empty where there are none.
    """

    kind: str
    name: str
    status: str
    words: str = ""

    @property
    def title(self) -> str:
        return f"{self.kind} {self.name}"

    @property
    def state(self) -> str:
        return self.status + (f" ({self.words})" if self.words else "")


@dataclass(frozen=True)
class Limits:
    """How to wait; all times in seconds.

    Args:
        state: active or deleted.
        interval: the longest pause between two looks.
        heartbeat: the time between two lines that say what is still waited for.
        degraded_timeout: how long on end a thing may be DEGRADED.
    """

    state: str
    wait_timeout: float
    interval: float
    heartbeat: float
    degraded_timeout: float


def is_settled(sight: Sight, state: str) -> bool:
    """Whether the thing is where it is wanted."""
    return sight.status in ((MISSING,) if state == "deleted" else ("ACTIVE", "Successful"))


def has_failed(sight: Sight, state: str) -> bool:
    """Whether the thing will not get there any more: also when it is missing, or on its way out, but wanted active."""
    if state == "deleted":
        return sight.status in UNDONE
    return sight.status in (*ENDED, MISSING, "DELETING")


def span(seconds: float) -> str:
    """A length of time for people: 45s, 2m05s, 1h02m."""
    whole = int(seconds)
    if whole < 60:
        return f"{whole}s"
    if whole < 3600:
        return f"{whole // 60}m{whole % 60:02d}s"
    return f"{whole // 3600}h{whole % 3600 // 60:02d}m"


class Watch:
    """The memory of a wait: what was seen last of each thing, since when, and how long it took.

    Args:
        cluster: the cluster's name, for the lines.
        limits: how to wait.
        say: takes a line of progress.
        clock: seconds that only grow.
    """

    def __init__(
        self, cluster: str, limits: Limits, say: Callable[[str], None], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._cluster, self._limits, self._say, self._clock = cluster, limits, say, clock
        self._began = self._spoke = clock()
        self._last: dict[str, Sight] = {}
        self._degraded: dict[str, float] = {}
        self._took: dict[str, float] = {}

    def take(self, sights: list[Sight]) -> bool:
        """Note what a look saw and tell its changes; whether all are settled.

        Raises:
            WaitFailed: as soon as one of them will not get there any more, with EKS' words.
        """
        now = self._clock()
        sights = self._with_vanished(sights)
        for sight in sights:
            self._note(sight, now)
        self._time_degraded(sights, now)
        failed = [sight for sight in sights if self._is_lost(sight, now)]
        if failed:
            raise WaitFailed("; ".join(self._failure(sight) for sight in failed), resources=self.report())
        settled = all(is_settled(sight, self._limits.state) for sight in sights)
        if not settled:
            self._beat(now)
        return settled

    def state(self) -> str:
        """What is still waited for, in words."""
        return ", ".join(f"{s.title} {s.state}" for s in self._last.values() if not is_settled(s, self._limits.state))

    def report(self) -> list[dict[str, object]]:
        """A row for each thing: kind, name, status, issues (EKS' words or empty), seconds it took or has taken so far."""
        now = self._clock()
        return [
            {
                "kind": sight.kind,
                "name": sight.name,
                "status": sight.status,
                "issues": sight.words,
                "seconds": round(self._took.get(key, now - self._began), 1),
            }
            for key, sight in self._last.items()
        ]

    def _with_vanished(self, sights: list[Sight]) -> list[Sight]:
        """With all: true EKS no longer lists what was deleted since the last look."""
        seen = {sight.title for sight in sights}
        return sights + [
            replace(sight, status=MISSING, words="") for sight in self._last.values() if sight.title not in seen
        ]

    def _note(self, sight: Sight, now: float) -> None:
        before = self._last.get(sight.title)
        if before is None:
            self._tell(f"{sight.title}: {sight.state}", now)
        elif before.state != sight.state:
            self._tell(f"{sight.title}: {before.status} -> {sight.state} after {span(now - self._began)}", now)
        self._last[sight.title] = sight
        if is_settled(sight, self._limits.state):
            self._took.setdefault(sight.title, now - self._began)
        else:
            self._took.pop(sight.title, None)

    def _time_degraded(self, sights: list[Sight], now: float) -> None:
        """An add-on is DEGRADED until its pods have a node: its time runs only once what brings nodes is settled."""
        nodes_come = any(s.kind in RUNS_PODS and not is_settled(s, self._limits.state) for s in sights)
        for sight in sights:
            if sight.status != "DEGRADED" or (sight.kind == "addon" and nodes_come):
                self._degraded.pop(sight.title, None)
            else:
                self._degraded.setdefault(sight.title, now)

    def _is_lost(self, sight: Sight, now: float) -> bool:
        if has_failed(sight, self._limits.state):
            return True
        since = self._degraded.get(sight.title)
        return self._limits.state == "active" and since is not None and now - since >= self._limits.degraded_timeout

    def _failure(self, sight: Sight) -> str:
        if sight.status == MISSING:
            return f"{sight.title} does not exist in cluster {self._cluster}, so it cannot become active"
        if sight.status == "DEGRADED":
            return (
                f"{sight.title} has been DEGRADED for {self._limits.degraded_timeout:g} seconds: "
                f"{sight.words or 'EKS gave no reason'}"
            )
        if sight.status == "DELETING":
            return f"{sight.title} is DELETING, so it cannot become active"
        return f"{sight.title} is {sight.status}: {sight.words or 'EKS gave no reason'}"

    def _beat(self, now: float) -> None:
        if now - self._spoke >= self._limits.heartbeat:
            self._tell(f"{span(now - self._began)} gone, still waiting for {self.state()}", now)

    def _tell(self, line: str, now: float) -> None:
        self._spoke = now
        self._say(f"[{self._cluster}] {line}")


def follow(
    look: Callable[[], list[Sight]],
    watch: Watch,
    limits: Limits,
    deadline: Deadline,
    sleep: Callable[[float], None] = time.sleep,
) -> list[dict[str, object]]:
    """Look until all are settled; returns the watch's report.

    Raises:
        WaitFailed: at once when one will not get there.
        WaitTimedOut: naming what is not there yet. Both carry the report as the fact ``resources``.
    """
    try:
        poll(lambda: (watch.take(look()), None, watch.state()), "What is waited for", deadline, sleep, limits.interval)
    except WaitTimedOut as error:
        error.facts["resources"] = watch.report()
        raise
    return watch.report()
