"""Installed add-ons as the workloads they bring to kube-system, under their own names and images."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

from kumo_sandbox.interfaces import AddonSpec, ClusterView, NodeSpec
from kumo_sandbox.kubernetes.addon_settings import SETTINGS, build_config_maps, configure, read_configuration
from kumo_sandbox.kubernetes.api import Manifest
from kumo_sandbox.kubernetes.fargate import COMPUTE_TYPE, find_profile
from kumo_sandbox.partitions import find_partition

NAMESPACE = "kube-system"
# The account of EKS' images in regions that have another one: https://docs.aws.amazon.com/eks/latest/userguide/add-ons-images.html
ACCOUNT = "602401143452"
ACCOUNTS = {
    "cn-north-1": "918309763551",
    "cn-northwest-1": "961992271922",
    "eusc-de-east-1": "877088126301",
    "us-gov-east-1": "151742754352",
    "us-gov-west-1": "013241004608",
}
DNS_HOST = 10  # the cluster DNS is the tenth address of the service network


@dataclass(frozen=True)
class Workload:
    """A Deployment (replicas given) or a DaemonSet of one container."""

    name: str
    image: str  # below the registry; {tag} is the add-on's version, as far as the image has it
    labels: dict[str, str]
    replicas: int = 0
    host_network: bool = False
    requests: dict[str, str] = field(default_factory=dict)
    about: dict[str, str] = field(default_factory=dict)  # more labels of its objects and pods
    account: str = ""  # its service account; if empty, the name of the workload

    @property
    def kind(self) -> str:
        return "Deployment" if self.replicas else "DaemonSet"


def _build_named(name: str) -> dict[str, str]:
    return {"app.kubernetes.io/name": name}


def _build_csi(prefix: str, image: str) -> tuple[Workload, ...]:
    controller = {"app": f"{prefix}-controller", **_build_named(image.split("/")[-1])}
    node = {"app": f"{prefix}-node", **_build_named(image.split("/")[-1])}
    return (
        Workload(
            f"{prefix}-controller",
            f"{image}:{{tag}}",
            controller,
            replicas=2,
            requests={"cpu": "10m"},
            account=f"{prefix}-controller-sa",
        ),
        Workload(f"{prefix}-node", f"{image}:{{tag}}", node, requests={"cpu": "10m"}, account=f"{prefix}-node-sa"),
    )


# Add-on: its workloads ("AWS add-ons" in the EKS User Guide).
WORKLOADS: dict[str, tuple[Workload, ...]] = {
    "coredns": (
        Workload(
            "coredns",
            "eks/coredns:{version}",
            {"k8s-app": "kube-dns", "eks.amazonaws.com/component": "coredns"},
            replicas=2,
            requests={"cpu": "100m", "memory": "70Mi"},
        ),
    ),
    "kube-proxy": (
        Workload(
            "kube-proxy",
            "eks/kube-proxy:{tag}-minimal-{build}",
            {"k8s-app": "kube-proxy"},
            host_network=True,
            requests={"cpu": "100m"},
        ),
    ),
    "vpc-cni": (
        Workload(
            "aws-node",
            "amazon-k8s-cni:{version}",
            {"k8s-app": "aws-node"},
            host_network=True,
            requests={"cpu": "50m"},
            about={"app.kubernetes.io/instance": "aws-vpc-cni", **_build_named("aws-node")},
        ),
    ),
    "eks-pod-identity-agent": (
        Workload(
            "eks-pod-identity-agent",
            "eks/eks-pod-identity-agent:{version}",
            _build_named("eks-pod-identity-agent"),
            host_network=True,
        ),
    ),
    "aws-ebs-csi-driver": _build_csi("ebs-csi", "eks/aws-ebs-csi-driver"),
    "aws-efs-csi-driver": _build_csi("efs-csi", "eks/aws-efs-csi-driver"),
    "metrics-server": (
        Workload(
            "metrics-server",
            "eks/metrics-server:{version}",
            _build_named("metrics-server"),
            replicas=2,
            requests={"cpu": "100m", "memory": "200Mi"},
        ),
    ),
    "snapshot-controller": (
        Workload(
            "snapshot-controller", "eks/snapshot-controller:{version}", _build_named("snapshot-controller"), replicas=2
        ),
    ),
}
DEPLOYMENT_TOLERATIONS = [
    {"key": "CriticalAddonsOnly", "operator": "Exists"},
    {"key": "node-role.kubernetes.io/control-plane", "effect": "NoSchedule"},
]


def build_addon_manifests(view: ClusterView) -> Iterator[Manifest]:
    """All objects of the add-ons of a cluster."""
    for addon in view.addons:
        yield from _build_objects(view, addon)


def build_bootstrapped_manifests(view: ClusterView) -> Iterator[Manifest]:
    """What is installed with a cluster: the same objects with their default settings."""
    for addon in view.bootstrapped:
        yield from _build_objects(view, addon)


def _build_objects(view: ClusterView, addon: AddonSpec) -> Iterator[Manifest]:
    values = read_configuration(addon.configuration)
    if addon.name == "coredns":
        yield _build_dns_service(view)
    yield from build_config_maps(addon.name, values)
    for number, workload in enumerate(list_workloads(addon.name)):
        yield _build_service_account(workload, addon.role_arn if number == 0 else "")
        yield configure(addon.name, values, _build_manifest(view, addon, workload))


def list_workloads(addon: str) -> tuple[Workload, ...]:
    """An add-on's workloads; one that is not in the table runs as a Deployment of the same name."""
    return WORKLOADS.get(addon) or (Workload(addon, f"eks/{addon}:{{version}}", _build_named(addon), replicas=1),)


def can_addon_run(view: ClusterView, addon: str) -> bool:
    """Whether each of its Deployments finds a place: a node they tolerate, or a Fargate profile that takes them.

    DaemonSets are content where no node is.
    """
    return all(workload.kind == "DaemonSet" or _has_place(view, workload) for workload in list_workloads(addon))


def _has_place(view: ClusterView, workload: Workload) -> bool:
    pod: Manifest = {"metadata": {"labels": workload.labels}, "spec": {}}
    return any(_is_tolerated(node) for node in view.nodes) or bool(find_profile(pod, NAMESPACE, view.fargate_profiles))


def _is_tolerated(node: NodeSpec) -> bool:
    """Whether a Deployment of an add-on may run there; Windows is no place for it."""
    keys = {toleration["key"] for toleration in DEPLOYMENT_TOLERATIONS}
    strict = [key for key, dummy, effect in node.taints if effect != "PreferNoSchedule"]
    return not node.ami_type.startswith("WINDOWS") and all(key in keys for key in strict)


def _build_manifest(view: ClusterView, addon: AddonSpec, workload: Workload) -> Manifest:
    labels = {**workload.labels, **workload.about}
    spec: dict[str, Any] = {
        "selector": {"matchLabels": workload.labels},
        "template": {"metadata": {"labels": labels}, "spec": _build_pod_spec(view, addon, workload)},
    }
    return {
        "apiVersion": "apps/v1",
        "kind": workload.kind,
        "metadata": {"name": workload.name, "namespace": NAMESPACE, "labels": labels},
        "spec": spec | ({"replicas": workload.replicas} if workload.replicas else {}),
    }


def _build_pod_spec(view: ClusterView, addon: AddonSpec, workload: Workload) -> dict[str, Any]:
    daemon = workload.kind == "DaemonSet"
    container = {
        "name": workload.name,
        "image": _build_image(view.region, addon.version, workload),
        "resources": {"requests": workload.requests},
        **deepcopy(SETTINGS.get(workload.name, {})),
    }
    return {
        "serviceAccountName": workload.account or workload.name,
        "hostNetwork": workload.host_network,
        "priorityClassName": "system-node-critical" if daemon else "system-cluster-critical",
        "tolerations": [{"operator": "Exists"}] if daemon else DEPLOYMENT_TOLERATIONS,
        "affinity": _build_affinity(daemon),
        "containers": [container],
    }


def _build_image(region: str, version: str, workload: Workload) -> str:
    """v1.29.0-eksbuild.1 has the tag v1.29.0 and the build eksbuild.1."""
    tag, dummy, build = version.partition("-")
    path = workload.image.format(version=version, tag=tag, build=build or "eksbuild.1")
    return f"{ACCOUNTS.get(region, ACCOUNT)}.dkr.ecr.{region}.{find_partition(region).domain}/{path}"


def _build_affinity(daemon: bool) -> dict[str, Any]:
    """Linux only; daemons keep off Fargate, whose machines hold one pod."""
    expressions: list[dict[str, Any]] = [{"key": "kubernetes.io/os", "operator": "In", "values": ["linux"]}]
    if daemon:
        expressions.append({"key": COMPUTE_TYPE, "operator": "NotIn", "values": ["fargate"]})
    terms = {"nodeSelectorTerms": [{"matchExpressions": expressions}]}
    return {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": terms}}


def _build_service_account(workload: Workload, role_arn: str) -> Manifest:
    labels = {**workload.labels, **workload.about}
    metadata: Manifest = {"name": workload.account or workload.name, "namespace": NAMESPACE, "labels": labels}
    if role_arn:
        metadata["annotations"] = {"eks.amazonaws.com/role-arn": role_arn}
    return {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": metadata}


def _build_dns_service(view: ClusterView) -> Manifest:
    network = ipaddress.ip_network(view.service_cidr)
    ports = [{"name": f"dns{end}", "port": 53, "protocol": kind} for end, kind in (("", "UDP"), ("-tcp", "TCP"))]
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {
            "name": "kube-dns",
            "namespace": NAMESPACE,
            "labels": {"k8s-app": "kube-dns", "eks.amazonaws.com/component": "kube-dns"},
        },
        "spec": {"selector": {"k8s-app": "kube-dns"}, "clusterIP": str(network[DNS_HOST]), "ports": ports},
    }
