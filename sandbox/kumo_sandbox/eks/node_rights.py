"""What nodes require of their role and of the VPC CNI's, and which health issue EKS reports where they lack it.

https://docs.aws.amazon.com/eks/latest/userguide/create-node-role.html
"""

from __future__ import annotations

from kumo_sandbox.eks.pod_roles import is_trusting
from kumo_sandbox.eks.rights import find_iam_role, find_missing
from kumo_sandbox.eks.store import Cluster, Raw

# "to describe Amazon EC2 resources in the VPC": nodeadm asks for the instance's private DNS name, the bootstrap script for the cluster
# https://github.com/awslabs/amazon-eks-ami
JOIN = ("ec2:DescribeInstances", "eks:DescribeCluster")
# "the built-in add-ons for networking run pods that use container images from Amazon ECR"
PULL = ("ecr:GetAuthorizationToken", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer")
# https://docs.aws.amazon.com/eks/latest/userguide/cni-iam-role.html
CNI = {
    "ipv4": ("ec2:CreateNetworkInterface", "ec2:AttachNetworkInterface", "ec2:AssignPrivateIpAddresses"),
    "ipv6": ("ec2:AssignIpv6Addresses",),
}
CNI_ADDON, AGENT = "vpc-cni", "eks-pod-identity-agent"
CNI_ACCOUNT = ("kube-system", "aws-node")


def can_join(nodegroup: Raw) -> bool:
    """Whether nodes of this role register with their cluster."""
    return not find_missing(find_iam_role(nodegroup["nodeRole"]), JOIN)


def can_become_ready(cluster: Cluster, nodegroup: Raw) -> bool:
    """Whether nodes that have registered pull the images of the CNI and get addresses for pods."""
    role = find_iam_role(nodegroup["nodeRole"])
    if find_missing(role, PULL):
        return False
    wanted = CNI[cluster.raw["kubernetesNetworkConfig"]["ipFamily"]]
    return any(arn and not find_missing(find_iam_role(arn), wanted) for arn in (_find_cni_role(cluster), role.arn))


def _find_cni_role(cluster: Cluster) -> str | None:
    """The role of the VPC CNI, by IRSA or EKS Pod Identity."""
    addon = cluster.addons.get(CNI_ADDON) or {}
    arn = addon.get("serviceAccountRoleArn")
    if arn and is_trusting(cluster, arn, *CNI_ACCOUNT):
        return arn
    rows = cluster.pod_identities.values() if AGENT in cluster.addons else ()
    found = (row["roleArn"] for row in rows if (row["namespace"], row["serviceAccount"]) == CNI_ACCOUNT)
    return next((each for each in found if find_iam_role(each)), None)
