"""The instance profile that EKS makes for a managed node group, eks-UUID, with the role of its nodes.

EKS API, Issue.code (IamInstanceProfileNotFound); the permissions iam:CreateInstanceProfile, iam:AddRoleToInstanceProfile and
iam:DeleteInstanceProfile on ``instance-profile/eks-*`` of
https://docs.aws.amazon.com/aws-managed-policy/latest/reference/AWSServiceRoleForAmazonEKSNodegroup.html
"""

from __future__ import annotations

from botocore.exceptions import ClientError

from kumo_sandbox.eks.aws_context import name_own_template
from kumo_sandbox.eks.context import Context
from kumo_sandbox.eks.store import Raw


def create_profile(ctx: Context, nodegroup: Raw) -> None:
    iam, name = ctx.aws_context.client("iam", "us-east-1"), name_own_template(nodegroup)
    iam.create_instance_profile(InstanceProfileName=name)
    iam.add_role_to_instance_profile(InstanceProfileName=name, RoleName=nodegroup["nodeRole"].rpartition("/")[2])


def delete_profile(ctx: Context, nodegroup: Raw) -> None:
    """Delete it; a group whose creation failed early has none."""
    iam, name = ctx.aws_context.client("iam", "us-east-1"), name_own_template(nodegroup)
    try:
        for role in iam.get_instance_profile(InstanceProfileName=name)["InstanceProfile"]["Roles"]:
            iam.remove_role_from_instance_profile(InstanceProfileName=name, RoleName=role["RoleName"])
        iam.delete_instance_profile(InstanceProfileName=name)
    except ClientError as error:
        if error.response["Error"]["Code"] != "NoSuchEntity":
            raise
