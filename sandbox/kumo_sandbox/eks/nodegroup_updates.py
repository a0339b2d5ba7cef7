"""Updates of managed node groups: UpdateNodegroupConfig, UpdateNodegroupVersion."""

from __future__ import annotations

from typing import Any

from kumo_sandbox import durations
from kumo_sandbox.eks import instance_types, node_labels, warm_pool
from kumo_sandbox.eks.context import Context, begin_update, handles
from kumo_sandbox.eks.errors import InvalidParameter, InvalidRequest, ResourceInUse
from kumo_sandbox.eks.launch_templates import check_reference, check_template
from kumo_sandbox.eks.node_rollout import Rollout
from kumo_sandbox.eks.nodegroups import (
    build_update_config,
    check_size,
    check_taints,
    choose_version,
    find,
    merge_scaling,
)
from kumo_sandbox.eks.rollback import is_way_back
from kumo_sandbox.eks.store import Cluster, Raw
from kumo_sandbox.eks.versions import BY_NAME, build_release_version


def _check_free(cluster: Cluster, raw: Raw) -> None:
    if raw["status"] not in ("ACTIVE", "DEGRADED"):
        error = ResourceInUse if raw["status"] == "UPDATING" else InvalidRequest
        raise error(
            f"Nodegroup cannot be updated as it is currently not in Active State ({raw['status']})",
            clusterName=cluster.name,
            nodegroupName=raw["nodegroupName"],
        )


@handles("UpdateNodegroupConfig")
def update_nodegroup_config(ctx: Context, p: dict[str, Any]) -> dict[str, Any]:
    cluster = ctx.find_active_cluster(p["clusterName"])
    raw = find(cluster, p["nodegroupName"])
    _check_free(cluster, raw)
    patch, params = _build_config_patch(raw, p)
    node_labels.check_labels(cluster.name, patch.get("labels") or {})
    check_size(ctx, cluster.name, patch.get("scalingConfig") or raw["scalingConfig"])
    if not patch:
        raise InvalidParameter(
            "No changes to the node group's configuration were given",
            clusterName=cluster.name,
            nodegroupName=raw["nodegroupName"],
        )

    def act() -> None:
        raw.update(patch, modifiedAt=ctx.now())
        if "scalingConfig" in patch:
            ctx.aws_context.scale(ctx.region, raw)
            group = cluster.raw["resourcesVpcConfig"]["clusterSecurityGroupId"]
            ctx.aws_context.give_groups(ctx.region, raw, group)
        if "warmPoolConfig" in patch:
            ctx.aws_context.update_warm_pool(ctx.region, raw)

    return begin_update(
        ctx, cluster, ("nodegroup", raw), "ConfigUpdate", params, durations.NODEGROUP_CONFIG_UPDATE, act
    )


def _build_config_patch(raw: Raw, p: dict[str, Any]) -> tuple[Raw, list[tuple[str, Any]]]:
    patch: Raw = {}
    params: list[tuple[str, Any]] = []
    if p.get("scalingConfig"):
        patch["scalingConfig"] = merge_scaling(p["scalingConfig"], raw["scalingConfig"])
        params += [(key[0].upper() + key[1:], value) for key, value in p["scalingConfig"].items()]
    if p.get("labels"):
        added, removed = p["labels"].get("addOrUpdateLabels") or {}, p["labels"].get("removeLabels") or []
        patch["labels"] = {k: v for k, v in {**raw["labels"], **added}.items() if k not in removed}
        params += [("LabelsToAdd", added or None), ("LabelsToRemove", removed or None)]
    if p.get("taints"):
        added, removed = p["taints"].get("addOrUpdateTaints") or [], p["taints"].get("removeTaints") or []
        gone = {(t["key"], t["effect"]) for t in added + removed}
        patch["taints"] = [t for t in raw["taints"] if (t["key"], t["effect"]) not in gone] + check_taints(added)
        params += [("TaintsToAdd", added or None), ("TaintsToRemove", removed or None)]
    if p.get("updateConfig"):
        patch["updateConfig"] = build_update_config(p["updateConfig"])
        params += [(k[0].upper() + k[1:], v) for k, v in p["updateConfig"].items()]
    if p.get("nodeRepairConfig"):
        patch["nodeRepairConfig"] = p["nodeRepairConfig"]
        params.append(("NodeRepairConfig", p["nodeRepairConfig"]))
    if p.get("warmPoolConfig"):
        patch["warmPoolConfig"] = warm_pool.build_config(raw, p["warmPoolConfig"])
        params += warm_pool.build_params(p["warmPoolConfig"])
    return patch, params


@handles("UpdateNodegroupVersion")
def update_nodegroup_version(ctx: Context, p: dict[str, Any]) -> dict[str, Any]:
    cluster = ctx.find_active_cluster(p["clusterName"])
    raw = find(cluster, p["nodegroupName"])
    _check_free(cluster, raw)
    patch: Raw = {}
    if p.get("launchTemplate"):
        patch["launchTemplate"] = _check_same_template(ctx, raw, p["launchTemplate"])
    if not p.get("launchTemplate") or p.get("version") or p.get("releaseVersion"):
        patch.update(_build_version_patch(ctx, cluster, raw, p))
    params = [
        ("Version", patch.get("version")),
        ("ReleaseVersion", patch.get("releaseVersion")),
        ("LaunchTemplateVersion", (patch.get("launchTemplate") or {}).get("version")),
    ]
    rollout = Rollout(ctx, cluster, raw, patch, bool(p.get("force")))
    return begin_update(
        ctx,
        cluster,
        ("nodegroup", raw),
        "VersionUpdate",
        params,
        rollout.seconds,
        rollout.finish,
        find_obstacle=rollout.find_obstacle,
        milestones=rollout.list_milestones(),
    )


def _check_same_template(ctx: Context, raw: Raw, asked: Raw) -> Raw:
    check_reference(raw["clusterName"], asked)
    template = ctx.aws_context.describe_launch_template(ctx.region, asked)
    reference = template["reference"]
    if reference["id"] != (raw.get("launchTemplate") or {}).get("id"):
        raise InvalidParameter(
            "You cannot change the launch template of a node group, only its version", clusterName=raw["clusterName"]
        )
    check_template(raw, template["data"], {})
    return reference


def _build_version_patch(ctx: Context, cluster: Cluster, raw: Raw, p: dict[str, Any]) -> Raw:
    version = choose_version(ctx, cluster, p.get("version"))
    # "You cannot roll back a node group to an earlier Kubernetes version", says UpdateNodegroupVersion. Since a cluster can be rolled back,
    # its node groups go first: https://docs.aws.amazon.com/eks/latest/userguide/rollback-cluster.html
    if BY_NAME[version].minor < BY_NAME[raw["version"]].minor and not is_way_back(ctx, cluster, version):
        raise InvalidParameter(
            f"Nodegroup version cannot go from {raw['version']} back to {version}", clusterName=cluster.name
        )
    instance_types.check_image(cluster.name, raw["amiType"], version, [])
    release = p.get("releaseVersion") or build_release_version(version, raw["amiType"])
    if not raw["amiType"].startswith("BOTTLEROCKET") and not release.startswith((f"{version}.", f"{version}-")):
        raise InvalidParameter(
            f"Requested release version {release} is not valid for kubernetes version {version}.",
            clusterName=cluster.name,
        )
    return {"version": version, "releaseVersion": release}
