# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""eks_certificate_authority: a rotation step by step, each refused where it would cut somebody off."""

from __future__ import annotations

import pytest

CLUSTER = "my-cluster"
DAY = 86400


@pytest.fixture
def eks(sandbox):
    return sandbox.client("eks")


@pytest.fixture
def first(run_module, ground, eks):
    """A cluster. Returns the id of its CA."""
    words = {"name": CLUSTER, "version": "1.33", "role_arn": ground["role"], "subnets": ground["subnets"], "wait": True}
    assert not run_module("eks_cluster", words)["failed"]
    return eks.list_certificate_authorities(clusterName=CLUSTER)["certificateAuthorities"][0]["id"]


@pytest.fixture
def step(sandbox, run_module):
    """One step: in check mode it predicts what the real one does, and a second run changes nothing."""

    def run(state="present", changes=True, **options):
        words = {"cluster_name": CLUSTER, "state": state, "wait": True, **options}
        sandbox.recorder.clear()
        planned = run_module("eks_certificate_authority", words, check=True)
        asked = {call["operation"] for call in sandbox.calls()}
        assert all(name.startswith(("Describe", "List")) for name in asked), asked
        done = run_module("eks_certificate_authority", words)
        assert not done["failed"], done
        assert (planned["changed"], done["changed"]) == (changes, changes), done
        assert planned["diff"] == done["diff"]
        again = run_module("eks_certificate_authority", words)
        assert not again["changed"] and again["diff"]["before"] == again["diff"]["after"], again
        return done

    return run


@pytest.fixture
def refuse(sandbox, run_module):
    """The message of a step that is refused, also in check mode, before anything is sent."""

    def run(state, **options):
        words = {"cluster_name": CLUSTER, "state": state, **options}
        sandbox.recorder.clear()
        results = [run_module("eks_certificate_authority", words, check) for check in (True, False)]
        assert all(result["failed"] for result in results), results
        changing = {"CreateCertificateAuthority", "ActivateCertificateAuthority", "DeleteCertificateAuthority"}
        assert not changing & {call["operation"] for call in sandbox.calls()}
        return results[1]["msg"]

    return run


def list_statuses(result):
    return {row["id"]: row["signing_status"] for row in result["certificate_authorities"]}


def test_a_whole_rotation_with_the_way_back(sandbox, first, step, refuse):
    idle = step(changes=False)
    assert (idle["stage"], list_statuses(idle)) == ("idle", {first: "IN_USE"}) and "expires on" in idle["next_step"]
    assert step("active", changes=False)["stage"] == step("absent", changes=False)["stage"] == "idle"
    made = step(replaces=first)
    (second,) = set(list_statuses(made)) - {first}
    assert made["stage"] == "distributed" and "Then activate it with state=active" in made["next_step"]
    assert made["diff"]["after"] == {first: "IN_USE", "(successor)": "NOT_USED"}
    assert made["updates"][0]["type"] == "CertificateAuthorityUpdate"
    used = step("active")
    assert used["stage"] == "activated" and list_statuses(used) == {first: "NOT_USED", second: "IN_USE"}
    assert step(replaces=first, changes=False)["stage"] == "activated"  # the play from the beginning
    assert "which its deletion makes impossible" in refuse("absent")
    assert "has the outgoing certificate authority" in refuse("present", expires_within_days=3650)
    back = step("active", id=first)
    assert back["stage"] == "distributed" and list_statuses(back) == {first: "IN_USE", second: "NOT_USED"}
    step("active", id=second)
    sandbox.clock.advance(8 * DAY)
    assert "no longer goes back" in refuse("active", id=first)
    gone = step("absent")
    assert (gone["stage"], list_statuses(gone)) == ("idle", {second: "IN_USE"})


def test_the_one_that_signs_is_never_deleted(first, step, refuse):
    for options in ({}, {"force": True}):
        assert "signs the certificates" in refuse("absent", id=first, **options)
    made = step(replaces=first)
    (second,) = set(list_statuses(made)) - {first}
    step("active")
    assert "is never deleted" in refuse("absent", id=second, force=True)
    assert step("absent", force=True)["stage"] == "idle"


def test_a_successor_is_deleted_by_its_id_only_unless_eks_protects_it(sandbox, first, step, refuse):
    made = step(replaces=first)
    (second,) = set(list_statuses(made)) - {first}
    assert step("absent", changes=False)["stage"] == "distributed"
    (cluster,) = sandbox.store.clusters.values()
    cluster.certificate_authorities[second]["createdBy"] = "EKS"
    assert "EKS has appended the successor" in refuse("absent", id=second)
    cluster.certificate_authorities[second]["createdBy"] = "CUSTOMER"
    assert step("absent", id=second)["stage"] == "idle"


def test_a_successor_is_not_activated_before_it_is_distributed(sandbox, first, run_module, refuse, step):
    sandbox.clock.set_speed(1)
    words = {"cluster_name": CLUSTER, "replaces": first}
    started = run_module("eks_certificate_authority", words)
    assert started["changed"] and started["stage"] == "distributing" and "wait=true" in started["next_step"]
    assert "its distribution is IN_PROGRESS" in refuse("active")
    sandbox.clock.set_speed("instant")
    sandbox.clock.advance(3600)
    assert step(replaces=first, changes=False)["stage"] == "distributed"


def test_nodes_that_would_be_cut_off_stop_the_activation(eks, ground, first, step, refuse):
    group = {"clusterName": CLUSTER, "nodegroupName": "old"}
    eks.create_nodegroup(**group, subnets=ground["subnets"], nodeRole=ground["node_role"])
    eks.describe_nodegroup(**group)
    step(replaces=first)
    eks.create_nodegroup(
        clusterName=CLUSTER, nodegroupName="new", subnets=ground["subnets"], nodeRole=ground["node_role"]
    )
    said = refuse("active")
    assert "nodes of the node groups old were started before the successor" in said and "force=true" in said
    eks.update_nodegroup_version(**group)
    eks.describe_nodegroup(**group)
    assert step("active")["stage"] == "activated"


def test_a_successor_that_fails_says_what_is_next(sandbox, first, run_module, step):
    sandbox.faults.add(kind="fail_update", message="no way")
    words = {"cluster_name": CLUSTER, "replaces": first, "wait": True}
    failed = run_module("eks_certificate_authority", words)
    assert failed["failed"] and failed["changed"] and "ended Failed: Unknown: no way" in failed["msg"]
    assert "Delete it with state=absent" in failed["msg"]
    found = run_module("eks_certificate_authority_info", {"cluster_name": CLUSTER})
    assert found["stage"] == "failed"
    assert step("absent", id=found["certificate_authorities"][1]["id"])["stage"] == "idle"


def test_another_update_of_the_cluster_is_waited_for(sandbox, eks, first, run_module):
    sandbox.clock.set_speed(600)
    logging = {"clusterLogging": [{"types": ["api"], "enabled": True}]}
    eks.update_cluster_config(name=CLUSTER, logging=logging)
    made = run_module("eks_certificate_authority", {"cluster_name": CLUSTER, "replaces": first, "wait": True})
    assert made["changed"] and made["stage"] == "distributed", made
    eks.update_cluster_config(name=CLUSTER, logging={"clusterLogging": [{"types": ["api"], "enabled": False}]})
    used = run_module("eks_certificate_authority", {"cluster_name": CLUSTER, "state": "active", "wait": True})
    assert used["changed"] and used["stage"] == "activated", used


def test_an_update_that_ends_while_it_is_looked_for_is_no_failure(sandbox, eks, first, run_module):
    made = run_module("eks_certificate_authority", {"cluster_name": CLUSTER, "replaces": first, "wait": True})
    assert made["stage"] == "distributed", made
    refusal = {"code": "InvalidParameterException", "message": "Cannot update cluster: it has an update in progress"}
    sandbox.faults.add(kind="throttle", operation="ActivateCertificateAuthority", **refusal)
    used = run_module("eks_certificate_authority", {"cluster_name": CLUSTER, "state": "active", "wait": True})
    assert not used["failed"] and used["stage"] == "activated", used


def test_info_tells_where_a_rotation_stands(first, run_module):
    found = run_module("eks_certificate_authority_info", {"cluster_name": CLUSTER})
    (row,) = found["certificate_authorities"]
    assert row["validity"]["not_after"] and row["rollback_available"] is False and found["stage"] == "idle"
    missing = run_module("eks_certificate_authority_info", {"cluster_name": "nowhere"})
    assert missing["certificate_authorities"] == [] and missing["stage"] == "none"
