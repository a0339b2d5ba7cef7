# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The IAM roles of add-ons: what the file says of them, and those that eksctl creates where it says nothing. Pure.

Manager.Create, getKnownServiceAccountLocation and setRecommendedPoliciesForIRSA in eksctl's pkg/actions/addon/create.go.
"""

from __future__ import annotations

from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.cluster_config.partitions import (
    build_managed_policy_arn,
    get_partition,
)
from ansible_collections.kumo.eks.plugins.module_utils.cluster_config.translation.identities import (
    INLINE,
    NAMESPACE,
    convert_well_known,
)
from ansible_collections.kumo.eks.plugins.module_utils.cluster_config.translation.network import is_ipv6
from ansible_collections.kumo.eks.plugins.module_utils.core.addon_accounts import ACCOUNTS
from ansible_collections.kumo.eks.plugins.module_utils.core.cni_policy import build_ipv6_cni_document
from ansible_collections.kumo.eks.plugins.module_utils.core.iam_names import (
    build_cluster_role_name,
    build_pod_role_name,
)
from ansible_collections.kumo.eks.plugins.module_utils.core.service_accounts import Account

Row = dict[str, Any]
CNI, CNI_POLICY = "vpc-cni", "AmazonEKS_CNI_Policy"
# Permissions that eksctl grants by default, by its names of well-known policies.
DEFAULT_RIGHTS = {"aws-ebs-csi-driver": "ebsCSIController", "aws-efs-csi-driver": "efsCSIController"}
WELL_KNOWN = "wellKnownPolicies"
# Add-ons that call no API of AWS, for which EKS recommends nothing
WITHOUT_RIGHTS = ("coredns", "kube-proxy", "metrics-server", "eks-pod-identity-agent")
POLICY_FIELDS = ("attachPolicyARNs", "attachPolicy", WELL_KNOWN)
# Of an association that the file has no role for: what describes the role.
ROLE_FIELDS = ("permissionPolicy", "permissionPolicyARNs", "permissionsBoundaryARN", "roleName")


def is_given(row: Row, name: str) -> bool:
    """Whether a field of an add-on or an association asks for something; a filled file has well-known policies that are all off."""
    value = row.get(name)
    return any(value.values()) if name == WELL_KNOWN and isinstance(value, dict) else bool(value)


def gets_recommended(addon: Row, config: Row) -> bool:
    """Whether an add-on gets roles by EKS Pod Identity with the policies that EKS recommends, where the file gives it none."""
    asked = addon.get("useDefaultPodIdentityAssociations") or (
        config.get("addonsConfig", {}).get("autoApplyPodIdentityAssociations") and addon["name"] not in WITHOUT_RIGHTS
    )
    given = ("serviceAccountRoleARN", "podIdentityAssociations", *POLICY_FIELDS)
    return bool(asked) and not any(is_given(addon, name) for name in given)


def choose_policies(addon: Row, config: Row) -> Row:
    """What an add-on's role for IRSA may do, by the fields of an add-on; empty where it has no such role."""
    given = {name: addon[name] for name in POLICY_FIELDS if is_given(addon, name)}
    without_default = not config.get("iam", {}).get("withOIDC") or gets_recommended(addon, config)
    if given or without_default or _has_other_role(addon, config):
        return given
    if addon["name"] in DEFAULT_RIGHTS:
        return {"wellKnownPolicies": {DEFAULT_RIGHTS[addon["name"]]: True}}
    if addon["name"] != CNI:
        return {}
    region = config["metadata"]["region"]
    if is_ipv6(config):
        return {"attachPolicy": build_ipv6_cni_document(get_partition(region))}
    return {"attachPolicyARNs": [build_managed_policy_arn(CNI_POLICY, region)]}


def _has_other_role(addon: Row, config: Row) -> bool:
    """Whether the file gives the add-on a role in another way, or gives its service account one."""
    if addon.get("serviceAccountRoleARN") or addon.get("podIdentityAssociations"):
        return True
    account = ACCOUNTS.get(addon["name"])
    rows = [row.get("metadata", {}) for row in config.get("iam", {}).get("serviceAccounts", [])]
    return account in [Account(row.get("namespace", NAMESPACE), row["name"]) for row in rows]


def build_account(addon: Row, config: Row) -> Row | None:
    """The add-on's role for IRSA as an item of eks_irsa_service_accounts; None where it has none."""
    policies = choose_policies(addon, config)
    if not policies:
        return None
    account = ACCOUNTS[addon["name"]]
    found = {
        "namespace": account.namespace,
        "name": account.name,
        "role_only": True,  # the add-on annotates its service account itself
        "policy_arns": policies.get("attachPolicyARNs", []),
        "inline_policies": {INLINE: policies["attachPolicy"]} if "attachPolicy" in policies else {},
        "well_known_policies": convert_well_known(policies),
        "permissions_boundary": addon.get("permissionsBoundary"),
    }
    return {name: value for name, value in found.items() if value is not None}


def name_account_role(addon: Row, config: Row) -> str | None:
    """The name that eks_irsa gives that role."""
    if not choose_policies(addon, config):
        return None
    return build_pod_role_name(config["metadata"]["name"], ACCOUNTS[addon["name"]])


def build_association_role(row: Row, addon: Row, config: Row) -> Row | None:
    """The role of one association of an add-on as an item of eks_addons_iam_roles; None for one that exists."""
    if "roleARN" in row:
        return None
    found = {
        "name": name_association_role(row, addon, config),
        "purpose": "addon",
        "policy_arns": row.get("permissionPolicyARNs", []),
        "inline_policies": (
            {row.get("permissionPolicyName", INLINE): row["permissionPolicy"]} if "permissionPolicy" in row else {}
        ),
        "permissions_boundary": row.get("permissionsBoundaryARN"),
    }
    return {name: value for name, value in found.items() if value is not None}


def name_association_role(row: Row, addon: Row, config: Row) -> str:
    """What the file says, or a name that no two associations share."""
    metadata = config["metadata"]
    purpose = f"addon.{addon['name']}.{row['serviceAccountName']}"
    return row.get("roleName") or build_cluster_role_name(metadata["name"], metadata["region"], purpose)
