# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""eks_nodegroup against the sandbox: the twelve steps, lists, what is refused, and faults."""

from __future__ import annotations

import re
import time

import pytest

CLUSTER = "my-cluster"
ROLE_ARN = "arn:aws:iam::123456789012:role/nodes"


@pytest.fixture
def nodegroup(request, sandbox, run_module, ground, kept_account):
    """eks_nodegroup on a cluster that is ACTIVE at 1.32."""
    words = {"name": CLUSTER, "version": "1.32", "role_arn": ground["role"], "subnets": ground["subnets"], "wait": True}
    made = kept_account.build(request, lambda: run_module("eks_cluster", words))
    assert not made["failed"], made

    def run(check=False, **options):
        words = {"cluster_name": CLUSTER, **({} if "nodegroups" in options else {"name": "general"}), **options}
        return run_module("eks_nodegroup", words, check=check)

    run.base = {"node_role": ground["node_role"], "subnets": ground["subnets"]}
    sandbox.recorder.clear()
    return run


@pytest.fixture
def standing(request, sandbox, nodegroup, kept_account):
    """A node group at 1.32, whose cluster is at 1.33 by now."""

    def make():
        sizes = {"min_size": 1, "max_size": 5, "desired_size": 2}
        words = {"scaling_config": sizes, "labels": {"role": "general"}, "version": "1.32", "wait": True}
        result = nodegroup(**nodegroup.base, **words)
        assert not result["failed"], result
        sandbox.client("eks").update_cluster_version(name=CLUSTER, version="1.33")

    kept_account.build(request, make)
    sandbox.recorder.clear()
    return nodegroup


def sent(sandbox):
    names = [call["operation"] for call in sandbox.calls("eks")]
    return [name for name in names if not name.startswith(("Describe", "List"))]


def test_twelve_steps(sandbox, nodegroup):
    made = {
        **nodegroup.base,
        "instance_types": ["m5.large", "m5a.large"],
        "scaling_config": {"min_size": 1, "max_size": 5, "desired_size": 2},
        "labels": {"role": "general"},
        "taints": [{"key": "dedicated", "value": "a", "effect": "NO_SCHEDULE"}],
        "tags": {"Environment": "production"},
        "wait": True,
    }
    assert nodegroup(check=True, **made)["changed"] and sent(sandbox) == []
    created = nodegroup(**made)
    assert (
        created["changed"] and created["status"] == "ACTIVE" and created["nodegroup"]["labels"] == {"role": "general"}
    )
    assert not nodegroup(check=True, **made)["changed"]
    sandbox.recorder.clear()
    made["subnets"] = made["subnets"][::-1]
    assert not nodegroup(**made)["changed"]
    assert [call["operation"] for call in sandbox.calls("eks")] == ["DescribeNodegroup"]

    modified = {
        **made,
        "labels": {"role": "special"},
        "taints": [{"key": "dedicated", "value": "b", "effect": "NO_SCHEDULE"}],
        "tags": {"Team": "a"},
        "update_config": {"max_unavailable_percentage": 50},
        "scaling_config": {"min_size": 3, "max_size": 6},
    }
    planned = nodegroup(check=True, **modified)
    assert planned["changed"] and sent(sandbox) == []
    sandbox.recorder.clear()
    changed = nodegroup(**modified)
    assert changed["changed"] and changed["labels"] == {"role": "special"}
    assert changed["tags"] == {"Team": "a"}
    assert changed["scaling_config"] == {"min_size": 3, "max_size": 6, "desired_size": 3}
    assert sent(sandbox) == ["UntagResource", "TagResource", "UpdateNodegroupConfig"]
    assert planned["diff"]["after"]["labels"] == changed["diff"]["after"]["labels"]
    assert not nodegroup(check=True, **modified)["changed"]
    assert not nodegroup(**modified)["changed"]

    assert nodegroup(check=True, state="absent")["changed"]
    assert nodegroup(state="absent", wait=True)["changed"]
    assert sandbox.client("eks").list_nodegroups(clusterName=CLUSTER)["nodegroups"] == []
    assert not nodegroup(check=True, state="absent")["changed"]
    assert not nodegroup(state="absent")["changed"]


def test_an_autoscalers_size_is_left_alone_unless_it_is_to_be_enforced(sandbox, standing):
    sandbox.client("eks").update_nodegroup_config(
        clusterName=CLUSTER, nodegroupName="general", scalingConfig={"desiredSize": 4}
    )
    sizes = {"min_size": 1, "max_size": 5, "desired_size": 2}
    assert not standing(scaling_config=sizes, wait=True)["changed"]
    result = standing(scaling_config=sizes, enforce_desired_size=True, wait=True)
    assert result["changed"] and result["scaling_config"]["desired_size"] == 2


def test_left_out_is_left_alone_and_empty_clears(standing):
    assert standing(update_config={"max_unavailable": 2}, wait=True)["labels"] == {"role": "general"}
    assert standing(labels={}, wait=True)["labels"] == {}


def test_a_version_and_a_config_are_two_updates_one_after_the_other(sandbox, standing):
    result = standing(version="1.33", labels={"role": "b"}, wait=True)
    assert result["version"] == "1.33" and result["release_version"].startswith("1.33.")
    assert sent(sandbox) == ["UpdateNodegroupConfig", "UpdateNodegroupVersion"]


def test_a_launch_template_goes_with_instance_types_and_its_version_can_change(sandbox, nodegroup):
    ec2 = sandbox.client("ec2")
    ec2.create_launch_template(LaunchTemplateName="gp3", LaunchTemplateData={"EbsOptimized": True})
    made = {**nodegroup.base, "instance_types": ["m5.large"], "launch_template": {"name": "gp3"}, "wait": True}
    created = nodegroup(**made)
    assert created["launch_template"]["version"] == "1"
    assert not nodegroup(**made)["changed"]
    ec2.create_launch_template_version(LaunchTemplateName="gp3", LaunchTemplateData={"EbsOptimized": False})
    made["launch_template"]["version"] = "$Latest"
    assert nodegroup(**made)["launch_template"]["version"] == "2"
    assert not nodegroup(**made)["changed"]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"instance_types": ["m5.large"]}, "instance_types is .*replace=true"),
        ({"capacity_type": "SPOT"}, "capacity_type is 'ON_DEMAND', not 'SPOT'"),
        ({"version": "1.31"}, "is at 1.32 and cannot go back to 1.31"),
        ({"labels": {"eks.amazonaws.com/team": "a"}}, "labels: eks.amazonaws.com/team has a reserved prefix"),
        ({"labels": {"node-role.kubernetes.io/worker": "a"}}, "has a reserved prefix. Use node.kubernetes.io/"),
        ({"instance_types": ["m5large"]}, "'m5large' is not an instance type"),
        ({"instance_types": ["m5.large", "m7g.large"]}, "have different architectures"),
        (
            {"instance_types": ["m7g.large"]},
            "AL2023_x86_64_STANDARD is for x86_64, and instance type m7g.large is arm64",
        ),
        ({"ami_type": "AL2_x86_64", "version": "1.33"}, "AL2_x86_64 ends with Kubernetes 1.32"),
        ({"ami_type": "CUSTOM", "version": "1.33"}, "version: EKS does not accept it with ami_type CUSTOM"),
        ({"update_config": {"max_unavailable": 9}}, "max_unavailable: 9 is above scaling_config.max_size, which is 5"),
        ({"disk_size": 50, "template": {}}, r"disk_size: cannot be combined with template.*Set template.volumes"),
        ({"remote_access": {"ec2_ssh_key": "k"}, "template": {}}, "remote_access: cannot be combined with template"),
        ({"template": {}, "launch_template": {"id": "lt-1"}}, "template: it cannot be combined with launch_template"),
        ({"version": "1.3"}, "put the version in quotes"),
        ({"scaling_config": {"min_size": 4, "max_size": 2}}, "min_size <= desired_size <= max_size"),
        ({"scaling_config": {"min_size": 6}}, "min_size <= desired_size <= max_size"),
        ({"version": "1.34"}, "cannot be at 1.34, because cluster my-cluster is at 1.33. Upgrade the cluster first"),
        ({"update_config": {"max_unavailable": 1, "max_unavailable_percentage": 10}}, "cannot be combined"),
        (
            {
                "node_repair_config": {
                    "max_parallel_nodes_repaired_count": 1,
                    "max_parallel_nodes_repaired_percentage": 1,
                }
            },
            "cannot be combined",
        ),
        (
            {"taints": [{"key": "a", "effect": "NO_EXECUTE"}, {"key": "a", "effect": "NO_EXECUTE", "value": "b"}]},
            "Given more than once: a NO_EXECUTE",
        ),
        ({"taints": [{"key": "a", "effect": "NoSchedule"}]}, "NO_SCHEDULE, NO_EXECUTE, PREFER_NO_SCHEDULE"),
        (
            {"launch_template": {"id": "lt-1"}, "disk_size": 20},
            "disk_size: EKS does not accept it with launch_template",
        ),
        ({"launch_template": {"version": "1"}}, "one of the following is required: id, name"),
        ({"name": "_a"}, "name: '_a' is not a valid node group name. Use 1-63 letters"),
        ({"name": "a" * 64}, "is not a valid node group name"),
        (
            {"name": "new", "node_role": ROLE_ARN, "subnets": ["s"], "scaling_config": {"max_size": 2}},
            "Set min_size, too",
        ),
        (
            {"scaling_config": {"min_size": -1}},
            "scaling_config.min_size: -1 is out of range. Use a number of at least 0",
        ),
        ({"scaling_config": {"min_size": 0, "max_size": 0}}, "max_size: 0 is out of range. Use a number of at least 1"),
        (
            {"update_config": {"max_unavailable": 0}},
            "update_config.max_unavailable: 0 is out of range. Use a number from 1 to 100",
        ),
        ({"warm_pool_config": {"enabled": True, "min_size": -1}}, "warm_pool_config.min_size: -1"),
        ({"disk_size": 0}, "disk_size: 0 is out of range"),
        (
            {"taints": [{"key": f"t{n}", "effect": "NO_EXECUTE"} for n in range(51)]},
            "taints: 51 are given. EKS accepts at most 50",
        ),
        ({"taints": [{"key": "a b", "effect": "NO_EXECUTE"}]}, "taints: 'a b' is not a valid Kubernetes key"),
        ({"labels": {"a": "-b"}}, "labels: the value '-b' of a is not valid"),
        ({"labels": {"a": ""}}, "labels: the value '' of a is not valid"),
        ({"labels": {"A.b/c d": "e"}}, "labels: 'A.b/c d' is not a valid Kubernetes key"),
        ({"labels": {"a": "b" * 64}}, "1-63 letters"),
        ({"tags": {f"tag-{n}": "" for n in range(51)}}, "tags: 51 tags are given"),
        ({"nodegroups": [{"name": "a"}, {"name": "a"}]}, "names must be unique. Listed more than once: a"),
        ({"nodegroups": [{"name": "a"}], "labels": {"b": "c"}}, "mutually exclusive"),
    ],
)
def test_what_eks_cannot_do_is_refused_before_anything_is_sent(sandbox, standing, options, words):
    result = standing(**options)
    assert result["failed"] and re.search(words, result["msg"]), result["msg"]
    assert sent(sandbox) == []


def test_an_immutable_change_replaces_when_asked_for(sandbox, standing):
    result = standing(**standing.base, capacity_type="SPOT", replace=True, wait=True)
    assert result["changed"] and result["capacity_type"] == "SPOT" and result["status"] == "ACTIVE"
    assert sent(sandbox) == ["DeleteNodegroup", "CreateNodegroup"]


def test_a_list_is_reconciled_side_by_side_and_one_that_fails_stops_none(sandbox, nodegroup):
    sandbox.add_fault(kind="fail_creation", operation="CreateNodegroup", resource="b", message="no capacity")
    rows = [{"name": name, **nodegroup.base, "labels": {"role": name}} for name in ("a", "b", "c")]
    result = nodegroup(nodegroups=rows, wait=True)
    assert result["failed"] and "1 of 3 failed: b: " in result["msg"] and "no capacity" in result["msg"]
    assert [(row["name"], row["failed"], row.get("status")) for row in result["nodegroups"]] == [
        ("a", False, "ACTIVE"),
        ("b", True, "CREATE_FAILED"),
        ("c", False, "ACTIVE"),
    ]
    rows[1]["replace"] = True
    again = nodegroup(nodegroups=rows, wait=True)
    assert not again["failed"] and [row["changed"] for row in again["nodegroups"]] == [False, True, False]
    assert not nodegroup(nodegroups=rows, wait=True)["changed"]


def test_an_unchanged_list_costs_one_call_for_each(sandbox, nodegroup):
    rows = [{"name": f"ng-{number}", **nodegroup.base} for number in range(10)]
    nodegroup(nodegroups=rows, wait=True)
    sandbox.recorder.clear()
    assert not nodegroup(nodegroups=rows)["changed"]
    assert [call["operation"] for call in sandbox.calls()] == ["DescribeNodegroup"] * 10


def test_an_update_that_fails_says_why(sandbox, standing):
    sandbox.add_fault(kind="fail_update", code="PodEvictionFailure", message="too many retries")
    result = standing(version="1.33", wait=True)
    assert result["failed"] and "PodEvictionFailure: too many retries" in result["msg"]


def test_a_task_of_community_aws_works(nodegroup, ground):
    result = nodegroup(
        state="present",
        node_role=ground["node_role"],
        subnets=ground["subnets"],
        scaling_config={"min_size": 1, "max_size": 2, "desired_size": 1},
        disk_size=30,
        instance_types="t3.small",
        ami_type="AL2_x86_64",
        labels={"team": "a"},
        taints=[{"key": "env", "value": "test", "effect": "PREFER_NO_SCHEDULE"}],
        capacity_type="on_demand".upper(),
        resource_tags={"Name": "x"},
        wait=True,
    )
    assert result["changed"] and result["nodegroup_name"] == "general" and result["disk_size"] == 30
    assert result["tags"] == {"Name": "x"} and result["instance_types"] == ["t3.small"]


def test_info_lists_what_there_is(standing, run_module):
    found = run_module("eks_nodegroup_info", {"cluster_name": CLUSTER})["nodegroups"]
    assert [row["nodegroup_name"] for row in found] == ["general"]
    assert run_module("eks_nodegroup_info", {"cluster_name": CLUSTER, "name": "none"})["nodegroups"] == []
    assert run_module("eks_nodegroup_info", {"cluster_name": "none"})["nodegroups"] == []


def test_a_new_group_has_the_version_of_its_cluster(sandbox, nodegroup):
    result = nodegroup(**nodegroup.base, version="1.31")
    assert result["failed"] and "my-cluster is at 1.32, not 1.31" in result["msg"], result["msg"]
    assert sent(sandbox) == []


def test_the_order_of_instance_types_is_their_priority(sandbox, nodegroup):
    made = {**nodegroup.base, "instance_types": ["m5.large", "c5.large", "a.large"], "wait": True}
    made["instance_types"][2] = "m5a.large"
    assert nodegroup(**made)["instance_types"] == ["m5.large", "c5.large", "m5a.large"]
    made["instance_types"] = ["m5a.large", "m5.large"]
    refused = nodegroup(**made)
    assert refused["failed"] and "instance_types is ['m5.large', 'c5.large', 'm5a.large']" in refused["msg"]
    assert nodegroup(**made, replace=True)["instance_types"] == ["m5a.large", "m5.large"]
    moved = nodegroup(capacity_type="SPOT", replace=True, wait=True)
    assert moved["instance_types"] == ["m5a.large", "m5.large"]


def test_a_replacement_keeps_what_the_task_leaves_out(sandbox, standing):
    planned = standing(capacity_type="SPOT", replace=True, check=True)
    result = standing(capacity_type="SPOT", replace=True, wait=True)
    assert result["capacity_type"] == "SPOT" and result["labels"] == {"role": "general"}
    assert result["version"] == "1.33" and result["scaling_config"]["max_size"] == 5  # a new group has the cluster's
    assert planned["diff"]["after"]["labels"] == {"role": "general"}
    shown = sandbox.client("eks").describe_nodegroup(clusterName="my-cluster", nodegroupName=result["nodegroup_name"])
    assert not {"warmPoolConfig", "nodeRepairConfig"} & set(shown["nodegroup"])  # nobody asked for them
    assert "updateStrategy" not in shown["nodegroup"]["updateConfig"]


def test_a_failed_creation_is_told_with_its_reason_and_its_way_out(sandbox, nodegroup):
    sandbox.add_fault(kind="fail_creation", operation="CreateNodegroup", resource="general", message="no capacity")
    first = nodegroup(**nodegroup.base, wait=True)
    sandbox.recorder.clear()
    again = nodegroup(**nodegroup.base, labels={"role": "b"})
    for result in (first, again):
        assert result["failed"] and "no capacity" in result["msg"] and "replace=true" in result["msg"], result
    assert sent(sandbox) == []
    made = nodegroup(**nodegroup.base, replace=True, wait=True)
    assert made["changed"] and made["status"] == "ACTIVE"


def test_each_kind_of_call_throttled_once_converges(sandbox, nodegroup):
    throttled = {"CreateNodegroup", "DescribeNodegroup", "UpdateNodegroupConfig", "DescribeUpdate", "TagResource"}
    for operation in throttled:
        sandbox.add_fault(kind="throttle", operation=operation, count=1)
    assert nodegroup(**nodegroup.base, wait=True)["status"] == "ACTIVE"
    result = nodegroup(labels={"a": "b"}, tags={"c": "d"}, wait=True)
    assert not result["failed"] and result["labels"] == {"a": "b"} and result["tags"] == {"c": "d"}
    assert {call["operation"] for call in sandbox.calls("eks") if call.get("error")} == throttled


def test_a_count_and_a_percentage_take_each_others_place(standing):
    planned = standing(update_config={"max_unavailable_percentage": 50}, check=True)
    result = standing(update_config={"max_unavailable_percentage": 50}, wait=True)
    assert result["update_config"]["max_unavailable_percentage"] == 50
    assert "max_unavailable" not in result["update_config"]
    assert planned["diff"] == result["diff"]
    assert not standing(update_config={"max_unavailable_percentage": 50})["changed"]


def test_node_repair_is_set_and_changed_in_place(standing):
    repair = {"enabled": True, "max_parallel_nodes_repaired_count": 2}
    assert standing(node_repair_config=repair, wait=True)["node_repair_config"] == repair
    assert not standing(node_repair_config=repair)["changed"]


def test_a_warm_pool_comes_changes_and_goes(standing):
    assert not standing(warm_pool_config={"enabled": False})["changed"]
    made = standing(warm_pool_config={"enabled": True, "min_size": 1}, wait=True)["warm_pool_config"]
    assert made["enabled"] and made["min_size"] == 1
    assert not standing(warm_pool_config={"enabled": True})["changed"]
    planned = standing(warm_pool_config={"enabled": True, "pool_state": "RUNNING"}, check=True)
    changed = standing(warm_pool_config={"enabled": True, "pool_state": "RUNNING"}, wait=True)
    assert planned["diff"] == changed["diff"] and changed["warm_pool_config"]["min_size"] == 1
    assert standing(warm_pool_config={"enabled": False}, wait=True)["warm_pool_config"]["enabled"] is False
    assert not standing(warm_pool_config={"enabled": False})["changed"]


def test_a_new_group_begins_with_its_least_size(nodegroup):
    result = nodegroup(**nodegroup.base, scaling_config={"min_size": 2, "max_size": 4}, wait=True)
    assert result["scaling_config"] == {"min_size": 2, "max_size": 4, "desired_size": 2}


def test_a_replacement_that_fails_tells_what_the_old_one_was(sandbox, standing):
    sandbox.add_fault(kind="fail_creation", operation="CreateNodegroup", message="no capacity")
    result = standing(capacity_type="SPOT", replace=True, wait=True)
    assert result["failed"] and result["changed"] and "no capacity" in result["msg"]
    assert result["replaced"]["labels"] == {"role": "general"} and result["replaced"]["capacity_type"] == "ON_DEMAND"


@pytest.mark.extended
def test_fifty_unchanged_groups_cost_little_more_than_one(sandbox, nodegroup):
    sandbox.quotas.change({"nodegroups": 50})
    rows = [{"name": f"ng-{number}", **nodegroup.base, "labels": {"n": str(number)}} for number in range(50)]
    assert nodegroup(nodegroups=rows)["changed"]

    def cost(some):
        sandbox.recorder.clear()
        began = time.monotonic()
        result = nodegroup(nodegroups=some)
        took = time.monotonic() - began
        assert not result["changed"] and len(result["nodegroups"]) == len(some)
        assert [call["operation"] for call in sandbox.calls()] == ["DescribeNodegroup"] * len(some)
        return took

    one, fifty = min(cost(rows[:1]) for turn in range(3)), min(cost(rows) for turn in range(3))
    # a task of its own takes 1.5 s for each group; beside the start of Ansible, the fifty may take half of one such start
    assert fifty - one < 0.75, (one, fifty)


def test_a_plan_may_name_a_launch_template_that_is_yet_to_come(sandbox, nodegroup):
    options = {**nodegroup.base, "launch_template": {"name": "later"}}
    planned = nodegroup(check=True, **options)
    assert planned["changed"] and planned["launch_template"] == {"name": "later"}
    real = nodegroup(**options)
    assert real["failed"] and "later" in real["msg"] and sent(sandbox) == []


def test_another_launch_template_is_refused_by_the_name_of_its_option(sandbox, nodegroup):
    ec2 = sandbox.client("ec2")
    for name in ("one", "other"):
        ec2.create_launch_template(LaunchTemplateName=name, LaunchTemplateData={"EbsOptimized": True})
    nodegroup(**nodegroup.base, launch_template={"name": "one"}, wait=True)
    refused = nodegroup(launch_template={"name": "other"})
    assert refused["failed"] and "launch_template.id is 'lt-" in refused["msg"], refused["msg"]


def test_a_launch_templates_version_that_is_left_out_stays(sandbox, nodegroup):
    ec2 = sandbox.client("ec2")
    ec2.create_launch_template(LaunchTemplateName="gp3", LaunchTemplateData={"EbsOptimized": True})
    nodegroup(**nodegroup.base, launch_template={"name": "gp3"}, wait=True)
    ec2.create_launch_template_version(LaunchTemplateName="gp3", LaunchTemplateData={"EbsOptimized": False})
    ec2.modify_launch_template(LaunchTemplateName="gp3", DefaultVersion="2")
    assert not nodegroup(launch_template={"name": "gp3"})["changed"]
    assert (
        nodegroup(launch_template={"name": "gp3", "version": "$Default"}, wait=True)["launch_template"]["version"]
        == "2"
    )
