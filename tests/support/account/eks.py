# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What there is in EKS: clusters, and what belongs to each of them."""

from __future__ import annotations

from typing import Any

from support.account.pages import Listing, list_rows

# A kind: the member of its listing, and how one of it is described.
KINDS = {
    "nodegroups": ("nodegroups", "describe_nodegroup", "nodegroup", "nodegroupName"),
    "fargate_profiles": ("fargateProfileNames", "describe_fargate_profile", "fargateProfile", "fargateProfileName"),
    "addons": ("addons", "describe_addon", "addon", "addonName"),
    "access_entries": ("accessEntries", "describe_access_entry", "accessEntry", "principalArn"),
}


def list_eks(eks: Any) -> Listing:
    kinds = ("clusters", *KINDS, "associations", "identity_providers")
    found: Listing = {kind: [] for kind in kinds}
    for name in list_rows(eks, "list_clusters", "clusters"):
        cluster = eks.describe_cluster(name=name)["cluster"]
        for kind, rows in {"clusters": [cluster], **_list_children(eks, cluster)}.items():
            found[kind] += rows
    return found


def _list_children(eks: Any, cluster: dict[str, Any]) -> Listing:
    words = {"clusterName": cluster["name"]}
    found: Listing = {}
    for kind, (member, describe, answer, option) in KINDS.items():
        if kind == "access_entries" and cluster["accessConfig"]["authenticationMode"] == "CONFIG_MAP":
            continue  # EKS does not list them
        names = list_rows(eks, f"list_{kind}", member, **words)
        found[kind] = [getattr(eks, describe)(**words, **{option: name})[answer] for name in names]
    for entry in found.get("access_entries", []):
        more = {**words, "principalArn": entry["principalArn"]}
        entry["policies"] = list_rows(eks, "list_associated_access_policies", "associatedAccessPolicies", **more)
    rows = list_rows(eks, "list_pod_identity_associations", "associations", **words)
    found["associations"] = [
        eks.describe_pod_identity_association(**words, associationId=row["associationId"])["association"]
        for row in rows
    ]
    found["identity_providers"] = [
        eks.describe_identity_provider_config(**words, identityProviderConfig=row)["identityProviderConfig"]
        for row in list_rows(eks, "list_identity_provider_configs", "identityProviderConfigs", **words)
    ]
    return found
