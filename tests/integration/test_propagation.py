# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""EKS sees a new IAM role some time after IAM has answered: here it appears while a module is at work."""

from __future__ import annotations

import json
import threading

import pytest

from ansible_collections.kumo.eks.plugins.module_utils.core import reconciler
from ansible_collections.kumo.eks.plugins.module_utils.nodes import joining
from kumo_sandbox import durations
from kumo_sandbox.ground import NODE_POLICIES, create_role

CLUSTER, ACCOUNT = "my-cluster", "123456789012"
CLUSTER_POLICY = "arn:aws:iam::aws:policy/AmazonEKSClusterPolicy"
DOCUMENT = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "ec2:DescribeSubnets", "Resource": "*"}],
}
SERVICES = {
    "eks_cluster": "eks.amazonaws.com",
    "eks_nodegroup": "ec2.amazonaws.com",
    "eks_fargate_profile": "eks-fargate-pods.amazonaws.com",
    "eks_pod_identity": "pods.eks.amazonaws.com",
}


@pytest.fixture
def when_refused(sandbox, monkeypatch):
    """when_refused(act): act once EKS has refused something from now on, however slow this machine is."""
    monkeypatch.setattr(reconciler, "PROPAGATION_TIMEOUT", 60)
    ended, watchers = threading.Event(), []

    def begin(act):
        sandbox.recorder.clear()

        def watch():
            while not ended.wait(0.02):
                if any(call["error"] == "InvalidParameterException" for call in sandbox.calls("eks")):
                    act()
                    return

        watchers.append(threading.Thread(target=watch))
        watchers[-1].start()

    yield begin
    ended.set()
    for watcher in watchers:
        watcher.join()


@pytest.fixture
def late_role(sandbox, monkeypatch, when_refused):
    """A role that is not there before EKS has refused it: late_role(service) -> its ARN."""
    monkeypatch.setattr(joining, "CATCH_UP", 10)  # the role has no policies for a moment

    def begin(service):
        when_refused(lambda: create_role(sandbox.client("iam"), "late", service, NODE_POLICIES))
        return f"arn:aws:iam::{ACCOUNT}:role/late"

    return begin


@pytest.fixture
def slow_iam(sandbox, monkeypatch):
    """EKS sees what is new in IAM when the clock is set forward, and not before."""
    monkeypatch.setattr(durations, "IAM_PROPAGATION", 3600)
    sandbox.clock.set_speed(8)


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
    made = run_module(module, options(module, late_role(SERVICES[module]), ground))
    assert made["changed"] and not made["failed"], made
    assert [wait["reason"].startswith("EKS refused its IAM role, which may be new") for wait in made["waits"]] == [True]
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


def test_a_role_that_was_made_a_moment_ago_is_waited_for(sandbox, run_module, ground, slow_iam, when_refused):
    arn = run_module("eks_iam_role", {"cluster_name": CLUSTER, "purpose": "cluster"})["arn"]
    when_refused(lambda: sandbox.clock.advance(3600))
    made = run_module("eks_cluster", {"name": CLUSTER, "role_arn": arn, "subnets": ground["subnets"]})
    assert made["changed"] and made["status"] == "CREATING", made
    tries = [call["error"] for call in sandbox.calls("eks") if call["operation"] == "CreateCluster"]
    assert len(tries) > 1 and set(tries[:-1]) == {"InvalidParameterException"} and not tries[-1]


@pytest.mark.parametrize("given", [{"policy_arns": [CLUSTER_POLICY]}, {"inline_policies": {"own": DOCUMENT}}])
def test_a_policy_that_was_given_a_moment_ago_is_waited_for(sandbox, run_module, ground, when_refused, slow_iam, given):
    sandbox.clock.set_speed("instant")
    role = {"cluster_name": CLUSTER, "name": "bare", "purpose": "cluster", "default_policies": False}
    arn = run_module("eks_iam_role", role)["arn"]
    sandbox.clock.set_speed(8)
    assert run_module("eks_iam_role", {**role, **given})["changed"]
    when_refused(lambda: sandbox.clock.advance(3600))
    made = run_module("eks_cluster", {"name": CLUSTER, "role_arn": arn, "subnets": ground["subnets"]})
    assert made["changed"] and made["status"] == "CREATING", made
    assert ["IAM role's policy must include" in wait["reason"] for wait in made["waits"]] == [True]


def test_a_trust_policy_that_was_mended_a_moment_ago_is_waited_for(
    sandbox, run_module, ground, monkeypatch, when_refused
):
    cluster = {"name": CLUSTER, "role_arn": ground["role"], "subnets": ground["subnets"], "wait": True}
    assert not run_module("eks_cluster", cluster)["failed"]
    iam, association = sandbox.client("iam"), {"cluster_name": CLUSTER, "namespace": "n", "service_account": "s"}
    arn = create_role(iam, "mended", "ec2.amazonaws.com")
    monkeypatch.setattr(durations, "IAM_PROPAGATION", 3600)
    sandbox.clock.set_speed(8)
    actions = ["sts:AssumeRole", "sts:TagSession"]
    trust = {"Effect": "Allow", "Principal": {"Service": SERVICES["eks_pod_identity"]}, "Action": actions}
    document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    iam.update_assume_role_policy(RoleName="mended", PolicyDocument=document)
    when_refused(lambda: sandbox.clock.advance(3600))
    made = run_module("eks_pod_identity", {**association, "role_arn": arn})
    assert made["changed"] and made["association"]["role_arn"] == arn, made
    tries = [call["error"] for call in sandbox.calls("eks") if call["operation"] == "CreatePodIdentityAssociation"]
    assert len(tries) > 1 and set(tries[:-1]) == {"InvalidParameterException"} and not tries[-1]


def test_reads_that_trail_writes_change_nothing(sandbox, run_module):
    """A network and a role are made, and made again at once, while EC2 and IAM do not find all of the first yet."""
    sandbox.clock.set_speed(2)
    policies = {"policy": {"name": "own", "document": DOCUMENT}, "inline_policies": {"own": DOCUMENT}}
    role = {"cluster_name": CLUSTER, "purpose": "node", "instance_profile": "mine", **policies}
    network = {"cluster_name": CLUSTER, "cidr": "10.0.0.0/16", "wait": False}
    for module, options in (("eks_iam_role", role), ("eks_network", network)):
        made = run_module(module, options)
        assert made["changed"] and not made["failed"], made
        again = run_module(module, options)
        assert not again["failed"], again
    late = [call["error"] for call in sandbox.calls("iam") if call["status"] >= 400]
    assert late.count("NoSuchEntity") > 2  # the role and the profile, which were not there, and reads that trailed
    assert len(sandbox.client("ec2").describe_vpcs(Filters=[{"Name": "cidr", "Values": ["10.0.0.0/16"]}])["Vpcs"]) == 1
    roles = [row["RoleName"] for row in sandbox.client("iam").list_roles()["Roles"]]
    assert len([name for name in roles if CLUSTER in name]) == 1


# Tasks that name what an earlier task has just made, the question whose answer trails, and what it says meanwhile.
LATE_ANSWERS = {
    "principal": (
        "eks_access_entry",
        {"cluster_name": CLUSTER, "principal_arn": f"arn:aws:iam::{ACCOUNT}:role/eksNodeRole"},
        ("iam", "GetRole", "NoSuchEntity"),
    ),
    "policy": (
        "eks_iam_role",
        {"cluster_name": CLUSTER, "purpose": "node", "policy_arns": ["arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"]},
        ("iam", "GetPolicy", "NoSuchEntity"),
    ),
    "vpc": ("eks_network", {"cluster_name": CLUSTER}, ("ec2", "DescribeVpcs", "InvalidVpcID.NotFound")),
}


@pytest.mark.parametrize("late", LATE_ANSWERS)
def test_what_the_input_names_is_looked_for_again(sandbox, run_module, ground, late):
    module, options, (service, operation, code) = LATE_ANSWERS[late]
    if late == "principal":
        words = {"name": CLUSTER, "role_arn": ground["role"], "subnets": ground["subnets"], "wait": True}
        assert not run_module("eks_cluster", {**words, "access_config": {"authentication_mode": "API"}})["failed"]
    if late == "vpc":
        (row,) = sandbox.client("ec2").describe_subnets(SubnetIds=ground["subnets"][:1])["Subnets"]
        options = {**options, "vpc_id": row["VpcId"], "subnets": {"private": ground["subnets"]}}
    sandbox.recorder.clear()
    sandbox.faults.add(kind="throttle", service=service, operation=operation, code=code, message="not found")
    result = run_module(module, options)
    assert not result["failed"], result
    assert [call["error"] for call in sandbox.calls(service, operation)].count(code) == 1
