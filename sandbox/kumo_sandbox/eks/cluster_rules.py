"""What EKS refuses of a cluster's settings, at its creation and at an update.

Texts without a link are not published; their rule is in the API reference (CreateClusterRequest, VpcConfigRequest,
KubernetesNetworkConfigRequest, ComputeConfigRequest) and the link says where.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable
from typing import Any

from kumo_sandbox.eks.errors import InvalidParameter, ResourceLimitExceeded, UnsupportedZone
from kumo_sandbox.eks.store import Raw

PRIVATE = tuple(map(ipaddress.ip_network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")))
UNROUTABLE = (*PRIVATE, *map(ipaddress.ip_network, ("100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16")))
SERVICES = ("172.20.0.0/16", "10.100.0.0/16")  # the second one where the VPC has addresses of the first
MOST_GROUPS = 5
# https://docs.aws.amazon.com/eks/latest/userguide/network-reqs.html#network-requirements-subnets
EDGE_ZONE = re.compile(r"[a-z]+(?:-[a-z]+)+-\d+-.+")  # "us-west-2-lax-1a", "us-east-1-wl1-bos-wlz-1"
ZONES_WITHOUT_EKS = ("use1-az3", "usw1-az2", "cac1-az3")
CONFIG_MAP = "CONFIG_MAP"


def check_access(name: str, p: dict[str, Any], mode: str) -> None:
    """https://github.com/terraform-aws-modules/terraform-aws-eks/issues/3026"""
    access = p.get("accessConfig") or {}
    if mode == CONFIG_MAP and access.get("bootstrapClusterCreatorAdminPermissions") is False:
        raise InvalidParameter(
            "bootstrapClusterCreatorAdminPermissions must be true if cluster authentication mode is set to CONFIG_MAP",
            clusterName=name,
        )
    check_mode_of(name, p, mode)


def check_mode_of(name: str, p: dict[str, Any], mode: str) -> None:
    """What needs access entries, at creation and later.

    https://docs.aws.amazon.com/eks/latest/userguide/hybrid-nodes-cluster-create.html
    https://docs.aws.amazon.com/eks/latest/userguide/auto-enable-existing.html
    """
    wanted = {
        "remoteNetworkConfig": any((p.get("remoteNetworkConfig") or {}).values()),
        "computeConfig": bool((p.get("computeConfig") or {}).get("enabled")),
    }
    for member, is_wanted in wanted.items():
        if is_wanted and mode == CONFIG_MAP:
            raise InvalidParameter(
                f"The cluster's authentication mode must be set to one of [API, API_AND_CONFIG_MAP] for {member}",
                clusterName=name,
            )


def check_auto_mode(p: dict[str, Any], now: Raw | None = None) -> None:
    """What belongs to Auto Mode.

    https://github.com/hashicorp/terraform-provider-aws/pull/40483
    https://github.com/terraform-aws-modules/terraform-aws-eks/issues/3366
    """
    compute = p.get("computeConfig") or {}
    if compute.get("enabled") and p.get("bootstrapSelfManagedAddons") is True:
        raise InvalidParameter("When EKS Auto Mode is enabled, bootstrapSelfManagedAddons must be set to false")
    if compute.get("nodePools") and not compute.get("nodeRoleArn"):
        raise InvalidParameter("When Compute Config nodeRoleArn is null or empty, nodePool list cannot be populated.")
    before = ((now or {}).get("computeConfig") or {}).get("nodeRoleArn")
    if before and compute.get("nodeRoleArn") not in (None, before):
        raise InvalidParameter("nodeRoleArn cannot be changed after the compute capability of EKS Auto Mode is enabled")


def check_vpc_config(name: str, asked: Raw, quota: int) -> None:
    """Security groups and CIDR blocks of the public endpoint."""
    if len(asked.get("securityGroupIds") or []) > MOST_GROUPS:
        raise InvalidParameter(f"A cluster can have at most {MOST_GROUPS} security groups", clusterName=name)
    cidrs = asked.get("publicAccessCidrs") or []
    if len(cidrs) > quota:
        raise ResourceLimitExceeded(
            f"A cluster can have at most {quota} CIDR blocks in publicAccessCidrs", clusterName=name
        )
    wrong = [cidr for cidr in cidrs if not is_public(cidr)]
    if wrong:  # https://github.com/aws/aws-cdk/issues/33176
        raise InvalidParameter(
            f"The following CIDRs are invalid in publicAccessCidrs: [{','.join(wrong)}]", clusterName=name
        )


def check_endpoints(name: str, public: bool, private: bool) -> None:
    if not public and not private:
        raise InvalidParameter("Private and public endpoint access cannot both be disabled", clusterName=name)


def is_public(cidr: str) -> bool:
    """Whether the API server's public endpoint takes it: an address block without host bits, and not a private one."""
    try:
        block = ipaddress.ip_network(cidr)
    except ValueError:
        return False
    return "/" in cidr and not any(block.version == each.version and block.subnet_of(each) for each in UNROUTABLE)


def check_zones(cluster: str, subnets: Iterable[dict[str, Any]]) -> None:
    """https://github.com/awsdocs/amazon-eks-user-guide/issues/8"""
    rows = list(subnets)
    for subnet in rows:
        if subnet.get("AvailabilityZoneId") in ZONES_WITHOUT_EKS:
            others = {row["AvailabilityZone"] for row in rows if row["AvailabilityZoneId"] not in ZONES_WITHOUT_EKS}
            raise UnsupportedZone(
                f"Cannot create cluster '{cluster}' because {subnet['AvailabilityZone']}, the targeted availability zone,"
                " does not currently have sufficient capacity to support the cluster. Retry and choose from these"
                f" availability zones: {', '.join(sorted(others))}",
                clusterName=cluster,
                validZones=sorted(others),
            )


def list_edge_subnets(subnets: Iterable[dict[str, Any]]) -> list[str]:
    """Those in Local Zones and Wavelength Zones, whose names go on behind the number of the region.

    https://docs.aws.amazon.com/eks/latest/userguide/local-zones.html
    """
    return [row["SubnetId"] for row in subnets if EDGE_ZONE.fullmatch(row["AvailabilityZone"])]


def refuse_outpost_subnets(cluster: str, what: str, subnets: Iterable[dict[str, Any]]) -> None:
    """https://docs.aws.amazon.com/eks/latest/userguide/network-reqs.html ("The subnets can't reside in AWS Outposts")"""
    found = [row["SubnetId"] for row in subnets if row.get("OutpostArn")]
    if found:
        raise InvalidParameter(f"{what} cannot be created on AWS Outposts: {', '.join(found)}", clusterName=cluster)


def refuse_edge_subnets(cluster: str, what: str, subnets: Iterable[dict[str, Any]]) -> None:
    """Neither control planes nor managed node groups nor Fargate are there."""
    rows = list(subnets)
    refuse_outpost_subnets(cluster, what, rows)
    found = list_edge_subnets(rows)
    if found:
        raise InvalidParameter(
            f"{what} cannot be created in Local Zones or Wavelength Zones: {', '.join(found)}", clusterName=cluster
        )


def build_network_config(asked: Raw, subnets: list[dict[str, Any]], vpc_blocks: list[str]) -> Raw:
    """kubernetesNetworkConfig with the defaults of EKS filled in."""
    family = asked.get("ipFamily", "ipv4")
    config: Raw = {"ipFamily": family, "elasticLoadBalancing": asked.get("elasticLoadBalancing") or {"enabled": False}}
    services = asked.get("serviceIpv4Cidr")
    if family == "ipv6":
        check_ipv6(services, subnets)
        return {**config, "serviceIpv6Cidr": "fd30:1c53:5f8a::/108"}
    if services:
        check_services(services, vpc_blocks)
    free = (block for block in SERVICES if not overlaps(block, vpc_blocks))
    return {**config, "serviceIpv4Cidr": services or next(free, SERVICES[0])}


def check_ipv6(services: str | None, subnets: list[dict[str, Any]]) -> None:
    if services:
        raise InvalidParameter("serviceIpv4Cidr cannot be specified when ipFamily is ipv6")
    without = [row["SubnetId"] for row in subnets if not row.get("Ipv6CidrBlockAssociationSet")]
    if without:
        raise InvalidParameter(f"Subnets must have IPv6 CIDR blocks when ipFamily is ipv6: {', '.join(without)}")


def check_services(cidr: str, vpc_blocks: list[str]) -> None:
    """A private block between /24 and /12 that does not overlap with the VPC's."""
    try:
        block = ipaddress.IPv4Network(cidr)
    except ValueError as error:
        raise InvalidParameter(f"The serviceIpv4Cidr is not valid: {error}") from error
    if not 12 <= block.prefixlen <= 24 or not any(block.subnet_of(each) for each in PRIVATE):
        raise InvalidParameter(
            f"The serviceIpv4Cidr {cidr} must be between /24 and /12 within 10.0.0.0/8, 172.16.0.0/12 or 192.168.0.0/16"
        )
    if overlaps(cidr, vpc_blocks):
        raise InvalidParameter(f"The serviceIpv4Cidr {cidr} overlaps with a CIDR block of the VPC")


def overlaps(cidr: str, blocks: list[str]) -> bool:
    return any(ipaddress.IPv4Network(cidr).overlaps(ipaddress.IPv4Network(block)) for block in blocks)
