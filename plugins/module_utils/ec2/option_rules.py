# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which options of a network EC2 and EKS would refuse, and which they take though nodes would suffer. Pure."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Iterator

from ansible_collections.kumo.eks.plugins.module_utils.core.specs.placement import FEWEST_ZONES, is_edge_zone
from ansible_collections.kumo.eks.plugins.module_utils.core.validation import (
    LARGEST_VPC,
    SMALLEST_VPC,
    find_name_problems,
    find_tag_problems,
    find_vpc_block_problems,
    parse_network,
    raise_problems,
)
from ansible_collections.kumo.eks.plugins.module_utils.ec2.options import (
    KINDS,
    PRIVATE_CLUSTER,
    NetworkOptions,
    count_bits,
)

LARGEST, SMALLEST = LARGEST_VPC, SMALLEST_VPC  # of subnets, too


def validate_options(options: NetworkOptions) -> None:
    """Refuse what EC2 or EKS would not take, before anything is created.

    Raises:
        ValidationError: with all problems.
    """
    raise_problems(find_network_problems(options))


def find_network_problems(options: NetworkOptions) -> Iterator[str]:
    """What EC2 or EKS would not take, each problem by its option's name."""
    yield from find_name_problems("cluster", options.cluster_name, "cluster_name")
    yield from find_tag_problems(dict(options.tags))
    if options.is_given:
        yield from _find_given_problems(options)
        return
    ranges = list(_find_range_problems(options))
    yield from ranges
    yield from _find_zone_problems(options)
    yield from find_local_zone_problems(options.local_zones or (), options.ip_family)
    yield from _find_kind_problems(options)
    if not ranges:
        yield from _find_room_problems(options)


def _find_given_problems(options: NetworkOptions) -> Iterator[str]:
    if options.cidr:  # compared with the VPC's own
        yield from find_vpc_block_problems("cidr", options.cidr)
    own = {
        "secondary_cidrs": options.secondary_cidrs,
        "zones": options.zones,
        "local_zones": options.local_zones,
        "hostname_type": options.hostname_type,
    }
    given = [name for name, value in own.items() if value]
    if given:
        yield (
            f"{', '.join(given)}: cannot be combined with subnets, because existing subnets are not changed."
            " Remove one of them."
        )


def _find_range_problems(options: NetworkOptions) -> Iterator[str]:
    ranges: list[ipaddress.IPv4Network] = []
    rows = [("cidr", options.range), *(("secondary_cidrs", cidr) for cidr in options.secondary_cidrs or ())]
    for option, cidr in rows:
        yield from find_vpc_block_problems(option, cidr)
        network = parse_network(cidr)
        if network is None or network.version != 4:
            continue
        if twin := next((other for other in ranges if network.overlaps(other)), None):
            yield f"{option}: {cidr} overlaps {twin}. Use a range that is not used in the VPC."
        ranges.append(network)


def _find_zone_problems(options: NetworkOptions) -> Iterator[str]:
    zones = options.zones
    if len(set(zones)) != len(zones):
        yield f"zones: a zone is listed twice: {', '.join(zones)}. List each zone once."
    if len(zones) == 1:
        yield f"zones: {zones[0]} alone is not enough. EKS requires subnets in at least {FEWEST_ZONES} zones."
    if options.zone_count < FEWEST_ZONES:
        yield f"zone_count: {options.zone_count} is not enough. EKS requires subnets in at least {FEWEST_ZONES} zones."


def find_local_zone_problems(zones: Iterable[str], ip_family: str) -> Iterator[str]:
    """Local Zones that cannot be, whatever the account has opted in to."""
    names = list(zones)
    if len(set(names)) != len(names):
        yield f"local_zones: a zone is listed twice: {', '.join(names)}. List each zone once."
    for zone in (name for name in names if not is_edge_zone(name)):
        yield f"local_zones: {zone} is not the name of a Local Zone, which is one like us-west-2-lax-1a. Availability Zones go into zones."
    # A block has one network border group, and the VPC's is the region's: AssociateVpcCidrBlock, Ipv6CidrBlockNetworkBorderGroup
    if names and ip_family == "dual_stack":
        yield (
            f"local_zones: {', '.join(names)} cannot be combined with ip_family dual_stack, because the IPv6 range of the VPC is for"
            " Availability Zones alone. Use ip_family ipv4."
        )


def _find_kind_problems(options: NetworkOptions) -> Iterator[str]:
    kinds = options.subnet_kinds
    if len(set(kinds)) != len(kinds) or not kinds:
        yield f"subnet_kinds: {list(kinds)} is not valid. List each of {', '.join(KINDS)} at most once, and at least one of them."
    extra = [kind for kind in options.subnet_prefix_lengths if kind not in kinds]
    if extra:
        yield f"subnet_prefix_lengths: {', '.join(extra)} is not in subnet_kinds ({', '.join(kinds)}). Add it there."
    for kind, length in options.subnet_prefix_lengths.items():
        if not LARGEST <= length <= SMALLEST:
            yield (
                f"subnet_prefix_lengths.{kind}: {length} is not between {LARGEST} and {SMALLEST}, the subnets that EC2 allows."
            )
    if options.nat_gateway != "Disable" and "private" in kinds and "public" not in kinds:
        yield (
            f"nat_gateway: {options.nat_gateway} needs public subnets, and subnet_kinds has none. Add public to"
            " subnet_kinds, or use nat_gateway: Disable with endpoints: [private_cluster]."
        )


def _find_room_problems(options: NetworkOptions) -> Iterator[str]:
    if options.subnet_prefix_lengths or options.vpc_id:
        return  # the layout knows, see build_subnets
    network = ipaddress.IPv4Network(options.range)
    if network.prefixlen + count_bits(options.subnet_count) > SMALLEST:
        yield (
            f"cidr: {options.range} is too small for {options.fixed_zone_count} zones; a subnet needs at least a"
            f" /{SMALLEST}. Use a larger range or fewer zones."
        )


def find_network_warnings(options: NetworkOptions) -> Iterator[str]:
    """What EC2 takes, and nodes would suffer from."""
    private = "private" in options.subnet_kinds
    if options.is_given or not private or options.nat_gateway != "Disable" or options.endpoints:
        return
    # https://docs.aws.amazon.com/eks/latest/userguide/private-clusters.html
    yield (
        "nat_gateway: with Disable and without endpoints, nodes and pods in the private subnets cannot reach image"
        f" registries and AWS APIs, and nodes cannot join the cluster. Set endpoints: [{PRIVATE_CLUSTER}], or place the nodes"
        " in the public subnets."
    )
