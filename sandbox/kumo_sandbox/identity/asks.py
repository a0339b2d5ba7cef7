"""What a call asks IAM for: its own action, and what it does beside it, each with its resources and condition keys.

Actions, resource types and condition keys: https://docs.aws.amazon.com/service-authorization/latest/reference/
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from kumo_sandbox.partitions import find_partition
from kumo_sandbox.principals import ACCOUNT

Context = dict[str, list[str]]  # condition key -> its values
# ARNs that a policy must allow, each with what is known of that resource
Resources = list[tuple[str, Context]]
Parameters = Mapping[str, Any]


@dataclass(frozen=True)
class Refusal:
    """How a service tells a denial in other words than "not authorized to perform"."""

    code: str
    message: str
    status: int = 400


@dataclass(frozen=True)
class Ask:
    """One action on some resources, all of which must be allowed."""

    action: str
    resources: Resources
    context: Context = field(default_factory=dict)
    refusal: Refusal | None = None
    when_allowed: Callable[[], None] = lambda: None


def build_tag_context(tags: Mapping[str, str], kind: str = "RequestTag") -> Context:
    """The condition keys of tags: those of the request (with their keys) or those of a resource."""
    context = {f"aws:{kind}/{key}": [value] for key, value in tags.items()}
    if kind == "RequestTag" and tags:
        context["aws:TagKeys"] = list(tags)
    return context


def build_pass_role(arn: str, service: str) -> Ask:
    """Whoever gives a role to a service must be allowed to pass it.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_passrole.html
    """
    return Ask("iam:PassRole", [(arn, {})], {"iam:PassedToService": [service]})


def read_list(parameters: Parameters, prefix: str) -> list[dict[str, str]]:
    """The items of a list in the query protocol: Tags.member.1.Key=a, TagSpecification.1.Tag.1.Key=a -> [{"Key": "a"}]."""
    items: dict[str, dict[str, str]] = {}
    for key, value in parameters.items():
        if key.startswith(f"{prefix}."):
            number, _dot, rest = key[len(prefix) + 1 :].partition(".")
            items.setdefault(number, {})[rest] = value
    return [items[number] for number in sorted(items)]


def read_tags(parameters: Parameters, prefix: str) -> dict[str, str]:
    return {row["Key"]: row.get("Value", "") for row in read_list(parameters, prefix) if "Key" in row}


def build_arn(service: str, region: str, rest: str) -> str:
    """The ARN of what a call in a region is about; IAM's are of the region's partition, and name no region."""
    where = "" if service == "iam" else region
    return f"arn:{find_partition(region).name}:{service}:{where}:{ACCOUNT}:{rest}"
