# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A fleet is upgraded, or gets other add-ons, in waves: a bad cluster stops the later ones, and the run after its repair finishes."""

from __future__ import annotations

import json
import os
import subprocess

import pytest
import yaml

from kumo_sandbox.eks import addons

REGION = "ap-northeast-1"
WAVES = {"staging": ["test"], "first": ["one", "two"], "rest": ["three", "four"]}
HOSTS = {f"{name}.{REGION}": name for names in WAVES.values() for name in names}
# Without a Kubernetes API behind the clusters, what only it knows cannot be determined
UNREAD = (
    "kubelet_skew",
    "removed_apis",
    "disruption_budgets",
    "single_replicas",
    "kube_proxy_skew",
    "insights",
    "removed_features",
)
VARIABLES = {
    "eks_upgrade_version": "1.33",
    "eks_upgrade_adopt": True,
    "eks_hosts": "fleet",
    "eks_upgrade_waves": ["staging", {"name": "europe first", "hosts": "first", "batch": 1}, "rest:!nobody"],
    "eks_upgrade_wave_checks": ["version", "cluster", "nodegroups", "addons", "insights"],
    "eks_upgrade_wave_timeout": 0,
    "eks_upgrade_overrides": [{"gate": gate, "reason": "no Kubernetes API here"} for gate in UNREAD],
}


@pytest.fixture
def fleet(sandbox, ground):
    """Five clusters, each with an add-on."""
    eks = sandbox.client("eks")
    sandbox.clock.set_speed("instant")
    for name in HOSTS.values():
        eks.create_cluster(
            name=name,
            version="1.32",
            roleArn=ground["role"],
            resourcesVpcConfig={"subnetIds": ground["subnets"]},
            accessConfig={"authenticationMode": "API_AND_CONFIG_MAP"},
        )
    return eks


@pytest.fixture
def run_waves(sandbox, fleet, tmp_path, commands):
    """run_waves(**variables) -> whether it succeeded, the whole output in one line, the record."""
    groups = {
        wave: {"hosts": {f"{name}.{REGION}": {"eks_cluster_name": name} for name in names}}
        for wave, names in WAVES.items()
    }
    inventory = {"fleet": {"children": groups, "vars": {"eks_region": REGION}}}
    (tmp_path / "clusters.yml").write_text(yaml.safe_dump(inventory, sort_keys=False))
    record = tmp_path / "record.json"

    def run(*args, playbook="upgrade_fleet", **variables):
        record.unlink(missing_ok=True)
        values = {**VARIABLES, "eks_upgrade_fleet_record_path": str(record), **variables}
        command = [str(commands.playbook), "-i", str(tmp_path / "clusters.yml"), f"kumo.eks.{playbook}"]
        env = {**os.environ, "ANSIBLE_HOME": str(tmp_path / "home"), "ANSIBLE_NOCOLOR": "1"}
        done = subprocess.run(
            [*command, "-e", json.dumps(values), *args],
            env=env,
            cwd=tmp_path,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        output = done.stdout + done.stderr
        found = json.loads(record.read_text()) if record.exists() else {}
        return done.returncode == 0, output, found

    return run


def list_versions(eks):
    return {name: eks.describe_cluster(name=name)["cluster"]["version"] for name in HOSTS.values()}


def list_states(record):
    return [row["state"] for row in record["waves"]]


def test_what_is_read_behind_the_first_wave_is_checked_before_it(sandbox, fleet, run_waves):
    so_far = len(sandbox.calls())
    ok, output, record = run_waves(eks_upgrade_wave_checks=["disks"])
    assert not ok and record == {} and sandbox.calls()[so_far:] == [], output
    assert "eks_upgrade_wave_checks: there is no check disks. Use version, cluster" in " ".join(output.split()), output


@pytest.mark.extended
def test_one_bad_cluster_stops_the_later_waves(sandbox, fleet, run_waves, tmp_path):
    bad = next(state for state in sandbox.store.clusters.values() if state.raw["name"] == "one")
    bad.raw["health"] = {"issues": [{"code": "ClusterUnreachable", "message": "no subnet"}]}
    ok, output, record = run_waves("--forks", "5")
    assert not ok and list_states(record) == ["passed", "failed", "not_begun"], output
    assert list_versions(fleet) == {"test": "1.33", "one": "1.32", "two": "1.32", "three": "1.32", "four": "1.32"}
    flat = " ".join(output.split())
    assert "Stopped: wave europe first failed (one.ap-northeast-1: Cluster one stays at 1.32" in flat, output
    assert "ClusterUnreachable: no subnet" in flat and "Not begun: rest:!nobody. Run it again" in flat, output
    bad.raw["health"] = {"issues": []}

    (tmp_path / "own.yml").write_text(
        "- name: Own\n  ansible.builtin.assert:\n    that: eks_cluster_name != 'two' or eks_upgrade_wave != wanted\n"
        "    fail_msg: the shop of {{ eks_cluster_name }} does not answer\n"
    )
    own = {"eks_upgrade_wave_tasks": str(tmp_path / "own.yml")}
    ok, output, record = run_waves("--forks", "5", **own, wanted="europe first")
    assert not ok and list_states(record) == ["passed", "failed", "not_begun"], output
    assert "(two.ap-northeast-1: the shop of two does not answer)" in " ".join(output.split()), output
    assert list_versions(fleet) == {"test": "1.33", "one": "1.33", "two": "1.33", "three": "1.32", "four": "1.32"}

    ok, output, record = run_waves("--forks", "5", **own, wanted="none")
    assert ok and list_states(record) == ["passed"] * 3, output
    assert set(list_versions(fleet).values()) == {"1.33"}


OLD, NEW = "v1.18.6-eksbuild.1", "v1.19.6-eksbuild.7"
ADDONS = {
    "playbook": "update_addons_fleet",
    "eks_upgrade_wave_checks": ["cluster", "addons"],
    "eks_upgrade_health_timeout": 1,
}


def list_addons(eks):
    words = {"addonName": "vpc-cni"}
    return {name: eks.describe_addon(clusterName=name, **words)["addon"]["addonVersion"] for name in HOSTS.values()}


@pytest.mark.extended
def test_add_ons_are_updated_in_waves_and_the_first_that_degrades_stops_the_later_ones(
    sandbox, fleet, run_waves, monkeypatch
):
    for name in HOSTS.values():
        fleet.create_addon(clusterName=name, addonName="vpc-cni", addonVersion=OLD, resolveConflicts="OVERWRITE")
    become_ready = addons.become_ready
    issue = {"code": "AccessDenied", "message": "no right to create network interfaces"}

    def degrade(ctx, cluster, raw):
        become_ready(ctx, cluster, raw)
        if cluster.name == "one" and raw["addonVersion"] == NEW:
            raw.update(status="DEGRADED", health={"issues": [issue]})

    monkeypatch.setattr(addons, "become_ready", degrade)
    ok, output, record = run_waves("--forks", "5", "--check", **ADDONS)
    assert ok and set(list_addons(fleet).values()) == {OLD}, output
    ok, output, record = run_waves("--forks", "5", **ADDONS, eks_upgrade_wait_timeout=2)
    assert not ok and list_states(record) == ["passed", "failed", "not_begun"], output
    assert list_addons(fleet) == {"test": NEW, "one": NEW, "two": OLD, "three": OLD, "four": OLD}
    flat = " ".join(output.split())
    assert "DEGRADED (AccessDenied: no right to create network interfaces)" in flat and "name=vpc-cni" in flat, output
    assert record["markdown"].startswith("# Update of the add-ons of a fleet")
    assert record["waves"][0]["clusters"][0]["done"] == "vpc-cni"

    # the next run does not pass a cluster whose add-on has the version, and is not well
    ok, output, record = run_waves("--forks", "5", **ADDONS)
    assert not ok and list_states(record) == ["passed", "failed", "not_begun"], output
    assert "No step is left, and EKS says" in " ".join(output.split()) and list_addons(fleet)["two"] == OLD

    monkeypatch.setattr(addons, "become_ready", become_ready)
    (bad,) = [state for state in sandbox.store.clusters.values() if state.raw["name"] == "one"]
    bad.addons["vpc-cni"].update(status="ACTIVE", health={"issues": []})
    sandbox.recorder.clear()
    ok, output, record = run_waves("--forks", "5", **ADDONS)
    assert ok and list_states(record) == ["passed"] * 3 and set(list_addons(fleet).values()) == {NEW}, output
    assert sum(call["operation"] == "UpdateAddon" for call in sandbox.calls()) == 3
