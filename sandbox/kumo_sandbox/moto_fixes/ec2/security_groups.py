"""Security groups: what keeps them from being deleted.

https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DeleteSecurityGroup.html
"""

from __future__ import annotations

from typing import Any

from moto.ec2.responses import EC2Response

from kumo_sandbox.moto_fixes.hooks import before, refuse
from kumo_sandbox.moto_fixes.runtime import runtime


@before(EC2Response, "create_security_group")
def check_quota(response: Any) -> None:
    count = sum(len(groups) for groups in response.ec2_backend.groups.values())
    if count >= runtime.quotas["security_groups"]:
        refuse("SecurityGroupLimitExceeded", "The maximum number of security groups has been reached.")


@before(EC2Response, "delete_security_group")
def check_deletion(response: Any) -> None:
    backend, group_id = response.ec2_backend, response._get_param("GroupId")
    group = backend.get_security_group_from_id(group_id) if group_id else None
    if group is None:
        return  # moto says that it is not there
    if group.name == "default":
        refuse("CannotDelete", f'the specified group: "{group_id}" name: "default" cannot be deleted by a user')
    if is_in_use(backend, group_id) or is_referenced(backend, group_id):
        refuse("DependencyViolation", f"resource {group_id} has a dependent object")


def is_in_use(backend: Any, group_id: str) -> bool:
    """Whether a network interface has the group; moto's instances keep theirs beside it."""
    return any(
        group_id in [getattr(group, "id", group) for group in interface.group_set]
        for interface in list(backend.enis.values())
    )


def is_referenced(backend: Any, group_id: str) -> bool:
    """Whether a rule of another group names the group."""
    groups = [group for groups in list(backend.groups.values()) for group in list(groups.values())]
    return any(
        source.get("GroupId") == group_id
        for group in groups
        if group.id != group_id
        for rule in [*group.ingress_rules, *group.egress_rules]
        for source in _list_sources(rule)
    )


def _list_sources(rule: Any) -> list[dict[str, Any]]:
    return [*(getattr(rule, "source_groups", None) or []), getattr(rule, "source_group", None) or {}]
