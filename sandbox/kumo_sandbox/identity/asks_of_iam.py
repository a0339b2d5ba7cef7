"""What calls to IAM and STS ask for.

https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsidentityandaccessmanagementiam.html. Tags given at a
creation ask for the action of tags: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_tags_roles.html
"""

from __future__ import annotations

from collections.abc import Iterator

from kumo_sandbox.identity.asks import Ask, Parameters, build_arn, build_pass_role, build_tag_context, read_tags
from kumo_sandbox.partitions import find_partition
from kumo_sandbox.principals import get_iam_backend

NAMED = (
    ("InstanceProfileName", "instance-profile"),
    ("RoleName", "role"),
    ("GroupName", "group"),
    ("UserName", "user"),
    ("PolicyName", "policy"),
)
CONDITIONS = {
    "AWSServiceName": "iam:AWSServiceName",
    "PermissionsBoundary": "iam:PermissionsBoundary",
    "PolicyArn": "iam:PolicyARN",
}
ARNS = ("OpenIDConnectProviderArn", "PolicyArn")
TAGGED = {
    "CreateRole": "TagRole",
    "CreatePolicy": "TagPolicy",
    "CreateOpenIDConnectProvider": "TagOpenIDConnectProvider",
    "CreateInstanceProfile": "TagInstanceProfile",
    "CreateUser": "TagUser",
}


def build_iam_asks(operation: str, parameters: Parameters, region: str) -> Iterator[Ask]:
    context = build_tag_context(read_tags(parameters, "Tags.member"))
    context.update({key: [parameters[name]] for name, key in CONDITIONS.items() if name in parameters})
    arn = find_resource(operation, parameters, region)
    yield Ask(f"iam:{operation}", [(arn, {})], context)
    if operation in TAGGED and any(key.startswith("Tags.member.") for key in parameters):
        yield Ask(f"iam:{TAGGED[operation]}", [(arn, {})], context)
    if operation == "AddRoleToInstanceProfile":
        yield build_pass_role(
            build_name_arn("role", parameters["RoleName"], region), find_partition(region).ec2_principal
        )


def find_resource(operation: str, parameters: Parameters, region: str) -> str:
    """The ARN of what the call is about, "*" where it is about none."""
    if operation == "CreateOpenIDConnectProvider":
        return build_arn("iam", region, "oidc-provider/" + str(parameters.get("Url", "")).removeprefix("https://"))
    if operation == "CreateServiceLinkedRole":
        return build_arn("iam", region, f"role/aws-service-role/{parameters.get('AWSServiceName')}/*")
    for key, kind in NAMED:
        if parameters.get(key):
            return build_name_arn(kind, str(parameters[key]), region, str(parameters.get("Path", "/")))
    return next((str(parameters[key]) for key in ARNS if key in parameters), "*")


def build_name_arn(kind: str, name: str, region: str, path: str = "/") -> str:
    """The ARN of a role by its name, which does not tell its path; of what is not there yet by the path it will have."""
    backend = get_iam_backend(find_partition(region).name)
    rows = {"role": backend.roles, "instance-profile": backend.instance_profiles}.get(kind, {})
    found = next((row for row in rows.values() if row.name == name), None)
    return str(found.arn) if found else build_arn("iam", region, f"{kind}{path}{name}")
