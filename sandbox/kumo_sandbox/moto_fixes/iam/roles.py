"""Roles and instance profiles: names, sizes, quotas.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
"""

from __future__ import annotations

from typing import Any

from moto.iam.exceptions import IAMException, LimitExceededException, NotFoundException
from moto.iam.responses import IamResponse

from kumo_sandbox.moto_fixes.hooks import before
from kumo_sandbox.moto_fixes.iam.names import check_name, check_path, check_tag_count, check_tags
from kumo_sandbox.moto_fixes.iam.policies import count_characters
from kumo_sandbox.moto_fixes.runtime import runtime

MOST_IN_TRUST_POLICY = 2048  # characters; AWS raises it to 4096
MOST_INLINE = 10240  # characters of all inline policies of a role


@before(IamResponse, "create_role")
def check_role(response: Any) -> None:
    check_name("roleName", response._get_param("RoleName"), 64)
    check_path(response._get_param("Path"))
    check_tags(response._get_param("Tags"))
    check_description(response._get_param("Description"))
    check_trust_policy(response._get_param("AssumeRolePolicyDocument"))
    if len(list(response.backend.get_roles())) >= runtime.quotas["roles"]:
        raise LimitExceededException(f"Cannot exceed quota for RolesPerAccount: {runtime.quotas['roles']}")


def check_description(text: str | None) -> None:
    if len(text or "") > 1000:
        raise LimitExceededException("Cannot exceed quota for RoleDescription: 1000")


def check_trust_policy(document: str) -> None:
    if count_characters(document) > MOST_IN_TRUST_POLICY:
        raise LimitExceededException(f"Cannot exceed quota for ACLSizePerRole: {MOST_IN_TRUST_POLICY}")


@before(IamResponse, "update_assume_role_policy")
def check_new_trust_policy(response: Any) -> None:
    check_trust_policy(response._get_param("PolicyDocument"))


@before(IamResponse, "attach_role_policy")
def check_attachment(response: Any) -> None:
    """A policy that is attached already is no further one."""
    role = response.backend.get_role(response._get_param("RoleName"))
    most, arn = runtime.quotas["policies_per_role"], response._get_param("PolicyArn")
    if arn not in role.managed_policies and len(role.managed_policies) >= most:
        raise LimitExceededException(f"Cannot exceed quota for PoliciesPerRole: {most}")


@before(IamResponse, "put_role_policy")
def check_inline_policy(response: Any) -> None:
    name = response._get_param("PolicyName")
    check_name("policyName", name, 128)
    role = response.backend.get_role(response._get_param("RoleName"))
    others = sum(count_characters(text) for key, text in role.policies.items() if key != name)
    if others + count_characters(response._get_param("PolicyDocument")) > MOST_INLINE:
        raise LimitExceededException(f"Maximum policy size of {MOST_INLINE} bytes exceeded for role {role.name}")


@before(IamResponse, "tag_role")
def check_new_tags(response: Any) -> None:
    tags = response._get_param("Tags")
    check_tags(tags)
    role = response.backend.get_role(response._get_param("RoleName"))
    check_tag_count({*(tag["Key"] for tag in role.tags), *(tag["Key"] for tag in tags)})


@before(IamResponse, "create_instance_profile")
def check_profile(response: Any) -> None:
    check_name("instanceProfileName", response._get_param("InstanceProfileName"), 128)
    check_path(response._get_param("Path"))
    check_tags(response._get_param("Tags"))


@before(IamResponse, "remove_role_from_instance_profile")
def check_role_of_profile(response: Any) -> None:
    """https://docs.aws.amazon.com/IAM/latest/APIReference/API_RemoveRoleFromInstanceProfile.html (NoSuchEntity)"""
    profile = response.backend.get_instance_profile(response._get_param("InstanceProfileName"))
    name = response._get_param("RoleName")
    if name not in [role.name for role in profile.roles]:
        raise NotFoundException(f"The role with name {name} is not in instance profile {profile.name}.")


@before(IamResponse, "delete_role", "attach_role_policy", "put_role_policy", "update_assume_role_policy", "tag_role")
def check_protection(response: Any) -> None:
    """A service-linked role is the service's: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_create-service-linked-role.html"""
    role = response.backend.get_role(response._get_param("RoleName"))
    if role.path.startswith("/aws-service-role/"):
        raise IAMException(
            "UnmodifiableEntity",
            f"Cannot perform the operation on the protected role '{role.name}' - this role is only modifiable by AWS",
        )
