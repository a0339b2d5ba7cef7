"""What groups have beside their capacity: metrics, load balancers that exist, the longest life of an instance.

https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_EnableMetricsCollection.html, API_DisableMetricsCollection.html,
API_AttachLoadBalancerTargetGroups.html, API_AttachLoadBalancers.html, API_CreateAutoScalingGroup.html (MaxInstanceLifetime)
"""

from __future__ import annotations

from typing import Any

from moto.autoscaling.exceptions import ValidationError
from moto.autoscaling.models import AutoScalingBackend, FakeAutoScalingGroup
from moto.autoscaling.responses import AutoScalingResponse
from moto.core.responses import EmptyResult

from kumo_sandbox.moto_fixes.hooks import Method, around, before

METRICS = [
    *[f"Group{name}" for name in ("MinSize", "MaxSize", "DesiredCapacity")],
    *[f"Group{name}Instances" for name in ("InService", "Pending", "Standby", "Terminating", "Total")],
    *[f"Group{name}Capacity" for name in ("InService", "Pending", "Standby", "Terminating", "Total")],
    *[f"WarmPool{name}Capacity" for name in ("Desired", "Warmed", "Pending", "Terminating", "Total")],
    *[f"GroupAndWarmPool{name}Capacity" for name in ("Desired", "Total")],
]
ONE_DAY = 86400
NOT_VALID = "Provided {} may not be valid. Please ensure they exist and try again."

FakeAutoScalingGroup.max_instance_lifetime = None


def _find(response: Any) -> Any:
    name = response._get_param("AutoScalingGroupName")
    found = response.autoscaling_backend.autoscaling_groups.get(name)
    if found is None:
        raise ValidationError(f"AutoScalingGroup name not found - AutoScalingGroup '{name}' not found")
    return found


@around(AutoScalingResponse, "enable_metrics_collection")
def enable_metrics(_original: Method, response: Any) -> Any:
    """The metrics are added to those that are enabled; moto forgets these."""
    group = _find(response)
    if response._get_param("Granularity") != "1Minute":
        raise ValidationError("Valid metrics granularities are: [1Minute].")
    wanted = response._get_param("Metrics") or METRICS
    if unknown := [name for name in wanted if name not in METRICS]:
        raise ValidationError(f"Valid metrics are: {METRICS}. Given: {unknown}")
    group.metrics = sorted({*group.metrics, *wanted})
    return EmptyResult()


def disable_metrics(response: Any) -> Any:
    """Those that are named, or all of them. moto does not know the call."""
    group, gone = _find(response), response._get_param("Metrics")
    group.metrics = [name for name in group.metrics if gone and name not in gone]
    return EmptyResult()


AutoScalingResponse.disable_metrics_collection = disable_metrics


@around(AutoScalingResponse, "create_auto_scaling_group", "update_auto_scaling_group")
def limit_lifetime(original: Method, response: Any) -> Any:
    """0 is no limit, and is not answered."""
    given = response._get_int_param("MaxInstanceLifetime")
    if given and given < ONE_DAY:
        raise ValidationError("Maximum instance lifetime must be greater than or equal to 86400 seconds (1 day).")
    answer = original(response)
    if given is not None:
        _find(response).max_instance_lifetime = given or None
    return answer


@before(AutoScalingBackend, "attach_load_balancer_target_groups")
def check_target_groups(backend: Any, _group_name: str, target_group_arns: list[str]) -> None:
    if any(arn not in backend.elbv2_backend.target_groups for arn in target_group_arns):
        raise ValidationError(NOT_VALID.format("Target Groups"))


@before(AutoScalingBackend, "attach_load_balancers")
def check_load_balancers(backend: Any, _group_name: str, load_balancer_names: list[str]) -> None:
    if any(name not in backend.elb_backend.load_balancers for name in load_balancer_names):
        raise ValidationError(NOT_VALID.format("Load Balancers"))


def register(group: Any, instance_id: str) -> None:
    """An instance that enters service is a target of the group's load balancers."""
    if "AddToLoadBalancer" not in group._suspended_processes:
        for arn in group.target_group_arns:
            group.autoscaling_backend.elbv2_backend.register_targets(arn, [{"Id": instance_id}])


def deregister(group: Any, instance_id: str, arns: list[str]) -> None:
    """moto refuses this for an instance that is no target."""
    for arn in arns:
        found = group.autoscaling_backend.elbv2_backend.target_groups.get(arn)
        if found and instance_id in found.targets:
            found.deregister([{"Id": instance_id}])


@around(AutoScalingBackend, "detach_load_balancer_target_groups")
def detach_target_groups(_original: Method, backend: Any, group_name: str, target_group_arns: list[str]) -> None:
    group = backend.autoscaling_groups[group_name]
    group.target_group_arns = [arn for arn in group.target_group_arns if arn not in target_group_arns]
    for state in group.instance_states:
        deregister(group, state.instance_id, target_group_arns)


@before(AutoScalingBackend, "create_auto_scaling_group")
def check_at_creation(backend: Any, name: str, **options: Any) -> None:
    check_target_groups(backend, name, options.get("target_group_arns") or [])
    check_load_balancers(backend, name, options.get("load_balancers") or [])
