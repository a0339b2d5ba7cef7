"""Access entries and their policies: the operations of the API."""

from __future__ import annotations

from typing import Any

from kumo_sandbox.eks.access_grants import announce, associate, build_entry, keep_entry
from kumo_sandbox.eks.access_policies import NAMES, build_policy_arn
from kumo_sandbox.eks.access_rules import (
    check_association,
    check_kind,
    check_known,
    check_names,
    check_not_service_linked,
    check_principal,
    find,
    require_api_mode,
)
from kumo_sandbox.eks.context import Context, handles, paginate
from kumo_sandbox.eks.errors import ResourceInUse, ResourceNotFound


@handles("CreateAccessEntry")
def create_access_entry(ctx: Context, p: dict[str, Any]) -> dict[str, Any]:
    cluster = require_api_mode(ctx.find_active_cluster(p["clusterName"]))
    principal = p["principalArn"]
    if principal in cluster.access_entries:
        raise ResourceInUse(
            "The specified access entry resource is already in use on this cluster.", clusterName=cluster.name
        )
    check_kind(ctx, cluster, p)
    check_names(cluster, p)
    check_principal(ctx, principal)
    keep_entry(cluster, build_entry(ctx, cluster, p))
    announce(ctx, cluster)
    return {"accessEntry": cluster.access_entries[principal]}


@handles("DescribeAccessEntry")
def describe_access_entry(ctx: Context, p: dict[str, Any]) -> dict[str, Any]:
    return {"accessEntry": find(require_api_mode(ctx.find_cluster(p["clusterName"])), p["principalArn"])}


@handles("ListAccessEntries")
def list_access_entries(ctx: Context, p: dict[str, Any]) -> dict[str, Any]:
    cluster = require_api_mode(ctx.find_cluster(p["clusterName"]))
    wanted = p.get("associatedPolicyArn")
    rows = sorted(a for a in cluster.access_entries if wanted is None or wanted in cluster.access_policies[a])
    return paginate(ctx, p, "accessEntries", rows)


@handles("UpdateAccessEntry")
def update_access_entry(ctx: Context, p: dict[str, Any]) -> dict[str, Any]:
    """Groups are declarative: https://github.com/aws/containers-roadmap/issues/185."""
    cluster = require_api_mode(ctx.find_cluster(p["clusterName"]))
    entry = find(cluster, p["principalArn"])
    check_not_service_linked(p["principalArn"])
    check_kind(ctx, cluster, {**p, "type": entry["type"]})
    check_names(cluster, p)
    for key in ("kubernetesGroups", "username"):
        if p.get(key) is not None:
            entry[key] = p[key]
    entry["modifiedAt"] = ctx.now()
    announce(ctx, cluster)
    return {"accessEntry": entry}


@handles("DeleteAccessEntry")
def delete_access_entry(ctx: Context, p: dict[str, Any]) -> dict[str, Any]:
    """Its access policies go with it: https://docs.aws.amazon.com/eks/latest/userguide/deleting-access-entries.html."""
    cluster = require_api_mode(ctx.find_cluster(p["clusterName"]))
    find(cluster, p["principalArn"])
    check_not_service_linked(p["principalArn"])
    del cluster.access_entries[p["principalArn"]], cluster.access_policies[p["principalArn"]]
    announce(ctx, cluster)
    return {}


@handles("AssociateAccessPolicy")
def associate_access_policy(ctx: Context, p: dict[str, Any]) -> dict[str, Any]:
    """Once more for the same policy it changes the scope."""
    cluster = require_api_mode(ctx.find_cluster(p["clusterName"]))
    entry = find(cluster, p["principalArn"])
    check_not_service_linked(p["principalArn"])
    check_association(ctx, cluster, entry, p)
    check_known(ctx, cluster, entry)
    row = associate(ctx, cluster, p["principalArn"], p["policyArn"], p["accessScope"])
    announce(ctx, cluster)
    return {"clusterName": cluster.name, "principalArn": p["principalArn"], "associatedAccessPolicy": row}


@handles("DisassociateAccessPolicy")
def disassociate_access_policy(ctx: Context, p: dict[str, Any]) -> dict[str, Any]:
    cluster = require_api_mode(ctx.find_cluster(p["clusterName"]))
    find(cluster, p["principalArn"])
    check_not_service_linked(p["principalArn"])
    if cluster.access_policies[p["principalArn"]].pop(p["policyArn"], None) is None:
        raise ResourceNotFound(f"The policy {p['policyArn']} is not associated", clusterName=cluster.name)
    announce(ctx, cluster)
    return {}


@handles("ListAssociatedAccessPolicies")
def list_associated_access_policies(ctx: Context, p: dict[str, Any]) -> dict[str, Any]:
    cluster = require_api_mode(ctx.find_cluster(p["clusterName"]))
    find(cluster, p["principalArn"])
    rows = list(cluster.access_policies[p["principalArn"]].values())
    return {
        **paginate(ctx, p, "associatedAccessPolicies", rows),
        "clusterName": cluster.name,
        "principalArn": p["principalArn"],
    }


@handles("ListAccessPolicies")
def list_access_policies(ctx: Context, p: dict[str, Any]) -> dict[str, Any]:
    rows = [{"name": name, "arn": build_policy_arn(ctx.partition, name)} for name in NAMES]
    return paginate(ctx, p, "accessPolicies", rows)
