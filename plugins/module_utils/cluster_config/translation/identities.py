# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Turns iam.serviceAccounts and iam.podIdentityAssociations of a ClusterConfig into the variables of the role eks_irsa. Pure."""

from __future__ import annotations

from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.core.iam_names import build_pod_role_name
from ansible_collections.kumo.eks.plugins.module_utils.core.service_accounts import Account

NAMESPACE = "default"  # what eksctl takes where metadata.namespace is left out
INLINE = "kumo-eks"  # name of an inline policy that the file gives without a name

POLICIES = {
    "autoScaler": "auto_scaler",
    "awsLoadBalancerController": "aws_load_balancer_controller",
    "certManager": "cert_manager",
    "ebsCSIController": "ebs",
    "efsCSIController": "efs",
    "externalDNS": "external_dns",
    "imageBuilder": "image_builder",
}

SAME_OF_ACCOUNT = {
    "attachRoleARN": "role_arn",
    "permissionsBoundary": "permissions_boundary",
    "roleName": "role_name",
    "roleOnly": "role_only",
    "tags": "tags",
}
SAME_OF_ASSOCIATION = {
    "roleARN": "role_arn",
    "targetRoleARN": "target_role_arn",
    "disableSessionTags": "disable_session_tags",
    "policy": "session_policy",
    "permissionsBoundaryARN": "permissions_boundary",
    "roleName": "role_name",
    "tags": "tags",
}


def build_identities(config: dict[str, Any]) -> dict[str, Any]:
    """eks_irsa_oidc_provider and eks_irsa_pod_identity_associations, where the file says something of them."""
    iam = config.get("iam", {})
    return {
        "eks_irsa_oidc_provider": iam.get("withOIDC", False),
        "eks_irsa_pod_identity_associations": [
            _build_association(row) for row in iam.get("podIdentityAssociations", [])
        ]
        or None,
    }


def build_accounts(config: dict[str, Any]) -> list[dict[str, Any]]:
    """iam.serviceAccounts as items of eks_irsa_service_accounts."""
    cluster = config["metadata"]["name"]
    return [_build_account(row, cluster) for row in config.get("iam", {}).get("serviceAccounts", [])]


def _build_account(row: dict[str, Any], cluster: str) -> dict[str, Any]:
    metadata = row["metadata"]
    account = Account(metadata.get("namespace", NAMESPACE), metadata["name"])
    found = {
        "namespace": account.namespace,
        "name": account.name,
        "create_namespace": None if row.get("roleOnly") else True,  # as eksctl does
        "service_account_labels": metadata.get("labels"),
        "service_account_annotations": metadata.get("annotations"),
        "well_known_policies": convert_well_known(row),
        **_rename(row, SAME_OF_ACCOUNT),
    }
    if "attachRoleARN" not in row:
        found |= _build_policies(row.get("attachPolicyARNs"), row.get("attachPolicy"), INLINE)
    if "subjectPattern" in row:
        found |= {"name": row["subjectPattern"], "allow_patterns": True}
        found["role_name"] = row.get("roleName") or build_pod_role_name(cluster, account)
    return {name: value for name, value in found.items() if value is not None}


def _build_association(row: dict[str, Any]) -> dict[str, Any]:
    found = {
        "namespace": row["namespace"],
        "service_account": row["serviceAccountName"],
        "well_known_policies": convert_well_known(row),
        "create_service_account": row.get("createServiceAccount") or None,
        **_rename(row, SAME_OF_ASSOCIATION),
    }
    if "roleARN" not in row:
        name = row.get("permissionPolicyName", INLINE)
        found |= _build_policies(row.get("permissionPolicyARNs"), row.get("permissionPolicy"), name)
    return {name: value for name, value in found.items() if value is not None}


def _build_policies(arns: list[str] | None, document: Any, name: str) -> dict[str, Any]:
    """All policies of a role: a right that the file no longer gives is to go."""
    return {"policy_arns": arns or [], "inline_policies": {} if document is None else {name: document}}


def convert_well_known(row: dict[str, Any]) -> list[str] | None:
    """wellKnownPolicies of eksctl by the names of the modules."""
    return [POLICIES[name] for name, on in row.get("wellKnownPolicies", {}).items() if on] or None


def _rename(row: dict[str, Any], names: dict[str, str]) -> dict[str, Any]:
    return {names[name]: value for name, value in row.items() if name in names}
