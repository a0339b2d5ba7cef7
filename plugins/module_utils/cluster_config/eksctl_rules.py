# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What eksctl refuses of a ClusterConfig beyond the rules that EKS has, in the words of this collection. Pure.

ValidateClusterConfig, ValidateManagedNodeGroup in pkg/apis/eksctl.io/v1alpha5/validation.go, Addon.Validate in addon.go,
NewCreateClusterLoader in pkg/ctl/cmdutils/configfile.go.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.cluster_config.local_zone_rules import find_local_zone_problems
from ansible_collections.kumo.eks.plugins.module_utils.cluster_config.reading import format_value
from ansible_collections.kumo.eks.plugins.module_utils.cluster_config.translation.addon_roles import (
    POLICY_FIELDS,
    ROLE_FIELDS,
    is_given,
)
from ansible_collections.kumo.eks.plugins.module_utils.cluster_config.translation.network import (
    is_ipv6,
    is_private,
    list_log_types,
)
from ansible_collections.kumo.eks.plugins.module_utils.cluster_config.translation.node_template import KEYS
from ansible_collections.kumo.eks.plugins.module_utils.core.addon_accounts import ACCOUNTS
from ansible_collections.kumo.eks.plugins.module_utils.core.certificates import read_fingerprints
from ansible_collections.kumo.eks.plugins.module_utils.core.public_keys import read_public_key
from ansible_collections.kumo.eks.plugins.module_utils.core.specs.cluster import RETENTION_DAYS

Config = dict[str, Any]
OPTIONAL_ENDPOINTS = ("autoscaling", "cloudformation", "logs")
CAPACITY_BLOCK = "capacity-block"
SSM, ROLES_ANYWHERE = "ssm", "ira"  # who gives hybrid nodes their credentials
AGENT = "eks-pod-identity-agent"


def list_groups(config: Config) -> Iterator[tuple[str, Config]]:
    """All node groups of the file, managed ones and others, each with its path."""
    for kind in ("managedNodeGroups", "nodeGroups"):
        for index, group in enumerate(config.get(kind, [])):
            yield f"{kind}[{index}]", group or {}


def check_vpc(config: Config) -> Iterator[str]:
    """The VPC, and what a file may say of one that exists."""
    vpc = config.get("vpc", {})
    if "id" in vpc and not vpc.get("subnets"):
        yield "vpc.id: needs the subnets of that VPC. List them in vpc.subnets."
    if "securityGroup" in vpc and "controlPlaneSecurityGroupIDs" in vpc:
        yield "vpc.securityGroup: cannot be combined with vpc.controlPlaneSecurityGroupIDs. Use one of them."
    if is_ipv6(config):
        yield from _check_ipv6(config)
    if vpc.get("controlPlaneSubnetIDs") and not vpc.get("subnets"):
        # CreateCluster: the subnets of the nodes must be in the VPC of the cluster
        yield "vpc.controlPlaneSubnetIDs: nodes need subnets of the same VPC. List them in vpc.subnets."


def _check_ipv6(config: Config) -> Iterator[str]:
    vpc, network = config.get("vpc", {}), config["kubernetesNetworkConfig"]
    addons = {(addon or {}).get("name") for addon in config.get("addons", [])}
    if "nat" in vpc:
        yield "vpc.nat: cannot be set with kubernetesNetworkConfig.ipFamily IPv6. Remove it."
    if vpc.get("autoAllocateIPv6"):
        yield "vpc.autoAllocateIPv6: cannot be combined with kubernetesNetworkConfig.ipFamily IPv6. Remove it."
    if "serviceIPv4CIDR" in network:
        yield "kubernetesNetworkConfig.serviceIPv4CIDR: cannot be combined with ipFamily IPv6. Remove it."
    if config.get("autoModeConfig", {}).get("enabled"):
        return
    if "coredns" not in addons:
        yield "addons: ipFamily IPv6 requires coredns. Add it, or use EKS Auto Mode."
    if "vpc-cni" in addons and AGENT not in addons and not config.get("iam", {}).get("withOIDC"):
        yield f"iam.withOIDC: ipFamily IPv6 requires it for vpc-cni, or the add-on {AGENT}. Set it to true."


def check_logging(config: Config) -> Iterator[str]:
    """validateCloudWatchLogging in eksctl."""
    days = config.get("cloudWatch", {}).get("clusterLogging", {}).get("logRetentionInDays")
    path = "cloudWatch.clusterLogging.logRetentionInDays"
    if days and not list_log_types(config):
        yield f"{path}: has no effect without enableTypes. Set them, or remove it."
    if days and days not in RETENTION_DAYS:
        yield f"{path}: {days} is not valid. Use one of {', '.join(map(str, RETENTION_DAYS[1:]))}."


def check_private_cluster(config: Config) -> Iterator[str]:
    """A cluster without internet access."""
    private = config.get("privateCluster", {})
    services = private.get("additionalEndpointServices", [])
    for index, service in enumerate(services):
        if service is not None and service not in OPTIONAL_ENDPOINTS:
            yield (
                f"privateCluster.additionalEndpointServices[{index}]: {format_value(service)} is not valid. Use"
                f" {', '.join(OPTIONAL_ENDPOINTS)}."
            )
    if not is_private(config):
        if services or private.get("skipEndpointCreation"):
            yield "privateCluster: has no effect unless privateCluster.enabled is true."
        return
    if services and private.get("skipEndpointCreation"):
        yield "privateCluster.additionalEndpointServices: cannot be combined with skipEndpointCreation. Use one of them."
    if config.get("vpc", {}).get("clusterEndpoints"):
        yield "vpc.clusterEndpoints: cannot be set with privateCluster.enabled, which has the private endpoint alone. Remove it."
    for path, group in list_groups(config):
        if group and not group.get("privateNetworking"):
            yield f"{path}.privateNetworking: must be true with privateCluster.enabled."


def check_auto_mode(config: Config) -> Iterator[str]:
    """EKS Auto Mode has its own nodes."""
    auto = config.get("autoModeConfig", {})
    if not auto.get("enabled"):
        if auto.get("permissionsBoundaryARN"):
            yield "autoModeConfig.permissionsBoundaryARN: has no effect unless autoModeConfig.enabled is true."
        return
    if config.get("managedNodeGroups"):
        yield "managedNodeGroups: cannot be created together with an Auto Mode cluster. Remove them, and use node pools."
    for name in ("nodeRoleARN", "permissionsBoundaryARN"):
        if auto.get(name) and auto.get("nodePools") == []:
            yield f"autoModeConfig.{name}: has no effect without node pools. Remove it, or add nodePools."
    if auto.get("nodeRoleARN") and auto.get("permissionsBoundaryARN"):
        yield "autoModeConfig.permissionsBoundaryARN: cannot be combined with nodeRoleARN. Set it in that role."


def check_remote_networks(config: Config) -> Iterator[str]:
    """Networks of hybrid nodes."""
    remote = config.get("remoteNetworkConfig", {})
    for name in ("remoteNodeNetworks", "remotePodNetworks"):
        if len(remote.get(name, [])) > 1:
            yield f"remoteNetworkConfig.{name}: {len(remote[name])} are given. Use one, with all CIDR blocks in its cidrs."
    yield from _check_provider(remote.get("iam", {}))
    if remote and is_ipv6(config):
        yield "remoteNetworkConfig: cannot be combined with kubernetesNetworkConfig.ipFamily IPv6."


def _check_provider(iam: Config) -> Iterator[str]:
    """Who gives hybrid nodes their credentials. With a role of the user's own, eksctl makes nothing for it."""
    provider, bundle = iam.get("provider", SSM), iam.get("caBundleCert")
    if provider.lower() not in (SSM, ROLES_ANYWHERE):
        yield f"remoteNetworkConfig.iam.provider: {format_value(provider)} is not valid. Use {SSM} or {ROLES_ANYWHERE}."
    elif provider.lower() == SSM and bundle:
        yield f"remoteNetworkConfig.iam.caBundleCert: has no effect with the provider {SSM}. Remove it, or set provider to {ROLES_ANYWHERE}."
    elif provider.lower() == ROLES_ANYWHERE and not bundle and not iam.get("roleARN"):
        yield (
            f"remoteNetworkConfig.iam.caBundleCert: is required with the provider {ROLES_ANYWHERE}, unless roleARN names a role. Set it to the"
            " certificates of your CA in PEM."
        )
    if bundle:
        try:
            read_fingerprints(bundle)
        except ValueError as problem:
            yield f"remoteNetworkConfig.iam.caBundleCert: {problem}."


def check_group_options(config: Config) -> Iterator[str]:
    """What the fields of one node group say together."""
    zones = config.get("availabilityZones")
    for path, group in list_groups(config):
        yield from _check_ssh(path, group.get("ssh", {}))
        yield from _check_market(path, group)
        for place, zone in enumerate(group.get("availabilityZones", [])):
            if zones and zone is not None and zone not in zones:
                known = ", ".join(map(str, zones))
                yield f"{path}.availabilityZones[{place}]: {format_value(zone)} is not in availabilityZones ({known}). Add it there."
        wanted = [name for name, on in group.get("iam", {}).get("withAddonPolicies", {}).items() if on]
        if group.get("disablePodIMDS") and wanted:
            yield f"{path}.disablePodIMDS: keeps pods from the permissions of iam.withAddonPolicies. Use one of them."
        if group.get("maxPodsPerNode", 0) < 0:
            yield f"{path}.maxPodsPerNode: {group['maxPodsPerNode']} is negative."


def _check_ssh(path: str, ssh: Config) -> Iterator[str]:
    """validateNodeGroupSSH in eksctl: one key at most."""
    if ssh.get("enableSsm") is False:
        yield f"{path}.ssh.enableSsm: the SSM agent is part of the images of EKS. Remove it."
    keys = [name for name in KEYS if ssh.get(name)]
    if len(keys) > 1:
        yield f"{path}.ssh.{keys[1]}: cannot be combined with {keys[0]}. A group has one key."
    if ssh.get("publicKey"):
        try:
            read_public_key(ssh["publicKey"])
        except ValueError as problem:
            yield f"{path}.ssh.publicKey: {problem}."
    if ssh.get("sourceSecurityGroupIds") and not keys and not ssh.get("allow"):
        yield f"{path}.ssh.sourceSecurityGroupIds: has no effect without a key. Set publicKeyName, publicKey or publicKeyPath."


def _check_market(path: str, group: Config) -> Iterator[str]:
    if "instanceMarketOptions" not in group:
        return
    kind = group["instanceMarketOptions"].get("marketType", CAPACITY_BLOCK)
    if kind != CAPACITY_BLOCK:
        yield f"{path}.instanceMarketOptions.marketType: {format_value(kind)} is not valid. Use {CAPACITY_BLOCK}."
    if "capacityReservation" not in group:
        yield f"{path}.instanceMarketOptions: needs capacityReservation, which names the Capacity Block."


def check_addon_roles(config: Config) -> Iterator[str]:
    """IAM roles of add-ons."""
    addons = config.get("addons", [])
    names = {(addon or {}).get("name") for addon in addons}
    for index, addon in enumerate(addons):
        path, addon = f"addons[{index}]", addon or {}
        given = [name for name in ("serviceAccountRoleARN", *POLICY_FIELDS) if is_given(addon, name)]
        if len(given) > 1:
            yield f"{path}.{given[0]}: cannot be combined with {given[1]}. Use one of them."
        if given and addon.get("podIdentityAssociations"):
            yield f"{path}.{given[0]}: cannot be combined with podIdentityAssociations."
        if given and given != ["serviceAccountRoleARN"]:
            yield from _check_account(f"{path}.{given[0]}", addon, config)
        elif addon.get("permissionsBoundary"):
            yield f"{path}.permissionsBoundary: has no effect without policies of the add-on. Remove it."
        for place, row in enumerate(addon.get("podIdentityAssociations", [])):
            yield from _check_association(f"{path}.podIdentityAssociations[{place}]", row or {})
        if addon.get("podIdentityAssociations") and AGENT not in names and not _is_auto(config):
            yield f"{path}.podIdentityAssociations: need the EKS Pod Identity Agent. Add {AGENT} to addons."
        if addon.get("useDefaultPodIdentityAssociations"):
            yield from _check_recommended(f"{path}.useDefaultPodIdentityAssociations", addon, names, config)
    if (
        config.get("addonsConfig", {}).get("autoApplyPodIdentityAssociations")
        and AGENT not in names
        and not _is_auto(config)
    ):
        yield f"addonsConfig.autoApplyPodIdentityAssociations: needs the EKS Pod Identity Agent. Add {AGENT} to addons."


def _check_recommended(path: str, addon: Config, names: set[Any], config: Config) -> Iterator[str]:
    """Addon.Validate of eksctl: roles are either those that EKS recommends, or those of the file."""
    given = [
        name for name in ("podIdentityAssociations", "serviceAccountRoleARN", *POLICY_FIELDS) if is_given(addon, name)
    ]
    if given:
        yield f"{path}: cannot be combined with {', '.join(given)}. Use one of them."
    if AGENT not in names and not _is_auto(config):
        yield f"{path}: needs the EKS Pod Identity Agent. Add {AGENT} to addons."


def _is_auto(config: Config) -> bool:
    return bool(config.get("autoModeConfig", {}).get("enabled"))


def _check_account(path: str, addon: Config, config: Config) -> Iterator[str]:
    """IRSA needs the OIDC provider, and the service account that it trusts."""
    if not config.get("iam", {}).get("withOIDC"):
        yield f"{path}: needs the cluster's OIDC provider. Set iam.withOIDC to true."
    if addon.get("name") and addon["name"] not in ACCOUNTS:
        yield (
            f"{path}: not supported by kumo.eks: the service account of {addon['name']} is not known. Use"
            f" podIdentityAssociations, or serviceAccountRoleARN. Known are {', '.join(ACCOUNTS)}."
        )


def _check_association(path: str, row: Config) -> Iterator[str]:
    given = [name for name in ROLE_FIELDS if is_given(row, name)]
    if "roleARN" in row and given:
        yield f"{path}.roleARN: cannot be combined with {', '.join(given)}, because that role is managed elsewhere."
    if "roleARN" not in row and not any(is_given(row, name) for name in ROLE_FIELDS[:2]):
        yield f"{path}: grants no permissions. Set roleARN, or {', '.join(ROLE_FIELDS[:2])}."
    if "permissionPolicyName" in row and "permissionPolicy" not in row:
        yield f"{path}.permissionPolicyName: has no effect without permissionPolicy."


CHECKS = (
    check_logging,
    check_vpc,
    find_local_zone_problems,
    check_private_cluster,
    check_auto_mode,
    check_remote_networks,
    check_group_options,
    check_addon_roles,
)
