# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What there is of a cluster's network: a handful of Describe calls of EC2, put together."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

from ansible.module_utils.common.dict_transformations import camel_dict_to_snake_dict

from ansible_collections.kumo.eks.plugins.module_utils.aws.ownership import build_owner_key
from ansible_collections.kumo.eks.plugins.module_utils.core.errors import EksError

GONE = "deleted"
FULL = 6  # subnets of a network in three zones; with fewer the region's zones are looked up
NOTHING: dict[str, Any] = {
    "vpc": None,
    "internet_gateway": None,
    "subnets": [],
    "nat_gateways": [],
    "route_tables": [],
    "addresses": [],
    "zones": [],
    "security_groups": [],
    "network_interfaces": [],
}
# EKS has no control plane in these zones.
# https://docs.aws.amazon.com/eks/latest/userguide/network-reqs.html
WITHOUT_EKS = ("use1-az3", "usw1-az2", "cac1-az3")


def cluster_tag(cluster_name: str) -> str:
    """The tag key by which EKS and load balancer controllers know what belongs to a cluster.

    https://docs.aws.amazon.com/eks/latest/userguide/network-reqs.html
    """
    return f"kubernetes.io/cluster/{cluster_name}"


def plain_tags(raw: dict[str, Any]) -> dict[str, Any]:
    """An EC2 resource in snake case, its tags as a dictionary."""
    words = raw.get("Tags", raw.get("TagSet", []))
    tags = {tag["Key"]: tag["Value"] for tag in words}
    return {**camel_dict_to_snake_dict({k: v for k, v in raw.items() if k not in ("Tags", "TagSet")}), "tags": tags}


def describe_all(ec2: Any, operation: str, key: str, filters: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Every page of a Describe operation."""
    # DescribeNatGateways alone calls its filters "Filter".
    word = "Filter" if operation == "describe_nat_gateways" else "Filters"
    pages = ec2.get_paginator(operation).paginate(**{word: filters})
    return [plain_tags(raw) for page in pages for raw in page[key]]


def owned_filter(region: str, cluster: str) -> list[dict[str, Any]]:
    return [{"Name": "tag-key", "Values": [build_owner_key(region, cluster)]}]


def describe_vpc(ec2: Any, region: str, cluster: str) -> dict[str, Any] | None:
    """The VPC that was made for the cluster, with its DNS attributes; None where there is none."""
    vpcs = describe_all(ec2, "describe_vpcs", "Vpcs", owned_filter(region, cluster))
    if len(vpcs) > 1:
        ids = ", ".join(vpc["vpc_id"] for vpc in vpcs)
        raise EksError(
            f"Several VPCs have the tag {build_owner_key(region, cluster)}: {ids}. Remove the tag from all but the cluster's."
        )
    if not vpcs:
        return None
    vpc_id = vpcs[0]["vpc_id"]
    names = ec2.describe_vpc_attribute(VpcId=vpc_id, Attribute="enableDnsHostnames")["EnableDnsHostnames"]["Value"]
    support = ec2.describe_vpc_attribute(VpcId=vpc_id, Attribute="enableDnsSupport")["EnableDnsSupport"]["Value"]
    return {**vpcs[0], "dns_hostnames": names, "dns_support": support}


def describe_addresses(ec2: Any, region: str, cluster: str) -> list[dict[str, Any]]:
    """The Elastic IP addresses that were allocated for the cluster."""
    return [plain_tags(raw) for raw in ec2.describe_addresses(Filters=owned_filter(region, cluster))["Addresses"]]


def describe_gateway(ec2: Any, region: str, cluster: str, vpc_id: str | None) -> dict[str, Any] | None:
    """The internet gateway attached to the VPC, or one that was made for the cluster and not attached yet."""
    rows = describe_all(ec2, "describe_internet_gateways", "InternetGateways", [])
    attached = [row for row in rows if any(place.get("vpc_id") == vpc_id for place in row["attachments"])]
    loose = [row for row in rows if not row["attachments"] and build_owner_key(region, cluster) in row["tags"]]
    found = (attached if vpc_id else []) + loose
    return {**found[0], "attached": bool(found[0]["attachments"])} if found else None


def describe_zones(ec2: Any) -> list[str]:
    """The region's availability zones that can hold a control plane, by name."""
    wanted = [{"Name": "zone-type", "Values": ["availability-zone"]}, {"Name": "state", "Values": ["available"]}]
    rows = ec2.describe_availability_zones(Filters=wanted)["AvailabilityZones"]
    return sorted(row["ZoneName"] for row in rows if row.get("ZoneId") not in WITHOUT_EKS)


def describe_network(ec2: Any, region: str, cluster: str, leftovers: bool = False) -> dict[str, Any]:
    """The cluster's network as one dictionary with the keys of NOTHING; deleted NAT gateways are left out.

    leftovers: look at security groups and network interfaces, too, of which others may have left some.
    ``zones`` are looked up only where subnets are missing.
    """
    vpc = describe_vpc(ec2, region, cluster)
    vpc_id = vpc["vpc_id"] if vpc else None
    work: dict[str, Any] = {
        "addresses": lambda: describe_addresses(ec2, region, cluster),
        "internet_gateway": lambda: describe_gateway(ec2, region, cluster, vpc_id),
    }
    if vpc_id:
        inside = [{"Name": "vpc-id", "Values": [vpc_id]}]
        kinds = ["subnets", "nat_gateways", "route_tables"]
        kinds += ["security_groups", "network_interfaces"] if leftovers else []
        for kind in kinds:
            key = "".join(word.capitalize() for word in kind.split("_"))
            work[kind] = lambda kind=kind, key=key: describe_all(ec2, f"describe_{kind}", key, inside)
    with ThreadPoolExecutor(max_workers=8) as pool:
        found = {name: pool.submit(ask) for name, ask in work.items()}
    network = {**NOTHING, "vpc": vpc, **{name: answer.result() for name, answer in found.items()}}
    network["nat_gateways"] = [row for row in network["nat_gateways"] if row["state"] != GONE]
    if len(network["subnets"]) < FULL and not leftovers:
        network["zones"] = describe_zones(ec2)
    return network


def is_settled(network: dict[str, Any]) -> bool:
    """Whether no NAT gateway is on its way, and EKS has taken its own network interfaces out of the VPC."""
    moving = any(row["state"] in ("pending", "deleting") for row in network["nat_gateways"])
    leaving = any(
        row.get("description", "").startswith(("Amazon EKS ", "aws-K8S-")) for row in network["network_interfaces"]
    )
    return not moving and not leaving
