# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who may use the cluster: accessConfig.accessEntries as they are, and iamIdentityMappings as the entries that give the same. Pure."""

from __future__ import annotations

from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.core.aws_auth import Mapping, Translation, translate
from ansible_collections.kumo.eks.plugins.module_utils.core.fields import drop_none
from ansible_collections.kumo.eks.plugins.module_utils.core.principals import get_kind

Options = dict[str, Any]


def build_access(config: Options) -> Options:
    """The entries of a file; where it has none, no variable."""
    rows = (config.get("accessConfig") or {}).get("accessEntries") or []
    entries = [build_entry(row) for row in rows if row and row.get("principalARN")]
    mapped = [translate_mapping(row).entry for row in config.get("iamIdentityMappings") or [] if row and row.get("arn")]
    entries += [entry for entry in mapped if entry]
    return {"eks_access_entries": entries or None}


def build_policies(rows: list[Options]) -> list[Options]:
    """accessPolicies of the file as option access_policies."""
    return [
        {
            "policy_arn": policy.get("policyARN"),
            "access_scope": {
                "type": (policy.get("accessScope") or {}).get("type"),
                "namespaces": (policy.get("accessScope") or {}).get("namespaces"),
            },
        }
        for policy in rows
        if policy
    ]


def build_entry(row: Options) -> Options:
    """An access entry of the file as options of eks_access_entry."""
    policies = build_policies(row.get("accessPolicies") or [])
    return drop_none(
        {
            "principal_arn": row["principalARN"],
            "type": row.get("type"),
            "kubernetes_groups": row.get("kubernetesGroups"),
            "username": row.get("kubernetesUsername"),
            "access_policies": policies or None,
        }
    )


def translate_mapping(row: Options) -> Translation:
    """An identity mapping of eksctl as an access entry, or why there is none."""
    arn = str(row.get("arn") or "")
    groups = tuple(row.get("groups") or ())
    return translate(Mapping(get_kind(arn), arn, str(row.get("username") or ""), groups))
