# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A playbook is killed at a point and run again: it must end as one that was never disturbed."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from chaos.place import TASK, Broken, Place, Run
from chaos.points import PLAYBOOKS, Point
from chaos.records import Records
from support.account.comparison import compare
from support.account.pages import Listing

FACTOR = 3  # runs that are killed one after the other, for each changing call of an undisturbed one


@dataclass(frozen=True)
class Undisturbed:
    """What site.yml and teardown.yml leave when nothing disturbs them, by playbook, and how many points each has, by kind."""

    ends: dict[str, Listing]
    counts: dict[str, dict[str, int]]


def run_undisturbed(place: Place) -> Undisturbed:
    """Run both once, each with a run that must change nothing."""
    ends, counts = {}, {}
    for playbook in PLAYBOOKS:
        with Records(place) as records:
            place.count_changing_calls()
            run = place.play(playbook).assert_ok()
            calls = place.count_changing_calls()
        place.play(playbook).assert_unchanged()
        ends[playbook] = place.list_everything()
        counts[playbook] = {
            "task": len(run.tasks),
            "before": calls,
            "after": calls,
            "each": 2,
            "record": records.number,
        }
    return Undisturbed(ends, counts)


def check_end(place: Place, undisturbed: Undisturbed, playbook: str) -> None:
    """Raises Broken where the account is not as the playbook leaves it undisturbed."""
    differences = compare(place.list_everything(), undisturbed.ends[playbook])
    if differences:
        raise Broken("the account (the first) is not as it is undisturbed (the second):\n" + "\n".join(differences))


class Killer:
    """Kills playbooks in one account, one after the other."""

    def __init__(self, place: Place, undisturbed: Undisturbed) -> None:
        self._place, self._undisturbed = place, undisturbed
        self._done = ""  # the playbook that ran to its end last; empty where the account was emptied since

    def try_point(self, point: Point) -> str:
        """What the playbook was doing when it was killed; empty where it ended before. Raises Broken."""
        try:
            self._prepare(point.playbook)
            self._done = ""
            killed = self._kill(point)
            self._converge(point.playbook)
            self._done = point.playbook
        except Broken:
            self._place.sandbox.reset()
            raise
        return killed.tasks[-1] if killed else ""

    def _prepare(self, playbook: str) -> None:
        """The account as the playbook finds it: empty, or with all that site.yml creates."""
        if playbook == "site" and self._done == "site":
            self._place.sandbox.reset()
        if playbook == "teardown" and self._done != "site":
            self._place.sandbox.reset()
            self._place.play("site").assert_ok()

    def _kill(self, point: Point) -> Run | None:
        if point.kind == "task":
            return self._place.kill(point.playbook, self._wait_for_task(point))
        if point.kind == "record":
            with Records(self._place) as records:
                return self._place.kill(point.playbook, lambda _text: records.number >= point.number)
        if point.kind == "each":
            return self._kill_again_and_again(point)
        return self._kill_at_call(point.playbook, point.kind, point.number)

    def _kill_at_call(self, playbook: str, kind: str, number: int) -> Run | None:
        words = {"kind": {"before": "hold", "after": "hold_answer"}[kind], "service": "*", "changing": True}
        fault = self._place.sandbox.faults.add(**words, every=number)
        try:
            return self._place.kill(playbook, lambda _text: fault.held > 0)
        finally:
            self._place.sandbox.clear_faults()

    def _kill_again_and_again(self, point: Point) -> Run | None:
        """Kill each run at its first changing call, or its second one, until a run has none."""
        kind = {1: "after", 2: "before"}[point.number]
        most = FACTOR * self._undisturbed.counts[point.playbook][kind]
        killed = None
        for _number in range(most):
            last = self._kill_at_call(point.playbook, kind, point.number)
            if last is None:
                return killed
            killed = last
        raise Broken(f"{most} runs were killed at {point}, and the next one still has something to do")

    @staticmethod
    def _wait_for_task(point: Point) -> Callable[[str], bool]:
        begun: list[float] = []

        def has_begun(text: str) -> bool:
            if not begun and len(TASK.findall(text)) >= point.number:
                begun.append(time.monotonic())
            return bool(begun) and time.monotonic() - begun[0] >= point.pause

        return has_begun

    def _converge(self, playbook: str) -> None:
        """The next run ends well, the one after has nothing to change, and the account is as it is undisturbed."""
        self._place.play(playbook).assert_ok()
        self._place.play(playbook).assert_unchanged()
        check_end(self._place, self._undisturbed, playbook)
