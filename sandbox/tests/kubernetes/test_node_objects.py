"""Instances as Node objects: labels, taints, resources, system."""

from __future__ import annotations

from typing import Any

import pytest
from kubernetes_views import REGION, cluster_view, node_spec

from kumo_sandbox.kubernetes.instance_types import find_instance_type
from kumo_sandbox.kubernetes.nodes import build_kubelet_version, build_node


def manifest(**changes: Any) -> dict[str, Any]:
    return build_node(cluster_view(), node_spec(10, **changes))


def test_labels_of_the_node_group_and_of_the_service() -> None:
    labels = manifest(capacity_type="SPOT", labels={"role": "spot-worker"})["metadata"]["labels"]
    expected = {
        "role": "spot-worker",
        "eks.amazonaws.com/nodegroup": "general",
        "eks.amazonaws.com/capacityType": "SPOT",
        "eks.amazonaws.com/nodegroup-image": "ami-0123456789abcdef0",
        "node.kubernetes.io/instance-type": "m5.large",
        "beta.kubernetes.io/instance-type": "m5.large",
        "topology.kubernetes.io/region": REGION,
        "topology.kubernetes.io/zone": f"{REGION}a",
        "kubernetes.io/hostname": f"ip-10-0-1-10.{REGION}.compute.internal",
        "kubernetes.io/arch": "amd64",
        "kubernetes.io/os": "linux",
    }
    assert expected.items() <= labels.items()
    assert "k8s.io/cloud-provider-aws" in labels


def test_the_service_wins_over_a_label_of_the_same_name() -> None:
    assert manifest(labels={"kubernetes.io/os": "plan9"})["metadata"]["labels"]["kubernetes.io/os"] == "linux"


def test_the_provider_id_names_zone_and_instance() -> None:
    assert manifest()["spec"]["providerID"] == f"aws:///{REGION}a/i-{10:017x}"


def test_taints_with_and_without_a_value() -> None:
    taints = manifest(taints=(("spot", "true", "NoSchedule"), ("gpu", "", "NoExecute")))["spec"]["taints"]
    assert taints == [
        {"key": "spot", "value": "true", "effect": "NoSchedule"},
        {"key": "gpu", "effect": "NoExecute"},
    ]


@pytest.mark.parametrize(
    ("name", "vcpus", "memory_mib", "max_pods", "architecture"),
    [
        ("m5.large", 2, 8192, 29, "amd64"),
        ("t3.medium", 2, 4096, 17, "amd64"),
        ("c6g.xlarge", 4, 8192, 58, "arm64"),
        ("m7i.48xlarge", 192, 786432, 737, "amd64"),
        ("no.such", 2, 8192, 29, "amd64"),
    ],
)
def test_resources_follow_the_instance_type(
    name: str, vcpus: int, memory_mib: int, max_pods: int, architecture: str
) -> None:
    found = find_instance_type(name)
    numbers = (found.vcpus, found.memory_mib, found.max_pods, found.architecture)
    assert numbers == (vcpus, memory_mib, max_pods, architecture)


def test_allocatable_is_less_than_capacity() -> None:
    status = manifest()["status"]
    assert (status["capacity"]["cpu"], status["allocatable"]["cpu"]) == ("2", "1930m")
    capacity, allocatable = (int(status[key]["memory"].removesuffix("Ki")) for key in ("capacity", "allocatable"))
    assert capacity - allocatable == (255 + 11 * 29 + 100) * 1024
    assert status["capacity"]["pods"] == "29"


@pytest.mark.parametrize(
    ("ami_type", "image", "system"),
    [
        ("AL2_x86_64", "Amazon Linux 2", "linux"),
        ("AL2023_x86_64_STANDARD", "Amazon Linux 2023", "linux"),
        ("CUSTOM", "Amazon Linux 2023", "linux"),
        ("BOTTLEROCKET_x86_64", "(aws-k8s-1.29)", "linux"),
        ("WINDOWS_CORE_2019_x86_64", "Windows Server 2019", "windows"),
        ("WINDOWS_FULL_2022_x86_64", "Windows Server 2022", "windows"),
    ],
)
def test_the_system_follows_the_ami_type(ami_type: str, image: str, system: str) -> None:
    info = manifest(ami_type=ami_type)["status"]["nodeInfo"]
    assert image in info["osImage"]
    assert info["operatingSystem"] == system


def test_the_kubelet_has_the_node_groups_version() -> None:
    assert manifest(version="1.30")["status"]["nodeInfo"]["kubeletVersion"].startswith("v1.30.")
    assert build_kubelet_version("1.99").startswith("v1.99.0-eks-")


def test_a_node_is_ready_from_the_start() -> None:
    conditions = {each["type"]: each["status"] for each in manifest()["status"]["conditions"]}
    assert conditions == {"Ready": "True", "MemoryPressure": "False", "DiskPressure": "False", "PIDPressure": "False"}
