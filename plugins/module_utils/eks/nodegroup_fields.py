# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The fields of a managed node group, and what their changes look like in a request. Pure.

Sources: CreateNodegroup, UpdateNodegroupConfig, UpdateNodegroupVersion
"""

from __future__ import annotations

from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.aws.ownership import PREFIX
from ansible_collections.kumo.eks.plugins.module_utils.aws.tags import drop_reserved_tags
from ansible_collections.kumo.eks.plugins.module_utils.core.fields import (
    Field,
    convert_to_camel,
    convert_to_snake,
    drop_none,
    normalize_list,
    normalize_map,
    text,
)


def normalize_tags(tags: dict[str, Any] | None) -> dict[str, str]:
    """Tags without the marks of this collection, which only a creation sets."""
    return {key: value for key, value in drop_reserved_tags(tags).items() if not key.startswith(PREFIX)}


def normalize_order(value: list[str] | None) -> list[str]:
    """Compare in the order given.

    EKS tries On-Demand instance types in their order:
    https://docs.aws.amazon.com/eks/latest/userguide/managed-node-groups.html#managed-node-group-capacity-types
    """
    return list(value or [])


def normalize_taints(value: Any) -> list[dict[str, str]]:
    """Taints in one order, a missing value as the empty one."""
    taints = [{"key": t["key"], "value": t.get("value") or "", "effect": t["effect"]} for t in value or []]
    return sorted(taints, key=lambda taint: (taint["key"], taint["effect"]))


def normalize_remote_access(value: dict[str, Any] | None) -> dict[str, Any]:
    """{ec2_ssh_key, source_sg} from the option or from the API's remoteAccess."""
    value = value or {}
    key = value.get("ec2_ssh_key") or value.get("ec2SshKey")
    groups = value.get("source_sg") or value.get("sourceSecurityGroups") or []
    return drop_none({"ec2_ssh_key": key, "source_sg": sorted(groups) or None})


def build_remote_access(value: dict[str, Any]) -> dict[str, Any]:
    """RemoteAccessConfig from the option."""
    return drop_none({"ec2SshKey": value.get("ec2_ssh_key"), "sourceSecurityGroups": value.get("source_sg")})


def normalize_update_config(value: dict[str, Any] | None) -> dict[str, Any]:
    """updateConfig as the option. EKS may leave out its default strategy."""
    return {"update_strategy": "DEFAULT", **convert_to_snake(value or {})}


def normalize_node_repair_config(value: dict[str, Any] | None) -> dict[str, Any]:
    """nodeRepairConfig as the option, its overrides in one order."""
    config = convert_to_snake(value or {})
    key = "node_repair_config_overrides"
    rows = sorted(map(convert_to_snake, config.get(key) or []), key=lambda row: sorted(map(str, row.items())))
    return {**config, key: rows} if rows else config


def normalize_warm_pool_config(value: dict[str, Any] | None) -> dict[str, Any]:
    """warmPoolConfig as the option. Nothing else matters of a pool that is off."""
    config = convert_to_snake(value or {})
    return config if config.get("enabled") else {"enabled": False}


TAGS = Field("tags", "tags", "tags", normalize_tags, to_api=drop_reserved_tags)

FIELDS = (
    TAGS,
    Field("node_role", "nodeRole", None),
    Field("subnets", "subnets", None, normalize_list),
    Field("instance_types", "instanceTypes", None, normalize_order),
    Field("ami_type", "amiType", None),
    Field("capacity_type", "capacityType", None),
    Field("disk_size", "diskSize", None),
    # EKS answers no sourceSecurityGroups where none were given: only what the task names is compared.
    Field("remote_access", "remoteAccess", None, normalize_remote_access, partial=True, to_api=build_remote_access),
    # "You cannot later specify a different launch template ID or name": CreateNodegroup launchTemplate in EKS' model
    Field("launch_template.id", "launchTemplate.id", None),
    Field("scaling_config", "scalingConfig", "config", convert_to_snake, partial=True, to_api=convert_to_camel),
    Field("labels", "labels", "config", normalize_map, to_api=normalize_map),
    Field("taints", "taints", "config", normalize_taints, to_api=normalize_taints),
    Field("update_config", "updateConfig", "config", normalize_update_config, to_api=convert_to_camel),
    Field("node_repair_config", "nodeRepairConfig", "config", normalize_node_repair_config, to_api=convert_to_camel),
    Field("warm_pool_config", "warmPoolConfig", "config", normalize_warm_pool_config, to_api=convert_to_camel),
    Field("version", "version", "version", text),
    # Without a release EKS takes the newest one of the version: UpdateNodegroupVersion releaseVersion in EKS' model
    Field("release_version", "releaseVersion", "version", text, follows=("version", "launch_template.version")),
    Field("launch_template.version", "launchTemplate.version", "version", text, to_api=text),
)


def merge_exclusive(
    now: dict[str, Any] | None, asked: dict[str, Any], pairs: tuple[tuple[str, str], ...]
) -> dict[str, Any]:
    """The current values with those asked for over them. Of two that exclude each other the one asked for stays."""
    others = {pair[1 - side] for pair in pairs for side in (0, 1) if asked.get(pair[side]) is not None}
    return {**{key: value for key, value in convert_to_snake(now or {}).items() if key not in others}, **asked}


def build_labels_payload(now: dict[str, str], wanted: dict[str, str]) -> dict[str, Any]:
    """UpdateLabelsPayload that leads from the one to the other."""
    changed = {key: value for key, value in wanted.items() if now.get(key) != value}
    gone = sorted(set(now) - set(wanted))
    return {k: v for k, v in (("addOrUpdateLabels", changed), ("removeLabels", gone)) if v}


def build_taints_payload(now: list[dict[str, str]], wanted: list[dict[str, str]]) -> dict[str, Any]:
    """UpdateTaintsPayload that leads from the one to the other. Key and effect identify a taint."""
    kept = {(taint["key"], taint["effect"]) for taint in wanted}
    changed = [taint for taint in wanted if taint not in now]
    gone = [taint for taint in now if (taint["key"], taint["effect"]) not in kept]
    return {k: v for k, v in (("addOrUpdateTaints", changed), ("removeTaints", gone)) if v}
