# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""IAM roles as variables: one that kumo.eks made is described, so that it is still kept up to date; another one is named. Pure."""

from __future__ import annotations

from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.aws.partition import build_managed_policy_arn
from ansible_collections.kumo.eks.plugins.module_utils.aws.policy_documents import (
    normalize_document,
    normalize_documents,
)
from ansible_collections.kumo.eks.plugins.module_utils.core.errors import ValidationError
from ansible_collections.kumo.eks.plugins.module_utils.core.fields import drop_none
from ansible_collections.kumo.eks.plugins.module_utils.core.iam_names import build_cluster_role_name
from ansible_collections.kumo.eks.plugins.module_utils.export.state import ClusterState
from ansible_collections.kumo.eks.plugins.module_utils.export.tags import read_tags
from ansible_collections.kumo.eks.plugins.module_utils.iam.cluster_role import read_role
from ansible_collections.kumo.eks.plugins.module_utils.iam.purposes import OF_NODES, PURPOSES, SSM, list_policy_arns

Row = dict[str, Any]


def describe_role(state: ClusterState, arn: str, purpose: str, common: dict[str, str]) -> Row | None:
    """The options of eks_iam_role that make this role; None for one that kumo.eks did not make, or not so.

    What a role for this purpose has anyway is left out, so that a role as it is made without options is {}.

    Args:
        common: tags of everything that is made for the cluster.
    """
    raw = state.roles.get(arn)
    if raw is None or state.owner not in raw["tags"]:
        return None
    basic = {"ip_family": _get_ip_family(state)} if purpose in OF_NODES else {}
    ssm = purpose in OF_NODES and build_managed_policy_arn(SSM, state.partition) in raw["PolicyArns"]
    basic |= {"ssm": True} if ssm else {}
    usual = list_policy_arns(purpose, state.partition, basic)
    name = build_cluster_role_name(state.name, state.region, PURPOSES[purpose].label)
    options = drop_none(
        {
            "name": None if raw["RoleName"] == name else raw["RoleName"],
            "path": None if raw["Path"] == "/" else raw["Path"],
            "permissions_boundary": raw["PermissionsBoundary"] or None,
            "policy_arns": sorted(set(raw["PolicyArns"]) - set(usual)) or None,
            "ssm": True if ssm else None,
        }
    )
    return options if _is_made_by(state, raw, {"purpose": purpose, **basic, **options}, common) else None


def _get_ip_family(state: ClusterState) -> str:
    return (state.cluster.get("kubernetesNetworkConfig") or {}).get("ipFamily") or "ipv4"


def _is_made_by(state: ClusterState, raw: Row, options: Row, common: dict[str, str]) -> bool:
    """Whether these options change nothing of the role."""
    try:
        request = read_role(options, state.name, state.region, state.partition).request
    except ValidationError:
        return False
    return (
        request.name == raw["RoleName"]
        and set(request.options["policy_arns"]) == set(raw["PolicyArns"])
        and normalize_documents(request.options["inline_policies"]) == normalize_documents(raw["InlinePolicies"])
        and normalize_document(request.trust) == normalize_document(raw["AssumeRolePolicyDocument"])
        and read_tags(raw["tags"]) == common
    )


def describe_pod_role(state: ClusterState, arn: str, name: str, own_tags: dict[str, str]) -> Row | None:
    """The options of eks_irsa or eks_pod_identity that make the role of pods; None for one that kumo.eks did not make.

    Args:
        name: the name that a role has which the task does not name.
        own_tags: the tags that the role is to have.
    """
    raw = state.roles.get(arn)
    if raw is None or state.owner not in raw["tags"] or read_tags(raw["tags"]) != own_tags:
        return None
    return drop_none(
        {
            "role_name": None if raw["RoleName"] == name else raw["RoleName"],
            "path": None if raw["Path"] == "/" else raw["Path"],
            "policy_arns": sorted(raw["PolicyArns"]),
            "inline_policies": raw["InlinePolicies"] or None,
            "permissions_boundary": raw["PermissionsBoundary"] or None,
        }
    )
