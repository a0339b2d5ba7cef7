"""IAM Roles Anywhere: trust anchors, profiles and their tags, and what is refused of them."""

from __future__ import annotations

import datetime
import json
from typing import Any

import boto3
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

ROLE = "arn:aws:iam::123456789012:role/nodes"


def build_certificate(is_ca: bool) -> str:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "somebody")])
    now = datetime.datetime(2026, 1, 1)
    built = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now)
        .not_valid_after(now + datetime.timedelta(days=3650))
        .add_extension(x509.BasicConstraints(ca=is_ca, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    return built.public_bytes(serialization.Encoding.PEM).decode()


def build_source(text: str) -> dict[str, Any]:
    return {"sourceType": "CERTIFICATE_BUNDLE", "sourceData": {"x509CertificateData": text}}


@pytest.fixture
def anywhere(sandbox: Any) -> Any:
    return sandbox.client("rolesanywhere")


@pytest.fixture(scope="module")
def bundle() -> str:
    return build_certificate(True)


def test_anchors_and_profiles(anywhere, bundle, refused):
    words = {"name": "nodes", "source": build_source(bundle)}
    first = anywhere.create_trust_anchor(**words)["trustAnchor"]
    other = anywhere.create_trust_anchor(**words, enabled=True, tags=[{"key": "a", "value": "b"}])["trustAnchor"]
    assert (first["enabled"], other["enabled"]) == (False, True) and first["trustAnchorId"] != other["trustAnchorId"]
    key = {"trustAnchorId": first["trustAnchorId"]}
    assert anywhere.enable_trust_anchor(**key)["trustAnchor"]["enabled"]
    assert anywhere.update_trust_anchor(**key, name="new")["trustAnchor"]["name"] == "new"
    pages = anywhere.get_paginator("list_trust_anchors").paginate(pageSize=1)
    assert [row["name"] for page in pages for row in page["trustAnchors"]] == ["new", "nodes"]
    profile = anywhere.create_profile(name="nodes", roleArns=[ROLE])["profile"]
    assert (profile["durationSeconds"], profile["enabled"], profile["roleArns"]) == (3600, False, [ROLE])
    assert (
        anywhere.update_profile(profileId=profile["profileId"], durationSeconds=900)["profile"]["durationSeconds"]
        == 900
    )
    arn = {"resourceArn": other["trustAnchorArn"]}
    anywhere.tag_resource(**arn, tags=[{"key": "c", "value": "d"}])
    anywhere.untag_resource(**arn, tagKeys=["a"])
    assert anywhere.list_tags_for_resource(**arn)["tags"] == [{"key": "c", "value": "d"}]
    anywhere.delete_trust_anchor(**key)
    anywhere.delete_profile(profileId=profile["profileId"])
    assert refused(anywhere.get_trust_anchor, **key).startswith("ResourceNotFoundException: ")
    assert refused(anywhere.get_profile, profileId=profile["profileId"]).startswith("ResourceNotFoundException: ")


def test_what_is_refused(anywhere, bundle, refused):
    words = {"name": "nodes", "source": build_source(bundle)}
    create = anywhere.create_trust_anchor
    assert "basic constraints" in refused(create, **{**words, "source": build_source(build_certificate(False))})
    assert "parse" in refused(create, **{**words, "source": build_source("-----BEGIN CERTIFICATE-----")})
    assert "'name'" in refused(create, **{**words, "name": "my.nodes"})
    assert "'tags'" in refused(create, **words, tags=[{"key": "Équipe", "value": "a"}])
    assert anywhere.list_trust_anchors()["trustAnchors"] == []


def test_roles_must_be_passed(sandbox, anywhere, refused):
    iam = sandbox.client("iam")
    iam.create_user(UserName="u")
    key = iam.create_access_key(UserName="u")["AccessKey"]
    policy = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "rolesanywhere:*", "Resource": "*"}]}
    iam.put_user_policy(UserName="u", PolicyName="p", PolicyDocument=json.dumps(policy))
    theirs = boto3.client(
        "rolesanywhere",
        region_name=sandbox.region,
        endpoint_url=sandbox.endpoint,
        aws_access_key_id=key["AccessKeyId"],
        aws_secret_access_key=key["SecretAccessKey"],
    )
    sandbox.set_enforce_iam(True)
    try:
        assert "iam:PassRole" in refused(theirs.create_profile, name="n", roleArns=[ROLE])
        assert theirs.list_profiles()["profiles"] == []
    finally:
        sandbox.set_enforce_iam(False)
