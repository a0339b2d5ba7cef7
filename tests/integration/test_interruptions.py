# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Faults of the service, two runs at once, and a run that is killed midway: it converges or says why, nothing twice."""

from __future__ import annotations

import signal
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from processes import play, started, until

from kumo_sandbox.principals import make_administrator

pytestmark = pytest.mark.extended

CLUSTER = "my-cluster"
MODULES = ("eks_cluster", "eks_nodegroup", "eks_fargate_profile", "eks_addon")
CREATE = {
    "eks_cluster": "CreateCluster",
    "eks_nodegroup": "CreateNodegroup",
    "eks_fargate_profile": "CreateFargateProfile",
    "eks_addon": "CreateAddon",
}
CHANGE = {
    "eks_cluster": {"logging": ["api"], "tags": {"a": "b"}},
    "eks_nodegroup": {"labels": {"a": "b"}, "release_version": "1.33.0-20260101", "tags": {"a": "b"}},
    "eks_fargate_profile": {"tags": {"a": "b"}},
    "eks_addon": {"version": "most_recent", "tags": {"a": "b"}},
}
TEXT = "the words of EKS"


@pytest.fixture
def words(sandbox, run_module, ground):
    """The task that creates one of each kind: words["eks_addon"]."""
    cluster = {"role_arn": ground["role"], "subnets": ground["subnets"], "version": "1.33", "wait": True}
    assert not run_module("eks_cluster", {"name": CLUSTER, **cluster})["failed"]
    inside = {"cluster_name": CLUSTER, "wait": True}
    sandbox.recorder.clear()
    return {
        "eks_cluster": {"name": "second", **cluster},
        "eks_nodegroup": {
            **inside,
            "name": "one",
            "node_role": ground["node_role"],
            "subnets": ground["subnets"],
        },
        "eks_fargate_profile": {
            **inside,
            "name": "one",
            "role_arn": ground["pod_role"],
            "subnets": ground["subnets"],
            "selectors": [{"namespace": "a"}],
        },
        "eks_addon": {**inside, "name": "vpc-cni", "version": "v1.19.6-eksbuild.7"},
    }


def done(sandbox) -> Counter[str]:
    """How often each operation that changes something was taken by EKS."""
    calls = [call for call in sandbox.calls("eks") if not call.get("error")]
    return Counter(call["operation"] for call in calls if not call["operation"].startswith(("Describe", "List")))


@pytest.mark.parametrize("kind", ["throttle", "error5xx", "drop"])
@pytest.mark.parametrize("module", MODULES)
def test_every_call_goes_wrong_at_first(sandbox, run_module, words, module, kind):
    for operation in operations_of(module):
        sandbox.add_fault(kind=kind, operation=operation, count=2)
    made = run_module(module, words[module])
    assert made["changed"] and made["status"] == "ACTIVE", made
    changed = run_module(module, {**words[module], **CHANGE[module]})
    assert changed["changed"] and changed["tags"] == {"a": "b"}, changed
    gone = run_module(module, {**words[module], "state": "absent"})
    assert gone["changed"], gone
    assert set(done(sandbox).values()) == {1}, done(sandbox)


@pytest.mark.parametrize("kind", ["throttle", "error5xx", "drop"])
@pytest.mark.parametrize("module", MODULES)
def test_each_second_call_goes_wrong(sandbox, run_module, words, module, kind):
    sandbox.add_fault(kind=kind, service="eks", count=0, every=2)
    tasks = [(words[module], True), ({**words[module], **CHANGE[module]}, True)]
    for options, changes in [*tasks, (tasks[1][0], False), ({**words[module], "state": "absent"}, True)]:
        result = run_module(module, options)
        assert not result["failed"] and result["changed"] == changes, result
    assert set(done(sandbox).values()) == {1}, done(sandbox)


def operations_of(module: str) -> set[str]:
    """The operations a whole life of the module's resource may call."""
    noun = CREATE[module].removeprefix("Create")
    updates = {
        "Cluster": ["Config", "Version"],
        "Nodegroup": ["Config", "Version"],
        "FargateProfile": [],
        "Addon": [""],
    }
    verbs = [f"{verb}{noun}" for verb in ("Create", "Describe", "Delete")]
    changes = [f"Update{noun}{part}" for part in updates[noun]]
    return {*verbs, *changes, "DescribeUpdate", "TagResource", "DescribeAddonVersions", "DescribeClusterVersions"}


@pytest.mark.parametrize("module", MODULES)
def test_a_creation_that_fails_says_why_and_what_was_done(sandbox, run_module, words, module):
    sandbox.add_fault(kind="fail_creation", operation=CREATE[module], message=TEXT)
    first = run_module(module, words[module])
    again = run_module(module, words[module])
    assert first["failed"] and again["failed"] and TEXT in first["msg"] and TEXT in again["msg"]
    assert first["changed"] and not again.get("changed")
    assert "delete and recreate it" in again["msg"] and done(sandbox) == {CREATE[module]: 1}


@pytest.mark.parametrize("module", ["eks_cluster", "eks_nodegroup", "eks_addon"])
def test_an_update_that_fails_says_why_and_the_next_run_makes_it(sandbox, run_module, words, module):
    assert not run_module(module, words[module])["failed"]
    sandbox.add_fault(kind="fail_update", message=TEXT)
    failed = run_module(module, {**words[module], **CHANGE[module]})
    assert failed["failed"] and TEXT in failed["msg"] and failed["changed"] and len(failed["updates"]) == 1
    again = run_module(module, {**words[module], **CHANGE[module]})
    assert not again["failed"] and again["changed"], again
    assert not run_module(module, {**words[module], **CHANGE[module]})["changed"]


@pytest.mark.parametrize("module", MODULES)
@pytest.mark.parametrize("state", ["present", "absent"])
def test_the_same_task_twice_at_once(sandbox, words, module, state):
    if state == "absent":
        assert play(module, {**words[module], "wait": True})["changed"]
        sandbox.recorder.clear()
    task = {**words[module], "state": state}
    results = race(sandbox, module, task, "Describe")
    assert [result["failed"] for result in results] == [False] * 3, results
    taken = sum(done(sandbox).values())
    assert [result["changed"] for result in results].count(True) == taken, results
    # EKS takes a second deletion of an add-on that is being deleted, and answers both the same
    assert taken == 1 or (module, state) == ("eks_addon", "absent")


@pytest.mark.parametrize("module", ["eks_cluster", "eks_nodegroup", "eks_addon"])
def test_the_same_change_twice_at_once(sandbox, words, module):
    assert play(module, {**words[module], "wait": True})["changed"]
    sandbox.recorder.clear()
    task = {key: value for key, value in {**words[module], **CHANGE[module]}.items() if key != "tags"}
    results = race(sandbox, module, task, "Update")
    assert [result["failed"] for result in results] == [False] * 3, results
    assert set(done(sandbox).values()) == {1}, done(sandbox)
    assert sum(len(result["updates"]) for result in results) == sum(done(sandbox).values())
    assert all(result["changed"] == bool(result["updates"]) for result in results)


def callers(sandbox, prefix: str) -> set[str]:
    """The principals that called an operation whose name begins so."""
    return {call["principal"] for call in sandbox.calls("eks") if call["operation"].startswith(prefix)}


def race(sandbox, module: str, options: dict[str, Any], asking: str) -> list[dict[str, Any]]:
    """Three processes with one task, each a user of its own; the clock stands until every one has called ``asking``.

    However loaded the machine is, none comes so late that what the first had started is over: EKS would take it again.
    """
    sandbox.clock.set_speed(0.001)
    keys = [make_administrator(name=f"racer-{number}") for number in range(3)]
    with ThreadPoolExecutor(3) as pool:
        runs = [
            pool.submit(play, module, {**options, "wait": True}, AWS_ACCESS_KEY_ID=key, AWS_SECRET_ACCESS_KEY=secret)
            for key, secret in keys
        ]
        until(lambda: len(callers(sandbox, asking)) == len(runs))
        sandbox.clock.set_speed(100)
        return [run.result() for run in runs]


@pytest.mark.parametrize("module", MODULES)
def test_a_run_that_is_killed_after_its_request_is_taken_up_by_the_next(sandbox, words, run_module, module):
    sandbox.clock.set_speed(1)
    process = started(module, words[module])
    until(lambda: CREATE[module] in done(sandbox))
    process.send_signal(signal.SIGKILL)
    process.wait()
    sandbox.recorder.clear()
    timer = threading.Timer(0.5, lambda: sandbox.clock.advance(3600))
    timer.start()
    result = run_module(module, words[module])
    timer.join()
    assert not result["failed"] and result["status"] == "ACTIVE" and not result["changed"]
    assert done(sandbox) == {}


def test_a_run_that_is_killed_between_two_updates_is_taken_up_by_the_next(sandbox, words, run_module):
    assert not run_module("eks_nodegroup", words["eks_nodegroup"])["failed"]
    sandbox.recorder.clear()
    sandbox.clock.set_speed(1)
    task = {**words["eks_nodegroup"], **CHANGE["eks_nodegroup"]}
    process = started("eks_nodegroup", task)
    until(lambda: "UpdateNodegroupConfig" in done(sandbox))
    process.send_signal(signal.SIGKILL)
    process.wait()
    sandbox.clock.advance(3600)
    sandbox.clock.set_speed("instant")
    result = run_module("eks_nodegroup", task)
    assert not result["failed"] and result["release_version"] == "1.33.0-20260101" and result["labels"] == {"a": "b"}
    assert done(sandbox) == {"TagResource": 1, "UpdateNodegroupConfig": 1, "UpdateNodegroupVersion": 1}
