# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Lists of resources: side by side, or one after the other."""

from __future__ import annotations

import concurrent.futures
from collections.abc import Callable
from dataclasses import dataclass

from ansible_collections.kumo.eks.plugins.module_utils.core.resource import Outcome

MAX_CONCURRENCY = 8  # resources of a list that are worked on at once


@dataclass
class ItemResult:
    """What became of one item of a list: an outcome, or the failure."""

    name: str
    outcome: Outcome | None = None
    error: Exception | None = None


def run_concurrently(items: list[tuple[str, Callable[[], Outcome]]]) -> list[ItemResult]:
    """Run the items at once (at most SIDE_BY_SIDE), in the order given in the answer; one that fails stops none."""

    def run(item: tuple[str, Callable[[], Outcome]]) -> ItemResult:
        name, work = item
        try:
            return ItemResult(name, outcome=work())
        except Exception as error:
            return ItemResult(name, error=error)

    with concurrent.futures.ThreadPoolExecutor(max_workers=MAX_CONCURRENCY) as pool:
        return list(pool.map(run, items))


def run_serially(
    names: list[str], plan: Callable[[int], Outcome], work: Callable[[int, bool], Outcome], wait: bool
) -> list[ItemResult]:
    """Items that EKS takes only one at a time: all are planned side by side, those with work to do follow one another.

    Args:
        plan: item number -> what would become of it, sending nothing.
        work: item number, whether to wait for its end -> what became of it. All but the last are waited for.
        wait: whether the last one is waited for too, and the unchanged ones that are not settled.
    """
    results = run_concurrently([(name, lambda number=number: plan(number)) for number, name in enumerate(names)])
    busy = [number for number, result in enumerate(results) if result.outcome and _has_work(result.outcome, wait)]
    for number in busy:
        until_its_end = wait or number != busy[-1]
        results[number] = run_concurrently([(names[number], lambda n=number, w=until_its_end: work(n, w))])[0]
    return results


def _has_work(planned: Outcome, wait: bool) -> bool:
    return planned.changed or (wait and planned.raw is not None and planned.raw["status"] != "ACTIVE")
