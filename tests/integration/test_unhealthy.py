# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is not well is said by a task that changes nothing, in EKS' own words; a task that waits fails."""

from __future__ import annotations

import pytest

CLUSTER = "my-cluster"
WORDS = {"cluster_name": CLUSTER}
ISSUE = {"code": "AccessDenied", "message": "no right", "resourceIds": ["i-1"]}
PLAIN = {"code": "AccessDenied", "message": "no right"}
SAID = "AccessDenied: no right (i-1)"
ILL = {"status": "DEGRADED", "health": {"issues": [ISSUE]}}


@pytest.fixture
def state(request, sandbox, ground, kept_account):
    """The cluster as the sandbox keeps it, with one of each."""
    kept_account.build(request, lambda: build(sandbox.client("eks"), ground))
    (found,) = sandbox.store.clusters.values()
    return found


def build(eks, ground):
    words = {"clusterName": CLUSTER}
    place = {"subnetIds": ground["subnets"]}
    access = {"authenticationMode": "API_AND_CONFIG_MAP"}
    eks.create_cluster(name=CLUSTER, roleArn=ground["role"], resourcesVpcConfig=place, accessConfig=access)
    sizes = {"minSize": 1, "maxSize": 2, "desiredSize": 1}
    group = {"nodegroupName": "general", "scalingConfig": sizes, "subnets": ground["subnets"]}
    eks.create_nodegroup(**words, **group, nodeRole=ground["node_role"])
    eks.create_addon(**words, addonName="coredns", resolveConflicts="OVERWRITE")
    profile = {
        "fargateProfileName": "jobs",
        "podExecutionRoleArn": ground["pod_role"],
        "selectors": [{"namespace": "a"}],
    }
    eks.create_fargate_profile(**words, **profile, subnets=ground["subnets"])
    role = ground["capability_role"]
    eks.create_capability(**words, capabilityName="ack", type="ACK", roleArn=role, deletePropagationPolicy="RETAIN")


CASES = {
    "eks_addon": ({"name": "coredns"}, lambda it: it.addons["coredns"], ILL, f"add-on coredns is DEGRADED: {SAID}"),
    "eks_nodegroup": (
        {"name": "general"},
        lambda it: it.nodegroups["general"],
        ILL,
        f"node group general is DEGRADED: {SAID}",
    ),
    "eks_fargate_profile": (
        {"name": "jobs"},
        lambda it: it.fargate_profiles["jobs"],
        {"status": "DELETE_FAILED", "health": ILL["health"]},
        f"Fargate profile jobs is DELETE_FAILED: {SAID}",
    ),
    "eks_capability": (
        {"name": "ack"},
        lambda it: it.capabilities["ack"],
        {"status": "DEGRADED", "health": {"issues": [PLAIN]}},  # CapabilityIssue has no resourceIds
        "capability ack is DEGRADED: AccessDenied: no right",
    ),
}


@pytest.mark.parametrize("module", CASES)
def test_an_unchanged_resource_that_is_not_well_is_said(state, run_module, module):
    options, find, patch, text = CASES[module]
    assert run_module(module, {**WORDS, **options})["unhealthy"] == []
    find(state).update(patch)
    for check in (True, False):
        result = run_module(module, {**WORDS, **options}, check=check)
        assert not result["failed"] and not result["changed"] and result["unhealthy"] == [text], result
        assert text in result["warnings"]
    waited = run_module(module, {**WORDS, **options, "wait": True, "wait_timeout": 1})
    assert waited["failed"] and "AccessDenied: no right" in waited["msg"], waited


def test_a_list_says_it_of_each_and_a_deletion_says_nothing(state, run_module):
    state.addons["coredns"].update(ILL)
    result = run_module("eks_addon", {**WORDS, "addons": [{"name": "coredns"}]})
    assert result["unhealthy"] == [f"add-on coredns is DEGRADED: {SAID}"] and not result["failed"]
    gone = run_module("eks_addon", {**WORDS, "name": "coredns", "state": "absent"})
    assert gone["changed"] and gone["unhealthy"] == []


def test_a_cluster_with_issues_is_active(state, run_module):
    state.raw["health"] = {"issues": [ISSUE]}
    text = f"cluster my-cluster is ACTIVE and has health issues: {SAID}"
    result = run_module("eks_cluster", {"name": CLUSTER, "wait": True})
    assert not result["failed"] and result["unhealthy"] == [text] and text in result["warnings"], result
    waited = run_module("eks_wait", {**WORDS, "cluster": True})
    assert not waited["failed"] and text in waited["warnings"], waited
