# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What there is in IAM: roles with all their policies, managed policies with their documents, profiles, OIDC providers."""

from __future__ import annotations

from typing import Any

from support.account.pages import Listing, list_rows


def list_iam(iam: Any) -> Listing:
    return {
        "roles": [_describe_role(iam, row["RoleName"]) for row in list_rows(iam, "list_roles", "Roles")],
        "policies": [_describe_policy(iam, row) for row in list_rows(iam, "list_policies", "Policies", Scope="Local")],
        "instance_profiles": [
            _describe_profile(iam, row["InstanceProfileName"])
            for row in list_rows(iam, "list_instance_profiles", "InstanceProfiles")
        ],
        "oidc_providers": list_providers(iam),
    }


def list_roles_anywhere(client: Any) -> Listing:
    """Trust anchors and profiles of IAM Roles Anywhere."""
    return {
        "trust_anchors": list_rows(client, "list_trust_anchors", "trustAnchors"),
        "anywhere_profiles": list_rows(client, "list_profiles", "profiles"),
    }


def list_providers(iam: Any) -> list[Any]:
    """OIDC providers, with their ARN."""
    arns = [row["Arn"] for row in iam.list_open_id_connect_providers()["OpenIDConnectProviderList"]]
    return [{**iam.get_open_id_connect_provider(OpenIDConnectProviderArn=arn), "Arn": arn} for arn in arns]


def _describe_role(iam: Any, name: str) -> dict[str, Any]:
    words = {"RoleName": name}
    names = list_rows(iam, "list_role_policies", "PolicyNames", **words)
    return {
        **iam.get_role(**words)["Role"],
        "attached": list_rows(iam, "list_attached_role_policies", "AttachedPolicies", **words),
        "inline": {one: iam.get_role_policy(**words, PolicyName=one)["PolicyDocument"] for one in names},
    }


def _describe_policy(iam: Any, row: dict[str, Any]) -> dict[str, Any]:
    words = {"PolicyArn": row["Arn"]}
    version = iam.get_policy_version(**words, VersionId=row["DefaultVersionId"])["PolicyVersion"]
    return {
        "PolicyName": row["PolicyName"],
        "Arn": row["Arn"],
        "Path": row["Path"],
        "document": version["Document"],
        "tags": iam.list_policy_tags(**words)["Tags"],
        "attached": row["AttachmentCount"],
    }


def _describe_profile(iam: Any, name: str) -> dict[str, Any]:
    row = iam.get_instance_profile(InstanceProfileName=name)["InstanceProfile"]
    return {
        "InstanceProfileName": name,
        "Path": row["Path"],
        "roles": [role["RoleName"] for role in row["Roles"]],
        "tags": row.get("Tags", []),
    }
