# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What must hold for outpost of a ClusterConfig and for outpostARN of its nodeGroups. Pure.

ValidateClusterConfig and ValidateNodeGroup in eksctl's pkg/apis/eksctl.io/v1alpha5/validation.go,
https://docs.aws.amazon.com/eks/latest/userguide/eks-outposts-local-cluster-create.html
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.cluster_config.reading import format_value
from ansible_collections.kumo.eks.plugins.module_utils.cluster_config.translation.cluster import has_own_etcd
from ansible_collections.kumo.eks.plugins.module_utils.cluster_config.translation.network import is_ipv6
from ansible_collections.kumo.eks.plugins.module_utils.core.specs.outposts import OUTPOST_ARN

Config = dict[str, Any]

# What a local cluster has not, whatever its instances are
NOT_LOCAL = ("managedNodeGroups", "fargateProfiles", "autoModeConfig", "availabilityZones", "addons")
ENTRIES = ("accessConfig", "iamIdentityMappings", "remoteNetworkConfig")


def find_outpost_problems(config: Config) -> Iterator[str]:
    """What is wrong with the Outpost of the control plane, and with those of the groups."""
    outpost = config.get("outpost")
    if outpost:
        yield from _check_local_cluster(config, outpost)
    groups = [group or {} for group in config.get("nodeGroups", [])]
    for index, group in enumerate(groups):
        yield from _check_group(f"nodeGroups[{index}]", group, outpost or {})


def _check_local_cluster(config: Config, outpost: Config) -> Iterator[str]:
    for name in ("controlPlaneOutpostARN", "controlPlaneInstanceType"):
        if name not in outpost:
            yield f"outpost.{name}: is missing."
    yield from _check_arn("outpost.controlPlaneOutpostARN", outpost.get("controlPlaneOutpostARN"))
    if not config.get("vpc", {}).get("subnets"):
        yield "outpost: needs existing subnets on the Outpost. List them in vpc.subnets."
    for name in (*NOT_LOCAL, *(() if has_own_etcd(config) else ENTRIES)):
        if config.get(name):
            yield f"{name}: cannot be combined with outpost. EKS does not support it on a local cluster."
    if config.get("nodeGroups") and not has_own_etcd(config):
        yield (
            "nodeGroups: cannot be combined with outpost: a local cluster has no access entries, by which the nodes would join, unless"
            " outpost.etcdInstanceType is set. Create them when the ConfigMap aws-auth maps their role, as eks_self_managed_nodes_list with"
            " access_entry false."
        )
    yield from _check_settings(config)
    yield from _check_instances(config, outpost)


def _check_arn(path: str, arn: Any) -> Iterator[str]:
    if arn is not None and not OUTPOST_ARN.fullmatch(str(arn)):
        yield (
            f"{path}: {format_value(arn)} is not the ARN of an Outpost. Use one like"
            " arn:aws:outposts:REGION:ACCOUNT:outpost/op-0123456789abcdef0."
        )


def _check_settings(config: Config) -> Iterator[str]:
    vpc = config.get("vpc", {})
    given = {
        "secretsEncryption.keyARN": config.get("secretsEncryption", {}).get("keyARN"),
        "iam.withOIDC": config.get("iam", {}).get("withOIDC"),
        "kubernetesNetworkConfig.ipFamily": is_ipv6(config),
        "vpc.autoAllocateIPv6": vpc.get("autoAllocateIPv6"),
        "vpc.publicAccessCIDRs": vpc.get("publicAccessCIDRs"),
    }
    for name, value in given.items():
        if value:
            yield f"{name}: cannot be combined with outpost. EKS does not support it on a local cluster. Remove it."


def _check_instances(config: Config, outpost: Config) -> Iterator[str]:
    """Of control plane and etcd: instances of their own for etcd are for Outposts with EC2 instance store."""
    placement, access = outpost.get("controlPlanePlacement", {}), config.get("accessConfig", {})
    if not has_own_etcd(config):
        for name, value in (
            ("etcdPlacement", outpost.get("etcdPlacement")),
            ("controlPlanePlacement.spreadLevel", placement.get("spreadLevel")),
        ):
            if value:
                yield f"outpost.{name}: requires etcdInstanceType. Set it, or remove {name}."
        return
    if placement.get("groupName"):
        yield "outpost.controlPlanePlacement.groupName: cannot be combined with etcdInstanceType. Use spreadLevel."
    if access.get("authenticationMode") == "CONFIG_MAP":
        yield "accessConfig.authenticationMode: CONFIG_MAP cannot be combined with outpost.etcdInstanceType. Use API_AND_CONFIG_MAP or API."


def _check_group(path: str, group: Config, outpost: Config) -> Iterator[str]:
    arn, local = group.get("outpostARN"), outpost.get("controlPlaneOutpostARN")
    yield from _check_arn(f"{path}.outpostARN", arn)
    if arn and local and arn != local:
        yield f"{path}.outpostARN: {format_value(arn)} is not the Outpost of the control plane, {local}. Remove it."
    if arn and not local and not group.get("subnets"):
        yield f"{path}.outpostARN: subnets on the Outpost are not created. Create them, with a route to the cluster, and name their IDs in subnets."
    for name in ("availabilityZones", "localZones", "instanceSelector") if arn or local else ():
        if group.get(name):
            yield f"{path}.{name}: cannot be combined with an Outpost, which is in one place. Remove it."
