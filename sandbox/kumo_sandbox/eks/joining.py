"""Why nodes of a new group do not join their cluster, as the health issues of EKS tell it.

https://docs.aws.amazon.com/eks/latest/userguide/troubleshooting.html#troubleshoot-managed-node-groups
"""

from __future__ import annotations

from typing import Any

from kumo_sandbox.eks import node_labels
from kumo_sandbox.eks.access import is_dead
from kumo_sandbox.eks.context import Context
from kumo_sandbox.eks.store import Cluster, Raw


def find_issue(ctx: Context, cluster: Cluster, nodegroup: Raw) -> Raw | None:
    """The health issue of a group whose nodes will not join, None where they do."""
    if node_labels.list_unjoinable(nodegroup["labels"]):
        return build_issue("NodeCreationFailure", "Instances failed to join the kubernetes cluster", [])
    if is_dead(ctx, cluster, nodegroup["nodeRole"]):
        return build_issue("NodeCreationFailure", "Instances failed to join the kubernetes cluster", [])
    if cluster.raw["kubernetesNetworkConfig"]["ipFamily"] == "ipv6":
        return _find_ipv6_issue(ctx, nodegroup)
    return None


def _find_ipv6_issue(ctx: Context, nodegroup: Raw) -> Raw | None:
    """https://docs.aws.amazon.com/eks/latest/userguide/cni-ipv6.html"""
    subnets = ctx.aws_context.describe_subnets(ctx.region, nodegroup["subnets"])
    without = [row["SubnetId"] for row in subnets if not row.get("AssignIpv6AddressOnCreation")]
    if not without:
        return None
    message = (
        "One or more subnets of the node group do not assign IPv6 addresses to instances that are launched into them"
    )
    return build_issue("Ec2SubnetMissingIpv6Assignment", message, without)


def build_issue(code: str, message: str, resources: list[str]) -> dict[str, Any]:
    return {"code": code, "message": message, "resourceIds": resources}
