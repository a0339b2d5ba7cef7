"""Managed node groups, each with an Auto Scaling group and instances behind it."""

from __future__ import annotations

import uuid
from typing import Any

from kumo_sandbox import durations
from kumo_sandbox.eks import warm_pool
from kumo_sandbox.eks.context import Context, find_running_update, handles, paginate
from kumo_sandbox.eks.errors import InvalidParameter, ResourceInUse, ResourceNotFound
from kumo_sandbox.eks.launch_templates import check_template
from kumo_sandbox.eks.store import Cluster, Raw
from kumo_sandbox.eks.versions import BY_NAME, build_release_version, find_offered

SKEW = 3  # minor versions a kubelet may be behind the API server


def find(cluster: Cluster, name: str) -> Raw:
    if name not in cluster.nodegroups:
        raise ResourceNotFound(f"No node group found for name: {name}.", clusterName=cluster.name, nodegroupName=name)
    return cluster.nodegroups[name]


@handles("CreateNodegroup")
def create_nodegroup(ctx: Context, p: dict[str, Any]) -> dict[str, Any]:
    again = ctx.find_repeated(p)
    if again is not None:
        return {"nodegroup": again}
    cluster, name = ctx.find_active_cluster(p["clusterName"]), p["nodegroupName"]
    if name in cluster.nodegroups:
        raise ResourceInUse(
            f"NodeGroup already exists with name {name} and cluster name {cluster.name}",
            clusterName=cluster.name,
            nodegroupName=name,
        )
    raw = _build_nodegroup(ctx, cluster, p)
    cluster.nodegroups[name] = raw
    fault = ctx.take_fault("fail_creation", name)

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
        ctx.aws_context.give_groups(ctx.region, raw, cluster.raw["resourcesVpcConfig"]["clusterSecurityGroupId"])
        if raw.get("warmPoolConfig"):
            ctx.aws_context.update_warm_pool(ctx.region, raw)
        raw.update(status="ACTIVE", modifiedAt=ctx.now())
        ctx.control_planes.sync(cluster.raw["arn"])

    ctx.store.schedule(durations.NODEGROUP_CREATE, end)
    return {"nodegroup": ctx.remember(p, dict(raw))}


def _build_nodegroup(ctx: Context, cluster: Cluster, p: dict[str, Any]) -> Raw:
    ctx.aws_context.check_role(p["nodeRole"], "ec2.amazonaws.com")
    subnets = ctx.aws_context.describe_subnets(ctx.region, p["subnets"])
    if {subnet["VpcId"] for subnet in subnets} != {cluster.raw["resourcesVpcConfig"]["vpcId"]}:
        raise InvalidParameter("Subnets are not in the VPC of the cluster", clusterName=cluster.name)
    version = choose_version(ctx, cluster, p.get("version"))
    unique = str(uuid.uuid4())
    raw: Raw = {
        "nodegroupName": p["nodegroupName"],
        "nodegroupArn": ctx.build_arn(f"nodegroup/{cluster.name}/{p['nodegroupName']}/{unique}"),
        "clusterName": cluster.name,
        "version": version,
        "releaseVersion": p.get("releaseVersion") or build_release_version(version, p.get("amiType") or ""),
        "createdAt": ctx.now(),
        "modifiedAt": ctx.now(),
        "status": "CREATING",
        "capacityType": p.get("capacityType") or "ON_DEMAND",
        "scalingConfig": merge_scaling(p.get("scalingConfig") or {}, {"minSize": 1, "maxSize": 2, "desiredSize": 2}),
        "subnets": p["subnets"],
        "nodeRole": p["nodeRole"],
        "labels": p.get("labels") or {},
        "taints": check_taints(p.get("taints") or []),
        "health": {"issues": []},
        "updateConfig": build_update_config(p.get("updateConfig")),
        "tags": p.get("tags") or {},
        "resources": {"autoScalingGroups": [{"name": f"eks-{p['nodegroupName']}-{unique}"}]},
    }
    if p.get("nodeRepairConfig"):
        raw["nodeRepairConfig"] = p["nodeRepairConfig"]
    _set_hardware(ctx, raw, p)
    if p.get("warmPoolConfig"):
        raw["warmPoolConfig"] = warm_pool.build_config(raw, p["warmPoolConfig"])
    return raw


def _set_hardware(ctx: Context, raw: Raw, p: dict[str, Any]) -> None:
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
    template = ctx.aws_context.describe_launch_template(ctx.region, p["launchTemplate"])
    data = template["data"]
    check_template(raw, data, p)
    raw["launchTemplate"] = template["reference"]
    raw["amiType"] = p.get("amiType") or "AL2023_x86_64_STANDARD"
    if data.get("ImageId"):
        raw.update(amiType="CUSTOM", releaseVersion=data["ImageId"])
    if not data.get("InstanceType"):
        raw["instanceTypes"] = p.get("instanceTypes") or ["t3.medium"]


def choose_version(ctx: Context, cluster: Cluster, asked: str | None) -> str:
    version = asked or cluster.raw["version"]
    minor = find_offered(ctx, version).minor
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


def merge_scaling(asked: Raw, now: Raw) -> Raw:
    config = {**now, **asked}
    if not config["minSize"] <= config["maxSize"] or config["maxSize"] < 1:
        raise InvalidParameter("Minimum capacity can't be greater than maximum capacity, which is at least 1")
    if not config["minSize"] <= config["desiredSize"] <= config["maxSize"]:
        raise InvalidParameter(
            f"desired capacity {config['desiredSize']} must be between min {config['minSize']} and max {config['maxSize']}"
        )
    return config


def check_taints(taints: list[Raw]) -> list[Raw]:
    keys = [(taint["key"], taint["effect"]) for taint in taints]
    if len(set(keys)) < len(keys):
        raise InvalidParameter("Duplicate taints with the same key and effect are not allowed")
    return taints


def build_update_config(asked: Raw | None) -> Raw:
    asked = asked or {}
    if asked.get("maxUnavailable") and asked.get("maxUnavailablePercentage"):
        raise InvalidParameter("Only one of maxUnavailable and maxUnavailablePercentage can be specified")
    if asked.get("maxUnavailablePercentage"):
        return {**asked}
    return {"maxUnavailable": 1, **asked}


@handles("DescribeNodegroup")
def describe_nodegroup(ctx: Context, p: dict[str, Any]) -> dict[str, Any]:
    return {"nodegroup": find(ctx.find_cluster(p["clusterName"]), p["nodegroupName"])}


@handles("ListNodegroups")
def list_nodegroups(ctx: Context, p: dict[str, Any]) -> dict[str, Any]:
    return paginate(p, "nodegroups", sorted(ctx.find_cluster(p["clusterName"]).nodegroups))


@handles("DeleteNodegroup")
def delete_nodegroup(ctx: Context, p: dict[str, Any]) -> dict[str, Any]:
    cluster = ctx.find_cluster(p["clusterName"])
    raw = find(cluster, p["nodegroupName"])
    busy = find_running_update(cluster, "nodegroup", raw["nodegroupName"])
    if raw["status"] == "DELETING" or busy:
        raise ResourceInUse(
            f"Nodegroup is in {raw['status']} state", clusterName=cluster.name, nodegroupName=raw["nodegroupName"]
        )
    raw["status"] = "DELETING"

    def end() -> None:
        ctx.aws_context.stop_instances(ctx.region, raw)
        cluster.nodegroups.pop(raw["nodegroupName"], None)
        ctx.control_planes.sync(cluster.raw["arn"])

    ctx.store.schedule(durations.NODEGROUP_DELETE, end)
    return {"nodegroup": dict(raw)}
