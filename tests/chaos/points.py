# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a playbook can be killed. Pure."""

from __future__ import annotations

import random
from dataclasses import dataclass

KINDS = {
    "task": "a moment after its task of this number began",
    "before": "when its changing call of this number is sent, and before AWS has done anything",
    "after": "when AWS has done its changing call of this number, and before the answer is read",
    "each": "at each of its changing calls: one run after the other is killed; 1 is after the call was done, 2 before the next one",
    "record": "when Helm has written its record of this number about a release",
}
PLAYBOOKS = ("site", "teardown")
LONGEST_TASK = 1.5  # seconds


@dataclass(frozen=True)
class Point:
    """A playbook (one of PLAYBOOKS), and a moment: of KINDS, and its number from 1."""

    playbook: str
    kind: str
    number: int

    def __str__(self) -> str:
        return f"{self.playbook}:{self.kind}:{self.number}"

    @property
    def pause(self) -> float:
        """Seconds after the beginning of a task: another moment for each number, the same in every run."""
        return random.Random(str(self)).uniform(0, LONGEST_TASK)


def parse_point(text: str) -> Point:
    """What str() gives; raises ValueError."""
    playbook, kind, number = text.split(":")
    if playbook not in PLAYBOOKS or kind not in KINDS or not int(number) > 0:
        raise ValueError(f"{text} is not a point. Use PLAYBOOK:KIND:NUMBER, like site:after:17")
    return Point(playbook, kind, int(number))


def list_points(playbook: str, counts: dict[str, int]) -> list[Point]:
    """All points of a playbook; ``counts`` are its tasks, changing calls and records, by kind."""
    return [Point(playbook, kind, number) for kind in KINDS for number in range(1, counts[kind] + 1)]


def draw_points(points: list[Point], number: int, seed: int) -> list[Point]:
    """So many of them, the same ones for a seed."""
    return random.Random(seed).sample(points, min(number, len(points)))


def pair_points(points: list[Point]) -> list[tuple[Point, ...]]:
    """A creation and the teardown of what it made, one after the other; what is over at the end."""
    ups, downs = ([point for point in points if point.playbook == playbook] for playbook in PLAYBOOKS)
    shared = min(len(ups), len(downs))
    return [*zip(ups, downs, strict=False), *((point,) for point in (*ups[shared:], *downs[shared:]))]
