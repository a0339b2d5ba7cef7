# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The order of releases, and what becomes of a list when one fails."""

from __future__ import annotations

import threading

import pytest

from ansible_collections.kumo.eks.plugins.module_utils.core.errors import EksError, ValidationError
from ansible_collections.kumo.eks.plugins.module_utils.helm.order import build_dependencies
from ansible_collections.kumo.eks.plugins.module_utils.helm.release_list import ReleaseListRunner, format_failures


def row(name: str, *depends_on: str, **more: str) -> dict:
    return {"name": name, "namespace": "default", "state": "present", "depends_on": list(depends_on), **more}


def gone(name: str, *depends_on: str) -> dict:
    return row(name, *depends_on, state="absent")


def names(*rows: dict) -> list[str]:
    """The order in which they start, one at a time."""
    return run(list(rows), concurrency=1)[1]


def test_independent_releases_start_as_written():
    assert names(row("c"), row("a"), row("b")) == ["c", "a", "b"]


def test_none_starts_before_one_it_depends_on():
    assert names(row("app", "db", "mesh"), row("db", "mesh"), row("mesh")) == ["mesh", "db", "app"]


def test_removal_goes_the_other_way_round():
    assert names(gone("a"), gone("b"), gone("c")) == ["c", "b", "a"]
    assert names(gone("mesh"), gone("db", "mesh"), gone("app", "db", "mesh")) == ["app", "db", "mesh"]
    assert names(gone("app", "mesh"), gone("mesh")) == ["app", "mesh"]
    assert names(row("a"), gone("b", "a"), row("c")) == ["b", "a", "c"]


def test_a_name_in_two_namespaces_means_both():
    assert build_dependencies([row("app", "redis"), row("redis", namespace="a"), row("redis", namespace="b")])[0] == {
        1,
        2,
    }


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([row("a"), row("a")], "release a in namespace default is in the list more than once"),
        ([row("a", "q"), row("b")], "release a depends on q, which is not in the list. The list has a, b"),
        ([row("a", "b"), row("b", "a"), row("c")], "a, b have circular dependencies"),
        ([row("a", "a")], "a have circular dependencies"),
        ([row("a", "b"), gone("b")], "a depends on b, whose state is absent"),
    ],
)
def test_what_has_no_order_is_refused(rows, message):
    with pytest.raises(ValidationError, match=message):
        build_dependencies(rows)


def run(rows: list[dict], work=None, concurrency: int = 4) -> tuple[list[dict], list[str]]:
    started: list[str] = []

    def reconcile(each: dict) -> dict:
        started.append(each["name"])
        if work:
            work(each["name"])
        return {"name": each["name"], "namespace": "default", "changed": True}

    return ReleaseListRunner(rows, reconcile, concurrency, lambda: None).run(), started


def test_one_that_fails_stops_only_those_that_depend_on_it():
    def work(name: str) -> None:
        if name == "db":
            raise EksError("no disk", changed=True)

    rows, started = run([row("web", "app"), row("app", "db"), row("db"), row("other")], work)
    assert started == ["db", "other"]
    assert [each["failed"] for each in rows] == [False, False, True, False]
    assert [each.get("skipped", False) for each in rows] == [True, True, False, False]
    assert rows[0]["msg"] == "not started: it depends on app, which failed or was skipped"
    assert rows[2]["changed"] is True
    message = format_failures(rows)
    assert message == "1 of 4 releases failed: db: no disk | Skipped, because they depend on a failed release: web, app"
    assert format_failures(run([row("a")])[0]) is None


def test_independent_ones_run_side_by_side_and_no_more_than_allowed():
    meeting, running, most = threading.Barrier(2, timeout=10), [], []

    def work(name: str) -> None:
        running.append(name)
        most.append(len(running))
        meeting.wait()
        running.remove(name)

    run([row(name) for name in "abcd"], work, concurrency=2)
    assert max(most) == 2
    assert run([row(name) for name in "abcd"], concurrency=1)[1] == list("abcd")


def test_a_task_that_is_stopped_ends_what_runs():
    stopped: list[bool] = []

    def reconcile(row: dict) -> dict:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        ReleaseListRunner([row("a"), row("b", "a")], reconcile, 1, lambda: stopped.append(True)).run()
    assert stopped == [True]


def test_an_error_of_the_collection_keeps_its_traceback():
    def work(name: str) -> None:
        raise KeyError(name)

    with pytest.raises(KeyError):
        run([row("a"), row("b")], work)
