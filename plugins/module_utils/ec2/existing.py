# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Existing subnets that a cluster is to use: whether it can. Nothing of them is changed."""

from __future__ import annotations

from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.aws.lookups import describe_subnets
from ansible_collections.kumo.eks.plugins.module_utils.core.counts import format_count
from ansible_collections.kumo.eks.plugins.module_utils.core.errors import ValidationError
from ansible_collections.kumo.eks.plugins.module_utils.core.specs.placement import (
    FEWEST_ZONES,
    WITHOUT_EKS,
    find_block_problems,
    find_cluster_subnet_problems,
    find_missing_subnets,
    is_edge_zone,
)
from ansible_collections.kumo.eks.plugins.module_utils.core.validation import raise_problems
from ansible_collections.kumo.eks.plugins.module_utils.ec2.inventory import ALWAYS, Inventory, Row, read_row
from ansible_collections.kumo.eks.plugins.module_utils.ec2.layout import ROLES
from ansible_collections.kumo.eks.plugins.module_utils.ec2.options import NetworkOptions
from ansible_collections.kumo.eks.plugins.module_utils.ec2.routes import ANYWHERE, is_main, list_routes, list_subnets
from ansible_collections.kumo.eks.plugins.module_utils.ec2.vpc import describe_vpc, list_ranges

# EKS puts its network interfaces into the subnets: at least six addresses in each, sixteen are recommended.
# https://docs.aws.amazon.com/eks/latest/userguide/network-reqs.html
FEWEST_ADDRESSES, ENOUGH_ADDRESSES = 6, 16


def read_given(inventory: Inventory, options: NetworkOptions) -> dict[str, str]:
    """Read the VPC of the given subnets into the inventory; returns the kind of each subnet by its id."""
    kinds = {subnet: kind for kind, ids in options.subnets.items() for subnet in ids}
    rows = _describe_subnets(inventory.ec2, list(kinds))
    vpcs = sorted({row["VpcId"] for row in rows})
    if len(vpcs) > 1:
        raise_problems(find_cluster_subnet_problems("subnets", rows))
    if options.vpc_id and options.vpc_id != vpcs[0]:
        raise ValidationError(
            f"subnets: they are in {vpcs[0]}, but vpc_id is {options.vpc_id}. Remove vpc_id, or use subnets of that VPC."
        )
    inventory.vpc = describe_vpc(inventory.ec2, vpcs[0])
    if options.cidr:
        raise_problems(find_block_problems("cidr", options.cidr, vpcs[0], list_ranges(inventory.vpc)))
    inventory.read(ALWAYS)
    return kinds


def _describe_subnets(ec2: Any, ids: list[str]) -> list[Row]:
    rows = describe_subnets(ec2, ids)
    raise_problems(find_missing_subnets("subnets", ids, rows))
    return [read_row(raw) for raw in rows]


def check_owner(vpc: Row, owner: str | None) -> None:
    """Refuse to make a network in a VPC of another account, which shares subnets of it.

    https://docs.aws.amazon.com/vpc/latest/userguide/vpc-share-limitations.html

    Args:
        owner: the other account; None for the caller's own.
    """
    if owner:
        raise ValidationError(
            f"vpc_id: {vpc['VpcId']} belongs to account {owner}, which shares subnets of it with this account. Only {owner} can create"
            " subnets, gateways and route tables in it. List the shared subnets in the option subnets."
        )


def check_given(inventory: Inventory, kinds: dict[str, str], owner: str | None = None) -> list[str]:
    """Refuse subnets in which EKS makes no cluster; returns warnings about what nodes or load balancers would miss.

    Args:
        owner: the account that shares the subnets with this one, if it does.
    """
    rows = [row for row in inventory.list_rows("subnets") if row["SubnetId"] in kinds]
    zones = sorted({row["AvailabilityZone"] for row in rows if not is_edge_zone(row["AvailabilityZone"])})
    # Those of a local cluster, which may have one: https://docs.aws.amazon.com/eks/latest/userguide/eks-outposts-vpc-subnet-requirements.html
    is_local = all(row.get("OutpostArn") for row in rows) and len({row.get("OutpostArn") for row in rows}) == 1
    if len(zones) < FEWEST_ZONES and not is_local:
        raise ValidationError(
            f"subnets: all are in {', '.join(zones) or 'Local Zones'}. EKS requires subnets in at least {FEWEST_ZONES} availability zones."
        )
    _check_vpc(inventory.vpc or {})
    warnings = []
    for row in rows:
        _check_subnet(row)
        warnings += _list_warnings(inventory, row, kinds[row["SubnetId"]], owner)
    return warnings


def _check_vpc(vpc: Row) -> None:
    """https://docs.aws.amazon.com/eks/latest/userguide/network-reqs.html: without DNS nodes cannot register."""
    off = [name for name in ("DnsSupport", "DnsHostnames") if not vpc.get(name)]
    if off:
        raise ValidationError(
            f"subnets: {vpc.get('VpcId')} has {' and '.join(off)} disabled. Nodes need both to join a cluster. Enable"
            " them, for example with amazon.aws.ec2_vpc_net."
        )


def _check_subnet(row: Row) -> None:
    if row.get("AvailabilityZoneId") in WITHOUT_EKS:
        raise ValidationError(
            f"subnets: {row['SubnetId']} is in {row['AvailabilityZone']} ({row['AvailabilityZoneId']}), where EKS does"
            " not support control planes. Use subnets in other zones."
        )
    free = row.get("AvailableIpAddressCount", ENOUGH_ADDRESSES)
    if free < FEWEST_ADDRESSES:
        raise ValidationError(
            f"subnets: {row['SubnetId']} has {format_count(free, 'free address')}, and EKS needs at least {FEWEST_ADDRESSES} in each subnet."
        )


def _list_warnings(inventory: Inventory, row: Row, kind: str, owner: str | None) -> list[str]:
    """What EKS takes, and nodes, pods or load balancers would miss."""
    subnet, words = row["SubnetId"], []
    free = row.get("AvailableIpAddressCount", ENOUGH_ADDRESSES)
    if free < ENOUGH_ADDRESSES:
        words.append(
            f"{subnet} has {format_count(free, 'free address')}; EKS recommends at least {ENOUGH_ADDRESSES}, and pods need more"
        )
    tag = ROLES.get(kind)
    if tag and tag not in row["tags"] and not is_edge_zone(row["AvailabilityZone"]):  # see build_subnet_tags
        # Each account has its own tags on a shared subnet: see check_owner.
        place = f" in this account, which does not see tags that its owner {owner} set" if owner else ""
        words.append(f"{subnet} lacks the tag {tag}{place}, by which load balancer controllers choose {kind} subnets")
    key, target = find_routes(inventory, subnet).get(ANYWHERE, ("", ""))
    internet = key == "GatewayId" and target.startswith("igw-")
    if kind == "public" and not internet:
        words.append(f"{subnet} is listed as public, but has no route to an internet gateway")
    if kind == "public" and not row.get("MapPublicIpOnLaunch"):
        words.append(
            f"{subnet} is listed as public, but does not assign public addresses to instances. Node groups fail in it"
        )
    if kind == "private" and internet:
        words.append(f"{subnet} is listed as private, but has a route to an internet gateway")
    if kind == "private" and not key:
        words.append(f"{subnet} has no default route: nodes in it need VPC endpoints to join the cluster")
    return [f"subnets: {text}." for text in words]


def find_routes(inventory: Inventory, subnet: str) -> dict[str, tuple[str, str]]:
    """The routes of a subnet: those of its table, or of the VPC's main table."""
    rows = inventory.list_rows("route_tables")
    own = [row for row in rows if subnet in list_subnets(row)]
    main = [row for row in rows if is_main(row)]
    return list_routes((own + main + [{}])[0])
