# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""eks_capability: one of each type, role mappings as what is added and removed, and failures in EKS' words."""

from __future__ import annotations

import pytest

CLUSTER = "my-cluster"
IDC = {"idc_instance_arn": "arn:aws:sso:::instance/ssoins-1234567890abcdef"}
GROUP, USER = {"id": "g", "type": "SSO_GROUP"}, {"id": "u", "type": "SSO_USER"}


@pytest.fixture
def create(run_module, ground):
    def make(mode="API_AND_CONFIG_MAP"):
        words = {"name": CLUSTER, "version": "1.33", "role_arn": ground["role"], "subnets": ground["subnets"]}
        assert not run_module("eks_cluster", {**words, "access_config": {"authentication_mode": mode}, "wait": True})[
            "failed"
        ]

    return make


@pytest.fixture
def role(run_module, sandbox):
    """The role as our own module creates it."""
    words = {"cluster_name": CLUSTER, "region": "ap-northeast-1", "purpose": "capability"}
    made = run_module("eks_iam_role", words)
    assert not made["failed"], made
    return made["arn"]


@pytest.fixture
def capability(run_module, role):
    def run(check: bool = False, **options):
        words = {"cluster_name": CLUSTER, "name": "ack", "type": "ACK", "role_arn": role, "wait": True, **options}
        return run_module("eks_capability", words, check)

    return run


@pytest.fixture
def argo(capability, create):
    create()

    def run(check: bool = False, **settings):
        return capability(check, name="argocd", type="ARGOCD", argo_cd={"aws_idc": IDC, **settings})

    return run


def list_mappings(result):
    assert not result["failed"], result
    rows = result["capability"]["configuration"]["argo_cd"]["rbac_role_mappings"]
    return {row["role"]: sorted(each["id"] for each in row["identities"]) for row in rows}


def read_update(sandbox):
    """The mappings of the last UpdateCapability."""
    eks = sandbox.client("eks")
    (key, *_rest) = reversed(eks.list_updates(name=CLUSTER, capabilityName="argocd")["updateIds"])
    params = eks.describe_update(name=CLUSTER, capabilityName="argocd", updateId=key)["update"]["params"]
    return [row["type"] for row in params]


def test_role_mappings_are_what_the_task_lists(sandbox, argo):
    made = argo(rbac_role_mappings=[{"role": "ADMIN", "identities": [GROUP, USER]}])
    assert list_mappings(made) == {"ADMIN": ["g", "u"]} and made["capability"]["version"]
    assert made["capability"]["configuration"]["argo_cd"]["server_url"].startswith("https://")
    same = argo(rbac_role_mappings=[{"role": "ADMIN", "identities": [USER, GROUP]}])
    assert not same["changed"] and not argo()["changed"]
    changed = argo(rbac_role_mappings=[{"role": "VIEWER", "identities": [USER]}])
    assert changed["changed"] and list_mappings(changed) == {"VIEWER": ["u"]}
    assert read_update(sandbox) == ["RoleMappingsToAddOrUpdate", "RoleMappingsToRemove"]
    more = argo(rbac_role_mappings=[{"role": "VIEWER", "identities": [GROUP]}], purge_role_mappings=False)
    assert list_mappings(more) == {"VIEWER": ["g", "u"]}
    assert not argo(rbac_role_mappings=[{"role": "VIEWER", "identities": [USER]}], purge_role_mappings=False)["changed"]
    assert list_mappings(argo(rbac_role_mappings=[])) == {}


def test_the_network_is_changed_and_the_rest_requires_a_replacement(argo):
    argo(namespace="apps")
    closed = argo(network_access={"vpce_ids": ["vpce-0b", "vpce-0a"]})
    assert closed["changed"] and closed["updates"][0]["operation"] == "UpdateCapability"
    assert not argo(network_access={"vpce_ids": ["vpce-0a", "vpce-0b"]})["changed"]
    opened = argo(network_access={"vpce_ids": []})
    assert opened["capability"]["configuration"]["argo_cd"]["network_access"]["vpce_ids"] == []
    refused = argo(namespace="other")
    assert refused["failed"] and "argo_cd.namespace is 'apps', not 'other'" in refused["msg"]


def test_a_replacement_keeps_what_the_task_omits(create, capability):
    create()
    capability(ack={"disabled_services": ["s3"]}, tags={"Team": "a"})
    refused = capability(type="KRO", role_arn=None)
    assert refused["failed"] and "type is 'ACK', not 'KRO'" in refused["msg"]
    again = capability(role_arn=None, ack={"enable_cross_namespace": True})
    assert again["changed"] and again["capability"]["configuration"]["ack"] == {
        "enable_cross_namespace": True,
        "disabled_services": ["s3"],
    }


def test_a_second_one_of_a_type_is_refused_before_a_call(sandbox, create, capability):
    create()
    capability()
    sandbox.recorder.clear()
    for check in (True, False):
        result = capability(check, name="second")
        assert result["failed"] and "has the capability 'ack' of the type ACK" in result["msg"]
    assert "CreateCapability" not in {call["operation"] for call in sandbox.calls()}


def test_a_cluster_without_access_entries_is_refused_with_the_remedy(create, capability):
    create("CONFIG_MAP")
    result = capability()
    assert result["failed"] and "Set access_config.authentication_mode=API_AND_CONFIG_MAP" in result["msg"]


def test_a_role_that_eks_cannot_assume_says_what_to_do(create, capability, ground):
    create()
    result = capability(role_arn=ground["role"])
    assert result["failed"] and "is CREATE_FAILED: AccessDenied" in result["msg"]
    assert "kumo.eks.eks_iam_role with purpose=capability" in result["msg"] and "replace=true" in result["msg"]
    assert capability(replace=True)["capability"]["status"] == "ACTIVE"


def test_an_update_that_fails_is_a_failure(sandbox, create, capability):
    create()
    capability()
    sandbox.faults.add(kind="fail_update", code="ClusterUnreachable", message="no way")
    result = capability(ack={"enable_cross_namespace": True})
    assert result["failed"] and "ended Failed: ClusterUnreachable: no way" in result["msg"]


def test_info_and_wait_know_capabilities(create, capability, run_module):
    create()
    capability()
    started = capability(ack={"enable_cross_namespace": True}, wait=False)
    update = {"id": started["updates"][0]["id"], "capability": "ack"}
    waited = run_module("eks_wait", {"cluster_name": CLUSTER, "updates": [update]})
    assert not waited["failed"] and waited["resources"][0]["status"] == "Successful"
    for words in ({}, {"name": "ack"}):
        (row,) = run_module("eks_capability_info", {"cluster_name": CLUSTER, **words})["capabilities"]
        assert row["capability_name"] == "ack" and row["configuration"]["ack"]["enable_cross_namespace"]
    for words in ({"cluster_name": CLUSTER, "name": "none"}, {"cluster_name": "nowhere"}):
        assert run_module("eks_capability_info", words)["capabilities"] == []
    (shown,) = run_module("eks_update_info", {"cluster_name": CLUSTER, "all": True})["updates"]
    assert (shown["type"], shown["capability"]) == ("CapabilityUpdate", "ack")
