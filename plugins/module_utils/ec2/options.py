# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The options of a network. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.aws.ownership import build_owner_key, build_owner_tags
from ansible_collections.kumo.eks.plugins.module_utils.core.fields import normalize_map

VPC_CIDR = "10.0.0.0/16"
ZONE_COUNT = 3
KINDS = ("public", "private", "isolated")
NAT_GATEWAYS = ("HighlyAvailable", "Single", "Disable")
PRIVATE_CLUSTER = "private_cluster"


@dataclass(frozen=True)
class NetworkOptions:
    """The options of eks_network, as its documentation describes them. ``None`` is an option that was left out."""

    cluster_name: str
    region: str
    vpc_id: str | None = None
    subnets: Mapping[str, list[str]] = field(default_factory=dict)
    cidr: str | None = None
    secondary_cidrs: tuple[str, ...] | None = None
    ip_family: str = "ipv4"
    zones: tuple[str, ...] = ()
    zone_count: int = ZONE_COUNT
    local_zones: tuple[str, ...] | None = None
    instance_types: tuple[str, ...] = ()
    subnet_kinds: tuple[str, ...] = ("public", "private")
    subnet_prefix_lengths: Mapping[str, int] = field(default_factory=dict)
    nat_gateway: str = "HighlyAvailable"
    endpoints: tuple[str, ...] | None = None
    hostname_type: str | None = None
    karpenter_discovery: bool = False
    flow_logs: Mapping[str, Any] | None = None
    tags: Mapping[str, str] = field(default_factory=dict)
    purge_tags: bool = False

    @property
    def owner(self) -> str:
        return build_owner_key(self.region, self.cluster_name)

    @property
    def own_tags(self) -> dict[str, str]:
        """The tags of everything that is created: the user's and the owner's."""
        return {**self.tags, **build_owner_tags(self.region, self.cluster_name)}

    @property
    def cluster_tags(self) -> dict[str, str]:
        """``own_tags`` and the tag by which EKS and load balancer controllers know what belongs to a cluster.

        https://docs.aws.amazon.com/eks/latest/userguide/network-reqs.html
        """
        return {**self.own_tags, f"kubernetes.io/cluster/{self.cluster_name}": "owned"}

    @property
    def is_given(self) -> bool:
        """Whether existing subnets are to be used, so that nothing is created, changed or deleted."""
        return any(self.subnets.values())

    @property
    def range(self) -> str:
        return self.cidr or VPC_CIDR

    @property
    def fixed_zone_count(self) -> int:
        """In how many zones there are to be subnets."""
        return len(self.zones) or self.zone_count

    @property
    def subnet_count(self) -> int:
        return (self.fixed_zone_count + len(self.local_zones or ())) * len(self.subnet_kinds)


def count_bits(count: int) -> int:
    """How many bits the prefix of a subnet has more than the VPC's: eighths of the range for up to eight subnets."""
    return max(3, (count - 1).bit_length())


def build_network_options(params: dict[str, Any], region: str) -> NetworkOptions:
    """The options of a task, whose params are without those that were left out."""
    names = {entry.name for entry in fields(NetworkOptions)} & set(params)
    values = {name: tuple(params[name]) if isinstance(params[name], list) else params[name] for name in names}
    tags = normalize_map(params.get("tags") or {}, "tags")
    return NetworkOptions(**{**values, "region": region, "tags": tags})
