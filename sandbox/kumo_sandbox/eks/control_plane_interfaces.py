"""The network interfaces by which a control plane reaches its VPC: they hold the cluster's subnets and groups.

https://docs.aws.amazon.com/eks/latest/userguide/network-reqs.html ("EKS creates 2-4 elastic network interfaces")
"""

from __future__ import annotations

from typing import Any

from kumo_sandbox.eks.store import Raw
from kumo_sandbox.principals import ACCOUNT

MOST = 4


def describe_name(cluster: str) -> str:
    """How their description names the cluster."""
    return f"Amazon EKS {cluster}"


def place_interfaces(region: str, cluster: Raw) -> None:
    """Let the cluster have one in each of its subnets, at most four, and none elsewhere."""
    backend, config = _find_backend(region), cluster["resourcesVpcConfig"]
    groups = [config["clusterSecurityGroupId"], *config["securityGroupIds"]]
    wanted = config["subnetIds"][:MOST]
    found = {each.subnet.id: each for each in list_interfaces(region, cluster["name"])}
    for subnet in wanted:
        if subnet not in found:
            found[subnet] = _create(backend, subnet, cluster["name"])
        found[subnet]._group_set = [backend.get_security_group_from_id(group) for group in groups]
    for subnet in set(found) - set(wanted):
        backend.enis.pop(found[subnet].id, None)


def _create(backend: Any, subnet: str, cluster: str) -> Any:
    interface = backend.create_network_interface(subnet, None, description=describe_name(cluster))
    interface.status, interface.requester_managed, interface.requester_id = "in-use", True, "amazon-eks"
    return interface


def leave_groups(region: str, cluster: str) -> None:
    """Let go of the security groups: the cluster's own is deleted with the cluster, the interfaces a bit later."""
    for interface in list_interfaces(region, cluster):
        interface._group_set = []


def delete_interfaces(region: str, cluster: str) -> None:
    for interface in list_interfaces(region, cluster):
        _find_backend(region).enis.pop(interface.id, None)


def list_interfaces(region: str, cluster: str) -> list[Any]:
    enis = list(_find_backend(region).enis.values())
    return [each for each in enis if each.description == describe_name(cluster) and each.requester_managed]


def _find_backend(region: str) -> Any:
    from moto.ec2.models import ec2_backends

    return ec2_backends[ACCOUNT][region]
