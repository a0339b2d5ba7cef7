# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each reading call is denied once: the work is done with a warning, or the failure names the action and what to do.

docs/permissions.md says for each call which of the two it is.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from denials import bring_up, build_policy_without, name_step, read_rights, tear_down

from ansible_collections.kumo.eks.plugins.module_utils.aws import denials

pytestmark = pytest.mark.extended

READS = ("Describe", "List", "Get")
FREE = "sts:GetCallerIdentity"  # IAM cannot deny it
ISSUER = "https://oidc.eks.ap-northeast-1.amazonaws.com/id/NEIGHBOUR"


class Caller:
    """A user who may do everything but what is denied, and whose calls are looked at."""

    def __init__(self, sandbox: Any, run_module: Callable[..., dict[str, Any]]) -> None:
        self._sandbox, self._iam, self._run_module = sandbox, sandbox.client("iam"), run_module
        self.told: list[str] = []

    def deny(self, *actions: str) -> None:
        policy = build_policy_without(*actions)
        self._iam.put_user_policy(UserName="runner", PolicyName="own", PolicyDocument=policy)

    def list_reads(self) -> list[str]:
        """The reads since the last look."""
        rows = [row for row in self._sandbox.calls() if "user/runner" in str(row["principal"])]
        self._sandbox.recorder.clear()
        found = [f"{row['service']}:{row['operation']}" for row in rows if str(row["operation"]).startswith(READS)]
        return sorted(set(found) - {FREE})

    def was_denied(self, action: str) -> bool:
        """Whether the action was denied in the last run."""
        rows = self._sandbox.calls()
        return any(f"{row['service']}:{row['operation']}" == action and row["status"] == 403 for row in rows)

    def run(self, module: str, params: dict[str, Any], *denied: str, check: bool = False) -> tuple[dict[str, Any], str]:
        """(result, warnings) of a module without these rights."""
        self.deny(*denied)
        self._sandbox.recorder.clear()
        self.told.clear()
        result = self._run_module(module, params, check)
        return result, "\n".join(self.told)


@pytest.fixture
def caller(sandbox, run_module, monkeypatch) -> Iterator[Caller]:
    iam = sandbox.client("iam")
    iam.create_open_id_connect_provider(Url=ISSUER, ClientIDList=["sts.amazonaws.com"])
    iam.create_user(UserName="runner")
    key = iam.create_access_key(UserName="runner")["AccessKey"]
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", key["AccessKeyId"])
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", key["SecretAccessKey"])
    sandbox.set_enforce_iam(True)
    caller = Caller(sandbox, run_module)
    monkeypatch.setattr(denials, "warn", caller.told.append)
    yield caller
    sandbox.set_enforce_iam(False)


class Walk:
    """Runs modules as site.yml and teardown.yml do, and gathers what is wrong."""

    def __init__(self, caller: Caller, reads: dict[int, list[str]] | None = None) -> None:
        self._caller, self._rights, self.reads = caller, read_rights(), reads
        self.seen: dict[int, list[str]] = {}
        self.called: dict[str, set[str]] = {}
        self.problems: list[str] = []

    def __call__(self, module: str, params: dict[str, Any]) -> dict[str, Any]:
        step, number = name_step(module, params), len(self.seen)
        if self.reads is not None:
            self._deny_each(module, params, step, set(self.reads[number]))
        self._caller.list_reads()
        result, _warnings = self._caller.run(module, params)
        if result["failed"]:
            assert module == "eks_preflight", f"{step}: {result['msg']}"  # its second group does not exist
        self.seen[number] = self._caller.list_reads()
        self.called.setdefault(step, set()).update(self.seen[number])
        return result

    def _deny_each(self, module: str, params: dict[str, Any], step: str, reads: set[str]) -> None:
        """Each read alone in check mode, which leaves everything to be done; then those that only the work makes; then the work.

        The work is done with all optional reads denied at once.
        """
        optional = sorted(reads & self._rights.optional.get(step, set()))
        warned, of_work = set(), []
        for action in sorted(reads):
            result, told = self._caller.run(module, params, action, check=True)
            if action in optional:
                warned |= {action} if action in told else set()
                self._check(step, action, not result["failed"] or module == "eks_preflight", result)
            elif self._caller.was_denied(action):
                self._check(step, action, self._is_explained(step, action, result, told), result)
            else:
                of_work.append(action)
        for action in of_work:
            result, told = self._caller.run(module, params, action)
            self._check(step, action, self._is_explained(step, action, result, told), result)
        result, told = self._caller.run(module, params, *optional)
        self._check(step, ", ".join(optional), not result["failed"] or module == "eks_preflight", result)
        warned |= {action for action in optional if action in told}
        self._check(step, str(set(optional) - warned), warned == set(optional), {"msg": "there was no warning"})

    def _is_explained(self, step: str, action: str, result: dict[str, Any], told: str) -> bool:
        """Whether the end of a module says which action is missing."""
        if action in self._rights.keeping.get(step, set()):
            return not result["failed"] and f"perform: {action}" in json.dumps(result.get("kept")) + told
        return result["failed"] and f"Add {action} to an IAM policy" in result["msg"]

    def _check(self, step: str, action: str, good: Any, result: dict[str, Any]) -> None:
        if not good:
            self.problems.append(f"{step} without {action}: {result.get('msg') or result}"[:600])


def test_each_read_is_denied_once(sandbox, caller):
    first = Walk(caller)
    for walk in (first, None):
        walk = walk or Walk(caller, first.seen)
        bring_up(walk)
        bring_up(walk)
        bring_up(walk, "1.34")
        tear_down(walk)
        assert walk.problems == [], "\n".join(walk.problems)
    rights = read_rights()
    tables = [rights.necessary, rights.optional, rights.keeping]
    written = {step: set().union(*(table.get(step, set()) for table in tables)) for step in first.called}
    assert {step: sorted(calls) for step, calls in first.called.items()} == {
        step: sorted(actions) for step, actions in written.items()
    }, "docs/permissions.md lists the reads of each module"
    assert sandbox.client("eks").list_clusters()["clusters"] == []


def test_zones_that_the_task_names_need_no_look(caller):
    looks = ("ec2:DescribeAvailabilityZones", "ec2:DescribeInstanceTypeOfferings")
    task = {
        "cluster_name": "my-cluster",
        "zones": ["ap-northeast-1a", "ap-northeast-1c"],
        "instance_types": ["m5.large"],
        "nat_gateway": "Disable",
    }
    made, told = caller.run("eks_network", task, *looks)
    assert not made["failed"] and made["changed"], made
    assert [look for look in looks if look not in told] == []
    refused, _told = caller.run("eks_network", {"cluster_name": "other"}, *looks)
    assert refused["failed"] and "Add ec2:DescribeAvailabilityZones" in refused["msg"]


@pytest.fixture
def tasks(ground) -> dict[str, dict[str, Any]]:
    """Creations in which EKS does something in the caller's name."""
    inside = {"cluster_name": "my-cluster", "subnets": ground["subnets"]}
    group = {**inside, "name": "general", "node_role": ground["node_role"], "template": {}, "owned": True}
    selectors = [{"namespace": "tasks"}]
    return {
        "eks_cluster": {"name": "my-cluster", "role_arn": ground["role"], "subnets": ground["subnets"], "wait": True},
        "eks_nodegroup": group,
        "eks_fargate_profile": {**inside, "name": "tasks", "role_arn": ground["pod_role"], "selectors": selectors},
    }


def test_what_eks_does_in_the_callers_name_is_named(caller, tasks):
    without = {
        "eks_cluster": ("iam:PassRole", "iam:CreateServiceLinkedRole"),
        "eks_nodegroup": ("iam:PassRole", "iam:CreateServiceLinkedRole", "ec2:RunInstances", "eks:TagResource"),
        "eks_fargate_profile": ("iam:PassRole", "iam:CreateServiceLinkedRole"),
    }
    for module, actions in without.items():
        for action in actions:
            result, _told = caller.run(module, tasks[module], action)
            assert result["failed"] and f"Add {action}" in result["msg"], result["msg"]
        result, _told = caller.run(module, tasks[module])
        assert not result["failed"], result["msg"]
