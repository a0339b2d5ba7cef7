"""Updates of clusters, node groups and add-ons, and tags of everything."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from kumo_sandbox.eks.context import Context, handles, paginate
from kumo_sandbox.eks.errors import BadRequest, InvalidRequest, ResourceNotFound
from kumo_sandbox.eks.rollback import check_cancellable
from kumo_sandbox.eks.store import Cluster, Raw
from kumo_sandbox.eks.tags import check_tags


def _find_target(p: dict[str, Any]) -> tuple[str, str]:
    for key, what in (("nodegroupName", "nodegroup"), ("addonName", "addon")):
        if p.get(key):
            return what, p[key]
    return "cluster", p["name"]


def find(cluster: Cluster, p: dict[str, Any]) -> Raw:
    update = cluster.updates.get(p["updateId"])
    if update is None or cluster.update_of[p["updateId"]] != _find_target(p):
        raise ResourceNotFound(f"No update found for ID: {p['updateId']}", clusterName=cluster.name)
    return update


@handles("DescribeUpdate")
def describe_update(ctx: Context, p: dict[str, Any]) -> dict[str, Any]:
    return {"update": find(ctx.find_cluster(p["name"]), p)}


@handles("ListUpdates")
def list_updates(ctx: Context, p: dict[str, Any]) -> dict[str, Any]:
    cluster = ctx.find_cluster(p["name"])
    return paginate(ctx, p, "updateIds", [key for key in cluster.updates if cluster.update_of[key] == _find_target(p)])


@handles("CancelUpdate")
def cancel_update(ctx: Context, p: dict[str, Any]) -> dict[str, Any]:
    cluster = ctx.find_cluster(p["name"])
    update = find(cluster, p)
    if update["status"] != "InProgress":
        raise InvalidRequest(
            f"Update {update['id']} is {update['status']} and cannot be cancelled", clusterName=cluster.name
        )
    check_cancellable(ctx, cluster, update)
    update["status"] = "Cancelled"
    update["cancellation"] = {"status": "Successful", "reason": "Requested"}
    what, name = cluster.update_of[update["id"]]
    {"cluster": {name: cluster.raw}, "nodegroup": cluster.nodegroups, "addon": cluster.addons}[what][name]["status"] = (
        "ACTIVE"
    )
    return {"update": update}


def _iterate_tagged(ctx: Context) -> Iterator[tuple[str, Raw]]:
    for cluster in ctx.store.clusters.values():
        yield cluster.raw["arn"], cluster.raw
        for rows, key in (
            (cluster.nodegroups, "nodegroupArn"),
            (cluster.fargate_profiles, "fargateProfileArn"),
            (cluster.addons, "addonArn"),
            (cluster.access_entries, "accessEntryArn"),
            (cluster.pod_identities, "associationArn"),
            (cluster.identity_providers, "identityProviderConfigArn"),
        ):
            for raw in rows.values():
                yield raw[key], raw


def _find_by_arn(ctx: Context, arn: str) -> Raw:
    for found, raw in _iterate_tagged(ctx):
        if found == arn:
            return raw
    error = ResourceNotFound(f"Resource not found: {arn}")
    error.code = "NotFoundException"
    raise error


@handles("TagResource")
def tag_resource(ctx: Context, p: dict[str, Any]) -> dict[str, Any]:
    raw = _find_by_arn(ctx, p["resourceArn"])
    tags = {**raw["tags"], **p["tags"]}
    check_tags(tags, BadRequest)
    raw["tags"] = tags
    return {}


@handles("UntagResource")
def untag_resource(ctx: Context, p: dict[str, Any]) -> dict[str, Any]:
    raw = _find_by_arn(ctx, p["resourceArn"])
    raw["tags"] = {k: v for k, v in raw["tags"].items() if k not in p["tagKeys"]}
    return {}


@handles("ListTagsForResource")
def list_tags_for_resource(ctx: Context, p: dict[str, Any]) -> dict[str, Any]:
    return {"tags": _find_by_arn(ctx, p["resourceArn"])["tags"]}
