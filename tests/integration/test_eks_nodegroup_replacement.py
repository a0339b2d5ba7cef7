# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""eks_nodegroup_replacement: the whole way, each end on the way, the way back, and what eks_nodegroup sees of it."""

from __future__ import annotations

import itertools
import json

import pytest
from support.killing import run_killed
from support.moving_pods import MovingPods

from ansible_collections.kumo.eks.plugins.module_utils.kubernetes import opening
from ansible_collections.kumo.eks.plugins.module_utils.kubernetes.kinds import NODE
from ansible_collections.kumo.eks.plugins.module_utils.upgrade import capacity_reading
from kumo_sandbox.moto_fixes import service_quotas

CLUSTER = "my-cluster"
WORDS = {"clusterName": CLUSTER}
DECLARED, REPLACES = "kumo.eks/nodegroup", "kumo.eks/replaces"
KEPT = "cluster-autoscaler.kubernetes.io/scale-down-disabled"
SIZES = {"minSize": 1, "maxSize": 4, "desiredSize": 2}


@pytest.fixture
def eks(sandbox):
    return sandbox.client("eks")


@pytest.fixture
def kubernetes(eks, monkeypatch):
    fake = MovingPods(eks, CLUSTER)
    monkeypatch.setattr(opening, "connect_api", fake.connect)
    return fake


@pytest.fixture
def cluster(request, sandbox, eks, ground, kubernetes, kept_account):
    kept_account.build(request, lambda: create_cluster(eks, ground))
    kubernetes.place({"web-0": "general-0", "web-1": "general-1", "agent-0": "general-0"})
    return CLUSTER


def create_cluster(eks, ground):
    place = {"subnetIds": ground["subnets"]}
    access = {"authenticationMode": "API_AND_CONFIG_MAP"}
    eks.create_cluster(
        name=CLUSTER, version="1.31", roleArn=ground["role"], resourcesVpcConfig=place, accessConfig=access
    )
    eks.create_nodegroup(
        **WORDS,
        nodegroupName="general",
        scalingConfig=SIZES,
        instanceTypes=["m5.large"],
        labels={"role": "general"},
        subnets=ground["subnets"],
        nodeRole=ground["node_role"],
        tags={"team": "web", f"kumo.eks/{eks.meta.region_name}/{CLUSTER}": "owned"},
    )


@pytest.fixture
def replace(cluster, run_module):
    def run(check=False, **options):
        words = {"cluster_name": CLUSTER, "name": "general", "ready_timeout": 1, "wait_timeout": 1, **options}
        return run_module("eks_nodegroup_replacement", words, check)

    return run


LARGER = {"nodegroup": {"instance_types": ["m6i.large"]}}


def describe(eks, name):
    return eks.describe_nodegroup(nodegroupName=name, **WORDS)["nodegroup"]


def list_groups(eks):
    return eks.list_nodegroups(**WORDS)["nodegroups"]


def list_steps(result):
    return [(row["step"], row["nodegroup"]) for row in result["steps"]]


WHOLE = [("create", "general-2"), ("drain", "general"), ("resize", "general-2"), ("delete", "general")]


def test_a_group_is_replaced_and_keeps_its_settings(replace, eks, kubernetes, ground):
    planned = replace(check=True, **LARGER)
    assert planned["changed"] and list_steps(planned) == WHOLE, planned
    assert planned["diff"]["before"]["nodegroup"] == "general" and planned["diff"]["after"]["nodegroup"] == "general-2"
    assert planned["diff"]["after"]["instance_types"] == ["m6i.large"]
    assert list_groups(eks) == ["general"] and not kubernetes.written
    done = replace(**LARGER)
    assert not done["failed"] and done["changed"], done.get("msg")
    assert list_steps(done) == WHOLE and done["diff"] == planned["diff"]
    assert list_groups(eks) == ["general-2"] and done["nodegroup"]["nodegroup_name"] == "general-2"
    now = describe(eks, "general-2")
    assert (now["labels"], now["instanceTypes"]) == ({"role": "general"}, ["m6i.large"])
    assert now["scalingConfig"] == SIZES and now["nodeRole"] == ground["node_role"]
    assert now["tags"]["team"] == "web" and now["tags"][DECLARED] == "general"
    assert f"kumo.eks/{eks.meta.region_name}/{CLUSTER}" in now["tags"]
    assert kubernetes.evicted == ["web-0", "web-1"] and kubernetes.find_node("web-0").startswith("general-2")
    again = replace(**LARGER)
    assert not again["changed"] and again["steps"] == [] and again["diff"]["before"] == again["diff"]["after"]
    third = replace(nodegroup={"instance_types": ["m7i.large"]})
    assert list_groups(eks) == ["general-3"] and third["changed"], third
    assert describe(eks, "general-3")["tags"][DECLARED] == "general"


def test_what_eks_changes_in_place_replaces_nothing(replace, eks):
    found = replace(nodegroup={"labels": {"role": "web"}, "instance_types": ["m5.large"]})
    assert not found["changed"] and not found["failed"] and list_groups(eks) == ["general"]
    named = replace(check=True, new_name="blue")
    assert named["changed"] and list_steps(named)[0] == ("create", "blue")


def test_all_old_nodes_are_cordoned_before_the_first_pod_moves(replace, kubernetes):
    seen = []
    kubernetes.on_evict = lambda name: seen.append(
        {
            node: (row["spec"].get("unschedulable"), row["annotations"].get(KEPT))
            for node, row in kubernetes.written.items()
        }
    )
    replace(stop_at="drained", **LARGER)
    assert seen and seen[0] == {"general-0": (True, "true"), "general-1": (True, "true")}


def test_it_stops_where_it_is_told_and_goes_on_later(replace, eks, kubernetes):
    ready = replace(stop_at="ready", **LARGER)
    assert list_steps(ready) == [("create", "general-2")] and not kubernetes.evicted
    assert describe(eks, "general-2")["scalingConfig"]["minSize"] == 2  # until the old group is gone
    assert not replace(stop_at="ready", **LARGER)["changed"]
    drained = replace(stop_at="drained", **LARGER)
    assert list_steps(drained) == [("drain", "general")] and sorted(list_groups(eks)) == ["general", "general-2"]
    assert not replace(stop_at="drained", **LARGER)["changed"]
    assert list_steps(replace(check=True, **LARGER)) == [("resize", "general-2"), ("delete", "general")]
    assert list_steps(replace(**LARGER)) == [("resize", "general-2"), ("delete", "general")]
    assert list_groups(eks) == ["general-2"]


def test_a_pod_that_a_budget_keeps_ends_the_run_with_its_name_and_the_next_one_goes_on(replace, eks, kubernetes):
    kubernetes.kept = {"web-1"}
    stopped = replace(drain={"timeout": 1}, wait_timeout=30, **LARGER)
    assert stopped["failed"] and stopped["changed"]
    for words in ("pod default/web-1 may not be evicted now", "The disruption budget web-1 needs 1", "state=reverted"):
        assert words in stopped["msg"], stopped["msg"]
    assert sorted(list_groups(eks)) == ["general", "general-2"]
    kubernetes.kept = set()
    done = replace(**LARGER)
    assert not done["failed"] and list_groups(eks) == ["general-2"], done.get("msg")


@pytest.mark.parametrize("stop_at", ["ready", "drained"])
def test_it_is_taken_back_until_the_old_group_is_deleted(replace, eks, kubernetes, stop_at):
    kubernetes.patch(NODE, "general-1", {"metadata": {}, "spec": {"unschedulable": True}})  # by somebody else
    before = describe(eks, "general")
    replace(stop_at=stop_at, **LARGER)
    planned = replace(check=True, state="reverted")
    back = replace(state="reverted")
    assert not back["failed"] and back["changed"] and back["steps"] == planned["steps"], back.get("msg")
    assert back["diff"]["before"]["nodegroup"] == "general-2" and back["diff"]["after"]["nodegroup"] == "general"
    assert list_groups(eks) == ["general"] and describe(eks, "general") == before
    assert all(row["annotations"] == {} for name, row in kubernetes.written.items() if name.startswith("general-0"))
    assert kubernetes.written["general-1"]["spec"] == {"unschedulable": True}
    assert not any(kubernetes.find_node(pod).startswith("general-2") for pod in ("web-0", "web-1"))
    assert not replace(state="reverted")["changed"]


def test_what_was_killed_while_a_group_is_deleted_goes_on_in_its_direction(replace, eks, sandbox):
    replace(stop_at="drained", **LARGER)
    sandbox.clock.set_speed(1)
    eks.delete_nodegroup(nodegroupName="general-2", **WORDS)
    there = replace(**LARGER)
    assert (
        there["failed"] and "general-2 is being deleted: its replacement of general is being taken back" in there["msg"]
    )
    sandbox.clock.advance(3600)
    sandbox.clock.set_speed("instant")
    ended = replace(state="reverted")
    assert not ended["failed"] and list_groups(eks) == ["general"], ended.get("msg")
    replace(stop_at="drained", **LARGER)
    sandbox.clock.set_speed(1)
    eks.delete_nodegroup(nodegroupName="general", **WORDS)
    back = replace(state="reverted")
    assert back["failed"] and "the old group is being deleted, and there is no way back" in back["msg"]
    sandbox.clock.advance(3600)
    sandbox.clock.set_speed("instant")
    assert not replace(**LARGER)["failed"] and list_groups(eks) == ["general-2"]


@pytest.mark.extended
@pytest.mark.parametrize("when", ["before", "after"])
def test_what_was_killed_at_any_changing_call_is_brought_to_its_end(replace, eks, kubernetes, when):
    settled = drop_names(describe(eks, "general"))
    for call in itertools.count(1):
        wanted = {"nodegroup": {"instance_types": [("m6i.large", "m7i.large")[call % 2]]}}
        killed = run_killed(call, when, lambda wanted=wanted: replace(**wanted))
        done = replace(**wanted)
        assert not done["failed"], (call, done["msg"])
        (name,) = list_groups(eks)
        now = drop_names(describe(eks, name))
        assert now == {**settled, "instanceTypes": wanted["nodegroup"]["instance_types"]}, call
        assert {kubernetes.find_node(pod).rpartition("-")[0] for pod in ("web-0", "web-1")} == {name}, call
        assert not replace(**wanted)["changed"], call
        if not killed:
            break
    assert call > 8, "the run had fewer changing calls than it has to have"


def drop_names(raw):
    """A node group without what is another one after each replacement."""
    other = ("nodegroupName", "nodegroupArn", "createdAt", "modifiedAt", "resources", "version", "releaseVersion")
    tags = {key: value for key, value in raw["tags"].items() if key not in (DECLARED, REPLACES)}
    return {**{key: value for key, value in raw.items() if key not in other}, "tags": tags}


def test_a_new_group_that_fails_is_told_and_taken_back(replace, eks, sandbox, kubernetes):
    sandbox.faults.add(kind="fail_creation", resource="general-2", code="NodeCreationFailure", message="no way")
    failed = replace(**LARGER)
    assert failed["failed"] and "general-2 is CREATE_FAILED: NodeCreationFailure: no way" in failed["msg"], failed
    assert not kubernetes.written
    assert "delete it with state=reverted" in replace(**LARGER)["msg"]
    back = replace(state="reverted")
    assert not back["failed"] and list_groups(eks) == ["general"], back.get("msg")


def test_refusals(replace, eks, kubernetes):
    for options, words in (
        ({"name": "other"}, "has no node group other. It has general."),
        ({"new_name": "-x"}, "'-x' is not a valid node group name"),
        ({"drain": {"max_parallel": 0}}, "drain.max_parallel: 0 is out of range"),
        ({"nodegroup": {"instance_type": "m5.large"}}, "nodegroup.instance_type"),
    ):
        found = replace(**{**LARGER, **options})
        assert found["failed"] and words in found["msg"], found
    kubernetes.objects["Pod"][0]["spec"]["nodeSelector"] = {"eks.amazonaws.com/nodegroup": "general"}
    bound = replace(**LARGER)
    assert bound["failed"] and "pod default/web-0 only run" in bound["msg"]
    kubernetes.lost = "no route to host"
    assert "no route to host" in replace(**LARGER)["msg"]
    assert list_groups(eks) == ["general"]


@pytest.fixture
def full_subnets(monkeypatch):
    look = capacity_reading.describe_by_filter

    def describe(ec2, operation, key, *args):
        rows = look(ec2, operation, key, *args)
        return [{**row, "AvailableIpAddressCount": 0} for row in rows] if key == "Subnets" else rows

    monkeypatch.setattr(capacity_reading, "describe_by_filter", describe)


def test_too_few_addresses_refuse_it_before_anything_is_made(replace, eks, sandbox, kubernetes, full_subnets):
    sandbox.recorder.clear()
    for check in (True, False):
        refused = replace(check=check, **LARGER)
        assert (
            refused["failed"] and "There is no room for node group general-2, and nothing was made." in refused["msg"]
        )
        assert "node_addresses failed: node group general-2: 0 free addresses for 2 more nodes." in refused["msg"]
        assert refused["steps"] == [] and not refused["changed"]
    written = [call["operation"] for call in sandbox.calls() if call["operation"].startswith(("Create", "Update"))]
    assert written == [] and not kubernetes.written
    passed = replace(overrides=[{"gate": "node_addresses", "reason": "a CIDR block comes today"}], **LARGER)
    assert not passed["failed"] and list_groups(eks) == ["general-2"], passed.get("msg")
    assert any("This is overridden: a CIDR block comes today" in text for text in passed["warnings"])


def test_a_quota_of_vcpus_refuses_it_and_one_that_is_not_known_is_said(replace, eks, sandbox, monkeypatch):
    sandbox.quotas.change({"standard_vcpus": 7})
    refused = replace(**LARGER)
    assert refused["failed"] and "vcpu_quota failed: " in refused["msg"], refused["msg"]
    assert "(L-1216C47A): 4 of 7 vCPUs are used, 4 more are needed" in refused["msg"] and list_groups(eks) == [
        "general"
    ]
    sandbox.quotas.change({"standard_vcpus": 8})
    assert replace(stop_at="ready", **LARGER)["changed"]
    sandbox.quotas.change({"standard_vcpus": 1})
    assert not replace(**LARGER)["failed"]  # the group is made already
    monkeypatch.setattr(service_quotas, "EC2", {})
    unknown = replace(check=True, nodegroup={"instance_types": ["m7i.large"]})
    assert not unknown["failed"], unknown["msg"]
    assert any("vcpu_quota could not be determined: " in text for text in unknown["warnings"]), unknown["warnings"]


def test_the_declaration_stays_as_it_is(replace, run_module, eks, ground):
    """eks_nodegroup finds the new group by the declared name, during the replacement and after it."""

    def declare(check=False, **options):
        row = {"name": "general", "node_role": ground["node_role"], "subnets": ground["subnets"], "labels": {"a": "b"}}
        words = {"cluster_name": CLUSTER, "nodegroups": [row], "purge": True, "owned": True, **options}
        return run_module("eks_nodegroup", words, check)

    replace(stop_at="ready", **LARGER)
    during = declare()
    assert not during["failed"] and during["unlisted"] == [], during.get("msg")
    assert describe(eks, "general")["labels"] == {"a": "b"} and sorted(list_groups(eks)) == ["general", "general-2"]
    replace(**LARGER)
    after = declare(wait=True)
    assert after["nodegroups"][0]["nodegroup_name"] == "general-2" and after["nodegroups"][0]["name"] == "general"
    assert list_groups(eks) == ["general-2"] and not declare()["changed"]
    changed = declare(nodegroups=[{"name": "general", "labels": {"a": "c"}}])
    waits = (
        {"results": [changed]},
        {"nodegroups": ["general"]},
    )  # as site.yml, and as a user who knows the declaration
    for words in waits:
        waited = run_module("eks_wait", {"cluster_name": CLUSTER, "wait_timeout": 5, **words})
        assert changed["changed"] and not waited["failed"], waited
        assert waited["resources"][0]["status"] == "ACTIVE"
    gone = declare(state="absent", wait=True)
    assert gone["changed"] and list_groups(eks) == []


def test_groups_share_the_launch_template_of_their_declared_name(replace, run_module, eks, sandbox, ground):
    ec2 = sandbox.client("ec2")
    row = {"name": "encrypted", "node_role": ground["node_role"], "subnets": ground["subnets"]}
    row |= {"scaling_config": {"min_size": 1, "max_size": 3}, "template": {"volumes": [{"size": 20}]}}
    words = {"cluster_name": CLUSTER, "owned": True, "purge": False, "wait": True}
    run_module("eks_nodegroup", {**words, "nodegroups": [row]})

    def list_templates():
        rows = ec2.describe_launch_templates()["LaunchTemplates"]
        return [row for row in rows if "encrypted" in row["LaunchTemplateName"]]

    def list_versions():
        (template,) = list_templates()
        rows = ec2.describe_launch_template_versions(LaunchTemplateId=template["LaunchTemplateId"])
        return {str(one["VersionNumber"]): one["DefaultVersion"] for one in rows["LaunchTemplateVersions"]}

    larger = {**row, "template": {"volumes": [{"size": 40}]}, "instance_types": ["m6i.large"]}
    replace(name="encrypted", nodegroup=larger, stop_at="ready")
    assert list_versions() == {"1": False, "2": True}
    versions = [describe(eks, name)["launchTemplate"]["version"] for name in ("encrypted", "encrypted-2")]
    assert versions == ["1", "2"]
    back = replace(name="encrypted", state="reverted")
    assert not back["failed"] and list_versions() == {"1": True}, back.get("msg")
    done = replace(name="encrypted", nodegroup=larger)
    assert not done["failed"] and describe(eks, "encrypted-2")["launchTemplate"]["version"] == "3", done.get("msg")
    same = run_module("eks_nodegroup", {**words, "nodegroups": [larger]})
    assert not same["changed"], same
    # without the declaration, as an upgrade does it, the new group has the very version
    replace(name="encrypted", new_name="blue")
    assert describe(eks, "blue")["launchTemplate"]["version"] == "3"
    assert not run_module("eks_nodegroup", {**words, "nodegroups": [larger]})["changed"]
    replace(name="encrypted", nodegroup={**larger, "instance_types": ["m7i.large"]})
    (template,) = list_templates()
    words_of_version = {"LaunchTemplateId": template["LaunchTemplateId"], "Versions": ["$Default"]}
    (version,) = ec2.describe_launch_template_versions(**words_of_version)["LaunchTemplateVersions"]
    assert "kumo.eks/replaces" not in json.dumps(version["LaunchTemplateData"]), (
        "that is of one group, and no tag of instances"
    )
    larger["instance_types"] = ["m7i.large"]
    gone = run_module("eks_nodegroup", {**words, "nodegroups": [larger], "state": "absent"})
    assert gone["changed"] and list_templates() == []


def test_a_group_is_declared_by_its_declared_name(replace, run_module, eks, sandbox, ground):
    row = {"node_role": ground["node_role"], "subnets": ground["subnets"], "template": {"volumes": [{"size": 20}]}}
    words = {"cluster_name": CLUSTER, "wait": True}
    run_module("eks_nodegroup", {**words, "nodegroups": [{"name": "own", **row}], "owned": True})
    replace(name="own", new_name="blue", stop_at="ready")
    wrong = run_module("eks_nodegroup", {**words, "name": "blue", **row})
    assert wrong["failed"] and "blue took the place of the declared node group own. Declare it as own." in wrong["msg"]
    gone = run_module("eks_nodegroup", {**words, "name": "blue", "state": "absent"})
    assert gone["changed"] and sorted(list_groups(eks)) == ["general", "own"], gone.get("msg")
    names = [row["LaunchTemplateName"] for row in sandbox.client("ec2").describe_launch_templates()["LaunchTemplates"]]
    assert any("own" in name for name in names)  # the old group has it
    assert run_module("eks_nodegroup_info", {"cluster_name": CLUSTER})["declared_names"]["own"] == "own"


def test_a_group_that_is_created_again_stays_the_one_of_its_declared_name(replace, run_module, eks, ground):
    row = {"name": "general", "node_role": ground["node_role"], "subnets": ground["subnets"]}
    words = {"cluster_name": CLUSTER, "wait": True, "owned": True, "purge": True}
    replace(**LARGER)
    assert list_groups(eks) == ["general-2"]
    other = {**row, "ami_type": "BOTTLEROCKET_x86_64", "replace": True}
    again = run_module("eks_nodegroup", {**words, "nodegroups": [other]})
    assert again["changed"] and describe(eks, "general-2")["amiType"] == "BOTTLEROCKET_x86_64", again.get("msg")
    assert run_module("eks_nodegroup_info", {"cluster_name": CLUSTER})["declared_names"] == {"general-2": "general"}
    assert not run_module("eks_nodegroup", {**words, "nodegroups": [other]})["changed"]
    gone = run_module("eks_nodegroup", {"cluster_name": CLUSTER, "wait": True, "name": "general", "state": "absent"})
    assert gone["changed"] and list_groups(eks) == []
