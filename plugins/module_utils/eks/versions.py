# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Kubernetes versions as EKS offers and supports them. Source: DescribeClusterVersions"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.aws.lookups import describe_all_pages
from ansible_collections.kumo.eks.plugins.module_utils.core.versions import parse_minor

Row = dict[str, Any]
STANDARD_SUPPORT, EXTENDED_SUPPORT, UNSUPPORTED = "STANDARD_SUPPORT", "EXTENDED_SUPPORT", "UNSUPPORTED"
STANDARD, EXTENDED = "STANDARD", "EXTENDED"  # supportType of a cluster's upgrade policy


def list_versions(eks: Any, **wanted: Any) -> list[Row]:
    """The versions that EKS offers.

    Args:
        wanted: members of the request. With includeAll=True, versions that are no longer supported are there, too.
    """
    return describe_all_pages(eks, "describe_cluster_versions", "clusterVersions", **wanted)


def describe_version(eks: Any, version: str) -> Row:
    """What EKS says of a version that a cluster has; empty where it does not know it."""
    return find_version(list_versions(eks, clusterVersions=[version], includeAll=True), version)


def find_version(rows: Iterable[Row], version: str) -> Row:
    """The row of a version; empty where there is none."""
    return next((row for row in rows if row["clusterVersion"] == version), {})


def get_support_status(row: Row) -> str:
    """STANDARD_SUPPORT, EXTENDED_SUPPORT or UNSUPPORTED; empty where EKS does not say it.

    ClusterVersionInformation.status is deprecated for versionStatus, and spells the same in lower case and with hyphens.
    """
    return str(row.get("versionStatus") or row.get("status") or "").upper().replace("-", "_")


def find_offer_problem(option: str, version: str, rows: Iterable[Row]) -> str:
    """A sentence about a version that EKS does not offer, with those it does; empty where it offers it."""
    offered = [row["clusterVersion"] for row in rows if get_support_status(row) != UNSUPPORTED]
    if version in offered:
        return ""
    return f"{option}: EKS does not offer {version}. Versions are: {', '.join(sorted(offered, key=parse_minor))}."


def choose_support_type(desired: Row, raw: Row | None) -> str:
    """The support type that a cluster has, or will have: EXTENDED is that of a new cluster for which none is declared.

    https://docs.aws.amazon.com/eks/latest/userguide/view-upgrade-policy.html

    Args:
        desired: options of the cluster.
        raw: the cluster, None where there is none yet.
    """
    declared = (desired.get("upgrade_policy") or {}).get("support_type")
    return declared or ((raw or {}).get("upgradePolicy") or {}).get("supportType") or EXTENDED
