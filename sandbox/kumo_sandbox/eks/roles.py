"""Whether EKS may assume a role that it is given, and how it refuses one.

The trust policy is judged as STS judges it: the principal by its exact name, both actions, denials, conditions.
"""

from __future__ import annotations

from dataclasses import dataclass

from kumo_sandbox import trust
from kumo_sandbox.eks.context import Context
from kumo_sandbox.eks.errors import InvalidParameter
from kumo_sandbox.eks.rights import find_iam_role, find_missing

ASSUME, TAG = "sts:AssumeRole", "sts:TagSession"
MISSING = "Role with arn: {arn}, could not be assumed because it does not exist or the trusted entity is not correct"


@dataclass(frozen=True)
class Use:
    """What a role is for.

    Attributes:
        service: the principal that assumes it.
        missing, distrusted: the service's words where the role is not there, and where its trust policy does not allow it.
    """

    service: str
    missing: str
    distrusted: str
    actions: tuple[str, ...] = (ASSUME,)


# Texts: https://github.com/hashicorp/terraform-provider-aws/tree/main/internal/service/eks (cluster.go, fargate_profile.go,
# pod_identity_association.go), https://github.com/bottlerocket-os/bottlerocket-update-operator/issues/316,
# https://github.com/aws/aws-cdk/issues/31522
CLUSTER = Use("eks.amazonaws.com", MISSING, MISSING)
# https://docs.aws.amazon.com/eks/latest/userguide/eks-outposts-local-cluster-create.html: its instances have the role
LOCAL_CLUSTER = Use("ec2.amazonaws.com", MISSING, MISSING)
NODE = Use(
    "ec2.amazonaws.com",
    MISSING,
    "Following required service principals [{service}] were not found in the trust relationships of nodeRole {arn}",
)
FARGATE = Use(
    "eks-fargate-pods.amazonaws.com",
    "Misconfigured PodExecutionRole Trust Policy; Please add the {service} Service Principal",
    "Misconfigured PodExecutionRole Trust Policy; Please add the {service} Service Principal",
)
POD_IDENTITY = Use(
    "pods.eks.amazonaws.com",
    "Role provided in the request does not exist.",
    "Trust policy of the role provided is invalid. Follow the official documentation to resolve the issue.",
    (ASSUME, TAG),
)
# https://docs.aws.amazon.com/eks/latest/userguide/capability-role.html, .../connector-iam-role.html; the words are assumed but for
# https://github.com/hashicorp/terraform-provider-aws/blob/main/internal/service/eks/cluster_registration.go
CAPABILITY = Use("capabilities.eks.amazonaws.com", MISSING, MISSING, (ASSUME, TAG))
CONNECTOR = Use("ssm.amazonaws.com", "Not existing role: {arn}", "Not existing role: {arn}")


# What EKS asks of a cluster's role by its policies: cluster.go of terraform-provider-aws, which asks again for it
DESCRIBE_SUBNETS = "ec2:DescribeSubnets"


def check_cluster_role(ctx: Context, arn: str, cluster_arn: str) -> None:
    """Refuse a cluster's role that EKS cannot assume, or whose policies, as far as EKS knows them, do not let it begin."""
    check_role(ctx, CLUSTER, arn, cluster_arn)
    if find_missing(find_iam_role(arn), (DESCRIBE_SUBNETS,), ctx.store.clock.now()):
        raise InvalidParameter(f"IAM role's policy must include the `{DESCRIBE_SUBNETS}` action")


def check_role(ctx: Context, use: Use, arn: str, source: str = "") -> None:
    """Refuse a role that the service cannot assume.

    Args:
        source: the ARN of what assumes the role, for conditions on aws:SourceArn.
    """
    # EC2's principal is another one in China: https://github.com/bottlerocket-os/bottlerocket-update-operator/issues/316
    service = ctx.partition.ec2_principal if use in (NODE, LOCAL_CLUSTER) else use.service
    role = ctx.aws_context.find_known_role(arn, ctx.store.clock.now())
    if role is None:
        raise InvalidParameter(use.missing.format(arn=arn, service=service))
    keys = {"aws:SourceAccount": [ctx.account], "aws:SourceArn": [source or ctx.build_arn("cluster/*")]}
    if not all(
        trust.is_allowed(role["AssumeRolePolicyDocument"], action, ("Service", service), keys) for action in use.actions
    ):
        raise InvalidParameter(use.distrusted.format(arn=arn, service=service))
