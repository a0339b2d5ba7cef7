# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What must hold for localZones of a ClusterConfig and of its nodeGroups. Pure.

ValidateVPCConfig, ValidatePrivateCluster and ValidateNodeGroup in eksctl's pkg/apis/eksctl.io/v1alpha5/validation.go, selectNodeGroupZoneSubnets in
pkg/vpc/vpc.go.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.cluster_config.reading import format_value
from ansible_collections.kumo.eks.plugins.module_utils.cluster_config.translation.network import is_ipv6, is_private
from ansible_collections.kumo.eks.plugins.module_utils.core.specs.placement import is_edge_zone

Config = dict[str, Any]
HIGHLY_AVAILABLE = "HighlyAvailable"


def find_local_zone_problems(config: Config) -> Iterator[str]:
    """What is wrong with the Local Zones of the file and of its groups."""
    zones = config.get("localZones") or []
    yield from _check_names("localZones", zones)
    if zones:
        yield from _check_network(config)
    for index, group in enumerate(config.get("nodeGroups", [])):
        yield from _check_group(f"nodeGroups[{index}]", group or {}, zones)


def _check_names(path: str, zones: list[Any]) -> Iterator[str]:
    names = [zone for zone in zones if zone is not None]
    for zone in sorted({name for name in names if names.count(name) > 1}):
        yield f"{path}: {zone} is listed twice. List each zone once."
    for zone in (name for name in names if not is_edge_zone(name)):
        yield f"{path}: {format_value(zone)} is not a Local Zone, which is one like us-west-2-lax-1a. Use availabilityZones."


def _check_network(config: Config) -> Iterator[str]:
    vpc = config.get("vpc", {})
    if vpc.get("id") or vpc.get("subnets"):
        yield "localZones: cannot be combined with an existing VPC. Name the IDs of its subnets in subnets of the nodeGroups."
    if vpc.get("nat", {}).get("gateway") == HIGHLY_AVAILABLE:
        yield f"localZones: eksctl does not combine them with vpc.nat.gateway {HIGHLY_AVAILABLE}. Use Single or Disable."
    if is_ipv6(config) or vpc.get("autoAllocateIPv6"):
        name = "kubernetesNetworkConfig.ipFamily IPv6" if is_ipv6(config) else "vpc.autoAllocateIPv6"
        yield f"localZones: cannot be combined with {name}. The IPv6 block of the VPC is for Availability Zones alone."
    if is_private(config):
        yield "localZones: cannot be combined with privateCluster.enabled. Use one of them."
    if config.get("outpost"):
        yield "localZones: cannot be combined with outpost. The subnets of a local cluster are on the Outpost."


def _check_group(path: str, group: Config, known: list[Any]) -> Iterator[str]:
    zones = group.get("localZones") or []
    yield from _check_names(f"{path}.localZones", zones)
    for name in ("availabilityZones", "subnets") if zones else ():
        if group.get(name):
            yield f"{path}.localZones: cannot be combined with {name}. Use one of them."
    for zone in zones:
        if zone is not None and zone not in known:
            listed = ", ".join(map(str, known)) or "none"
            yield f"{path}.localZones: {format_value(zone)} is not in localZones ({listed}). Add it there."
