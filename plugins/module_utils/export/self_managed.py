# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Groups of self-managed nodes that kumo.eks made, as options of eks_self_managed_nodes. Pure.

Labels and taints are in user data and in tags for the Cluster Autoscaler. A group is written down only if its options make the same user data,
launch template and tags: what they do not say would replace its nodes.
"""

from __future__ import annotations

from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.aws.ownership import PREFIX, build_owner_tags
from ansible_collections.kumo.eks.plugins.module_utils.core.bootstrap import EFFECTS, build_cluster_details
from ansible_collections.kumo.eks.plugins.module_utils.core.errors import ValidationError
from ansible_collections.kumo.eks.plugins.module_utils.core.fields import compare, drop_none
from ansible_collections.kumo.eks.plugins.module_utils.core.specs.self_managed import (
    CAPACITY_BLOCK,
    find_self_managed_problems,
)
from ansible_collections.kumo.eks.plugins.module_utils.ec2.autoscaling_group import DERIVED, AutoScalingGroupResource
from ansible_collections.kumo.eks.plugins.module_utils.ec2.launch_template import normalize_template_data
from ansible_collections.kumo.eks.plugins.module_utils.export.state import ClusterState, get_template_key
from ansible_collections.kumo.eks.plugins.module_utils.export.tags import read_tags
from ansible_collections.kumo.eks.plugins.module_utils.export.template import read_data, read_node_config
from ansible_collections.kumo.eks.plugins.module_utils.nodes.self_managed_context import GROUP_TAG, build_group_name
from ansible_collections.kumo.eks.plugins.module_utils.nodes.self_managed_plan import (
    DISTRIBUTION,
    build_distribution,
    choose_profile,
)
from ansible_collections.kumo.eks.plugins.module_utils.nodes.self_managed_template import (
    AUTOSCALER,
    PINNED_TAG,
    build_data,
    build_derived_tags,
    read_image,
)
from ansible_collections.kumo.eks.plugins.module_utils.nodes.ssh_access import build_ssh_group_name

Row = dict[str, Any]
LABELS, TAINTS = "--node-labels=", "--register-with-taints="
OPTION_EFFECTS = {kubelet: option for option, kubelet in EFFECTS.items()}
# Options of the Auto Scaling group, and the value that says nothing
OF_GROUP: Row = {
    "capacity_rebalance": False,
    "warm_pool_config": {"enabled": False},
    "max_instance_lifetime": 0,
    "target_group_arns": [],
    "load_balancer_names": [],
    "enabled_metrics": [],
    "suspended_processes": [],
}
USER_DATA = "its user data has more than kumo.eks writes for labels and taints, and is not written down"
SETTINGS = "its launch template has settings that are not written down"


def get_name(state: ClusterState, raw: Row) -> str:
    """The name of a group that kumo.eks made for the cluster; "" for a group of somebody else."""
    return raw["tags"].get(GROUP_TAG, "") if state.owner in raw["tags"] else ""


def read_user_tags(raw: Row) -> dict[str, str]:
    """The tags of an Auto Scaling group that are the user's."""
    return {key: value for key, value in read_tags(raw["tags"]).items() if not key.startswith(DERIVED)}


def find_template(state: ClusterState, raw: Row) -> Row | None:
    """The launch template of a group in its version: name, tags, data, role and profile."""
    return state.templates.get(get_template_key(raw))


def describe_group(state: ClusterState, raw: Row) -> Row | None:
    """The options of a group, with node_role, subnets and all tags; None for one whose template or role was not read."""
    template = find_template(state, raw)
    image = read_image(normalize_template_data(template["data"])) if template else None
    if template is None or image is None or not template.get("role"):
        return None
    labels, taints, config = _read_bootstrap(state, raw, template["data"])
    found = {
        "name": get_name(state, raw),
        "node_role": template["role"],
        "instance_profile": template["profile"],
        "subnets": raw["subnets"],
        "scaling_config": raw["scaling_config"],
        **_describe_capacity(raw, template["data"]),
        "ami_type": image.ami_type,
        "version": image.version,
        **{name: raw[name] for name, usual in OF_GROUP.items() if raw[name] != usual},
        "labels": labels or None,
        "taints": taints or None,
        "cluster_autoscaler": None if f"{AUTOSCALER}/enabled" in raw["tags"] else False,
        "tags": read_user_tags(raw),
    }
    item = drop_none(found)
    return {**item, "template": _describe_template(state, template["data"], item, config)}


def _describe_capacity(raw: Row, data: Row) -> Row:
    """Instance types and how they are bought, in as few words as say it."""
    if raw["capacity_type"] == CAPACITY_BLOCK:
        return {"instance_types": [data["InstanceType"]], "capacity_type": CAPACITY_BLOCK}
    distribution, kind = raw["instances_distribution"], raw["capacity_type"]
    if distribution.get(
        "on_demand_base_capacity"
    ):  # it says nothing beside 100 percent, and goes with no capacity_type
        kind = None
    usual = build_distribution({"capacity_type": kind}, True) if kind else DISTRIBUTION
    more = {name: value for name, value in distribution.items() if usual.get(name) != value}
    return {"instance_types": raw["instance_types"], "capacity_type": kind, "instances_distribution": more or None}


def _read_bootstrap(state: ClusterState, raw: Row, data: Row) -> tuple[Row, list[Row], Row | None]:
    """(labels, taints, the rest of the NodeConfig): of a NodeConfig, else of the tags for the Cluster Autoscaler."""
    config = read_node_config(data)
    if config is None:
        return *_read_autoscaler_tags(raw["tags"]), None
    spec = {**(config.get("spec") or {})}
    if spec.get("cluster") == build_cluster_details(state.cluster):
        spec.pop("cluster")
    kubelet = {**(spec.pop("kubelet", None) or {})}
    flags = kubelet.pop("flags", None) or []
    labels = [flag for flag in flags if flag.startswith(LABELS)]
    taints = [flag for flag in flags if flag.startswith(TAINTS)]
    others = [flag for flag in flags if flag not in (*labels, *taints)]
    kubelet |= {"flags": others} if others else {}
    spec |= {"kubelet": kubelet} if kubelet else {}
    rest = {**{key: value for key, value in config.items() if key != "spec"}, **({"spec": spec} if spec else {})}
    return _read_labels(labels), _read_taints(taints), rest or None


def _read_labels(flags: list[str]) -> Row:
    pairs = [pair for flag in flags for pair in flag.removeprefix(LABELS).split(",")]
    return {key: value for key, _sign, value in (pair.partition("=") for pair in pairs)}


def _read_taints(flags: list[str]) -> list[Row]:
    """ "dedicated=batch:NoSchedule" as options."""
    found = []
    for text in (one for flag in flags for one in flag.removeprefix(TAINTS).split(",")):
        named, _sign, effect = text.rpartition(":")
        key, _sign, value = named.partition("=")
        found.append(drop_none({"key": key, "value": value or None, "effect": OPTION_EFFECTS.get(effect, effect)}))
    return found


def _read_autoscaler_tags(tags: dict[str, str]) -> tuple[Row, list[Row]]:
    label, taint = f"{AUTOSCALER}/node-template/label/", f"{AUTOSCALER}/node-template/taint/"
    labels = {key.removeprefix(label): value for key, value in tags.items() if key.startswith(label)}
    rows = []
    for key, text in tags.items():
        if key.startswith(taint):
            value, _sign, effect = text.rpartition(":")
            row = {"key": key.removeprefix(taint), "value": value or None, "effect": OPTION_EFFECTS.get(effect, effect)}
            rows.append(drop_none(row))
    return labels, rows


def _build_own_tags(state: ClusterState, item: Row) -> dict[str, str]:
    """The tags of the instances, without those of their image."""
    name = {"Name": f"{state.name}-{item['name']}"}
    return {**name, **(item.get("tags") or {}), **build_owner_tags(state.region, state.name)}


def _describe_template(state: ClusterState, data: Row, item: Row, config: Row | None) -> Row:
    """The option ``template``."""
    rows = {row["ResourceType"]: row["Tags"] for row in data.get("TagSpecifications") or []}
    of_image = {row["Key"]: row["Value"] for row in rows.get("instance", []) if row["Key"].startswith(PREFIX)}
    known = {**_build_own_tags(state, item), **of_image}
    found = read_data(state, data, {**item, "tags": known})
    if PINNED_TAG not in of_image:
        found.pop("image_id", None)
    target = data.get("CapacityReservationSpecification") or {}
    named = target.get("CapacityReservationTarget") or {}
    reservation = drop_none(
        {
            "preference": target.get("CapacityReservationPreference"),
            "id": named.get("CapacityReservationId"),
            "resource_group_arn": named.get("CapacityReservationResourceGroupArn"),
        }
    )
    more = {
        "node_config": config,
        "capacity_reservation": reservation or None,
        "cpu_credits": (data.get("CreditSpecification") or {}).get("CpuCredits"),
    }
    ssh = _find_ssh_group(state, item["name"], found.get("security_groups") or [])
    if ssh:
        more |= {"ssh_sources": state.ssh_groups[ssh]["sources"]}
        found["security_groups"] = [one for one in found["security_groups"] if one != ssh] or None
    return drop_none({**found, **more})


def _find_ssh_group(state: ClusterState, name: str, groups: list[str]) -> str:
    """The ID of the security group that template.ssh_sources made; "" where there is none."""
    made = build_ssh_group_name(state.name, f"self-managed.{name}")
    return next((one for one in groups if (state.ssh_groups.get(one) or {}).get("name") == made), "")


def _add_ssh_group(state: ClusterState, item: Row, data: Row) -> Row:
    """The options with the security group for SSH in place of its sources, if these are what it has."""
    template, groups = item.get("template") or {}, data.get("SecurityGroupIds") or []
    ssh = _find_ssh_group(state, item["name"], groups)
    if not ssh or template.get("ssh_sources") != state.ssh_groups[ssh]["sources"]:
        return item
    return {**item, "template": {**template, "security_groups": [*(template.get("security_groups") or []), ssh]}}


def _build_made_data(state: ClusterState, data: Row, item: Row) -> Row:
    """The launch template that the options make with the image of the current one, for comparing."""
    image = read_image(normalize_template_data(data))
    wanted = {**_add_ssh_group(state, item, data), "ami_type": image.ami_type}
    made = build_data(wanted, image, choose_profile(item), state.cluster, _build_own_tags(state, item))
    return normalize_template_data(made)


def find_group_changes(state: ClusterState, raw: Row, item: Row) -> list[str]:
    """What the options would change of a group that kumo.eks made; empty where they make what there is.

    Args:
        item: the options, with node_role, subnets and all tags.
    """
    template = find_template(state, raw)
    current = normalize_template_data(template["data"]) if template else {}
    image = read_image(current)
    if template is None or image is None or template["name"] != build_group_name(state.name, item["name"]):
        return ["template"]
    if problems := list(find_self_managed_problems(item)):
        return problems
    try:
        made = _build_made_data(state, template["data"], item)
    except ValidationError as error:
        return [error.message]
    changed = {key for key in {*current, *made} if current.get(key) != made.get(key)}
    derived = {key: value for key, value in read_tags(raw["tags"]).items() if key.startswith(DERIVED)}
    return [
        *(["user_data"] if "user_data" in changed else ["template"] if changed else []),
        *(["labels"] if derived != build_derived_tags(item, state.name) else []),
        *(["tags"] if read_tags(template["tags"]) != (item.get("tags") or {}) else []),
        *_find_group_fields(state, raw, item, image.ami_type, image.version),
    ]


def _find_group_fields(state: ClusterState, raw: Row, item: Row, ami_type: str, version: str) -> list[str]:
    """The options of the Auto Scaling group that would change."""
    resource = AutoScalingGroupResource(None, raw["name"], {}, state.owner)
    is_block = raw["capacity_type"] == CAPACITY_BLOCK
    desired = {
        **{name: item.get(name) for name in ("tags", "scaling_config", "subnets", *OF_GROUP)},
        "instance_types": None if is_block else item.get("instance_types"),
        "instances_distribution": None if is_block else build_distribution(item, False),
    }
    found = [change.field.option for change in compare(resource.fields, raw, resource.adjust(raw, drop_none(desired)))]
    found += ["ami_type"] if item.get("ami_type", ami_type) != ami_type else []
    return found + (["version"] if item.get("version", version) != version else [])


def explain_changes(changes: list[str]) -> str:
    """Why a group is not written down."""
    if "user_data" in changes:
        return USER_DATA
    return SETTINGS if "template" in changes else f"{', '.join(dict.fromkeys(changes))} would change"
