# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The network of a ClusterConfig as variables of the role eks_network. Pure.

eksctl's defaults: pkg/apis/eksctl.io/v1alpha5/vpc.go, pkg/az/az.go. What it creates: pkg/cfn/builder/vpc_ipv4.go, vpc_ipv6.go,
vpc_endpoint.go; its services of a cluster without internet access: pkg/apis/eksctl.io/v1alpha5/endpoint_service.go.
"""

from __future__ import annotations

from typing import Any

VPC_CIDR = "192.168.0.0/16"
NAT_GATEWAY = "Single"
# eksctl takes two zones of us-east-1 and three elsewhere: randomSelectionOfZones in pkg/az/az.go
ZONES = {"us-east-1": 2}
ENDPOINTS = ("ec2", "ecr.api", "ecr.dkr", "s3", "sts")
LOGS = "logs"


def build_network(config: dict[str, Any]) -> dict[str, Any]:
    """eks_network_*: existing subnets, or the VPC that is created."""
    vpc = config.get("vpc", {})
    if vpc.get("subnets"):
        return {
            "eks_network_existing_vpc_id": vpc.get("id"),
            "eks_network_cidr": vpc.get("cidr"),  # importVPC in pkg/vpc/vpc.go: one of the VPC's blocks
            "eks_network_subnets": {kind: list_ids(entries) for kind, entries in vpc["subnets"].items()},
        }
    zones = config.get("availabilityZones")
    shared = {
        "eks_network_cidr": vpc.get("cidr", VPC_CIDR),
        "eks_network_zones": zones,
        "eks_network_local_zones": config.get("localZones"),
        "eks_network_zone_count": None if zones else ZONES.get(config["metadata"]["region"]),
        "eks_network_hostname_type": vpc.get("hostnameType") or None,
        "eks_network_ip_family": "dual_stack" if vpc.get("autoAllocateIPv6") or is_ipv6(config) else None,
    }
    if is_private(config):
        return {**shared, **_build_private(config)}
    return {**shared, "eks_network_nat_gateway": vpc.get("nat", {}).get("gateway", NAT_GATEWAY)}


def _build_private(config: dict[str, Any]) -> dict[str, Any]:
    """Private subnets only, and the endpoints by which nodes reach AWS."""
    private = config["privateCluster"]
    services = [*ENDPOINTS, *private.get("additionalEndpointServices", [])]
    if list_log_types(config) and LOGS not in services:
        services.append(LOGS)
    return {
        "eks_network_subnet_kinds": ["private"],
        "eks_network_nat_gateway": "Disable",
        "eks_network_endpoints": None if private.get("skipEndpointCreation") else services,
    }


def list_ids(entries: dict[str, dict[str, Any]]) -> list[str]:
    """The subnets of one kind."""
    return [entry["id"] for entry in entries.values()]


def list_log_types(config: dict[str, Any]) -> list[str]:
    """cloudWatch.clusterLogging.enableTypes as the file has it."""
    return config.get("cloudWatch", {}).get("clusterLogging", {}).get("enableTypes", [])


def is_private(config: dict[str, Any]) -> bool:
    """Whether the cluster has no internet access."""
    return bool(config.get("privateCluster", {}).get("enabled"))


def is_ipv6(config: dict[str, Any]) -> bool:
    """Whether pods and Services have IPv6 addresses."""
    return config.get("kubernetesNetworkConfig", {}).get("ipFamily") == "IPv6"
