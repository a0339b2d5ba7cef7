# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An Auto Scaling group over a launch template and instance types, with its warm pool, settings and tags, as a resource.

Sources: CreateAutoScalingGroup, UpdateAutoScalingGroup, DeleteAutoScalingGroup, DescribeAutoScalingGroups, PutWarmPool,
DeleteWarmPool, CreateOrUpdateTags, DeleteTags
"""

from __future__ import annotations

from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.aws.client import has_code, has_message
from ansible_collections.kumo.eks.plugins.module_utils.aws.ownership import PREFIX
from ansible_collections.kumo.eks.plugins.module_utils.aws.tags import check_tags, drop_reserved_tags
from ansible_collections.kumo.eks.plugins.module_utils.core.errors import NotOwned
from ansible_collections.kumo.eks.plugins.module_utils.core.fields import (
    Change,
    Field,
    convert_to_snake,
    normalize_list,
)
from ansible_collections.kumo.eks.plugins.module_utils.core.resource import Request, Resource
from ansible_collections.kumo.eks.plugins.module_utils.core.scaling import merge_scaling
from ansible_collections.kumo.eks.plugins.module_utils.core.specs.self_managed import CAPACITY_BLOCK
from ansible_collections.kumo.eks.plugins.module_utils.ec2.autoscaling_settings import (
    SETTINGS,
    change_setting,
    normalize_metrics,
    predict_settings,
    read_settings,
)

Row = dict[str, Any]

# Tags that follow from the options, by what their keys begin with. Where they begin otherwise, they are the user's.
DERIVED = ("k8s.io/cluster-autoscaler/", "kubernetes.io/cluster/")
DISTRIBUTION = {  # InstancesDistribution: options and members
    "on_demand_base_capacity": "OnDemandBaseCapacity",
    "on_demand_percentage_above_base_capacity": "OnDemandPercentageAboveBaseCapacity",
    "on_demand_allocation_strategy": "OnDemandAllocationStrategy",
    "spot_allocation_strategy": "SpotAllocationStrategy",
    "spot_instance_pools": "SpotInstancePools",
    "spot_max_price": "SpotMaxPrice",
}
LOWEST_PRICE = "lowest-price"
POOL_STATES = {"STOPPED": "Stopped", "RUNNING": "Running", "HIBERNATED": "Hibernated"}
# Options that a creation sends only where they say something
AT_CREATION = {
    "max_instance_lifetime": "MaxInstanceLifetime",
    "target_group_arns": "TargetGroupARNs",
    "load_balancer_names": "LoadBalancerNames",
}
NO_MAXIMUM = -1  # PutWarmPool.MaxGroupPreparedCapacity: "To remove a value that you previously set, ... specify -1"


def drop_marks(tags: Row | None) -> Row:
    """Tags without the marks of this collection, which only a creation sets."""
    return {key: value for key, value in drop_reserved_tags(tags).items() if not key.startswith(PREFIX)}


def normalize_warm_pool(value: Row | None) -> Row:
    """The pool as the option. Nothing else matters of a pool that is off."""
    found = {key: each for key, each in (value or {}).items() if each is not None}
    return found if found.get("enabled") else {"enabled": False}


FIELDS = (
    Field("tags", "tags", "tags", drop_marks),
    Field("scaling_config", "scaling_config", "update", convert_to_snake, partial=True),
    Field("subnets", "subnets", "update", normalize_list),
    Field(
        "capacity_type", "capacity_type", None
    ),  # of a Capacity Block, which another kind of group names in another way
    Field("instance_types", "instance_types", "update", list),  # their order is the priority of On-Demand capacity
    Field("instances_distribution", "instances_distribution", "update", convert_to_snake, partial=True),
    Field("capacity_rebalance", "capacity_rebalance", "update"),
    Field("max_instance_lifetime", "max_instance_lifetime", "update"),
    Field("launch_template.id", "launch_template.id", "update"),
    Field("launch_template.version", "launch_template.version", "update"),
    Field("warm_pool_config", "warm_pool_config", "warm_pool", normalize_warm_pool, partial=True),
    Field("target_group_arns", "target_group_arns", "target_group_arns", normalize_list),
    Field("load_balancer_names", "load_balancer_names", "load_balancer_names", normalize_list),
    Field("enabled_metrics", "enabled_metrics", "enabled_metrics", normalize_metrics),
    # Last, so that a process that is suspended does not keep the others from happening.
    Field("suspended_processes", "suspended_processes", "suspended_processes", normalize_list),
)
# The calls by which a setting is changed, the first of those that may be needed
CALLS = {
    "target_group_arns": "AttachLoadBalancerTargetGroups",
    "load_balancer_names": "AttachLoadBalancers",
    "enabled_metrics": "EnableMetricsCollection",
    "suspended_processes": "SuspendProcesses",
}


class AutoScalingGroupResource(Resource):
    """A group that this collection manages, by its name.

    Args:
        marks: tags that a creation sets, and that say for whom it was created.
        owner: the key of the one that has to be there, or the group is somebody else's.
    """

    kind = "Auto Scaling group"
    fields = FIELDS
    refusal = "EC2 Auto Scaling refused its launch template"
    refusal_advice = "Check that the instance profile exists, and the version of the launch template."

    def __init__(self, client: Any, name: str, marks: dict[str, str], owner: str) -> None:
        self.client, self.name, self.marks, self.owner = client, name, marks, owner

    def describe(self) -> Row | None:
        rows = self.client.describe_auto_scaling_groups(AutoScalingGroupNames=[self.name])["AutoScalingGroups"]
        return read_group(rows[0]) if rows else None

    def adjust(self, raw: Row, desired: Row) -> Row:
        self.check_owner(raw)
        desired = {**desired, "tags": self._plan_tags(raw, desired)}
        if desired.get("scaling_config"):
            enforce = bool(desired.get("enforce_desired_size"))
            desired["scaling_config"] = merge_scaling(raw["scaling_config"], desired["scaling_config"], enforce)
        return desired

    def check_owner(self, raw: Row) -> None:
        """Refuse a group that was not created here for this cluster."""
        if self.owner not in raw["tags"]:
            raise NotOwned(
                f"name: Auto Scaling group {self.name} exists and was not created by kumo.eks for this cluster (it has no tag"
                f" {self.owner}). Delete it, or use another name."
            )

    @staticmethod
    def _plan_tags(raw: Row, desired: Row) -> Row:
        """All tags of the group: the user's, where the task gives them, and those that follow from its other options."""
        now = drop_marks(raw["tags"])
        own = {key: value for key, value in now.items() if not key.startswith(DERIVED)}
        if desired.get("tags") is not None:
            kept = own if desired.get("purge_tags") is False else {}
            own = {**kept, **{key: str(value) for key, value in desired["tags"].items()}}
        derived = desired.get("derived_tags")
        if derived is None:
            derived = {key: value for key, value in now.items() if key.startswith(DERIVED)}
        return {**own, **derived}

    def validate(self, raw: Row | None, desired: Row) -> None:
        check_tags(desired.get("tags"))

    # requests

    def create(self, desired: Row) -> Row:
        raw = self.predict(desired)
        tags = [self._build_tag(key, value) for key, value in sorted(raw["tags"].items())]
        sizes = build_sizes(raw["scaling_config"])
        self.client.create_auto_scaling_group(
            AutoScalingGroupName=self.name,
            VPCZoneIdentifier=",".join(raw["subnets"]),
            **build_launch(raw),
            CapacityRebalance=raw["capacity_rebalance"],
            Tags=tags,
            **{member: raw[option] for option, member in AT_CREATION.items() if raw[option]},
            **sizes,
        )
        if raw["warm_pool_config"]["enabled"]:
            self._put_warm_pool(raw["warm_pool_config"])
        for setting in ("enabled_metrics", "suspended_processes"):
            change_setting(self.client, self.name, setting, [], raw[setting])
        return raw

    def predict(self, desired: Row) -> Row:
        own = {key: str(value) for key, value in (desired.get("tags") or {}).items()}
        sizes, distribution = desired["scaling_config"], desired.get("instances_distribution") or {}
        return {
            "status": "ACTIVE",
            "name": self.name,
            "arn": None,
            "scaling_config": {"desired_size": sizes["min_size"], **sizes},
            "subnets": list(desired["subnets"]),
            "capacity_type": desired.get("capacity_type") or read_capacity_type(distribution),
            "instance_types": list(desired.get("instance_types") or []),
            "instances_distribution": distribution,
            "capacity_rebalance": bool(desired.get("capacity_rebalance")),
            "max_instance_lifetime": desired.get("max_instance_lifetime") or 0,
            "launch_template": {
                "id": desired["launch_template.id"],
                "version": desired["launch_template.version"],
            },
            "warm_pool_config": normalize_warm_pool(desired.get("warm_pool_config")),
            "tags": {**own, **(desired.get("derived_tags") or {}), **self.marks},
            "instances": [],
            **predict_settings(desired),
        }

    def requests(self, raw: Row, changes: list[Change], desired: Row) -> list[Request]:
        groups = dict.fromkeys(change.field.group for change in changes)
        send = {
            "tags": Request("CreateOrUpdateTags", lambda: self._set_tags(raw, desired["tags"])),
            "update": Request("UpdateAutoScalingGroup", lambda: self._update(raw, changes, desired)),
            "warm_pool": Request("PutWarmPool", lambda: self._change_warm_pool(raw, desired["warm_pool_config"])),
            **{setting: self._build_setting(setting, raw, desired) for setting in SETTINGS},
        }
        return [send[group] for group in groups]

    def _build_setting(self, setting: str, raw: Row, desired: Row) -> Request:
        def send() -> None:
            wanted = predict_settings(desired)[setting]
            change_setting(self.client, self.name, setting, raw[setting], wanted)

        return Request(CALLS[setting], send)

    def _update(self, raw: Row, changes: list[Change], desired: Row) -> None:
        """One call for all of it. What is left out of the request stays: only what the task changes is sent."""
        changed = {change.field.option for change in changes}
        request: Row = {"AutoScalingGroupName": self.name}
        if "scaling_config" in changed:
            request |= build_sizes(desired["scaling_config"])
        if "subnets" in changed:
            request["VPCZoneIdentifier"] = ",".join(desired["subnets"])
        if "capacity_rebalance" in changed:
            request["CapacityRebalance"] = desired["capacity_rebalance"]
        if "max_instance_lifetime" in changed:
            request["MaxInstanceLifetime"] = desired["max_instance_lifetime"]
        if changed & {"instance_types", "instances_distribution", "launch_template.id", "launch_template.version"}:
            request |= build_launch(self._merge_policy(raw, desired))
        self.client.update_auto_scaling_group(**request)

    @staticmethod
    def _merge_policy(raw: Row, desired: Row) -> Row:
        """The policy is sent as a whole: what the task does not give is what it is now."""
        template = {
            key: desired.get(f"launch_template.{key}") or raw["launch_template"].get(key) for key in ("id", "version")
        }
        distribution = {**raw["instances_distribution"], **(desired.get("instances_distribution") or {})}
        if distribution.get("spot_allocation_strategy") != LOWEST_PRICE:
            distribution.pop("spot_instance_pools", None)  # of a group that had that strategy
        types = desired.get("instance_types") or raw["instance_types"]
        return {
            "capacity_type": raw["capacity_type"],
            "launch_template": template,
            "instances_distribution": distribution,
            "instance_types": types,
        }

    def _set_tags(self, raw: Row, wanted: Row) -> None:
        now, wanted = drop_marks(raw["tags"]), drop_marks(wanted)
        changed = [self._build_tag(key, value) for key, value in sorted(wanted.items()) if now.get(key) != value]
        gone = [self._build_tag(key, now[key]) for key in sorted(set(now) - set(wanted))]
        if changed:
            self.client.create_or_update_tags(Tags=changed)
        if gone:
            self.client.delete_tags(Tags=gone)

    def _build_tag(self, key: str, value: str) -> Row:
        """Instances get their tags from the launch template, and only what the cloud provider looks for from the group.

        https://docs.aws.amazon.com/eks/latest/userguide/worker.html
        """
        is_for_nodes = key.startswith("kubernetes.io/cluster/")
        found = {"ResourceId": self.name, "ResourceType": "auto-scaling-group", "Key": key, "Value": str(value)}
        return {**found, "PropagateAtLaunch": is_for_nodes}

    def _change_warm_pool(self, raw: Row, wanted: Row) -> None:
        if not wanted.get("enabled"):
            self.client.delete_warm_pool(AutoScalingGroupName=self.name, ForceDelete=True)
            return
        self._put_warm_pool({**raw["warm_pool_config"], **normalize_warm_pool(wanted)})

    def _put_warm_pool(self, wanted: Row) -> None:
        words: Row = {
            "MinSize": wanted.get("min_size") or 0,
            "PoolState": POOL_STATES[wanted.get("pool_state") or "STOPPED"],
            "MaxGroupPreparedCapacity": wanted.get("max_group_prepared_capacity") or NO_MAXIMUM,
            "InstanceReusePolicy": {"ReuseOnScaleIn": bool(wanted.get("reuse_on_scale_in"))},
        }
        self.client.put_warm_pool(AutoScalingGroupName=self.name, **words)

    def delete(self) -> None:
        """Its instances are terminated with it."""
        self.client.delete_auto_scaling_group(AutoScalingGroupName=self.name, ForceDelete=True)

    # errors

    def is_in_use(self, error: Exception) -> bool:
        return has_code(error, "ScalingActivityInProgress", "ResourceContention", "ResourceInUse")

    def is_propagating(self, error: Exception) -> bool:
        """EC2 does not see a new instance profile, or a new version of the launch template, yet.

        https://github.com/hashicorp/terraform-provider-aws/blob/main/internal/service/autoscaling/group.go
        """
        if not has_code(error, "ValidationError"):
            return False
        return has_message(error, "Invalid IAM Instance Profile") or has_message(error, "fully-formed launch template")

    def already_exists(self, error: Exception) -> bool:
        return has_code(error, "AlreadyExists")

    def is_missing(self, error: Exception) -> bool:
        return has_code(error, "ValidationError") and has_message(error, "not found")


def build_sizes(sizes: Row) -> Row:
    """MinSize, MaxSize and DesiredCapacity."""
    return {
        "MinSize": sizes["min_size"],
        "MaxSize": sizes["max_size"],
        "DesiredCapacity": sizes.get("desired_size", sizes["min_size"]),
    }


def build_launch(group: Row) -> Row:
    """LaunchTemplate of a group in a Capacity Block, which takes no policy, else MixedInstancesPolicy.

    https://docs.aws.amazon.com/autoscaling/ec2/userguide/launch-template-capacity-blocks.html
    """
    if group["capacity_type"] == CAPACITY_BLOCK:
        return {"LaunchTemplate": _build_specification(group["launch_template"])}
    return {"MixedInstancesPolicy": build_policy(group)}


def read_capacity_type(distribution: Row) -> str | None:
    """How all of the capacity is bought, None where it is a mix. The options of InstancesDistribution have defaults."""
    base = distribution.get("on_demand_base_capacity", 0)
    share = distribution.get("on_demand_percentage_above_base_capacity", 100)
    return "ON_DEMAND" if share == 100 else "SPOT" if (base, share) == (0, 0) else None


def _build_specification(template: Row) -> Row:
    return {"LaunchTemplateId": template["id"], "Version": str(template["version"])}


def build_policy(group: Row) -> Row:
    """MixedInstancesPolicy: the launch template in one version, the instance types, On-Demand and Spot."""
    distribution = {
        DISTRIBUTION[key]: value for key, value in group["instances_distribution"].items() if key in DISTRIBUTION
    }
    return {
        "LaunchTemplate": {
            "LaunchTemplateSpecification": _build_specification(group["launch_template"]),
            "Overrides": [{"InstanceType": name} for name in group["instance_types"]],
        },
        "InstancesDistribution": distribution,
    }


def read_group(row: Row) -> Row:
    """A row of DescribeAutoScalingGroups as the fields read it. ``Status`` is there only while the group is deleted."""
    policy = row.get("MixedInstancesPolicy") or {}
    template = policy.get("LaunchTemplate") or {}
    spec = template.get("LaunchTemplateSpecification") or row.get("LaunchTemplate") or {}
    given = policy.get("InstancesDistribution") or {}
    distribution = {key: given[member] for key, member in DISTRIBUTION.items() if given.get(member) is not None}
    return {
        "status": "DELETING" if row.get("Status") else "ACTIVE",
        "name": row["AutoScalingGroupName"],
        "arn": row.get("AutoScalingGroupARN"),
        "scaling_config": {
            "min_size": row["MinSize"],
            "max_size": row["MaxSize"],
            "desired_size": row["DesiredCapacity"],
        },
        "subnets": [name for name in (row.get("VPCZoneIdentifier") or "").split(",") if name],
        "capacity_type": read_capacity_type(distribution) if policy else CAPACITY_BLOCK,
        "instance_types": [one["InstanceType"] for one in template.get("Overrides") or [] if one.get("InstanceType")],
        "instances_distribution": distribution,
        "capacity_rebalance": bool(row.get("CapacityRebalance")),
        "max_instance_lifetime": row.get("MaxInstanceLifetime") or 0,
        "launch_template": {
            "id": spec.get("LaunchTemplateId"),
            "name": spec.get("LaunchTemplateName"),
            "version": spec.get("Version"),
        },
        "warm_pool_config": _read_warm_pool(row.get("WarmPoolConfiguration")),
        "tags": {tag["Key"]: tag.get("Value") or "" for tag in row.get("Tags") or []},
        "instances": row.get("Instances") or [],
        **read_settings(row),
    }


def _read_warm_pool(row: Row | None) -> Row:
    """WarmPoolConfiguration as the option; one that is being deleted is off."""
    if not row or row.get("Status") == "PendingDelete":
        return {"enabled": False}
    most = row.get("MaxGroupPreparedCapacity")
    states = {member: option for option, member in POOL_STATES.items()}
    return normalize_warm_pool(
        {
            "enabled": True,
            "min_size": row.get("MinSize") or 0,
            "pool_state": states.get(row.get("PoolState") or "Stopped"),
            "max_group_prepared_capacity": most if most not in (None, NO_MAXIMUM) else None,
            "reuse_on_scale_in": bool((row.get("InstanceReusePolicy") or {}).get("ReuseOnScaleIn")),
        }
    )


def list_owned_groups(client: Any, owner: str) -> list[Row]:
    """The groups that carry a mark."""
    wanted = [{"Name": "tag-key", "Values": [owner]}]
    pages = client.get_paginator("describe_auto_scaling_groups").paginate(Filters=wanted)
    return [read_group(row) for page in pages for row in page["AutoScalingGroups"]]
