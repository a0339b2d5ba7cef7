"""The table of add-on versions, what they are compatible with, and the schemas of their configuration."""

from __future__ import annotations

import json
from typing import Any

from kumo_sandbox.eks.context import Context, handles, paginate
from kumo_sandbox.eks.errors import InvalidParameter, ResourceNotFound
from kumo_sandbox.eks.versions import VERSIONS

ALL = [version.name for version in VERSIONS]
# "Kube-proxy on an Amazon EKS cluster has the same compatibility and skew policy as Kubernetes": a version is offered for later minor
# versions, too. https://docs.aws.amazon.com/eks/latest/userguide/kube-proxy-add-on-self-managed-update.html
# https://github.com/eksctl-io/eksctl/issues/4344 (an answer of DescribeAddonVersions)
PROXY_SKEW = 3
QUANTITY = {"type": "string", "pattern": "^[0-9]+(\\.[0-9]+)?(m|Ki|Mi|Gi)?$"}
RESOURCES = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        part: {"type": "object", "properties": {"cpu": QUANTITY, "memory": QUANTITY}, "additionalProperties": False}
        for part in ("limits", "requests")
    },
}
COMMON: dict[str, Any] = {
    "resources": RESOURCES,
    "nodeSelector": {"type": "object"},
    "affinity": {"type": "object"},
    "tolerations": {"type": "array", "items": {"type": "object"}},
    "podAnnotations": {"type": "object"},
    "podLabels": {"type": "object"},
}
COREDNS = {
    "replicaCount": {"type": "integer", "minimum": 1},
    "corefile": {"type": "string"},
    "computeType": {"type": "string"},
    "topologySpreadConstraints": {"type": "array", "items": {"type": "object"}},
    "podDisruptionBudget": {
        "type": "object",
        "properties": {
            "enabled": {"type": "boolean"},
            "maxUnavailable": {"anyOf": [{"type": "string", "pattern": ".*%$"}, {"type": "integer"}]},
            "minAvailable": {"anyOf": [{"type": "string", "pattern": ".*%$"}, {"type": "integer"}]},
        },
    },
    "autoScaling": {
        "type": "object",
        "additionalProperties": False,
        "properties": {
            "enabled": {"type": "boolean"},
            "minReplicas": {"type": "integer", "minimum": 2, "maximum": 1000},
            "maxReplicas": {"type": "integer", "minimum": 2, "maximum": 1000},
        },
    },
}
VPC_CNI = {
    "enableNetworkPolicy": {"type": "string", "enum": ["true", "false"]},
    # https://github.com/aws/containers-roadmap/issues/2341
    "enableWindowsIpam": {"type": "string", "enum": ["true", "false"]},
    "enableWindowsPrefixDelegation": {"type": "string", "enum": ["true", "false"]},
    "env": {"type": "object", "additionalProperties": {"type": "string"}},
    "eniConfig": {"type": "object"},
    "init": {"type": "object"},
    "nodeAgent": {"type": "object"},
}

# (name, type, [(version, cluster versions)] newest first, configuration besides COMMON)
TABLE: tuple[tuple[str, str, list[tuple[str, list[str]]], dict[str, Any]], ...] = (
    (
        "vpc-cni",
        "networking",
        [("v1.20.4-eksbuild.1", ALL), ("v1.19.6-eksbuild.7", ALL), ("v1.18.6-eksbuild.1", ALL[4:])],
        VPC_CNI,
    ),
    (
        "coredns",
        "networking",
        [
            ("v1.13.1-eksbuild.1", ["1.36", "1.35", "1.34"]),
            ("v1.12.4-eksbuild.1", ["1.35", "1.34", "1.33", "1.32"]),
            ("v1.11.4-eksbuild.24", ["1.33", "1.32", "1.31", "1.30", "1.29"]),
            ("v1.11.1-eksbuild.23", ["1.31", "1.30", "1.29"]),
        ],
        COREDNS,
    ),
    (
        "kube-proxy",
        "networking",
        [
            (f"v{v.patch}-eksbuild.{n}", [c.name for c in VERSIONS if v.minor <= c.minor <= v.minor + PROXY_SKEW])
            for v in VERSIONS
            for n in (5, 2)
        ],
        {
            "mode": {"type": "string", "enum": ["iptables", "ipvs", "nftables"]},
            "ipvs": {"type": "object", "properties": {"scheduler": {"type": "string"}}, "additionalProperties": False},
        },
    ),
    ("eks-pod-identity-agent", "security", [("v1.3.8-eksbuild.2", ALL), ("v1.3.4-eksbuild.1", ALL)], {}),
    (
        "aws-ebs-csi-driver",
        "storage",
        [("v1.49.0-eksbuild.1", ALL), ("v1.45.0-eksbuild.2", ALL)],
        {"controller": {"type": "object"}, "node": {"type": "object"}},
    ),
    (
        "aws-efs-csi-driver",
        "storage",
        [("v2.1.12-eksbuild.1", ALL)],
        {"controller": {"type": "object"}, "node": {"type": "object"}},
    ),
    (
        "metrics-server",
        "observability",
        [("v0.8.0-eksbuild.2", ALL), ("v0.7.2-eksbuild.4", ALL)],
        {"replicas": {"type": "integer", "minimum": 1}},
    ),
    ("snapshot-controller", "storage", [("v8.3.0-eksbuild.1", ALL), ("v8.2.0-eksbuild.1", ALL)], {}),
    ("eks-node-monitoring-agent", "observability", [("v1.4.0-eksbuild.2", ALL)], {}),
    ("amazon-cloudwatch-observability", "observability", [("v4.4.0-eksbuild.1", ALL)], {"agent": {"type": "object"}}),
    ("aws-fsx-csi-driver", "storage", [("v1.6.0-eksbuild.1", ALL)], {"controller": {"type": "object"}}),
    ("cert-manager", "security", [("v1.18.2-eksbuild.2", ALL)], {"replicaCount": {"type": "integer", "minimum": 1}}),
    ("external-dns", "networking", [("v0.19.0-eksbuild.2", ALL)], {"domainFilters": {"type": "array"}}),
)
BY_NAME = {row[0]: row for row in TABLE}
# Where an add-on is installed that is not in kube-system.
# https://docs.aws.amazon.com/eks/latest/userguide/community-addons.html
# https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/install-CloudWatch-Observability-EKS-addon.html
NAMESPACES = {
    "amazon-cloudwatch-observability": "amazon-cloudwatch",
    "cert-manager": "cert-manager",
    "external-dns": "external-dns",
}
# The service accounts that need permissions of AWS, with the managed policies that EKS suggests.
# https://docs.aws.amazon.com/eks/latest/userguide/workloads-add-ons-available-eks.html
POD_IDENTITIES: dict[str, tuple[tuple[str, tuple[str, ...]], ...]] = {
    "vpc-cni": (("aws-node", ("AmazonEKS_CNI_Policy",)),),
    "aws-ebs-csi-driver": (("ebs-csi-controller-sa", ("service-role/AmazonEBSCSIDriverPolicy",)),),
    "aws-efs-csi-driver": (("efs-csi-controller-sa", ("service-role/AmazonEFSCSIDriverPolicy",)),),
    "amazon-cloudwatch-observability": (
        ("cloudwatch-agent", ("CloudWatchAgentServerPolicy", "AWSXrayWriteOnlyAccess")),
    ),
    "aws-fsx-csi-driver": (("fsx-csi-controller-sa", ("AmazonFSxFullAccess",)),),
    "external-dns": (("external-dns", ("AmazonRoute53FullAccess",)),),
}


def find_addon(name: str) -> tuple[str, str, list[tuple[str, list[str]]], dict[str, Any]]:
    if name not in BY_NAME:
        raise InvalidParameter(f"Addon {name} specified is not supported", addonName=name)
    return BY_NAME[name]


def get_namespace(name: str) -> str:
    """Where an add-on is installed unless the request says where."""
    return NAMESPACES.get(name, "kube-system")


def find_default_version(name: str, cluster_version: str) -> str:
    """The default is the second newest compatible one where there are two, as EKS' default trails its newest."""
    fitting = [version for version, clusters in find_addon(name)[2] if cluster_version in clusters]
    if not fitting:
        raise InvalidParameter(f"Addon {name} is not supported in {cluster_version} kubernetes version", addonName=name)
    return fitting[1] if len(fitting) > 1 else fitting[0]


def check_version(name: str, version: str, cluster_version: str) -> None:
    if not any(version == row and cluster_version in clusters for row, clusters in find_addon(name)[2]):
        raise InvalidParameter(
            f"Addon version specified is not supported, for addon {name} and kubernetes version {cluster_version}",
            addonName=name,
        )


def build_schema(name: str) -> dict[str, Any]:
    return {
        "$schema": "http://json-schema.org/draft-06/schema#",
        "title": name,
        "type": "object",
        "additionalProperties": False,
        "properties": {**COMMON, **find_addon(name)[3]},
    }


@handles("DescribeAddonVersions")
def describe_addon_versions(ctx: Context, p: dict[str, Any]) -> dict[str, Any]:
    wanted = p.get("kubernetesVersion")
    rows = []
    for name, kind, versions, _configuration in TABLE:
        if p.get("addonName") not in (None, name) or (p.get("types") and kind not in p["types"]):
            continue
        if not {"aws"} & set(p.get("owners") or ["aws"]) or not {"eks"} & set(p.get("publishers") or ["eks"]):
            continue
        infos = [
            _build_info(name, v, clusters, wanted) for v, clusters in versions if wanted is None or wanted in clusters
        ]
        if infos:
            rows.append(
                {
                    "addonName": name,
                    "type": kind,
                    "addonVersions": infos,
                    "publisher": "eks",
                    "owner": "aws",
                    "defaultNamespace": get_namespace(name),
                }
            )
    return paginate(ctx, p, "addons", rows)


def _build_info(name: str, version: str, clusters: list[str], wanted: str | None) -> dict[str, Any]:
    fitting = [
        {"clusterVersion": c, "platformVersions": ["*"], "defaultVersion": find_default_version(name, c) == version}
        for c in clusters
        if wanted in (None, c)
    ]
    return {
        "addonVersion": version,
        "architecture": ["amd64", "arm64"],
        "computeTypes": ["ec2", "auto", "hybrid"],
        "compatibilities": fitting,
        "requiresConfiguration": False,
        "requiresIamPermissions": name in POD_IDENTITIES,
    }


@handles("DescribeAddonConfiguration")
def describe_addon_configuration(ctx: Context, p: dict[str, Any]) -> dict[str, Any]:
    name = p["addonName"]
    if not any(p["addonVersion"] == version for version, dummy in find_addon(name)[2]):
        raise ResourceNotFound(
            f"No addon versions found for addon {name} with version {p['addonVersion']}", addonName=name
        )
    return {
        "addonName": name,
        "addonVersion": p["addonVersion"],
        "configurationSchema": json.dumps(build_schema(name)),
        "podIdentityConfiguration": _build_pod_identities(ctx, name),
    }


def _build_pod_identities(ctx: Context, name: str) -> list[dict[str, Any]]:
    arn = f"arn:{ctx.partition.name}:iam::aws:policy/"
    return [
        {"serviceAccount": account, "recommendedManagedPolicies": [arn + policy for policy in policies]}
        for account, policies in POD_IDENTITIES.get(name, ())
    ]
