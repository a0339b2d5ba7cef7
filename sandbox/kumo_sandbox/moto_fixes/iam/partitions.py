"""IAM is one in each partition, and refuses what is of another one.

Codes and words: https://github.com/runs-on/runs-on/issues/518, https://github.com/hashicorp/terraform/issues/5307,
https://github.com/pulumi/pulumi-aws-apigateway/issues/347, https://github.com/pulumi/pulumi-eks/issues/2341
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import Any

from moto.iam.exceptions import MalformedPolicyDocument, ValidationError
from moto.iam.responses import IamResponse

from kumo_sandbox.moto_fixes.hooks import before
from kumo_sandbox.partitions import read_partition

EUROPE = ".amazonaws.eu"  # a domain of endpoints; principals of services do not have it


@before(IamResponse, "attach_role_policy", "detach_role_policy", "create_role", "put_role_permissions_boundary")
def check_arns(response: Any) -> None:
    for name in ("PolicyArn", "PermissionsBoundary"):
        arn = response._get_param(name)
        if arn and read_partition(arn) not in ("", response.partition):
            raise ValidationError("Invalid ARN partition")


@before(IamResponse, "create_policy", "create_policy_version", "put_role_policy")
def check_resources(response: Any) -> None:
    for statement in _read_statements(response._get_param("PolicyDocument")):
        for resource in [*_list(statement.get("Resource")), *_list(statement.get("NotResource"))]:
            partition = read_partition(resource)
            if partition and not fnmatchcase(response.partition, partition):
                raise MalformedPolicyDocument(f'Partition "{partition}" is not valid for resource "{resource}".')


@before(IamResponse, "create_role")
def check_trust_policy(response: Any) -> None:
    _check_principals(response.partition, response._get_param("AssumeRolePolicyDocument"))


@before(IamResponse, "update_assume_role_policy")
def check_new_trust_policy(response: Any) -> None:
    _check_principals(response.partition, response._get_param("PolicyDocument"))


def _check_principals(partition: str, document: str) -> None:
    for statement in _read_statements(document):
        named = statement.get("Principal")
        for kind, values in named.items() if isinstance(named, dict) else ():
            for value in _list(values):
                if read_partition(value) not in ("", partition) or (kind == "Service" and value.endswith(EUROPE)):
                    raise MalformedPolicyDocument(f'Invalid principal in policy: "{kind.upper()}":"{value}"')


def _read_statements(document: str) -> Iterator[dict[str, Any]]:
    """The statements of a policy; what is no policy is left to moto."""
    try:
        policy = json.loads(document)
    except ValueError:
        return
    if isinstance(policy, dict):
        yield from (row for row in _list(policy.get("Statement")) if isinstance(row, dict))


def _list(value: Any) -> list[Any]:
    return [each for each in (value if isinstance(value, list) else [value]) if each is not None]
