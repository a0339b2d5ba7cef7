# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Identities of pods under faults of the service, made by two runs at once, and by a run that is killed at any of its calls."""

from __future__ import annotations

import signal
from concurrent.futures import ThreadPoolExecutor

import pytest
from processes import play, started, until

pytestmark = pytest.mark.extended

CLUSTER = "my-cluster"
READ = "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"
DOCUMENT = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}]}
RIGHTS = {"policy": {"name": "p", "document": DOCUMENT}, "policy_arns": [READ], "inline_policies": {"i": DOCUMENT}}
WORDS = {
    "eks_irsa": {"service_account": "a", "role_only": True},
    "eks_pod_identity": {"service_account": "b"},
}
OF_A_ROLE = ("CreatePolicy", "CreateRole", "AttachRolePolicy", "PutRolePolicy")
OF_A_ROLES_END = ("DetachRolePolicy", "DeletePolicy", "DeleteRolePolicy", "DeleteRole")
MAKING = {
    "eks_irsa": ("CreateOpenIDConnectProvider", *OF_A_ROLE),
    "eks_pod_identity": (*OF_A_ROLE, "CreatePodIdentityAssociation"),
}
REMOVING = {
    "eks_irsa": (*OF_A_ROLES_END, "DeleteOpenIDConnectProvider"),
    "eks_pod_identity": ("DeletePodIdentityAssociation", *OF_A_ROLES_END),
}
MODULES = tuple(WORDS)


def each(calls):
    return [(module, call) for module in MODULES for call in calls[module]]


@pytest.fixture
def task(sandbox, run_module, ground):
    """task("eks_irsa", state="absent") -> the options of an identity with policies of all kinds, on a cluster that is ACTIVE."""
    cluster = {"role_arn": ground["role"], "subnets": ground["subnets"], "version": "1.33", "wait": True}
    assert not run_module("eks_cluster", {"name": CLUSTER, **cluster})["failed"]
    sandbox.recorder.clear()
    return lambda module, **more: {"cluster_name": CLUSTER, "namespace": "n", **WORDS[module], **RIGHTS, **more}


@pytest.fixture
def left(sandbox):
    """left() -> what there is of identities."""
    iam, eks = sandbox.client("iam"), sandbox.client("eks")
    before = {role["RoleName"] for role in iam.list_roles()["Roles"]}

    def look():
        return [
            *({role["RoleName"] for role in iam.list_roles()["Roles"]} - before),
            *(policy["PolicyName"] for policy in iam.list_policies(Scope="Local")["Policies"]),
            *(row["Arn"] for row in iam.list_open_id_connect_providers()["OpenIDConnectProviderList"]),
            *(
                row["associationId"]
                for name in eks.list_clusters()["clusters"]
                for row in eks.list_pod_identity_associations(clusterName=name)["associations"]
            ),
        ]

    return look


@pytest.mark.parametrize("kind", ["throttle", "error5xx", "drop"])
@pytest.mark.parametrize("module", MODULES)
def test_each_second_call_goes_wrong(sandbox, run_module, task, left, module, kind):
    for service in ("iam", "eks"):
        sandbox.add_fault(kind=kind, service=service, count=0, every=2)
    for options, changes in [({}, True), ({}, False), ({"state": "absent"}, True), ({"state": "absent"}, False)]:
        result = run_module(module, task(module, **options))
        assert not result["failed"] and result["changed"] == changes, result
    sandbox.clear_faults()
    assert left() == []


@pytest.mark.parametrize("module", MODULES)
def test_the_same_task_three_times_at_once(sandbox, run_module, task, left, module):
    for options in (task(module), task(module, state="absent")):
        with ThreadPoolExecutor(3) as pool:
            results = list(pool.map(play, [module] * 3, [options] * 3))
        assert [result.get("msg") for result in results] == [None] * 3, results
        assert not run_module(module, options)["changed"]
    assert left() == []


def killed_at(sandbox, module, options, call):
    """Run it until this call, which the service never takes, and kill it there."""
    sandbox.add_fault(kind="error5xx", service="*", operation=call, count=0)
    process = started(module, options)
    until(lambda: any(row["operation"] == call for row in sandbox.calls()))
    process.send_signal(signal.SIGKILL)
    process.wait()
    sandbox.clear_faults()
    sandbox.recorder.clear()


@pytest.mark.parametrize(("module", "call"), each(MAKING))
def test_a_run_that_is_killed_is_taken_up_by_the_next(sandbox, run_module, task, left, module, call):
    killed_at(sandbox, module, task(module), call)
    result = run_module(module, task(module))
    assert not result["failed"] and result["changed"], result
    assert len(result["role"]["policy_arns"]) == 2 and list(result["role"]["inline_policies"]) == ["i"]
    assert not run_module(module, task(module))["changed"]
    assert run_module(module, task(module, state="absent"))["kept"] == []
    assert left() == []


@pytest.mark.parametrize(("module", "call"), each(MAKING))
def test_what_a_killed_run_made_can_be_removed(sandbox, run_module, task, left, module, call):
    killed_at(sandbox, module, task(module), call)
    result = run_module(module, task(module, state="absent"))
    assert not result["failed"] and result["kept"] == [], result
    assert left() == []


@pytest.mark.parametrize(("module", "call"), each(REMOVING))
def test_a_removal_that_is_killed_is_taken_up_by_the_next(sandbox, run_module, task, left, module, call):
    assert not run_module(module, task(module))["failed"]
    killed_at(sandbox, module, task(module, state="absent"), call)
    result = run_module(module, task(module, state="absent"))
    assert not result["failed"] and result["changed"] and result["kept"] == [], result
    assert left() == []
