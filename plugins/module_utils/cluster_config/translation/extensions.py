# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a cluster has beside its control plane: identityProviders and capabilities, as variables of the role eks_cluster. Pure.

What eksctl creates: pkg/actions/identityproviders, pkg/actions/capability/creator.go, pkg/cfn/builder/capability.go.
"""

from __future__ import annotations

from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.cluster_config.translation.access import build_policies
from ansible_collections.kumo.eks.plugins.module_utils.cluster_config.translation.identities import INLINE

Row = dict[str, Any]

PROVIDER = {
    "name": "name",
    "issuerURL": "issuer_url",
    "clientID": "client_id",
    "usernameClaim": "username_claim",
    "usernamePrefix": "username_prefix",
    "groupsClaim": "groups_claim",
    "groupsPrefix": "groups_prefix",
    "requiredClaims": "required_claims",
    "tags": "tags",
}
CAPABILITY = {
    "name": "name",
    "roleArn": "role_arn",
    "tags": "tags",
    "attachPolicyARNs": "policy_arns",
    "permissionsBoundary": "permissions_boundary",
}


def build_extensions(config: Row) -> Row:
    """eks_cluster_identity_providers and eks_cluster_capabilities, where the file has them."""
    providers = [_rename(row, PROVIDER) for row in config.get("identityProviders", [])]
    capabilities = [build_capability(row) for row in config.get("capabilities", [])]
    return {
        "eks_cluster_identity_providers": providers or None,
        "eks_cluster_capabilities": capabilities or None,
    }


def build_capability(row: Row) -> Row:
    """One capability, as an item of eks_cluster_capabilities. EKS has one way to delete it, RETAIN, which is the default."""
    found = _rename(row, CAPABILITY) | {"type": row["type"].upper()}
    if "attachPolicy" in row:
        found["inline_policies"] = {INLINE: row["attachPolicy"]}
    if "argocd" in row.get("configuration", {}):
        found["argo_cd"] = _build_argo_cd(row["configuration"]["argocd"])
    if row.get("accessPolicies"):
        found["access_policies"] = build_policies(row["accessPolicies"])
    return found


def _build_argo_cd(given: Row) -> Row:
    idc = _rename(given.get("awsIdc", {}), {"idcInstanceArn": "idc_instance_arn", "idcRegion": "idc_region"})
    network = _rename(given.get("networkAccess", {}), {"vpceIds": "vpce_ids"})
    found = {
        "namespace": given.get("namespace"),
        "aws_idc": idc or None,
        "network_access": network or None,
        "rbac_role_mappings": given.get("rbacRoleMappings"),
    }
    return {name: value for name, value in found.items() if value is not None}


def _rename(row: Row, names: dict[str, str]) -> Row:
    return {option: row[field] for field, option in names.items() if row.get(field) not in (None, "")}
