"""Pod identity associations."""

from __future__ import annotations

import json
import secrets
from typing import Any

from kumo_sandbox.eks import local_clusters, roles
from kumo_sandbox.eks.context import Context, handles, paginate
from kumo_sandbox.eks.errors import InvalidParameter, ResourceInUse, ResourceLimitExceeded, ResourceNotFound
from kumo_sandbox.eks.store import Cluster, Raw

SUMMARY = ("clusterName", "namespace", "serviceAccount", "associationArn", "associationId", "ownerArn")


def create(
    ctx: Context, cluster: Cluster, namespace: str, account: str, role: str, tags: dict[str, str], target: str | None
) -> Raw:
    for other in (*cluster.pod_identities.values(), *_list_just_deleted(ctx, cluster)):
        if (other["namespace"], other["serviceAccount"]) == (namespace, account):
            raise ResourceInUse("Association already exists: " + other["associationId"], clusterName=cluster.name)
    if len(cluster.pod_identities) >= ctx.quotas["pod_identity_associations"]:
        raise ResourceLimitExceeded(
            f"Cluster {cluster.name} has the most pod identity associations it can have", clusterName=cluster.name
        )
    roles.check_role(ctx, roles.POD_IDENTITY, role, cluster.raw["arn"])
    key = f"a-{secrets.token_hex(9)[:17]}"
    raw: Raw = {
        "clusterName": cluster.name,
        "namespace": namespace,
        "serviceAccount": account,
        "roleArn": role,
        "associationArn": ctx.build_arn(f"podidentityassociation/{cluster.name}/{key}"),
        "associationId": key,
        "tags": tags,
        "createdAt": ctx.now(),
        "modifiedAt": ctx.now(),
        "disableSessionTags": False,
    }
    if target:
        raw.update(targetRoleArn=target, externalId=secrets.token_hex(16))
    cluster.pod_identities[key] = raw
    return raw


def _list_just_deleted(ctx: Context, cluster: Cluster) -> list[Raw]:
    """Associations that still stand in the way of a creation: https://github.com/aws-controllers-k8s/community/issues/2684."""
    cluster.deleted_pod_identities = [
        (raw, when) for raw, when in cluster.deleted_pod_identities if ctx.is_just_now(when)
    ]
    return [raw for raw, _when in cluster.deleted_pod_identities]


def find(cluster: Cluster, key: str) -> Raw:
    if key not in cluster.pod_identities:
        raise ResourceNotFound(f"No association found with id: {key}", clusterName=cluster.name)
    return cluster.pod_identities[key]


@handles("CreatePodIdentityAssociation")
def create_pod_identity_association(ctx: Context, p: dict[str, Any]) -> dict[str, Any]:
    cluster = ctx.find_active_cluster(p["clusterName"])
    local_clusters.refuse(cluster.raw, "Pod Identity associations")
    _check_policy(cluster, p)
    raw = create(
        ctx, cluster, p["namespace"], p["serviceAccount"], p["roleArn"], p.get("tags") or {}, p.get("targetRoleArn")
    )
    raw["disableSessionTags"] = bool(p.get("disableSessionTags"))
    if p.get("policy"):
        raw["policy"] = p["policy"]
    return {"association": dict(raw)}


def _check_policy(cluster: Cluster, wanted: dict[str, Any]) -> None:
    """A session policy is a JSON document, and excludes session tags."""
    if not wanted.get("policy"):
        return
    try:
        json.loads(wanted["policy"])
    except ValueError as error:
        raise InvalidParameter(f"The policy is not valid JSON: {error}", clusterName=cluster.name) from error
    if not wanted.get("disableSessionTags"):
        raise InvalidParameter("disableSessionTags must be true when a policy is specified", clusterName=cluster.name)


@handles("DescribePodIdentityAssociation")
def describe_pod_identity_association(ctx: Context, p: dict[str, Any]) -> dict[str, Any]:
    return {"association": find(ctx.find_cluster(p["clusterName"]), p["associationId"])}


@handles("ListPodIdentityAssociations")
def list_pod_identity_associations(ctx: Context, p: dict[str, Any]) -> dict[str, Any]:
    rows = [
        {key: raw[key] for key in SUMMARY if key in raw}
        for raw in ctx.find_cluster(p["clusterName"]).pod_identities.values()
        if p.get("namespace") in (None, raw["namespace"]) and p.get("serviceAccount") in (None, raw["serviceAccount"])
    ]
    return paginate(ctx, p, "associations", rows)


@handles("UpdatePodIdentityAssociation")
def update_pod_identity_association(ctx: Context, p: dict[str, Any]) -> dict[str, Any]:
    cluster = ctx.find_cluster(p["clusterName"])
    raw = find(cluster, p["associationId"])
    wanted = {
        key: p[key] for key in ("roleArn", "targetRoleArn", "disableSessionTags", "policy") if p.get(key) is not None
    }
    _check_policy(cluster, raw | wanted)
    if "roleArn" in wanted:
        roles.check_role(ctx, roles.POD_IDENTITY, wanted["roleArn"], cluster.raw["arn"])
    raw.update(wanted)
    for key in [key for key in ("targetRoleArn", "policy") if raw.get(key) == ""]:  # empty takes it away
        del raw[key]
    if not raw.get("targetRoleArn"):
        raw.pop("externalId", None)
    if raw.get("targetRoleArn") and not raw.get("externalId"):
        raw["externalId"] = secrets.token_hex(16)
    raw["modifiedAt"] = ctx.now()
    return {"association": raw}


@handles("DeletePodIdentityAssociation")
def delete_pod_identity_association(ctx: Context, p: dict[str, Any]) -> dict[str, Any]:
    cluster = ctx.find_cluster(p["clusterName"])
    raw = find(cluster, p["associationId"])
    del cluster.pod_identities[p["associationId"]]
    cluster.deleted_pod_identities.append((raw, ctx.now()))
    return {"association": raw}
