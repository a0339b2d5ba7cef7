# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Turns a ClusterConfig that was read into the variables of the roles. Pure.

One function for each role; each returns only the variables that the file, or a default of eksctl, determines.
"""

from __future__ import annotations

import ipaddress
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.cluster_config.partitions import build_managed_policy_arn
from ansible_collections.kumo.eks.plugins.module_utils.cluster_config.translation.access import build_access
from ansible_collections.kumo.eks.plugins.module_utils.cluster_config.translation.addons import build_addons
from ansible_collections.kumo.eks.plugins.module_utils.cluster_config.translation.extensions import build_extensions
from ansible_collections.kumo.eks.plugins.module_utils.cluster_config.translation.identities import build_identities
from ansible_collections.kumo.eks.plugins.module_utils.cluster_config.translation.karpenter import build_karpenter
from ansible_collections.kumo.eks.plugins.module_utils.cluster_config.translation.network import (
    build_network,
    is_private,
    list_ids,
    list_log_types,
)
from ansible_collections.kumo.eks.plugins.module_utils.cluster_config.translation.nodegroups import (
    build_nodegroups,
)
from ansible_collections.kumo.eks.plugins.module_utils.cluster_config.translation.self_managed import build_self_managed
from ansible_collections.kumo.eks.plugins.module_utils.core.fields import convert_to_snake

# What eksctl sets where the file says nothing: pkg/apis/eksctl.io/v1alpha5/defaults.go.
AUTHENTICATION_MODE = "API_AND_CONFIG_MAP"
NODE_POOLS = ["general-purpose", "system"]
PUBLIC_ACCESS, PRIVATE_ACCESS = True, False
VPC_RESOURCE_CONTROLLER = "AmazonEKSVPCResourceController"


def build_variables(config: dict[str, Any]) -> dict[str, Any]:
    """Role variables of a config without contradictions, by name."""
    builders = (
        _build_shared,
        build_network,
        _build_cluster,
        _build_cluster_role,
        _build_components,
        _build_access_to_cluster,
        _build_auto_mode,
        build_extensions,
        build_karpenter,
        _build_nodes,
        build_self_managed,
        _build_fargate,
        build_addons,
        build_access,
        build_identities,
    )
    return {name: value for build in builders for name, value in build(config).items() if value is not None}


def _build_shared(config: dict[str, Any]) -> dict[str, Any]:
    metadata = config["metadata"]
    return {
        "eks_cluster_name": metadata["name"],
        "eks_region": metadata["region"],
        "eks_tags": metadata.get("tags"),
    }


def _build_cluster(config: dict[str, Any]) -> dict[str, Any]:
    metadata, key = config["metadata"], config.get("secretsEncryption", {}).get("keyARN")
    return {
        "eks_cluster_version": metadata.get("version"),
        "eks_cluster_force": metadata.get("forceUpdateVersion"),
        "eks_cluster_logging": _build_logging(config),
        "eks_cluster_log_retention_days": config.get("cloudWatch", {})
        .get("clusterLogging", {})
        .get("logRetentionInDays")
        or None,
        "eks_cluster_encryption_config": key and {"key_arn": key, "resources": ["secrets"]},
        "eks_cluster_upgrade_policy": _rename(config.get("upgradePolicy"), {"supportType": "support_type"}),
        "eks_cluster_zonal_shift_config": _rename(config.get("zonalShiftConfig"), {"enabled": "enabled"}),
        "eks_cluster_control_plane_scaling_config": _rename(config.get("controlPlaneScalingConfig"), {"tier": "tier"}),
        "eks_cluster_remote_network_config": _rename(
            config.get("remoteNetworkConfig"),
            {"remoteNodeNetworks": "remote_node_networks", "remotePodNetworks": "remote_pod_networks"},
        ),
    }


def _build_cluster_role(config: dict[str, Any]) -> dict[str, Any]:
    """addResourcesForServiceRole and AddAutoModeResources in eksctl's pkg/cfn/builder; roles of the user's own stay as they are."""
    iam, auto = config.get("iam", {}), config.get("autoModeConfig", {})
    if "serviceRoleARN" in iam:
        found: dict[str, Any] = {"eks_cluster_role_arn": iam["serviceRoleARN"]}
    elif iam.get("vpcResourceControllerPolicy", True) and not config.get("outpost"):
        arn = build_managed_policy_arn(VPC_RESOURCE_CONTROLLER, config["metadata"]["region"])
        found = {"eks_cluster_role_policy_arns": [arn]}
    else:
        found = {}
    boundary, of_nodes = iam.get("serviceRolePermissionsBoundary"), auto.get("permissionsBoundaryARN")
    return {
        **found,
        "eks_cluster_permissions_boundary": boundary,
        "eks_cluster_auto_node_permissions_boundary": of_nodes or ("" if boundary and auto.get("enabled") else None),
    }


def _build_components(config: dict[str, Any]) -> dict[str, Any]:
    """Settings of the control plane that the module takes as they are, in snake case."""
    found = {
        "eks_cluster_rollback_config": config["metadata"].get("rollbackConfig"),
        "eks_cluster_kube_api_server_config": config.get("kubeAPIServerConfig"),
        "eks_cluster_kube_scheduler_config": config.get("kubeSchedulerConfig"),
        "eks_cluster_kube_controller_manager_config": config.get("kubeControllerManagerConfig"),
    }
    return {
        **{name: convert_to_snake(value) or None for name, value in found.items()},
        "eks_cluster_control_plane_egress_mode": config.get("vpc", {}).get("controlPlaneEgressMode"),
        "eks_cluster_outpost_config": _build_local_cluster(config.get("outpost")),
    }


def has_own_etcd(config: dict[str, Any]) -> bool:
    """Whether etcd of a local cluster has its own instances: only then it has access entries (getDefaultAuthenticationMode in eksctl)."""
    return bool(config.get("outpost", {}).get("etcdInstanceType"))


def _build_local_cluster(outpost: dict[str, Any] | None) -> dict[str, Any] | None:
    """outpostConfig of CreateCluster, which takes a list of one Outpost."""
    if not outpost:
        return None
    found = {"outpost_arns": [outpost["controlPlaneOutpostARN"]]}
    names = ("controlPlaneInstanceType", "controlPlanePlacement", "etcdInstanceType", "etcdPlacement")
    return found | convert_to_snake({name: outpost[name] for name in names if name in outpost})


def _build_logging(config: dict[str, Any]) -> list[str] | None:
    types = list_log_types(config)
    if "*" in types or "all" in types:
        return ["api", "audit", "authenticator", "controllerManager", "scheduler"]
    return types or None


def _rename(fields: dict[str, Any] | None, names: dict[str, str]) -> dict[str, Any] | None:
    """The fields by the names of the role; None where there are none."""
    return {names[name]: value for name, value in (fields or {}).items() if name in names} or None


def _build_access_to_cluster(config: dict[str, Any]) -> dict[str, Any]:
    vpc = config.get("vpc", {})
    groups = [vpc["securityGroup"]] if "securityGroup" in vpc else []
    return {
        **_build_endpoints(config),
        **_build_control_plane_subnets(config),
        "eks_cluster_public_access_cidrs": vpc.get("publicAccessCIDRs"),
        "eks_cluster_security_groups": [*groups, *vpc.get("controlPlaneSecurityGroupIDs", [])] or None,
        "eks_cluster_access_config": _build_access_config(config),
        "eks_cluster_extra_cidrs": _list_extra_cidrs(config),
        **_build_hybrid_role(config),
    }


def _build_hybrid_role(config: dict[str, Any]) -> dict[str, Any]:
    """addResourcesForIAM and addAccessEntryForRemoteNodes in eksctl: a role for hybrid nodes, unless the file names one."""
    remote = config.get("remoteNetworkConfig", {})
    if not remote.get("remoteNodeNetworks") and not remote.get("remotePodNetworks"):
        return {}
    arn = remote.get("iam", {}).get("roleARN")
    if arn:
        return {"eks_cluster_hybrid_node_role_arn": arn}
    return {
        "eks_cluster_hybrid_node_role": True,
        "eks_cluster_hybrid_node_ca_bundle": remote.get("iam", {}).get("caBundleCert"),
    }


def _list_extra_cidrs(config: dict[str, Any]) -> list[str] | None:
    """addResourcesForSecurityGroups in eksctl: who reaches the control plane, unless its security groups are the user's own."""
    vpc, remote = config.get("vpc", {}), config.get("remoteNetworkConfig", {})
    if vpc.get("securityGroup") or vpc.get("controlPlaneSecurityGroupIDs"):
        return None
    networks = [*remote.get("remoteNodeNetworks", []), *remote.get("remotePodNetworks", [])]
    found = [cidr for network in networks for cidr in network.get("cidrs", [])]
    extra = [*vpc.get("extraCIDRs", []), *vpc.get("extraIPv6CIDRs", [])]
    # validateCIDRs in eksctl: bits behind the prefix are cut
    found += [str(ipaddress.ip_network(cidr, strict=False)) for cidr in extra]
    return list(dict.fromkeys(found)) or None


def _build_endpoints(config: dict[str, Any]) -> dict[str, Any]:
    """A cluster without internet access, or on an Outpost, has the private endpoint alone."""
    endpoints = config.get("vpc", {}).get("clusterEndpoints", {})
    public, private = endpoints.get("publicAccess", PUBLIC_ACCESS), endpoints.get("privateAccess", PRIVATE_ACCESS)
    if is_private(config) or config.get("outpost"):
        public, private = False, True
    return {"eks_cluster_endpoint_public_access": public, "eks_cluster_endpoint_private_access": private}


def _build_control_plane_subnets(config: dict[str, Any]) -> dict[str, Any]:
    """ControlPlaneSubnetRefs in eksctl's pkg/cfn/builder/vpc_ipv4.go: of a VPC that it creates, Auto Mode has the private subnets, too."""
    vpc, auto = config.get("vpc", {}), config.get("autoModeConfig", {}).get("enabled")
    if "controlPlaneSubnetIDs" in vpc:
        return {"eks_cluster_subnets": vpc["controlPlaneSubnetIDs"]}
    if vpc.get("subnets"):
        private = list_ids(vpc["subnets"].get("private", {}))
        return {"eks_cluster_subnets": private if vpc.get("controlPlaneOnPrivateSubnets") else None}
    return {"eks_cluster_subnet_kinds": ["private"] if auto or vpc.get("controlPlaneOnPrivateSubnets") else None}


def _build_access_config(config: dict[str, Any]) -> dict[str, Any] | None:
    """eksctl sets API_AND_CONFIG_MAP, where EKS itself uses CONFIG_MAP; a local cluster has CONFIG_MAP only, unless etcd has its own instances.

    SetClusterConfigDefaults in https://github.com/eksctl-io/eksctl/blob/main/pkg/apis/eksctl.io/v1alpha5/defaults.go
    """
    if config.get("outpost") and not has_own_etcd(config):
        return None
    names = {
        "authenticationMode": "authentication_mode",
        "bootstrapClusterCreatorAdminPermissions": "bootstrap_cluster_creator_admin_permissions",
    }
    return {"authentication_mode": AUTHENTICATION_MODE, **(_rename(config.get("accessConfig"), names) or {})}


def _build_auto_mode(config: dict[str, Any]) -> dict[str, Any]:
    """EKS accepts compute, block storage and load balancing of auto mode all enabled or all disabled only."""
    auto = config.get("autoModeConfig", {})
    network = _rename(
        config.get("kubernetesNetworkConfig"), {"ipFamily": "ip_family", "serviceIPv4CIDR": "service_ipv4_cidr"}
    )
    if network and "ip_family" in network:
        network["ip_family"] = network["ip_family"].lower()
    if "enabled" not in auto:
        return {"eks_cluster_kubernetes_network_config": network}
    enabled = auto["enabled"]
    return {
        "eks_cluster_compute_config": {"enabled": enabled, **(_build_compute(auto) if enabled else {})},
        "eks_cluster_storage_config": {"block_storage": {"enabled": enabled}},
        "eks_cluster_kubernetes_network_config": {**(network or {}), "elastic_load_balancing": {"enabled": enabled}},
    }


def _build_compute(auto: dict[str, Any]) -> dict[str, Any]:
    role = {"node_role_arn": auto["nodeRoleARN"]} if "nodeRoleARN" in auto else {}
    return {"node_pools": auto.get("nodePools", NODE_POOLS), **role}


def _build_nodes(config: dict[str, Any]) -> dict[str, Any]:
    """Each role that eksctl creates for nodes has the rights for AWS Systems Manager: pkg/cfn/builder/iam_helper.go."""
    return {
        "eks_nodegroups_list": build_nodegroups(config),
        "eks_nodegroups_ssm": True if config.get("managedNodeGroups") else None,
    }


def _build_fargate(config: dict[str, Any]) -> dict[str, Any]:
    role = config.get("iam", {}).get("fargatePodExecutionRoleARN")
    names = {"name": "name", "selectors": "selectors", "subnets": "subnets", "tags": "tags"}
    profiles = []
    for profile in config.get("fargateProfiles", []):
        arn = profile.get("podExecutionRoleARN", role)
        profiles.append({**(_rename(profile, names) or {}), **({"role_arn": arn} if arn else {})})
    return {
        "eks_fargate_profiles": profiles,
        "eks_fargate_permissions_boundary": config.get("iam", {}).get("fargatePodExecutionRolePermissionsBoundary"),
    }
