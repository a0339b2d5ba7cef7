# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A group of self-managed nodes as modules return it. Pure."""

from __future__ import annotations

from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.ec2.autoscaling_group import drop_marks
from ansible_collections.kumo.eks.plugins.module_utils.nodes.rollout import is_outdated

Item = dict[str, Any]
SAME = (
    "status",
    "scaling_config",
    "subnets",
    "capacity_type",
    "instance_types",
    "instances_distribution",
    "capacity_rebalance",
    "warm_pool_config",
    "max_instance_lifetime",
    "target_group_arns",
    "load_balancer_names",
    "enabled_metrics",
    "suspended_processes",
)


def build_group_result(raw: Item | None) -> Item:
    """The result of a group; empty where it does not exist."""
    if raw is None:
        return {}
    template = raw["launch_template"]
    return {
        "auto_scaling_group_name": raw["name"],
        "auto_scaling_group_arn": raw["arn"],
        **{key: raw[key] for key in SAME},
        # The launch template of a group in a Capacity Block has it
        "instance_types": raw["instance_types"] or sorted({row["InstanceType"] for row in raw["instances"]}),
        "launch_template": {key: value for key, value in template.items() if value is not None},
        **({"kubernetes_version": raw["kubernetes_version"]} if raw.get("kubernetes_version") else {}),
        "instances": [_build_instance(row, template, raw["instance_types"]) for row in raw["instances"]],
        "tags": drop_marks(raw["tags"]),
    }


def _build_instance(row: Item, template: Item, types: list[str]) -> Item:
    return {
        "instance_id": row["InstanceId"],
        "instance_type": row.get("InstanceType"),
        "availability_zone": row["AvailabilityZone"],
        "lifecycle_state": row["LifecycleState"],
        "launch_template_version": str((row.get("LaunchTemplate") or {}).get("Version") or ""),
        "outdated": is_outdated(row, template, types),
    }
