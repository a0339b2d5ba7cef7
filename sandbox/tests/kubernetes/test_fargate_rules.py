"""Which pods Fargate takes and refuses, and how large their machines are."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from kubernetes_views import REGION, cluster_view, node_spec, profile

from kumo_sandbox.kubernetes.fargate import (
    build_fargate_node,
    choose_size,
    find_profile,
    find_unsupported,
    format_capacity,
)
from kumo_sandbox.kubernetes.webhook import review_pod

TASKS = profile("tasks", "fargate-tasks", compute="fargate")


def pod(labels: dict[str, str] | None = None, requests: dict[str, str] | None = None, **spec: Any) -> dict[str, Any]:
    container = {"name": "main", "image": "nginx", "resources": {"requests": requests or {}}}
    metadata = {"name": "a", "uid": "0b8f8a5c", "labels": labels or {}}
    return {"metadata": metadata, "spec": {"containers": [container], **spec}}


@pytest.mark.parametrize(
    ("namespace", "labels", "taken"),
    [
        ("fargate-tasks", {"compute": "fargate"}, True),
        ("fargate-tasks", {"compute": "fargate", "more": "1"}, True),
        ("fargate-tasks", {}, False),
        ("fargate-tasks", {"compute": "ec2"}, False),
        ("default", {"compute": "fargate"}, False),
    ],
)
def test_a_selector_wants_the_namespace_and_all_labels(namespace: str, labels: dict[str, str], taken: bool) -> None:
    assert find_profile(pod(labels), namespace, [TASKS]) == ("tasks" if taken else None)


@pytest.mark.parametrize(
    ("pattern", "namespace", "taken"),
    [
        ("prod*", "production", True),
        ("prod*", "pre-prod", False),
        ("team-?", "team-a", True),
        ("team-?", "team-ab", False),
        ("*", "anything", True),
        ("[a]", "a", False),
    ],
)
def test_stars_and_question_marks_in_a_namespace(pattern: str, namespace: str, taken: bool) -> None:
    assert (find_profile(pod(), namespace, [profile("p", pattern)]) == "p") is taken


def test_stars_in_a_label() -> None:
    assert find_profile(pod({"app": "web-1"}), "x", [profile("p", "x", app="web-*")]) == "p"
    assert find_profile(pod({"app": "api"}), "x", [profile("p", "x", app="web-*")]) is None


def test_of_several_profiles_the_first_by_name_or_the_one_asked_for() -> None:
    profiles = [profile("b", "x"), profile("a", "x")]
    label = "eks.amazonaws.com/fargate-profile"
    assert find_profile(pod(), "x", profiles) == "a"
    assert find_profile(pod({label: "b"}), "x", profiles) == "b"
    assert find_profile(pod({label: "c"}), "x", profiles) is None


def test_pods_of_daemon_sets_and_bound_pods_stay() -> None:
    daemon = pod()
    daemon["metadata"]["ownerReferences"] = [{"kind": "DaemonSet"}]
    assert find_profile(daemon, "x", [profile("p", "x")]) is None
    assert find_profile(pod(nodeName="somewhere"), "x", [profile("p", "x")]) is None


def test_the_webhook_marks_a_pod() -> None:
    request = {"uid": "1", "namespace": "fargate-tasks", "object": pod({"compute": "fargate"})}
    answer = review_pod(request, cluster_view(fargate_profiles=(TASKS,)))
    patches = {each["path"]: each["value"] for each in json.loads(base64.b64decode(answer["patch"]))}
    assert answer["allowed"] is True
    assert patches["/spec/schedulerName"] == "fargate-scheduler"
    assert patches["/metadata/labels"] == {"compute": "fargate", "eks.amazonaws.com/fargate-profile": "tasks"}


@pytest.mark.parametrize("view", [None, cluster_view()])
def test_the_webhook_leaves_other_pods_alone(view: Any) -> None:
    request = {"uid": "1", "namespace": "fargate-tasks", "object": pod({"compute": "fargate"})}
    assert review_pod(request, view) == {"uid": "1", "allowed": True}


@pytest.mark.parametrize(
    ("requests", "size"),
    [
        ({}, "0.25vCPU 0.5GB"),
        ({"cpu": "250m", "memory": "256Mi"}, "0.25vCPU 0.5GB"),
        ({"cpu": "250m", "memory": "257Mi"}, "0.25vCPU 1GB"),
        ({"cpu": "251m", "memory": "128Mi"}, "0.5vCPU 1GB"),
        ({"cpu": "1", "memory": "6Gi"}, "1vCPU 7GB"),
        ({"cpu": "1", "memory": "8Gi"}, "2vCPU 9GB"),
        ({"cpu": "16", "memory": "100G"}, "16vCPU 96GB"),
    ],
)
def test_the_machine_is_the_smallest_that_holds_the_requests(requests: dict[str, str], size: str) -> None:
    found = choose_size(pod(requests=requests))
    assert found is not None
    assert format_capacity(found) == size


def test_init_containers_count_where_they_want_more() -> None:
    init = {"name": "i", "resources": {"requests": {"cpu": "2"}}}
    assert choose_size(pod(requests={"cpu": "1"}, initContainers=[init])) == (2, 4)


@pytest.mark.parametrize(
    ("spec", "reason"),
    [
        ({"hostNetwork": True}, "fields not supported: hostNetwork"),
        ({"hostPID": True, "hostIPC": True}, "hostPID, hostIPC"),
        ({"volumes": [{"name": "v", "hostPath": {"path": "/"}}]}, "hostPath"),
        ({"containers": [{"name": "c", "ports": [{"containerPort": 1, "hostPort": 1}]}]}, "hostPort"),
        ({"containers": [{"name": "c", "securityContext": {"privileged": True}}]}, "privileged"),
        ({"containers": [{"name": "c", "resources": {"requests": {"cpu": "17"}}}]}, "exceed 16 vCPU and 120 GB"),
        ({"containers": [{"name": "c", "resources": {"limits": {"memory": "200Gi"}}}]}, "exceed 16 vCPU and 120 GB"),
    ],
)
def test_what_fargate_cannot_run(spec: dict[str, Any], reason: str) -> None:
    assert reason in (find_unsupported(pod(**spec)) or "")


def test_an_ordinary_pod_is_supported() -> None:
    assert find_unsupported(pod()) is None


def test_the_node_of_a_pod() -> None:
    view = cluster_view(nodes=(node_spec(10, private_ip="10.7.1.10", zone=f"{REGION}c"),))
    node = build_fargate_node(view, pod(), (0.25, 0.5), set())
    address = node["status"]["addresses"][0]["address"]
    assert address.startswith("10.7.")
    assert node["metadata"]["name"] == f"fargate-ip-{address.replace('.', '-')}.{REGION}.compute.internal"
    assert node["metadata"]["labels"]["eks.amazonaws.com/compute-type"] == "fargate"
    assert node["metadata"]["labels"]["topology.kubernetes.io/zone"] == f"{REGION}c"
    assert node["spec"]["taints"] == [
        {"key": "eks.amazonaws.com/compute-type", "value": "fargate", "effect": "NoSchedule"}
    ]
    assert node["status"]["capacity"] == {"cpu": "250m", "memory": "512Mi", "pods": "1"}


def test_no_two_pods_share_an_address() -> None:
    first = build_fargate_node(cluster_view(), pod(), (0.25, 0.5), set())["status"]["addresses"][0]["address"]
    second = build_fargate_node(cluster_view(), pod(), (0.25, 0.5), {first})["status"]["addresses"][0]["address"]
    assert first.startswith("10.0.")
    assert first != second
