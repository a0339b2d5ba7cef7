"""Updates of clusters, node groups, add-ons and capabilities, and tags of everything."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from kumo_sandbox.eks.context import Context, handles, paginate
from kumo_sandbox.eks.errors import BadRequest, InvalidParameter, ResourceNotFound
from kumo_sandbox.eks.rollback import cancel
from kumo_sandbox.eks.store import Cluster, Raw
from kumo_sandbox.eks.tags import check_tags

TARGETS = (("nodegroupName", "nodegroup"), ("addonName", "addon"), ("capabilityName", "capability"))


def _find_target(p: dict[str, Any]) -> tuple[str, str]:
    named = [(what, p[key]) for key, what in TARGETS if p.get(key)]
    if len(named) > 1:
        raise InvalidParameter("Only one of nodegroupName, addonName and capabilityName can be specified")
    return named[0] if named else ("cluster", p["name"])


def _check_exists(cluster: Cluster, target: tuple[str, str]) -> None:
    """A node group, add-on or capability whose updates are asked for must be there."""
    what, name = target
    rows = {"nodegroup": cluster.nodegroups, "addon": cluster.addons, "capability": cluster.capabilities}
    if what in rows and name not in rows[what]:
        raise ResourceNotFound(f"No {what} found for name: {name}.", clusterName=cluster.name)


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
    cluster, target = ctx.find_cluster(p["name"]), _find_target(p)
    _check_exists(cluster, target)
    return paginate(ctx, p, "updateIds", [key for key in cluster.updates if cluster.update_of[key] == target])


@handles("CancelUpdate")
def cancel_update(ctx: Context, p: dict[str, Any]) -> dict[str, Any]:
    cluster = ctx.find_cluster(p["name"])
    update = find(cluster, p)
    cancel(ctx, cluster, update)
    return {"update": update}


def _iterate_tagged(ctx: Context) -> Iterator[tuple[str, Raw]]:
    for raw in ctx.store.registrations.values():
        yield raw["arn"], raw
    for cluster in ctx.store.clusters.values():
        yield cluster.raw["arn"], cluster.raw
        for rows, key in (
            (cluster.nodegroups, "nodegroupArn"),
            (cluster.fargate_profiles, "fargateProfileArn"),
            (cluster.addons, "addonArn"),
            (cluster.access_entries, "accessEntryArn"),
            (cluster.pod_identities, "associationArn"),
            (cluster.identity_providers, "identityProviderConfigArn"),
            (cluster.capabilities, "arn"),
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
