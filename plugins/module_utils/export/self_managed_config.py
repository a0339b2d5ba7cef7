# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Groups of self-managed nodes as nodeGroups of a ClusterConfig. Pure.

Those of others are comments: site.yml would create another group beside theirs.
"""

from __future__ import annotations

from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.cluster_config.translation.nodegroups import (
    EFFECTS,
    NODEGROUP_LABEL,
)
from ansible_collections.kumo.eks.plugins.module_utils.core.specs.self_managed import CAPACITY_BLOCK
from ansible_collections.kumo.eks.plugins.module_utils.ec2.autoscaling_group import DERIVED
from ansible_collections.kumo.eks.plugins.module_utils.export.self_managed import find_template
from ansible_collections.kumo.eks.plugins.module_utils.export.state import ClusterState
from ansible_collections.kumo.eks.plugins.module_utils.export.tags import read_tags
from ansible_collections.kumo.eks.plugins.module_utils.nodes.self_managed_plan import build_distribution

Row = dict[str, Any]
SCHEDULING = {api: name for name, api in EFFECTS.items()}
# Options of a group and their fields
SAME = {
    "max_instance_lifetime": "maxInstanceLifetime",
    "target_group_arns": "targetGroupARNs",
    "load_balancer_names": "classicLoadBalancerNames",
    "suspended_processes": "asgSuspendProcesses",
}
VOLUME = {
    "device_name": "volumeName",
    "size": "volumeSize",
    "type": "volumeType",
    "iops": "volumeIOPS",
    "throughput": "volumeThroughput",
    "encrypted": "volumeEncrypted",
    "kms_key_id": "volumeKmsKeyID",
}
OF_TEMPLATE = {
    "image_id": "ami",
    "ebs_optimized": "ebsOptimized",
    "monitoring": "enableDetailedMonitoring",
    "enclave": "enclaveEnabled",
    "cpu_credits": "cpuCredits",
}
DISTRIBUTION = {
    "on_demand_base_capacity": "onDemandBaseCapacity",
    "on_demand_percentage_above_base_capacity": "onDemandPercentageAboveBaseCapacity",
    "spot_allocation_strategy": "spotAllocationStrategy",
    "spot_instance_pools": "spotInstancePools",
}
FAMILIES = (
    ("BOTTLEROCKET", "Bottlerocket"),
    ("WINDOWS_CORE_2019", "WindowsServer2019CoreContainer"),
    ("WINDOWS_FULL_2019", "WindowsServer2019FullContainer"),
    ("WINDOWS_CORE_2022", "WindowsServer2022CoreContainer"),
    ("WINDOWS_FULL_2022", "WindowsServer2022FullContainer"),
    ("WINDOWS_CORE_2025", "WindowsServer2025CoreContainer"),
    ("WINDOWS_FULL_2025", "WindowsServer2025FullContainer"),
    ("AL2023", "AmazonLinux2023"),
)


def build_group(state: ClusterState, item: Row, tags: Row | None) -> Row:
    """A group that kumo.eks made; what eksctl's defaults would change of it shows when it is converted back.

    Args:
        item: its options, with node_role, subnets and all tags.
        tags: those that the cluster's tags do not have.
    """
    template = item["template"]
    metadata = template.get("metadata_options") or {}
    return {
        "name": item["name"],
        "amiFamily": next(name for start, name in FAMILIES if item["ami_type"].startswith(start)),
        **_build_capacity(item, template),
        **_build_place(state, item["subnets"]),
        **_build_sizes(item["scaling_config"]),
        **{field: item.get(option) for option, field in SAME.items()},
        **{field: template.get(option) for option, field in OF_TEMPLATE.items()},
        **_build_volume(template),
        "disableIMDSv1": metadata.get("http_tokens", "required") == "required",
        "disablePodIMDS": True if metadata.get("http_put_response_hop_limit") == 1 else None,
        "asgMetricsCollection": [{"metrics": item["enabled_metrics"]}] if item.get("enabled_metrics") else None,
        "propagateASGTags": item.get("cluster_autoscaler") is not False,
        "iam": _build_iam(state, item),
        "labels": item.get("labels"),
        "taints": [{**taint, "effect": SCHEDULING[taint["effect"]]} for taint in item.get("taints") or []],
        "tags": tags,
    }


def _build_iam(state: ClusterState, item: Row) -> Row:
    role, profile = item["node_role"], item.get("instance_profile")
    is_other = profile and profile != role.rpartition("/")[2]
    arn = f"arn:{state.partition}:iam::{state.account}:instance-profile/{profile}"
    return {"instanceRoleARN": role, "instanceProfileARN": arn if is_other else None}


def _build_sizes(sizes: Row) -> Row:
    return {"minSize": sizes["min_size"], "maxSize": sizes["max_size"], "desiredCapacity": sizes["desired_size"]}


def _build_place(state: ClusterState, subnets: list[str]) -> Row:
    kinds = {state.subnets[one]["kind"] for one in subnets if one in state.subnets}
    is_default = any(set(subnets) == set(state.list_subnets(kind)) for kind in ("public", "private"))
    return {
        "privateNetworking": True if kinds == {"private"} else None,
        "subnets": None if is_default else sorted(subnets),
    }


def _build_capacity(item: Row, template: Row) -> Row:
    if item.get("capacity_type") == CAPACITY_BLOCK:
        key = template["capacity_reservation"]["id"]
        return {
            "instanceType": item["instance_types"][0],
            "instanceMarketOptions": {"marketType": "capacity-block"},
            "capacityReservation": {"capacityReservationTarget": {"capacityReservationID": key}},
        }
    if item.get("capacity_type") == "ON_DEMAND" and len(item["instance_types"]) == 1:
        return {"instanceType": item["instance_types"][0]}
    distribution = build_distribution(item, True) or {}
    price = distribution.get("spot_max_price")
    return {
        "instancesDistribution": {
            "instanceTypes": item["instance_types"],
            **{field: distribution.get(option) for option, field in DISTRIBUTION.items()},
            "maxPrice": float(price) if price else None,
            "capacityRebalance": item.get("capacity_rebalance"),
        }
    }


def _build_volume(template: Row) -> Row:
    """The first volume, which is the one that the fields of a group are about."""
    volumes = template.get("volumes") or [{}]
    return {field: volumes[0].get(option) for option, field in VOLUME.items()}


# of others


def build_foreign_group(state: ClusterState, raw: Row) -> Row:
    """What AWS says of somebody else's Auto Scaling group, as a beginning for a declaration."""
    template = find_template(state, raw) or {}
    data = template.get("data") or {}
    types = raw["instance_types"] or [one for one in [data.get("InstanceType")] if one]
    tags = {key: value for key, value in read_tags(raw["tags"]).items() if not key.startswith(DERIVED)}
    policy = raw["instances_distribution"]
    mixed = {field: policy.get(option) for option, field in DISTRIBUTION.items()} if raw["instance_types"] else None
    return {
        "name": raw["tags"].get(NODEGROUP_LABEL) or raw["name"],
        "instanceType": types[0] if len(types) == 1 and not mixed else None,
        "instancesDistribution": {"instanceTypes": types, **mixed} if mixed else None,
        **_build_sizes(raw["scaling_config"]),
        "subnets": raw["subnets"],
        **{field: raw[option] for option, field in SAME.items() if raw[option]},
        "iam": {"instanceRoleARN": template.get("role")},
        "securityGroups": {"attachIDs": data.get("SecurityGroupIds")},
        "ssh": {"publicKeyName": data.get("KeyName")},
        "ami": data.get("ImageId"),
        "tags": tags,
    }


def list_lost(state: ClusterState, raw: Row) -> list[str]:
    """What of somebody else's group is not carried over into a declaration."""
    template = find_template(state, raw)
    if template is None:
        return ["its launch configuration or launch template, which could not be read"]
    data = template["data"]
    found = ["labels, taints and settings in user data"] if data.get("UserData") else []
    found += ["instance types by requirements"] if not (raw["instance_types"] or data.get("InstanceType")) else []
    found += ["volumes"] if data.get("BlockDeviceMappings") else []
    found += ["network interfaces"] if data.get("NetworkInterfaces") else []
    return [*found, "lifecycle hooks and scaling policies"]
