# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A request fails and is sent again, and another run does the work between the two attempts: one of the runs says "changed"."""

from __future__ import annotations

import pytest
from botocore.retries.standard import ExponentialBackoff

CLUSTER = "my-cluster"


@pytest.fixture
def in_between(monkeypatch):
    """in_between(work): do the work before botocore sends a request again."""

    def prepare(work):
        left = [work]

        def wait(backoff, context):
            if left:
                left.pop()()
            return 0.01

        monkeypatch.setattr(ExponentialBackoff, "delay_amount", wait)

    return prepare


@pytest.mark.parametrize(("kind", "changed"), [("throttle", False), ("error5xx", True)])
def test_another_run_creates_the_cluster(sandbox, run_module, ground, in_between, kind, changed):
    """What failed in the server may have been done: then nobody else can be told from this run."""
    options = {"name": CLUSTER, "role_arn": ground["role"], "subnets": ground["subnets"]}
    sandbox.faults.add(kind=kind, operation="CreateCluster")
    network = {"subnetIds": ground["subnets"]}
    other = {"name": CLUSTER, "roleArn": ground["role"], "resourcesVpcConfig": network}
    in_between(lambda: sandbox.client("eks").create_cluster(**other))
    made = run_module("eks_cluster", options)
    assert not made["failed"] and made["changed"] is changed, made


@pytest.mark.parametrize(("kind", "changed"), [("throttle", False), ("error5xx", True)])
def test_another_run_deletes_the_cluster(sandbox, run_module, ground, in_between, kind, changed):
    options = {"name": CLUSTER, "role_arn": ground["role"], "subnets": ground["subnets"], "wait": True}
    assert run_module("eks_cluster", options)["changed"]
    sandbox.faults.add(kind=kind, operation="DeleteCluster")
    in_between(lambda: sandbox.client("eks").delete_cluster(name=CLUSTER))
    gone = run_module("eks_cluster", {**options, "state": "absent"})
    assert not gone["failed"] and gone["changed"] is changed, gone


@pytest.mark.parametrize("operation", ["DescribeCluster", "DeleteCluster"])
def test_there_are_two_ways_to_say_that_there_is_no_cluster(sandbox, run_module, ground, operation):
    options = {"name": CLUSTER, "role_arn": ground["role"], "subnets": ground["subnets"], "wait": True}
    assert run_module("eks_cluster", options)["changed"]
    sandbox.faults.add(kind="client_exception", operation=operation, count=0)
    sandbox.faults.add(kind="lose_answer", operation="DeleteCluster")
    gone = run_module("eks_cluster", {**options, "state": "absent"})
    assert not gone["failed"] and gone["changed"], gone
    assert not run_module("eks_cluster", {**options, "state": "absent"})["changed"]
