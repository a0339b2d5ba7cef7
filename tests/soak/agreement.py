# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether two results agree, and what info modules must show after a task. Pure."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import yaml
from soak.sequences import Step, find_items
from soak.tables import CLUSTER, Options

UNKNOWN = "(known after apply)"
Declared = tuple[str, Options, Any, Callable[[Options], Any]]  # info module, its options, what it must show, and where


def find_difference(one: Any, other: Any, subset: bool = False, path: str = "") -> str:
    """Where they differ, as text; empty where they agree. Lists are sets. What is only known afterwards agrees with anything.

    Args:
        subset: the other dict may have more keys.
    """
    if isinstance(one, str) and UNKNOWN in one:
        return "" if other is not None else f"{path}: {one!r} and {other!r}"
    if isinstance(one, dict) and isinstance(other, dict):
        return _find_in_dicts(one, other, subset, path)
    if isinstance(one, list) and isinstance(other, list):
        return _find_in_lists(one, other, subset, path)
    return "" if one == other or (subset and str(one) == str(other)) else f"{path}: {one!r} and {other!r}"


def _find_in_dicts(one: Options, other: Options, subset: bool, path: str) -> str:
    named = {key for key in one if UNKNOWN not in key}
    missing = (named - set(other)) if subset else named ^ {key for key in other if len(named) == len(one) or key in one}
    if missing:
        return f"{path}: {', '.join(sorted(missing))} in one of them only"
    found = (find_difference(one[key], other[key], subset, f"{path}.{key}") for key in one if key in named)
    return next((text for text in found if text), "")


def _find_in_lists(one: list[Any], other: list[Any], subset: bool, path: str) -> str:
    left = list(other)
    for row in sorted(one, key=lambda row: UNKNOWN in json.dumps(row, default=str)):
        fellow = next((each for each in left if not find_difference(row, each, subset)), None)
        if fellow is None and row is not None:
            return f"{path}: {row!r} is not in {left!r}"
        left.remove(fellow)
    return f"{path}: {left!r} is in one of them only" if left else ""


# what info modules must show


def find_declared(step: Step) -> Iterator[Declared]:
    """What the info modules must show after this task, for each of its resources."""
    reader = READERS.get(step.module)
    if reader and step.options.get("state") != "reverted":
        present = step.options.get("state", "present") != "absent"
        for item in find_items(step):
            yield reader(item, present)


def _read_network(item: Options, present: bool) -> Declared:
    def find(result: Options) -> Any:
        shown: Options = result["network"]
        if not present:
            return {"vpc_id": shown["vpc_id"]}
        kinds = {kind for kind in wanted["kinds"] if shown[f"{kind}_subnet_ids"]}  # subnets are never removed
        return {
            **shown,
            "kinds": sorted(kinds),
            "nat_count": len(shown["nat_gateways"]),
            "zone_count": len(shown["zones"]),
        }

    zones = len(item.get("zones") or [0] * item.get("zone_count", 3))
    count = {"Disable": 0, "Single": 1}.get(item.get("nat_gateway", ""), zones)
    wanted: Options = {"kinds": sorted(item.get("subnet_kinds", ["public", "private"])), "nat_count": count}
    wanted |= {"zone_count": zones, "tags": item.get("tags", {})}
    wanted |= {"zones": item["zones"]} if "zones" in item else {}
    wanted |= {"local_zones": item["local_zones"]} if "local_zones" in item else {}
    if item.get("secondary_cidrs") is not None:
        wanted["cidr_blocks"] = [item.get("cidr"), *item["secondary_cidrs"]]
    return "eks_network_info", {"cluster_name": CLUSTER}, wanted if present else {"vpc_id": None}, find


def _read_role(item: Options, present: bool) -> Declared:
    keys = ("description", "max_session_duration", "permissions_boundary", "tags")
    wanted = {key: item[key] for key in keys if item.get(key)}
    wanted["policy_arns"] = [*item.get("policy_arns", [])]
    wanted["inline_policies"] = sorted(item.get("inline_policies") or {})
    if item.get("permissions_boundary") == "":
        wanted["permissions_boundary"] = None

    def find(result: Options) -> Any:
        if not result["iam_roles"]:
            return None
        (shown,) = result["iam_roles"]
        arns = [arn for arn in shown["policy_arns"] if arn in wanted["policy_arns"]]
        inline = [name for name in shown["inline_policies"] if name in wanted["inline_policies"]]
        return {**shown, "policy_arns": arns, "inline_policies": inline}

    options = {"cluster_name": CLUSTER, "names": [item["name"]]}
    return "eks_iam_role_info", options, wanted if present else None, find


def _build_finder(option: str) -> Callable[[Options], Any]:
    """The one row of a result, None where there is none."""

    def find(result: Options) -> Any:
        return result[option][0] if result[option] else None

    return find


def _read_cluster(item: Options, present: bool) -> Declared:
    network = {
        "subnet_ids": item.get("subnets"),
        "endpoint_public_access": item.get("endpoint_public_access"),
        "endpoint_private_access": item.get("endpoint_private_access"),
        "public_access_cidrs": item.get("public_access_cidrs"),
        "security_group_ids": item.get("security_groups"),
        "control_plane_egress_mode": item.get("control_plane_egress_mode"),
    }
    keys = (
        "version",
        "role_arn",
        "access_config",
        "upgrade_policy",
        "zonal_shift_config",
        "tags",
        "deletion_protection",
    )
    keys += ("control_plane_scaling_config", "kube_api_server_config", "kube_scheduler_config")
    wanted = {key: item[key] for key in (*keys, "kube_controller_manager_config") if key in item}
    wanted["resources_vpc_config"] = {key: value for key, value in network.items() if value is not None}
    if "logging" in item:
        wanted["logging"] = sorted(item["logging"])
    if "encryption_config" in item:
        wanted["encryption_config"] = item["encryption_config"]["key_arn"]

    def find(result: Options) -> Any:
        if not result["clusters"]:
            return None
        (shown,) = result["clusters"]
        rows = (shown.get("logging") or {}).get("cluster_logging", [])
        keys = [row["provider"]["key_arn"] for row in shown.get("encryption_config") or []]
        return {
            **shown,
            "logging": sorted(kind for row in rows if row["enabled"] for kind in row["types"]),
            "encryption_config": next(iter(keys), None),
        }

    return "eks_cluster_info", {"name": item["name"]}, wanted if present else None, find


def _read_group(item: Options, present: bool) -> Declared:
    keys = ("node_role", "version", "subnets", "instance_types", "ami_type", "capacity_type", "disk_size", "labels")
    keys += ("update_config", "node_repair_config", "tags")
    wanted = {key: item[key] for key in keys if key in item}
    wanted["taints"] = item["taints"] if "taints" in item else []
    sizes = item.get("scaling_config") or {}
    wanted["scaling_config"] = {key: value for key, value in sizes.items() if key != "desired_size"}
    if "taints" not in item:
        del wanted["taints"]

    def find(result: Options) -> Any:
        """By the declared name: a group that took the place of another one has its own in EKS."""
        names = result["declared_names"]
        rows = [row for row in result["nodegroups"] if names[row["nodegroup_name"]] == item["name"]]
        return rows[-1] if rows else None

    return "eks_nodegroup_info", {"cluster_name": CLUSTER}, wanted if present else None, find


def _read_replacement(item: Options, present: bool) -> Declared:
    nodegroup = dict(item["nodegroup"])
    if item.get("stop_at", "deleted") != "deleted":  # its least size is its number of nodes until the old group is gone
        nodegroup.pop("scaling_config", None)
    return _read_group({**nodegroup, "name": item["name"]}, present)


def _read_profile(item: Options, present: bool) -> Declared:
    wanted = {"subnets": item.get("subnets"), "selectors": item.get("selectors")}
    wanted |= {"tags": item["tags"]} if "tags" in item else {}
    options = {"cluster_name": CLUSTER, "name": item["name"]}
    return "eks_fargate_profile_info", options, wanted if present else None, _build_finder("fargate_profiles")


def _read_addon(item: Options, present: bool) -> Declared:
    wanted: Options = {"tags": item["tags"]} if "tags" in item else {}
    if str(item.get("version", "")).startswith("v1."):
        wanted["addon_version"] = item["version"]
    if "configuration_values" in item:
        values = item["configuration_values"]
        wanted["configuration_values"] = yaml.safe_load(values) if isinstance(values, str) else values

    def find(result: Options) -> Any:
        shown = result["addons"][0] if result["addons"] else None
        return shown and {**shown, "configuration_values": json.loads(shown.get("configuration_values") or "{}")}

    return "eks_addon_info", {"cluster_name": CLUSTER, "name": item["name"]}, wanted if present else None, find


def _read_association(item: Options, present: bool) -> Declared:
    keys = ("role_arn", "target_role_arn", "disable_session_tags", "tags")
    wanted = {key: item[key] for key in keys if item.get(key) is not None and item[key] != ""}
    options = {"cluster_name": CLUSTER, "namespace": item["namespace"], "service_account": item["service_account"]}
    return "eks_pod_identity_info", options, wanted if present else None, _build_finder("associations")


READERS: dict[str, Callable[[Options, bool], Declared]] = {
    "eks_network": _read_network,
    "eks_iam_role": _read_role,
    "eks_cluster": _read_cluster,
    "eks_nodegroup": _read_group,
    "eks_nodegroup_replacement": _read_replacement,
    "eks_fargate_profile": _read_profile,
    "eks_addon": _read_addon,
    "eks_pod_identity": _read_association,
}
