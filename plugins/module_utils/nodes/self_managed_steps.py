# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Groups of self-managed nodes step by step: at once, and again until nothing is left to come."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

from ansible_collections.kumo.eks.plugins.module_utils.core.concurrency import ItemResult, run_concurrently
from ansible_collections.kumo.eks.plugins.module_utils.core.errors import WaitTimedOut
from ansible_collections.kumo.eks.plugins.module_utils.core.waiting import Deadline, poll

Item = dict[str, Any]


@dataclass
class Step:
    """What became of one group in one step, or in all of them together.

    Args:
        raw: the Auto Scaling group as it is now, None where it does not exist.
        before, after: both sides of the diff.
        pending: what is still to come, in words; empty where the group is as the task wants it.
        by: what was asked: "nodes", "instances", or "nothing".
    """

    changed: bool
    raw: Item | None
    before: Item = field(default_factory=dict)
    after: Item = field(default_factory=dict)
    pending: list[str] = field(default_factory=list)
    by: str = "nothing"

    def follow(self, later: Step) -> Step:
        """This step and a later one of the same task: the first one that changed something has planned it all."""
        shown = self if self.changed or not later.changed else later
        return Step(self.changed or later.changed, later.raw, shown.before, shown.after, later.pending, later.by)


Work = dict[str, Callable[[], Step]]


class Forgets(Protocol):
    """What is asked again in each step."""

    def forget(self) -> None:
        """Ask again when somebody wants to know."""


def run_steps(work: Work, look: Forgets, wait: bool, wait_timeout: float) -> list[ItemResult]:
    """The result of each group, in the order of the work.

    Args:
        wait: whether steps are repeated until nothing is pending, for ``wait_timeout`` seconds at most.
    """
    results: dict[str, ItemResult] = {}

    def step() -> tuple[bool, None, str]:
        look.forget()
        left = [(name, do) for name, do in work.items() if _goes_on(results.get(name))]
        for item in run_concurrently(left):
            results[item.name] = _combine(results.get(item.name), item)
        pending = list_pending(list(results.values()))
        return not pending, None, "; ".join(pending)

    try:
        poll(step, "The work on self-managed nodes", Deadline(wait_timeout)) if wait else step()
    except WaitTimedOut as error:
        for name, item in results.items():
            if _goes_on(item):
                facts = {"changed": item.outcome.changed}
                results[name] = ItemResult(name, error=WaitTimedOut(error.message, **facts))
    return [results[name] for name in work]


def _goes_on(result: ItemResult | None) -> bool:
    return result is None or (result.outcome is not None and bool(result.outcome.pending))


def _combine(first: ItemResult | None, later: ItemResult) -> ItemResult:
    if first is None or first.outcome is None:
        return later
    if later.outcome is None:
        later.error.facts = {"changed": first.outcome.changed, **getattr(later.error, "facts", {})}
        return later
    return ItemResult(later.name, outcome=first.outcome.follow(later.outcome))


def list_pending(results: list[ItemResult]) -> list[str]:
    """What is still to come of all groups, each line with the group's name."""
    return [f"{item.name}: {text}" for item in results if item.outcome for text in item.outcome.pending]
