# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""EKS sees a new IAM role some time after IAM has answered: here it appears while a module is at work."""

from __future__ import annotations

import json
import threading

import pytest

from ansible_collections.kumo.eks.plugins.module_utils.core import reconciler

CLUSTER, ACCOUNT = "my-cluster", "123456789012"
SERVICES = {
    "eks_cluster": "eks.amazonaws.com",
    "eks_nodegroup": "ec2.amazonaws.com",
    "eks_fargate_profile": "eks-fargate-pods.amazonaws.com",
    "eks_pod_identity": "pods.eks.amazonaws.com",
}


@pytest.fixture
def late_role(sandbox, monkeypatch):
    """A role that EKS does not see before it has refused it: late_role(service) -> its ARN, made a moment later."""
    monkeypatch.setattr(reconciler, "PROPAGATION_TIMEOUT", 60)
    timers = []

    def begin(service):
        statement = {
            "Effect": "Allow",
            "Principal": {"Service": service},
            "Action": ["sts:AssumeRole", "sts:TagSession"],
        }
        document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})

        def make():
            sandbox.client("iam").create_role(RoleName="late", AssumeRolePolicyDocument=document)

        timers.append(threading.Timer(1.5, make))
        timers[-1].start()
        return f"arn:aws:iam::{ACCOUNT}:role/late"

    yield begin
    for timer in timers:
        timer.join()


def options(module, arn, ground):
    rows = {
        "eks_cluster": {"name": "late", "role_arn": arn, "subnets": ground["subnets"]},
        "eks_nodegroup": {"name": "late", "node_role": arn, "subnets": ground["subnets"]},
        "eks_fargate_profile": {
            "name": "late",
            "role_arn": arn,
            "subnets": ground["subnets"],
            "selectors": [{"namespace": "n"}],
        },
        "eks_pod_identity": {"namespace": "n", "service_account": "s", "role_arn": arn},
    }
    return rows[module] if module == "eks_cluster" else {"cluster_name": CLUSTER, **rows[module]}


@pytest.mark.parametrize("module", SERVICES)
def test_a_role_that_is_seen_late_is_taken(sandbox, run_module, ground, late_role, module):
    cluster = {"name": CLUSTER, "role_arn": ground["role"], "subnets": ground["subnets"], "wait": True}
    assert not run_module("eks_cluster", cluster)["failed"]
    sandbox.recorder.clear()
    made = run_module(module, options(module, late_role(SERVICES[module]), ground))
    assert made["changed"] and not made["failed"], made
    creations = [call for call in sandbox.calls("eks") if call["operation"].startswith("Create")]
    assert len(creations) > 1 and [call["status"] for call in creations].count(200) == 1


def test_an_update_that_names_a_new_role_is_sent_again(run_module, ground, late_role, sandbox):
    cluster = {"name": CLUSTER, "role_arn": ground["role"], "subnets": ground["subnets"], "wait": True}
    assert not run_module("eks_cluster", cluster)["failed"]
    trust = {"Effect": "Allow", "Principal": {"Service": SERVICES["eks_pod_identity"]}, "Action": ["sts:*"]}
    document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    first = sandbox.client("iam").create_role(RoleName="first", AssumeRolePolicyDocument=document)["Role"]["Arn"]
    assert run_module("eks_pod_identity", options("eks_pod_identity", first, ground))["changed"]
    arn = late_role(SERVICES["eks_pod_identity"])
    assert run_module("eks_pod_identity", options("eks_pod_identity", arn, ground))["association"]["role_arn"] == arn


def test_a_role_that_never_comes_is_an_error_with_what_to_check(run_module, ground, sandbox):
    cluster = {"name": CLUSTER, "role_arn": f"arn:aws:iam::{ACCOUNT}:role/none", "subnets": ground["subnets"]}
    refused = run_module("eks_cluster", cluster)
    assert refused["failed"] and "EKS refused its IAM role for 2 seconds" in refused["msg"]
    assert "could not be assumed" in refused["msg"] and "Check that the role exists" in refused["msg"]


def test_a_role_that_was_made_a_moment_ago_is_waited_for(sandbox, run_module, ground):
    sandbox.clock.set_speed(8)  # a second, until EKS knows it
    arn = run_module("eks_iam_role", {"cluster_name": CLUSTER, "purpose": "cluster"})["arn"]
    made = run_module("eks_cluster", {"name": CLUSTER, "role_arn": arn, "subnets": ground["subnets"]})
    assert made["changed"] and made["status"] == "CREATING", made
    tries = [call["error"] for call in sandbox.calls("eks") if call["operation"] == "CreateCluster"]
    assert len(tries) > 1 and set(tries[:-1]) == {"InvalidParameterException"} and not tries[-1]
