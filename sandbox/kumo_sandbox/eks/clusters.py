"""Clusters: CreateCluster, its Update operations, DeleteCluster."""

from __future__ import annotations

import re
import secrets
from typing import Any

from kumo_sandbox import durations
from kumo_sandbox.eks import components
from kumo_sandbox.eks.access import grant_creator_access
from kumo_sandbox.eks.context import Context, begin_update, operation, page
from kumo_sandbox.eks.errors import InvalidParameter, InvalidRequest, ResourceInUse
from kumo_sandbox.eks.rollback import roll_back
from kumo_sandbox.eks.store import Cluster, Raw
from kumo_sandbox.eks.versions import BY_NAME, offered

LOG_TYPES = ["api", "audit", "authenticator", "controllerManager", "scheduler"]
NAME = re.compile(r"^[0-9A-Za-z][A-Za-z0-9\-_]{0,99}$")
MODES = ["CONFIG_MAP", "API_AND_CONFIG_MAP", "API"]  # the only way is forward
EGRESS_MODE = "AWS_MANAGED"  # a cluster that has left it cannot come back


@operation("CreateCluster")
def create_cluster(ctx: Context, p: dict[str, Any]) -> dict[str, Any]:
    again = ctx.repeated(p)
    if again is not None:
        return {"cluster": again}
    name = p["name"]
    if not NAME.match(name):
        raise InvalidParameter(f"The cluster name {name} does not match {NAME.pattern}", clusterName=name)
    if (ctx.region, name) in ctx.store.clusters:
        raise ResourceInUse(f"Cluster already exists with name: {name}", clusterName=name)
    version = offered(ctx, p.get("version"))
    ctx.aws_context.check_role(p["roleArn"], "eks.amazonaws.com")
    raw = _new(ctx, p, version.name)
    cluster = Cluster(raw, creator=ctx.principal)
    ctx.store.clusters[(ctx.region, name)] = cluster
    endpoint, authority = ctx.aws_context.endpoint(raw["arn"])
    fault = ctx.fails("fail_creation", name)

    def end() -> None:
        if fault:
            raw["status"] = "FAILED"
            issue = {
                "code": fault.code or "Other",
                "message": fault.message or "The creation failed",
                "resourceIds": [],
            }
            raw["health"] = {"issues": [issue]}
            return
        raw.update(status="ACTIVE", endpoint=endpoint, certificateAuthority={"data": authority})
        grant_creator_access(ctx, cluster)
        ctx.aws_context.changed(raw["arn"])

    ctx.store.later(durations.CLUSTER_CREATE, end)
    return {"cluster": ctx.remember(p, dict(raw))}


def _new(ctx: Context, p: dict[str, Any], version: str) -> Raw:
    access = {
        "authenticationMode": "CONFIG_MAP",
        "bootstrapClusterCreatorAdminPermissions": True,
        **(p.get("accessConfig") or {}),
    }
    raw: Raw = {
        "name": p["name"],
        "arn": ctx.arn(f"cluster/{p['name']}"),
        "createdAt": ctx.now(),
        "version": version,
        "roleArn": p["roleArn"],
        "resourcesVpcConfig": _vpc_config(ctx, p),
        "kubernetesNetworkConfig": _network_config(p.get("kubernetesNetworkConfig") or {}),
        "logging": _logging(p.get("logging")),
        "identity": {
            "oidc": {"issuer": f"https://oidc.eks.{ctx.region}.amazonaws.com/id/{secrets.token_hex(16).upper()}"}
        },
        "status": "CREATING",
        "certificateAuthority": {},
        "platformVersion": "eks.20",
        "tags": p.get("tags") or {},
        "encryptionConfig": p.get("encryptionConfig") or [],
        "health": {"issues": []},
        "accessConfig": access,
        "upgradePolicy": p.get("upgradePolicy") or {"supportType": "EXTENDED"},
        "deletionProtection": p.get("deletionProtection", False),
        "controlPlaneScalingConfig": p.get("controlPlaneScalingConfig") or {"tier": "standard"},
    }
    for key in ("zonalShiftConfig", "remoteNetworkConfig", "outpostConfig"):
        if p.get(key):
            raw[key] = p[key]
    raw.update(components.asked(p))
    _auto_mode(raw, p)
    return raw


def _vpc_config(ctx: Context, p: dict[str, Any]) -> Raw:
    asked = p["resourcesVpcConfig"]
    subnets = ctx.aws_context.subnets(ctx.region, asked.get("subnetIds") or [])
    _check_subnets(subnets)
    ctx.aws_context.check_security_groups(ctx.region, asked.get("securityGroupIds") or [])
    vpc_id = subnets[0]["VpcId"]
    public = asked.get("endpointPublicAccess", True)
    return {
        "subnetIds": asked["subnetIds"],
        "securityGroupIds": asked.get("securityGroupIds") or [],
        "clusterSecurityGroupId": ctx.aws_context.cluster_security_group(ctx.region, vpc_id, p["name"]),
        "vpcId": vpc_id,
        "endpointPublicAccess": public,
        "endpointPrivateAccess": asked.get("endpointPrivateAccess", False),
        "publicAccessCidrs": (asked.get("publicAccessCidrs") or ["0.0.0.0/0"]) if public else [],
        "controlPlaneEgressMode": asked.get("controlPlaneEgressMode") or EGRESS_MODE,
    }


def _check_subnets(subnets: list[dict[str, Any]]) -> None:
    if len({subnet["AvailabilityZone"] for subnet in subnets}) < 2:
        raise InvalidParameter("Subnets specified must be in at least two different AZs")
    if len({subnet["VpcId"] for subnet in subnets}) > 1:
        raise InvalidParameter("Subnets specified must belong to the same VPC")


def _network_config(asked: Raw) -> Raw:
    family = asked.get("ipFamily", "ipv4")
    config: Raw = {"ipFamily": family, "elasticLoadBalancing": asked.get("elasticLoadBalancing") or {"enabled": False}}
    if family == "ipv6":
        return {**config, "serviceIpv6Cidr": "fd30:1c53:5f8a::/108"}
    return {**config, "serviceIpv4Cidr": asked.get("serviceIpv4Cidr") or "172.20.0.0/16"}


def _logging(asked: Raw | None) -> Raw:
    enabled: set[str] = set()
    for setup in (asked or {}).get("clusterLogging") or []:
        if setup.get("enabled"):
            enabled |= set(setup.get("types") or [])
    return _logging_of(enabled)


def _logging_of(enabled: set[str]) -> Raw:
    rows = [
        {"types": [t for t in LOG_TYPES if t in enabled], "enabled": True},
        {"types": [t for t in LOG_TYPES if t not in enabled], "enabled": False},
    ]
    return {"clusterLogging": [row for row in rows if row["types"]]}


def _auto_mode(raw: Raw, p: dict[str, Any]) -> None:
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


@operation("DescribeCluster")
def describe_cluster(ctx: Context, p: dict[str, Any]) -> dict[str, Any]:
    return {"cluster": ctx.cluster(p["name"]).raw}


@operation("ListClusters")
def list_clusters(ctx: Context, p: dict[str, Any]) -> dict[str, Any]:
    return page(p, "clusters", sorted(name for region, name in ctx.store.clusters if region == ctx.region))


@operation("DeleteCluster")
def delete_cluster(ctx: Context, p: dict[str, Any]) -> dict[str, Any]:
    cluster = ctx.cluster(p["name"])
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

    def end() -> None:
        ctx.store.clusters.pop((ctx.region, cluster.name), None)
        ctx.aws_context.removed(raw["arn"])
        ctx.aws_context.delete_security_group(ctx.region, raw["resourcesVpcConfig"]["clusterSecurityGroupId"])

    ctx.store.later(durations.CLUSTER_DELETE, end)
    return {"cluster": dict(raw)}


@operation("UpdateClusterVersion")
def update_cluster_version(ctx: Context, p: dict[str, Any]) -> dict[str, Any]:
    cluster = ctx.cluster(p["name"])
    now, wanted = BY_NAME[cluster.raw["version"]], BY_NAME.get(p.get("version") or "")
    if wanted is None:
        raise InvalidParameter(f"unsupported Kubernetes version {p.get('version')}", clusterName=cluster.name)
    if wanted.minor == now.minor - 1:
        must_be_active(cluster)
        return roll_back(ctx, cluster, wanted, p)
    if p.get("rollbackConfig"):
        raise InvalidParameter("rollbackConfig can only be given with a rollback", clusterName=cluster.name)
    if wanted.minor != now.minor + 1:
        raise InvalidParameter(
            f"Unsupported Kubernetes minor version update from {now.name} to {wanted.name}", clusterName=cluster.name
        )
    must_be_active(cluster)
    params = [("Version", wanted.name), ("PlatformVersion", "eks.20")]

    def act() -> None:
        cluster.raw.update(version=wanted.name)
        cluster.upgraded = (now.name, ctx.now())

    return begin_update(
        ctx, cluster, ("cluster", cluster.raw), "VersionUpdate", params, durations.CLUSTER_VERSION_UPDATE, act
    )


def must_be_active(cluster: Cluster) -> None:
    """The cluster may be updated now; raises in the service's words."""
    if cluster.raw["status"] == "UPDATING":
        raise ResourceInUse(
            f"Cannot update cluster {cluster.name} because it currently has an update in progress",
            clusterName=cluster.name,
        )
    if cluster.raw["status"] != "ACTIVE":
        raise InvalidRequest(f"Cluster '{cluster.name}' is not in ACTIVE status", clusterName=cluster.name)


@operation("AssociateEncryptionConfig")
def associate_encryption_config(ctx: Context, p: dict[str, Any]) -> dict[str, Any]:
    cluster = ctx.cluster(p["clusterName"])
    must_be_active(cluster)
    if cluster.raw["encryptionConfig"]:
        raise InvalidRequest("Cluster already has encryption configured", clusterName=cluster.name)
    return begin_update(
        ctx,
        cluster,
        ("cluster", cluster.raw),
        "AssociateEncryptionConfig",
        [("EncryptionConfig", p["encryptionConfig"])],
        durations.CLUSTER_CONFIG_UPDATE,
        lambda: cluster.raw.update(encryptionConfig=p["encryptionConfig"]),
    )


@operation("UpdateClusterConfig")
def update_cluster_config(ctx: Context, p: dict[str, Any]) -> dict[str, Any]:
    cluster = ctx.cluster(p["name"])
    must_be_active(cluster)
    changes = _changes(ctx, cluster, p)
    if len(changes) != 1:
        raise InvalidParameter(
            "Only one type of update can be allowed at a time"
            if changes
            else "At least one type of update is required",
            clusterName=cluster.name,
        )
    kind, params, patch = changes[0]
    if all(cluster.raw.get(key) == value for key, value in patch.items()):
        raise InvalidParameter(
            "No changes needed for the config provided: the cluster is already at the desired configuration",
            clusterName=cluster.name,
        )

    def act() -> None:
        before = cluster.raw["accessConfig"]["authenticationMode"]
        cluster.raw.update(patch)
        if before == "CONFIG_MAP":
            grant_creator_access(ctx, cluster)

    return begin_update(
        ctx,
        cluster,
        ("cluster", cluster.raw),
        kind,
        params,
        durations.CLUSTER_CONFIG_UPDATE,
        act,
    )


def _changes(ctx: Context, cluster: Cluster, p: dict[str, Any]) -> list[tuple[str, list[tuple[str, Any]], Raw]]:
    """Each kind of change the request asks for: update type, update params, what the cluster becomes."""
    raw, found = cluster.raw, []
    vpc = p.get("resourcesVpcConfig") or {}
    endpoint = {
        k: v for k, v in vpc.items() if k in ("endpointPublicAccess", "endpointPrivateAccess", "publicAccessCidrs")
    }
    place = {k: v for k, v in vpc.items() if k in ("subnetIds", "securityGroupIds")}
    if vpc.get("controlPlaneEgressMode"):
        found.append(_egress(raw, vpc["controlPlaneEgressMode"]))
    if endpoint:
        found.append(("EndpointAccessUpdate", _params(endpoint), {"resourcesVpcConfig": _endpoint(raw, endpoint)}))
    if place:
        _check_place(ctx, raw, place)
        found.append(
            (
                "VpcConfigUpdate",
                [("Subnets", place.get("subnetIds")), ("SecurityGroups", place.get("securityGroupIds"))],
                {"resourcesVpcConfig": {**raw["resourcesVpcConfig"], **place}},
            )
        )
    if p.get("logging"):
        found.append(
            ("LoggingUpdate", [("ClusterLogging", p["logging"])], {"logging": _new_logging(raw, p["logging"])})
        )
    if p.get("accessConfig"):
        found.append(
            (
                "AccessConfigUpdate",
                [("AuthenticationMode", p["accessConfig"]["authenticationMode"])],
                _new_access(raw, p),
            )
        )
    if p.get("computeConfig") or p.get("storageConfig"):
        patch: Raw = {
            "kubernetesNetworkConfig": {**raw["kubernetesNetworkConfig"], **(p.get("kubernetesNetworkConfig") or {})}
        }
        _auto_mode(patch, p)
        found.append(("AutoModeUpdate", [("ComputeConfig", p.get("computeConfig"))], patch))
    simple = {
        "upgradePolicy": ("UpgradePolicyUpdate", "UpgradePolicy"),
        "zonalShiftConfig": ("ZonalShiftConfigUpdate", "ZonalShiftConfig"),
        "remoteNetworkConfig": ("RemoteNetworkConfigUpdate", "RemoteNetworkConfig"),
        "deletionProtection": ("DeletionProtectionUpdate", "DeletionProtection"),
        "controlPlaneScalingConfig": ("ControlPlaneScalingConfigUpdate", "UpdatedTier"),
    }
    for key, (kind, param) in simple.items():
        if p.get(key) is not None:
            found.append((kind, [(param, p[key])], {key: p[key]}))
    configs = components.asked(p)
    if configs:
        patch = {key: components.merged(raw.get(key) or {}, value) for key, value in configs.items()}
        found.append(("ControlPlaneComponentConfigUpdate", _params(configs), patch))
    return found


def _egress(raw: Raw, wanted: str) -> tuple[str, list[tuple[str, Any]], Raw]:
    now = raw["resourcesVpcConfig"]["controlPlaneEgressMode"]
    if wanted == EGRESS_MODE != now:
        raise InvalidParameter(
            f"The control plane egress mode cannot be changed from {now} back to {EGRESS_MODE}", clusterName=raw["name"]
        )
    patch = {"resourcesVpcConfig": {**raw["resourcesVpcConfig"], "controlPlaneEgressMode": wanted}}
    return "ControlPlaneEgressUpdate", [("ControlPlaneEgressMode", wanted)], patch


def _params(values: Raw) -> list[tuple[str, Any]]:
    return [(key[0].upper() + key[1:], value) for key, value in values.items()]


def _endpoint(raw: Raw, asked: Raw) -> Raw:
    config = {**raw["resourcesVpcConfig"], **asked}
    if not config["endpointPublicAccess"] and not config["endpointPrivateAccess"]:
        raise InvalidParameter("Private and public endpoint access cannot both be disabled", clusterName=raw["name"])
    if config["endpointPublicAccess"] and not config["publicAccessCidrs"]:
        config["publicAccessCidrs"] = ["0.0.0.0/0"]
    return config


def _check_place(ctx: Context, raw: Raw, place: Raw) -> None:
    if place.get("subnetIds"):
        subnets = ctx.aws_context.subnets(ctx.region, place["subnetIds"])
        _check_subnets(subnets)
        if subnets[0]["VpcId"] != raw["resourcesVpcConfig"]["vpcId"]:
            raise InvalidParameter(
                "Provided subnets belong to a different VPC than the cluster's", clusterName=raw["name"]
            )
    ctx.aws_context.check_security_groups(ctx.region, place.get("securityGroupIds") or [])


def _new_logging(raw: Raw, asked: Raw) -> Raw:
    enabled = {t for row in raw["logging"]["clusterLogging"] if row["enabled"] for t in row["types"]}
    for row in asked.get("clusterLogging") or []:
        types = set(row.get("types") or [])
        enabled = enabled | types if row.get("enabled") else enabled - types
    return _logging_of(enabled)


def _new_access(raw: Raw, p: dict[str, Any]) -> Raw:
    wanted, now = p["accessConfig"]["authenticationMode"], raw["accessConfig"]["authenticationMode"]
    if MODES.index(wanted) < MODES.index(now):
        raise InvalidParameter(
            f"Unsupported authentication mode update from {now} to {wanted}", clusterName=raw["name"]
        )
    return {"accessConfig": {**raw["accessConfig"], "authenticationMode": wanted}}
