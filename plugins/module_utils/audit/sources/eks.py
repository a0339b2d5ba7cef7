# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Sources of Amazon EKS."""

from __future__ import annotations

from functools import partial
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.audit.snapshot import Snapshot, source
from ansible_collections.kumo.eks.plugins.module_utils.aws.describe import describe_all, describe_or_none, list_names
from ansible_collections.kumo.eks.plugins.module_utils.eks.access_entry import describe_entry, list_entries
from ansible_collections.kumo.eks.plugins.module_utils.eks.addon_versions import build_version_rows, list_offered
from ansible_collections.kumo.eks.plugins.module_utils.eks.certificate_authority import describe_authorities
from ansible_collections.kumo.eks.plugins.module_utils.eks.identity_provider import describe_provider, list_providers
from ansible_collections.kumo.eks.plugins.module_utils.eks.insights import describe_insights, list_insights
from ansible_collections.kumo.eks.plugins.module_utils.eks.pod_identity_association import describe_associations
from ansible_collections.kumo.eks.plugins.module_utils.eks.versions import list_versions

Row = dict[str, Any]


@source()
def cluster(snapshot: Snapshot) -> Row:
    """The answer of DescribeCluster."""
    return snapshot.cluster


@source()
def now(snapshot: Snapshot) -> float:
    """The time of the audit, in seconds since 1970."""
    return snapshot.now


@source()
def cluster_versions(snapshot: Snapshot) -> list[Row]:
    """DescribeClusterVersions, all versions."""
    return list_versions(snapshot.eks, includeAll=True)


def _describe_children(snapshot: Snapshot, one: str, key: str, many: str, parameter: str) -> list[Row]:
    names = list_names(snapshot.eks, f"list_{many}", parameter, snapshot.cluster_name)
    look = partial(getattr(snapshot.eks, f"describe_{one}"), clusterName=snapshot.cluster_name)
    return describe_all(sorted(names), lambda name: describe_or_none(look, key, **{f"{key}Name": name}))


@source()
def nodegroups(snapshot: Snapshot) -> list[Row]:
    """DescribeNodegroup of each managed node group."""
    return _describe_children(snapshot, "nodegroup", "nodegroup", "nodegroups", "nodegroups")


@source()
def addons(snapshot: Snapshot) -> list[Row]:
    """DescribeAddon of each add-on."""
    return _describe_children(snapshot, "addon", "addon", "addons", "addons")


@source()
def fargate_profiles(snapshot: Snapshot) -> list[Row]:
    """DescribeFargateProfile of each profile."""
    return _describe_children(snapshot, "fargate_profile", "fargateProfile", "fargate_profiles", "fargateProfileNames")


@source()
def addon_offers(snapshot: Snapshot) -> dict[str, Row]:
    """By the name of each installed add-on its AddonInfo of DescribeAddonVersions for the cluster's version, and C(rows) with C(version),
    C(cluster_versions), C(default_for), newest first."""
    names = [row["addonName"] for row in snapshot.get("addons")]

    def look(name: str) -> Row:
        infos = list_offered(snapshot.eks, snapshot.cluster["version"], addonName=name)
        return {"name": name, "infos": infos, "rows": [row for info in infos for row in build_version_rows(info)]}

    return {row["name"]: row for row in describe_all(names, look)}


@source()
def access_entries(snapshot: Snapshot) -> list[Row]:
    """DescribeAccessEntry of each entry, with C(accessPolicies) of ListAssociatedAccessPolicies."""
    names = list_entries(snapshot.eks, snapshot.cluster_name)
    return describe_all(sorted(names), partial(describe_entry, snapshot.eks, snapshot.cluster_name))


@source()
def pod_identity_associations(snapshot: Snapshot) -> list[Row]:
    """DescribePodIdentityAssociation of each association."""
    return describe_associations(snapshot.eks, snapshot.cluster_name, {})


@source()
def identity_providers(snapshot: Snapshot) -> list[Row]:
    """DescribeIdentityProviderConfig of each OIDC identity provider of users."""
    names = list_providers(snapshot.eks, snapshot.cluster_name)
    return describe_all(sorted(names), partial(describe_provider, snapshot.eks, snapshot.cluster_name))


@source()
def capabilities(snapshot: Snapshot) -> list[Row]:
    """DescribeCapability of each capability."""
    rows = list_names(snapshot.eks, "list_capabilities", "capabilities", snapshot.cluster_name)
    look = partial(snapshot.eks.describe_capability, clusterName=snapshot.cluster_name)
    return describe_all(
        sorted(row["capabilityName"] for row in rows),
        lambda name: describe_or_none(look, "capability", capabilityName=name),
    )


@source()
def insights(snapshot: Snapshot) -> list[Row]:
    """DescribeInsight of each insight that has not passed, and the summary of ListInsights of all others."""
    rows = list_insights(snapshot.eks, snapshot.cluster_name, {})
    open_ids = [row["id"] for row in rows if row["insightStatus"]["status"] != "PASSING"]
    found = {row["id"]: row for row in describe_insights(snapshot.eks, snapshot.cluster_name, open_ids)}
    return [found.get(row["id"], row) for row in rows]


@source()
def certificate_authorities(snapshot: Snapshot) -> list[Row]:
    """DescribeCertificateAuthority of each certificate authority, oldest first."""
    return describe_authorities(snapshot.eks, snapshot.cluster_name).rows


@source()
def cluster_names(snapshot: Snapshot) -> list[str]:
    """The names of all clusters of the region."""
    return [name for page in snapshot.eks.get_paginator("list_clusters").paginate() for name in page["clusters"]]


@source()
def cluster_issuers(snapshot: Snapshot) -> list[str]:
    """The OIDC issuers of all clusters of the region, without C(https://)."""
    rows = describe_all(
        snapshot.get("cluster_names"),
        lambda name: describe_or_none(snapshot.eks.describe_cluster, "cluster", name=name),
    )
    found = [((row.get("identity") or {}).get("oidc") or {}).get("issuer", "") for row in rows]
    return sorted(issuer.removeprefix("https://") for issuer in found if issuer)
