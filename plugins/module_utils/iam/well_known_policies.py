# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The rights behind each name of a node group's addon_policies: managed policies where AWS has one, inline otherwise."""

from __future__ import annotations

from typing import Any

# {partition} is aws, aws-cn or aws-us-gov. Names: https://docs.aws.amazon.com/aws-managed-policy/latest/reference/
MANAGED: dict[str, list[str]] = {
    "app_mesh": ["AWSAppMeshFullAccess"],
    "app_mesh_preview": ["AWSAppMeshPreviewEnvoyAccess"],
    "cloud_watch": ["CloudWatchAgentServerPolicy"],
    "ebs": ["service-role/AmazonEBSCSIDriverPolicy"],
    "efs": ["service-role/AmazonEFSCSIDriverPolicy"],
    "fsx": ["AmazonFSxFullAccess"],
    "image_builder": ["AmazonEC2ContainerRegistryPowerUser"],
    "xray": ["AWSXRayDaemonWriteAccess"],
}

LOAD_BALANCERS = [
    "acm:DescribeCertificate",
    "acm:ListCertificates",
    "cognito-idp:DescribeUserPoolClient",
    "ec2:AuthorizeSecurityGroupIngress",
    "ec2:CreateSecurityGroup",
    "ec2:CreateTags",
    "ec2:DeleteSecurityGroup",
    "ec2:DeleteTags",
    "ec2:Describe*",
    "ec2:GetCoipPoolUsage",
    "ec2:ModifyNetworkInterfaceAttribute",
    "ec2:RevokeSecurityGroupIngress",
    "elasticloadbalancing:*",
    "iam:GetServerCertificate",
    "iam:ListServerCertificates",
    "shield:DescribeProtection",
    "shield:GetSubscriptionState",
    "waf-regional:AssociateWebACL",
    "waf-regional:DisassociateWebACL",
    "waf-regional:GetWebACL",
    "waf-regional:GetWebACLForResource",
    "wafv2:AssociateWebACL",
    "wafv2:DisassociateWebACL",
    "wafv2:GetWebACL",
    "wafv2:GetWebACLForResource",
]
ZONES = ["route53:ListHostedZones", "route53:ListHostedZonesByName", "route53:ListResourceRecordSets"]

# What each controller's documentation asks for; resources are the account's.
INLINE: dict[str, list[str]] = {
    "alb_ingress": LOAD_BALANCERS,
    "aws_load_balancer_controller": LOAD_BALANCERS,
    "auto_scaler": [
        "autoscaling:DescribeAutoScalingGroups",
        "autoscaling:DescribeAutoScalingInstances",
        "autoscaling:DescribeLaunchConfigurations",
        "autoscaling:DescribeScalingActivities",
        "autoscaling:DescribeTags",
        "autoscaling:SetDesiredCapacity",
        "autoscaling:TerminateInstanceInAutoScalingGroup",
        "ec2:DescribeImages",
        "ec2:DescribeInstanceTypes",
        "ec2:DescribeLaunchTemplateVersions",
        "ec2:GetInstanceTypesFromInstanceRequirements",
        "eks:DescribeNodegroup",
    ],
    "cert_manager": [*ZONES, "route53:ChangeResourceRecordSets", "route53:GetChange"],
    "external_dns": [*ZONES, "route53:ChangeResourceRecordSets", "route53:ListTagsForResource"],
}


def build_inline_document(name: str) -> dict[str, Any]:
    """The policy document behind a name of INLINE."""
    statement = {"Effect": "Allow", "Action": INLINE[name], "Resource": "*"}
    return {"Version": "2012-10-17", "Statement": [statement]}


def build_policy_arns(names: list[str], partition: str) -> list[str]:
    """ARNs of the managed policies behind these names."""
    return [f"arn:{partition}:iam::aws:policy/{policy}" for name in names for policy in MANAGED.get(name, [])]
