"""Why the nodes of a new group do not start or do not join their cluster, as the health issues of EKS tell it.

https://docs.aws.amazon.com/eks/latest/userguide/troubleshooting.html#troubleshoot-managed-node-groups, and EKS' API, Issue.code.
"""

from __future__ import annotations

from typing import Any

from kumo_sandbox.eks import instance_types, node_labels, node_rights
from kumo_sandbox.eks.access_grants import is_dead
from kumo_sandbox.eks.context import Context
from kumo_sandbox.eks.node_routes import NodeNetwork
from kumo_sandbox.eks.store import Cluster, Raw
from kumo_sandbox.launching import find_launch_problem

NOT_JOINED = "Instances failed to join the kubernetes cluster"
# Nodes that registered and did not become Ready: https://github.com/terraform-aws-modules/terraform-aws-eks/issues/2041
UNHEALTHY = "Unhealthy nodes in the kubernetes cluster"
NO_PUBLIC_ADDRESS = (  # https://github.com/sassoftware/viya4-iac-aws/issues/271
    "One or more Amazon EC2 Subnets of [{subnets}] for node group {name} does not automatically assign public IP addresses to instances"
    " launched into it. If you want your instances to be assigned a public IP address, then you need to enable auto-assign public IP"
    " address for the subnet. See IP addressing in VPC guide:"
    " https://docs.aws.amazon.com/vpc/latest/userguide/vpc-ip-addressing.html#subnet-public-ip"
)


def find_lasting_issue(ctx: Context, cluster: Cluster, nodegroup: Raw) -> Raw | None:
    """The health issue of a group whose instances are not launched or never become nodes, None where they may."""
    unknown = instance_types.find_issue(nodegroup)
    if unknown:
        return unknown
    if ctx.aws_context.find_role(nodegroup["nodeRole"]) is None:
        message = "We couldn't find the IAM role for your managed node group"
        return build_issue("IamNodeRoleNotFound", message, [nodegroup["nodeRole"]])
    if node_labels.list_unjoinable(nodegroup["labels"]) or is_dead(cluster, nodegroup["nodeRole"]):
        return build_issue("NodeCreationFailure", NOT_JOINED, [])
    network = _build_network(ctx, cluster, nodegroup)
    unlaunched = _find_launch_problem(ctx, nodegroup, network)
    if unlaunched:
        return build_issue("AsgInstanceLaunchFailures", unlaunched, [])
    without = network.list_without_public_addresses()
    if without:
        words = {"subnets": ", ".join(without), "name": nodegroup["nodegroupName"]}
        return build_issue("Ec2SubnetInvalidConfiguration", NO_PUBLIC_ADDRESS.format(**words), without)
    if cluster.raw["kubernetesNetworkConfig"]["ipFamily"] == "ipv6":
        issue = _find_ipv6_issue(network)
        if issue:
            return issue
    short = network.list_short_of_addresses(nodegroup["scalingConfig"]["desiredSize"])
    if short:
        message = "One or more of the subnets associated with your managed node group does not have enough available IP addresses for new nodes"
        return build_issue("InsufficientFreeAddresses", message, short)
    return None


def _find_launch_problem(ctx: Context, nodegroup: Raw, network: NodeNetwork) -> str | None:
    """Why EC2 Auto Scaling launches no instance by the launch template: Issue.code, AsgInstanceLaunchFailures."""
    if not nodegroup.get("launchTemplate"):
        return None
    data = ctx.aws_context.describe_launch_template(ctx.region, nodegroup["launchTemplate"])["data"]
    types = nodegroup.get("instanceTypes") or [data["InstanceType"]]
    zones = {row["AvailabilityZone"] for row in network.subnets}
    return find_launch_problem(ctx.region, data, types, zones)


def find_passing_issue(ctx: Context, cluster: Cluster, nodegroup: Raw) -> Raw | None:
    """The health issue of a group whose nodes are not Ready as rights and routes are now, None where they are."""
    if not nodegroup["scalingConfig"]["desiredSize"]:
        return None
    if not (node_rights.can_join(nodegroup) and _build_network(ctx, cluster, nodegroup).is_joinable()):
        return build_issue("NodeCreationFailure", NOT_JOINED, [])
    if not node_rights.can_become_ready(cluster, nodegroup):
        return build_issue("NodeCreationFailure", UNHEALTHY, [])
    return None


def _build_network(ctx: Context, cluster: Cluster, nodegroup: Raw) -> NodeNetwork:
    return NodeNetwork(ctx, cluster, nodegroup, _read_template_addresses(ctx, nodegroup))


def _read_template_addresses(ctx: Context, nodegroup: Raw) -> bool | None:
    """Whether the launch template gives public addresses, None where the subnet decides.

    "If you use a launch template and specify multiple network interfaces, Amazon EC2 won't auto-assign a public IPv4 address":
    https://docs.aws.amazon.com/eks/latest/userguide/create-managed-node-group.html
    """
    if not nodegroup.get("launchTemplate"):
        return None
    data = ctx.aws_context.describe_launch_template(ctx.region, nodegroup["launchTemplate"])["data"]
    interfaces = data.get("NetworkInterfaces") or []
    if len(interfaces) > 1:
        return False
    said = [row["AssociatePublicIpAddress"] for row in interfaces if row.get("AssociatePublicIpAddress") is not None]
    return str(said[0]).lower() == "true" if said else None


def _find_ipv6_issue(network: NodeNetwork) -> Raw | None:
    """https://docs.aws.amazon.com/eks/latest/userguide/cni-ipv6.html"""
    without = [row["SubnetId"] for row in network.subnets if not row.get("AssignIpv6AddressOnCreation")]
    if not without:
        return None
    message = (
        "One or more subnets of the node group do not assign IPv6 addresses to instances that are launched into them"
    )
    return build_issue("Ec2SubnetMissingIpv6Assignment", message, without)


def build_issue(code: str, message: str, resources: list[str]) -> dict[str, Any]:
    return {"code": code, "message": message, "resourceIds": resources}
