"""Clusters: CreateCluster, DescribeCluster, ListClusters, DeleteCluster."""

from __future__ import annotations

import re
import secrets
import uuid
from typing import Any

from kumo_sandbox import durations
from kumo_sandbox.eks import cluster_rules, components, local_clusters, roles, trust_bundle
from kumo_sandbox.eks.access_grants import announce, grant_at_first, grant_nodes
from kumo_sandbox.eks.addon_versions import find_default_version
from kumo_sandbox.eks.context import Context, handles, paginate
from kumo_sandbox.eks.control_plane_interfaces import delete_interfaces, leave_groups, place_interfaces
from kumo_sandbox.eks.errors import (
    ClientFault,
    InvalidParameter,
    InvalidRequest,
    ResourceInUse,
    ResourceLimitExceeded,
    ResourceNotFound,
)
from kumo_sandbox.eks.log_groups import ensure_log_group
from kumo_sandbox.eks.store import Cluster, Raw
from kumo_sandbox.eks.versions import find_offered

LOG_TYPES = ["api", "audit", "authenticator", "controllerManager", "scheduler"]
NAME = re.compile(r"^[0-9A-Za-z][A-Za-z0-9\-_]{0,99}$")
BOOTSTRAPPED = ("coredns", "kube-proxy", "vpc-cni")  # CreateClusterRequest.bootstrapSelfManagedAddons
EGRESS_MODE = "AWS_MANAGED"  # a cluster that has left it cannot come back


@handles("CreateCluster")
def create_cluster(ctx: Context, p: dict[str, Any]) -> dict[str, Any]:
    name = p["name"]
    if not NAME.match(name):
        raise InvalidParameter(f"The cluster name {name} does not match {NAME.pattern}", clusterName=name)
    if (ctx.region, name) in (*ctx.store.clusters, *ctx.store.registrations):
        raise ResourceInUse(f"Cluster already exists with name: {name}", clusterName=name)
    if len([region for region, _name in ctx.store.clusters if region == ctx.region]) >= ctx.quotas["clusters"]:
        raise ResourceLimitExceeded(f"The maximum number of clusters is {ctx.quotas['clusters']}", clusterName=name)
    version = find_offered(ctx, p.get("version"))
    subnets = ctx.aws_context.describe_subnets(ctx.region, p["resourcesVpcConfig"].get("subnetIds") or [])
    _check_creation(ctx, p, subnets)
    raw = _build_cluster(ctx, p, version.name, subnets)
    cluster = Cluster(raw, creator=ctx.principal, zones=find_zones(subnets))
    cluster.creator_is_admin = (p.get("accessConfig") or {}).get("bootstrapClusterCreatorAdminPermissions", True)
    if p.get("bootstrapSelfManagedAddons", not (p.get("computeConfig") or {}).get("enabled")):
        cluster.self_managed = {addon: find_default_version(addon, version.name) for addon in BOOTSTRAPPED}
    ctx.store.clusters[(ctx.region, name)] = cluster
    endpoint, authority = ctx.control_planes.reserve_endpoint(raw["arn"])
    place_interfaces(ctx.region, raw)
    fault = ctx.take_fault("fail_creation", name)

    def end() -> None:
        if fault:
            raw.update(status="FAILED", health=fault.build_health("Other", "The creation failed"))
            return
        raw.update(status="ACTIVE", endpoint=endpoint)
        trust_bundle.add_first(cluster, ctx.now(), authority)
        grant_at_first(ctx, cluster)
        announce(ctx, cluster, seconds=0)
        grant_nodes(ctx, cluster)
        ensure_log_group(ctx, raw)
        ctx.control_planes.sync(raw["arn"])

    ctx.store.schedule(durations.CLUSTER_CREATE, end)
    return {"cluster": _show(raw)}


def _check_creation(ctx: Context, p: dict[str, Any], subnets: list[dict[str, Any]]) -> None:
    asked = p["resourcesVpcConfig"]
    cluster_rules.check_access(p["name"], p, _read_mode(p))
    cluster_rules.check_auto_mode(p)
    cluster_rules.check_vpc_config(p["name"], asked, ctx.quotas["public_access_cidrs"])
    public, private = asked.get("endpointPublicAccess", True), asked.get("endpointPrivateAccess", False)
    cluster_rules.check_endpoints(p["name"], public, private)
    if p.get("outpostConfig"):
        local_clusters.check_creation(ctx, p, subnets, _read_mode(p))
    else:
        check_subnets(subnets)
        cluster_rules.check_zones(p["name"], subnets)
        cluster_rules.refuse_edge_subnets(p["name"], "Clusters", subnets)
    ctx.aws_context.check_security_groups(ctx.region, asked.get("securityGroupIds") or [], subnets[0]["VpcId"])
    ctx.aws_context.check_key(ctx.region, p.get("encryptionConfig") or [])
    arn = ctx.build_arn(f"cluster/{p['name']}")
    if p.get("outpostConfig"):
        roles.check_role(ctx, roles.LOCAL_CLUSTER, p["roleArn"], arn)
    else:
        roles.check_cluster_role(ctx, p["roleArn"], arn)


def _read_mode(p: dict[str, Any]) -> str:
    """CreateAccessConfigRequest: CONFIG_MAP is the default of the API."""
    return (p.get("accessConfig") or {}).get("authenticationMode") or cluster_rules.CONFIG_MAP


def find_zones(subnets: list[dict[str, Any]]) -> frozenset[str]:
    return frozenset(subnet["AvailabilityZone"] for subnet in subnets)


def _show(raw: Raw) -> Raw:
    """The cluster as it is answered: what EKS makes during the creation is not there before it has ended.

    https://docs.aws.amazon.com/cli/latest/reference/eks/create-cluster.html (the examples' output)
    """
    if raw["status"] != "CREATING":
        return dict(raw)
    config = {key: value for key, value in raw["resourcesVpcConfig"].items() if key != "clusterSecurityGroupId"}
    return {**{key: value for key, value in raw.items() if key != "identity"}, "resourcesVpcConfig": config}


def _build_cluster(ctx: Context, p: dict[str, Any], version: str, subnets: list[dict[str, Any]]) -> Raw:
    vpc_blocks = ctx.aws_context.list_vpc_blocks(ctx.region, subnets[0]["VpcId"])
    network = cluster_rules.build_network_config(p.get("kubernetesNetworkConfig") or {}, subnets, vpc_blocks)
    raw: Raw = {
        "name": p["name"],
        "arn": ctx.build_arn(f"cluster/{p['name']}"),
        "createdAt": ctx.now(),
        "version": version,
        "roleArn": p["roleArn"],
        "resourcesVpcConfig": _build_vpc_config(p, subnets[0]["VpcId"], network),
        "kubernetesNetworkConfig": network,
        "logging": _build_logging(p.get("logging")),
        "identity": {"oidc": {"issuer": _build_issuer(ctx)}},
        "status": "CREATING",
        "certificateAuthority": {},
        "platformVersion": "eks.20",
        "tags": p.get("tags") or {},
        "encryptionConfig": p.get("encryptionConfig") or [],
        "health": {"issues": []},
        # bootstrapClusterCreatorAdminPermissions is in no answer:
        # https://github.com/aws/containers-roadmap/issues/185#issuecomment-1863025784
        "accessConfig": {"authenticationMode": _read_mode(p)},
        "upgradePolicy": p.get("upgradePolicy") or {"supportType": "EXTENDED"},
        "deletionProtection": p.get("deletionProtection", False),
        "controlPlaneScalingConfig": p.get("controlPlaneScalingConfig") or {"tier": "standard"},
    }
    for key in ("zonalShiftConfig", "remoteNetworkConfig", "outpostConfig"):
        if p.get(key):
            raw[key] = p[key]
    if p.get("outpostConfig"):
        raw.update(id=str(uuid.uuid4()), platformVersion=local_clusters.PLATFORM)
    raw.update(components.select_configs(p))
    set_auto_mode(raw, p)
    group = ctx.aws_context.create_cluster_security_group(ctx.region, subnets[0]["VpcId"], p["name"])
    raw["resourcesVpcConfig"]["clusterSecurityGroupId"] = group
    return raw


def _build_issuer(ctx: Context) -> str:
    """In the partition's domain: https://github.com/terraform-aws-modules/terraform-aws-eks/issues/1704 has one of China."""
    return f"https://oidc.eks.{ctx.region}.{ctx.partition.domain}/id/{secrets.token_hex(16).upper()}"


def _build_vpc_config(p: dict[str, Any], vpc_id: str, network: Raw) -> Raw:
    asked = p["resourcesVpcConfig"]
    public = asked.get("endpointPublicAccess", True)
    return {
        "subnetIds": asked["subnetIds"],
        "securityGroupIds": asked.get("securityGroupIds") or [],
        "vpcId": vpc_id,
        "endpointPublicAccess": public,
        "endpointPrivateAccess": asked.get("endpointPrivateAccess", False),
        "publicAccessCidrs": (asked.get("publicAccessCidrs") or list_everywhere(network)) if public else [],
        "controlPlaneEgressMode": asked.get("controlPlaneEgressMode") or EGRESS_MODE,
    }


def list_everywhere(network: Raw) -> list[str]:
    """VpcConfigRequest: "The default value is 0.0.0.0/0 and additionally ::/0 for dual-stack IPv6 clusters"."""
    return ["0.0.0.0/0", "::/0"] if network["ipFamily"] == "ipv6" else ["0.0.0.0/0"]


def check_subnets(subnets: list[dict[str, Any]]) -> None:
    if len({subnet["AvailabilityZone"] for subnet in subnets}) < 2:
        raise InvalidParameter("Subnets specified must be in at least two different AZs")
    if len({subnet["VpcId"] for subnet in subnets}) > 1:
        raise InvalidParameter("Subnets specified must belong to the same VPC")


def _build_logging(asked: Raw | None) -> Raw:
    enabled: set[str] = set()
    for setup in (asked or {}).get("clusterLogging") or []:
        if setup.get("enabled"):
            enabled |= set(setup.get("types") or [])
    return build_logging_setup(enabled)


def build_logging_setup(enabled: set[str]) -> Raw:
    rows = [
        {"types": [t for t in LOG_TYPES if t in enabled], "enabled": True},
        {"types": [t for t in LOG_TYPES if t not in enabled], "enabled": False},
    ]
    return {"clusterLogging": [row for row in rows if row["types"]]}


def set_auto_mode(raw: Raw, p: dict[str, Any]) -> None:
    """Auto mode is all or nothing: compute, block storage and load balancing together."""
    compute, storage = p.get("computeConfig"), p.get("storageConfig")
    if compute is None and storage is None:
        return
    balancing = ((p.get("kubernetesNetworkConfig") or {}).get("elasticLoadBalancing") or {}).get("enabled", False)
    flags = {
        bool((compute or {}).get("enabled")),
        bool(((storage or {}).get("blockStorage") or {}).get("enabled")),
        balancing,
    }
    if len(flags) > 1:
        raise InvalidParameter(
            "For EKS Auto Mode, please ensure that all required configs, including computeConfig,"
            " kubernetesNetworkConfig, and blockStorage are all either fully enabled or fully disabled."
        )
    raw["computeConfig"], raw["storageConfig"] = compute, storage


@handles("DescribeCluster")
def describe_cluster(ctx: Context, p: dict[str, Any]) -> dict[str, Any]:
    registered = ctx.store.registrations.get((ctx.region, p["name"]))
    return {"cluster": dict(registered) if registered else _show(_find(ctx, p["name"]).raw)}


def _find(ctx: Context, name: str) -> Cluster:
    """The cluster. "Sometimes the EKS API returns the ResourceNotFound error in this form: ClientException: No cluster found":

    https://github.com/hashicorp/terraform-provider-aws/blob/main/internal/service/eks/cluster.go (findClusterByName,
    resourceClusterDelete). A fault says when.
    """
    try:
        return ctx.find_cluster(name)
    except ResourceNotFound as error:
        if ctx.take_fault("client_exception", name):
            raise ClientFault(error.message, **error.members) from error
        raise


@handles("ListClusters")
def list_clusters(ctx: Context, p: dict[str, Any]) -> dict[str, Any]:
    if p.get("include") not in (None, [], ["all"]):
        raise InvalidParameter("include must be all")
    found = [*ctx.store.clusters, *(ctx.store.registrations if p.get("include") else ())]
    return paginate(ctx, p, "clusters", sorted(name for region, name in found if region == ctx.region))


@handles("DeleteCluster")
def delete_cluster(ctx: Context, p: dict[str, Any]) -> dict[str, Any]:
    cluster = _find(ctx, p["name"])
    raw = cluster.raw
    if raw["deletionProtection"]:
        raise InvalidRequest(
            f"Cluster {cluster.name} has deletion protection enabled. Disable it before you delete the cluster",
            clusterName=cluster.name,
        )
    if cluster.nodegroups:
        raise ResourceInUse("Cluster has nodegroups attached", clusterName=cluster.name)
    if cluster.fargate_profiles:
        raise ResourceInUse("Cluster has fargate profiles attached", clusterName=cluster.name)
    if raw["status"] in ("CREATING", "UPDATING", "DELETING"):
        raise ResourceInUse(f"Cluster is in {raw['status']} state", clusterName=cluster.name)
    raw["status"] = "DELETING"
    fault = ctx.take_fault("fail_deletion", cluster.name)

    def end() -> None:
        if fault:
            raw.update(status="FAILED", health=fault.build_health("Other", "The deletion failed"))
            return
        ctx.store.clusters.pop((ctx.region, cluster.name), None)
        ctx.control_planes.remove(raw["arn"])
        leave_groups(ctx.region, cluster.name)
        ctx.aws_context.delete_security_group(ctx.region, raw["resourcesVpcConfig"]["clusterSecurityGroupId"])
        ctx.store.schedule(durations.CONTROL_PLANE_INTERFACES, lambda: _delete_leftover_interfaces(ctx, cluster.name))

    ctx.store.schedule(durations.CLUSTER_DELETE, end)
    return {"cluster": dict(raw)}


def _delete_leftover_interfaces(ctx: Context, name: str) -> None:
    """Unless a new cluster of the name has them by now."""
    if (ctx.region, name) not in ctx.store.clusters:
        delete_interfaces(ctx.region, name)


def check_active(cluster: Cluster) -> None:
    """The cluster may be updated now; raises in the service's words."""
    if cluster.raw["status"] == "UPDATING":
        raise ResourceInUse(
            f"Cannot update cluster {cluster.name} because it currently has an update in progress",
            clusterName=cluster.name,
        )
    if cluster.raw["status"] != "ACTIVE":
        raise InvalidRequest(f"Cluster '{cluster.name}' is not in ACTIVE status", clusterName=cluster.name)
