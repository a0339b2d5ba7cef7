"""Fargate profiles: immutable but for their tags, one created or deleted at a time."""

from __future__ import annotations

import uuid
from typing import Any

from kumo_sandbox import durations
from kumo_sandbox.eks import cluster_rules, local_clusters, roles
from kumo_sandbox.eks.access_grants import grant_nodes
from kumo_sandbox.eks.context import Context, handles, paginate
from kumo_sandbox.eks.errors import (
    AccessDenied,
    InvalidParameter,
    ResourceInUse,
    ResourceLimitExceeded,
    ResourceNotFound,
)
from kumo_sandbox.eks.route_tables import find_table
from kumo_sandbox.eks.store import Cluster, Raw

MOST_SELECTORS = 5
MOST_LABELS = 5
# https://docs.aws.amazon.com/govcloud-us/latest/UserGuide/govcloud-eks.html
PARTITIONS_WITHOUT_FARGATE = ("aws-us-gov",)


def find(cluster: Cluster, name: str) -> Raw:
    if name not in cluster.fargate_profiles:
        raise ResourceNotFound(
            f"No Fargate Profile found with name: {name}.", clusterName=cluster.name, fargateProfileName=name
        )
    return cluster.fargate_profiles[name]


def _check_none_in_transition(cluster: Cluster) -> None:
    for other in cluster.fargate_profiles.values():
        if other["status"] in ("CREATING", "DELETING"):
            raise ResourceInUse(
                f"Cannot create or delete a Fargate Profile while {other['fargateProfileName']} is in {other['status']} state",
                clusterName=cluster.name,
            )


@handles("CreateFargateProfile")
def create_fargate_profile(ctx: Context, p: dict[str, Any]) -> dict[str, Any]:
    _check_region(ctx)
    cluster, name = ctx.find_active_cluster(p["clusterName"]), p["fargateProfileName"]
    local_clusters.refuse(cluster.raw, "Fargate profiles")
    if name in cluster.fargate_profiles:
        raise ResourceInUse(
            "A Fargate Profile already exists with this name in this cluster.", clusterName=cluster.name
        )
    if len(cluster.fargate_profiles) >= ctx.quotas["fargate_profiles"]:
        raise ResourceLimitExceeded(
            f"Fargate Profile limit of {ctx.quotas['fargate_profiles']} exceeded for {cluster.name}",
            clusterName=cluster.name,
        )
    _check_selectors(p.get("selectors") or [])
    _check_none_in_transition(cluster)
    source = ctx.build_arn(f"fargateprofile/{cluster.name}/{name}")
    roles.check_role(ctx, roles.FARGATE, p["podExecutionRoleArn"], source)
    _check_subnets(ctx, cluster, p.get("subnets") or [])
    raw: Raw = {
        "fargateProfileName": name,
        "fargateProfileArn": ctx.build_arn(f"fargateprofile/{cluster.name}/{name}/{uuid.uuid4()}"),
        "clusterName": cluster.name,
        "createdAt": ctx.now(),
        "podExecutionRoleArn": p["podExecutionRoleArn"],
        "subnets": p.get("subnets") or cluster.raw["resourcesVpcConfig"]["subnetIds"],
        "selectors": p["selectors"],
        "status": "CREATING",
        "tags": p.get("tags") or {},
        "health": {"issues": []},
    }
    cluster.fargate_profiles[name] = raw
    fault = ctx.take_fault("fail_creation", name)

    def end() -> None:
        if fault:
            raw.update(status="CREATE_FAILED", health=fault.build_health("InternalFailure", "The creation failed"))
            return
        raw["status"] = "ACTIVE"
        grant_nodes(ctx, cluster)
        ctx.control_planes.sync(cluster.raw["arn"])

    ctx.store.schedule(durations.FARGATE_CREATE, end)
    return {"fargateProfile": dict(raw)}


def _check_region(ctx: Context) -> None:
    """Where EKS has no Fargate, nobody may use it: https://github.com/eksctl-io/eksctl/pull/1825"""
    if ctx.partition.name in PARTITIONS_WITHOUT_FARGATE:
        raise AccessDenied(f"Amazon EKS on Fargate is not available in {ctx.region}")


def _check_selectors(selectors: list[Raw]) -> None:
    if not selectors:
        raise InvalidParameter("Fargate Profile requires at least one selector.")
    if len(selectors) > MOST_SELECTORS:
        raise InvalidParameter(f"Fargate Profile can have at most {MOST_SELECTORS} selectors.")
    for selector in selectors:
        if not selector.get("namespace"):
            raise InvalidParameter("Fargate Profile must have at least one selector with at least one namespace value.")
        if len(selector.get("labels") or {}) > MOST_LABELS:
            raise InvalidParameter(f"Request contains Selector with more than {MOST_LABELS} Label pairs")


def _check_subnets(ctx: Context, cluster: Cluster, ids: list[str]) -> None:
    """Only private subnets of the cluster's VPC: none whose route table leads to an internet gateway."""
    if not ids:
        return
    vpc_id = cluster.raw["resourcesVpcConfig"]["vpcId"]
    subnets = ctx.aws_context.describe_subnets(ctx.region, ids)
    cluster_rules.refuse_edge_subnets(cluster.name, "Fargate profiles", subnets)
    if any(subnet["VpcId"] != vpc_id for subnet in subnets):
        raise InvalidParameter("Subnets are not in the VPC of the cluster", clusterName=cluster.name)
    client = ctx.aws_context.client("ec2", ctx.region)
    tables = client.describe_route_tables(Filters=[{"Name": "vpc-id", "Values": [vpc_id]}])["RouteTables"]
    for subnet in ids:
        if _leads_to_the_internet(find_table(tables, subnet)):
            raise InvalidParameter(
                f"Subnet {subnet} provided in Fargate Profile is not a private subnet", clusterName=cluster.name
            )


def _leads_to_the_internet(table: Raw) -> bool:
    return any((route.get("GatewayId") or "").startswith("igw-") for route in table["Routes"])


@handles("DescribeFargateProfile")
def describe_fargate_profile(ctx: Context, p: dict[str, Any]) -> dict[str, Any]:
    return {"fargateProfile": find(ctx.find_cluster(p["clusterName"]), p["fargateProfileName"])}


@handles("ListFargateProfiles")
def list_fargate_profiles(ctx: Context, p: dict[str, Any]) -> dict[str, Any]:
    return paginate(ctx, p, "fargateProfileNames", sorted(ctx.find_cluster(p["clusterName"]).fargate_profiles))


@handles("DeleteFargateProfile")
def delete_fargate_profile(ctx: Context, p: dict[str, Any]) -> dict[str, Any]:
    cluster = ctx.find_cluster(p["clusterName"])
    raw = find(cluster, p["fargateProfileName"])
    _check_none_in_transition(cluster)
    raw["status"] = "DELETING"
    fault = ctx.take_fault("fail_deletion", raw["fargateProfileName"])

    def end() -> None:
        if fault:
            raw.update(status="DELETE_FAILED", health=fault.build_health("InternalFailure", "The deletion failed"))
            return
        cluster.fargate_profiles.pop(raw["fargateProfileName"], None)
        ctx.control_planes.sync(cluster.raw["arn"])

    ctx.store.schedule(durations.FARGATE_DELETE, end)
    return {"fargateProfile": dict(raw)}
