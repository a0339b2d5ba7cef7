# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The launch template that kumo.eks made for a node group as its option ``template``. Pure.

User data is not written down, because it may hold secrets, except for a NodeConfig without any. Such a template is named by its ID, as is
one of somebody else.
"""

from __future__ import annotations

import base64
import json
import re
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.aws.iam_tags import read_tag_list
from ansible_collections.kumo.eks.plugins.module_utils.core.ami_types import DATA_DEVICES
from ansible_collections.kumo.eks.plugins.module_utils.core.errors import ValidationError
from ansible_collections.kumo.eks.plugins.module_utils.core.fields import drop_none
from ansible_collections.kumo.eks.plugins.module_utils.core.secrets import find_secrets
from ansible_collections.kumo.eks.plugins.module_utils.core.specs.node_template import DEFAULT_VOLUME_TYPE, get_system
from ansible_collections.kumo.eks.plugins.module_utils.core.user_data import BOUNDARY, NODE_CONFIG, NODE_CONFIG_HEAD
from ansible_collections.kumo.eks.plugins.module_utils.ec2.launch_template import normalize_template_data
from ansible_collections.kumo.eks.plugins.module_utils.export.state import ClusterState
from ansible_collections.kumo.eks.plugins.module_utils.nodes.ssh_access import build_ssh_group_name
from ansible_collections.kumo.eks.plugins.module_utils.nodes.template import (
    METADATA_KEYS,
    METADATA_OPTIONS,
    VOLUME_KEYS,
    build_template_data,
    build_template_name,
)

Row = dict[str, Any]
NODE_CONFIG_ALONE = re.compile(
    rf'MIME-Version: 1\.0\nContent-Type: multipart/mixed; boundary="{BOUNDARY}"\n\n'
    rf"--{BOUNDARY}\nContent-Type: {NODE_CONFIG}\n\n(.*)\n\n--{BOUNDARY}--\n",
    re.DOTALL,
)


def describe_template(state: ClusterState, group: Row, item: Row) -> tuple[Row | None, str]:
    """The option ``template``, and why there is none.

    Args:
        group: the answer of DescribeNodegroup.
        item: the options of the node group, with all of its tags.
    """
    named = group["launchTemplate"]
    found = state.templates.get((named["id"], str(named["version"])))
    if found is None or state.owner not in found["tags"]:
        return None, ""
    if found["name"] != build_template_name(state.name, group["nodegroupName"]):
        return None, ""
    config = read_node_config(found["data"])
    if found["data"].get("UserData") and config is None:
        return (
            None,
            "its launch template has user data, which is not written down. It is named by its ID, and stays as it is",
        )
    template = read_data(state, found["data"], {**item, "template": {}})
    template |= {"node_config": config} if config is not None else {}
    ssh = _find_ssh_group(state, found["data"], group["nodegroupName"])
    if ssh:
        kept = [one for one in template.get("security_groups") or [] if one != ssh]
        template["security_groups"] = kept or None
        template["ssh_sources"] = state.ssh_groups[ssh]["sources"]
        template = drop_none(template)
    made = {**template, "security_groups": [*(template.get("security_groups") or []), *([ssh] if ssh else [])]}
    if not _is_same(state, found["data"], {**item, "template": made}):
        return (
            None,
            "its launch template has settings for which template has no options. It is named by its ID, and stays as it is",
        )
    return template, ""


def _find_ssh_group(state: ClusterState, data: Row, nodegroup: str) -> str:
    """The ID of the security group that template.ssh_sources made for the node group; "" where there is none."""
    name = build_ssh_group_name(state.name, nodegroup)
    ids = data.get("SecurityGroupIds") or []
    return next((one for one in ids if (state.ssh_groups.get(one) or {}).get("name") == name), "")


def read_data(state: ClusterState, data: Row, item: Row) -> Row:
    """The options that LaunchTemplateData says, without user data.

    Args:
        item: the options of the node group; its tags are those that instances have anyway.
    """
    mark = {**(item.get("tags") or {}), state.owner: "owned"}
    rows = {row["ResourceType"]: read_tag_list(row["Tags"]) for row in data.get("TagSpecifications") or []}
    tags = {key: value for key, value in rows.get("instance", {}).items() if mark.get(key) != value}
    shared = state.cluster["resourcesVpcConfig"].get("clusterSecurityGroupId")
    groups = data.get("SecurityGroupIds") or []
    placement = data.get("Placement") or {}
    return drop_none(
        {
            "volumes": [_read_volume(row, item) for row in data.get("BlockDeviceMappings") or []] or None,
            "metadata_options": _read_metadata(data.get("MetadataOptions") or {}) or None,
            "tags": dict(sorted(tags.items())) or None,
            "security_groups": [group for group in groups if group != shared] or None,
            "cluster_security_group": False if groups and shared not in groups else None,
            "key_name": data.get("KeyName"),
            "image_id": data.get("ImageId"),
            "ebs_optimized": data.get("EbsOptimized"),
            "monitoring": (data.get("Monitoring") or {}).get("Enabled"),
            "enclave": (data.get("EnclaveOptions") or {}).get("Enabled"),
            "placement": drop_none(
                {
                    "group_name": placement.get("GroupName"),
                    "partition_number": placement.get("PartitionNumber"),
                    "tenancy": placement.get("Tenancy"),
                }
            )
            or None,
        }
    )


def read_node_config(data: Row) -> Row | None:
    """The NodeConfig of user data that has nothing else, as kumo.eks writes it; None for other user data and for one with secrets."""
    text = base64.b64decode(data.get("UserData") or "").decode(errors="replace")
    found = NODE_CONFIG_ALONE.fullmatch(text)
    if found is None:
        return None
    try:
        config = json.loads(found[1])
    except ValueError:
        return None
    config = {key: value for key, value in config.items() if NODE_CONFIG_HEAD.get(key) != value}
    return None if any(find_secrets(config)) else config


def _read_volume(row: Row, item: Row) -> Row:
    usual = DATA_DEVICES.get(get_system(item) or "")
    ebs = {option: row.get("Ebs", {}).get(key) for option, key in VOLUME_KEYS.items()}
    found = {"device_name": None if row["DeviceName"] == usual else row["DeviceName"], **ebs}
    if ebs["type"] == DEFAULT_VOLUME_TYPE:
        found["type"] = None
    if ebs["delete_on_termination"]:
        found["delete_on_termination"] = None
    return drop_none(found)


def _read_metadata(options: Row) -> Row:
    found = {option: options.get(key) for option, key in METADATA_KEYS.items()}
    return {name: value for name, value in found.items() if value is not None and value != METADATA_OPTIONS.get(name)}


def _is_same(state: ClusterState, data: Row, item: Row) -> bool:
    """Whether the options make the same launch template."""
    tags = {**(item.get("tags") or {}), state.owner: "owned"}
    try:
        made = build_template_data(item, tags, state.cluster)
    except ValidationError:  # an image of the user's own without user data
        return False
    return normalize_template_data(made) == normalize_template_data(data)
