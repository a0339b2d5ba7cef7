# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the roles would change of a cluster by variables: each resource compared by its own table. Pure.

The variables of an export change nothing. Of a ClusterConfig, whose defaults are those of eksctl, that is not certain.
"""

from __future__ import annotations

from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.core.errors import ValidationError
from ansible_collections.kumo.eks.plugins.module_utils.core.fields import compare, drop_none
from ansible_collections.kumo.eks.plugins.module_utils.core.resource import Resource
from ansible_collections.kumo.eks.plugins.module_utils.core.service_accounts import Account
from ansible_collections.kumo.eks.plugins.module_utils.eks.access_entry import AccessEntryResource
from ansible_collections.kumo.eks.plugins.module_utils.eks.addon import AddonResource
from ansible_collections.kumo.eks.plugins.module_utils.eks.cluster import ClusterResource
from ansible_collections.kumo.eks.plugins.module_utils.eks.fargate_profile import FargateProfileResource
from ansible_collections.kumo.eks.plugins.module_utils.eks.nodegroup import NodegroupResource
from ansible_collections.kumo.eks.plugins.module_utils.eks.pod_identity_association import (
    PodIdentityAssociationResource,
)
from ansible_collections.kumo.eks.plugins.module_utils.export.self_managed import find_group_changes, get_name
from ansible_collections.kumo.eks.plugins.module_utils.export.state import ClusterState
from ansible_collections.kumo.eks.plugins.module_utils.nodes.options import build_item

Row = dict[str, Any]
OF_CLUSTER = "eks_cluster_"


def find_cluster_changes(state: ClusterState, variables: Row) -> list[str]:
    """The options of the cluster that would change."""
    given = {name.removeprefix(OF_CLUSTER): value for name, value in variables.items() if name.startswith(OF_CLUSTER)}
    names = {field.option for field in ClusterResource.fields} - {"tags"}
    desired: Row = {name: value for name, value in given.items() if name in names}
    desired |= {"tags": given.get("tags") or variables.get("eks_tags") or {}, "purge_tags": False}
    desired.setdefault("subnets", _list_network(state, variables))
    return _find_changes(ClusterResource(None, state.name), state.cluster, desired)


def find_nodegroup_changes(state: ClusterState, variables: Row, row: Row) -> list[str]:
    """The options of a node group that would change; ``template`` for a launch template that would be another one."""
    raw = next(one for one in state.nodegroups if one["nodegroupName"] == row["name"])
    task = {
        "defaults": {},
        "tags": variables.get("eks_tags") or {},
        "purge_tags": True,
        "private_subnets": _list_kind(state, variables, "private"),
        "public_subnets": _list_kind(state, variables, "public"),
    }
    item = build_item(task, row)
    if item.get("template") is not None:
        return ["template"]
    return _find_changes(NodegroupResource(None, state.name, row["name"], None), raw, item)


def find_self_managed_changes(state: ClusterState, variables: Row, row: Row) -> list[str]:
    """The options of a group of self-managed nodes that would change; the group is one of kumo.eks."""
    raw = next(one for one in state.self_managed if get_name(state, one) == row["name"])
    task = {
        "defaults": {},
        "tags": variables.get("eks_tags") or {},
        "private_subnets": _list_kind(state, variables, "private"),
        "public_subnets": _list_kind(state, variables, "public"),
    }
    roles = {entry["principalArn"] for entry in state.access_entries}
    entry = [] if row.get("node_role") in roles else ["access_entry"]
    return [*entry, *find_group_changes(state, raw, build_item(task, row))]


def find_profile_changes(state: ClusterState, variables: Row, row: Row) -> list[str]:
    """The options of a Fargate profile that would change."""
    raw = next(one for one in state.fargate_profiles if one["fargateProfileName"] == row["name"])
    desired = {"subnets": _list_kind(state, variables, "private"), **_add_tags(variables, row)}
    return _find_changes(FargateProfileResource(None, state.name, row["name"]), raw, desired)


def find_addon_changes(state: ClusterState, variables: Row, row: Row) -> list[str]:
    """The options of an add-on that would change."""
    raw = next(one for one in state.addons if one["addonName"] == row["name"])
    desired = _add_tags(variables, row)
    if "service_account_role_name" in desired:
        return ["service_account_role_name"]
    return _find_changes(AddonResource(None, state.name, desired, None), {**raw, "status": "ACTIVE"}, desired)


def find_entry_changes(state: ClusterState, variables: Row, row: Row) -> list[str]:
    """The options of an access entry that would change."""
    raw = next(one for one in state.access_entries if one["principalArn"] == row["principal_arn"])
    resource = AccessEntryResource(None, state.name, row["principal_arn"])
    return _find_changes(resource, raw, _add_tags(variables, row))


def find_association_changes(state: ClusterState, variables: Row, row: Row) -> list[str]:
    """The options of a pod identity association that would change."""
    key = (row["namespace"], row["service_account"])
    raw = next(one for one in state.associations if (one["namespace"], one["serviceAccount"]) == key)
    return _find_changes(
        PodIdentityAssociationResource(None, state.name, Account(*key)), raw, _add_tags(variables, row)
    )


def _list_network(state: ClusterState, variables: Row) -> list[str]:
    given = variables.get("eks_network_subnets")
    return [one for ids in given.values() for one in ids] if given else state.list_all_subnets()


def _list_kind(state: ClusterState, variables: Row, kind: str) -> list[str]:
    given = variables.get("eks_network_subnets")
    return (given.get(kind) or []) if given else state.list_subnets(kind)


def _add_tags(variables: Row, row: Row) -> Row:
    return {**row, "tags": {**(variables.get("eks_tags") or {}), **(row.get("tags") or {})}}


def _find_changes(resource: Resource, raw: Row, desired: Row) -> list[str]:
    """The options that would change; the reason where they are refused."""
    try:
        wanted = resource.adjust(raw, drop_none(desired))
    except ValidationError as error:
        return [error.message]
    return [change.field.option for change in compare(resource.fields, raw, wanted)]
