# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What must hold for nodeGroups of a ClusterConfig, which are self-managed nodes. Pure.

ValidateNodeGroup, validateInstancesDistribution and validateCPUCredits in eksctl's pkg/apis/eksctl.io/v1alpha5/validation.go.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.cluster_config import ami_types
from ansible_collections.kumo.eks.plugins.module_utils.cluster_config.reading import format_value
from ansible_collections.kumo.eks.plugins.module_utils.cluster_config.translation.instance_selector import (
    build_selector,
    find_selector_problems,
)
from ansible_collections.kumo.eks.plugins.module_utils.cluster_config.translation.node_template import (
    AL2,
    AL2023,
    BOTTLEROCKET,
    WINDOWS,
    read_node_config,
)
from ansible_collections.kumo.eks.plugins.module_utils.cluster_config.translation.nodegroups import (
    AMI_FAMILY,
    is_in_capacity_block,
)
from ansible_collections.kumo.eks.plugins.module_utils.cluster_config.translation.self_managed import (
    IMAGES,
    MIXED,
    get_image,
    list_instance_types,
)
from ansible_collections.kumo.eks.plugins.module_utils.cluster_config.translation.sizes import (
    build_scaling_config,
)
from ansible_collections.kumo.eks.plugins.module_utils.core.specs.self_managed import LOWEST_PRICE

Group = dict[str, Any]
MOST_TYPES = 20
CREDITS = ("standard", "unlimited")
GRANULARITY = "1Minute"
# What nodeadm, or eksctl, sets itself: validateNodeGroupKubeletExtraConfig
OF_THE_NODE = (
    "kind",
    "apiVersion",
    "address",
    "clusterDomain",
    "authentication",
    "authorization",
    "serverTLSBootstrap",
)
# Fields of a NodeConfig: the images of other families read something else.
OF_AL2023 = ("kubeletExtraConfig", "overrideBootstrapCommand")
OF_SCRIPTS = ("preBootstrapCommands", "overrideBootstrapCommand")


def find_group_problems(path: str, group: Group) -> Iterator[str]:
    """What is wrong with one group; sizes, volumes, taints and subnets are looked at as those of managed groups are."""
    for check in CHECKS:
        yield from check(path, group)
    iam = group.get("iam", {})
    if iam.get("instanceProfileARN") and not iam.get("instanceRoleARN"):
        yield f"{path}.iam.instanceProfileARN: needs the role of the profile, which lets the nodes join. Set iam.instanceRoleARN, too."


def _check_types(path: str, group: Group) -> Iterator[str]:
    types = list_instance_types(group)
    if group.get("instanceType", MIXED) != MIXED and "instancesDistribution" in group:
        yield f"{path}.instanceType: cannot be combined with instancesDistribution, which has instanceTypes. Remove it."
    family, image = group.get("amiFamily", AMI_FAMILY), group.get("ami")
    if family == AL2:
        yield f"{path}.amiFamily: AWS publishes no images of {AL2} any more. Use {AL2023}, or managedNodeGroups with an image of your own."
    elif build_selector(group) is not None:
        yield from find_selector_problems(path, group, family)
    elif None not in types:
        try:
            ami_types.choose_ami_type(family, types)
        except ValueError as problem:
            yield f"{path}.amiFamily: {problem}."
    if image and image not in IMAGES and not image.startswith("ami-"):
        yield f"{path}.ami: {format_value(image)} is not the ID of an image. Use one that begins with ami-, or {' or '.join(IMAGES)}."
    if get_image(group) and "amiFamily" not in group:
        yield f"{path}.amiFamily: is required with ami."


def _check_distribution(path: str, group: Group) -> Iterator[str]:
    given, path = group.get("instancesDistribution"), f"{path}.instancesDistribution"
    if given is None:
        return
    types = given.get("instanceTypes", [])
    is_selected = not types and group.get("instanceSelector")
    if (not types and not is_selected) or len(set(types)) > MOST_TYPES:
        yield f"{path}.instanceTypes: {len(set(types))} are given. Use 1 to {MOST_TYPES}."
    strategy = given.get("spotAllocationStrategy", LOWEST_PRICE)
    if "spotInstancePools" in given and strategy != LOWEST_PRICE:
        yield f"{path}.spotInstancePools: is for spotAllocationStrategy {LOWEST_PRICE}, not {strategy}. Remove it."


def _check_credits(path: str, group: Group) -> Iterator[str]:
    if "cpuCredits" not in group:
        return
    if group["cpuCredits"].lower() not in CREDITS:
        yield f"{path}.cpuCredits: {format_value(group['cpuCredits'])} is not valid. Use {' or '.join(CREDITS)}."
    if not any(str(name).startswith("t") for name in list_instance_types(group)):
        yield f"{path}.cpuCredits: is for burstable instance types, like t3.large. Remove it."


def _check_bootstrap(path: str, group: Group) -> Iterator[str]:
    family = group.get("amiFamily", AMI_FAMILY)
    if family.startswith(BOTTLEROCKET):
        for name in (name for name in ("kubeletExtraConfig", *OF_SCRIPTS) if name in group):
            yield f"{path}.{name}: Bottlerocket reads settings only. Use bottlerocket.settings."
    elif "bottlerocket" in group:
        yield f"{path}.bottlerocket: is for amiFamily Bottlerocket, not {family}."
    if family.startswith(WINDOWS):
        for name in (name for name in (*OF_AL2023, "maxPodsPerNode", "clusterDNS") if group.get(name)):
            yield f"{path}.{name}: not supported by kumo.eks: the bootstrap script of Windows has the arguments of the module. Remove it."
    if family == AL2023:
        yield from _check_node_config(path, group)


def _check_node_config(path: str, group: Group) -> Iterator[str]:
    kubelet = group.get("kubeletExtraConfig")
    if kubelet is not None and not isinstance(kubelet, dict):
        yield f"{path}.kubeletExtraConfig: {format_value(kubelet)} is not a mapping of settings of the kubelet."
        kubelet = None
    for name in (name for name in OF_THE_NODE if name in (kubelet or {})):
        yield f"{path}.kubeletExtraConfig.{name}: is set when the node joins. Remove it."
    if group.get("overrideBootstrapCommand") is not None:
        try:
            read_node_config(group["overrideBootstrapCommand"])
        except ValueError as problem:
            yield f"{path}.overrideBootstrapCommand: {problem}."


def _check_groups(path: str, group: Group) -> Iterator[str]:
    groups = group.get("securityGroups", {})
    if groups.get("withShared") is False and groups.get("withLocal") is not False:
        yield (
            f"{path}.securityGroups.withShared: not supported by kumo.eks: a security group of the group alone is not created. Set"
            " withLocal to false, too, and list your own in attachIDs."
        )
    elif groups.get("withShared") is False and not groups.get("attachIDs"):
        yield f"{path}.securityGroups: the nodes have none. List your own in attachIDs."


def _check_market(path: str, group: Group) -> Iterator[str]:
    """EC2 Auto Scaling takes no Capacity Block in a group with a mixed instances policy."""
    if not is_in_capacity_block(group):
        return
    for name in (name for name in ("instancesDistribution", "instanceSelector") if name in group):
        yield f"{path}.{name}: cannot be combined with instanceMarketOptions: a Capacity Block has one instance type. Use instanceType."


def _check_scaling(path: str, group: Group) -> Iterator[str]:
    for index, row in enumerate(group.get("asgMetricsCollection", [])):
        if (row or {}).get("granularity", GRANULARITY) != GRANULARITY:
            place = f"{path}.asgMetricsCollection[{index}].granularity"
            yield f"{place}: {format_value(row['granularity'])} is not valid. Use {GRANULARITY}."
    if "Launch" in group.get("asgSuspendProcesses", []) and build_scaling_config(group)["desired_size"]:
        yield f"{path}.asgSuspendProcesses: the group starts no nodes while Launch is suspended. Remove Launch, or set desiredCapacity to 0."


CHECKS = (
    _check_types,
    _check_distribution,
    _check_market,
    _check_credits,
    _check_bootstrap,
    _check_groups,
    _check_scaling,
)
