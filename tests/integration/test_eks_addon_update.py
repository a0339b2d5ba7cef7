# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""eks_addon_update: the plan, its gates, updates one after the other, the first that is not well, and the windows."""

from __future__ import annotations

import time

import pytest
from support.fake_kubernetes import FakeKubernetes, build_pod

from ansible_collections.kumo.eks.plugins.module_utils.kubernetes import opening
from ansible_collections.kumo.eks.plugins.module_utils.upgrade import reading
from kumo_sandbox.eks import addons

CLUSTER = "my-cluster"
WORDS = {"clusterName": CLUSTER}
CORE = ("v1.11.1-eksbuild.23", "v1.11.4-eksbuild.24")  # the default, the newest
CNI = ("v1.18.6-eksbuild.1", "v1.19.6-eksbuild.7", "v1.20.4-eksbuild.1")  # an old one, the default, the newest
VALUES = '{"replicaCount": 3}'
ISSUE = {"code": "InsufficientNumberOfReplicas", "message": "no room"}
DEGRADED = {"status": "DEGRADED", "health": {"issues": [ISSUE]}}


@pytest.fixture
def eks(sandbox):
    return sandbox.client("eks")


@pytest.fixture
def kubernetes(eks, monkeypatch):
    fake = FakeKubernetes(eks, CLUSTER)
    monkeypatch.setattr(opening, "connect_api", fake.connect)
    return fake


@pytest.fixture
def cluster(request, sandbox, eks, ground, kubernetes, kept_account):
    kept_account.build(request, lambda: create_cluster(eks, ground))
    return CLUSTER


def create_cluster(eks, ground):
    place = {"subnetIds": ground["subnets"]}
    access = {"authenticationMode": "API_AND_CONFIG_MAP"}
    eks.create_cluster(
        name=CLUSTER, version="1.31", roleArn=ground["role"], resourcesVpcConfig=place, accessConfig=access
    )
    sizes = {"minSize": 1, "maxSize": 3, "desiredSize": 2}
    group = {"nodegroupName": "general", "scalingConfig": sizes, "subnets": ground["subnets"]}
    eks.create_nodegroup(**WORDS, **group, nodeRole=ground["node_role"])
    words = {**WORDS, "resolveConflicts": "OVERWRITE"}
    settings = {"configurationValues": VALUES, "serviceAccountRoleArn": ground["node_role"]}
    eks.create_addon(**words, addonName="coredns", addonVersion=CORE[0], **settings)
    eks.create_addon(**words, addonName="vpc-cni", addonVersion=CNI[0])


@pytest.fixture
def update(cluster, run_module):
    def run(check=False, **options):
        return run_module("eks_addon_update", {"cluster_name": CLUSTER, "health_timeout": 1, **options}, check)

    return run


def find_addon(eks, name):
    return eks.describe_addon(**WORDS, addonName=name)["addon"]


def find_gate(result, name):
    return next(row for row in result["gates"] if row["id"] == name)


def list_updates(sandbox):
    return [call for call in sandbox.calls() if call["operation"] == "UpdateAddon"]


def list_steps(rows):
    return [(row["name"], row["before"], row["after"], row["by"]) for row in rows]


def test_add_ons_are_updated_one_after_the_other_and_keep_what_they_have(update, eks, sandbox):
    planned = update(check=True)
    assert planned["changed"] and list_steps(planned["steps"]) == [("vpc-cni", CNI[0], CNI[1], "kumo.eks")]
    assert planned["lines"][0] == "Update of the add-ons of cluster my-cluster: 1 step."
    assert update(check=True, version="most_recent", skip=["vpc-cni"])["steps"][0]["after"] == CORE[1]
    assert not list_updates(sandbox)
    done = update(version="most_recent")
    assert not done["failed"] and done["changed"], done.get("msg")
    assert list_steps(done["done"]) == [("vpc-cni", CNI[0], CNI[2], "kumo.eks"), ("coredns", *CORE, "kumo.eks")]
    core = find_addon(eks, "coredns")
    assert core["configurationValues"] == VALUES and "eksNodeRole" in core["serviceAccountRoleArn"]
    assert done["record"]["result"] == "done" and "- Kubernetes 1.31" in done["record_markdown"]
    assert done["record_markdown"].startswith("# Update of the add-ons of my-cluster")
    sandbox.recorder.clear()
    again = update()  # newer than recommended, and compatible
    assert not again["changed"] and again["steps"] == [] and not list_updates(sandbox)
    assert again["record"]["result"] == "nothing to do"


def test_what_the_new_version_does_not_accept_closes_a_gate(update, sandbox):
    (state,) = sandbox.store.clusters.values()
    state.addons["vpc-cni"]["configurationValues"] = '{"environment": {}}'
    refused = update()
    assert refused["failed"] and "addon_configuration failed: add-on vpc-cni v1.19.6" in refused["msg"], refused["msg"]
    assert "environment" in refused["msg"] and not list_updates(sandbox)
    reason = [{"gate": "addon_configuration", "reason": "tried"}]
    assert update(check=True, overrides=reason)["ready"]
    assert update(check=True, only=["coredns"])["steps"] == []


def test_another_major_version_is_left_to_the_user(update, monkeypatch, sandbox):
    look = reading.list_offered
    info = {
        "addonVersion": "v2.0.0-eksbuild.1",
        "compatibilities": [{"clusterVersion": "1.31", "defaultVersion": True}],
    }
    rows = [{"addonName": "vpc-cni", "addonVersions": [info]}]
    monkeypatch.setattr(
        reading,
        "list_offered",
        lambda eks, addonName: rows if addonName == "vpc-cni" else look(eks, addonName=addonName),
    )
    planned = update()
    assert not planned["failed"] and not planned["changed"], planned.get("msg")
    assert list_steps(planned["steps"]) == [("vpc-cni", CNI[0], "v2.0.0-eksbuild.1", "you")]
    assert "name vpc-cni in allow_major" in planned["steps"][0]["note"]
    allowed = update(check=True, allow_major=["vpc-cni"])
    assert allowed["steps"][0]["by"] == "kumo.eks"


def test_the_first_add_on_that_degrades_ends_the_run(update, eks, sandbox, monkeypatch):
    monkeypatch.setattr(addons, "become_ready", lambda ctx, cluster, raw: raw.update(DEGRADED))
    ended = update(version="most_recent", wait_timeout=2)
    assert ended["failed"] and [row["name"] for row in ended["done"]] == ["vpc-cni"], ended
    assert "The last state was: DEGRADED (InsufficientNumberOfReplicas: no room)" in ended["msg"], ended["msg"]
    assert f"kumo.eks.eks_addon with name=vpc-cni, version={CNI[0]} and resolve_conflicts=PRESERVE." in ended["msg"]
    assert find_addon(eks, "coredns")["addonVersion"] == CORE[0] and ended["record"]["result"] == ended["msg"]
    closed = update(version="most_recent")
    assert closed["failed"] and "these gates are closed: addons_active" in closed["msg"]


def test_a_run_with_nothing_to_do_fails_where_an_add_on_is_not_well(update, sandbox):
    (state,) = sandbox.store.clusters.values()
    state.addons["coredns"].update(DEGRADED)
    words = {"only": ["coredns"]}
    planned = update(check=True, **words)
    assert planned["steps"] == [] and not planned["ready"]
    failed = update(**words)
    assert failed["failed"] and not failed["changed"] and failed["record"]["result"] == failed["msg"]
    text = "add-on coredns is DEGRADED: InsufficientNumberOfReplicas: no room"
    assert f"No step is left, and EKS says after 1 seconds: {text}." in failed["msg"], failed["msg"]
    accepted = update(overrides=[{"gate": "addons_active", "reason": "it has no nodes yet"}], **words)
    assert not accepted["failed"] and not accepted["changed"], accepted
    state.addons["vpc-cni"]["addonVersion"] = CNI[1]
    assert not update(only=["vpc-cni"])["failed"]  # another add-on is not its matter


def test_pods_that_are_not_ready_any_more_end_the_run(update, kubernetes, monkeypatch):
    def begin(ctx, cluster, raw):
        raw.update(status="ACTIVE")
        kubernetes.objects["Pod"] = [build_pod("aws-node-x", "general-0", ready=False)]

    monkeypatch.setattr(addons, "become_ready", begin)
    ended = update()
    assert ended["failed"] and "pod default/aws-node-x is not ready" in ended["msg"], ended["msg"]
    assert "The way back: kumo.eks.eks_addon with name=vpc-cni" in ended["msg"]


def test_windows_and_what_eks_does_not_manage(update, kubernetes, sandbox):
    kubernetes.objects["DaemonSet"] = [{"metadata": {"name": "kube-proxy", "namespace": "kube-system"}}]
    start = time.strftime("%H:%M", time.gmtime(time.time() + 12 * 3600))
    waiting = update(windows=[{"start": start, "duration": "1h"}])
    assert not waiting["failed"] and not waiting["changed"] and not list_updates(sandbox)
    assert waiting["waiting_for_window"]["step"] == "add-on vpc-cni" and waiting["waiting_for_window"]["opens"]
    assert waiting["self_managed"] == ["kube-proxy"]
    assert waiting["lines"][-1] == "Not managed by EKS, and not updated: kube-proxy."


@pytest.mark.parametrize("option", ["only", "skip", "allow_major"])
def test_names_that_are_none_are_refused_before_anything_is_changed(update, sandbox, option):
    refused = update(**{option: ["core-dns"]})
    assert refused["failed"] and f"{option}: EKS has no add-on 'core-dns'. Did you mean coredns?" in refused["msg"]
    assert list_updates(sandbox) == []


def test_bad_input(update):
    refused = update(overrides=[{"gate": "insights", "reason": "x"}])
    assert refused["failed"] and "The gates are: cluster_active, addons_active, addon_comp" in refused["msg"]
