# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Policy documents that mean the same are equal, and trust policies keep what is others'."""

from __future__ import annotations

import json
from urllib.parse import quote

import pytest

from ansible_collections.kumo.eks.plugins.module_utils.aws.policy_documents import normalize_document, parse_document
from ansible_collections.kumo.eks.plugins.module_utils.core.errors import ValidationError
from ansible_collections.kumo.eks.plugins.module_utils.iam.policy_document import (
    build_pod_identity_trust,
    build_web_identity_trust,
    list_other_statements,
    merge_trust,
    trusts,
)

PROVIDER = "arn:aws:iam::123456789012:oidc-provider/oidc.eks.ap-northeast-1.amazonaws.com/id/ONE"
OTHER = PROVIDER.replace("ONE", "TWO")


def document(*statements, version="2012-10-17"):
    return {"Version": version, "Statement": list(statements)}


def allow(**words):
    return {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*", **words}


SAME = [
    (allow(Action=["b:B", "a:A"]), allow(Action=["a:A", "b:B"])),
    (allow(Action=["a:A"]), allow(Action="a:A")),
    (allow(Resource=["x", "x", "y"]), allow(Resource=["y", "x"])),
    (allow(Principal="*"), allow(Principal={"AWS": "*"})),
    (allow(Principal={"AWS": "123456789012"}), allow(Principal={"AWS": ["arn:aws:iam::123456789012:root"]})),
    (allow(Condition={"Bool": {"a": True}}), allow(Condition={"Bool": {"a": ["true"]}})),
    (allow(Condition={"StringEquals": {"b": ["2", "1"]}}), allow(Condition={"StringEquals": {"b": ["1", "2"]}})),
]
OTHERWISE = [
    (allow(Action="a:A"), allow(Action="a:B")),
    (allow(Effect="Deny"), allow()),
    (allow(Condition={"StringEquals": {"a": "1"}}), allow(Condition={"StringLike": {"a": "1"}})),
    (allow(Principal={"AWS": "123456789012"}), allow(Principal={"Federated": "123456789012"})),
    (allow(Sid="one"), allow(Sid="two")),
]


@pytest.mark.parametrize(("one", "two"), SAME)
def test_documents_that_mean_the_same_are_equal(one, two):
    assert normalize_document(document(one)) == normalize_document(document(two))


@pytest.mark.parametrize(("one", "two"), OTHERWISE)
def test_documents_that_mean_something_else_are_not(one, two):
    assert normalize_document(document(one)) != normalize_document(document(two))


def test_the_order_and_the_spelling_of_a_document_do_not_matter():
    two = document(allow(Sid="a"), allow(Sid="b"))
    assert normalize_document(two) == normalize_document(document(*reversed(two["Statement"])))
    assert (
        normalize_document(json.dumps(two))
        == normalize_document(quote(json.dumps(two), safe=""))
        == normalize_document(two)
    )
    assert normalize_document({"Version": "2012-10-17", "Statement": allow()}) == normalize_document(document(allow()))
    assert normalize_document({"Statement": [allow()]}) == normalize_document(document(allow(), version="2008-10-17"))
    assert normalize_document({"Statement": [allow()]}) != normalize_document(document(allow()))


def test_a_document_is_not_changed_by_reading_it():
    given = document(allow(Action=["b", "a"]))
    normalize_document(given)
    assert given["Statement"][0]["Action"] == ["b", "a"]


@pytest.mark.parametrize("wrong", ["{", "[]", '"text"', {"Version": "2012-10-17"}, 3])
def test_what_is_no_document_is_refused_by_the_option(wrong):
    with pytest.raises(ValidationError, match="^inline_policies.x: "):
        parse_document(wrong, "inline_policies.x")


def test_the_trust_of_the_guide():
    issuer = PROVIDER.split("oidc-provider/")[1]
    trust = build_web_identity_trust(
        PROVIDER, ["system:serviceaccount:production:my-app-sa"], "sts.amazonaws.com", False
    )
    assert trust["Statement"][0]["Condition"] == {
        "StringEquals": {
            f"{issuer}:sub": "system:serviceaccount:production:my-app-sa",
            f"{issuer}:aud": "sts.amazonaws.com",
        }
    }


def test_what_a_trust_says_of_others_stays():
    wanted = build_web_identity_trust(PROVIDER, ["system:serviceaccount:a:b"], "sts.amazonaws.com", False)
    old = build_web_identity_trust(PROVIDER, ["system:serviceaccount:c:d"], "sts.amazonaws.com", False)["Statement"][0]
    cluster = build_web_identity_trust(OTHER, ["system:serviceaccount:a:b"], "sts.amazonaws.com", False)["Statement"][0]
    service = {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}
    pods = build_pod_identity_trust()["Statement"][0]
    now = document(old, service, cluster, pods)
    assert merge_trust(now, wanted, True)["Statement"] == [*wanted["Statement"], cluster, pods]
    assert merge_trust(now, wanted, False)["Statement"] == [*wanted["Statement"], service, cluster, pods]
    assert merge_trust(document(old), wanted, False) == wanted
    assert merge_trust(document(old, service), build_pod_identity_trust(), True)["Statement"] == [pods, old]
    assert list_other_statements(now, wanted) == [service, cluster, pods]
    assert trusts(now, PROVIDER) and trusts(now, OTHER) and not trusts(document(service), PROVIDER)
