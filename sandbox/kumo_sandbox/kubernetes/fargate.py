"""Fargate's rules: which pods a profile takes, which it cannot run, how large their machine is, and its Node object."""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase

from kumo_sandbox.interfaces import ClusterView, FargateProfileSpec
from kumo_sandbox.kubernetes.api import Manifest
from kumo_sandbox.kubernetes.nodes import build_node_info, build_place_labels, build_status

COMPUTE_TYPE = "eks.amazonaws.com/compute-type"
PROFILE_LABEL = "eks.amazonaws.com/fargate-profile"
SCHEDULER = "fargate-scheduler"
TAINT = {"key": COMPUTE_TYPE, "value": "fargate", "effect": "NoSchedule"}
KUBERNETES_SHARE_GIB = 0.25  # added to each pod's memory for kubelet, kube-proxy and containerd
GIB = 1024**3
# vCPUs: the memory sizes in GB they can have ("Fargate Pod configuration" in the EKS User Guide).
SIZES: dict[float, tuple[float, ...]] = {
    0.25: (0.5, 1, 2),
    0.5: (1, 2, 3, 4),
    1: tuple(range(2, 9)),
    2: tuple(range(4, 17)),
    4: tuple(range(8, 31)),
    8: tuple(range(16, 61, 4)),
    16: tuple(range(32, 121, 8)),
}
SUFFIXES = {"": 1.0, "m": 1e-3, "k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12} | {
    f"{letter}i": 1024.0**power for power, letter in enumerate("KMGT", 1)
}


def find_profile(pod: Manifest, namespace: str, profiles: Iterable[FargateProfileSpec]) -> str | None:
    """The profile that takes this pod: the one its label asks for if that matches, else the first by name.

    Pods of DaemonSets and pods that are bound already stay where they are.
    """
    metadata = pod["metadata"]
    owners = {owner["kind"] for owner in metadata.get("ownerReferences") or []}
    if "DaemonSet" in owners or pod["spec"].get("nodeName"):
        return None
    labels = metadata.get("labels") or {}
    names = sorted(profile.name for profile in profiles if _is_matched(profile, namespace, labels))
    asked = labels.get(PROFILE_LABEL)
    return asked if asked in names else next(iter(names if asked is None else ()), None)


def _is_matched(profile: FargateProfileSpec, namespace: str, labels: Mapping[str, str]) -> bool:
    """Whether one selector fits: its namespace, and each of its labels; * and ? stand for any characters."""
    return any(
        _like(namespace, wanted) and all(_like(labels.get(key), value) for key, value in pairs)
        for wanted, pairs in profile.selectors
    )


def _like(value: str | None, pattern: str) -> bool:
    return value is not None and fnmatchcase(value, pattern.replace("[", "[[]"))


def find_unsupported(pod: Manifest) -> str | None:
    """Why Fargate cannot run the pod, None if it can ("Fargate considerations" in the EKS User Guide)."""
    spec = pod["spec"]
    fields = [name for name in ("hostNetwork", "hostPID", "hostIPC") if spec.get(name)]
    fields += ["hostPath" for volume in spec.get("volumes") or [] if "hostPath" in volume][:1]
    containers = [*spec["containers"], *(spec.get("initContainers") or [])]
    fields += ["hostPort" for each in containers if any(port.get("hostPort") for port in each.get("ports") or [])][:1]
    if any((each.get("securityContext") or {}).get("privileged") for each in containers):
        fields.append("privileged")
    if fields:
        return f"Pod not supported on Fargate: fields not supported: {', '.join(fields)}"
    if choose_size(pod) is None:
        return "Pod not supported on Fargate: its resource requests exceed 16 vCPU and 120 GB"
    return None


def choose_size(pod: Manifest) -> tuple[float, float] | None:
    """vCPUs and GB of the smallest machine that holds the pod's requests; None when none does."""
    cpu = _sum_requests(pod, "cpu")
    memory = _sum_requests(pod, "memory") / GIB + KUBERNETES_SHARE_GIB
    fitting = ((vcpus, gib) for vcpus, sizes in SIZES.items() for gib in sizes if vcpus >= cpu and gib >= memory)
    return next(fitting, None)


def _sum_requests(pod: Manifest, resource: str) -> float:
    """The sum over the containers, or an init container's request where that is more."""
    spec = pod["spec"]
    largest_init = max((_read_request(each, resource) for each in spec.get("initContainers") or []), default=0.0)
    return max(sum(_read_request(each, resource) for each in spec["containers"]), largest_init)


def _read_request(container: Manifest, resource: str) -> float:
    resources = container.get("resources") or {}
    value = (resources.get("requests") or {}).get(resource) or (resources.get("limits") or {}).get(resource) or "0"
    match = re.fullmatch(r"([0-9.]+)([a-zA-Z]*)", str(value))
    return float(match[1]) * SUFFIXES.get(match[2], math.inf) if match else math.inf


def format_capacity(size: tuple[float, float]) -> str:
    """The size as the annotation CapacityProvisioned has it: 0.25vCPU 0.5GB."""
    return f"{size[0]:g}vCPU {size[1]:g}GB"


def build_fargate_node(view: ClusterView, pod: Manifest, size: tuple[float, float], taken: set[str]) -> Manifest:
    """The node of one pod; its address is none of ``taken`` and stays the same for the same pod."""
    uid = pod["metadata"]["uid"]
    address = _derive_address(view, uid, taken)
    name = f"fargate-ip-{address.replace('.', '-')}.{view.region}.compute.internal"
    zones = sorted({spec.zone for spec in view.nodes}) or [f"{view.region}a"]
    zone = zones[int(hashlib.sha256(uid.encode()).hexdigest(), 16) % len(zones)]
    resources = {"cpu": f"{size[0] * 1000:g}m", "memory": f"{int(size[1] * 1024)}Mi", "pods": "1"}
    info = build_node_info(uid, view.version, "linux", "amd64", "Amazon Linux 2", "5.10.245-245.983.amzn2.x86_64")
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {
            "name": name,
            "labels": {**build_place_labels(name, view.region, zone, "linux", "amd64"), COMPUTE_TYPE: "fargate"},
        },
        "spec": {"providerID": f"aws:///{zone}/{uid[:10]}-{uid}/{name.split('.', maxsplit=1)[0]}", "taints": [TAINT]},
        "status": build_status(name, address, resources, resources, info),
    }


def _derive_address(view: ClusterView, uid: str, taken: set[str]) -> str:
    """An address of the VPC that the nodes are in (10.0.0.0/16 where there are none)."""
    network = ".".join(view.nodes[0].private_ip.split(".")[:2]) if view.nodes else "10.0"
    attempt = 0
    while True:
        digest = hashlib.sha256(f"{uid}/{attempt}".encode()).digest()
        address = f"{network}.{digest[0]}.{digest[1] % 250 + 4}"
        if address not in taken:
            return address
        attempt += 1
