"""Placement groups, which moto does not have.

https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/placement-groups.html
"""

from __future__ import annotations

import uuid
from fnmatch import fnmatchcase
from typing import Any

from moto.core.responses import ActionResult
from moto.ec2.responses import EC2Response

from kumo_sandbox.launching import list_groups
from kumo_sandbox.moto_fixes.hooks import refuse
from kumo_sandbox.principals import ACCOUNT

STRATEGIES = ("cluster", "partition", "spread")
LONGEST_NAME = 255  # https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreatePlacementGroup.html
Row = dict[str, Any]


def create_placement_group(response: Any) -> Any:
    groups, name = list_groups(response.ec2_backend), response._get_param("GroupName", "")
    strategy = response._get_param("Strategy") or "cluster"
    if not 1 <= len(name) <= LONGEST_NAME or not name.isascii():
        refuse("InvalidParameterValue", f"Value ({name}) for parameter GroupName is invalid.")
    if strategy not in STRATEGIES:
        refuse("InvalidParameterValue", f"Value ({strategy}) for parameter strategy is invalid.")
    if name in groups:
        refuse("InvalidPlacementGroup.Duplicate", f"The Placement Group '{name}' already exists.")
    rows = response._get_param("TagSpecifications", []) or []
    group_id = f"pg-{uuid.uuid4().hex[:17]}"
    region = response.region
    row = {
        "GroupName": name,
        "GroupId": group_id,
        "GroupArn": f"arn:aws:ec2:{region}:{ACCOUNT}:placement-group/{name}",
        "Strategy": strategy,
        "State": "available",
        "Tags": [tag for one in rows for tag in one.get("Tags") or []],
    }
    groups[name] = row
    return ActionResult({"PlacementGroup": row})


def describe_placement_groups(response: Any) -> Any:
    groups, names = list_groups(response.ec2_backend), response._get_param("GroupNames", []) or []
    for name in names:
        if name not in groups:
            refuse("InvalidPlacementGroup.Unknown", f"The Placement Group '{name}' is unknown.")
    filters = response._filters_from_querystring()
    rows = [row for name, row in groups.items() if not names or name in names]
    return ActionResult({"PlacementGroups": [row for row in rows if _fits(row, filters)]})


def _fits(row: Row, filters: dict[str, list[str]]) -> bool:
    tags = {tag["Key"]: tag.get("Value") for tag in row["Tags"]}
    known = {"group-name": [row["GroupName"]], "strategy": [row["Strategy"]], "tag-key": list(tags)}
    known |= {f"tag:{key}": [value] for key, value in tags.items()}
    return all(
        any(fnmatchcase(str(found), value) for found in known.get(name, []) for value in values)
        for name, values in filters.items()
    )


def delete_placement_group(response: Any) -> Any:
    groups, name = list_groups(response.ec2_backend), response._get_param("GroupName", "")
    if name not in groups:
        refuse("InvalidPlacementGroup.Unknown", f"The Placement Group '{name}' is unknown.")
    if _is_used(response.region, name):
        refuse("InvalidPlacementGroup.InUse", f"The placement group {name} is in use and may not be deleted.")
    groups.pop(name)
    return ActionResult({})


def _is_used(region: str, name: str) -> bool:
    """Whether an instance of an Auto Scaling group is in it."""
    from moto.autoscaling.models import autoscaling_backends

    groups = list(autoscaling_backends[ACCOUNT][region].autoscaling_groups.values())
    return any(
        (_read_data(group).get("Placement") or {}).get("GroupName") == name for group in groups if group.instance_states
    )


def _read_data(group: Any) -> Row:
    template = group.ec2_launch_template
    return template.get_version(group.launch_template_version).data if template else {}


EC2Response.create_placement_group = create_placement_group
EC2Response.describe_placement_groups = describe_placement_groups
EC2Response.delete_placement_group = delete_placement_group
