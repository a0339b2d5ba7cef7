"""Rotation of a cluster's certificate authority: append, distribute, activate, go back, delete."""

from __future__ import annotations

import base64

import pytest

DAY = 86400


@pytest.fixture
def cluster(make_cluster):
    return make_cluster()


def describe(eks, key):
    return eks.describe_certificate_authority(clusterName="demo", certificateAuthorityId=key)["certificateAuthority"]


def list_statuses(eks):
    rows = eks.list_certificate_authorities(clusterName="demo")["certificateAuthorities"]
    return {row["id"]: (row["signingStatus"], row["distributionStatus"]) for row in rows}


def count_trusted(eks):
    data = eks.describe_cluster(name="demo")["cluster"]["certificateAuthority"]["data"]
    return base64.b64decode(data).count(b"BEGIN CERTIFICATE")


def test_a_cluster_has_a_ca_from_the_beginning(eks, cluster, refused):
    first = cluster["certificateAuthority"]["active"]["id"]
    shown = describe(eks, first)
    assert (shown["createdBy"], shown["signingStatus"], shown["rollbackAvailable"]) == ("EKS", "IN_USE", False)
    assert (shown["validity"]["notAfter"] - shown["validity"]["notBefore"]).days == 3650
    words = {"clusterName": "demo", "certificateAuthorityId": first}
    assert "cannot be deleted" in refused(eks.delete_certificate_authority, **words)
    assert "already active" in refused(eks.activate_certificate_authority, **words)


def test_a_rotation_and_the_way_back(sandbox, eks, cluster, refused):
    first = cluster["certificateAuthority"]["active"]["id"]
    sandbox.clock.set_speed(1)
    answer = eks.create_certificate_authority(clusterName="demo")
    second, update = answer["certificateAuthority"]["id"], answer["update"]
    assert update["type"] == "CertificateAuthorityUpdate"
    assert list_statuses(eks)[second] == ("NOT_USED", "IN_PROGRESS")
    assert "in progress" in refused(eks.update_cluster_version, name="demo", version="1.31")
    sandbox.clock.advance(125)
    words = {"clusterName": "demo", "certificateAuthorityId": second}
    assert "until its distribution is COMPLETE" in refused(eks.activate_certificate_authority, **words)
    assert refused(eks.create_certificate_authority, clusterName="demo").startswith("ResourceLimitExceededException")
    sandbox.clock.advance(601)
    assert list_statuses(eks)[second] == ("NOT_USED", "COMPLETE") and count_trusted(eks) == 1  # and the sandbox' own
    events = describe(eks, second)["scheduledEvents"]
    assert events["firstAutoActivation"] < events["finalAutoActivation"]
    eks.activate_certificate_authority(**words)
    assert list_statuses(eks)[second][0] == "ACTIVATING"
    assert refused(eks.activate_certificate_authority, clusterName="demo", certificateAuthorityId=first).startswith(
        "InvalidParameterException"
    )
    sandbox.clock.advance(125)
    assert [row[0] for row in list_statuses(eks).values()] == ["NOT_USED", "IN_USE"]
    assert describe(eks, second)["rollbackAvailable"] and describe(eks, second)["activatedBy"] == "CUSTOMER"
    assert eks.describe_cluster(name="demo")["cluster"]["certificateAuthority"]["active"]["id"] == second
    eks.activate_certificate_authority(clusterName="demo", certificateAuthorityId=first)
    sandbox.clock.advance(125)
    assert list_statuses(eks)[first][0] == "IN_USE"
    eks.activate_certificate_authority(**words)
    sandbox.clock.advance(125)
    assert list_statuses(eks)[second][0] == "IN_USE"
    sandbox.clock.advance(8 * DAY)
    back = {"clusterName": "demo", "certificateAuthorityId": first}
    assert "no longer available" in refused(eks.activate_certificate_authority, **back)
    eks.delete_certificate_authority(**back)
    assert list_statuses(eks)[first][1] == "DELETING"
    sandbox.clock.advance(125)
    assert list(list_statuses(eks)) == [second]


def test_a_successor_that_is_protected_and_one_that_failed(sandbox, eks, cluster, refused):
    sandbox.add_fault(kind="fail_update", operation="CreateCertificateAuthority")
    failed = eks.create_certificate_authority(clusterName="demo")["certificateAuthority"]["id"]
    assert list_statuses(eks)[failed] == ("NOT_USED", "FAILED")
    eks.delete_certificate_authority(clusterName="demo", certificateAuthorityId=failed)
    assert failed not in list_statuses(eks)
    second = eks.create_certificate_authority(clusterName="demo")["certificateAuthority"]["id"]
    (found,) = sandbox.store.clusters.values()
    found.certificate_authorities[second]["createdBy"] = "EKS"
    words = {"clusterName": "demo", "certificateAuthorityId": second}
    assert "only successor" in refused(eks.delete_certificate_authority, **words)
