# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A list of releases: each starts when those it waits for are done, independent ones run side by side."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.aws.client import format_aws_error
from ansible_collections.kumo.eks.plugins.module_utils.aws.error_kinds import build_error_facts
from ansible_collections.kumo.eks.plugins.module_utils.core.counts import format_count
from ansible_collections.kumo.eks.plugins.module_utils.core.errors import EksError
from ansible_collections.kumo.eks.plugins.module_utils.helm.order import build_dependencies, list_starting_order

Row = dict[str, Any]


class ReleaseListRunner:
    """Runs the releases of a list.

    Args:
        releases: their options.
        run: reconciles one release and returns its result.
        concurrency: how many run at once.
        stop: ends what runs, where the task itself is stopped.
    """

    def __init__(
        self, releases: list[Row], run: Callable[[Row], Row], concurrency: int, stop: Callable[[], None]
    ) -> None:
        self._releases, self._run, self._concurrency, self._stop = releases, run, concurrency, stop
        self._waits = build_dependencies(releases)
        self._rows: dict[int, Row] = {}
        self._left = list_starting_order(releases)
        self._running: dict[Future[Row], int] = {}

    def run(self) -> list[Row]:
        """A result for each release, in the order of the list. One that fails stops only those that wait for it."""
        with ThreadPoolExecutor(max_workers=self._concurrency) as pool:
            try:
                self._start(pool)
                while self._running:
                    done = wait(self._running, return_when=FIRST_COMPLETED).done
                    for future in done:
                        position = self._running.pop(future)
                        self._rows[position] = self._build_row(position, future)
                    self._start(pool)
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)
                self._stop()
                raise
        return [self._rows[position] for position in range(len(self._releases))]

    def _start(self, pool: ThreadPoolExecutor) -> None:
        """Start what waits for nothing any more, as many as may run at once; skip what waits for one that failed."""
        for position in list(self._left):
            if not self._waits[position] <= set(self._rows):
                continue
            failed = [
                other
                for other in self._waits[position]
                if self._rows[other]["failed"] or self._rows[other].get("skipped")
            ]
            if failed:
                self._left.remove(position)
                self._rows[position] = self._build_skipped_row(position, failed)
                self._start(pool)
                return
            if len(self._running) < self._concurrency:
                self._left.remove(position)
                self._running[pool.submit(self._run, self._releases[position])] = position

    def _build_row(self, position: int, future: Future[Row]) -> Row:
        try:
            return {**future.result(), "failed": False}
        except EksError as error:
            return self._build_failed_row(position, error, error.message)
        except Exception as error:
            reason = format_aws_error(error)
            if reason is None:
                raise  # an error of this collection, which needs its traceback
            return self._build_failed_row(position, error, reason)

    def _build_failed_row(self, position: int, error: Exception, reason: str) -> Row:
        row = self._releases[position]
        facts = {"name": row["name"], "namespace": row["namespace"], "changed": False, **build_error_facts(error)}
        return {**facts, "failed": True, "msg": reason}

    def _build_skipped_row(self, position: int, failed: list[int]) -> Row:
        row = self._releases[position]
        names = ", ".join(self._releases[other]["name"] for other in sorted(failed))
        how = "depends on" if row["state"] == "present" else "is removed after"
        reason = f"not started: it {how} {names}, which failed or was skipped"
        facts = {"name": row["name"], "namespace": row["namespace"], "changed": False, "action": "none", "reasons": []}
        return {**facts, "failed": False, "skipped": True, "msg": reason}


def format_failures(rows: list[Row]) -> str | None:
    """The message of a task on a list, None where no release failed."""
    failed = [f"{row['name']}: {row['msg']}" for row in rows if row["failed"]]
    skipped = [row["name"] for row in rows if row.get("skipped")]
    if not failed:
        return None
    message = f"{len(failed)} of {format_count(len(rows), 'release')} failed: " + " | ".join(failed)
    return message + (f" | Skipped, because they depend on a failed release: {', '.join(skipped)}" if skipped else "")
