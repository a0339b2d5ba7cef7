"""Access entries and their policies."""

from __future__ import annotations

import uuid
from typing import Any

from kumo_sandbox.eks.context import Context, handles, paginate
from kumo_sandbox.eks.errors import InvalidParameter, InvalidRequest, ResourceInUse, ResourceNotFound
from kumo_sandbox.eks.store import Cluster, Raw

ADMIN, AUTO_NODE = "AmazonEKSClusterAdminPolicy", "AmazonEKSAutoNodePolicy"
POLICIES = (
    "AmazonEKSAdminPolicy",
    "AmazonEKSAdminViewPolicy",
    ADMIN,
    "AmazonEKSEditPolicy",
    "AmazonEKSViewPolicy",
    "AmazonEKSSecretReaderPolicy",
    AUTO_NODE,
)


# Kinds of nodes: EKS gives their user name and groups, and they take no access policies (EC2 of auto mode takes them).
# https://docs.aws.amazon.com/eks/latest/userguide/creating-access-entries.html
NODE_USER = "system:node:{{EC2PrivateDNSName}}"
NODES = {
    "EC2_LINUX": (NODE_USER, ["system:nodes"]),
    "EC2_WINDOWS": (NODE_USER, ["system:nodes", "eks:kube-proxy-windows"]),
    "FARGATE_LINUX": ("system:node:{{SessionName}}", ["system:nodes", "system:bootstrappers", "system:node-proxier"]),
    "HYBRID_LINUX": ("system:node:{{SessionName}}", ["system:nodes"]),
    "HYPERPOD_LINUX": ("system:node:{{SessionName}}", ["system:nodes"]),
    "EC2": (NODE_USER, ["system:nodes"]),
}
TAKE_POLICIES = ("STANDARD", "EC2")


def _build_policy_arn(ctx: Context, name: str) -> str:
    return f"arn:{ctx.partition.name}:eks::aws:cluster-access-policy/{name}"


def _check_kind(cluster: Cluster, p: dict[str, Any]) -> None:
    """What belongs to the type of an entry; raises in the service's words."""
    kind = p.get("type") or "STANDARD"
    if kind == "STANDARD":
        return
    if kind not in NODES:
        raise InvalidParameter(
            f"The type parameter is not valid: {kind}, one of STANDARD, {', '.join(NODES)}", clusterName=cluster.name
        )
    if ":role/" not in p["principalArn"]:
        raise InvalidParameter(
            f"The principalArn of an access entry of type {kind} must be an IAM role", clusterName=cluster.name
        )
    for key in ("kubernetesGroups", "username"):
        if p.get(key):
            raise InvalidParameter(
                f"The {key} parameter cannot be specified for an access entry of type {kind}", clusterName=cluster.name
            )


def _require_api_mode(cluster: Cluster) -> Cluster:
    if cluster.raw["accessConfig"]["authenticationMode"] == "CONFIG_MAP":
        raise InvalidRequest(
            "The cluster's authentication mode must be set to one of [API, API_AND_CONFIG_MAP] to perform this operation.",
            clusterName=cluster.name,
        )
    return cluster


def find(cluster: Cluster, principal: str) -> Raw:
    if principal not in cluster.access_entries:
        raise ResourceNotFound(
            f"The specified principalArn could not be found. You can view your available access entries with 'list-access-entries'. {principal}",
            clusterName=cluster.name,
        )
    return cluster.access_entries[principal]


def grant_creator_access(ctx: Context, cluster: Cluster) -> None:
    """EKS makes the creator an administrator by an access entry, once, where entries come into use."""
    wanted = cluster.creator_is_admin and cluster.raw["accessConfig"]["authenticationMode"] != "CONFIG_MAP"
    if not wanted or cluster.creator in cluster.access_entries or cluster.creator.endswith(":root"):
        return
    entry = _build_entry(ctx, cluster, {"principalArn": cluster.creator})
    cluster.access_entries[cluster.creator] = entry
    cluster.access_policies[cluster.creator] = {}
    _associate(ctx, cluster, cluster.creator, _build_policy_arn(ctx, ADMIN), {"type": "cluster", "namespaces": []})


def grant_nodes(ctx: Context, cluster: Cluster) -> None:
    """EKS makes entries for the roles of managed node groups, Fargate profiles and auto mode, where entries are in use.

    It makes them also when a cluster leaves CONFIG_MAP (https://github.com/aws/containers-roadmap/issues/185), and does not
    remove them with the node group (https://github.com/terraform-aws-modules/terraform-aws-eks/issues/3329).
    """
    if cluster.raw["accessConfig"]["authenticationMode"] == "CONFIG_MAP":
        return
    for role, kind in _list_node_roles(cluster).items():
        if role not in cluster.access_entries:
            cluster.access_entries[role] = _build_entry(ctx, cluster, {"principalArn": role, "type": kind})
            cluster.access_policies[role] = {}
            if kind == "EC2":
                _associate(ctx, cluster, role, _build_policy_arn(ctx, AUTO_NODE), {"type": "cluster", "namespaces": []})


def _list_node_roles(cluster: Cluster) -> dict[str, str]:
    """By the ARN of each role of nodes, the type of its entry."""
    auto = (cluster.raw.get("computeConfig") or {}).get("nodeRoleArn")
    found = {auto: "EC2"} if auto else {}
    for group in cluster.nodegroups.values():
        found[group["nodeRole"]] = "EC2_WINDOWS" if group["amiType"].startswith("WINDOWS") else "EC2_LINUX"
    for profile in cluster.fargate_profiles.values():
        found[profile["podExecutionRoleArn"]] = "FARGATE_LINUX"
    return found


def is_dead(ctx: Context, cluster: Cluster, arn: str) -> bool:
    """Whether the role's entry is that of an older role of the same name, which gives the new one no access.

    EKS API, AccessEntry.principalArn: "If you don't delete the access entry and ever recreate the IAM principal, even if it has the
    same ARN, the access entry won't work", since EKS stores the role's unique ID with the entry.
    """
    role = ctx.aws_context.find_role(arn)
    return arn in cluster.access_entries and role is not None and cluster.principal_ids.get(arn) != role["RoleId"]


def _build_entry(ctx: Context, cluster: Cluster, p: dict[str, Any]) -> Raw:
    principal = p["principalArn"]
    cluster.principal_ids[principal] = (ctx.aws_context.find_role(principal) or {}).get("RoleId", "")
    what, dummy, name = principal.rpartition(":")[2].partition("/")
    kind = p.get("type") or "STANDARD"
    session = "/{{SessionName}}" if what == "role" else ""
    username = p.get("username") or (
        principal.replace(":iam:", ":sts:").replace(":role/", ":assumed-role/") + session if session else principal
    )
    return {
        "clusterName": cluster.name,
        "principalArn": principal,
        "kubernetesGroups": NODES[kind][1] if kind in NODES else p.get("kubernetesGroups") or [],
        "accessEntryArn": ctx.build_arn(f"access-entry/{cluster.name}/{what}/{ctx.account}/{name}/{uuid.uuid4()}"),
        "createdAt": ctx.now(),
        "modifiedAt": ctx.now(),
        "tags": p.get("tags") or {},
        "username": NODES[kind][0] if kind in NODES else username,
        "type": kind,
    }


def _check_principal(ctx: Context, arn: str) -> None:
    """It exists, and is no service-linked role.

    https://github.com/terraform-aws-modules/terraform-aws-eks/issues/2969
    https://github.com/hashicorp/terraform-provider-aws/issues/36447
    """
    if ":role/aws-service-role/" in arn:
        raise InvalidParameter(
            "The caller is not allowed to modify access entries with a principalArn value of a Service Linked Role"
        )
    if not ctx.aws_context.has_principal(arn):
        raise InvalidParameter("The specified principalArn is invalid: invalid principal.")


@handles("CreateAccessEntry")
def create_access_entry(ctx: Context, p: dict[str, Any]) -> dict[str, Any]:
    cluster = _require_api_mode(ctx.find_active_cluster(p["clusterName"]))
    principal = p["principalArn"]
    if principal in cluster.access_entries:
        raise ResourceInUse(
            "The specified access entry resource is already in use on this cluster.", clusterName=cluster.name
        )
    if ":assumed-role/" in principal or ":iam::" not in principal:
        raise InvalidParameter(f"The principalArn parameter format is not valid: {principal}", clusterName=cluster.name)
    if any(group.startswith("system:") for group in p.get("kubernetesGroups") or []):
        raise InvalidParameter("The kubernetes group name cannot start with system:", clusterName=cluster.name)
    _check_kind(cluster, p)
    _check_principal(ctx, principal)
    cluster.access_entries[principal] = _build_entry(ctx, cluster, p)
    cluster.access_policies[principal] = {}
    ctx.control_planes.sync(cluster.raw["arn"])
    return {"accessEntry": cluster.access_entries[principal]}


@handles("DescribeAccessEntry")
def describe_access_entry(ctx: Context, p: dict[str, Any]) -> dict[str, Any]:
    return {"accessEntry": find(_require_api_mode(ctx.find_cluster(p["clusterName"])), p["principalArn"])}


@handles("ListAccessEntries")
def list_access_entries(ctx: Context, p: dict[str, Any]) -> dict[str, Any]:
    cluster = _require_api_mode(ctx.find_cluster(p["clusterName"]))
    wanted = p.get("associatedPolicyArn")
    rows = sorted(a for a in cluster.access_entries if wanted is None or wanted in cluster.access_policies[a])
    return paginate(ctx, p, "accessEntries", rows)


@handles("UpdateAccessEntry")
def update_access_entry(ctx: Context, p: dict[str, Any]) -> dict[str, Any]:
    cluster = _require_api_mode(ctx.find_cluster(p["clusterName"]))
    entry = find(cluster, p["principalArn"])
    _check_kind(cluster, {**p, "type": entry["type"]})
    for key in ("kubernetesGroups", "username"):
        if p.get(key) is not None:
            entry[key] = p[key]
    entry["modifiedAt"] = ctx.now()
    ctx.control_planes.sync(cluster.raw["arn"])
    return {"accessEntry": entry}


@handles("DeleteAccessEntry")
def delete_access_entry(ctx: Context, p: dict[str, Any]) -> dict[str, Any]:
    cluster = _require_api_mode(ctx.find_cluster(p["clusterName"]))
    find(cluster, p["principalArn"])
    del cluster.access_entries[p["principalArn"]], cluster.access_policies[p["principalArn"]]
    ctx.control_planes.sync(cluster.raw["arn"])
    return {}


def _associate(ctx: Context, cluster: Cluster, principal: str, policy: str, scope: Raw) -> Raw:
    row = {
        "policyArn": policy,
        "accessScope": {"namespaces": [], **scope},
        "associatedAt": ctx.now(),
        "modifiedAt": ctx.now(),
    }
    cluster.access_policies[principal][policy] = row
    return row


@handles("AssociateAccessPolicy")
def associate_access_policy(ctx: Context, p: dict[str, Any]) -> dict[str, Any]:
    cluster = _require_api_mode(ctx.find_cluster(p["clusterName"]))
    entry = find(cluster, p["principalArn"])
    if entry["type"] not in TAKE_POLICIES:
        raise InvalidRequest(
            f"Access policies cannot be associated with an access entry of type {entry['type']}",
            clusterName=cluster.name,
        )
    if p["policyArn"] not in [_build_policy_arn(ctx, name) for name in POLICIES]:
        raise InvalidParameter(
            f"The policyArn parameter format is not valid: {p['policyArn']}", clusterName=cluster.name
        )
    row = _associate(ctx, cluster, p["principalArn"], p["policyArn"], p["accessScope"])
    ctx.control_planes.sync(cluster.raw["arn"])
    return {"clusterName": cluster.name, "principalArn": p["principalArn"], "associatedAccessPolicy": row}


@handles("DisassociateAccessPolicy")
def disassociate_access_policy(ctx: Context, p: dict[str, Any]) -> dict[str, Any]:
    cluster = _require_api_mode(ctx.find_cluster(p["clusterName"]))
    find(cluster, p["principalArn"])
    if cluster.access_policies[p["principalArn"]].pop(p["policyArn"], None) is None:
        raise ResourceNotFound(f"The policy {p['policyArn']} is not associated", clusterName=cluster.name)
    ctx.control_planes.sync(cluster.raw["arn"])
    return {}


@handles("ListAssociatedAccessPolicies")
def list_associated_access_policies(ctx: Context, p: dict[str, Any]) -> dict[str, Any]:
    cluster = _require_api_mode(ctx.find_cluster(p["clusterName"]))
    find(cluster, p["principalArn"])
    rows = list(cluster.access_policies[p["principalArn"]].values())
    return {
        **paginate(ctx, p, "associatedAccessPolicies", rows),
        "clusterName": cluster.name,
        "principalArn": p["principalArn"],
    }


@handles("ListAccessPolicies")
def list_access_policies(ctx: Context, p: dict[str, Any]) -> dict[str, Any]:
    return paginate(
        ctx, p, "accessPolicies", [{"name": name, "arn": _build_policy_arn(ctx, name)} for name in POLICIES]
    )
