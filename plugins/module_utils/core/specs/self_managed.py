# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The options of a group of self-managed nodes, and what EC2 Auto Scaling, EC2 and the kubelet accept in them. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.core.ami_types import (
    AL2,
    AMI_TYPES,
    BOTTLEROCKET,
    CUSTOM,
    read_ami_type,
)
from ansible_collections.kumo.eks.plugins.module_utils.core.bootstrap import Bootstrap
from ansible_collections.kumo.eks.plugins.module_utils.core.errors import ValidationError
from ansible_collections.kumo.eks.plugins.module_utils.core.specs.nodegroup import (
    LATEST,
    build_nodegroup_spec,
    find_nodegroup_problems,
    find_nodegroup_warnings,
)
from ansible_collections.kumo.eks.plugins.module_utils.core.specs.outposts import find_outpost_arn_problems
from ansible_collections.kumo.eks.plugins.module_utils.core.specs.placement import is_edge_zone
from ansible_collections.kumo.eks.plugins.module_utils.core.user_data import build_user_data
from ansible_collections.kumo.eks.plugins.module_utils.core.validation import find_duplicates, find_range_problems

Spec = dict[str, Any]
Options = dict[str, Any]

ROLLING, REFRESH, NONE = "rolling", "instance_refresh", "none"
# The images that tell their kubelet what NodeConfig, settings and bootstrap script say. Amazon Linux 2 had another way, and ended.
OUR_AMI_TYPES = [name for name in AMI_TYPES if name != CUSTOM and not name.startswith(f"{AL2}_")]
# Options of a managed node group that mean the same here.
SHARED = (
    "node_role",
    "addon_policies",
    "attach_policy_arns",
    "inline_policies",
    "node_role_name",
    "permissions_boundary",
    "subnets",
    "availability_zones",
    "private_networking",
    "scaling_config",
    "enforce_desired_size",
    "instance_types",
    "instance_selector",
    "labels",
    "taints",
    "template",
    "version",
    "warm_pool_config",
    "tags",
    "purge_tags",
)
# Those that the launch template is built from: it is described by all of them, or left as it is.
OF_TEMPLATE = (
    "template",
    "labels",
    "taints",
    "ami_type",
    "version",
    "release_version",
    "node_role",
    "instance_profile",
)
IN_USER_DATA = ("user_data", "node_config", "bottlerocket_settings")
# InstancesDistribution of the API
DISTRIBUTION_RANGES = {
    "on_demand_base_capacity": (0, None),
    "on_demand_percentage_above_base_capacity": (0, 100),
    "spot_instance_pools": (1, 20),
}
OF_THE_MIX = ("on_demand_base_capacity", "on_demand_percentage_above_base_capacity")
CAPACITY_BLOCK = "CAPACITY_BLOCK"  # a capacity_type
LOWEST_PRICE = "lowest-price"  # "SpotInstancePools ... Valid only when the SpotAllocationStrategy is lowest-price"
# https://docs.aws.amazon.com/autoscaling/ec2/userguide/as-suspend-resume-processes.html
PROCESSES = [
    "Launch",
    "Terminate",
    "AddToLoadBalancer",
    "AlarmNotification",
    "AZRebalance",
    "HealthCheck",
    "InstanceRefresh",
    "ReplaceUnhealthy",
    "ScheduledActions",
]
# EnableMetricsCollection, and our word for all of them
METRICS = [
    "GroupMinSize",
    "GroupMaxSize",
    "GroupDesiredCapacity",
    "GroupInServiceInstances",
    "GroupPendingInstances",
    "GroupStandbyInstances",
    "GroupTerminatingInstances",
    "GroupTotalInstances",
    "GroupInServiceCapacity",
    "GroupPendingCapacity",
    "GroupStandbyCapacity",
    "GroupTerminatingCapacity",
    "GroupTotalCapacity",
    "WarmPoolDesiredCapacity",
    "WarmPoolWarmedCapacity",
    "WarmPoolPendingCapacity",
    "WarmPoolTerminatingCapacity",
    "WarmPoolTotalCapacity",
    "GroupAndWarmPoolDesiredCapacity",
    "GroupAndWarmPoolTotalCapacity",
]
ALL_METRICS = "all"
SHORTEST_LIFETIME, LONGEST_LIFETIME = 86400, 31536000  # seconds: CreateAutoScalingGroup, MaxInstanceLifetime
UPDATE_RANGES = {
    "max_unavailable": (1, None),
    "drain_timeout": (0, None),
    "min_healthy_percentage": (0, 100),
    "instance_warmup": (0, None),
}
OF_REFRESH = ("min_healthy_percentage", "instance_warmup")
OF_ROLLING = ("max_unavailable", "force")
DRAIN_TIMEOUT = 900  # seconds
TARGET_GROUP = re.compile(r"arn:[\w-]+:elasticloadbalancing:[\w-]+:\d+:targetgroup/[\w-]+/\w+")
MOST_TAGS = 50  # https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-tagging.html


def build_self_managed_spec() -> Spec:
    """The options that describe a group, beside its name. None has a default, so that those of a list can have others."""
    shared = build_nodegroup_spec()
    distribution = dict(
        on_demand_base_capacity=dict(type="int"),
        on_demand_percentage_above_base_capacity=dict(type="int"),
        on_demand_allocation_strategy=dict(type="str", choices=["prioritized", "lowest-price"]),
        spot_allocation_strategy=dict(
            type="str",
            choices=[
                "price-capacity-optimized",
                "capacity-optimized",
                "capacity-optimized-prioritized",
                "lowest-price",
            ],
        ),
        spot_instance_pools=dict(type="int"),
        spot_max_price=dict(type="str"),
    )
    update = dict(
        strategy=dict(type="str", choices=[ROLLING, REFRESH, NONE]),
        max_unavailable=dict(type="int"),
        drain_timeout=dict(type="int"),
        force=dict(type="bool"),
        min_healthy_percentage=dict(type="int"),
        instance_warmup=dict(type="int"),
    )
    return dict(
        **{name: shared[name] for name in SHARED},
        local_zones=dict(type="list", elements="str"),
        outpost_arn=dict(type="str"),
        instance_profile=dict(type="str"),
        capacity_type=dict(type="str", choices=["ON_DEMAND", "SPOT", CAPACITY_BLOCK]),
        instances_distribution=dict(type="dict", options=distribution),
        capacity_rebalance=dict(type="bool"),
        ami_type=dict(type="str", choices=OUR_AMI_TYPES),
        release_version=dict(type="str", choices=[LATEST]),
        cluster_autoscaler=dict(type="bool"),
        access_entry=dict(type="bool"),
        update_config=dict(type="dict", options=update),
        max_instance_lifetime=dict(type="int"),
        target_group_arns=dict(type="list", elements="str"),
        load_balancer_names=dict(type="list", elements="str"),
        enabled_metrics=dict(type="list", elements="str", choices=[*METRICS, ALL_METRICS]),
        suspended_processes=dict(type="list", elements="str", choices=PROCESSES),
    )


def find_self_managed_problems(options: Options) -> Iterator[str]:
    """What is refused of these options, whether the group exists or not. Options that are None are not given."""
    template = {key: value for key, value in (options.get("template") or {}).items() if value is not None}
    kept = {key: value for key, value in template.items() if key not in (*IN_USER_DATA, "image_id")}
    as_managed = {
        name: value for name, value in options.items() if name in (*SHARED, "name", "ami_type", "capacity_type")
    }
    if options.get("template") is not None:
        as_managed["template"] = kept
    yield from find_nodegroup_problems(as_managed)
    yield from _find_place_problems(options, template)
    yield from _find_outpost_problems(options)
    yield from _find_image_problems(template)
    yield from _find_user_data_problems(options, template)
    yield from _find_distribution_problems(options)
    yield from _find_update_problems(options.get("update_config") or {})
    yield from _find_warm_pool_problems(options)
    yield from _find_lifetime_problems(options.get("max_instance_lifetime"))
    for arn in options.get("target_group_arns") or []:
        if not TARGET_GROUP.fullmatch(str(arn)):
            yield (
                f"target_group_arns: {arn!r} is not the ARN of a target group. Use one like"
                " arn:aws:elasticloadbalancing:REGION:ACCOUNT:targetgroup/NAME/ID."
            )


def _find_place_problems(options: Options, template: Options) -> Iterator[str]:
    zones = options.get("local_zones") or []
    if not zones:
        return
    yield from find_duplicates("local_zones", zones)
    for zone in (name for name in zones if not is_edge_zone(name)):
        yield f"local_zones: {zone} is not the name of a Local Zone, which is one like us-west-2-lax-1a. Use availability_zones."
    if options.get("availability_zones"):
        yield "local_zones: it cannot be combined with availability_zones. Use one of them."
    if template.get("efa") and len(zones) > 1:
        yield f"local_zones: {', '.join(zones)} cannot be combined with template.efa. EFA works in one zone: name one."


def _find_outpost_problems(options: Options) -> Iterator[str]:
    """https://docs.aws.amazon.com/eks/latest/userguide/eks-outposts.html: On-Demand Instances, in one place."""
    arn = options.get("outpost_arn")
    if not arn:
        return
    yield from find_outpost_arn_problems("outpost_arn", arn)
    for name in ("availability_zones", "local_zones", "instance_selector"):
        if options.get(name):
            yield f"outpost_arn: it cannot be combined with {name}. Remove one of them."
    if options.get("capacity_type") not in (None, "ON_DEMAND"):
        yield f"capacity_type: Outposts have On-Demand Instances alone, and {options['capacity_type']} is given. Use ON_DEMAND."
    share = (options.get("instances_distribution") or {}).get("on_demand_percentage_above_base_capacity")
    if share is not None and share < 100:
        yield (
            f"instances_distribution.on_demand_percentage_above_base_capacity: Outposts have On-Demand Instances alone, and {share} is given."
            " Use 100, or remove it."
        )


def _find_lifetime_problems(seconds: int | None) -> Iterator[str]:
    if seconds is not None and seconds != 0 and not SHORTEST_LIFETIME <= seconds <= LONGEST_LIFETIME:
        yield (
            f"max_instance_lifetime: {seconds} is not valid. Use {SHORTEST_LIFETIME} to {LONGEST_LIFETIME} seconds, or 0 for no limit."
        )


def _find_image_problems(template: Options) -> Iterator[str]:
    image = template.get("image_id")
    if image is not None and not str(image).startswith("ami-"):
        yield f"template.image_id: {image!r} is not the ID of an image. Use one that begins with ami-."


def _find_user_data_problems(options: Options, template: Options) -> Iterator[str]:
    """What the image would not read. Labels and taints that are wrong themselves are named already."""
    system = read_ami_type(options.get("ami_type")).system
    taints = [taint for taint in options.get("taints") or [] if taint.get("effect")]
    bootstrap = Bootstrap({"name": "x"}, options.get("labels") or {}, tuple(taints))
    try:
        build_user_data({name: template.get(name) for name in IN_USER_DATA}, system, None, bootstrap)
    except ValidationError as error:
        yield error.message


def _find_distribution_problems(options: Options) -> Iterator[str]:
    distribution = options.get("instances_distribution") or {}
    if distribution and options.get("capacity_type") == CAPACITY_BLOCK:
        yield (
            "instances_distribution: it cannot be combined with capacity_type CAPACITY_BLOCK, because EC2 Auto Scaling launches nothing"
            " else beside a Capacity Block. Remove one of them."
        )
        return
    for key, limits in DISTRIBUTION_RANGES.items():
        yield from find_range_problems(f"instances_distribution.{key}", distribution.get(key), *limits)
    for key in OF_THE_MIX:
        if distribution.get(key) is not None and options.get("capacity_type"):
            yield (
                f"instances_distribution.{key}: it cannot be combined with capacity_type {options['capacity_type']}, which is all"
                " of one kind. Remove one of them."
            )
    strategy = distribution.get("spot_allocation_strategy")
    if distribution.get("spot_instance_pools") is not None and strategy != LOWEST_PRICE:
        yield (
            "instances_distribution.spot_instance_pools: it applies to spot_allocation_strategy lowest-price, and that is"
            f" {strategy or 'not given'}. Remove it, or set the strategy."
        )
    price = distribution.get("spot_max_price")
    if price:
        try:
            too_low = float(price) <= 0
        except ValueError:
            too_low = True
        if too_low:
            yield f'instances_distribution.spot_max_price: {price!r} is not a price. Use dollars an hour, like "0.10".'


def _find_update_problems(update: Options) -> Iterator[str]:
    for key, limits in UPDATE_RANGES.items():
        yield from find_range_problems(f"update_config.{key}", update.get(key), *limits)
    strategy = update.get("strategy") or ROLLING
    for keys, wanted in ((OF_REFRESH, REFRESH), (OF_ROLLING, ROLLING)):
        for key in keys:
            if update.get(key) is not None and strategy != wanted:
                yield f"update_config.{key}: it applies to strategy {wanted}, and strategy is {strategy}. Remove it."


def _find_warm_pool_problems(options: Options) -> Iterator[str]:
    """EKS refuses the same of managed groups: WarmPoolConfig in EKS' model."""
    pool = options.get("warm_pool_config") or {}
    if read_ami_type(options.get("ami_type")).system != BOTTLEROCKET or not pool.get("enabled"):
        return
    if pool.get("pool_state") == "HIBERNATED":
        yield "warm_pool_config.pool_state: Bottlerocket does not support HIBERNATED. Use STOPPED or RUNNING."
    if pool.get("reuse_on_scale_in"):
        yield "warm_pool_config.reuse_on_scale_in: Bottlerocket does not support it. Remove it."


def describes_template(options: Options) -> bool:
    """Whether the options say something of the launch template, which they then describe as a whole."""
    return any(options.get(name) is not None for name in OF_TEMPLATE)


def find_self_managed_list_problems(rows: list[Options]) -> Iterator[str]:
    """What only the groups together tell: an access entry has one type, so that Linux and Windows cannot share a role."""
    systems: dict[str, dict[bool, str]] = {}
    for row in rows:
        if row.get("node_role"):
            is_windows = str(row.get("ami_type") or "").startswith("WINDOWS")
            systems.setdefault(row["node_role"], {})[is_windows] = str(row.get("name"))
    for role, names in systems.items():
        if len(names) > 1:
            yield (
                f"node_role: {names[True]} has Windows nodes and {names[False]} has Linux nodes, and both have {role}. The access"
                " entry of a role is for one of them. Use two roles."
            )


def find_self_managed_warnings(rows: list[Options]) -> Iterator[str]:
    """What works, and may not be meant."""
    for row in rows:
        yield from (f"{row.get('name')}: {text}" for text in find_nodegroup_warnings(row))
        if (row.get("update_config") or {}).get("strategy") == REFRESH:
            yield (
                f"{row.get('name')}: update_config.strategy instance_refresh ends instances without draining their nodes, so that"
                " PodDisruptionBudgets are not respected. Use rolling, or a termination handler in the cluster."
            )
