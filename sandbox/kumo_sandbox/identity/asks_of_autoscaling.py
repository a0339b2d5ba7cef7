"""What calls to EC2 Auto Scaling ask for.

Whoever gives a group a launch template must be allowed to run instances with it, and to pass the role of its instance profile:
https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-launch-template-permissions.html
https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonec2autoscaling.html
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from kumo_sandbox.identity.asks import Ask, Parameters, build_arn, build_pass_role
from kumo_sandbox.partitions import find_partition
from kumo_sandbox.principals import ACCOUNT, get_iam_backend

WITH_TEMPLATE = ("CreateAutoScalingGroup", "UpdateAutoScalingGroup")


def build_autoscaling_asks(operation: str, parameters: Parameters, region: str) -> Iterator[Ask]:
    if operation.startswith("Describe"):
        yield Ask(f"autoscaling:{operation}", [("*", {})])
        return
    name = parameters.get("AutoScalingGroupName") or parameters.get("Tags.member.1.ResourceId") or "*"
    arn = build_arn("autoscaling", region, f"autoScalingGroup:*:autoScalingGroupName/{name}")
    yield Ask(f"autoscaling:{operation}", [(arn, {})])
    data = _find_template_data(parameters, region) if operation in WITH_TEMPLATE else None
    if data is not None:
        yield Ask("ec2:RunInstances", [("*", {})])
        yield from _build_profile_asks(data, region)


def _find_template_data(parameters: Parameters, region: str) -> dict[str, Any] | None:
    """The data of the launch template that the call names, None where it names none that exists."""
    from moto.ec2.models import ec2_backends

    names = [value for key, value in parameters.items() if key.endswith(("LaunchTemplateId", "LaunchTemplateName"))]
    versions = [
        value for key, value in parameters.items() if key.endswith(("Specification.Version", "LaunchTemplate.Version"))
    ]
    for template in ec2_backends[ACCOUNT][region].launch_templates.values():
        if template.id in names or template.name in names:
            return template.get_version(versions[0] if versions else "$Default").data
    return None


def _build_profile_asks(data: dict[str, Any], region: str) -> Iterator[Ask]:
    named = data.get("IamInstanceProfile") or {}
    name = named.get("Name") or named.get("Arn", "").rpartition("/")[2]
    for profile in get_iam_backend(find_partition(region).name).instance_profiles.values():
        for role in profile.roles if name and profile.name == name else ():
            yield build_pass_role(role.arn, "ec2.amazonaws.com")
