# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Findings as all reports show them: by rule, the most severe first. Pure."""

from __future__ import annotations

from ansible_collections.kumo.eks.plugins.module_utils.audit.rule import SEVERITIES, UNKNOWN, Row

NONE = "none"  # a threshold that no finding reaches


def list_open(cluster: Row) -> list[Row]:
    """The findings that no exception covers."""
    return [row for row in cluster.get("findings") or [] if not row["exception"]]


def group_by_rule(findings: list[Row]) -> list[list[Row]]:
    """Findings of one rule together, in the order of the first of each."""
    found: dict[str, list[Row]] = {}
    for row in findings:
        found.setdefault(row["id"], []).append(row)
    return list(found.values())


def list_unknown(cluster: Row) -> list[Row]:
    """The checks that could not look."""
    return [row for row in cluster.get("checks") or [] if row["verdict"] == UNKNOWN]


def group_by_reason(checks: list[Row]) -> dict[str, list[str]]:
    """The IDs of unknown checks by the reason."""
    found: dict[str, list[str]] = {}
    for row in checks:
        found.setdefault(row["reason"], []).append(row["id"])
    return found


def reaches(severity: str, threshold: str) -> bool:
    """Whether a severity is as high as a threshold, or higher."""
    return threshold != NONE and SEVERITIES.index(severity) <= SEVERITIES.index(threshold)


def format_counts(counts: Row) -> str:
    """The numbers of findings, like "2 high, 5 medium"; "no findings"."""
    return ", ".join(f"{number} {name}" for name, number in counts.items() if number) or "no findings"


def get_title(cluster: Row) -> str:
    """The cluster as a title: its name, with its region where that is known."""
    name = cluster.get("cluster_name") or cluster.get("host") or ""
    return f"{name} ({cluster['region']})" if cluster.get("region") else name


def list_expired(cluster: Row) -> list[Row]:
    return [row for row in cluster.get("exceptions") or [] if row["state"] == "expired"]


def list_unused(cluster: Row) -> list[Row]:
    return [row for row in cluster.get("exceptions") or [] if row["state"] == "unused"]
