# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What an input names that is in the account already, each with the option that names it. Pure."""

from __future__ import annotations

from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.nodes.options import choose_subnets

Read = dict[str, Any]
NODEGROUPS, PROFILES, ADDONS = "eks_nodegroups_list", "eks_fargate_profiles", "eks_addons_list"
SELF_MANAGED = "eks_self_managed_nodes_list"
# Groups of nodes: the option of eks_preflight, and the role variable behind it
GROUPS = (("nodegroups", NODEGROUPS), ("self_managed_nodegroups", SELF_MANAGED))


def list_subnets(read: Read) -> dict[str, str]:
    """The subnets an input names by ID, each with the option that names it."""
    given = (read.get("network") or {}).get("subnets")
    found = [(f"eks_network_subnets.{kind}", ids) for kind, ids in given.items()] if isinstance(given, dict) else []
    found.append(("eks_cluster_subnets", (read.get("cluster") or {}).get("subnets")))
    for option, variable in (*GROUPS, ("fargate_profiles", PROFILES)):
        for number, row in (read.get(option) or {}).items():
            found.append((f"{variable}[{number}].subnets", row.get("subnets")))
    return {one: option for option, ids in found for one in ids or [] if str(one).startswith("subnet-")}


def list_roles(read: Read) -> dict[str, str]:
    """The IAM roles an input names by ARN, each with the option; without those that the same input creates."""
    created = {
        row.get("role_name") for option in ("identities", "iam_roles") for row in (read.get(option) or {}).values()
    }
    cluster = read.get("cluster") or {}
    compute = cluster.get("compute_config") or {}
    found = [
        ("eks_cluster_role_arn", cluster.get("role_arn")),
        ("eks_cluster_compute_config.node_role_arn", compute.get("node_role_arn")),
    ]
    for option, variable, key in (
        *((option, variable, "node_role") for option, variable in GROUPS),
        ("fargate_profiles", PROFILES, "role_arn"),
    ):
        found += [(f"{variable}[{number}].{key}", row.get(key)) for number, row in (read.get(option) or {}).items()]
    return {arn: option for option, arn in found if arn and arn.rpartition("/")[2] not in created}


def list_children_subnets(read: Read) -> dict[str, list[str]]:
    """The subnets of node groups and Fargate profiles, by the option."""
    kinds = (*GROUPS, ("fargate_profiles", PROFILES))
    rows = [(f"{variable}[{n}].subnets", row) for kind, variable in kinds for n, row in (read.get(kind) or {}).items()]
    return {option: row["subnets"] for option, row in rows if row.get("subnets")}


def list_cluster_subnets(read: Read) -> dict[str, list[str]]:
    """The subnets in which the cluster is to be, by the option."""
    given = (read.get("network") or {}).get("subnets")
    ids = [subnet for row in given.values() for subnet in row or []] if isinstance(given, dict) else []
    found = {"eks_network_subnets": ids, "eks_cluster_subnets": (read.get("cluster") or {}).get("subnets")}
    return {option: row for option, row in found.items() if row}


def list_groups(read: Read) -> dict[str, list[str]]:
    """Security groups by ID, by the option; those by name belong to a VPC that may be yet to come."""
    found = {"eks_cluster_security_groups": (read.get("cluster") or {}).get("security_groups")}
    rows = [(f"{variable}[{n}]", row) for kind, variable in GROUPS for n, row in (read.get(kind) or {}).items()]
    for where, row in rows:
        found[f"{where}.template.security_groups"] = (row.get("template") or {}).get("security_groups")
        found[f"{where}.remote_access.source_sg"] = (row.get("remote_access") or {}).get("source_sg")
    named = {option: [group for group in ids or [] if str(group).startswith("sg-")] for option, ids in found.items()}
    return {option: ids for option, ids in named.items() if ids}


def list_instance_types(read: Read) -> dict[str, list[str]]:
    """Instance types of node groups, by the option."""
    rows = [(f"{variable}[{n}]", row) for kind, variable in GROUPS for n, row in (read.get(kind) or {}).items()]
    return {f"{where}.instance_types": row["instance_types"] for where, row in rows if row.get("instance_types")}


def list_group_subnets(read: Read, group: Read) -> list[str]:
    """The subnets by ID that a node group will have, as its role passes them to it; none of a network that is yet to come."""
    given = (read.get("network") or {}).get("subnets")
    kinds = given if isinstance(given, dict) else {}
    task = {f"{kind}_subnets": kinds.get(kind) for kind in ("private", "public")}
    return group.get("subnets") or choose_subnets(task, group) or []


def drop_stand_ins(read: Read) -> Read:
    """The input without the placeholder of the role of Auto Mode nodes, which the same input creates."""
    purposes = [row.get("purpose") for row in (read.get("iam_roles") or {}).values()]
    cluster = read.get("cluster") or {}
    if "auto_mode_node" not in purposes or not cluster.get("compute_config"):
        return read
    compute = {key: value for key, value in cluster["compute_config"].items() if key != "node_role_arn"}
    return {**read, "cluster": {**cluster, "compute_config": compute}}
