# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.kumo.eks.plugins.module_utils.core.errors import EksError
from ansible_collections.kumo.eks.plugins.module_utils.iam.role_plan import (
    role_plan,
    role_removal,
    same_document,
    trust_of,
)

REGION = "ap-northeast-1"
MARK = "kumo.eks/ap-northeast-1/my-cluster"
OTHER = "kumo.eks/ap-northeast-1/other"
ARN = "arn:aws:iam::123456789012:role/eksClusterRole"
POLICY = "arn:aws:iam::aws:policy/AmazonEKSClusterPolicy"
EXTRA = "arn:aws:iam::aws:policy/Extra"
DOCUMENT = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": ["a:b", "a:c"], "Resource": "*"}]}
WANTED = {"name": "eksClusterRole", "service": "eks.amazonaws.com", "policies": [POLICY], "tags": {"Team": "kumo"}}
NOBODY = {"clusters": [], "users": {}}


def role(tags=None, policies=(POLICY,), trust=None, inline=None):
    found = {"role_name": "eksClusterRole", "arn": ARN, "attached_policies": list(policies)}
    found["tags"] = {MARK: "owned", "Team": "kumo"} if tags is None else tags
    found["assume_role_policy_document"] = trust or trust_of("eks.amazonaws.com")
    return found if inline is None else {**found, "inline_policies": inline}


def plan(*found, wanted=None):
    return role_plan(list(found), [wanted or WANTED], "my-cluster", REGION)


def test_a_new_role_is_marked():
    (row,) = plan()
    assert (row["why"], row["tags"]) == ("new", {"Team": "kumo", MARK: "owned"})


def test_nothing_differs_of_a_role_as_written():
    assert plan(role()) == []


@pytest.mark.parametrize(
    ("found", "why"),
    [
        (role(policies=[]), f"policy {POLICY}: none -> attached"),
        (role(policies=[POLICY, EXTRA]), f"policy {EXTRA}: attached -> none"),
        (role(tags={MARK: "owned", "Team": "x"}), "tag Team: x -> kumo"),
        (role(trust=trust_of("ec2.amazonaws.com")), "trust policy"),
    ],
)
def test_drift_of_our_role_is_told_and_put_right(found, why):
    (row,) = plan(found)
    assert (row["why"], row["purge"]) == (why, True)


def test_documents_are_compared_by_what_they_mean():
    spelled = {"Statement": {"Sid": "x", "Effect": "Allow", "Action": ["a:c", "a:b"], "Resource": ["*"]}}
    assert same_document(DOCUMENT, spelled)
    assert not same_document(DOCUMENT, {"Statement": {"Effect": "Allow", "Action": ["a:c"], "Resource": ["*"]}})
    trust = {
        "Statement": [
            {"Effect": "Allow", "Principal": {"Service": ["eks.amazonaws.com"]}, "Action": ["sts:AssumeRole"]}
        ]
    }
    assert plan(role(trust=trust)) == []


def test_inline_policies_follow_their_documents():
    wanted = {**WANTED, "inline": [{"name": "one", "document": DOCUMENT}, {"name": "two", "document": DOCUMENT}]}
    (row,) = plan(role(inline={"one": {"Statement": []}, "old": DOCUMENT}), wanted=wanted)
    assert [policy["name"] for policy in row["put"]] == ["one", "two"]
    assert row["drop"] == ["old"]
    assert (
        row["why"]
        == "inline policy one: document; inline policy two: none -> added; inline policy old: there -> removed"
    )
    assert plan(role(inline={"one": DOCUMENT, "two": DOCUMENT}), wanted=wanted) == []


def test_a_role_of_somebody_else_is_only_added_to():
    assert plan(role(tags={}, policies=[POLICY, EXTRA])) == []
    (row,) = plan(role(tags={}, policies=[EXTRA]))
    assert (row["why"], row["purge"], row["tags"]) == (f"policy {POLICY}: none -> attached", False, {})


def test_a_role_of_somebody_else_that_does_not_trust_the_service_is_refused():
    with pytest.raises(EksError, match="eksClusterRole was not made by kumo.eks and does not trust eks.amazonaws.com"):
        plan(role(tags={}, trust=trust_of("ec2.amazonaws.com")))


def test_another_clusters_role_gets_our_mark_and_keeps_its_tags():
    (row,) = plan(role(tags={OTHER: "owned", "Team": "theirs"}))
    assert (row["why"], row["tags"]) == (f"tag {MARK}: none -> owned", {MARK: "owned"})


def remove(found, users=None):
    return role_removal([found], "my-cluster", REGION, users or NOBODY)


def test_our_role_that_nothing_uses_is_deleted():
    assert remove(role()) == {"delete": ["eksClusterRole"], "release": [], "kept": []}


def test_a_role_of_somebody_else_is_kept():
    answer = remove(role(tags={}))
    assert (answer["delete"], answer["kept"]) == (
        [],
        ["IAM role eksClusterRole is kept, because kumo.eks did not make it"],
    )


def test_a_role_that_another_cluster_uses_is_kept_and_released():
    users = {"clusters": ["other"], "users": {ARN: ["cluster other"]}}
    answer = remove(role(tags={MARK: "owned", OTHER: "owned"}), users)
    assert answer["delete"] == []
    assert answer["kept"] == ["IAM role eksClusterRole is kept, because it is used by cluster other"]
    assert [row["tags"] for row in answer["release"]] == [{OTHER: "owned"}]


def test_a_role_that_an_unmarked_cluster_uses_is_kept_and_stays_ours():
    answer = remove(role(), {"clusters": ["bare"], "users": {ARN: ["cluster bare"]}})
    assert (answer["delete"], answer["release"]) == ([], [])
    assert answer["kept"] == ["IAM role eksClusterRole is kept, because it is used by cluster bare"]


def test_a_mark_of_another_region_counts_and_one_of_a_cluster_that_is_gone_does_not():
    far = role(tags={MARK: "owned", "kumo.eks/eu-west-1/far": "owned"})
    assert remove(far)["kept"] == ["IAM role eksClusterRole is kept, because it is used by cluster far in eu-west-1"]
    assert remove(role(tags={MARK: "owned", OTHER: "owned"}))["delete"] == ["eksClusterRole"]


def test_our_role_stays_while_a_node_group_of_our_cluster_uses_it():
    users = {"clusters": ["my-cluster"], "users": {ARN: ["node group left of cluster my-cluster"]}}
    answer = remove(role(), users)
    assert (answer["delete"], answer["release"]) == ([], [])


def test_a_plan_counts_what_would_be_gone_by_then():
    users = {"clusters": ["my-cluster"], "users": {ARN: ["cluster my-cluster"]}}
    assert role_removal([role()], "my-cluster", REGION, users, planned=True)["delete"] == ["eksClusterRole"]
