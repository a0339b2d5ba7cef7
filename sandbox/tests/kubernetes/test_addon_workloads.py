"""Add-ons as workloads, and whether they find a place."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from kubernetes_views import REGION, addon, cluster_view, node_spec, profile

from kumo_sandbox.interfaces import ClusterView
from kumo_sandbox.kubernetes.addons import build_addon_manifests, can_addon_run

REGISTRY = f"602401143452.dkr.ecr.{REGION}.amazonaws.com"


def by_kind(*names: str) -> dict[tuple[str, str], dict[str, Any]]:
    view = cluster_view(addons=tuple(addon(name) for name in names))
    return {(each["kind"], each["metadata"]["name"]): each for each in build_addon_manifests(view)}


def image(manifest: dict[str, Any]) -> str:
    return str(manifest["spec"]["template"]["spec"]["containers"][0]["image"])


@pytest.mark.parametrize(
    ("name", "kind", "workload", "path"),
    [
        ("coredns", "Deployment", "coredns", "eks/coredns:v1.2.3-eksbuild.4"),
        ("kube-proxy", "DaemonSet", "kube-proxy", "eks/kube-proxy:v1.2.3-minimal-eksbuild.4"),
        ("vpc-cni", "DaemonSet", "aws-node", "amazon-k8s-cni:v1.2.3-eksbuild.4"),
        (
            "eks-pod-identity-agent",
            "DaemonSet",
            "eks-pod-identity-agent",
            "eks/eks-pod-identity-agent:v1.2.3-eksbuild.4",
        ),
        ("aws-ebs-csi-driver", "Deployment", "ebs-csi-controller", "eks/aws-ebs-csi-driver:v1.2.3"),
        ("aws-ebs-csi-driver", "DaemonSet", "ebs-csi-node", "eks/aws-ebs-csi-driver:v1.2.3"),
        ("adot", "Deployment", "adot", "eks/adot:v1.2.3-eksbuild.4"),
    ],
)
def test_workload_and_image(name: str, kind: str, workload: str, path: str) -> None:
    assert image(by_kind(name)[kind, workload]) == f"{REGISTRY}/{path}"


@pytest.mark.parametrize(
    ("region", "registry"),
    [
        ("cn-north-1", "918309763551.dkr.ecr.cn-north-1.amazonaws.com.cn"),
        ("us-gov-west-1", "013241004608.dkr.ecr.us-gov-west-1.amazonaws.com"),
        ("eusc-de-east-1", "877088126301.dkr.ecr.eusc-de-east-1.amazonaws.eu"),
    ],
)
def test_registries_of_other_partitions(region: str, registry: str) -> None:
    view = replace(cluster_view(addons=(addon("vpc-cni"),)), region=region)
    images = [image(each) for each in build_addon_manifests(view) if each["kind"] == "DaemonSet"]
    assert images == [f"{registry}/amazon-k8s-cni:v1.2.3-eksbuild.4"]


def test_coredns_has_two_replicas_and_the_tenth_address() -> None:
    objects = by_kind("coredns")
    assert objects["Deployment", "coredns"]["spec"]["replicas"] == 2
    assert objects["Service", "kube-dns"]["spec"]["clusterIP"] == "10.100.0.10"


def test_daemon_sets_keep_off_fargate() -> None:
    spec = by_kind("vpc-cni")["DaemonSet", "aws-node"]["spec"]["template"]["spec"]
    (term,) = spec["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]["nodeSelectorTerms"]
    assert {"key": "eks.amazonaws.com/compute-type", "operator": "NotIn", "values": ["fargate"]} in term[
        "matchExpressions"
    ]


def test_no_add_on_no_objects() -> None:
    assert by_kind() == {}


@pytest.mark.parametrize(
    ("view", "ready"),
    [
        (cluster_view(), False),
        (cluster_view(nodes=(node_spec(10),)), True),
        (cluster_view(nodes=(node_spec(10, taints=(("a", "", "NoSchedule"),)),)), False),
        (cluster_view(nodes=(node_spec(10, taints=(("a", "", "PreferNoSchedule"),)),)), True),
        (cluster_view(nodes=(node_spec(10, taints=(("CriticalAddonsOnly", "true", "NoSchedule"),)),)), True),
        (cluster_view(nodes=(node_spec(10, ami_type="WINDOWS_CORE_2022_x86_64"),)), False),
        (cluster_view(fargate_profiles=(profile("dns", "kube-system"),)), True),
        (cluster_view(fargate_profiles=(profile("dns", "kube-*", **{"k8s-app": "kube-dns"}),)), True),
        (cluster_view(fargate_profiles=(profile("other", "kube-system", app="x"),)), False),
        (cluster_view(fargate_profiles=(profile("other", "default"),)), False),
    ],
)
def test_coredns_wants_a_place(view: ClusterView, ready: bool) -> None:
    assert can_addon_run(view, "coredns") is ready


@pytest.mark.parametrize(
    ("name", "ready"), [("kube-proxy", True), ("vpc-cni", True), ("aws-ebs-csi-driver", False), ("adot", False)]
)
def test_only_daemon_sets_are_content_without_nodes(name: str, ready: bool) -> None:
    assert can_addon_run(cluster_view(), name) is ready
