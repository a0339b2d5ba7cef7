"""Managed node groups, each with an Auto Scaling group and instances behind it."""

from __future__ import annotations

import uuid
from typing import Any

from kumo_sandbox import durations
from kumo_sandbox.eks import (
    cluster_rules,
    instance_profiles,
    instance_types,
    joining,
    local_clusters,
    node_labels,
    remote_access,
    roles,
    warm_pool,
)
from kumo_sandbox.eks.access_grants import grant_nodes
from kumo_sandbox.eks.context import Context, find_running_update, handles, paginate
from kumo_sandbox.eks.errors import InvalidParameter, ResourceInUse, ResourceLimitExceeded, ResourceNotFound
from kumo_sandbox.eks.launch_templates import check_reference, check_template
from kumo_sandbox.eks.machine_images import build_image_id
from kumo_sandbox.eks.store import Cluster, Raw
from kumo_sandbox.eks.versions import BY_NAME, build_release_version, find_offered

MOST_UNAVAILABLE, MOST_TAINTS = 100, 50


def find(cluster: Cluster, name: str) -> Raw:
    if name not in cluster.nodegroups:
        raise ResourceNotFound(f"No node group found for name: {name}.", clusterName=cluster.name, nodegroupName=name)
    return cluster.nodegroups[name]


@handles("CreateNodegroup")
def create_nodegroup(ctx: Context, p: dict[str, Any]) -> dict[str, Any]:
    cluster, name = ctx.find_active_cluster(p["clusterName"]), p["nodegroupName"]
    local_clusters.refuse(cluster.raw, "Managed node groups")
    if name in cluster.nodegroups:
        raise ResourceInUse(
            f"NodeGroup already exists with name {name} and cluster name {cluster.name}",
            clusterName=cluster.name,
            nodegroupName=name,
        )
    if len(cluster.nodegroups) >= ctx.quotas["nodegroups"]:
        raise ResourceLimitExceeded(
            f"The maximum number of managed node groups of a cluster is {ctx.quotas['nodegroups']}",
            clusterName=cluster.name,
            nodegroupName=name,
        )
    raw = _build_nodegroup(ctx, cluster, p)
    cluster.nodegroups[name] = raw
    fault = ctx.take_fault("fail_creation", name)

    def end() -> None:
        if raw["status"] != "CREATING":
            return
        why = ("NodeCreationFailure", joining.NOT_JOINED)
        health = fault.build_health(*why) if fault else _find_health(joining.find_lasting_issue(ctx, cluster, raw))
        if health:
            raw.update(status="CREATE_FAILED", health=health)
            return
        instance_profiles.create_profile(ctx, raw)
        _join(ctx, cluster, raw)

    ctx.store.schedule(durations.NODEGROUP_CREATE, end)
    return {"nodegroup": dict(raw)}


def _find_health(issue: Raw | None) -> Raw | None:
    return {"issues": [issue]} if issue else None


def _join(ctx: Context, cluster: Cluster, raw: Raw, waited: float = durations.NODEGROUP_CREATE) -> None:
    """ACTIVE when its nodes have joined. What keeps them from it can be mended while EKS waits for them.

    Args:
        waited: seconds, counted by looks where the clock is instant.
    """
    if raw["status"] != "CREATING":
        return
    issue = joining.find_passing_issue(ctx, cluster, raw)
    if issue and max(waited, ctx.now() - raw["createdAt"]) < durations.NODES_JOIN:
        again = waited + durations.NODES_LOOK
        ctx.store.schedule(durations.NODES_LOOK, lambda: _join(ctx, cluster, raw, again))
        return
    if issue:
        raw.update(status="CREATE_FAILED", health=_find_health(issue))
        return
    ctx.aws_context.start_instances(ctx.region, raw, build_image_id(ctx.region, raw["releaseVersion"], raw["amiType"]))
    ctx.aws_context.give_groups(ctx.region, raw, cluster.raw["resourcesVpcConfig"]["clusterSecurityGroupId"])
    if raw.get("warmPoolConfig"):
        ctx.aws_context.update_warm_pool(ctx.region, raw)
    raw.update(status="ACTIVE", modifiedAt=ctx.now())
    grant_nodes(ctx, cluster)
    ctx.control_planes.sync(cluster.raw["arn"])


def _build_nodegroup(ctx: Context, cluster: Cluster, p: dict[str, Any]) -> Raw:
    roles.check_role(ctx, roles.NODE, p["nodeRole"])
    subnets = ctx.aws_context.describe_subnets(ctx.region, p["subnets"])
    vpc_id = cluster.raw["resourcesVpcConfig"]["vpcId"]
    if {subnet["VpcId"] for subnet in subnets} != {vpc_id}:  # https://github.com/rancher/rancher/issues/28144
        raise InvalidParameter(f"Specified subnets must belong to cluster's vpc {vpc_id}", clusterName=cluster.name)
    cluster_rules.refuse_edge_subnets(cluster.name, "Managed node groups", subnets)
    zones = {subnet["AvailabilityZone"] for subnet in subnets}
    node_labels.check_labels(cluster.name, p.get("labels") or {})
    check_remote_access(ctx, p, vpc_id)
    version = _choose_first_version(ctx, cluster, p.get("version"))
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
        "scalingConfig": _build_scaling(ctx, cluster.name, p.get("scalingConfig")),
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
    instance_types.check_image(cluster.name, raw["amiType"], version, raw.get("instanceTypes") or [])
    instance_types.check_zones(ctx.region, cluster.name, raw.get("instanceTypes") or [], zones)
    if p.get("remoteAccess"):
        raw["remoteAccess"] = p["remoteAccess"]
        vpc_id = cluster.raw["resourcesVpcConfig"]["vpcId"]
        raw["resources"]["remoteAccessSecurityGroup"] = remote_access.open_port(ctx, vpc_id, raw)
    if p.get("warmPoolConfig"):
        raw["warmPoolConfig"] = warm_pool.build_config(raw, p["warmPoolConfig"])
    return raw


def _set_hardware(ctx: Context, raw: Raw, p: dict[str, Any]) -> None:
    """Machine settings come from the node group or from its launch template, never from both."""
    if not p.get("launchTemplate"):
        raw["instanceTypes"] = p.get("instanceTypes") or ["t3.medium"]
        raw["amiType"] = p.get("amiType") or "AL2023_x86_64_STANDARD"
        raw["diskSize"] = p.get("diskSize") or (50 if raw["amiType"].startswith("WINDOWS") else 20)
        return
    if p.get("diskSize"):
        raise InvalidParameter(
            "Disk size must be specified within the launch template.", clusterName=raw["clusterName"]
        )
    if p.get("remoteAccess"):
        raise InvalidParameter(
            "Remote access configuration cannot be specified with a launch template.", clusterName=raw["clusterName"]
        )
    check_reference(raw["clusterName"], p["launchTemplate"])
    template = ctx.aws_context.describe_launch_template(ctx.region, p["launchTemplate"])
    data = template["data"]
    check_template(raw, data, p)
    raw["launchTemplate"] = template["reference"]
    raw["amiType"] = p.get("amiType") or "AL2023_x86_64_STANDARD"
    if data.get("ImageId"):
        raw.update(amiType="CUSTOM", releaseVersion=data["ImageId"])
    if not data.get("InstanceType"):
        raw["instanceTypes"] = p.get("instanceTypes") or ["t3.medium"]


def _choose_first_version(ctx: Context, cluster: Cluster, asked: str | None) -> str:
    """CreateNodegroupRequest.version: the cluster's "is the only accepted specified value"."""
    if asked not in (None, cluster.raw["version"]):
        raise InvalidParameter(
            f"The Kubernetes version {asked} of a new nodegroup must be that of its cluster, {cluster.raw['version']}",
            clusterName=cluster.name,
        )
    return choose_version(ctx, cluster, asked)


def choose_version(ctx: Context, cluster: Cluster, asked: str | None) -> str:
    version = asked or cluster.raw["version"]
    if find_offered(ctx, version).minor > BY_NAME[cluster.raw["version"]].minor:
        raise InvalidParameter(
            f"Nodegroup version {version} is higher than the cluster version {cluster.raw['version']}",
            clusterName=cluster.name,
        )
    return version


def check_remote_access(ctx: Context, p: dict[str, Any], vpc_id: str) -> None:
    """The security groups that may reach the nodes exist in the cluster's VPC."""
    groups = (p.get("remoteAccess") or {}).get("sourceSecurityGroups") or []
    ctx.aws_context.check_security_groups(ctx.region, groups, vpc_id)


def _build_scaling(ctx: Context, cluster: str, asked: Raw | None) -> Raw:
    """The sizes of a new group: all of them, or none."""
    missing = [key for key in ("minSize", "maxSize", "desiredSize") if asked and asked.get(key) is None]
    if missing:
        raise InvalidParameter(f"scalingConfig needs {', '.join(missing)} as well", clusterName=cluster)
    sizes = merge_scaling(asked or {}, {"minSize": 1, "maxSize": 2, "desiredSize": 2})
    check_size(ctx, cluster, sizes)
    return sizes


def check_size(ctx: Context, cluster: str, sizes: Raw) -> None:
    if sizes["maxSize"] > ctx.quotas["nodes"]:
        raise ResourceLimitExceeded(
            f"The maximum number of nodes of a managed node group is {ctx.quotas['nodes']}", clusterName=cluster
        )


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
    if len(taints) > MOST_TAINTS:
        raise InvalidParameter(f"A nodegroup can have at most {MOST_TAINTS} taints")
    return taints


def build_update_config(asked: Raw | None) -> Raw:
    asked = asked or {}
    if asked.get("maxUnavailable") and asked.get("maxUnavailablePercentage"):
        raise InvalidParameter("Only one of maxUnavailable and maxUnavailablePercentage can be specified")
    if (asked.get("maxUnavailable") or 0) > MOST_UNAVAILABLE:
        raise InvalidParameter(f"maxUnavailable {asked['maxUnavailable']} is higher than {MOST_UNAVAILABLE}")
    if asked.get("maxUnavailablePercentage"):
        return {**asked}
    return {"maxUnavailable": 1, **asked}


@handles("DescribeNodegroup")
def describe_nodegroup(ctx: Context, p: dict[str, Any]) -> dict[str, Any]:
    return {"nodegroup": find(ctx.find_cluster(p["clusterName"]), p["nodegroupName"])}


@handles("ListNodegroups")
def list_nodegroups(ctx: Context, p: dict[str, Any]) -> dict[str, Any]:
    return paginate(ctx, p, "nodegroups", sorted(ctx.find_cluster(p["clusterName"]).nodegroups))


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
    fault = ctx.take_fault("fail_deletion", raw["nodegroupName"])

    def end() -> None:
        if fault:
            why = ("AutoScalingGroupNotFound", "The deletion failed")
            raw.update(status="DELETE_FAILED", health=fault.build_health(*why))
            return
        ctx.aws_context.stop_instances(ctx.region, raw)
        instance_profiles.delete_profile(ctx, raw)
        issue = remote_access.close_port(ctx, raw)
        if issue:
            raw.update(status="DELETE_FAILED", health={"issues": [issue]})
            return
        cluster.nodegroups.pop(raw["nodegroupName"], None)
        ctx.control_planes.sync(cluster.raw["arn"])

    ctx.store.schedule(durations.NODEGROUP_DELETE, end)
    return {"nodegroup": dict(raw)}
