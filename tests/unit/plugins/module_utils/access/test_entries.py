# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Access entries: the pure parts."""

from __future__ import annotations

import botocore.session
import pytest

from ansible_collections.kumo.eks.plugins.module_utils.access.entries import find_reason_to_keep
from ansible_collections.kumo.eks.plugins.module_utils.core.principals import (
    build_role_arn_of_session,
    build_username,
    fill_username,
    is_caller,
    strip_path,
)
from ansible_collections.kumo.eks.plugins.module_utils.core.specs.access_entry import (
    TYPES,
    complete_access_entry,
    find_access_entry_problems,
)
from ansible_collections.kumo.eks.plugins.module_utils.eks.access_entry import (
    AccessEntryResource,
    covers,
    plan_policies,
)

ACCOUNT = "arn:aws:iam::123456789012"
ROLE, DEEP = f"{ACCOUNT}:role/person", f"{ACCOUNT}:role/teams/a/person"
SESSION = "arn:aws:sts::123456789012:assumed-role/person/me@example"
EVERYWHERE = {"type": "cluster", "namespaces": []}
OWNER = "kumo.eks/eu-west-1/c"


def within(*names):
    return {"type": "namespace", "namespaces": list(names)}


def row(name, scope):
    return {"policy_arn": name, "access_scope": scope}


def test_types_are_those_of_the_api():
    shape = botocore.session.get_session().get_service_model("eks").operation_model("CreateAccessEntry").input_shape
    text = shape.members["type"].documentation
    assert [kind for kind in TYPES if f"<code>{kind}" not in text] == []


def test_principals():
    assert build_role_arn_of_session(SESSION) == ROLE and build_role_arn_of_session(ROLE) == ""
    assert strip_path(DEEP) == ROLE and strip_path(f"{ACCOUNT}:user/a/ann") == f"{ACCOUNT}:user/a/ann"
    assert is_caller(DEEP, SESSION) and is_caller(ROLE, SESSION) and not is_caller(f"{ACCOUNT}:role/other", SESSION)
    assert is_caller(f"{ACCOUNT}:user/ann", f"{ACCOUNT}:user/ann") and not is_caller(ROLE, f"{ACCOUNT}:user/person")
    assert build_username(DEEP) == "arn:aws:sts::123456789012:assumed-role/person/{{SessionName}}"
    assert build_username(f"{ACCOUNT}:user/a/ann") == f"{ACCOUNT}:user/a/ann"
    filled = fill_username("{{AccountID}}:{{SessionName}}:{{SessionNameRaw}}:{{Other}}", "me@example", "1")
    assert filled == "1:me-example:me@example:{{Other}}"


@pytest.mark.parametrize(
    ("now", "wanted", "expected"),
    [
        ([], [row("a", EVERYWHERE)], (["a"], [], [])),
        ([row("a", EVERYWHERE)], [], ([], [], ["a"])),
        ([row("a", EVERYWHERE)], [row("a", EVERYWHERE)], ([], [], [])),
        ([row("a", within("x"))], [row("a", within("x", "y"))], (["a"], [], [])),
        ([row("a", within("x", "y"))], [row("a", within("y", "x"))], ([], [], [])),
        ([row("a", within("x", "y"))], [row("a", within("x"))], ([], ["a"], [])),
        ([row("a", within("x"))], [row("a", within("y"))], ([], ["a"], [])),
        ([row("a", EVERYWHERE)], [row("a", within("y")), row("b", EVERYWHERE)], (["b"], ["a"], [])),
    ],
)
def test_what_gives_more_what_gives_less_and_what_goes(now, wanted, expected):
    more, less, gone = plan_policies(now, wanted)
    assert ([one["policyArn"] for one in more], [one["policyArn"] for one in less], gone) == expected


def test_a_scope_covers_another():
    assert covers(EVERYWHERE, within("x")) and covers(within("x", "y"), within("y"))
    assert not covers(within("x"), EVERYWHERE) and not covers(within("x"), within("y"))


def test_policies_by_name_have_the_arn_of_the_partition():
    found = complete_access_entry({"access_policies": [row("AmazonEKSViewPolicy", EVERYWHERE)]}, "aws-cn")
    assert found["access_policies"][0]["policy_arn"] == "arn:aws-cn:eks::aws:cluster-access-policy/AmazonEKSViewPolicy"
    assert complete_access_entry({"type": "EC2"}, "aws") == {"type": "EC2"}


@pytest.mark.parametrize(
    "options",
    [
        {"principal_arn": DEEP, "username": "team:{{SessionNameRaw}}", "kubernetes_groups": ["a", "b"]},
        {"principal_arn": f"{ACCOUNT}:root"},
        {"principal_arn": ROLE, "type": "EC2", "access_policies": [row("AmazonEKSAutoNodePolicy", EVERYWHERE)]},
        {"principal_arn": ROLE, "username": "", "kubernetes_groups": [], "access_policies": []},
        {"principal_arn": ROLE, "access_policies": [row("AmazonEKSViewPolicy", within("dev-*"))]},
    ],
)
def test_what_eks_takes_is_no_problem(options):
    assert list(find_access_entry_problems(options)) == []


def build_raw(kind="STANDARD", policies=(), principal=ROLE, **more):
    rows = [{"policyArn": f"arn:aws:eks::aws:cluster-access-policy/{name}"} for name in policies]
    return {"principalArn": principal, "type": kind, "accessPolicies": rows, **more}


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        (build_raw(), ""),
        (build_raw(policies=["AmazonEKSViewPolicy"]), ""),
        (build_raw(principal=DEEP), "the caller's own way"),
        (build_raw(principal=f"{ACCOUNT}:role/aws-service-role/x/Y"), "service-linked role"),
        (build_raw(principal=f"{ACCOUNT}:role/cluster"), "EKS Auto Mode"),
        (build_raw("EC2_LINUX"), "type EC2_LINUX"),
        (build_raw("FARGATE_LINUX", tags={"a": "b"}), "type FARGATE_LINUX"),
        (build_raw("EC2_LINUX", tags={OWNER: "owned"}), ""),
        (build_raw(policies=["AmazonEKSKROPolicy", "AmazonEKSViewPolicy"]), "AmazonEKSKROPolicy"),
    ],
)
def test_why_an_entry_is_kept(raw, why):
    caller = SESSION if raw["principalArn"] == DEEP else f"{ACCOUNT}:user/me"
    found = find_reason_to_keep(raw, {"roleArn": f"{ACCOUNT}:role/cluster"}, caller, OWNER)
    assert why in found and bool(why) == bool(found)


def test_an_update_has_both_members_whatever_changes():
    """Whether UpdateAccessEntry keeps what a request leaves out, nobody says."""
    resource = AccessEntryResource(None, "c", ROLE)
    raw = {"kubernetesGroups": ["a"], "username": "u", "principalArn": ROLE}
    names = {"clusterName": "c", "principalArn": ROLE}
    assert resource._build_update(raw, {"username": "v"}) == {**names, "kubernetesGroups": ["a"], "username": "v"}
    assert resource._build_update(raw, {"kubernetes_groups": []}) == {**names, "kubernetesGroups": [], "username": "u"}
