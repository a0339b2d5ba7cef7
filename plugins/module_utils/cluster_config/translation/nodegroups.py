# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Turns managedNodeGroups of a ClusterConfig into eks_nodegroups_list. Pure."""

from __future__ import annotations

from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.cluster_config import ami_types
from ansible_collections.kumo.eks.plugins.module_utils.cluster_config.translation.identities import INLINE
from ansible_collections.kumo.eks.plugins.module_utils.cluster_config.translation.instance_selector import (
    build_selector,
    choose_image,
)
from ansible_collections.kumo.eks.plugins.module_utils.cluster_config.translation.node_template import build_template
from ansible_collections.kumo.eks.plugins.module_utils.cluster_config.translation.sizes import (
    build_scaling_config,
)
from ansible_collections.kumo.eks.plugins.module_utils.core.fields import convert_to_snake
from ansible_collections.kumo.eks.plugins.module_utils.core.specs.self_managed import CAPACITY_BLOCK

# What eksctl sets where the file says nothing: SetManagedNodeGroupDefaults in pkg/apis/eksctl.io/v1alpha5/defaults.go.
AMI_FAMILY = "AmazonLinux2023"
INSTANCE_TYPE = "m5.large"
CLUSTER_LABEL, NODEGROUP_LABEL = "alpha.eksctl.io/cluster-name", "alpha.eksctl.io/nodegroup-name"
NODEGROUP_KIND = "alpha.eksctl.io/nodegroup-type"

EFFECTS = {"NoSchedule": "NO_SCHEDULE", "PreferNoSchedule": "PREFER_NO_SCHEDULE", "NoExecute": "NO_EXECUTE"}

POLICIES = {
    "albIngress": "alb_ingress",
    "appMesh": "app_mesh",
    "appMeshPreview": "app_mesh_preview",
    "autoScaler": "auto_scaler",
    "awsLoadBalancerController": "aws_load_balancer_controller",
    "certManager": "cert_manager",
    "cloudWatch": "cloud_watch",
    "ebs": "ebs",
    "efs": "efs",
    "externalDNS": "external_dns",
    "fsx": "fsx",
    "imageBuilder": "image_builder",
    "xRay": "xray",
}

SAME = {"launchTemplate": "launch_template", "releaseVersion": "release_version"}


def build_nodegroups(config: dict[str, Any]) -> list[dict[str, Any]]:
    """eks_nodegroups_list, in the file's order."""
    subnets = config.get("vpc", {}).get("subnets", {})
    cluster = config["metadata"]["name"]
    return [_build_nodegroup(group, subnets, cluster) for group in config.get("managedNodeGroups", [])]


def list_instance_types(group: dict[str, Any]) -> list[str]:
    """The instance types of a group in the order of the file; none where a launch template of the user's own may name them."""
    types = group.get("instanceTypes") or ([group["instanceType"]] if "instanceType" in group else [])
    return types or ([] if "launchTemplate" in group and "amiFamily" not in group else [INSTANCE_TYPE])


def build_shared_options(group: dict[str, Any], subnets: dict[str, Any], cluster: str, kind: str) -> dict[str, Any]:
    """The options that managed and self-managed groups have alike.

    Args:
        kind: how eksctl calls the group in a tag, managed or unmanaged.
    """
    name = group["name"]
    return {
        "name": name,
        "scaling_config": build_scaling_config(group),
        "private_networking": group.get("privateNetworking", False),
        "subnets": build_subnets(group, subnets),
        "availability_zones": None if subnets else group.get("availabilityZones"),
        "labels": build_labels(group, cluster),
        "tags": {NODEGROUP_LABEL: name, NODEGROUP_KIND: kind, **group.get("tags", {})},
        "taints": build_taints(group),
        **build_identity(group),
    }


def _build_nodegroup(group: dict[str, Any], subnets: dict[str, Any], cluster: str) -> dict[str, Any]:
    given = {
        **build_shared_options(group, subnets, cluster, "managed"),
        "capacity_type": _choose_capacity_type(group),
        "update_config": _build_update(group),
        "node_repair_config": _build_repair(group),
        "template": build_template(group, group.get("amiFamily", AMI_FAMILY), cluster),
        **_build_machine(group),
        **{name: group.get(field) or None for field, name in SAME.items()},
    }
    return {name: value for name, value in given.items() if value is not None}


def _build_machine(group: dict[str, Any]) -> dict[str, Any]:
    """Instance and AMI types; a launch template of the user's own may set both, so nothing is assumed beside it."""
    selector = build_selector(group)
    if selector is not None and "launchTemplate" not in group:
        image = {} if "ami" in group else {"ami_type": choose_image(group.get("amiFamily", AMI_FAMILY), selector)}
        return {"instance_selector": selector, **image}
    types = list_instance_types(group)
    if "ami" in group or ("launchTemplate" in group and "amiFamily" not in group):
        return {"instance_types": types or None}
    return {"instance_types": types, "ami_type": ami_types.choose_ami_type(group.get("amiFamily", AMI_FAMILY), types)}


def is_in_capacity_block(group: dict[str, Any]) -> bool:
    """Whether the nodes are in a Capacity Block, the one market that eksctl takes."""
    return bool(group.get("instanceMarketOptions", {}).get("marketType"))


def _choose_capacity_type(group: dict[str, Any]) -> str:
    if is_in_capacity_block(group):
        return CAPACITY_BLOCK
    return "SPOT" if group.get("spot") else "ON_DEMAND"


def _build_repair(group: dict[str, Any]) -> dict[str, Any] | None:
    config = group.get("nodeRepairConfig")
    return None if config is None else convert_to_snake(config)


def build_labels(group: dict[str, Any], cluster: str) -> dict[str, str]:
    """Those of the file, and those that eksctl gives all nodes."""
    return {CLUSTER_LABEL: cluster, NODEGROUP_LABEL: group["name"], **group.get("labels", {})}


def build_identity(group: dict[str, Any]) -> dict[str, Any]:
    """The IAM role of the nodes: that of the file, or what describes one that is created."""
    iam = group.get("iam", {})
    wanted = [POLICIES[name] for name, on in iam.get("withAddonPolicies", {}).items() if on]
    return {
        "node_role": iam.get("instanceRoleARN"),
        "attach_policy_arns": iam.get("attachPolicyARNs"),
        "inline_policies": {INLINE: iam["attachPolicy"]} if "attachPolicy" in iam else None,
        "node_role_name": iam.get("instanceRoleName"),
        "permissions_boundary": iam.get("instanceRolePermissionsBoundary"),
        "addon_policies": wanted or None,
    }


def build_subnets(group: dict[str, Any], subnets: dict[str, Any]) -> list[str] | None:
    """IDs: given, or the entries of vpc.subnets that were named, or those in the group's zones; else None."""
    entries = {key: entry["id"] for kind in subnets.values() for key, entry in kind.items()}
    if group.get("subnets"):
        return [entries.get(name, name) for name in group["subnets"]]
    if not subnets or not group.get("availabilityZones"):
        return None
    kind = subnets.get("private" if group.get("privateNetworking") else "public", {})
    return [entry["id"] for key, entry in kind.items() if entry.get("az", key) in group["availabilityZones"]]


def build_taints(group: dict[str, Any]) -> list[dict[str, str]] | None:
    """The taints, with effects as the API of EKS spells them."""
    if "taints" not in group:
        return None
    return [{**taint, "effect": EFFECTS[taint["effect"]]} for taint in group["taints"]]


def _build_update(group: dict[str, Any]) -> dict[str, int] | None:
    names = {"maxUnavailable": "max_unavailable", "maxUnavailablePercentage": "max_unavailable_percentage"}
    return {names[name]: value for name, value in group.get("updateConfig", {}).items()} or None
