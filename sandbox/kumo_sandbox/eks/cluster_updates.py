"""Updates of clusters: UpdateClusterVersion, UpdateClusterConfig, AssociateEncryptionConfig."""

from __future__ import annotations

from typing import Any

from kumo_sandbox import durations
from kumo_sandbox.eks import cluster_rules, components
from kumo_sandbox.eks.access_grants import announce, grant_at_first, grant_nodes
from kumo_sandbox.eks.clusters import (
    EGRESS_MODE,
    build_logging_setup,
    check_active,
    check_subnets,
    find_zones,
    list_everywhere,
    set_auto_mode,
)
from kumo_sandbox.eks.context import Context, begin_update, handles
from kumo_sandbox.eks.control_plane_interfaces import place_interfaces
from kumo_sandbox.eks.errors import InvalidParameter, InvalidRequest
from kumo_sandbox.eks.insights import list_rollback_findings
from kumo_sandbox.eks.log_groups import ensure_log_group
from kumo_sandbox.eks.rollback import roll_back
from kumo_sandbox.eks.store import Cluster, Raw
from kumo_sandbox.eks.versions import BY_NAME

MODES = ["CONFIG_MAP", "API_AND_CONFIG_MAP", "API"]  # the only way is forward


@handles("UpdateClusterVersion")
def update_cluster_version(ctx: Context, p: dict[str, Any]) -> dict[str, Any]:
    cluster = ctx.find_cluster(p["name"])
    now, wanted = BY_NAME[cluster.raw["version"]], BY_NAME.get(p.get("version") or "")
    if wanted is None:
        raise InvalidParameter(f"unsupported Kubernetes version {p.get('version')}", clusterName=cluster.name)
    if wanted.minor == now.minor - 1:
        check_active(cluster)
        return roll_back(ctx, cluster, wanted, p, list_rollback_findings)
    if p.get("rollbackConfig"):
        raise InvalidParameter("rollbackConfig can only be given with a rollback", clusterName=cluster.name)
    if wanted.minor != now.minor + 1:
        raise InvalidParameter(
            f"Unsupported Kubernetes minor version update from {now.name} to {wanted.name}", clusterName=cluster.name
        )
    check_active(cluster)
    _check_nodes(cluster)
    params = [("Version", wanted.name), ("PlatformVersion", "eks.20")]

    def act() -> None:
        cluster.raw.update(version=wanted.name)
        cluster.upgraded = (now.name, ctx.now())

    return begin_update(
        ctx, cluster, ("cluster", cluster.raw), "VersionUpdate", params, durations.CLUSTER_VERSION_UPDATE, act
    )


def _check_nodes(cluster: Cluster) -> None:
    """https://github.com/hashicorp/terraform-provider-aws/issues/19478"""
    behind = [name for name, raw in cluster.nodegroups.items() if raw["version"] != cluster.raw["version"]]
    if behind:
        raise InvalidRequest(
            f"Nodegroups {', '.join(sorted(behind))} must be updated to match cluster version {cluster.raw['version']}"
            " before updating cluster version",
            clusterName=cluster.name,
        )


@handles("AssociateEncryptionConfig")
def associate_encryption_config(ctx: Context, p: dict[str, Any]) -> dict[str, Any]:
    cluster = ctx.find_cluster(p["clusterName"])
    check_active(cluster)
    if cluster.raw["encryptionConfig"]:
        raise InvalidRequest("Cluster already has encryption configured", clusterName=cluster.name)
    ctx.aws_context.check_key(ctx.region, p["encryptionConfig"])
    return begin_update(
        ctx,
        cluster,
        ("cluster", cluster.raw),
        "AssociateEncryptionConfig",
        [("EncryptionConfig", p["encryptionConfig"])],
        durations.CLUSTER_CONFIG_UPDATE,
        lambda: cluster.raw.update(encryptionConfig=p["encryptionConfig"]),
    )


@handles("UpdateClusterConfig")
def update_cluster_config(ctx: Context, p: dict[str, Any]) -> dict[str, Any]:
    cluster = ctx.find_cluster(p["name"])
    check_active(cluster)
    changes = _collect_changes(ctx, cluster, p)
    if len(changes) != 1:
        raise InvalidParameter(
            "Only one type of update can be allowed at a time"
            if changes
            else "At least one type of update is required",
            clusterName=cluster.name,
        )
    kind, params, patch = changes[0]
    if all(cluster.raw.get(key) == value for key, value in patch.items()):
        raise InvalidParameter(_format_unchanged(kind, cluster.raw), clusterName=cluster.name)

    def act() -> None:
        before = cluster.raw["accessConfig"]["authenticationMode"]
        cluster.raw.update(patch)
        place_interfaces(ctx.region, cluster.raw)
        ensure_log_group(ctx, cluster.raw)
        if before == "CONFIG_MAP":
            grant_at_first(ctx, cluster)
            announce(ctx, cluster, seconds=0)
        grant_nodes(ctx, cluster)

    return begin_update(
        ctx,
        cluster,
        ("cluster", cluster.raw),
        kind,
        params,
        durations.CLUSTER_CONFIG_UPDATE,
        act,
    )


def _format_unchanged(kind: str, raw: Raw) -> str:
    """How EKS refuses an update that changes nothing.

    https://github.com/eksctl-io/eksctl/issues/4043
    https://github.com/aws-quickstart/quickstart-amazon-eks-cluster-resource-provider/issues/38
    https://github.com/aws/aws-cdk/issues/31032
    """
    config, mode = raw["resourcesVpcConfig"], raw["accessConfig"]["authenticationMode"]
    if kind == "EndpointAccessUpdate":
        private, public = (str(config[f"endpoint{each}Access"]).lower() for each in ("Private", "Public"))
        return (
            f"Cluster is already at the desired configuration with endpointPrivateAccess: {private} , endpointPublicAccess:"
            f" {public}, and Public Endpoint Restrictions: [{', '.join(config['publicAccessCidrs'])}]"
        )
    if kind == "AccessConfigUpdate":
        return f"Unsupported authentication mode update from {mode} to {mode}"
    if kind == "LoggingUpdate":
        return "No changes needed for the logging config provided"
    return "No changes needed for the config provided: the cluster is already at the desired configuration"


def _collect_changes(ctx: Context, cluster: Cluster, p: dict[str, Any]) -> list[tuple[str, list[tuple[str, Any]], Raw]]:
    """Each kind of change the request asks for: update type, update params, what the cluster becomes."""
    raw, found = cluster.raw, []
    vpc = p.get("resourcesVpcConfig") or {}
    endpoint = {
        k: v for k, v in vpc.items() if k in ("endpointPublicAccess", "endpointPrivateAccess", "publicAccessCidrs")
    }
    place = {k: v for k, v in vpc.items() if k in ("subnetIds", "securityGroupIds")}
    if vpc.get("controlPlaneEgressMode"):
        found.append(_build_egress_change(raw, vpc["controlPlaneEgressMode"]))
    cluster_rules.check_vpc_config(cluster.name, vpc, ctx.quotas["public_access_cidrs"])
    if endpoint:
        found.append(
            (
                "EndpointAccessUpdate",
                _build_params(endpoint),
                {"resourcesVpcConfig": _build_endpoint_config(raw, endpoint)},
            )
        )
    if place:
        _check_place(ctx, cluster, place)
        found.append(
            (
                "VpcConfigUpdate",
                [("Subnets", place.get("subnetIds")), ("SecurityGroups", place.get("securityGroupIds"))],
                {"resourcesVpcConfig": {**raw["resourcesVpcConfig"], **place}},
            )
        )
    if p.get("logging"):
        found.append(
            ("LoggingUpdate", [("ClusterLogging", p["logging"])], {"logging": _merge_logging(raw, p["logging"])})
        )
    if p.get("accessConfig"):
        found.append(
            (
                "AccessConfigUpdate",
                [("AuthenticationMode", p["accessConfig"]["authenticationMode"])],
                _build_access_change(raw, p),
            )
        )
    cluster_rules.check_mode_of(raw["name"], p, raw["accessConfig"]["authenticationMode"])
    if p.get("computeConfig") or p.get("storageConfig"):
        cluster_rules.check_auto_mode(p, raw)
        patch: Raw = {
            "kubernetesNetworkConfig": {**raw["kubernetesNetworkConfig"], **(p.get("kubernetesNetworkConfig") or {})}
        }
        set_auto_mode(patch, p)
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
    configs = components.select_configs(p)
    if configs:
        patch = {key: components.merge_config(raw.get(key) or {}, value) for key, value in configs.items()}
        found.append(("ControlPlaneComponentConfigUpdate", _build_params(configs), patch))
    return found


def _build_egress_change(raw: Raw, wanted: str) -> tuple[str, list[tuple[str, Any]], Raw]:
    now = raw["resourcesVpcConfig"]["controlPlaneEgressMode"]
    if wanted == EGRESS_MODE != now:
        raise InvalidParameter(
            f"The control plane egress mode cannot be changed from {now} back to {EGRESS_MODE}", clusterName=raw["name"]
        )
    patch = {"resourcesVpcConfig": {**raw["resourcesVpcConfig"], "controlPlaneEgressMode": wanted}}
    return "ControlPlaneEgressUpdate", [("ControlPlaneEgressMode", wanted)], patch


def _build_params(values: Raw) -> list[tuple[str, Any]]:
    return [(key[0].upper() + key[1:], value) for key, value in values.items()]


def _build_endpoint_config(raw: Raw, asked: Raw) -> Raw:
    config = {**raw["resourcesVpcConfig"], **asked}
    cluster_rules.check_endpoints(raw["name"], config["endpointPublicAccess"], config["endpointPrivateAccess"])
    if not config["endpointPublicAccess"]:
        config["publicAccessCidrs"] = []
    elif not config["publicAccessCidrs"]:
        config["publicAccessCidrs"] = list_everywhere(raw["kubernetesNetworkConfig"])
    return config


def _check_place(ctx: Context, cluster: Cluster, place: Raw) -> None:
    raw = cluster.raw
    if place.get("subnetIds"):
        subnets = ctx.aws_context.describe_subnets(ctx.region, place["subnetIds"])
        check_subnets(subnets)
        if subnets[0]["VpcId"] != raw["resourcesVpcConfig"]["vpcId"]:
            raise InvalidParameter(
                "Provided subnets belong to a different VPC than the cluster's", clusterName=raw["name"]
            )
        _check_same_zones(cluster, find_zones(subnets))
    vpc_id = raw["resourcesVpcConfig"]["vpcId"]
    ctx.aws_context.check_security_groups(ctx.region, place.get("securityGroupIds") or [], vpc_id)


def _check_same_zones(cluster: Cluster, zones: frozenset[str]) -> None:
    """https://docs.aws.amazon.com/eks/latest/userguide/network-reqs.html#network-requirements-vpc"""
    if zones != cluster.zones:
        raise InvalidParameter(
            f"Provided subnets belong to the AZs '{','.join(sorted(zones))}'. But they should belong to the exact set of AZs"
            f" '{','.join(sorted(cluster.zones))}' in which subnets were provided during cluster creation.",
            clusterName=cluster.name,
        )


def _merge_logging(raw: Raw, asked: Raw) -> Raw:
    enabled = {t for row in raw["logging"]["clusterLogging"] if row["enabled"] for t in row["types"]}
    for row in asked.get("clusterLogging") or []:
        types = set(row.get("types") or [])
        enabled = enabled | types if row.get("enabled") else enabled - types
    return build_logging_setup(enabled)


def _build_access_change(raw: Raw, p: dict[str, Any]) -> Raw:
    wanted, now = p["accessConfig"]["authenticationMode"], raw["accessConfig"]["authenticationMode"]
    # One step forward at a time: https://github.com/pulumi/pulumi-eks/issues/1493. The same one again: _format_unchanged.
    if MODES.index(wanted) - MODES.index(now) not in (0, 1):
        raise InvalidParameter(
            f"Unsupported authentication mode update from {now} to {wanted}", clusterName=raw["name"]
        )
    return {"accessConfig": {**raw["accessConfig"], "authenticationMode": wanted}}
