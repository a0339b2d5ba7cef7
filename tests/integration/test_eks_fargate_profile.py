# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""eks_fargate_profile against the sandbox: the twelve steps, lists taken in turn, what is refused, and faults."""

from __future__ import annotations

import re
import threading

import pytest

CLUSTER = "my-cluster"


@pytest.fixture
def profile(request, sandbox, run_module, ground, kept_account):
    """eks_fargate_profile on a cluster that is ACTIVE."""
    words = {"name": CLUSTER, "version": "1.33", "role_arn": ground["role"], "subnets": ground["subnets"], "wait": True}
    made = kept_account.build(request, lambda: run_module("eks_cluster", words))
    assert not made["failed"], made

    def run(check=False, **options):
        words = {"cluster_name": CLUSTER, **({} if "profiles" in options else {"name": "tasks"}), **options}
        return run_module("eks_fargate_profile", words, check=check)

    run.base = {
        "role_arn": ground["pod_role"],
        "subnets": ground["subnets"],
        "selectors": [{"namespace": "tasks", "labels": {"compute": "fargate", "tier": "1"}}, {"namespace": "batch"}],
    }
    sandbox.recorder.clear()
    return run


@pytest.fixture
def standing(request, sandbox, profile, kept_account):
    words = {**profile.base, "tags": {"Environment": "production"}, "wait": True}
    result = kept_account.build(request, lambda: profile(**words))
    assert not result["failed"], result
    sandbox.recorder.clear()
    return profile


def sent(sandbox):
    names = [call["operation"] for call in sandbox.calls("eks")]
    return [name for name in names if not name.startswith(("Describe", "List"))]


def test_twelve_steps(sandbox, profile):
    made = {**profile.base, "tags": {"Environment": "production"}, "wait": True}
    assert profile(check=True, **made)["changed"] and sent(sandbox) == []
    created = profile(**made)
    assert created["changed"] and created["status"] == "ACTIVE" and created["fargate_profile_name"] == "tasks"
    assert not profile(check=True, **made)["changed"]
    sandbox.recorder.clear()
    made["subnets"], made["selectors"] = made["subnets"][::-1], made["selectors"][::-1]
    assert not profile(**made)["changed"]
    assert [call["operation"] for call in sandbox.calls("eks")] == ["DescribeFargateProfile"]

    modified = {**made, "tags": {"Team": "a"}}
    planned = profile(check=True, **modified)
    assert planned["changed"] and sent(sandbox) == []
    changed = profile(**modified)
    assert changed["changed"] and changed["tags"] == {"Team": "a"} and changed["diff"] == planned["diff"]
    assert sent(sandbox) == ["UntagResource", "TagResource"]
    assert not profile(check=True, **modified)["changed"]
    assert not profile(**modified)["changed"]

    assert profile(check=True, state="absent")["changed"]
    assert profile(state="absent", wait=True)["changed"]
    assert sandbox.client("eks").list_fargate_profiles(clusterName=CLUSTER)["fargateProfileNames"] == []
    assert not profile(check=True, state="absent")["changed"]
    assert not profile(state="absent")["changed"]


def test_tags_are_kept_where_they_are_not_to_be_purged(standing):
    result = standing(tags={"Team": "a"}, purge_tags=False)
    assert result["tags"] == {"Environment": "production", "Team": "a"}
    assert not standing()["changed"]
    assert standing(tags={})["tags"] == {}


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"role_arn": "arn:aws:iam::123456789012:role/eloRdoPetagraFske"}, "role_arn is .*replace=true"),
        ({"selectors": [{"namespace": "tasks"}]}, "selectors is .*replace=true"),
        ({"subnets": ["subnet-other"]}, "subnets is .*replace=true"),
        ({"selectors": [{"namespace": " "}]}, r"selectors\[0\].namespace: is empty"),
        ({"name": "a/b"}, "name: 'a/b' is not a valid Fargate profile name"),
        ({"selectors": []}, "0 are given. EKS accepts 1-5"),
        ({"selectors": [{"namespace": f"n{n}"} for n in range(6)]}, "6 are given.*another Fargate profile"),
        (
            {"selectors": [{"namespace": "a", "labels": {f"l{n}": "x" for n in range(6)}}]},
            r"selectors\[0\].labels: 6 are given. EKS accepts at most 5",
        ),
        ({"selectors": [{"namespace": "a", "labels": {"l": "x y"}}]}, "the value 'x y' of l"),
        ({"profiles": [{"name": "a"}, {"name": "a"}]}, "profiles: names must be unique"),
        ({"profiles": [{"name": "a"}], "selectors": [{"namespace": "a"}]}, "mutually exclusive"),
        ({"name": "new"}, "required to create it: role_arn, selectors"),
    ],
)
def test_what_eks_cannot_do_is_refused_before_anything_is_sent(sandbox, standing, options, words):
    for check in (True, False):
        result = standing(check=check, **options)
        assert result["failed"] and re.search(words, result["msg"]), result["msg"]
    assert sent(sandbox) == []


def test_an_immutable_change_replaces_when_asked_for(sandbox, standing):
    words = {**standing.base, "selectors": [{"namespace": "other"}], "replace": True, "wait": True}
    assert standing(check=True, **words)["changed"] and sent(sandbox) == []
    result = standing(**words)
    assert result["changed"] and result["selectors"] == [{"namespace": "other", "labels": {}}]
    assert result["tags"] == {"Environment": "production"} and sent(sandbox) == [
        "DeleteFargateProfile",
        "CreateFargateProfile",
    ]
    assert not standing(**words)["changed"]


def test_a_replacement_keeps_what_the_task_leaves_out(standing):
    words = {"selectors": [{"namespace": "other"}], "replace": True}
    planned = standing(check=True, **words)
    result = standing(**words, wait=True)
    assert result["changed"] and result["pod_execution_role_arn"] == standing.base["role_arn"]
    assert sorted(result["subnets"]) == sorted(standing.base["subnets"])
    assert result["tags"] == {"Environment": "production"} and planned["diff"] == result["diff"]


def test_a_creation_waits_for_its_turn_when_another_profile_is_in_flight(sandbox, profile):
    sandbox.clock.set_speed(1)
    base = profile.base
    sandbox.client("eks").create_fargate_profile(
        clusterName=CLUSTER,
        fargateProfileName="other",
        podExecutionRoleArn=base["role_arn"],
        subnets=base["subnets"],
        selectors=[{"namespace": "other"}],
    )
    refused = profile(**base, wait_timeout=0)
    assert refused["failed"] and "while other is in CREATING state" in refused["msg"]
    later = threading.Timer(0.3, lambda: sandbox.clock.advance(600))
    later.start()
    created = profile(**base)
    later.join()
    assert not created["failed"] and created["changed"] and created["status"] == "CREATING"


def test_a_list_is_taken_in_turn_without_collisions(sandbox, profile):
    rows = [{"name": name, **profile.base} for name in ("a", "b", "c")]
    planned = profile(check=True, profiles=rows)
    assert [row["changed"] for row in planned["fargate_profiles"]] == [True] * 3 and sent(sandbox) == []
    result = profile(profiles=rows)
    assert not result["failed"] and [row["name"] for row in result["fargate_profiles"]] == ["a", "b", "c"]
    assert sent(sandbox) == ["CreateFargateProfile"] * 3
    assert not profile(profiles=rows, wait=True)["changed"]
    sandbox.recorder.clear()
    assert not profile(profiles=rows)["changed"]
    assert [call["operation"] for call in sandbox.calls("eks")] == ["DescribeFargateProfile"] * 3
    sandbox.recorder.clear()
    assert profile(profiles=[{"name": name} for name in "abc"], state="absent", wait=True)["changed"]
    assert sent(sandbox) == ["DeleteFargateProfile"] * 3
    assert sandbox.client("eks").list_fargate_profiles(clusterName=CLUSTER)["fargateProfileNames"] == []


def test_one_of_a_list_that_fails_stops_none_and_is_made_anew_when_asked_for(sandbox, profile):
    sandbox.add_fault(kind="fail_creation", operation="CreateFargateProfile", resource="a", message="no addresses")
    rows = [{"name": name, **profile.base} for name in ("a", "b")]
    result = profile(profiles=rows, wait=True)
    assert result["failed"] and "1 of 2 failed: a: " in result["msg"] and "no addresses" in result["msg"]
    assert [row.get("status") for row in result["fargate_profiles"]] == ["CREATE_FAILED", "ACTIVE"]
    rows[0]["replace"] = True
    again = profile(profiles=rows, wait=True)
    assert not again["failed"] and [row["changed"] for row in again["fargate_profiles"]] == [True, False]


def test_a_failed_creation_ends_the_wait_with_the_words_of_eks(sandbox, profile):
    sandbox.add_fault(kind="fail_creation", operation="CreateFargateProfile", code="AccessDenied", message="no role")
    result = profile(**profile.base, wait=True)
    assert result["failed"] and "is CREATE_FAILED: AccessDenied: no role" in result["msg"]


def test_throttling_is_ridden_out(sandbox, profile):
    sandbox.add_fault(kind="throttle", operation="CreateFargateProfile", count=2)
    assert profile(**profile.base, wait=True)["status"] == "ACTIVE"


def test_info_lists_what_there_is(standing, run_module):
    found = run_module("eks_fargate_profile_info", {"cluster_name": CLUSTER})["fargate_profiles"]
    assert [row["fargate_profile_name"] for row in found] == ["tasks"]
    assert found[0]["selectors"][0]["namespace"] in ("tasks", "batch")
    for words in ({"cluster_name": CLUSTER, "name": "none"}, {"cluster_name": "none"}):
        assert run_module("eks_fargate_profile_info", words)["fargate_profiles"] == []
