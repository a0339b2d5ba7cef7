# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The options of a network, and which of them EC2 and EKS would refuse. Pure."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.aws.ownership import build_owner_key, build_owner_tags
from ansible_collections.kumo.eks.plugins.module_utils.aws.tags import check_tags
from ansible_collections.kumo.eks.plugins.module_utils.core.errors import ValidationError
from ansible_collections.kumo.eks.plugins.module_utils.core.fields import normalize_map
from ansible_collections.kumo.eks.plugins.module_utils.core.validation import check_name

VPC_CIDR = "10.0.0.0/16"
ZONE_COUNT = 3
# EKS wants subnets in at least two zones.
# https://docs.aws.amazon.com/eks/latest/userguide/network-reqs.html
FEWEST_ZONES = 2
# https://docs.aws.amazon.com/vpc/latest/userguide/vpc-cidr-blocks.html
LARGEST, SMALLEST = 16, 28
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
    instance_types: tuple[str, ...] = ()
    subnet_kinds: tuple[str, ...] = ("public", "private")
    subnet_prefix_lengths: Mapping[str, int] = field(default_factory=dict)
    nat_gateway: str = "HighlyAvailable"
    endpoints: tuple[str, ...] | None = None
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
        return self.fixed_zone_count * len(self.subnet_kinds)


def validate_options(options: NetworkOptions) -> None:
    """Refuse what EC2 or EKS would not take, before anything is created."""
    check_name("cluster", options.cluster_name, "cluster_name")
    check_tags(dict(options.tags))
    if options.is_given:
        _validate_given(options)
        return
    _validate_ranges(options)
    _validate_zones(options)
    _validate_kinds(options)
    _validate_room(options)


def _validate_given(options: NetworkOptions) -> None:
    own = {"cidr": options.cidr, "secondary_cidrs": options.secondary_cidrs, "zones": options.zones}
    given = [name for name, value in own.items() if value]
    if given:
        raise ValidationError(
            f"{', '.join(given)}: cannot be used together with subnets, because existing subnets are not changed."
            " Leave either out."
        )


def parse_range(option: str, cidr: str) -> ipaddress.IPv4Network:
    """A range of IPv4 addresses that a VPC may have.

    Raises:
        ValidationError: naming the option, where it is none.
    """
    try:
        network = ipaddress.IPv4Network(cidr)
    except ValueError as error:
        raise ValidationError(
            f"{option}: {cidr} is not a range of IPv4 addresses: {error}. Use a form like 10.0.0.0/16."
        ) from error
    if not LARGEST <= network.prefixlen <= SMALLEST:
        raise ValidationError(
            f"{option}: {cidr} has a /{network.prefixlen}. EC2 allows a /{LARGEST} to a /{SMALLEST} for a VPC."
        )
    return network


def _validate_ranges(options: NetworkOptions) -> None:
    ranges = [parse_range("cidr", options.range)]
    for cidr in options.secondary_cidrs or ():
        network = parse_range("secondary_cidrs", cidr)
        if twin := next((other for other in ranges if network.overlaps(other)), None):
            raise ValidationError(f"secondary_cidrs: {cidr} overlaps {twin}. Use a range that is not used in the VPC.")
        ranges.append(network)


def _validate_zones(options: NetworkOptions) -> None:
    zones = options.zones
    if len(set(zones)) != len(zones):
        raise ValidationError(f"zones: a zone is listed twice: {', '.join(zones)}. List each zone once.")
    if len(zones) == 1:
        raise ValidationError(
            f"zones: {zones[0]} alone is not enough. EKS requires subnets in at least {FEWEST_ZONES} zones."
        )
    if options.zone_count < FEWEST_ZONES:
        raise ValidationError(
            f"zone_count: {options.zone_count} is not enough. EKS requires subnets in at least {FEWEST_ZONES} zones."
        )


def _validate_kinds(options: NetworkOptions) -> None:
    kinds = options.subnet_kinds
    if len(set(kinds)) != len(kinds) or not kinds:
        raise ValidationError(f"subnet_kinds: list each of {', '.join(KINDS)} at most once, and at least one of them.")
    extra = [kind for kind in options.subnet_prefix_lengths if kind not in kinds]
    if extra:
        raise ValidationError(
            f"subnet_prefix_lengths: {', '.join(extra)} is not in subnet_kinds ({', '.join(kinds)}). Add it there."
        )
    for kind, length in options.subnet_prefix_lengths.items():
        if not LARGEST <= length <= SMALLEST:
            raise ValidationError(
                f"subnet_prefix_lengths.{kind}: {length} is not between {LARGEST} and {SMALLEST}, the subnets that EC2 allows."
            )
    if options.nat_gateway != "Disable" and "private" in kinds and "public" not in kinds:
        raise ValidationError(
            f"nat_gateway: {options.nat_gateway} needs public subnets, and subnet_kinds has none. Add public to"
            " subnet_kinds, or use nat_gateway: Disable with endpoints: [private_cluster]."
        )


def count_bits(count: int) -> int:
    """How many bits the prefix of a subnet has more than the VPC's: eighths of the range for up to eight subnets."""
    return max(3, (count - 1).bit_length())


def _validate_room(options: NetworkOptions) -> None:
    if options.subnet_prefix_lengths or options.vpc_id:
        return  # the layout knows, see build_subnets
    network = ipaddress.IPv4Network(options.range)
    if network.prefixlen + count_bits(options.subnet_count) > SMALLEST:
        raise ValidationError(
            f"cidr: {options.range} is too small for {options.fixed_zone_count} zones; a subnet needs at least a"
            f" /{SMALLEST}. Use a larger range or fewer zones."
        )


def list_warnings(options: NetworkOptions) -> list[str]:
    """What EC2 takes, and nodes would suffer from."""
    private = "private" in options.subnet_kinds
    if options.is_given or not private or options.nat_gateway != "Disable" or options.endpoints:
        return []
    # https://docs.aws.amazon.com/eks/latest/userguide/private-clusters.html
    return [
        "nat_gateway: with Disable and without endpoints, nodes and pods in the private subnets reach neither the registries"
        f" of their images nor the APIs of AWS, and nodes do not join the cluster. Set endpoints: [{PRIVATE_CLUSTER}], or"
        " place the nodes in the public subnets."
    ]


def build_network_options(params: dict[str, Any], region: str) -> NetworkOptions:
    """The options of a task, whose params are without those that were left out."""
    names = {entry.name for entry in fields(NetworkOptions)} & set(params)
    values = {name: tuple(params[name]) if isinstance(params[name], list) else params[name] for name in names}
    tags = read_tags(params.get("tags") or {})
    return NetworkOptions(**{**values, "region": region, "tags": tags})


def read_tags(tags: dict[str, Any]) -> dict[str, str]:
    """The tags as text. Keys of AWS cannot be set.

    Raises:
        ValidationError: naming such keys.
    """
    reserved = [key for key in tags if key.startswith("aws:")]
    if reserved:
        raise ValidationError(f"tags: {', '.join(reserved)} begins with aws:, which AWS reserves. Remove it.")
    return normalize_map(tags, "tags")
