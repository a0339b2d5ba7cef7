# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which subnets a network has, and which addresses each of them gets. Pure."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.core.errors import ValidationError
from ansible_collections.kumo.eks.plugins.module_utils.ec2.options import NetworkOptions, count_bits

Range = ipaddress.IPv4Network
# What the AWS Load Balancer Controller looks for.
# https://docs.aws.amazon.com/eks/latest/userguide/network-load-balancing.html
ROLES = {"public": "kubernetes.io/role/elb", "private": "kubernetes.io/role/internal-elb"}
# The states in which a range is not, or no longer, usable.
# https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_SubnetCidrBlockState.html
NOT_ASSOCIATED = ("disassociating", "disassociated", "failing", "failed")
# https://karpenter.sh/docs/concepts/nodeclasses/#specsubnetselectorterms
KARPENTER = "karpenter.sh/discovery"


@dataclass(frozen=True)
class SubnetPlan:
    """A subnet as it should be: its kind, zone and place in the VPC's ranges.

    Args:
        parent: the zone of the region that a Local Zone belongs to; None for a subnet in an Availability Zone.
    """

    name: str
    kind: str
    zone: str
    cidr: str
    ipv6_cidr: str | None = None
    parent: str | None = None

    @property
    def is_public(self) -> bool:
        return self.kind == "public"


def build_subnets(
    options: NetworkOptions,
    zones: list[str],
    ranges: list[str],
    existing: list[dict[str, Any]],
    local: Mapping[str, str] | None = None,
) -> list[SubnetPlan]:
    """The subnets: public ones first, then private, then isolated, each in the order of the zones.

    A subnet that exists keeps its addresses, others take a free block.

    Args:
        local: the Local Zones, each with its parent zone.
        ranges: the IPv4 ranges of the VPC, the first one first.
        existing: all subnets of the VPC, as the inventory has them.
    """
    there = {row["tags"].get("Name"): row["CidrBlock"] for row in existing if options.owner in row["tags"]}
    taken = [Range(row["CidrBlock"]) for row in existing]
    plans, parents = [], local or {}
    places = [*zones, *parents]
    for number, (kind, zone) in enumerate((kind, zone) for kind in options.subnet_kinds for zone in places):
        name = f"{options.cluster_name}-{kind}-{zone}"
        if name not in there:
            block = _find_block(options, kind, number, len(places), [Range(cidr) for cidr in ranges], taken)
            taken.append(block)
            there[name] = str(block)
        plans.append(SubnetPlan(name, kind, zone, there[name], parent=parents.get(zone)))
    return plans


def _find_block(
    options: NetworkOptions, kind: str, number: int, zones: int, ranges: list[Range], taken: list[Range]
) -> Range:
    """A block of the kind's size that overlaps nothing: the one with this number of equal blocks, or the next free one."""
    count = zones * len(options.subnet_kinds)
    for whole in ranges:
        sized = options.subnet_prefix_lengths.get(kind)
        length = sized or min(28, whole.prefixlen + count_bits(count))
        if length < whole.prefixlen:
            continue
        blocks = list(whole.subnets(new_prefix=length))
        first = 0 if options.subnet_prefix_lengths else number % len(blocks)
        for block in blocks[first:] + blocks[:first]:
            if not any(block.overlaps(other) for other in taken):
                return block
    raise ValidationError(
        f"cidr: {', '.join(str(whole) for whole in ranges)} has no room for another {kind} subnet. Use fewer zones, a"
        " larger number in subnet_prefix_lengths (a smaller subnet), or add a range to secondary_cidrs."
    )


def build_subnet_tags(options: NetworkOptions, plan: SubnetPlan) -> dict[str, str]:
    """The tags of a subnet, with those that load balancers and, on request, Karpenter look for.

    Not in Local Zones: the AWS Load Balancer Controller refuses to choose among subnets of Availability Zones and of Local Zones
    (https://github.com/kubernetes-sigs/aws-load-balancer-controller/issues/2674), and nodes are there only where a group says so.
    """
    tags = {**options.own_tags, "Name": plan.name}
    if plan.kind in ROLES and not plan.parent:
        tags[ROLES[plan.kind]] = "1"
    if options.karpenter_discovery and plan.kind == "private" and not plan.parent:
        tags[KARPENTER] = options.cluster_name
    return {**tags, f"kubernetes.io/cluster/{options.cluster_name}": "owned"}


def build_ipv6_blocks(plans: list[SubnetPlan], whole: str | None, existing: list[dict[str, Any]]) -> list[SubnetPlan]:
    """The plans with a /64 of the VPC's IPv6 range each; a subnet that has one keeps it."""
    if whole is None:
        return plans
    there = {row["tags"].get("Name"): read_ipv6(row) for row in existing}
    taken = {cidr for cidr in (read_ipv6(row) for row in existing) if cidr}
    free = (str(block) for block in ipaddress.IPv6Network(whole).subnets(new_prefix=64) if str(block) not in taken)
    return [replace(plan, ipv6_cidr=there.get(plan.name) or next(free)) for plan in plans]


def read_ipv6(row: dict[str, Any]) -> str | None:
    """The IPv6 range of a VPC or a subnet in its shortest form, None where it has none."""
    for entry in row.get("Ipv6CidrBlockAssociationSet") or []:
        state = (entry.get("Ipv6CidrBlockState") or {}).get("State")
        if state not in NOT_ASSOCIATED and entry.get("Ipv6CidrBlock"):
            return str(ipaddress.IPv6Network(entry["Ipv6CidrBlock"]))
    return None


def choose_nat_zones(options: NetworkOptions, zones: list[str]) -> list[str]:
    """The zones with a NAT gateway."""
    if "public" not in options.subnet_kinds or "private" not in options.subnet_kinds:
        return []
    return {"HighlyAvailable": zones, "Single": zones[:1], "Disable": []}[options.nat_gateway]
