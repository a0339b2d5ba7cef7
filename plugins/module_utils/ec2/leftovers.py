# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What stays in a VPC after its cluster: what services let go by themselves, what may be deleted, and what others have put there."""

from __future__ import annotations

from dataclasses import dataclass

from ansible_collections.kumo.eks.plugins.module_utils.aws.ownership import build_owner_key, list_owners
from ansible_collections.kumo.eks.plugins.module_utils.ec2.inventory import Inventory, Row
from ansible_collections.kumo.eks.plugins.module_utils.ec2.options import NetworkOptions
from ansible_collections.kumo.eks.plugins.module_utils.ec2.routes import is_main

# How the descriptions of interfaces begin that EKS makes in the subnets of a cluster.
# https://docs.aws.amazon.com/eks/latest/userguide/network-reqs.html
CONTROL_PLANE = "Amazon EKS "
# The VPC CNI's interfaces stay in state "available" where a node ended before it could delete them.
# https://github.com/aws/amazon-vpc-cni-k8s/blob/master/pkg/awsutils/awsutils.go (eniDescriptionPrefix)
POD_INTERFACE = "aws-K8S-"
# Interfaces of load balancers are gone some minutes after their load balancer, those of Lambda functions some minutes later.
LINGERING = ("ELB ", "AWS Lambda VPC ENI")
# EKS tags the security group of a cluster with it. https://docs.aws.amazon.com/eks/latest/userguide/sec-group-reqs.html
CLUSTER_GROUP = "aws:eks:cluster-name"


@dataclass(frozen=True)
class Leftovers:
    """What is in a VPC beside what was made for the network.

    Args:
        leaving: interfaces that a service takes away when the cluster or the load balancer is gone.
        loose: interfaces of the cluster's VPC CNI that nobody uses any more.
        of_cluster: interfaces and security groups that go with the cluster.
        blocking: in words, what others have put there.
    """

    leaving: list[Row]
    loose: list[Row]
    of_cluster: list[str]
    blocking: list[str]


def find_leftovers(inventory: Inventory, options: NetworkOptions) -> Leftovers:
    """Sort what is in the VPC."""
    rows = _list_foreign_interfaces(inventory)
    loose = [row for row in rows if is_loose(row, options.cluster_name)]
    leaving = [row for row in rows if row not in loose and is_leaving(row)]
    of_cluster = [row for row in rows if row not in loose and row not in leaving and _has_cluster_group(row)]
    others = [row for row in rows if row not in loose and row not in leaving and row not in of_cluster]
    groups = [row for row in inventory.list_rows("security_groups") if _is_foreign_group(inventory, row)]
    cluster_groups = [row for row in groups if _is_of_cluster(row, options.cluster_name)]
    blocking = [format_interface(row) for row in others]
    blocking += [format_group(row) for row in groups if row not in cluster_groups]
    if inventory.vpc is not None and inventory.is_owned(inventory.vpc):
        blocking += _list_others(inventory) + _list_sharing(inventory.vpc, options)
    return Leftovers(leaving, loose, [*map(format_interface, of_cluster), *map(format_group, cluster_groups)], blocking)


def _list_foreign_interfaces(inventory: Inventory) -> list[Row]:
    """The interfaces that are not those of the network's own gateways and endpoints."""
    own = {
        address.get("NetworkInterfaceId")
        for row in inventory.list_owned("nat_gateways")
        for address in row.get("NatGatewayAddresses") or []
    }
    own |= {one for row in inventory.list_owned("vpc_endpoints") for one in row.get("NetworkInterfaceIds") or []}
    rows = inventory.list_rows("network_interfaces")
    if not (inventory.vpc and inventory.is_owned(inventory.vpc)):
        # In a VPC of somebody else only what is in the cluster's subnets is in the way.
        subnets = {row["SubnetId"] for row in inventory.list_owned("subnets")}
        rows = [row for row in rows if row.get("SubnetId") in subnets]
    return [row for row in rows if row["NetworkInterfaceId"] not in own]


def _describe(row: Row) -> str:
    return row.get("Description") or ""


def is_loose(row: Row, cluster: str) -> bool:
    """Whether it is an unused interface of the cluster's VPC CNI, which may be deleted."""
    named = row["tags"].get("cluster.k8s.amazonaws.com/name", cluster) == cluster
    return row.get("Status") == "available" and _describe(row).startswith(POD_INTERFACE) and named


def is_leaving(row: Row) -> bool:
    """Whether a service takes it away by itself."""
    return _describe(row).startswith((CONTROL_PLANE, POD_INTERFACE, *LINGERING))


def is_lingering(row: Row) -> bool:
    """Whether it may also stay: that of a load balancer or a function which still exists looks the same."""
    return _describe(row).startswith(LINGERING)


def _has_cluster_group(row: Row) -> bool:
    """Whether the control plane's security group is on it, which the instances of node groups have."""
    return any(group.get("GroupName", "").startswith("eks-cluster-sg-") for group in row.get("Groups") or [])


def _is_foreign_group(inventory: Inventory, row: Row) -> bool:
    if inventory.is_owned(row) or row.get("GroupName") == "default":
        return False
    return inventory.vpc is not None and inventory.is_owned(inventory.vpc)


def _is_of_cluster(row: Row, cluster: str) -> bool:
    return row["tags"].get(CLUSTER_GROUP) == cluster or row["GroupName"].startswith(f"eks-cluster-sg-{cluster}-")


def format_interface(row: Row) -> str:
    return f"network interface {row['NetworkInterfaceId']} ({_describe(row) or 'no description'})"


def format_group(row: Row) -> str:
    return f"security group {row['GroupId']} ({row['GroupName']})"


def _list_others(inventory: Inventory) -> list[str]:
    """Subnets, gateways, tables and endpoints that were not made for the network."""
    kinds = {
        "subnets": ("subnet", "CidrBlock"),
        "nat_gateways": ("NAT gateway", "SubnetId"),
        "vpc_endpoints": ("VPC endpoint", "ServiceName"),
        "route_tables": ("route table", ""),
    }
    words = []
    for kind, (word, key) in kinds.items():
        for row in inventory.list_rows(kind):
            if inventory.is_owned(row) or is_main(row) or str(row.get("State", "")).lower() == "deleted":
                continue
            label = row.get(key) or row["tags"].get("Name", "no name")
            words.append(f"{word} {next(row[name] for name in ID_KEYS if name in row)} ({label})")
    gateways = [row for row in inventory.list_rows("internet_gateways") if inventory.is_attached(row)]
    words += [f"internet gateway {row['InternetGatewayId']}" for row in gateways if not inventory.is_owned(row)]
    return words


ID_KEYS = ("NatGatewayId", "VpcEndpointId", "RouteTableId", "SubnetId")


def _list_sharing(vpc: Row, options: NetworkOptions) -> list[str]:
    """Other clusters whose owner's tag is on the VPC, too."""
    return [
        f"cluster {cluster} in {region}"
        for region, cluster in list_owners(vpc["tags"])
        if build_owner_key(region, cluster) != options.owner
    ]
