"""Auto Scaling groups of users: what the service refuses, instance types of a mixed instances policy, and deletion in time.

https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_CreateAutoScalingGroup.html, API_UpdateAutoScalingGroup.html,
API_DeleteAutoScalingGroup.html
"""

from __future__ import annotations

from typing import Any

from moto.autoscaling.exceptions import AutoscalingClientError, ValidationError
from moto.autoscaling.models import AutoScalingBackend, FakeAutoScalingGroup
from moto.autoscaling.responses import AutoScalingResponse
from moto.core.responses import ActionResult, EmptyResult

from kumo_sandbox.moto_fixes.autoscaling import is_of_eks
from kumo_sandbox.moto_fixes.autoscaling_instances import LEAVING, terminate
from kumo_sandbox.moto_fixes.hooks import Method, around
from kumo_sandbox.moto_fixes.runtime import runtime
from kumo_sandbox.principals import get_iam_backend

# https://github.com/hashicorp/terraform-provider-aws/blob/main/CHANGELOG.md ("ValidationError: You must use a valid fully-formed ...")
TEMPLATE = "You must use a valid fully-formed launch template."
MOST_TAGS = 50
MARKETS = {"spot": "Spot Instances", "capacity-block": "Capacity Blocks"}
# InstancesDistribution of the API: the defaults, which answers have
DISTRIBUTION = {
    "OnDemandAllocationStrategy": "prioritized",
    "OnDemandBaseCapacity": 0,
    "OnDemandPercentageAboveBaseCapacity": 100,
    "SpotAllocationStrategy": "lowest-price",
}


@around(AutoScalingBackend, "create_auto_scaling_group")
def create(original: Method, backend: Any, name: str, **options: Any) -> Any:
    if name in backend.autoscaling_groups:
        raise AutoscalingClientError(
            "AlreadyExists",
            f"AutoScalingGroup by this name already exists - A group with the name {name} already exists",
        )
    _check_tags(options.get("tags") or [])
    least, most = int(options["min_size"]), int(options["max_size"])
    _check_sizes(least, most, options.get("desired_capacity"))
    _check_template(backend, options.get("launch_template"), options.get("mixed_instances_policy"))
    return original(
        backend, name, **{**options, "mixed_instances_policy": _complete(options.get("mixed_instances_policy"))}
    )


def _complete(policy: Any) -> Any:
    """The policy with the defaults of its distribution."""
    return policy and {
        **policy,
        "InstancesDistribution": {**DISTRIBUTION, **(policy.get("InstancesDistribution") or {})},
    }


def _check_sizes(least: int, most: int, desired: Any) -> None:
    if least > most:
        raise ValidationError(f"Max bound, {most}, must be greater than or equal to min bound, {least}")
    if desired is not None and not least <= int(desired) <= most:
        raise ValidationError(
            f"Desired capacity:{desired} must be between the specified min size:{least} and max size:{most}"
        )


def _check_tags(tags: list[dict[str, Any]]) -> None:
    if len(tags) > MOST_TAGS:
        raise ValidationError(f"The number of tags may not be greater than {MOST_TAGS}")


def _check_template(backend: Any, template: Any, policy: Any) -> None:
    """The template is tried, as RunInstances with --dry-run would: it, its version and its instance profile are there."""
    spec = template or ((policy or {}).get("LaunchTemplate") or {}).get("LaunchTemplateSpecification")
    if not spec:
        return
    name = spec.get("LaunchTemplateId") or spec.get("LaunchTemplateName")
    known = backend.ec2_backend.launch_templates.values()
    found = next((each for each in known if name in (each.id, each.name)), None)
    if found is None:
        kind = "ID" if spec.get("LaunchTemplateId") else "name"
        raise ValidationError(f"{TEMPLATE} The specified launch template, with template {kind} {name}, does not exist.")
    wanted = str(spec.get("Version") or "$Default")
    if not wanted.startswith("$") and wanted not in [str(each.number) for each in found.versions]:
        raise ValidationError(f"{TEMPLATE} Could not find launch template version {wanted}")
    data = found.get_version(wanted).data
    if not data.get("ImageId"):
        raise ValidationError(f"{TEMPLATE} The request must contain the parameter ImageId")
    _check_market(data, is_mixed=bool(policy))
    _check_profile(backend, data.get("IamInstanceProfile"))


def _check_market(data: dict[str, Any], is_mixed: bool) -> None:
    """What the template says of how capacity is bought, which a mixed instances policy says itself.

    https://docs.aws.amazon.com/autoscaling/ec2/userguide/create-mixed-instances-group-manual-instance-type-selection.html
    https://docs.aws.amazon.com/autoscaling/ec2/userguide/launch-template-capacity-blocks.html
    """
    market = (data.get("InstanceMarketOptions") or {}).get("MarketType")
    if market and is_mixed:
        raise ValidationError(
            f"Incompatible launch template: You cannot use a launch template that is set to request {MARKETS.get(market, market)}"
            " (InstanceMarketOptions) when you configure an Auto Scaling group with a mixed instances policy. Add a different launch"
            " template to the group and try again."
        )
    target = (data.get("CapacityReservationSpecification") or {}).get("CapacityReservationTarget") or {}
    if market == "capacity-block" and not target.get("CapacityReservationId"):
        raise ValidationError(f"{TEMPLATE} The request must contain the parameter CapacityReservationId")


def _check_profile(backend: Any, named: Any) -> None:
    """https://github.com/kubernetes/kops/blob/master/upup/pkg/fi/cloudup/spotinsttasks/elastigroup.go (waits for it)"""
    if not named:
        return
    name = named.get("Name") or named.get("Arn", "").rpartition("/")[2]
    profiles = get_iam_backend(backend.partition).instance_profiles.values()
    found = next((each for each in profiles if each.name == name), None)
    if found is None or runtime.now() < getattr(found, "known_at", 0.0):
        key = "name" if named.get("Name") else "arn"
        raise ValidationError(
            f"{TEMPLATE} Value ({named.get('Name') or named.get('Arn')}) for parameter iamInstanceProfile.{key} is invalid."
            f" Invalid IAM Instance Profile {'name' if key == 'name' else 'ARN'}"
        )


def read_instance_type(group: Any) -> str:
    """The first type of the policy, which moto passes over."""
    overrides = ((group.mixed_instances_policy or {}).get("LaunchTemplate") or {}).get("Overrides") or []
    if overrides and overrides[0].get("InstanceType"):
        return overrides[0]["InstanceType"]
    return ORIGINAL_TYPE.fget(group)


ORIGINAL_TYPE = FakeAutoScalingGroup.instance_type
FakeAutoScalingGroup.instance_type = property(read_instance_type)


def read_launch_template(group: Any) -> dict[str, Any] | None:
    """A group with a mixed instances policy has its template there."""
    return None if group.mixed_instances_policy else ORIGINAL_TEMPLATE.fget(group)


ORIGINAL_TEMPLATE = FakeAutoScalingGroup.launch_template
FakeAutoScalingGroup.launch_template = property(read_launch_template)


@around(AutoScalingBackend, "update_auto_scaling_group")
def update(original: Method, backend: Any, name: str, **options: Any) -> Any:
    group = backend.autoscaling_groups.get(name)
    if group is None:
        raise ValidationError("AutoScalingGroup name not found - null")
    if is_of_eks(group):
        return original(backend, name, **options)
    if group.status == LEAVING:
        raise AutoscalingClientError("ScalingActivityInProgress", f"AutoScalingGroup {name} is being deleted")
    _check_template(backend, options.get("launch_template"), options.get("mixed_instances_policy"))
    least = group.min_size if options["min_size"] is None else options["min_size"]
    most = group.max_size if options["max_size"] is None else options["max_size"]
    if options["desired_capacity"] is None:  # it is moved into new limits
        options["desired_capacity"] = min(max(group.desired_capacity, least), most)
    _check_sizes(least, most, options["desired_capacity"])
    if not options["launch_template"] and not options["mixed_instances_policy"]:  # "not changed by this update request"
        options["mixed_instances_policy"] = _keep_policy(group)
    options["mixed_instances_policy"] = _complete(options["mixed_instances_policy"])
    return original(backend, name, **options)


def _keep_policy(group: Any) -> Any:
    """The group's policy as a request may have it: with its template by ID alone."""
    policy = group.mixed_instances_policy
    if not policy:
        return policy
    spec = policy["LaunchTemplate"]["LaunchTemplateSpecification"]
    kept = {key: value for key, value in spec.items() if key != "LaunchTemplateName"}
    return {**policy, "LaunchTemplate": {**policy["LaunchTemplate"], "LaunchTemplateSpecification": kept}}


@around(AutoScalingResponse, "update_auto_scaling_group")
def update_the_rest(original: Method, response: Any) -> Any:
    """What moto leaves out."""
    answer = original(response)
    group = response.autoscaling_backend.autoscaling_groups[response._get_param("AutoScalingGroupName")]
    if response._get_param("CapacityRebalance") is not None:
        group.capacity_rebalance = response._get_bool_param("CapacityRebalance")
    return answer


def delete(response: Any) -> Any:
    """A group with instances is deleted by force, and is there until they are gone."""
    name, backend = response._get_param("AutoScalingGroupName"), response.autoscaling_backend
    group = backend.autoscaling_groups.get(name)
    if group is None or is_of_eks(group) or not group.instance_states:
        backend.delete_auto_scaling_group(name)
        return EmptyResult()
    if not response._get_bool_param("ForceDelete", False):
        raise AutoscalingClientError(
            "ResourceInUse",
            "You cannot delete an AutoScalingGroup while there are instances or pending Spot instance request(s) still in the group.",
        )
    group.status, group.desired_capacity = LEAVING, 0
    for state in list(group.instance_states):
        if state.lifecycle_state != "Terminating":
            terminate(group, state)
    return EmptyResult()


AutoScalingResponse.delete_auto_scaling_group = delete


@around(AutoScalingResponse, "describe_auto_scaling_groups")
def describe(original: Method, response: Any) -> Any:
    """The filters tag-key and tag-value, and names; moto has no page of more than 100."""
    if int(response._get_param("MaxRecords") or 50) > 100:
        raise ValidationError("1 validation error detected: Value at 'maxRecords' failed to satisfy constraint")
    answer = original(response)
    return answer if isinstance(answer, ActionResult) else ActionResult(answer)
