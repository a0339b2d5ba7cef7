"""Instances of a user's Auto Scaling group come and go on the clock: Pending, InService, Terminating. moto's are there at once.

Those of managed node groups stay as moto has them, because EKS' operations take that time.
https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-lifecycle.html
"""

from __future__ import annotations

from typing import Any

from moto.autoscaling.exceptions import ValidationError
from moto.autoscaling.models import (
    AutoScalingBackend,
    FakeAutoScalingGroup,
    InstanceState,
    TerminateInstanceActivity,
)
from moto.ec2.models.instances import MetadataOptions

from kumo_sandbox import durations
from kumo_sandbox.launching import find_launch_problem, find_outpost_problem
from kumo_sandbox.moto_fixes.autoscaling import is_of_eks, is_standing, sort_for_removal
from kumo_sandbox.moto_fixes.autoscaling_settings import deregister, register
from kumo_sandbox.moto_fixes.hooks import Method, around
from kumo_sandbox.moto_fixes.runtime import runtime

LEAVING = "Delete in progress"  # AutoScalingGroup.Status
FakeAutoScalingGroup.status = None


@around(FakeAutoScalingGroup, "set_desired_capacity")
def set_capacity(original: Method, group: Any, new_capacity: int | None) -> None:
    if is_of_eks(group):
        original(group, new_capacity)
        return
    group.desired_capacity = group.min_size if new_capacity is None else new_capacity
    balance(group)


def balance(group: Any) -> None:
    """Launch what is missing, and end what is too much. A suspended process does neither."""
    standing = [state for state in group.instance_states if is_standing(state)]
    surplus = len(standing) - group.desired_capacity
    if group.status == LEAVING:
        return
    if surplus < 0 and "Launch" not in group._suspended_processes and not _find_problem(group):
        group.replace_autoscaling_group_instances(-surplus, group.get_propagated_tags())
    elif surplus > 0 and "Terminate" not in group._suspended_processes:
        free = [state for state in standing if not state.protected_from_scale_in]
        for state in sort_for_removal(free)[:surplus]:
            terminate(group, state)


def _find_problem(group: Any) -> str | None:
    """Why EC2 launches nothing by the group's launch template."""
    if not group.ec2_launch_template:
        return None
    data = group.ec2_launch_template.get_version(group.launch_template_version).data
    rows = ((group.mixed_instances_policy or {}).get("LaunchTemplate") or {}).get("Overrides") or []
    types = [row["InstanceType"] for row in rows if row.get("InstanceType")]
    types = types or [data[key] for key in ("InstanceType",) if key in data]
    problem = find_launch_problem(group.region, data, types, set(group.availability_zones))
    if problem is None and _is_on_outpost(group):
        problem = find_outpost_problem(data, types, _wants_spot(group, data))
    return problem


def _is_on_outpost(group: Any) -> bool:
    ids = [name for name in (group.vpc_zone_identifier or "").split(",") if name]
    return any(getattr(group.ec2_backend.get_subnet(name), "outpost_arn", None) for name in ids)


def _wants_spot(group: Any, data: dict[str, Any]) -> bool:
    distribution = (group.mixed_instances_policy or {}).get("InstancesDistribution") or {}
    percent = int(distribution.get("OnDemandPercentageAboveBaseCapacity", 100))
    return percent < 100 or (data.get("InstanceMarketOptions") or {}).get("MarketType") == "spot"


@around(FakeAutoScalingGroup, "replace_autoscaling_group_instances")
def launch(original: Method, group: Any, count: int, tags: dict[str, str]) -> None:
    before = {state.instance_id for state in group.instance_states}
    original(group, count, tags)
    version = (
        group.ec2_launch_template.get_version(group.launch_template_version) if group.ec2_launch_template else None
    )
    for state in group.instance_states:
        if state.instance_id in before:
            continue
        if version:
            _set_metadata_options(state.instance, version)
        if not is_of_eks(group):
            _begin(group, state, version)


def _set_metadata_options(instance: Any, version: Any) -> None:
    """Those of the launch template, which moto forgets.

    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_LaunchTemplateInstanceMetadataOptionsRequest.html
    """
    instance.metadata_options = MetadataOptions(version.data.get("MetadataOptions") or {})


def _begin(group: Any, state: Any, version: Any) -> None:
    state.lifecycle_state = "Pending"
    data = version.data if version else {}
    state.__dict__.update(_kumo_version=version and version.number, _kumo_data=data)
    named = data.get("SecurityGroupIds") or [
        name for row in (data.get("NetworkInterfaces") or [])[:1] for name in row.get("Groups") or []
    ]
    groups = [group.ec2_backend.get_security_group_from_id(name) for name in named]
    for interface in state.instance.nics.values() if groups else ():
        interface._group_set = [each for each in groups if each]
    if _is_spot(group, state):
        state.instance.lifecycle = "spot"
    elif (data.get("InstanceMarketOptions") or {}).get("MarketType"):
        state.instance.lifecycle = data["InstanceMarketOptions"]["MarketType"]

    def enter() -> None:
        if state.lifecycle_state == "Pending":
            state.lifecycle_state = "InService"
            register(group, state.instance_id)
            runtime.on_in_service(group.region, state)

    runtime.schedule(durations.INSTANCE_LAUNCH, enter)


def _is_spot(group: Any, state: Any) -> bool:
    """By the distribution: the base is On-Demand, and above it the percentage."""
    distribution = (group.mixed_instances_policy or {}).get("InstancesDistribution") or {}
    base = int(distribution.get("OnDemandBaseCapacity") or 0)
    percent = int(distribution.get("OnDemandPercentageAboveBaseCapacity", 100))
    others = [one for one in group.instance_states if one is not state and is_standing(one)]
    owned = len([one for one in others if one.instance.lifecycle != "spot"])
    return owned >= base + (len(others) + 1 - base) * percent / 100


def terminate(group: Any, state: Any) -> None:
    """Begin to end an instance. Its network interface goes with it, at the end."""
    state.lifecycle_state = "Terminating"

    def end() -> None:
        deregister(group, state.instance_id, group.target_group_arns)
        group.ec2_backend.terminate_instances([state.instance_id])
        group.instance_states[:] = [each for each in group.instance_states if each is not state]
        if group.status == LEAVING and not group.instance_states:
            group.autoscaling_backend.autoscaling_groups.pop(group.name, None)

    runtime.schedule(durations.INSTANCE_TERMINATE, end)


@around(AutoScalingBackend, "terminate_instance")
def terminate_instance(original: Method, backend: Any, instance_id: str, should_decrement: bool) -> Any:
    """TerminateInstanceInAutoScalingGroup: its replacement is launched at once, unless the size is decremented."""
    found = [
        (group, state)
        for group in backend.autoscaling_groups.values()
        for state in group.instance_states
        if state.instance_id == instance_id and state.lifecycle_state != "Terminating"
    ]
    if not found:
        raise ValidationError(f"Instance Id not found - No managed instance found for instance ID: {instance_id}")
    group, state = found[0]
    if is_of_eks(group):
        return original(backend, instance_id, should_decrement)
    size = group.desired_capacity
    if should_decrement and size <= group.min_size:
        raise ValidationError(
            f"Currently, desiredSize equals minSize ({group.min_size}). Terminating instance without replacement will violate"
            " group's min size constraint. Either set shouldDecrementDesiredCapacity flag to false or lower group's min size."
        )
    group.desired_capacity = size - 1 if should_decrement else size
    terminate(group, state)
    balance(group)
    return TerminateInstanceActivity(state.instance, size)


def read_template(state: Any) -> dict[str, Any] | None:
    """The version that the instance was launched with, which moto takes for the default one."""
    template = state.auto_scaling_group.ec2_launch_template if state.auto_scaling_group else None
    if template is None:
        return None
    version = state.__dict__.get("_kumo_version") or template.default_version_number
    return {"LaunchTemplateId": template.id, "LaunchTemplateName": template.name, "Version": str(version)}


InstanceState.launch_template = property(read_template)
