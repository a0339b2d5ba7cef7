# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What was written for community.aws' three EKS modules works when only the collection's name is changed.

The options, the examples and the documented results are read from community.aws itself, as installed for development.
"""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import time
from typing import Any

import pytest
import yaml

CLUSTER = "my_cluster"
MODULES = ("eks_cluster", "eks_nodegroup", "eks_fargate_profile")
# Left out means left alone with us: theirs reset what a task did not mention. EKS' own defaults are the same.
NO_DEFAULT = {"scaling_config", "update_config", "labels", "taints", "capacity_type"}


def theirs(module: str, part: str) -> Any:
    source = importlib.import_module(f"ansible_collections.community.aws.plugins.modules.{module}")
    return yaml.safe_load(getattr(source, part))


def ours(module: str) -> dict[str, Any]:
    source = importlib.import_module(f"ansible_collections.kumo.eks.plugins.modules.{module}")
    fragments = [
        importlib.import_module(f"ansible_collections.kumo.eks.plugins.doc_fragments.{n}") for n in ("tags", "wait")
    ]
    options = {}
    for text in (*[f.ModuleDocFragment.DOCUMENTATION for f in fragments], source.DOCUMENTATION):
        options.update(yaml.safe_load(text)["options"])
    return options


def check_contract(wanted: dict[str, Any], options: dict[str, Any], path: str = "") -> None:
    for name, row in wanted.items():
        assert name in options, f"{path}{name}"
        mine = options[name]
        assert (mine["type"], mine.get("elements")) == (row["type"], row.get("elements")), f"{path}{name}"
        assert set(row.get("aliases", [])) <= set(mine.get("aliases", [])), f"{path}{name}"
        assert set(row.get("choices", [])) <= set(mine.get("choices") or row.get("choices", [])), f"{path}{name}"
        if name not in NO_DEFAULT and not path:
            assert mine.get("default") == row.get("default"), name
        check_contract(row.get("suboptions", {}), mine.get("suboptions", {}), f"{path}{name}.")


@pytest.mark.parametrize("module", MODULES)
def test_each_of_their_options_is_there_with_its_type_and_default(module):
    check_contract(theirs(module, "DOCUMENTATION")["options"], ours(module))


@pytest.fixture
def place(ground):
    """What takes the place of the placeholders in their examples."""
    return {
        "my_eks_role": ground["role"],
        "my_eks_sg": "extra",
        "sg-abcd1234": ground["group"],
        "arn:aws:eks:us-east-1:1231231123:role/asdf": ground["node_role"],
        "subnet-qwerty123": ground["subnets"][0],
        "subnet-asdfg456": ground["subnets"][1],
        "subnet-aaaa1111": ground["subnets"][0],
        "test_cluster": CLUSTER,
        1.14: "1.32",  # the last one with Amazon Linux 2, which their node group has
    }


def placed(value: Any, place: dict[Any, Any]) -> Any:
    if isinstance(value, dict):
        return {key: placed(inner, place) for key, inner in value.items()}
    if isinstance(value, list):
        return [placed(inner, place) for inner in value]
    return place.get(value, value)


def their_tasks(module: str, place: dict[Any, Any]) -> list[dict[str, Any]]:
    return [placed(task[f"community.aws.{module}"], place) for task in theirs(module, "EXAMPLES")]


def test_their_examples_of_clusters_and_node_groups_run(run_module, ground, place):
    create, delete = their_tasks("eks_cluster", place)
    create["subnets"].append(ground["subnets"][1])  # AWS takes no cluster with one subnet, as in the example
    made = run_module("eks_cluster", {**create, "wait": True})
    assert made["changed"], made
    assert set(theirs("eks_cluster", "RETURN")) <= set(made)
    assert not run_module("eks_cluster", create)["changed"]

    create_group, delete_group = their_tasks("eks_nodegroup", place)
    made = run_module("eks_nodegroup", {**create_group, "wait": True})
    assert made["changed"], made
    returned = {"disk_size" if key == "diskSize" else key for key in theirs("eks_nodegroup", "RETURN")}
    assert returned - {"remote_access", "launch_template"} <= set(made)  # these two where a group has them
    assert not run_module("eks_nodegroup", create_group)["changed"]
    assert (
        run_module("eks_nodegroup", delete_group)["changed"]
        and not run_module("eks_nodegroup", delete_group)["changed"]
    )
    assert run_module("eks_cluster", delete)["changed"] and not run_module("eks_cluster", delete)["changed"]


@pytest.fixture
def standing(run_module, ground):
    words = {"name": CLUSTER, "version": "1.33", "role_arn": ground["role"], "subnets": ground["subnets"], "wait": True}
    result = run_module("eks_cluster", {**words, "security_groups": [ground["group"]], "tags": {"Team": "a"}})
    assert not result["failed"], result
    return {**words, "security_groups": [ground["group"]]}


def test_their_examples_of_fargate_profiles_run(run_module, ground, place, standing):
    create, delete = their_tasks("eks_fargate_profile", {**place, "my_eks_role": ground["pod_role"]})
    labels = create["selectors"][0]["labels"]
    assert labels == [{"label1": "test"}]  # a list, which their own module refuses: its type is dict
    assert "dict" in run_module("eks_fargate_profile", create)["msg"]
    create["selectors"][0]["labels"] = labels[0]
    made = run_module("eks_fargate_profile", create)
    assert made["changed"] and made["status"] == "ACTIVE", made
    assert set(theirs("eks_fargate_profile", "RETURN")) <= set(made)
    assert not run_module("eks_fargate_profile", create)["changed"]
    assert run_module("eks_fargate_profile", delete)["changed"]
    assert not run_module("eks_fargate_profile", delete)["changed"]


BOOK = """
- hosts: localhost
  connection: local
  gather_facts: false
  collections: [community.aws]
  module_defaults:
    community.aws.eks_cluster: &connection
      region: ap-northeast-1
    community.aws.eks_nodegroup: *connection
    community.aws.eks_fargate_profile: *connection
  tasks:
    - name: Create an EKS cluster
      community.aws.eks_cluster:
        name: shop
        version: "1.33"
        role_arn: "{{ ground.role }}"
        subnets: "{{ ground.subnets }}"
        security_groups: [extra, "{{ ground.group }}"]
        tags: {CostCenter: "42"}
        wait: true
      register: cluster

    - name: Create the node groups in a loop
      community.aws.eks_nodegroup:
        name: "{{ item }}"
        cluster_name: "{{ cluster.name }}"
        node_role: "{{ ground.node_role }}"
        subnets: "{{ cluster.resources_vpc_config.subnet_ids }}"
        scaling_config: {min_size: 1, max_size: 2, desired_size: 1}
        update_config: {max_unavailable: 1}
        resource_tags: {Name: "{{ item }}"}
        wait: true
      loop: [blue, green]
      register: made

    - name: Create a Fargate profile by its short name
      eks_fargate_profile:
        name: tasks
        cluster_name: shop
        role_arn: "{{ ground.pod_role }}"
        subnets: "{{ ground.subnets }}"
        selectors: [{namespace: tasks, labels: {compute: fargate}}]
        wait: true
      register: profile

    - name: Look at what came back
      ansible.builtin.assert:
        that:
          - cluster.status == 'ACTIVE' and cluster.tags.CostCenter == '42'
          - made.results | map(attribute='status') | unique == ['ACTIVE']
          - made.results | map(attribute='nodegroup_name') | list == ['blue', 'green']
          - made.results | map(attribute='nodegroup') | map(attribute='status') | unique == ['ACTIVE']
          - profile.status == 'ACTIVE' and profile.fargate_profile_arn is match('arn:aws:eks')
          - (cluster is changed) == (first | bool) and (made is changed) == (first | bool)
          - (profile is changed) == (first | bool)
"""


@pytest.mark.extended
def test_a_bigger_playbook_runs_and_changes_nothing_the_second_time(ground, tmp_path, commands):
    text = BOOK.replace("community.aws", "kumo.eks")
    book = tmp_path / "book.yml"
    book.write_text(text)
    env = {**os.environ, "ANSIBLE_HOME": str(tmp_path / "home"), "ANSIBLE_NOCOLOR": "1"}
    variables = {"ground": ground, "ansible_python_interpreter": str(commands.python)}
    for first in (True, False):
        extra = json.dumps({**variables, "first": first})
        command = [str(commands.playbook), "-i", "localhost,", "-e", extra, str(book)]
        done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr


# What community.aws gets wrong, one by one.


@pytest.fixture
def group(sandbox, run_module, ground):
    """eks_nodegroup on a group with a label, a taint and tags, whose cluster is a version ahead by now."""
    cluster = {"name": CLUSTER, "version": "1.32", "role_arn": ground["role"], "subnets": ground["subnets"]}
    assert not run_module("eks_cluster", {**cluster, "wait": True})["failed"]
    words = {"cluster_name": CLUSTER, "name": "general", "wait": True}
    base = {
        "node_role": ground["node_role"],
        "subnets": ground["subnets"],
        "version": "1.32",
        "ami_type": "AL2023_x86_64_STANDARD",
    }
    marks = {
        "labels": {"role": "a"},
        "taints": [{"key": "t", "value": "a", "effect": "NO_SCHEDULE"}],
        "tags": {"Keep": "1"},
    }
    made = run_module("eks_nodegroup", {**words, **base, **marks})
    assert made["status"] == "ACTIVE", made
    sandbox.client("eks").update_cluster_version(name=CLUSTER, version="1.33")

    def run(check: bool = False, **options: Any) -> dict[str, Any]:
        return run_module("eks_nodegroup", {**words, **options}, check=check)

    return run


def test_a_clusters_version_subnets_and_security_groups_can_change(sandbox, run_module, ground, standing):
    """EKS keeps the zones of a cluster: a subnet gives way to another one of its zone."""
    ec2 = sandbox.client("ec2")
    (old,) = ec2.describe_subnets(SubnetIds=ground["subnets"][:1])["Subnets"]
    place = {"VpcId": old["VpcId"], "AvailabilityZone": old["AvailabilityZone"]}
    new = ec2.create_subnet(CidrBlock="10.0.9.0/24", **place)["Subnet"]["SubnetId"]
    subnets = [new, *ground["subnets"][1:]]
    words = {**standing, "version": "1.34", "subnets": subnets, "security_groups": []}
    result = run_module("eks_cluster", words)
    assert result["version"] == "1.34" and result["resources_vpc_config"]["subnet_ids"] == subnets
    assert result["resources_vpc_config"]["security_group_ids"] == []


def test_a_clusters_role_change_is_refused_and_its_tags_change_with_their_keys_kept(run_module, standing):
    refused = run_module("eks_cluster", {**standing, "role_arn": standing["role_arn"] + "2"})
    assert refused["failed"] and "role_arn is" in refused["msg"]
    result = run_module("eks_cluster", {**standing, "tags": {"CostCenter": "A"}})
    assert result["changed"] and result["tags"] == {"CostCenter": "A"}


def test_check_mode_with_wait_polls_for_nothing(sandbox, run_module, ground):
    words = {"name": "new", "role_arn": ground["role"], "subnets": ground["subnets"], "wait": True}
    sandbox.recorder.clear()
    assert run_module("eks_cluster", words, check=True)["changed"]
    assert [call["operation"] for call in sandbox.calls("eks")] == ["DescribeCluster"]


def test_empty_subnets_are_refused_in_words(run_module, ground):
    result = run_module("eks_cluster", {"name": "new", "role_arn": ground["role"], "subnets": []})
    assert result["failed"] and "options are required to create it: subnets" in result["msg"]


def test_a_failed_cluster_ends_the_wait_at_once(sandbox, run_module, ground):
    sandbox.add_fault(kind="fail_creation", operation="CreateCluster", message="no such subnet")
    began = time.monotonic()
    words = {"name": "new", "role_arn": ground["role"], "subnets": ground["subnets"], "wait": True}
    result = run_module("eks_cluster", words)
    assert result["failed"] and "FAILED" in result["msg"] and "no such subnet" in result["msg"]
    assert time.monotonic() - began < 10


def test_taints_tags_and_values_of_labels_can_change(group):
    wanted = {
        "taints": [{"key": "t", "value": "b", "effect": "NO_SCHEDULE"}],
        "tags": {"Other": "2"},
        "labels": {"role": "b"},
    }
    assert group(check=True, **wanted)["changed"]
    result = group(**wanted)
    assert {key: result[key] for key in wanted} == wanted and not group(**wanted)["changed"]


def test_what_a_task_leaves_out_stays(group):
    result = group(update_config={"max_unavailable": 2})
    assert result["labels"] == {"role": "a"} and len(result["taints"]) == 1 and result["tags"] == {"Keep": "1"}


def test_versions_and_releases_of_machine_images_follow(sandbox, group):
    old = group()["release_version"]
    result = group(version="1.33", force=True)
    assert result["version"] == "1.33" and result["release_version"] != old
    release = result["release_version"]
    assert not group(release_version=release)["changed"]
    assert group(release_version="1.33.0-20200101", check=True)["changed"]


def test_the_order_of_subnets_and_defaults_make_no_difference(group, ground):
    words = {"subnets": ground["subnets"][::-1], "update_config": {"max_unavailable": 1}}
    assert not group(**words)["changed"]


def test_an_autoscalers_size_is_respected(sandbox, group):
    sandbox.client("eks").update_nodegroup_config(
        clusterName=CLUSTER, nodegroupName="general", scalingConfig={"maxSize": 9, "desiredSize": 5}
    )
    result = group(scaling_config={"min_size": 1, "max_size": 9, "desired_size": 2})
    assert not result["changed"] and result["scaling_config"]["desired_size"] == 5


def test_several_changes_follow_one_another(sandbox, group):
    sandbox.recorder.clear()
    result = group(version="1.33", labels={"role": "b"}, wait=False)
    names = [call["operation"] for call in sandbox.calls("eks")]
    config, version = names.index("UpdateNodegroupConfig"), names.index("UpdateNodegroupVersion")
    assert result["changed"] and "DescribeUpdate" in names[config:version]


def test_launch_template_and_instance_types_go_together(sandbox, run_module, ground, standing):
    template = sandbox.client("ec2").create_launch_template(
        LaunchTemplateName="gp3", LaunchTemplateData={"EbsOptimized": True}
    )
    words = {
        "cluster_name": CLUSTER,
        "name": "templated",
        "node_role": ground["node_role"],
        "subnets": ground["subnets"],
        "instance_types": ["m5.large"],
        "launch_template": {"id": template["LaunchTemplate"]["LaunchTemplateId"]},
        "wait": True,
    }
    result = run_module("eks_nodegroup", words)
    assert result["status"] == "ACTIVE" and result["instance_types"] == ["m5.large"]
    assert not run_module("eks_nodegroup", words)["changed"]


def test_a_failed_node_group_ends_the_wait_at_once(sandbox, run_module, ground, standing):
    sandbox.add_fault(kind="fail_creation", operation="CreateNodegroup", message="no capacity")
    began = time.monotonic()
    words = {"cluster_name": CLUSTER, "name": "bad", "node_role": ground["node_role"], "subnets": ground["subnets"]}
    result = run_module("eks_nodegroup", {**words, "wait": True})
    assert result["failed"] and "CREATE_FAILED" in result["msg"] and time.monotonic() - began < 10


def test_a_profiles_other_role_is_seen_also_when_it_has_the_same_letters(run_module, ground, standing):
    words = {"cluster_name": CLUSTER, "name": "tasks", "subnets": ground["subnets"], "wait": True}
    words |= {"role_arn": ground["pod_role"], "selectors": [{"namespace": "b"}, {"namespace": "a"}]}
    assert run_module("eks_fargate_profile", words)["changed"]
    assert not run_module("eks_fargate_profile", {**words, "selectors": words["selectors"][::-1]})["changed"]
    other = words["role_arn"][:-2] + words["role_arn"][:-3:-1]
    assert sorted(other) == sorted(words["role_arn"]) and other != words["role_arn"]
    refused = run_module("eks_fargate_profile", {**words, "role_arn": other})
    assert refused["failed"] and "role_arn is" in refused["msg"]
    replaced = run_module("eks_fargate_profile", {**words, "selectors": [{"namespace": "c"}], "replace": True})
    assert replaced["changed"] and replaced["selectors"][0]["namespace"] == "c"


def test_a_failed_profile_ends_the_wait_at_once(sandbox, run_module, ground, standing):
    sandbox.add_fault(kind="fail_creation", operation="CreateFargateProfile", message="no addresses")
    began = time.monotonic()
    words = {"cluster_name": CLUSTER, "name": "tasks", "subnets": ground["subnets"], "role_arn": ground["pod_role"]}
    result = run_module("eks_fargate_profile", {**words, "selectors": [{"namespace": "a"}], "wait": True})
    assert result["failed"] and "no addresses" in result["msg"] and time.monotonic() - began < 10
