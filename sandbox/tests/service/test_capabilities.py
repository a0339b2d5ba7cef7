"""Capabilities: one of each type, their settings, their role and their ends."""

from __future__ import annotations

import pytest

from kumo_sandbox.ground import create_role

IDC = {"idcInstanceArn": "arn:aws:sso:::instance/ssoins-1234567890abcdef"}
GROUP, USER = {"id": "g", "type": "SSO_GROUP"}, {"id": "u", "type": "SSO_USER"}


@pytest.fixture
def role(sandbox):
    return create_role(sandbox.client("iam"), "capability", "capabilities.eks.amazonaws.com")


@pytest.fixture
def create(eks, make_cluster, role):
    make_cluster(accessConfig={"authenticationMode": "API"})

    def make(name="ack", kind="ACK", **words):
        words = {"roleArn": role, "deletePropagationPolicy": "RETAIN", **words}
        eks.create_capability(clusterName="demo", capabilityName=name, type=kind, **words)
        return eks.describe_capability(clusterName="demo", capabilityName=name)["capability"]

    return make


def test_one_capability_of_each_type(eks, create, refused, role):
    made = create(configuration={"ack": {"disabledServices": ["s3"]}}, tags={"A": "1"})
    assert (made["status"], made["tags"]) == ("ACTIVE", {"A": "1"})
    assert made["configuration"] == {"ack": {"enableCrossNamespace": False, "disabledServices": ["s3"]}}
    assert create("kro", "KRO")["version"] == "v0.6.3"
    words = {"clusterName": "demo", "roleArn": role, "deletePropagationPolicy": "RETAIN"}
    for name, said in (("ack", "ResourceInUseException"), ("second", "ResourceLimitExceededException")):
        assert refused(eks.create_capability, capabilityName=name, type="ACK", **words).startswith(said)
    wrong = {"argoCd": {"awsIdc": IDC}}
    eks.delete_capability(clusterName="demo", capabilityName="kro")
    assert "not valid for type KRO" in refused(
        eks.create_capability, capabilityName="kro", type="KRO", configuration=wrong, **words
    )
    assert [row["capabilityName"] for row in eks.list_capabilities(clusterName="demo")["capabilities"]] == ["ack"]
    assert refused(eks.list_capabilities, clusterName="none").startswith("InvalidParameterException")
    assert role in eks.list_access_entries(clusterName="demo")["accessEntries"]


def test_role_mappings_are_added_and_removed(eks, create):
    argo = {
        "awsIdc": IDC,
        "rbacRoleMappings": [{"role": "ADMIN", "identities": [GROUP, USER]}],
        "endpointPrefix": "team",
    }
    made = create("argocd", "ARGOCD", configuration={"argoCd": argo})["configuration"]["argoCd"]
    assert made["namespace"] == "argocd" and made["serverUrl"].startswith("https://team.")
    change = {
        "addOrUpdateRoleMappings": [{"role": "VIEWER", "identities": [USER]}],
        "removeRoleMappings": [{"role": "ADMIN", "identities": [USER]}],
    }
    words = {"clusterName": "demo", "capabilityName": "argocd"}
    update = eks.update_capability(**words, configuration={"argoCd": {"rbacRoleMappings": change}})["update"]
    assert update["type"] == "CapabilityUpdate"
    assert [row["type"] for row in update["params"]] == ["RoleMappingsToAddOrUpdate", "RoleMappingsToRemove"]
    found = eks.describe_capability(**words)["capability"]["configuration"]["argoCd"]["rbacRoleMappings"]
    assert found == [{"role": "ADMIN", "identities": [GROUP]}, {"role": "VIEWER", "identities": [USER]}]
    ids = {"name": "demo", "capabilityName": "argocd"}
    assert eks.list_updates(**ids)["updateIds"] == [update["id"]]
    assert eks.describe_update(**ids, updateId=update["id"])["update"]["status"] == "Successful"


def test_what_a_capability_cannot_be_made_with(sandbox, eks, create, refused, ground):
    words = {"clusterName": "demo", "capabilityName": "ack", "type": "ACK", "deletePropagationPolicy": "RETAIN"}
    assert "does not exist" in refused(eks.create_capability, roleArn="arn:aws:iam::123456789012:role/none", **words)
    failed = create(roleArn=ground.role)
    assert failed["status"] == "CREATE_FAILED" and failed["health"]["issues"][0]["code"] == "AccessDenied"
    eks.delete_capability(clusterName="demo", capabilityName="ack")
    sandbox.faults.add(kind="fail_creation", message="no way")
    assert create()["health"]["issues"] == [{"code": "ClusterUnreachable", "message": "no way"}]


def test_a_cluster_without_access_entries_takes_none(eks, make_cluster, refused, role):
    make_cluster()
    words = {"clusterName": "demo", "capabilityName": "kro", "type": "KRO", "deletePropagationPolicy": "RETAIN"}
    assert "authentication mode" in refused(eks.create_capability, roleArn=role, **words)


def test_a_capability_in_transition_is_neither_updated_nor_deleted(sandbox, eks, create, refused):
    create()
    sandbox.clock.set_speed(1)
    words = {"clusterName": "demo", "capabilityName": "ack"}
    eks.update_capability(**words, configuration={"ack": {"enableCrossNamespace": True}})
    assert refused(eks.update_capability, **words, configuration={"ack": {"disabledServices": ["s3"]}}).startswith(
        "ResourceInUseException"
    )
    assert refused(eks.delete_capability, **words).startswith("ResourceInUseException")
    sandbox.clock.advance(136)
    assert eks.describe_capability(**words)["capability"]["configuration"]["ack"]["enableCrossNamespace"]
    assert "No changes needed" in refused(
        eks.update_capability, **words, configuration={"ack": {"enableCrossNamespace": True}}
    )
    assert eks.delete_capability(**words)["capability"]["status"] == "DELETING"
    sandbox.clock.advance(61)
    assert refused(eks.describe_capability, **words).startswith("ResourceNotFoundException")
