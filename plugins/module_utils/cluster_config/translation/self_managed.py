# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Turns nodeGroups of a ClusterConfig, which are self-managed nodes, into eks_self_managed_nodes_list. Pure.

What eksctl creates: pkg/cfn/builder/nodegroup.go, iam.go; its defaults: SetNodeGroupDefaults in pkg/apis/eksctl.io/v1alpha5/defaults.go.
"""

from __future__ import annotations

from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.cluster_config import ami_types
from ansible_collections.kumo.eks.plugins.module_utils.cluster_config.translation.instance_selector import (
    build_selector,
    choose_image,
)
from ansible_collections.kumo.eks.plugins.module_utils.cluster_config.translation.node_template import build_template
from ansible_collections.kumo.eks.plugins.module_utils.cluster_config.translation.nodegroups import (
    AMI_FAMILY,
    INSTANCE_TYPE,
    build_shared_options,
    is_in_capacity_block,
)
from ansible_collections.kumo.eks.plugins.module_utils.core.specs.self_managed import (
    ALL_METRICS,
    CAPACITY_BLOCK,
    LOWEST_PRICE,
)

Row = dict[str, Any]

MIXED = "mixed"  # an instanceType that says: those of instancesDistribution
IMAGES = ("auto", "auto-ssm")  # of ``ami``: the newest image, as without it
SAME = {
    "maxInstanceLifetime": "max_instance_lifetime",
    "targetGroupARNs": "target_group_arns",
    "classicLoadBalancerNames": "load_balancer_names",
    "asgSuspendProcesses": "suspended_processes",
}
# InstancesDistribution of EC2 Auto Scaling: what it takes where eksctl, which fills in nothing, sends nothing.
DISTRIBUTION = {
    "on_demand_base_capacity": 0,
    "on_demand_percentage_above_base_capacity": 100,
    "spot_allocation_strategy": LOWEST_PRICE,
}
DISTRIBUTION_NAMES = {
    "onDemandBaseCapacity": "on_demand_base_capacity",
    "onDemandPercentageAboveBaseCapacity": "on_demand_percentage_above_base_capacity",
    "spotAllocationStrategy": "spot_allocation_strategy",
    "spotInstancePools": "spot_instance_pools",
}


def build_self_managed(config: Row) -> Row:
    """eks_self_managed_nodes_list, in the file's order, and the right for AWS Systems Manager, which eksctl gives all nodes."""
    groups = config.get("nodeGroups", [])
    if not groups:
        return {}
    subnets, cluster = config.get("vpc", {}).get("subnets", {}), config["metadata"]["name"]
    local = config.get("outpost", {}).get("controlPlaneOutpostARN")  # nodes of a local cluster are where it is
    groups = [{**group, "outpostARN": local} if local else group for group in groups]
    return {
        "eks_self_managed_nodes_list": [_build_group(group, subnets, cluster) for group in groups],
        "eks_self_managed_nodes_ssm": True,
    }


def list_instance_types(group: Row) -> list[str]:
    """The instance types of a group in the order of the file."""
    types = group.get("instancesDistribution", {}).get("instanceTypes")
    single = group.get("instanceType", MIXED)
    return types or [INSTANCE_TYPE if single == MIXED else single]


def get_image(group: Row) -> str | None:
    """The image that the file names, None for the newest one of Amazon EKS."""
    image = group.get("ami")
    return None if image in IMAGES else image


def _build_group(group: Row, subnets: Row, cluster: str) -> Row:
    family = group.get("amiFamily", AMI_FAMILY)
    named = {field: value for field, value in group.items() if field != "ami" or get_image(group)}
    iam = group.get("iam", {})
    given = {
        **build_shared_options(group, subnets, cluster, "unmanaged"),
        **_build_machine(group, family),
        "template": build_template(named, family, cluster),
        "local_zones": group.get("localZones") or None,
        "outpost_arn": group.get("outpostARN"),
        "instance_profile": iam.get("instanceProfileARN"),
        "cluster_autoscaler": _is_for_autoscaler(group),
        "update_config": _build_update(group),
        "enabled_metrics": _list_metrics(group),
        **_build_capacity(group),
        **{option: group.get(field) for field, option in SAME.items()},
    }
    return {option: value for option, value in given.items() if value is not None}


def _build_machine(group: Row, family: str) -> Row:
    """Instance types, or what describes them, and the image for them."""
    selector = build_selector(group)
    if selector is not None:
        return {"instance_selector": selector, "ami_type": choose_image(family, selector)}
    types = list_instance_types(group)
    return {"instance_types": types, "ami_type": ami_types.choose_ami_type(family, types)}


def _is_for_autoscaler(group: Row) -> bool:
    """eksctl sets the tags by which the autoscaler finds a group with its policy, those that say what a node is like on request."""
    policies = group.get("iam", {}).get("withAddonPolicies", {})
    return bool(policies.get("autoScaler") or group.get("propagateASGTags"))


def _build_capacity(group: Row) -> Row:
    """How instances are bought: as EC2 Auto Scaling does it where the file leaves it open, and On-Demand without a distribution."""
    if is_in_capacity_block(group):
        return {"capacity_type": CAPACITY_BLOCK}
    given = group.get("instancesDistribution", {} if group.get("instanceSelector") else None)
    if given is None:
        return {"capacity_type": "ON_DEMAND"}
    found = {option: given[field] for field, option in DISTRIBUTION_NAMES.items() if field in given}
    price = {"spot_max_price": format_price(given["maxPrice"])} if "maxPrice" in given else {}
    return {
        "instances_distribution": {**DISTRIBUTION, **found, **price},
        "capacity_rebalance": given.get("capacityRebalance"),
    }


def format_price(price: float) -> str:
    """Dollars an hour as EC2 Auto Scaling takes them: 0.017 -> "0.017"."""
    return f"{price:f}".rstrip("0").rstrip(".")


def _build_update(group: Row) -> Row | None:
    most = group.get("updateConfig", {}).get("maxUnavailable")
    return None if most is None else {"max_unavailable": most}


def _list_metrics(group: Row) -> list[str] | None:
    """asgMetricsCollection: a row without metrics is for all of them."""
    rows = group.get("asgMetricsCollection")
    if rows is None:
        return None
    names = [name for row in rows for name in row.get("metrics") or [ALL_METRICS]]
    return [ALL_METRICS] if ALL_METRICS in names else list(dict.fromkeys(names))
