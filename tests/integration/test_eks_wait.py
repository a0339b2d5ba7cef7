# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""eks_wait against the sandbox: the module's looks, and the live lines of a playbook."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import ansible_runner
import pytest
from processes import build_play, start_play
from support.warm import Commands

from ansible_collections.kumo.eks.plugins.module_utils.core.waiting import Deadline, poll

NAME = "my-cluster"


@pytest.fixture
def wait(run_module, sandbox):
    def run(check=False, **options):
        return run_module("eks_wait", {"cluster_name": NAME, **options}, check=check)

    return run


@pytest.fixture
def cluster(sandbox, ground):
    """A cluster with a node group, a Fargate profile and an add-on, just begun."""
    eks = sandbox.client("eks")
    eks.create_cluster(name=NAME, roleArn=ground["role"], resourcesVpcConfig={"subnetIds": ground["subnets"]})
    eks.get_waiter("cluster_active").wait(name=NAME, WaiterConfig={"Delay": 1})
    eks.create_nodegroup(
        clusterName=NAME, nodegroupName="general", nodeRole=ground["node_role"], subnets=ground["subnets"]
    )
    eks.create_fargate_profile(
        clusterName=NAME,
        fargateProfileName="tasks",
        podExecutionRoleArn=ground["pod_role"],
        subnets=ground["subnets"],
        selectors=[{"namespace": "tasks"}],
    )
    eks.create_addon(clusterName=NAME, addonName="vpc-cni")
    return eks


def found(result):
    return [(row["kind"], row["name"], row["status"]) for row in result["resources"]]


EVERYTHING = [
    ("cluster", NAME, "ACTIVE"),
    ("nodegroup", "general", "ACTIVE"),
    ("fargate_profile", "tasks", "ACTIVE"),
    ("addon", "vpc-cni", "ACTIVE"),
]


def test_all_waits_for_everything_the_cluster_has(cluster, wait):
    result = wait(all=True)
    assert not result["failed"] and not result["changed"], result
    assert found(result) == EVERYTHING
    described = cluster.describe_cluster(name=NAME)["cluster"]
    rows = [(row.get("version"), row.get("endpoint")) for row in result["resources"]]
    assert rows == [(described["version"], described["endpoint"])] + [(None, None)] * 3


def test_names_choose_and_the_cluster_alone_is_what_nothing_else_means(cluster, wait):
    assert found(wait()) == EVERYTHING[:1]
    assert found(wait(nodegroups=["general"], addons=["vpc-cni"])) == [EVERYTHING[1], EVERYTHING[3]]
    assert found(wait(nodegroups=["general"], cluster=True)) == EVERYTHING[:2]


def test_updates_are_waited_for_by_their_ids(cluster, wait):
    wait(all=True)
    of_cluster = cluster.update_cluster_config(
        name=NAME, logging={"clusterLogging": [{"types": ["api"], "enabled": True}]}
    )["update"]["id"]
    of_group = cluster.update_nodegroup_config(
        clusterName=NAME, nodegroupName="general", labels={"addOrUpdateLabels": {"a": "b"}}
    )["update"]["id"]
    result = wait(updates=[{"id": of_cluster}, {"id": of_group, "nodegroup": "general"}])
    assert found(result) == [("update", of_cluster, "Successful"), ("update", of_group, "Successful")]


def test_an_update_that_fails_ends_the_wait_with_its_errors(sandbox, cluster, wait):
    wait(all=True)
    sandbox.add_fault(kind="fail_update", code="IpNotAvailable", message="no free address")
    update = cluster.update_cluster_config(
        name=NAME, logging={"clusterLogging": [{"types": ["api"], "enabled": True}]}
    )["update"]["id"]
    result = wait(updates=[{"id": update}])
    assert result["failed"] and "is Failed: IpNotAvailable: no free address" in result["msg"]
    assert found(result) == [("update", update, "Failed")]


def test_a_failed_update_of_an_add_on_says_what_mends_it(sandbox, cluster, wait):
    wait(all=True)
    sandbox.add_fault(kind="fail_update", code="ConfigurationConflict", message="Conflicts found")
    made = cluster.update_addon(
        clusterName=NAME, addonName="vpc-cni", configurationValues='{"env": {"WARM_ENI_TARGET": "2"}}'
    )
    result = wait(updates=[{"id": made["update"]["id"], "addon": "vpc-cni"}])
    assert (
        result["failed"]
        and "is Failed: ConfigurationConflict: Conflicts found. These fields were changed" in result["msg"]
    )
    assert "Set resolve_conflicts=PRESERVE" in result["msg"]


def test_a_creation_that_fails_ends_the_wait_with_its_health_issues(sandbox, cluster, wait, ground):
    sandbox.add_fault(
        kind="fail_creation", operation="CreateNodegroup", code="NodeCreationFailure", message="did not join"
    )
    cluster.create_nodegroup(
        clusterName=NAME, nodegroupName="bad", nodeRole=ground["node_role"], subnets=ground["subnets"]
    )
    result = wait(all=True)
    assert result["failed"] and "nodegroup bad is CREATE_FAILED: NodeCreationFailure: did not join" in result["msg"]
    assert "Then set replace=true to delete and recreate it." in result["msg"]


def test_what_is_missing_is_named(cluster, wait):
    result = wait(nodegroups=["general", "nowhere"])
    assert result["failed"] and "nodegroup nowhere does not exist in cluster my-cluster" in result["msg"]


def test_deleted_waits_for_the_end_and_takes_the_missing_as_gone(cluster, wait):
    cluster.delete_nodegroup(clusterName=NAME, nodegroupName="general")
    result = wait(nodegroups=["general", "nowhere"], state="deleted")
    assert found(result) == [("nodegroup", "general", "MISSING"), ("nodegroup", "nowhere", "MISSING")]


def test_check_mode_looks_once_and_fails_for_nothing_that_is_missing(sandbox, wait):
    result = wait(check=True, nodegroups=["general"], cluster=True)
    assert not result["failed"]
    assert found(result) == [("cluster", NAME, "MISSING"), ("nodegroup", "general", "MISSING")]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"updates": [{"id": "1"}], "state": "deleted"}, "updates are never deleted"),
        ({"updates": [{"id": "1", "nodegroup": "a", "addon": "b"}]}, "has both nodegroup and addon"),
        ({"interval": 0}, "interval: 0 is not a valid number of seconds"),
    ],
)
def test_what_contradicts_itself_is_refused_unasked(sandbox, wait, options, words):
    sandbox.recorder.clear()
    result = wait(**options)
    assert result["failed"] and words in result["msg"]
    assert sandbox.calls("eks") == []


@pytest.mark.parametrize("kind", ["throttle", "error5xx", "drop"])
def test_faults_of_the_service_are_ridden_out(sandbox, cluster, wait, kind):
    for operation in ("DescribeCluster", "ListNodegroups", "DescribeNodegroup"):
        sandbox.add_fault(kind=kind, operation=operation)
    assert found(wait(all=True)) == EVERYTHING


def playing(commands: Commands, tmp_path: Path, *flags: str, **options: object) -> subprocess.Popen[str]:
    """A play of one eks_wait, as a user runs it."""
    task = {"kumo.eks.eks_wait": {"cluster_name": NAME, **options}, "register": "waited"}
    debug = {"ansible.builtin.debug": {"msg": "{{ waited.resources | to_json }}"}}
    return start_play(commands.playbook, tmp_path, [task, debug], *flags)


def test_a_playbook_shows_each_change_and_a_heartbeat_on_standard_error(sandbox, cluster, ground, tmp_path, commands):
    sandbox.clock.set_speed(1)
    cluster.create_nodegroup(
        clusterName=NAME, nodegroupName="fresh", nodeRole=ground["node_role"], subnets=ground["subnets"]
    )
    with playing(commands, tmp_path, all=True, interval=1, heartbeat=1) as play:
        lines = []
        for line in play.stderr:
            lines.append(line.rstrip())
            if "still waiting" in line:
                sandbox.clock.advance(600)
        out = play.stdout.read()
    assert play.returncode == 0, [out, *lines]
    for kind, name, status in EVERYTHING:
        assert any(line.startswith(f"[{NAME}] {kind} {name}: ") for line in lines), (kind, name, status, lines)
    told = " | ".join(lines)
    assert f"[{NAME}] nodegroup fresh: CREATING |" in told
    assert f"[{NAME}] nodegroup fresh: CREATING -> ACTIVE after " in told
    assert "elapsed, still waiting for nodegroup fresh CREATING" in told


@pytest.mark.extended
def test_awx_gets_the_lines_among_its_events(sandbox, cluster, ground, tmp_path, monkeypatch):
    """ansible-runner is AWX's engine: what it hands on as events is what AWX shows."""
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    sandbox.clock.set_speed(1)
    cluster.create_nodegroup(
        clusterName=NAME, nodegroupName="fresh", nodeRole=ground["node_role"], subnets=ground["subnets"]
    )
    play = build_play(
        {"kumo.eks.eks_wait": {"cluster_name": NAME, "nodegroups": ["fresh"], "interval": 1, "heartbeat": 1}}
    )
    events = []

    def take(event: dict[str, object]) -> bool:
        events.append(event)
        if "still waiting" in str(event.get("stdout")):
            sandbox.clock.advance(600)
        return True

    done = ansible_runner.run(
        private_data_dir=str(tmp_path),
        playbook=[play],
        inventory="localhost ansible_connection=local",
        envvars={"ANSIBLE_HOME": str(tmp_path / "home"), "ANSIBLE_NOCOLOR": "1"},
        event_handler=take,
        quiet=True,
    )
    told = " | ".join(str(event["stdout"]) for event in events if event.get("stdout"))
    assert done.status == "successful", told
    assert f"[{NAME}] nodegroup fresh: CREATING" in told and "still waiting for nodegroup fresh CREATING" in told
    assert f"[{NAME}] nodegroup fresh: CREATING -> ACTIVE after " in told


def test_a_long_wait_looks_seldom():
    """The pauses grow to the interval: the nine minutes of a cluster cost at most 120 looks, not hundreds."""
    pauses = []
    now = [0.0]

    def sleep(seconds: float) -> None:
        pauses.append(seconds)
        now[0] += seconds

    deadline = Deadline(3600, clock=lambda: now[0])
    poll(lambda: (now[0] >= 540, None, ""), "a cluster", deadline, sleep)
    assert len(pauses) <= 120 and max(pauses) == 5


def test_everything_gone_with_its_cluster(cluster, wait):
    wait(all=True)
    cluster.delete_addon(clusterName=NAME, addonName="vpc-cni")
    cluster.delete_nodegroup(clusterName=NAME, nodegroupName="general")
    cluster.delete_fargate_profile(clusterName=NAME, fargateProfileName="tasks")
    assert {status for kind, name, status in found(wait(all=True, cluster=False, state="deleted"))} <= {"MISSING"}
    cluster.delete_cluster(name=NAME)
    assert found(wait(all=True, state="deleted")) == [("cluster", NAME, "MISSING")]


def test_a_cluster_that_is_missing_is_named(sandbox, wait):
    result = wait(all=True)
    assert result["failed"] and f"cluster {NAME} does not exist" in result["msg"]
    assert found(wait(state="deleted")) == [("cluster", NAME, "MISSING")]


def test_a_playbook_fails_with_the_words_and_what_was_seen(sandbox, cluster, tmp_path, commands):
    play = playing(commands, tmp_path, nodegroups=["nowhere"])
    out, err = play.communicate()
    assert play.returncode == 2
    assert "nodegroup nowhere does not exist" in out + err


def test_a_playbook_in_check_mode_returns_at_once(sandbox, tmp_path, commands):
    play = playing(commands, tmp_path, "--check", nodegroups=["general"])
    out, err = play.communicate()
    assert play.returncode == 0, out + err
    assert "MISSING" in out and f"[{NAME}]" not in err


def test_what_earlier_tasks_changed_is_waited_for(wait, cluster):
    changed = {"nodegroups": [{"name": "general", "changed": True, "status": "CREATING", "updates": []}]}
    unchanged = {"addons": [{"name": "vpc-cni", "changed": False, "status": "ACTIVE", "updates": []}]}
    assert found(wait(results=[changed, unchanged, {"skipped": True}])) == [("nodegroup", "general", "ACTIVE")]


def test_what_earlier_tasks_began_to_delete_is_waited_for_until_it_is_gone(wait, cluster):
    rows = [{"name": "general", "changed": True, "status": "DELETING", "updates": []}]
    cluster.delete_nodegroup(clusterName=NAME, nodegroupName="general")
    assert found(wait(results=[{"nodegroups": rows}])) == [("nodegroup", "general", "MISSING")]


def test_results_without_a_change_need_no_call_to_aws(sandbox, cluster, tmp_path, commands):
    sandbox.recorder.clear()
    row = {"name": "general", "changed": False, "status": "ACTIVE", "updates": []}
    for flags in ((), ("--check",)):
        with playing(commands, tmp_path, *flags, results=[{"nodegroups": [row]}]) as play:
            out, error = play.communicate()
        assert play.returncode == 0 and '"msg": "[]"' in out, [out, error]
    assert sandbox.calls() == []
