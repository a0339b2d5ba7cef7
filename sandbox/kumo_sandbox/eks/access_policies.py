"""The access policies that EKS publishes: their names, and who may have them.

Names: https://docs.aws.amazon.com/eks/latest/userguide/access-policy-permissions.html, with those that ``aws eks
list-access-policies`` shows beside them (EKS capabilities, EMR, SageMaker HyperPod, AWS DevOps Agent, AWS Backup).
What each allows in a cluster is in kubernetes/access_policies.py.
"""

from __future__ import annotations

from kumo_sandbox.partitions import Partition

ADMIN, AUTO_NODE, EVENTS = "AmazonEKSClusterAdminPolicy", "AmazonEKSAutoNodePolicy", "AmazonEKSEventPolicy"
# "This policy is designated for AWS service-linked roles only and cannot be used with customer-managed roles."
FOR_SERVICES = (
    "AmazonEKSBlockStorageClusterPolicy",
    "AmazonEKSBlockStoragePolicy",
    "AmazonEKSClusterInsightsPolicy",
    "AmazonEKSComputeClusterPolicy",
    "AmazonEKSComputePolicy",
    EVENTS,
    "AmazonEKSHybridPolicy",
    "AmazonEKSLoadBalancingClusterPolicy",
    "AmazonEKSLoadBalancingPolicy",
    "AmazonEKSNetworkingClusterPolicy",
    "AmazonEKSNetworkingPolicy",
    "AmazonEKSPodIdentityPolicy",
)
# What "Amazon EKS automatically creates an access entry with ... when Auto Mode is enabled".
AUTO_MODE = tuple(name for name in FOR_SERVICES if any(part in name for part in ("Storage", "Comp", "Load", "Network")))
NAMES = tuple(
    sorted(
        (
            *FOR_SERVICES,
            ADMIN,
            AUTO_NODE,
            "AIDevOpsAgentAccessPolicy",
            "AWSBackupFullAccessPolicyForBackup",
            "AWSBackupFullAccessPolicyForRestore",
            "AmazonAIOpsAssistantPolicy",
            "AmazonARCRegionSwitchScalingPolicy",
            "AmazonEKSACKPolicy",
            "AmazonEKSAdminPolicy",
            "AmazonEKSAdminViewPolicy",
            "AmazonEKSArgoCDClusterPolicy",
            "AmazonEKSArgoCDPolicy",
            "AmazonEKSEditPolicy",
            "AmazonEKSKROPolicy",
            "AmazonEKSSecretAdminPolicy",
            "AmazonEKSSecretReaderPolicy",
            "AmazonEKSViewPolicy",
            "AmazonEMRJobPolicy",
            "AmazonSagemakerHyperpodClusterPolicy",
            "AmazonSagemakerHyperpodControllerPolicy",
            "AmazonSagemakerHyperpodSpacePolicy",
            "AmazonSagemakerHyperpodSpaceTemplatePolicy",
            "AmazonSagemakerHyperpodSystemNamespacePolicy",
            "AmazonSagemakerHyperpodUserClusterPolicy",
        )
    )
)


def build_policy_arn(partition: Partition, name: str) -> str:
    return f"arn:{partition.name}:eks::aws:cluster-access-policy/{name}"
