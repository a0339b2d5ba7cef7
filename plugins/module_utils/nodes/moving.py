# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Moves the pods from the nodes of one managed node group to those of another one, a few nodes at a time.

All nodes are cordoned first, so that an evicted pod does not go to one that is drained later. Pods leave by the Eviction API, which
respects PodDisruptionBudgets: https://kubernetes.io/docs/concepts/scheduling-eviction/api-eviction/
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from ansible_collections.kumo.eks.plugins.module_utils.core.counts import format_count
from ansible_collections.kumo.eks.plugins.module_utils.core.errors import NotDrained, WaitTimedOut
from ansible_collections.kumo.eks.plugins.module_utils.core.progress import PROGRESS
from ansible_collections.kumo.eks.plugins.module_utils.core.waiting import Deadline, poll
from ansible_collections.kumo.eks.plugins.module_utils.kubernetes.group_nodes import GroupNode, GroupNodes

HEARTBEAT = 60.0  # seconds between two lines while nothing changes
LONGEST_LOOK = 2.0  # seconds between two tries to evict
MOST = 5  # pods that a line names


@dataclass(frozen=True)
class Pace:
    """How fast nodes are drained.

    Args:
        max_parallel: nodes at once.
        pause: seconds from the end of a node until the next one begins.
        timeout: seconds that a node may take.
    """

    max_parallel: int = 1
    pause: float = 0
    timeout: float = 3600


@dataclass
class Move:
    """One group is emptied for another one.

    Args:
        source: the nodes that are emptied. target: the name of the group that takes their pods.
        began: POSIX time at which the task began: a node that an earlier run drains has its time from then on.
    """

    source: GroupNodes
    target: str
    pace: Pace
    began: float = field(default_factory=time.time)
    changed: bool = False
    drained: list[str] = field(default_factory=list)  # by this run
    _ended: float | None = None  # when the last node was empty, by the monotonic clock
    _said: str = ""
    _spoke: float = 0.0

    def hold(self) -> list[GroupNode]:
        """Cordon all nodes, those that an autoscaler has just added, too. Returns them as they are now."""
        nodes = self.source.list()
        held = [self.source.hold(one, self.target) for one in nodes]  # each of them, not up to the first
        if not any(held):
            return nodes
        self.changed = True
        return self.source.list()

    def drain(self, wait_timeout: float) -> None:
        """Drain all nodes, in so many seconds at most; each node has its own limit.

        Raises:
            WaitFailed: a node was not drained in its time. It says which pods are left, and which budgets keep them.
        """
        last: list[str] = []

        def look() -> tuple[bool, None, str]:
            is_done, last[:] = self.step()
            return is_done, None, "; ".join(last[:MOST])

        try:
            poll(
                look, f"The drain of node group {self.source.group}", Deadline(wait_timeout), longest_pause=LONGEST_LOOK
            )
        except WaitTimedOut as error:
            raise NotDrained(
                f"node group {self.source.group} was not drained after {wait_timeout:g} seconds: {'; '.join(last[:MOST])}."
                " Its nodes take no new pods. Run the task again to go on, or take the replacement back with state=reverted."
            ) from error

    def step(self) -> tuple[bool, list[str]]:
        """Evict what can be evicted now. Returns whether all nodes are empty, and what keeps them."""
        busy, waiting = [], []
        for one in self.hold():
            if one.node.draining_since is None:
                waiting.append(one)
                continue
            left = self.source.evict(one)
            if left:
                self._check_time(one, left)
                busy.append((one, left))
            elif one.name not in self.drained:
                self._end(one)
        free = max(0, self.pace.max_parallel - len(busy)) if self._is_pause_over() else 0
        for one in waiting[:free]:
            self._begin(one)
        texts = [f"node {one.name}: {text}" for one, left in busy for text in left]
        self._tell(texts, len(busy) + len(waiting))
        return not busy and not waiting, texts or [
            f"{format_count(len(waiting), 'node', 'is', 'are')} still to be drained"
        ]

    def _begin(self, one: GroupNode) -> None:
        PROGRESS.tell(f"node {one.name} of {self.source.group}: drain begins")
        self.source.begin_drain(one)
        self.changed = True

    def _end(self, one: GroupNode) -> None:
        self.drained.append(one.name)
        self._ended = time.monotonic()
        PROGRESS.tell(f"node {one.name} of {self.source.group}: no pod is left")

    def _is_pause_over(self) -> bool:
        return self._ended is None or time.monotonic() - self._ended >= self.pace.pause

    def _check_time(self, one: GroupNode, left: list[str]) -> None:
        since = max(one.node.draining_since or self.began, self.began)
        if time.time() - since >= self.pace.timeout:
            raise NotDrained(
                f"node {one.name} of node group {self.source.group} was not drained after {self.pace.timeout:g} seconds:"
                f" {'; '.join(left)}. It takes no new pods, and nothing was deleted. Let the pods go and run the task again, or take the"
                " replacement back with state=reverted."
            )

    def _tell(self, texts: list[str], nodes: int) -> None:
        """Tell what keeps the drain up, when it changes, and now and then while it does not."""
        blocked = [text for text in texts if "may not be evicted" in text]
        text = "; ".join(blocked[:MOST])
        now = time.monotonic()
        if text and (text != self._said or now - self._spoke >= HEARTBEAT):
            self._said, self._spoke = text, now
            PROGRESS.tell(f"{nodes} nodes of {self.source.group} are left: {text}")


def release_all(nodes: GroupNodes) -> list[str]:
    """Take back what was done with the nodes of a group. Returns their names."""
    return [one.name for one in nodes.list() if nodes.release(one)]
