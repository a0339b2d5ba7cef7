# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From the node groups a person writes to IAM roles, launch templates and options of eks_nodegroup. Pure."""

from __future__ import annotations

from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.aws.ownership import (
    build_owner_tags,
    describe_tag_differences,
    is_owned,
)
from ansible_collections.kumo.eks.plugins.module_utils.aws.partition import build_service_principal, get_partition
from ansible_collections.kumo.eks.plugins.module_utils.core.errors import EksError
from ansible_collections.kumo.eks.plugins.module_utils.iam.well_known_policies import (
    build_inline_policies,
    build_policy_arns,
)

# https://docs.aws.amazon.com/eks/latest/userguide/create-node-role.html
NODE_POLICIES = ("AmazonEKSWorkerNodePolicy", "AmazonEKS_CNI_Policy", "AmazonEC2ContainerRegistryReadOnly")
VOLUME = {
    "volume_size": "volume_size",
    "volume_type": "volume_type",
    "volume_iops": "iops",
    "volume_throughput": "throughput",
    "volume_encrypted": "encrypted",
    "volume_kms_key_id": "kms_key_id",
}
# What the role reads itself and eks_nodegroup does not know.
OF_THE_ROLE = (*VOLUME, "volume_name", "private_networking", "addon_policies", "attach_policy_arns")
Group = dict[str, Any]


def check_names(groups: list[Group]) -> None:
    """Refuse a name that is there twice: the second group would undo the first."""
    names = [group["name"] for group in groups]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise EksError(
            f"eks_nodegroups_list: {', '.join(twice)} is there more than once; each node group has its own name"
        )


def has_own_role(group: Group) -> bool:
    return bool(group.get("addon_policies") or group.get("attach_policy_arns"))


def role_name_of(group: Group, cluster: str, shared: str) -> str:
    """The role of a group: the shared one, or its own (at most the 64 characters of IAM)."""
    return f"{cluster}-{group['name']}"[:55] + "-NodeRole" if has_own_role(group) else shared


def build_roles(groups: list[Group], cluster: str, shared: str, region: str, tags: dict[str, str]) -> list[Group]:
    """The IAM roles that the groups need: the shared one with its three policies, and one for each with more."""
    partition = get_partition(region)
    three = [f"arn:{partition}:iam::aws:policy/{name}" for name in NODE_POLICIES]
    roles: dict[str, Group] = {}
    for group in groups:
        if group.get("node_role"):
            continue
        name, extra = role_name_of(group, cluster, shared), group.get("addon_policies") or []
        policies = [*three, *build_policy_arns(extra, partition), *(group.get("attach_policy_arns") or [])]
        role = {"name": name, "service": build_service_principal("ec2", partition), "policies": policies, "tags": tags}
        if has_own_role(group):
            role["inline"] = [
                {"name": word, "document": document}
                for word, document in build_inline_policies(extra, partition).items()
            ]
        roles[name] = role
    return list(roles.values())


def build_template(group: Group, cluster: str) -> Group | None:
    """The launch template for a group's root volume, or None where nothing is said about it."""
    ebs = {ours: group[option] for option, ours in VOLUME.items() if group.get(option) is not None}
    if not ebs or group.get("launch_template"):
        return None
    ebs = {"volume_type": "gp3", "delete_on_termination": True, **ebs}
    device = group.get("volume_name") or "/dev/xvda"
    return {
        "name": f"{cluster}-{group['name']}",
        "block_device_mappings": [{"device_name": device, "ebs": ebs}],
    }


def template_differences(found: Group | None, wanted: Group, facts: dict[str, Any]) -> list[str]:
    """In words, what of a launch template's latest version is not as wanted."""
    if found is None:
        return ["new"]
    if not is_owned(found["tags"], facts["region"], facts["cluster"]):
        raise EksError(
            f"Launch template {wanted['name']} exists and was not made for this cluster by kumo.eks. "
            "Give the node group another name, or the template as its launch_template."
        )
    mappings = found["latest"].get("block_device_mappings") or []
    device = wanted["block_device_mappings"][0]
    there = next((row.get("ebs", {}) for row in mappings if row["device_name"] == device["device_name"]), {})
    words = [f"{key}: {there.get(key)} -> {value}" for key, value in device["ebs"].items() if there.get(key) != value]
    return words + describe_tag_differences(found["tags"], wanted["tags"])


def build_nodegroup(group: Group, facts: dict[str, Any]) -> Group:
    """A group as eks_nodegroup takes it."""
    row = {key: value for key, value in group.items() if key not in OF_THE_ROLE and value is not None}
    kind = "public" if group.get("private_networking") is False else "private"
    row.setdefault("subnets", facts["subnets"][kind])
    role = role_name_of(group, facts["cluster"], facts["role_name"])
    row.setdefault("node_role", facts["role_arns"].get(role, ""))
    row["tags"] = {**facts["tags"], **(group.get("tags") or {})}
    # A template that is still to be made (check mode) has no version to name.
    found = facts["templates"].get((build_template(group, facts["cluster"]) or {}).get("name"))
    if found:
        version = str(found["latest_version_number"])  # the latest one has the volume that is written
        row["launch_template"] = {"name": found["launch_template_name"], "version": version}
    return row


def nodegroup_plan(
    groups: list[Group],
    cluster: str,
    region: str,
    role_name: str,
    subnets: dict[str, list[str]],
    tags: dict[str, str],
    roles: list[Group] | None = None,
    templates: list[Group] | None = None,
) -> dict[str, Any]:
    """roles and launch_templates that the groups need, those templates that differ, and the options of eks_nodegroup.

    roles: ``roles`` and ``missing_roles`` of eks_foundation_info; templates: its ``launch_templates``.
    """
    check_names(groups)
    there = {template["launch_template_name"]: template for template in templates or []}
    arns = {role["role_name"]: role["arn"] for role in roles or []}
    facts = {"cluster": cluster, "region": region, "role_name": role_name, "subnets": subnets, "tags": tags}
    facts |= {"role_arns": arns, "templates": there}
    own = {**tags, **build_owner_tags(region, cluster)}
    wanted = [{**template, "tags": own} for group in groups if (template := build_template(group, cluster))]
    differing = [{**row, "why": "; ".join(template_differences(there.get(row["name"]), row, facts))} for row in wanted]
    return {
        "roles": build_roles(groups, cluster, role_name, region, tags),
        "launch_templates": wanted,
        "differing_templates": [row for row in differing if row["why"]],
        "nodegroups": [build_nodegroup(group, facts) for group in groups],
        "names": [{"name": group["name"]} for group in groups],
    }
