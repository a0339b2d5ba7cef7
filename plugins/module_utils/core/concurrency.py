# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Lists of resources: reconciled at the same time, or one after the other."""

from __future__ import annotations

import concurrent.futures
from collections.abc import Callable
from dataclasses import dataclass

from ansible_collections.kumo.eks.plugins.module_utils.core.errors import is_service_failure
from ansible_collections.kumo.eks.plugins.module_utils.core.resource import Outcome

MAX_CONCURRENCY = 8  # resources of one list that are worked on at the same time


@dataclass
class ItemResult:
    """The result for one item of a list: an outcome, or the failure."""

    name: str
    outcome: Outcome | None = None
    error: Exception | None = None


def run_concurrently(items: list[tuple[str, Callable[[], Outcome]]]) -> list[ItemResult]:
    """Run the items at the same time, at most MAX_CONCURRENCY of them. Results keep the order of the items.

    The failure of one item does not stop the others. An error of programming is not a failure and is raised.
    """

    def run(item: tuple[str, Callable[[], Outcome]]) -> ItemResult:
        name, work = item
        try:
            return ItemResult(name, outcome=work())
        except Exception as error:
            if not is_service_failure(error):
                raise
            return ItemResult(name, error=error)

    with concurrent.futures.ThreadPoolExecutor(max_workers=MAX_CONCURRENCY) as pool:
        return list(pool.map(run, items))


def run_serially(
    names: list[str], plan: Callable[[int], Outcome], work: Callable[[int, bool], Outcome], wait: bool
) -> list[ItemResult]:
    """Run items of which EKS accepts only one at a time: plan all at once, then apply those with changes one by one.

    Args:
        plan: item number -> its predicted outcome. Nothing is sent.
        work: item number, whether to wait for completion -> its outcome. All but the last one wait.
        wait: whether the last item waits, too, and unchanged items that are not ACTIVE.
    """
    results = run_concurrently([(name, lambda number=number: plan(number)) for number, name in enumerate(names)])
    busy = [number for number, result in enumerate(results) if result.outcome and _has_work(result.outcome, wait)]
    for number in busy:
        until_complete = wait or number != busy[-1]
        results[number] = run_concurrently([(names[number], lambda n=number, w=until_complete: work(n, w))])[0]
    return results


def _has_work(planned: Outcome, wait: bool) -> bool:
    return planned.changed or (wait and planned.raw is not None and planned.raw["status"] != "ACTIVE")


def run_all(looks: list[Callable[[], None]]) -> None:
    """Look at everything side by side. The first failure is raised."""
    with concurrent.futures.ThreadPoolExecutor(max_workers=MAX_CONCURRENCY) as pool:
        for done in [pool.submit(look) for look in looks]:
            done.result()
