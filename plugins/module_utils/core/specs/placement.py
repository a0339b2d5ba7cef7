# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether what a cluster is given fits together: subnets, security groups, keys, ARNs and instance types. Pure.

Rows are the answers of DescribeSubnets, DescribeSecurityGroups, DescribeRouteTables and DescribeKey as they are. Modules ask
before a creation, and eks_preflight for the whole input: the rules stand here once.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.core.validation import parse_network

Row = dict[str, Any]

# Zones in which EKS places no control plane, and how many of the others a cluster needs.
# https://docs.aws.amazon.com/eks/latest/userguide/network-reqs.html
WITHOUT_EKS = ("use1-az3", "usw1-az2", "cac1-az3")
FEWEST_ZONES = 2
EDGE_ZONE = re.compile(r"[a-z]+(?:-[a-z]+)+-\d+-.+")  # "us-west-2-lax-1a", "us-east-1-wl1-bos-wlz-1"
KEY_USAGE, KEY_SPEC = "ENCRYPT_DECRYPT", "SYMMETRIC_DEFAULT"
# Options that hold ARNs, by what their names end with.
ARN_OPTIONS = ("_arn", "_arns", "node_role", "permissions_boundary", "kms_key_id")


PLANNED_ID = "ID of "


def build_planned_id(name: str) -> str:
    """What stands in a plan for the ID of something that is yet to be created."""
    return f"{PLANNED_ID}{name}"


def drop_planned_ids(ids: Iterable[str] | None) -> list[str]:
    """The IDs of what exists."""
    return [one for one in ids or [] if not one.startswith(PLANNED_ID)]


def is_edge_zone(zone: str) -> bool:
    """Whether it is a Local Zone or a Wavelength Zone, whose name goes on behind the number of the region.

    https://docs.aws.amazon.com/eks/latest/userguide/local-zones.html
    """
    return EDGE_ZONE.fullmatch(zone) is not None


def find_missing_subnets(option: str, ids: Iterable[str], rows: list[Row]) -> Iterator[str]:
    """Subnets that a look did not find."""
    found = {row["SubnetId"] for row in rows}
    for subnet in sorted(set(ids) - found):
        yield f"{option}: subnet {subnet} does not exist in this account and region."


def find_block_problems(option: str, cidr: str, vpc_id: str, blocks: list[str]) -> Iterator[str]:
    """A block that the VPC of existing subnets is said to have."""
    if cidr not in blocks:
        yield (
            f"{option}: {cidr} is no block of {vpc_id}, the VPC of the subnets, which has {', '.join(blocks)}. Remove {option}, or use"
            " subnets of another VPC."
        )


def find_cluster_subnet_problems(option: str, rows: list[Row], is_local: bool = False) -> Iterator[str]:
    """Subnets in which EKS creates no cluster.

    Args:
        is_local: whether it is a local cluster on an Outpost, which has one subnet.
    """
    vpcs, zones = ({row[key] for row in rows} for key in ("VpcId", "AvailabilityZone"))
    if len(vpcs) > 1:
        places = ", ".join(f"{row['SubnetId']} in {row['VpcId']}" for row in rows)
        yield f"{option}: they are in several VPCs ({places}). Use subnets of one VPC."
    elif len(rows) > 1 and len(zones) < FEWEST_ZONES and not is_local:
        yield f"{option}: all are in {', '.join(zones)}. EKS requires at least two Availability Zones."
    if not is_local:
        yield from find_edge_problems(option, "control planes", rows)
    for row in rows:
        if row.get("AvailabilityZoneId") in WITHOUT_EKS:
            yield (
                f"{option}: {row['SubnetId']} is in {row['AvailabilityZone']} ({row['AvailabilityZoneId']}), where EKS does not"
                " support control planes. Use subnets in other zones."
            )


def find_edge_problems(option: str, what: str, rows: list[Row]) -> Iterator[str]:
    """Subnets in Local Zones, in Wavelength Zones and on AWS Outposts.

    Args:
        what: is not there, in the plural.
    """
    for row in rows:
        if row.get("OutpostArn"):
            yield (
                f"{option}: {row['SubnetId']} is on {row['OutpostArn']}. EKS has no {what} on AWS Outposts in a cluster of the region. Use"
                " another subnet; only self-managed nodes can be on an Outpost."
            )
        elif is_edge_zone(row["AvailabilityZone"]):
            yield (
                f"{option}: {row['SubnetId']} is in {row['AvailabilityZone']}, which is no Availability Zone. EKS has no {what} there. Use"
                " another subnet; only self-managed nodes can be in Local Zones."
            )


def find_vpc_problems(option: str, kind: str, vpcs: dict[str, str], vpc_id: str) -> Iterator[str]:
    """What is in another VPC than the cluster.

    Args:
        kind: "subnet" or "security group".
        vpcs: the VPC of each, by its ID.
        vpc_id: the cluster's VPC.
    """
    for name, own in sorted(vpcs.items()):
        if own != vpc_id:
            yield f"{option}: {kind} {name} is in {own}. Use one of VPC {vpc_id}, in which the cluster is."


def find_group_problems(option: str, ids: Iterable[str], rows: list[Row], vpc_id: str | None) -> Iterator[str]:
    """Security groups that do not exist, or that are in another VPC than the subnets; None where that is not known yet."""
    vpcs = {row["GroupId"]: row["VpcId"] for row in rows}
    for group in sorted(set(ids) - set(vpcs)):
        yield f"{option}: security group {group} does not exist in this account and region."
    if vpc_id:
        yield from find_vpc_problems(option, "security group", vpcs, vpc_id)


def find_public_subnet_problems(option: str, ids: Iterable[str], tables: list[Row]) -> Iterator[str]:
    """Subnets that Fargate does not take: CreateFargateProfileRequest.subnets, "only private subnets (with no direct route to
    an Internet Gateway)". A subnet without an association has the main route table of the VPC.
    """
    for subnet in ids:
        own = [table for table in tables if any(row.get("SubnetId") == subnet for row in table["Associations"])]
        main = [table for table in tables if any(row.get("Main") for row in table["Associations"])]
        routes = [*own, *main, {"Routes": []}][0]["Routes"]
        if any((route.get("GatewayId") or "").startswith("igw-") for route in routes):
            yield (
                f"{option}: {subnet} has a route to an internet gateway, and Fargate requires private subnets. Use a private"
                " subnet, with a NAT gateway or VPC endpoints."
            )


def find_offering_problems(option: str, types: Iterable[str], offered: set[str], region: str) -> Iterator[str]:
    """Instance types that a region does not have."""
    for name in types:
        if name not in offered:
            yield (
                f"{option}: {name} is not offered in {region}. Check its spelling, or use another one, like m5.large."
                " aws ec2 describe-instance-type-offerings lists them."
            )


def find_local_offering_problems(option: str, types: Iterable[str], offered: dict[str, set[str]]) -> Iterator[str]:
    """Local Zones without any of a group's instance types: EC2 Auto Scaling would start no instance there.

    Args:
        offered: the instance types of each Local Zone; none where they are not known.
    """
    names = list(types)
    for zone, known in offered.items():
        if names and known and known.isdisjoint(names):
            yield f"{option}: {zone} offers none of {', '.join(names)}. Use one of {', '.join(sorted(known))}."


def find_key_problems(option: str, arn: str, key: Row | None) -> Iterator[str]:
    """A KMS key with which EKS does not encrypt secrets: Provider.keyArn in EKS' model, "must be symmetric".

    Args:
        key: KeyMetadata of DescribeKey, None where there is none.
    """
    remedy = f"Use a symmetric key ({KEY_SPEC}) for encryption and decryption."
    if key is None:
        yield f"{option}: KMS key {arn} does not exist in this region. {remedy}"
    elif key.get("KeyUsage", KEY_USAGE) != KEY_USAGE or key.get("KeySpec", KEY_SPEC) != KEY_SPEC:
        yield f"{option}: KMS key {arn} is {key.get('KeySpec')} for {key.get('KeyUsage')}. {remedy}"
    elif key.get("KeyState", "Enabled") != "Enabled":
        yield f"{option}: KMS key {arn} is {key['KeyState']}. Enable it, or use another symmetric key."


def find_service_overlap_problems(option: str, cidr: str | None, blocks: dict[str, str]) -> Iterator[str]:
    """KubernetesNetworkConfigRequest: the services' block "doesn't overlap with any CIDR block assigned to the VPC".

    Args:
        blocks: where each block of the VPC comes from, by the block.
    """
    services = parse_network(cidr)
    for block, source in blocks.items():
        network = parse_network(block)
        if services and network and services.version == network.version == 4 and services.overlaps(network):
            yield f"{option}: {services} overlaps with {source}, {network}. Use another private block."


def find_arn_problems(options: Any, partition: str, region: str, path: str = "") -> Iterator[str]:
    """ARNs of another partition than the region's, and KMS keys of another region, at any depth of a task's options."""
    for key, value in options.items():
        here = f"{path}{key}"
        if isinstance(value, dict):
            yield from find_arn_problems(value, partition, region, f"{here}.")
            continue
        for number, item in enumerate(value if isinstance(value, (list, tuple)) else [value]):
            if isinstance(item, dict):
                yield from find_arn_problems(item, partition, region, f"{here}[{number}].")
            elif isinstance(item, str) and item.startswith("arn:") and str(key).endswith(ARN_OPTIONS):
                foreign = list(find_foreign_arn(here, item, partition, region))
                yield from foreign or _find_foreign_key(here, item, region)


def find_foreign_arn(option: str, arn: str, partition: str, region: str) -> Iterator[str]:
    """An ARN of another partition. A wildcard is every partition."""
    own = (*arn.split(":"), "")[1]
    if not fnmatchcase(partition, own):
        yield f"{option}: {arn} is of the partition {own}, and {region} is in {partition}. Use an ARN that begins with arn:{partition}:."


def _find_foreign_key(option: str, arn: str, region: str) -> Iterator[str]:
    service, place = (*arn.split(":")[2:4], "", "")[:2]
    if service == "kms" and place != region:
        yield f"{option}: {arn} is in {place}. Use a key in {region}, the region of the cluster."
