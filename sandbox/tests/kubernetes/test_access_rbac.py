"""Access entries' policies as RBAC objects."""

from __future__ import annotations

from typing import Any

import pytest
from kubernetes_views import USER, cluster_view

from kumo_sandbox.interfaces import AccessRule
from kumo_sandbox.kubernetes.access import build_access_manifests
from kumo_sandbox.kubernetes.access_policies import POLICIES

NAMESPACES = ("default", "team-a", "team-b")


def bindings(policy: str, scope: str = "cluster", namespaces: tuple[str, ...] = ()) -> list[dict[str, Any]]:
    rule = AccessRule(USER, "alice", ("extra",), ((policy, scope, namespaces),))
    objects = build_access_manifests(cluster_view(access=(rule,)), NAMESPACES)
    return [each for each in objects if each["kind"].endswith("Binding")]


@pytest.mark.parametrize("policy", sorted(POLICIES))
def test_a_policy_of_the_cluster_is_a_cluster_role_binding(policy: str) -> None:
    (binding,) = bindings(policy)
    assert binding["kind"] == "ClusterRoleBinding"
    assert binding["roleRef"]["name"] == f"eks:access-policy:{policy}"
    assert [subject["name"] for subject in binding["subjects"]] == [f"eks-access-entry:{USER}"]


def allows(policy: str, verb: str, resource: str, group: str = "") -> bool:
    """Whether a rule of the policy has all three."""
    return any(
        {verb, "*"} & set(rule["verbs"])
        and {resource, "*"} & set(rule.get("resources", ()))
        and {group, "*"} & set(rule.get("apiGroups", ()))
        for rule in POLICIES[policy]
    )


@pytest.mark.parametrize(
    ("policy", "allowed", "forbidden"),
    [
        ("AmazonEKSViewPolicy", ["get pods", "list configmaps"], ["get secrets", "create pods", "get pods/exec"]),
        (
            "AmazonEKSEditPolicy",
            ["get secrets", "create pods", "create pods/exec"],
            ["list nodes", "create namespaces"],
        ),
        ("AmazonEKSAdminPolicy", ["delete services"], ["list nodes", "create namespaces", "update resourcequotas"]),
        ("AmazonEKSAdminViewPolicy", ["get secrets", "list nodes"], ["create pods"]),
        ("AmazonEKSSecretReaderPolicy", ["get secrets"], ["get pods", "create secrets"]),
        ("AmazonEKSSecretAdminPolicy", ["delete secrets"], ["get pods"]),
        ("AmazonEKSClusterAdminPolicy", ["delete nodes", "create namespaces"], []),
    ],
)
def test_a_policy_allows_what_the_guide_says(policy: str, allowed: list[str], forbidden: list[str]) -> None:
    assert [words for words in allowed if not allows(policy, *words.split())] == []
    assert [words for words in forbidden if allows(policy, *words.split())] == []


def test_roles_are_for_administrators_to_give() -> None:
    group = "rbac.authorization.k8s.io"
    assert allows("AmazonEKSAdminPolicy", "create", "roles", group)
    assert not allows("AmazonEKSEditPolicy", "create", "roles", group)
    assert not allows("AmazonEKSAdminPolicy", "create", "clusterroles", group)


def test_a_policy_of_namespaces_is_bound_in_those_that_exist() -> None:
    found = bindings("AmazonEKSEditPolicy", "namespace", ("default", "team-*", "later"))
    assert {each["kind"] for each in found} == {"RoleBinding"}
    assert [each["metadata"]["namespace"] for each in found] == ["default", "team-a", "team-b"]


def test_a_policy_for_an_aws_service_grants_nothing() -> None:
    assert bindings("AmazonEKSAutoNodePolicy") == []


def test_two_entries_do_not_share_a_binding() -> None:
    policies = (("AmazonEKSViewPolicy", "cluster", ()),)
    rules = tuple(AccessRule(f"{USER}{number}", "x", (), policies) for number in range(2))
    names = [
        each["metadata"]["name"]
        for each in build_access_manifests(cluster_view(access=rules), ())
        if each["kind"] == "ClusterRoleBinding"
    ]
    assert len(set(names)) == 2
