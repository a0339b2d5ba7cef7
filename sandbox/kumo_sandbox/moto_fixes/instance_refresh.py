"""Instance refreshes, which moto does not have: instances are replaced in batches, on the clock.

https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_StartInstanceRefresh.html, API_DescribeInstanceRefreshes.html,
API_CancelInstanceRefresh.html, API_RefreshPreferences.html
"""

from __future__ import annotations

import datetime
import uuid
from typing import Any

from moto.autoscaling.exceptions import AutoscalingClientError, ValidationError
from moto.autoscaling.responses import AutoScalingResponse
from moto.core.responses import ActionResult

from kumo_sandbox import durations
from kumo_sandbox.moto_fixes.autoscaling import is_standing
from kumo_sandbox.moto_fixes.autoscaling_instances import balance, terminate
from kumo_sandbox.moto_fixes.runtime import runtime

ACTIVE = ("Pending", "InProgress", "Cancelling", "RollbackInProgress")
MIN_HEALTHY = 90  # RefreshPreferences.MinHealthyPercentage, without a value
Refresh = dict[str, Any]


def _find_group(response: Any) -> Any:
    name = response._get_param("AutoScalingGroupName")
    group = response.autoscaling_backend.autoscaling_groups.get(name)
    if group is None:
        raise ValidationError("AutoScalingGroup name not found - null")
    return group


def _list_refreshes(group: Any) -> list[Refresh]:
    return group.__dict__.setdefault("_kumo_refreshes", [])


def _find_active(group: Any) -> Refresh | None:
    return next((row for row in _list_refreshes(group) if row["Status"] in ACTIVE), None)


def start(response: Any) -> ActionResult:
    group, preferences = _find_group(response), dict(response._get_param("Preferences") or {})
    if _find_active(group):
        raise AutoscalingClientError(
            "InstanceRefreshInProgress",
            "An Instance Refresh is already in progress and blocks the execution of this Instance Refresh.",
        )
    matching = str(preferences.get("SkipMatching", "false")).lower() == "true"
    ids = [
        state.instance_id
        for state in group.instance_states
        if is_standing(state) and not (matching and matches(group, state))
    ]
    refresh: Refresh = {
        "InstanceRefreshId": str(uuid.uuid4()),
        "AutoScalingGroupName": group.name,
        "Status": "InProgress",
        "StartTime": datetime.datetime.fromtimestamp(runtime.now(), datetime.UTC),
        "PercentageComplete": 0,
        "InstancesToUpdate": len(ids),
        "Preferences": preferences,
        "_ids": ids,
        "_count": max(len(ids), 1),
    }
    _list_refreshes(group).insert(0, refresh)
    runtime.schedule(0, lambda: _go_on(group, refresh))
    return ActionResult({"InstanceRefreshId": refresh["InstanceRefreshId"]})


def matches(group: Any, state: Any) -> bool:
    """Whether an instance has the group's template version, and one of its types (SkipMatching)."""
    version = group.ec2_launch_template.get_version(group.launch_template_version).number
    overrides = ((group.mixed_instances_policy or {}).get("LaunchTemplate") or {}).get("Overrides") or []
    types = [row.get("InstanceType") for row in overrides]
    return state.__dict__.get("_kumo_version") == version and (not types or state.instance_type in types)


def _go_on(group: Any, refresh: Refresh) -> None:
    """Replace the next batch, when those before are replaced."""
    if refresh["Status"] != "InProgress":
        return
    there = {state.instance_id: state for state in group.instance_states if is_standing(state)}
    left = [key for key in refresh["_ids"] if key in there]
    waiting = any(state.lifecycle_state != "InService" for state in group.instance_states)
    refresh["InstancesToUpdate"] = len(left)
    refresh["PercentageComplete"] = (
        100 * (refresh["_count"] - len(left)) // refresh["_count"] if left or waiting else 100
    )
    if not left and not waiting:
        refresh.update(Status="Successful", EndTime=datetime.datetime.fromtimestamp(runtime.now(), datetime.UTC))
        return
    if not waiting:
        healthy = int(refresh["Preferences"].get("MinHealthyPercentage", MIN_HEALTHY))
        batch = max(1, group.desired_capacity * (100 - healthy) // 100)
        for key in left[:batch]:
            terminate(group, there[key])
        balance(group)
    pause = durations.INSTANCE_LAUNCH + durations.INSTANCE_BOOT
    runtime.schedule(pause, lambda: _go_on(group, refresh))


def describe(response: Any) -> ActionResult:
    wanted = response._get_param("InstanceRefreshIds") or []
    rows = [row for row in _list_refreshes(_find_group(response)) if not wanted or row["InstanceRefreshId"] in wanted]
    shown = [{key: value for key, value in row.items() if not key.startswith("_")} for row in rows]
    return ActionResult({"InstanceRefreshes": shown})


def cancel(response: Any) -> ActionResult:
    refresh = _find_active(_find_group(response))
    if refresh is None:
        raise AutoscalingClientError(
            "ActiveInstanceRefreshNotFound", "No in progress or pending Instance Refresh found for Auto Scaling group"
        )
    refresh["Status"] = "Cancelled"
    return ActionResult({"InstanceRefreshId": refresh["InstanceRefreshId"]})


AutoScalingResponse.start_instance_refresh = start
AutoScalingResponse.describe_instance_refreshes = describe
AutoScalingResponse.cancel_instance_refresh = cancel
