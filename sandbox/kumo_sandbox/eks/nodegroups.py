"""Managed node groups, each with an Auto Scaling group and instances behind it."""

from __future__ import annotations

import uuid
from typing import Any

from kumo_sandbox import durations
from kumo_sandbox.eks import warm_pool
from kumo_sandbox.eks.context import Context, begin_update, operation, page, running_update
from kumo_sandbox.eks.errors import InvalidParameter, InvalidRequest, ResourceInUse, ResourceNotFound
from kumo_sandbox.eks.store import Cluster, Raw
from kumo_sandbox.eks.versions import BY_NAME, offered, release_version

SKEW = 3  # minor versions a kubelet may be behind the API server


def find(cluster: Cluster, name: str) -> Raw:
    if name not in cluster.nodegroups:
        raise ResourceNotFound(f"No node group found for name: {name}.", clusterName=cluster.name, nodegroupName=name)
    return cluster.nodegroups[name]


@operation("CreateNodegroup")
def create_nodegroup(ctx: Context, p: dict[str, Any]) -> dict[str, Any]:
    again = ctx.repeated(p)
    if again is not None:
        return {"nodegroup": again}
    cluster, name = ctx.active_cluster(p["clusterName"]), p["nodegroupName"]
    if name in cluster.nodegroups:
        raise ResourceInUse(
            f"NodeGroup already exists with name {name} and cluster name {cluster.name}",
            clusterName=cluster.name,
            nodegroupName=name,
        )
    raw = _new(ctx, cluster, p)
    cluster.nodegroups[name] = raw
    fault = ctx.fails("fail_creation", name)

    def end() -> None:
        if raw["status"] != "CREATING":
            return
        if fault:
            issue = {
                "code": fault.code or "NodeCreationFailure",
                "message": fault.message or "Instances failed to join the kubernetes cluster",
                "resourceIds": [],
            }
            raw.update(status="CREATE_FAILED", health={"issues": [issue]})
            return
        ctx.aws_context.start_instances(ctx.region, raw)
        if raw.get("warmPoolConfig"):
            ctx.aws_context.keep_warm(ctx.region, raw)
        raw.update(status="ACTIVE", modifiedAt=ctx.now())
        ctx.aws_context.changed(cluster.raw["arn"])

    ctx.store.later(durations.NODEGROUP_CREATE, end)
    return {"nodegroup": ctx.remember(p, dict(raw))}


def _new(ctx: Context, cluster: Cluster, p: dict[str, Any]) -> Raw:
    ctx.aws_context.check_role(p["nodeRole"], "ec2.amazonaws.com")
    subnets = ctx.aws_context.subnets(ctx.region, p["subnets"])
    if {subnet["VpcId"] for subnet in subnets} != {cluster.raw["resourcesVpcConfig"]["vpcId"]}:
        raise InvalidParameter("Subnets are not in the VPC of the cluster", clusterName=cluster.name)
    version = _version(ctx, cluster, p.get("version"))
    unique = str(uuid.uuid4())
    raw: Raw = {
        "nodegroupName": p["nodegroupName"],
        "nodegroupArn": ctx.arn(f"nodegroup/{cluster.name}/{p['nodegroupName']}/{unique}"),
        "clusterName": cluster.name,
        "version": version,
        "releaseVersion": p.get("releaseVersion") or release_version(version),
        "createdAt": ctx.now(),
        "modifiedAt": ctx.now(),
        "status": "CREATING",
        "capacityType": p.get("capacityType") or "ON_DEMAND",
        "scalingConfig": _scaling(p.get("scalingConfig") or {}, {"minSize": 1, "maxSize": 2, "desiredSize": 2}),
        "subnets": p["subnets"],
        "nodeRole": p["nodeRole"],
        "labels": p.get("labels") or {},
        "taints": _taints(p.get("taints") or []),
        "health": {"issues": []},
        "updateConfig": _update_config(p.get("updateConfig")),
        "tags": p.get("tags") or {},
        "resources": {"autoScalingGroups": [{"name": f"eks-{p['nodegroupName']}-{unique}"}]},
    }
    if p.get("nodeRepairConfig"):
        raw["nodeRepairConfig"] = p["nodeRepairConfig"]
    _hardware(ctx, raw, p)
    if p.get("warmPoolConfig"):
        raw["warmPoolConfig"] = warm_pool.config(raw, p["warmPoolConfig"])
    return raw


def _hardware(ctx: Context, raw: Raw, p: dict[str, Any]) -> None:
    """Machine settings come from the node group or from its launch template, never from both."""
    if not p.get("launchTemplate"):
        raw["instanceTypes"] = p.get("instanceTypes") or ["t3.medium"]
        raw["amiType"] = p.get("amiType") or "AL2023_x86_64_STANDARD"
        raw["diskSize"] = p.get("diskSize") or 20
        if p.get("remoteAccess"):
            raw["remoteAccess"] = p["remoteAccess"]
            raw["resources"]["remoteAccessSecurityGroup"] = f"sg-{uuid.uuid4().hex[:17]}"
        return
    if p.get("diskSize"):
        raise InvalidParameter(
            "Disk size must be specified within the launch template.", clusterName=raw["clusterName"]
        )
    if p.get("remoteAccess"):
        raise InvalidParameter(
            "Remote access configuration cannot be specified with a launch template.", clusterName=raw["clusterName"]
        )
    template = ctx.aws_context.launch_template(ctx.region, p["launchTemplate"])
    data = template["data"]
    if data.get("InstanceType") and p.get("instanceTypes"):
        raise InvalidRequest(
            "Cannot specify instance types in launch template and API request", clusterName=raw["clusterName"]
        )
    raw["launchTemplate"] = template["reference"]
    raw["amiType"] = "CUSTOM" if data.get("ImageId") else p.get("amiType") or "AL2023_x86_64_STANDARD"
    if not data.get("InstanceType"):
        raw["instanceTypes"] = p.get("instanceTypes") or ["t3.medium"]


def _version(ctx: Context, cluster: Cluster, asked: str | None) -> str:
    version = asked or cluster.raw["version"]
    minor = offered(ctx, version).minor
    ahead = BY_NAME[cluster.raw["version"]].minor
    if minor > ahead:
        raise InvalidParameter(
            f"Nodegroup version {version} is higher than the cluster version {cluster.raw['version']}",
            clusterName=cluster.name,
        )
    if minor < ahead - SKEW:
        raise InvalidParameter(
            f"Nodegroup version {version} is more than {SKEW} minor versions behind the cluster",
            clusterName=cluster.name,
        )
    return version


def _scaling(asked: Raw, now: Raw) -> Raw:
    config = {**now, **asked}
    if not config["minSize"] <= config["maxSize"] or config["maxSize"] < 1:
        raise InvalidParameter("Minimum capacity can't be greater than maximum capacity, which is at least 1")
    if not config["minSize"] <= config["desiredSize"] <= config["maxSize"]:
        raise InvalidParameter(
            f"desired capacity {config['desiredSize']} must be between min {config['minSize']} and max {config['maxSize']}"
        )
    return config


def _taints(taints: list[Raw]) -> list[Raw]:
    keys = [(taint["key"], taint["effect"]) for taint in taints]
    if len(set(keys)) < len(keys):
        raise InvalidParameter("Duplicate taints with the same key and effect are not allowed")
    return taints


def _update_config(asked: Raw | None) -> Raw:
    asked = asked or {}
    if asked.get("maxUnavailable") and asked.get("maxUnavailablePercentage"):
        raise InvalidParameter("Only one of maxUnavailable and maxUnavailablePercentage can be specified")
    if asked.get("maxUnavailablePercentage"):
        return {**asked}
    return {"maxUnavailable": 1, **asked}


@operation("DescribeNodegroup")
def describe_nodegroup(ctx: Context, p: dict[str, Any]) -> dict[str, Any]:
    return {"nodegroup": find(ctx.cluster(p["clusterName"]), p["nodegroupName"])}


@operation("ListNodegroups")
def list_nodegroups(ctx: Context, p: dict[str, Any]) -> dict[str, Any]:
    return page(p, "nodegroups", sorted(ctx.cluster(p["clusterName"]).nodegroups))


@operation("DeleteNodegroup")
def delete_nodegroup(ctx: Context, p: dict[str, Any]) -> dict[str, Any]:
    cluster = ctx.cluster(p["clusterName"])
    raw = find(cluster, p["nodegroupName"])
    busy = running_update(cluster, "nodegroup", raw["nodegroupName"])
    if raw["status"] == "DELETING" or busy:
        raise ResourceInUse(
            f"Nodegroup is in {raw['status']} state", clusterName=cluster.name, nodegroupName=raw["nodegroupName"]
        )
    raw["status"] = "DELETING"

    def end() -> None:
        ctx.aws_context.stop_instances(ctx.region, raw)
        cluster.nodegroups.pop(raw["nodegroupName"], None)
        ctx.aws_context.changed(cluster.raw["arn"])

    ctx.store.later(durations.NODEGROUP_DELETE, end)
    return {"nodegroup": dict(raw)}


def _must_be_free(cluster: Cluster, raw: Raw) -> None:
    if raw["status"] not in ("ACTIVE", "DEGRADED"):
        error = ResourceInUse if raw["status"] == "UPDATING" else InvalidRequest
        raise error(
            f"Nodegroup cannot be updated as it is currently not in Active State ({raw['status']})",
            clusterName=cluster.name,
            nodegroupName=raw["nodegroupName"],
        )


@operation("UpdateNodegroupConfig")
def update_nodegroup_config(ctx: Context, p: dict[str, Any]) -> dict[str, Any]:
    cluster = ctx.active_cluster(p["clusterName"])
    raw = find(cluster, p["nodegroupName"])
    _must_be_free(cluster, raw)
    patch, params = _config_patch(raw, p)
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
        if "warmPoolConfig" in patch:
            ctx.aws_context.keep_warm(ctx.region, raw)

    return begin_update(
        ctx, cluster, ("nodegroup", raw), "ConfigUpdate", params, durations.NODEGROUP_CONFIG_UPDATE, act
    )


def _config_patch(raw: Raw, p: dict[str, Any]) -> tuple[Raw, list[tuple[str, Any]]]:
    patch: Raw = {}
    params: list[tuple[str, Any]] = []
    if p.get("scalingConfig"):
        patch["scalingConfig"] = _scaling(p["scalingConfig"], raw["scalingConfig"])
        params += [(key[0].upper() + key[1:], value) for key, value in p["scalingConfig"].items()]
    if p.get("labels"):
        added, removed = p["labels"].get("addOrUpdateLabels") or {}, p["labels"].get("removeLabels") or []
        patch["labels"] = {k: v for k, v in {**raw["labels"], **added}.items() if k not in removed}
        params += [("LabelsToAdd", added or None), ("LabelsToRemove", removed or None)]
    if p.get("taints"):
        added, removed = p["taints"].get("addOrUpdateTaints") or [], p["taints"].get("removeTaints") or []
        gone = {(t["key"], t["effect"]) for t in added + removed}
        patch["taints"] = [t for t in raw["taints"] if (t["key"], t["effect"]) not in gone] + _taints(added)
        params += [("TaintsToAdd", added or None), ("TaintsToRemove", removed or None)]
    if p.get("updateConfig"):
        patch["updateConfig"] = _update_config(p["updateConfig"])
        params += [(k[0].upper() + k[1:], v) for k, v in p["updateConfig"].items()]
    if p.get("nodeRepairConfig"):
        patch["nodeRepairConfig"] = p["nodeRepairConfig"]
        params.append(("NodeRepairConfig", p["nodeRepairConfig"]))
    if p.get("warmPoolConfig"):
        patch["warmPoolConfig"] = warm_pool.config(raw, p["warmPoolConfig"])
        params += warm_pool.params(p["warmPoolConfig"])
    return patch, params


@operation("UpdateNodegroupVersion")
def update_nodegroup_version(ctx: Context, p: dict[str, Any]) -> dict[str, Any]:
    cluster = ctx.active_cluster(p["clusterName"])
    raw = find(cluster, p["nodegroupName"])
    _must_be_free(cluster, raw)
    patch: Raw = {}
    if p.get("launchTemplate"):
        patch["launchTemplate"] = _same_template(ctx, raw, p["launchTemplate"])
    if not p.get("launchTemplate") or p.get("version") or p.get("releaseVersion"):
        patch.update(_newer(ctx, cluster, raw, p))
    params = [
        ("Version", patch.get("version")),
        ("ReleaseVersion", patch.get("releaseVersion")),
        ("LaunchTemplateVersion", (patch.get("launchTemplate") or {}).get("version")),
    ]
    return begin_update(
        ctx,
        cluster,
        ("nodegroup", raw),
        "VersionUpdate",
        params,
        durations.NODEGROUP_VERSION_UPDATE,
        lambda: raw.update(patch, modifiedAt=ctx.now()),
    )


def _same_template(ctx: Context, raw: Raw, asked: Raw) -> Raw:
    reference = ctx.aws_context.launch_template(ctx.region, asked)["reference"]
    if reference["id"] != (raw.get("launchTemplate") or {}).get("id"):
        raise InvalidParameter(
            "You cannot change the launch template of a node group, only its version", clusterName=raw["clusterName"]
        )
    return reference


def _newer(ctx: Context, cluster: Cluster, raw: Raw, p: dict[str, Any]) -> Raw:
    version = _version(ctx, cluster, p.get("version"))
    if BY_NAME[version].minor < BY_NAME[raw["version"]].minor:
        raise InvalidParameter(
            f"Nodegroup version cannot go from {raw['version']} back to {version}", clusterName=cluster.name
        )
    release = p.get("releaseVersion") or release_version(version)
    if not release.startswith(version + "."):
        raise InvalidParameter(
            f"Requested release version {release} is not valid for kubernetes version {version}.",
            clusterName=cluster.name,
        )
    return {"version": version, "releaseVersion": release}
