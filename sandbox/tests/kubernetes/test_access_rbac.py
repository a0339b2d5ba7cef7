"""Access entries' policies as RBAC objects."""

from __future__ import annotations

from typing import Any

import pytest
from kubernetes_views import USER, cluster_view

from kumo_sandbox.interfaces import AccessRule
from kumo_sandbox.kubernetes.access import build_access_manifests

NAMESPACES = ("default", "team-a", "team-b")


def bindings(policy: str, scope: str = "cluster", namespaces: tuple[str, ...] = ()) -> list[dict[str, Any]]:
    rule = AccessRule(USER, "alice", ("extra",), ((policy, scope, namespaces),))
    objects = build_access_manifests(cluster_view(access=(rule,)), NAMESPACES)
    return [each for each in objects if each["kind"].endswith("Binding")]


@pytest.mark.parametrize(
    ("policy", "role"),
    [
        ("AmazonEKSClusterAdminPolicy", "cluster-admin"),
        ("AmazonEKSAdminPolicy", "admin"),
        ("AmazonEKSEditPolicy", "edit"),
        ("AmazonEKSViewPolicy", "view"),
        ("AmazonEKSAdminViewPolicy", "eks:admin-view"),
        ("AmazonEKSSecretReaderPolicy", "eks:secret-reader"),
    ],
)
def test_a_policy_of_the_cluster_is_a_cluster_role_binding(policy: str, role: str) -> None:
    (binding,) = bindings(policy)
    assert binding["kind"] == "ClusterRoleBinding"
    assert binding["roleRef"]["name"] == role
    assert [subject["name"] for subject in binding["subjects"]] == [f"eks-access-entry:{USER}"]


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
