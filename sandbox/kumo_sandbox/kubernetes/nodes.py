"""Instances of node groups, and self-managed ones, as Node objects, the way EKS' AMIs register them."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from typing import Any

from kumo_sandbox.interfaces import ClusterView, NodeSpec
from kumo_sandbox.kubernetes.api import Manifest
from kumo_sandbox.kubernetes.instance_types import find_instance_type

# A kubelet's default: the controller manager attaches volumes. https://kubernetes.io/docs/reference/labels-annotations-taints/
ATTACHED_BY = "volumes.kubernetes.io/controller-managed-attach-detach"
# Kubelet of the newest AMI of each minor version.
KUBELETS = {
    "1.28": "v1.28.15-eks-3abbec1",
    "1.29": "v1.29.15-eks-3abbec1",
    "1.30": "v1.30.14-eks-3abbec1",
    "1.31": "v1.31.13-eks-113cf36",
    "1.32": "v1.32.9-eks-113cf36",
    "1.33": "v1.33.5-eks-113cf36",
    "1.34": "v1.34.1-eks-113cf36",
    "1.35": "v1.35.0-eks-113cf36",
    "1.36": "v1.36.2-eks-113cf36",
}
CONTAINER_RUNTIME = "containerd://2.1.4"
# Beginning of an AMI type: OS image, kernel. The first that fits counts.
SYSTEMS = (
    ("AL2_", "Amazon Linux 2", "5.10.245-241.978.amzn2"),
    ("BOTTLEROCKET", "Bottlerocket OS 1.50.0 (aws-k8s-{version})", "6.1.155"),
    ("WINDOWS_CORE_2019", "Windows Server 2019 Datacenter", "10.0.17763.7919"),
    ("WINDOWS_FULL_2019", "Windows Server 2019 Datacenter", "10.0.17763.7919"),
    ("WINDOWS", "Windows Server 2022 Datacenter", "10.0.20348.4294"),
    ("", "Amazon Linux 2023.9.20251105", "6.1.156-177.286.amzn2023"),
)
CONDITIONS = (
    ("MemoryPressure", "False", "KubeletHasSufficientMemory", "kubelet has sufficient memory available"),
    ("DiskPressure", "False", "KubeletHasNoDiskPressure", "kubelet has no disk pressure"),
    ("PIDPressure", "False", "KubeletHasSufficientPID", "kubelet has sufficient PID available"),
    ("Ready", "True", "KubeletReady", "kubelet is posting ready status"),
)


def build_kubelet_version(version: str) -> str:
    """The kubelet's version string for a Kubernetes version: 1.29 gives v1.29.15-eks-..."""
    return KUBELETS.get(version, f"v{version}.0-eks-113cf36")


def build_node(view: ClusterView, spec: NodeSpec) -> Manifest:
    """The Node object of one instance."""
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": spec.name, "labels": _build_labels(view, spec), "annotations": {ATTACHED_BY: "true"}},
        "spec": {
            "providerID": f"aws:///{spec.zone}/{spec.instance_id}",
            "taints": [_build_taint(*taint) for taint in spec.taints],
        },
        "status": build_status(spec.name, spec.private_ip, *_build_resources(spec), _build_os_info(spec)),
    }


def build_place_labels(name: str, region: str, zone: str, system: str, architecture: str) -> dict[str, str]:
    """Labels that every node has: host name, place, operating system, architecture, with their old names."""
    return {
        "beta.kubernetes.io/arch": architecture,
        "beta.kubernetes.io/os": system,
        "failure-domain.beta.kubernetes.io/region": region,
        "failure-domain.beta.kubernetes.io/zone": zone,
        "kubernetes.io/arch": architecture,
        "kubernetes.io/hostname": name,
        "kubernetes.io/os": system,
        "topology.kubernetes.io/region": region,
        "topology.kubernetes.io/zone": zone,
    }


def build_status(
    name: str, address: str, capacity: dict[str, str], allocatable: dict[str, str], info: dict[str, str]
) -> dict[str, Any]:
    """A Node's status, Ready from the start; kwok keeps it so."""
    return {
        "capacity": capacity,
        "allocatable": allocatable,
        "conditions": [_build_condition(*condition) for condition in CONDITIONS],
        "addresses": [
            {"type": "InternalIP", "address": address},
            {"type": "InternalDNS", "address": name},
            {"type": "Hostname", "address": name},
        ],
        "nodeInfo": info,
        "daemonEndpoints": {"kubeletEndpoint": {"Port": 10250}},
    }


def build_node_info(
    identity: str, version: str, system: str, architecture: str, image: str, kernel: str
) -> dict[str, str]:
    """What a kubelet says of its machine; ids are made from ``identity``, so that they stay the same."""
    return {
        "architecture": architecture,
        "bootID": _derive_uuid(f"boot {identity}"),
        "containerRuntimeVersion": CONTAINER_RUNTIME,
        "kernelVersion": kernel,
        "kubeProxyVersion": "",
        "kubeletVersion": build_kubelet_version(version),
        "machineID": hashlib.sha256(identity.encode()).hexdigest()[:32],
        "operatingSystem": system,
        "osImage": image,
        "systemUUID": _derive_uuid(identity),
    }


def _build_labels(view: ClusterView, spec: NodeSpec) -> dict[str, str]:
    """The node group's own labels and the service's, which win. EKS gives none to self-managed nodes."""
    architecture = find_instance_type(spec.instance_type).architecture
    of_eks = {
        "eks.amazonaws.com/capacityType": spec.capacity_type,
        "eks.amazonaws.com/nodegroup": spec.nodegroup,
        "eks.amazonaws.com/nodegroup-image": spec.image_id,
    }
    return {
        **spec.labels,
        **build_place_labels(spec.name, spec.region, spec.zone, _find_operating_system(spec), architecture),
        "beta.kubernetes.io/instance-type": spec.instance_type,
        **(of_eks if spec.nodegroup else {}),
        "k8s.io/cloud-provider-aws": hashlib.md5(view.arn.encode(), usedforsecurity=False).hexdigest(),
        "node.kubernetes.io/instance-type": spec.instance_type,
    }


def _build_taint(key: str, value: str, effect: str) -> dict[str, str]:
    return {"key": key, "effect": effect} | ({"value": value} if value else {})


def _build_resources(spec: NodeSpec) -> tuple[dict[str, str], dict[str, str]]:
    numbers = find_instance_type(spec.instance_type)
    return numbers.capacity, numbers.allocatable


def _build_os_info(spec: NodeSpec) -> dict[str, str]:
    architecture = find_instance_type(spec.instance_type).architecture
    image, kernel = next(row[1:] for row in SYSTEMS if spec.ami_type.startswith(row[0]))
    if "amzn" in kernel:
        kernel += {"amd64": ".x86_64", "arm64": ".aarch64"}[architecture]
    image = image.format(version=spec.version)
    return build_node_info(spec.instance_id, spec.version, _find_operating_system(spec), architecture, image, kernel)


def _find_operating_system(spec: NodeSpec) -> str:
    return "windows" if spec.ami_type.startswith("WINDOWS") else "linux"


def _build_condition(kind: str, value: str, reason: str, message: str) -> dict[str, str]:
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    moments = {"lastHeartbeatTime": now, "lastTransitionTime": now}
    return {"type": kind, "status": value, "reason": reason, "message": message, **moments}


def _derive_uuid(text: str) -> str:
    digest = hashlib.sha256(text.encode()).hexdigest()
    return "-".join((digest[:8], digest[8:12], digest[12:16], digest[16:20], digest[20:32]))
