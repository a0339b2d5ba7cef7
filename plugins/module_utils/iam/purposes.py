# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What an EKS cluster needs IAM roles for: who assumes the role, and which policies it has. Data, with its sources. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.aws.partition import (
    build_managed_policy_arn,
    build_service_principal,
)
from ansible_collections.kumo.eks.plugins.module_utils.aws.policy_documents import VERSION
from ansible_collections.kumo.eks.plugins.module_utils.core.cni_policy import build_ipv6_cni_document

ASSUME, TAG = "sts:AssumeRole", "sts:TagSession"
CNI = "AmazonEKS_CNI_Policy"
READ_ONLY, PULL_ONLY = "AmazonEC2ContainerRegistryReadOnly", "AmazonEC2ContainerRegistryPullOnly"
SSM = "AmazonSSMManagedInstanceCore"
# The names that AWS' guide gives them; AWS manages no such policies.
IPV6_CNI = "AmazonEKS_CNI_IPv6_Policy"
CONNECTOR = "AmazonEKSConnectorAgentPolicy"
# The names that eksctl gives them
DESCRIBE_CLUSTER, SSM_OF_HYBRID = "EKSDescribeCluster", "SSMRolePolicy"


@dataclass(frozen=True)
class Purpose:
    """One kind of role.

    Args:
        label: its part of a generated role name.
        service: whose principal assumes the role, as ``build_service_principal`` takes it; empty for a custom role.
        actions: what the trust policy allows the principal.
        policies: AWS managed policies, without their ARNs.
    """

    label: str
    service: str
    actions: tuple[str, ...] = (ASSUME,)
    policies: tuple[str, ...] = ()


PURPOSES = {
    # https://docs.aws.amazon.com/eks/latest/userguide/cluster-iam-role.html
    "cluster": Purpose("cluster", "eks", policies=("AmazonEKSClusterPolicy",)),
    # A local cluster: its instances on the Outpost have the role
    # https://docs.aws.amazon.com/eks/latest/userguide/eks-outposts-local-cluster-create.html
    "local_cluster": Purpose("cluster", "ec2", policies=("AmazonEKSLocalOutpostClusterPolicy",)),
    # Auto Mode tags its sessions, so the trust must allow sts:TagSession, too.
    # https://docs.aws.amazon.com/eks/latest/userguide/auto-cluster-iam-role.html
    "auto_mode_cluster": Purpose(
        "cluster",
        "eks",
        (ASSUME, TAG),
        (
            "AmazonEKSClusterPolicy",
            "AmazonEKSComputePolicy",
            "AmazonEKSBlockStoragePolicy",
            "AmazonEKSLoadBalancingPolicy",
            "AmazonEKSNetworkingPolicy",
        ),
    ),
    # https://docs.aws.amazon.com/eks/latest/userguide/create-node-role.html
    "node": Purpose("node", "ec2", policies=("AmazonEKSWorkerNodePolicy", CNI, READ_ONLY)),
    # The same, for nodes that EKS does not start: a role has one access entry, of Linux or of Windows nodes, so it is not shared
    "self_managed_node": Purpose("self-managed-node", "ec2", policies=("AmazonEKSWorkerNodePolicy", CNI, READ_ONLY)),
    # The nodes that Karpenter starts: KarpenterNodeRole of its CloudFormation template of v1.14
    # https://github.com/aws/karpenter-provider-aws/blob/v1.14.1/website/content/en/preview/getting-started/getting-started-with-karpenter/cloudformation.yaml
    "karpenter_node": Purpose("karpenter-node", "ec2", policies=("AmazonEKSWorkerNodePolicy", CNI, PULL_ONLY, SSM)),
    # https://docs.aws.amazon.com/eks/latest/userguide/auto-create-node-role.html
    "auto_mode_node": Purpose("auto-node", "ec2", policies=("AmazonEKSWorkerNodeMinimalPolicy", PULL_ONLY)),
    # Machines outside of AWS, which get credentials by an activation of AWS Systems Manager, or by IAM Roles Anywhere
    # https://docs.aws.amazon.com/eks/latest/userguide/hybrid-nodes-creds.html
    "hybrid_node": Purpose("hybrid-node", "ssm", policies=(SSM, PULL_ONLY)),
    # https://docs.aws.amazon.com/eks/latest/userguide/pod-execution-role.html
    "fargate": Purpose("fargate", "eks-fargate-pods", policies=("AmazonEKSFargatePodExecutionRolePolicy",)),
    # An add-on gets its role by EKS Pod Identity: https://docs.aws.amazon.com/eks/latest/userguide/pod-id-role.html
    "addon": Purpose("addon", "pods.eks", (ASSUME, TAG)),
    # https://docs.aws.amazon.com/eks/latest/userguide/capability-role.html
    "capability": Purpose("capability", "capabilities.eks", (ASSUME, TAG)),
    # https://docs.aws.amazon.com/eks/latest/userguide/connector-iam-role.html
    "connector": Purpose("connector", "ssm"),
    "custom": Purpose("", ""),
}

OF_NODES = ("node", "self_managed_node", "karpenter_node")


def build_trust(purpose: str, partition: str, trust_anchor: str | None = None) -> dict[str, Any] | None:
    """The trust policy of a purpose, None for a custom role.

    Args:
        trust_anchor: ARN of the trust anchor by which hybrid nodes get the role.
    """
    kind = PURPOSES[purpose]
    if trust_anchor:
        return build_anywhere_trust(partition, trust_anchor)
    if not kind.service:
        return None
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": build_service_principal(kind.service, partition)},
        "Action": kind.actions[0] if len(kind.actions) == 1 else list(kind.actions),
    }
    return {"Version": VERSION, "Statement": [statement]}


def build_anywhere_trust(partition: str, trust_anchor: str) -> dict[str, Any]:
    """Whoever has a certificate of the anchor's CA gets the role, in a session that is called as the certificate is.

    https://docs.aws.amazon.com/eks/latest/userguide/hybrid-nodes-creds.html (trust policy for IAM Roles Anywhere)
    """
    principal = {"Service": build_service_principal("rolesanywhere", partition)}
    source = {"ArnEquals": {"aws:SourceArn": trust_anchor}}
    session = {"StringEquals": {"sts:RoleSessionName": "${aws:PrincipalTag/x509Subject/CN}"}}
    return {
        "Version": VERSION,
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": principal,
                "Action": [TAG, "sts:SetSourceIdentity"],
                "Condition": source,
            },
            {"Effect": "Allow", "Principal": principal, "Action": ASSUME, "Condition": {**session, **source}},
        ],
    }


def list_policy_arns(purpose: str, partition: str, options: dict[str, Any]) -> list[str]:
    """ARNs of the managed policies of a purpose, those that EKS asks for first.

    Args:
        options: of a node role: cni_policy, ip_family, container_registry, ssm, trust_anchor_arn.
    """
    names = list(PURPOSES[purpose].policies)
    if options.get("trust_anchor_arn"):  # AWS Systems Manager has no part in it
        names.remove(SSM)
    if purpose in OF_NODES:
        names = [name for name in names if name != CNI or _has_ipv4_cni(options)]
        if options.get("container_registry"):
            registry = PULL_ONLY if options["container_registry"] == "pull_only" else READ_ONLY
            names = [registry if name in (READ_ONLY, PULL_ONLY) else name for name in names]
    if "ssm" in options:
        names = [*(name for name in names if name != SSM), *([SSM] if options["ssm"] else [])]
    return [build_managed_policy_arn(name, partition) for name in names]


def build_inline_policies(purpose: str, partition: str, options: dict[str, Any]) -> dict[str, Any]:
    """The inline policies of a purpose: on an IPv6 cluster nodes need rights that AmazonEKS_CNI_Policy does not give."""
    if purpose == "hybrid_node":
        return build_hybrid_documents(bool(options.get("trust_anchor_arn")))
    if purpose == "connector":
        return {CONNECTOR: build_connector_document(partition)}
    if purpose in OF_NODES and options.get("cni_policy", True) and options.get("ip_family") == "ipv6":
        return {IPV6_CNI: build_ipv6_cni_document(partition)}
    return {}


def build_hybrid_documents(by_certificate: bool) -> dict[str, Any]:
    """What nodeadm does on a hybrid node with the node's credentials: addSSM in eksctl's pkg/cfn/builder/iam.go.

    Args:
        by_certificate: the node gets its credentials by IAM Roles Anywhere, and not by AWS Systems Manager.
    """
    rights = {DESCRIBE_CLUSTER: ["eks:DescribeCluster"]}
    if not by_certificate:
        rights[SSM_OF_HYBRID] = ["ssm:DeregisterManagedInstance", "ssm:DescribeInstanceInformation"]
    return {
        name: {"Version": VERSION, "Statement": [{"Effect": "Allow", "Action": actions, "Resource": "*"}]}
        for name, actions in rights.items()
    }


def _has_ipv4_cni(options: dict[str, Any]) -> bool:
    return options.get("cni_policy", True) and options.get("ip_family") != "ipv6"


def build_connector_document(partition: str) -> dict[str, Any]:
    """What the agent of EKS Connector needs in a registered cluster: channels of AWS Systems Manager.

    https://docs.aws.amazon.com/eks/latest/userguide/connector-iam-role.html
    """
    channels = ("CreateDataChannel", "OpenDataChannel", "OpenControlChannel")
    return {
        "Version": VERSION,
        "Statement": [
            {
                "Effect": "Allow",
                "Action": "ssmmessages:CreateControlChannel",
                "Resource": f"arn:{partition}:eks:*:*:cluster/*",
            },
            {"Effect": "Allow", "Action": [f"ssmmessages:{name}" for name in channels], "Resource": "*"},
        ],
    }
