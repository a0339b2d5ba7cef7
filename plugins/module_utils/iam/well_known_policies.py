# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The rights that well-known controllers ask for, by name: AWS managed policies where AWS has one, inline documents otherwise.

Each document is the one that the controller's own project publishes. Data, with its sources. Pure.
"""

from __future__ import annotations

from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.aws.partition import build_managed_policy_arn
from ansible_collections.kumo.eks.plugins.module_utils.aws.policy_documents import VERSION

# https://docs.aws.amazon.com/aws-managed-policy/latest/reference/policy-list.html
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

# Another name of the same rights: eksctl's albIngress is the controller's name before it could do more than Ingresses.
ALIASES = {"alb_ingress": "aws_load_balancer_controller"}

CLUSTER_TAG = "elbv2.k8s.aws/cluster"  # set by the controller on what it makes
TAGGED = {"Null": {f"aws:ResourceTag/{CLUSTER_TAG}": "false"}}  # IAM's Null: false means that the key is there
BEING_TAGGED = {"Null": {f"aws:RequestTag/{CLUSTER_TAG}": "false"}}
TAGGED_ALREADY = {"Null": {f"aws:RequestTag/{CLUSTER_TAG}": "true", f"aws:ResourceTag/{CLUSTER_TAG}": "false"}}

Statement = dict[str, Any]
Resources = dict[str, list[str]]  # what a policy is limited to: hosted_zones, secrets, kms_keys


def _allow(service: str, actions: str, resource: str | list[str] = "*", condition: Any = None) -> Statement:
    """A statement that allows actions of one service, written as words."""
    names = [f"{service}:{action}" for action in actions.split()]
    statement: Statement = {"Effect": "Allow", "Action": names, "Resource": resource}
    return {**statement, "Condition": condition} if condition else statement


def _name_zones(partition: str, resources: Resources) -> str | list[str]:
    """The hosted zones that a policy is limited to, by their IDs or ARNs; all without a limit."""
    every = f"arn:{partition}:route53:::hostedzone/"
    zones = resources.get("hosted_zones") or []
    return [zone if zone.startswith("arn:") else every + zone for zone in zones] or f"{every}*"


def _build_load_balancer_statements(partition: str, resources: Resources) -> list[Statement]:
    """The AWS Load Balancer Controller changes and deletes only what carries its tag.

    https://github.com/kubernetes-sigs/aws-load-balancer-controller/blob/main/docs/install/iam_policy.json, and iam_policy_*.json
    beside it, which differ in the partition.
    """
    groups = f"arn:{partition}:ec2:*:*:security-group/*"
    elb = f"arn:{partition}:elasticloadbalancing:*:*:"
    balancers = [f"{elb}targetgroup/*/*", f"{elb}loadbalancer/net/*/*", f"{elb}loadbalancer/app/*/*"]
    listeners = [f"{elb}{kind}/{type_}/*/*/*" for kind in ("listener", "listener-rule") for type_ in ("net", "app")]
    first_load_balancer = {"StringEquals": {"iam:AWSServiceName": "elasticloadbalancing.amazonaws.com"}}
    new_group = {"StringEquals": {"ec2:CreateAction": "CreateSecurityGroup"}, **BEING_TAGGED}
    new_balancer = {"elasticloadbalancing:CreateAction": ["CreateTargetGroup", "CreateLoadBalancer"]}
    return [
        _allow("iam", "CreateServiceLinkedRole", condition=first_load_balancer),
        _allow(
            "ec2",
            "DescribeAccountAttributes DescribeAddresses DescribeAvailabilityZones DescribeInternetGateways DescribeVpcs"
            " DescribeVpcPeeringConnections DescribeSubnets DescribeSecurityGroups DescribeInstances DescribeNetworkInterfaces"
            " DescribeTags GetCoipPoolUsage DescribeCoipPools GetSecurityGroupsForVpc DescribeIpamPools DescribeRouteTables",
        ),
        _allow(
            "elasticloadbalancing",
            "DescribeLoadBalancers DescribeLoadBalancerAttributes DescribeListeners DescribeListenerCertificates"
            " DescribeSSLPolicies DescribeRules DescribeTargetGroups DescribeTargetGroupAttributes DescribeTargetHealth"
            " DescribeTags DescribeTrustStores DescribeListenerAttributes DescribeCapacityReservation",
        ),
        _allow("cognito-idp", "DescribeUserPoolClient"),
        _allow("acm", "ListCertificates DescribeCertificate"),
        _allow("iam", "ListServerCertificates GetServerCertificate"),
        _allow("waf-regional", "GetWebACL GetWebACLForResource AssociateWebACL DisassociateWebACL"),
        _allow("wafv2", "GetWebACL GetWebACLForResource AssociateWebACL DisassociateWebACL"),
        _allow("shield", "GetSubscriptionState DescribeProtection CreateProtection DeleteProtection"),
        _allow("ec2", "AuthorizeSecurityGroupIngress RevokeSecurityGroupIngress CreateSecurityGroup"),
        _allow("ec2", "CreateTags", groups, new_group),
        _allow("ec2", "CreateTags DeleteTags", groups, TAGGED_ALREADY),
        _allow("ec2", "DeleteSecurityGroup", condition=TAGGED),
        _allow("elasticloadbalancing", "CreateLoadBalancer CreateTargetGroup", condition=BEING_TAGGED),
        _allow("elasticloadbalancing", "CreateListener DeleteListener CreateRule DeleteRule"),
        _allow("elasticloadbalancing", "AddTags RemoveTags", balancers, TAGGED_ALREADY),
        _allow("elasticloadbalancing", "AddTags RemoveTags", listeners),
        _allow("elasticloadbalancing", "AddTags", balancers, {"StringEquals": new_balancer, **BEING_TAGGED}),
        _allow(
            "elasticloadbalancing",
            "ModifyLoadBalancerAttributes SetIpAddressType SetSecurityGroups SetSubnets DeleteLoadBalancer ModifyTargetGroup"
            " ModifyTargetGroupAttributes DeleteTargetGroup ModifyListenerAttributes ModifyCapacityReservation ModifyIpPools",
            condition=TAGGED,
        ),
        _allow("elasticloadbalancing", "RegisterTargets DeregisterTargets", balancers[0]),
        _allow(
            "elasticloadbalancing",
            "SetWebAcl ModifyListener AddListenerCertificates RemoveListenerCertificates ModifyRule SetRulePriorities",
        ),
    ]


def _build_autoscaler_statements(partition: str, resources: Resources) -> list[Statement]:
    """https://github.com/kubernetes/autoscaler/blob/master/cluster-autoscaler/cloudprovider/aws/README.md#iam-policy

    Releases before 1.24 also call autoscaling:DescribeTags.
    """
    return [
        _allow(
            "autoscaling",
            "DescribeAutoScalingGroups DescribeAutoScalingInstances DescribeLaunchConfigurations DescribeScalingActivities"
            " DescribeTags",
        ),
        _allow(
            "ec2",
            "DescribeImages DescribeInstanceTypes DescribeLaunchTemplateVersions GetInstanceTypesFromInstanceRequirements",
        ),
        _allow("eks", "DescribeNodegroup"),
        _allow("autoscaling", "SetDesiredCapacity TerminateInstanceInAutoScalingGroup"),
    ]


def _build_cert_manager_statements(partition: str, resources: Resources) -> list[Statement]:
    """cert-manager writes TXT records for DNS-01 challenges, and no others.

    https://cert-manager.io/docs/configuration/acme/dns01/route53/#set-up-an-iam-policy
    """
    only_txt = {"ForAllValues:StringEquals": {"route53:ChangeResourceRecordSetsRecordTypes": ["TXT"]}}
    zones = _name_zones(partition, resources)
    return [
        _allow("route53", "GetChange", f"arn:{partition}:route53:::change/*"),
        _allow("route53", "ChangeResourceRecordSets ListResourceRecordSets", zones, only_txt),
        _allow("route53", "ListHostedZonesByName"),
    ]


def _build_external_dns_statements(partition: str, resources: Resources) -> list[Statement]:
    """https://github.com/kubernetes-sigs/external-dns/blob/master/docs/tutorials/aws.md#iam-policy

    Releases before 0.15 call ListTagsForResource, later ones ListTagsForResources.
    """
    zones = _name_zones(partition, resources)
    return [
        _allow(
            "route53", "ChangeResourceRecordSets ListResourceRecordSets ListTagsForResource ListTagsForResources", zones
        ),
        _allow("route53", "ListHostedZones"),
    ]


def _build_external_secrets_statements(partition: str, resources: Resources) -> list[Statement]:
    """External Secrets reads secrets of Secrets Manager and parameters of Systems Manager. It does not write any (PushSecret).

    https://github.com/external-secrets/external-secrets/blob/main/docs/provider/aws-secrets-manager.md#iam-policy
    https://github.com/external-secrets/external-secrets/blob/main/docs/provider/aws-parameter-store.md#iam-policy
    """
    every = [f"arn:{partition}:secretsmanager:*:*:secret:*", f"arn:{partition}:ssm:*:*:parameter/*"]
    named = resources.get("secrets") or every
    secrets, parameters = (
        [arn for arn in named if arn.split(":")[2] == service] for service in ("secretsmanager", "ssm")
    )
    statements: list[Statement] = []
    if secrets:
        statements += [
            _allow("secretsmanager", "ListSecrets BatchGetSecretValue"),  # neither can be limited to secrets
            _allow("secretsmanager", "GetResourcePolicy GetSecretValue DescribeSecret ListSecretVersionIds", secrets),
        ]
    if parameters:
        statements.append(_allow("ssm", "GetParameter*", parameters))
    if resources.get("kms_keys"):
        statements.append(_allow("kms", "Decrypt", resources["kms_keys"]))  # of secrets with a key of their own
    return statements


INLINE = {
    "auto_scaler": _build_autoscaler_statements,
    "aws_load_balancer_controller": _build_load_balancer_statements,
    "cert_manager": _build_cert_manager_statements,
    "external_dns": _build_external_dns_statements,
    "external_secrets": _build_external_secrets_statements,
}
NAMES = tuple(sorted({*MANAGED, *INLINE, *ALIASES}))


def build_inline_document(name: str, partition: str, resources: Resources | None = None) -> dict[str, Any]:
    """The policy document behind a name of INLINE, or of an alias, where it can be limited to these resources."""
    return {"Version": VERSION, "Statement": INLINE[ALIASES.get(name, name)](partition, resources or {})}


def build_inline_policies(names: list[str], partition: str) -> dict[str, Any]:
    """The inline policies behind these names; two names of the same rights give one policy."""
    known = dict.fromkeys(ALIASES.get(name, name) for name in names)
    return {name: build_inline_document(name, partition) for name in known if name in INLINE}


def build_policy_arns(names: list[str], partition: str) -> list[str]:
    """ARNs of the managed policies behind these names."""
    return [build_managed_policy_arn(policy, partition) for name in names for policy in MANAGED.get(name, [])]
