# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""eks_addon against the sandbox: the twelve steps, versions, configuration, lists, what is refused, and faults."""

from __future__ import annotations

import json
import re

import pytest

CLUSTER = "my-cluster"


@pytest.fixture
def addon(request, sandbox, run_module, ground, kept_account):
    """eks_addon on a cluster that is ACTIVE at 1.33, in which EKS installed nothing."""
    kept_account.build(request, lambda: create_cluster(run_module, ground, bootstrap_self_managed_addons=False))

    def run(check=False, **options):
        words = {"cluster_name": CLUSTER, **({} if "addons" in options else {"name": "vpc-cni"}), **options}
        return run_module("eks_addon", words, check=check)

    sandbox.recorder.clear()
    return run


def create_cluster(run_module, ground, **options):
    place = {"role_arn": ground["role"], "subnets": ground["subnets"]}
    made = run_module("eks_cluster", {"name": CLUSTER, "version": "1.33", "wait": True, **place, **options})
    assert not made["failed"], made


@pytest.fixture
def standing(request, sandbox, addon, kept_account):
    values = {"env": {"WARM_IP_TARGET": "2"}}
    words = {"version": "v1.19.6-eksbuild.7", "configuration_values": values, "tags": {"A": "b"}, "wait": True}
    result = kept_account.build(request, lambda: addon(**words))
    assert not result["failed"], result
    sandbox.recorder.clear()
    return addon


@pytest.fixture
def pod_roles(sandbox):
    actions = ["sts:AssumeRole", "sts:TagSession"]
    trust = {"Effect": "Allow", "Principal": {"Service": "pods.eks.amazonaws.com"}, "Action": actions}
    document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    create = sandbox.client("iam").create_role
    return [create(RoleName=name, AssumeRolePolicyDocument=document)["Role"]["Arn"] for name in ("one", "two")]


def sent(sandbox):
    names = [call["operation"] for call in sandbox.calls("eks")]
    return [name for name in names if not name.startswith(("Describe", "List"))]


def test_twelve_steps(sandbox, addon):
    made = {
        "version": "v1.19.6-eksbuild.7",
        "configuration_values": {"env": {"WARM_IP_TARGET": "2"}, "podLabels": {"a": "b"}},
        "tags": {"Environment": "production"},
        "wait": True,
    }
    planned = addon(check=True, **made)
    assert planned["changed"] and sent(sandbox) == []
    created = addon(**made)
    assert created["changed"] and created["status"] == "ACTIVE" and created["addon_version"] == made["version"]
    assert planned["diff"]["after"].items() <= created["diff"]["after"].items()
    assert not addon(check=True, **made)["changed"]
    sandbox.recorder.clear()
    made["configuration_values"] = "podLabels: {a: b}\nenv:\n  WARM_IP_TARGET: '2'\n"
    assert not addon(**made)["changed"]
    assert [call["operation"] for call in sandbox.calls("eks")] == ["DescribeAddon"]

    modified = {
        "version": "most_recent",
        "configuration_values": '{"env": {"WARM_IP_TARGET": "3"}}',
        "tags": {"Team": "a"},
        "wait": True,
    }
    planned = addon(check=True, **modified)
    assert planned["changed"] and sent(sandbox) == []
    changed = addon(**modified)
    assert changed["addon_version"] == "v1.20.4-eksbuild.1" and changed["tags"] == {"Team": "a"}
    assert changed["diff"] == planned["diff"]
    assert [update["operation"] for update in changed["updates"]] == ["UpdateAddon"]
    assert sent(sandbox) == ["UpdateAddon", "UntagResource", "TagResource"]
    assert not addon(check=True, **modified)["changed"]
    assert not addon(**modified)["changed"]

    assert addon(check=True, state="absent")["changed"]
    assert addon(state="absent", wait=True)["changed"]
    assert sandbox.client("eks").list_addons(clusterName=CLUSTER)["addons"] == []
    assert not addon(check=True, state="absent")["changed"]
    assert not addon(state="absent")["changed"]


def test_a_version_that_is_left_out_is_the_default_at_first_and_then_left_alone(addon):
    assert addon(check=True, name="kube-proxy")["addon_version"].endswith("-eksbuild.2")
    assert addon(name="kube-proxy", wait=True)["addon_version"].endswith("-eksbuild.2")
    assert addon(name="kube-proxy", version="most_recent", wait=True)["addon_version"].endswith("-eksbuild.5")
    assert not addon(name="kube-proxy")["changed"]
    assert addon(name="kube-proxy", version="default", wait=True)["addon_version"].endswith("-eksbuild.2")


def test_an_update_leaves_alone_what_is_left_out_and_empty_clears(standing):
    result = standing(version="most_recent", wait=True)
    assert json.loads(result["configuration_values"]) == {"env": {"WARM_IP_TARGET": "2"}}
    assert result["tags"] == {"A": "b"}
    cleared = standing(configuration_values={}, wait=True)
    assert json.loads(cleared["configuration_values"]) == {}
    assert cleared["addon_version"] == "v1.20.4-eksbuild.1" and not standing(configuration_values={})["changed"]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (
            {"version": "v9.9.9-eksbuild.1"},
            "is not compatible with Kubernetes 1.33. Compatible versions: v1.20.4-eksbuild.1, v1.19",
        ),
        ({"configuration_values": {"envs": {}}}, "envs is not a known key .known keys: .*env"),
        ({"configuration_values": {"env": {"A": 1}}}, "env.A is 1, but must be string"),
        ({"configuration_values": {"enableNetworkPolicy": "yes"}}, "must be one of .'true', 'false'."),
        ({"configuration_values": {"affinity": None}}, "affinity is None, but must be object"),
        ({"tags": {"Owner": None}}, 'tags: Owner has no value. Write Owner: ""'),
        ({"configuration_values": "{a: [}"}, "neither JSON nor YAML"),
        ({"namespace": "other"}, "namespace is 'kube-system', not 'other'.*replace=true"),
        ({"service_account_role_arn": "", "version": "v9.9.9-eksbuild.1"}, "is not compatible with"),
        (
            {
                "pod_identity_associations": [
                    {"service_account": "a", "role_arn": "arn:aws:iam::123456789012:role/one"},
                    {"service_account": "a", "role_arn": "arn:aws:iam::123456789012:role/two"},
                ]
            },
            "pod_identity_associations: names must be unique",
        ),
        ({"addons": [{"name": "a"}, {"name": "a"}]}, "addons: names must be unique"),
        ({"addons": [{"name": "a"}], "version": "b"}, "mutually exclusive"),
        ({"name": "no-such-addon"}, "EKS does not offer an add-on 'no-such-addon'|not supported"),
    ],
)
def test_what_eks_cannot_do_is_refused_before_anything_is_sent(sandbox, standing, options, words):
    for check in (True, False):
        result = standing(check=check, **options)
        assert result["failed"] and re.search(words, result["msg"]), result["msg"]
    assert sent(sandbox) == []


def test_pod_identity_associations_are_compared_by_account_and_role(sandbox, addon, pod_roles):
    one, two = pod_roles
    made = {"name": "vpc-cni", "wait": True, "wait_timeout": 30}
    made["pod_identity_associations"] = [{"service_account": "ebs", "role_arn": one}]
    created = addon(**made)
    assert not created["failed"], created
    assert created["changed"] and created["pod_identities"] == [{"service_account": "ebs", "role_arn": one}]
    assert not addon(**made)["changed"]
    made["pod_identity_associations"][0]["role_arn"] = two
    changed = addon(**made)
    assert changed["pod_identities"] == [{"service_account": "ebs", "role_arn": two}]
    assert changed["diff"]["before"]["pod_identity_associations"][0]["role_arn"] == one
    assert not addon(**made)["changed"]
    cleared = addon(pod_identity_associations=[], wait=True)
    assert cleared["changed"] and cleared["pod_identity_associations"] == []


@pytest.mark.parametrize("by_irsa", [True, False])
def test_a_replacement_keeps_what_the_task_leaves_out(addon, pod_roles, by_irsa):
    one, two = pod_roles
    associations = [{"service_account": "ebs", "role_arn": one}]
    words = {
        "version": "v1.19.6-eksbuild.7",
        "configuration_values": {"env": {"WARM_IP_TARGET": "2"}},
        **({"service_account_role_arn": two} if by_irsa else {"pod_identity_associations": associations}),
        "tags": {"A": "b"},
    }
    made = addon(**words, wait=True)
    assert not made["failed"], made
    planned = addon(namespace="other", replace=True, check=True)
    result = addon(namespace="other", replace=True, wait=True)
    assert planned["diff"] == result["diff"]
    assert {**result["diff"]["after"], "namespace": None} == {**words, "namespace": None}
    assert not addon(**words, namespace="other")["changed"]


def test_an_update_that_failed_is_made_once_more(sandbox, standing):
    ((region, name),) = sandbox.store.clusters
    sandbox.store.clusters[region, name].addons["vpc-cni"]["status"] = "UPDATE_FAILED"
    planned = standing(check=True)
    result = standing(resolve_conflicts="OVERWRITE", wait=True)
    assert planned["diff"] == result["diff"] and planned["diff"]["before"]["status"] == "UPDATE_FAILED"
    assert result["changed"] and result["status"] == "ACTIVE" and result["addon_version"] == "v1.19.6-eksbuild.7"
    assert json.loads(result["configuration_values"]) == {"env": {"WARM_IP_TARGET": "2"}}
    assert not standing(wait=True)["changed"]


def test_a_role_is_taken_away_in_place_and_stays_with_every_other_change(addon, pod_roles):
    made = addon(service_account_role_arn=pod_roles[0], wait=True)
    values = {"env": {"ENABLE_PREFIX_DELEGATION": "true"}}
    assert addon(configuration_values=values, wait=True)["service_account_role_arn"] == pod_roles[0]
    planned = addon(service_account_role_arn="", check=True)
    assert planned["changed"] and planned["diff"]["before"]["service_account_role_arn"] == pod_roles[0]
    result = addon(service_account_role_arn="", wait=True)
    assert result["changed"] and not result.get("service_account_role_arn")
    assert (result["created_at"], result["configuration_values"]) == (made["created_at"], json.dumps(values))
    assert not addon(service_account_role_arn="")["changed"]


def test_a_list_is_reconciled_side_by_side_and_one_that_fails_stops_none(sandbox, addon):
    sandbox.add_fault(kind="fail_creation", operation="CreateAddon", resource="kube-proxy", message="conflicts found")
    rows = [{"name": name} for name in ("vpc-cni", "kube-proxy", "eks-pod-identity-agent")]
    result = addon(addons=rows, wait=True)
    assert result["failed"] and "1 of 3 failed: kube-proxy: " in result["msg"] and "conflicts found" in result["msg"]
    assert [row.get("status") for row in result["addons"]] == ["ACTIVE", "CREATE_FAILED", "ACTIVE"]
    rows[1]["replace"] = True
    again = addon(addons=rows, wait=True)
    assert not again["failed"] and [row["changed"] for row in again["addons"]] == [False, True, False]


def test_the_clusters_version_is_asked_for_once_a_task_and_an_unchanged_list_costs_one_call_each(sandbox, addon):
    rows = [{"name": name, "version": "most_recent"} for name in ("vpc-cni", "kube-proxy", "eks-pod-identity-agent")]
    assert addon(addons=rows, wait=True)["changed"]
    sandbox.recorder.clear()
    assert not addon(addons=rows)["changed"]
    made = [call["operation"] for call in sandbox.calls("eks")]
    assert made.count("DescribeCluster") == 1 and made.count("DescribeAddonVersions") == 3 and len(made) == 7
    sandbox.recorder.clear()
    assert not addon(addons=[{"name": row["name"]} for row in rows])["changed"]
    assert [call["operation"] for call in sandbox.calls("eks")] == ["DescribeAddon"] * 3


def test_an_update_that_fails_says_why(sandbox, standing):
    sandbox.add_fault(kind="fail_update", code="ConfigurationConflict", message="Apply failed with 1 conflict")
    result = standing(version="most_recent", wait=True)
    assert result["failed"] and "ConfigurationConflict: Apply failed with 1 conflict" in result["msg"]


def test_an_add_on_that_stays_degraded_is_waited_for_and_then_said_why(addon):
    result = addon(name="coredns", wait=True, wait_timeout=1)
    assert result["failed"] and "was not complete after 1 seconds" in result["msg"]
    assert "DEGRADED (InsufficientNumberOfReplicas: " in result["msg"]


def test_a_failed_creation_ends_the_wait_with_the_words_of_eks(sandbox, addon):
    sandbox.add_fault(kind="fail_creation", operation="CreateAddon", code="AccessDenied", message="no permission")
    result = addon(wait=True)
    assert result["failed"] and "is CREATE_FAILED: AccessDenied: no permission" in result["msg"]


def test_throttling_is_ridden_out(sandbox, addon):
    sandbox.add_fault(kind="throttle", operation="CreateAddon", count=2)
    assert addon(wait=True)["status"] == "ACTIVE"


def test_a_plan_can_be_made_where_there_is_no_cluster_yet(addon):
    result = addon(check=True, cluster_name="later", version="most_recent", configuration_values={"env": {}})
    assert not result["failed"] and result["changed"] and "addon_version" not in result


def test_info_lists_what_there_is(standing, run_module):
    found = run_module("eks_addon_info", {"cluster_name": CLUSTER})
    assert [row["addon_name"] for row in found["addons"]] == ["vpc-cni"]
    for words in ({"cluster_name": CLUSTER, "name": "none"}, {"cluster_name": "none"}):
        assert run_module("eks_addon_info", words)["addons"] == []


def test_an_add_on_over_what_eks_installed_says_how_to_take_it_over(run_module, ground):
    create_cluster(run_module, ground)
    wanted = {"cluster_name": CLUSTER, "name": "vpc-cni", "version": "most_recent", "wait": True}
    refused = run_module("eks_addon", wanted)
    assert refused["failed"] and "ConfigurationConflict: Conflicts found when trying to apply" in refused["msg"]
    assert "Set resolve_conflicts=OVERWRITE to replace the settings" in refused["msg"]
    taken = run_module("eks_addon", {**wanted, "resolve_conflicts": "OVERWRITE", "replace": True})
    assert taken["changed"] and taken["status"] == "ACTIVE"


def test_preserve_is_for_what_comes_after_the_creation(sandbox, addon):
    for version in ("default", "most_recent"):
        result = addon(version=version, resolve_conflicts="PRESERVE", wait=True)
        assert result["changed"] and result["status"] == "ACTIVE", result


def test_software_that_a_deleted_add_on_leaves_behind(sandbox, addon):
    assert addon(wait=True)["status"] == "ACTIVE"
    assert addon(state="absent", preserve=True, wait=True)["changed"]
    arn = sandbox.client("eks").describe_cluster(name=CLUSTER)["cluster"]["arn"]
    assert [one.name for one in sandbox.view(arn).addons] == ["vpc-cni"]


def test_a_role_may_be_given_by_its_name(sandbox, addon, pod_roles):
    by_name = {"pod_identity_associations": [{"service_account": "aws-node", "role_name": "one"}]}
    by_arn = {"pod_identity_associations": [{"service_account": "aws-node", "role_arn": pod_roles[0]}]}
    assert addon(**by_name, wait=True)["changed"]
    assert not addon(**by_name)["changed"] and not addon(**by_arn)["changed"]
    both = {"service_account": "aws-node", "role_name": "one", "role_arn": pod_roles[0]}
    assert "mutually exclusive" in addon(pod_identity_associations=[both])["msg"]
