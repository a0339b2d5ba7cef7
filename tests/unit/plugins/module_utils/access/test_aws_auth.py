# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Mappings of aws-auth as access entries, and the questions by which rights are compared."""

from __future__ import annotations

import pytest

from ansible_collections.kumo.eks.plugins.module_utils.access.aws_auth import parse_list
from ansible_collections.kumo.eks.plugins.module_utils.access.review import find_unexpected
from ansible_collections.kumo.eks.plugins.module_utils.core.aws_auth import Mapping, read_mappings, translate
from ansible_collections.kumo.eks.plugins.module_utils.kubernetes.access_review import (
    Subject,
    build_attributes,
    format_question,
)
from ansible_collections.kumo.eks.plugins.module_utils.kubernetes.bindings import Bindings

ROLE = "arn:aws:iam::123456789012:role/person"
USER = "arn:aws:iam::123456789012:user/ann"
NODE = "system:node:{{EC2PrivateDNSName}}"
SESSION = "system:node:{{SessionName}}"


def test_the_last_of_two_rows_counts_and_what_maps_nobody_is_named():
    rows = [{"rolearn": ROLE, "username": "a"}, {"username": "x"}, {"rolearn": ROLE.upper(), "username": "b"}]
    mappings, problems = read_mappings({"mapRoles": rows, "mapUsers": None, "mapAccounts": [123456789012]})
    assert [(one.kind, one.username) for one in mappings] == [("role", "b"), ("account", "")]
    assert [problem.partition(" ")[0] for problem in problems] == ["mapRoles[1]", "mapRoles:", "mapUsers"]


def test_text_that_is_no_list():
    assert parse_list("- a") == ["a"] and parse_list("") == []
    assert parse_list("a: b") is None and parse_list("- [") is None


def admin(scope="cluster"):
    return [{"policy_arn": "AmazonEKSClusterAdminPolicy", "access_scope": {"type": scope}}]


@pytest.mark.parametrize(
    ("mapping", "entry"),
    [
        (
            Mapping("role", ROLE, "me", ("a", "b")),
            {"type": "STANDARD", "username": "me", "kubernetes_groups": ["a", "b"]},
        ),
        (Mapping("role", ROLE, "x:{{SessionName}}"), {"type": "STANDARD", "username": "x:{{SessionName}}"}),
        (Mapping("role", ROLE, "", ("system:masters",)), {"type": "STANDARD", "access_policies": admin()}),
        (
            Mapping("role", ROLE, "me", ("system:masters", "system:x", "a")),
            {"type": "STANDARD", "username": "me", "access_policies": admin(), "kubernetes_groups": ["a"]},
        ),
        (Mapping("role", ROLE, NODE, ("system:bootstrappers", "system:nodes")), {"type": "EC2_LINUX"}),
        (Mapping("role", ROLE, NODE, ("eks:kube-proxy-windows", "system:nodes")), {"type": "EC2_WINDOWS"}),
        (Mapping("role", ROLE, SESSION, ("system:nodes", "system:node-proxier")), {"type": "FARGATE_LINUX"}),
        (Mapping("role", ROLE, SESSION, ("system:bootstrappers", "system:nodes")), {"type": "HYBRID_LINUX"}),
    ],
)
def test_the_entry_that_gives_the_same(mapping, entry):
    found = translate(mapping)
    assert found.entry == {"principal_arn": ROLE, **entry} and found.why == "" and found.notes == ()


@pytest.mark.parametrize("username", ["system:admin", "me-{{SessionName}}", "{{AccountID}}:x", NODE])
def test_a_user_name_that_cannot_be_kept_is_named(username):
    found = translate(Mapping("role", ROLE, username, ("a",)))
    assert "username" not in found.entry and username in found.notes[0]


@pytest.mark.parametrize(
    ("mapping", "why"),
    [
        (Mapping("account", "123456789012"), "all principals of an account"),
        (Mapping("role", ROLE, "x", ("a", "system:custom")), "prefix of system:custom"),
        (Mapping("role", ROLE.replace("role/", "role/aws-service-role/x/")), "service-linked"),
        (Mapping("user", "ann"), "not the ARN"),
    ],
)
def test_what_cannot_become_an_entry(mapping, why):
    found = translate(mapping)
    assert found.entry is None and why in found.why


def test_a_path_that_iam_has_is_used():
    deep = ROLE.replace("role/", "role/teams/")
    assert translate(Mapping("role", ROLE, "x"), deep).entry["principal_arn"] == deep
    assert translate(Mapping("user", USER, "x")).entry["principal_arn"] == USER


def bind(kind, name, role, namespace=""):
    metadata = {"name": "b", **({"namespace": namespace} if namespace else {})}
    return {"metadata": metadata, "subjects": [{"kind": kind, "name": name}], "roleRef": role}


def test_a_question_for_each_rule_of_each_binding():
    read = {"apiGroups": ["apps"], "resources": ["deployments/scale", "pods"], "verbs": ["get", "list"]}
    one = {"apiGroups": [""], "resources": ["secrets"], "verbs": ["get"], "resourceNames": ["s"]}
    metrics = {"nonResourceURLs": ["/metrics/*"], "verbs": ["get"]}
    wide, narrow = {"kind": "ClusterRole", "name": "r"}, {"kind": "Role", "name": "r"}
    rows = [
        bind("Group", "readers", wide, "shop"),
        bind("User", "me", narrow, "shop"),
        bind("User", "other", wide),
        bind("Group", "readers", wide, "shop"),
        {"metadata": {"name": "empty"}, "roleRef": wide},
    ]
    roles = {("ClusterRole", "", "r"): [read, metrics], ("Role", "shop", "r"): [one]}
    questions = Bindings(rows, roles).list_questions(Subject("me", ("readers",)))
    assert [format_question(question) for question in questions] == [
        "get deployments.apps/scale in namespace shop",
        "get /metrics/any",
        "get secrets s in namespace shop",
    ]
    assert build_attributes(questions[0])["resourceAttributes"]["group"] == "apps"
    assert build_attributes(questions[1]) == {"nonResourceAttributes": {"path": "/metrics/any", "verb": "get"}}


@pytest.mark.parametrize(
    ("allowed", "complete", "expected", "words"),
    [
        (True, True, True, ""),
        (False, True, False, ""),
        (False, False, None, ""),
        (True, True, False, "is allowed"),
        (False, True, True, "is not allowed"),
        (False, False, True, "Set assume_role=true"),
        (False, False, False, "is not proven"),
    ],
)
def test_an_answer_that_says_nothing_is_not_taken_for_one(allowed, complete, expected, words):
    row = {
        "verb": "get",
        "resource": "pods",
        "allowed": allowed,
        "complete": complete,
        "reason": "",
        "expected": expected,
    }
    found = list(find_unexpected([row], ("AmazonEKSViewPolicy",)))
    assert (words in found[0]) if words else found == []
