# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What EKS says of the health of a resource: a status that is not ACTIVE, and health issues. Pure.

A cluster with issues stays ACTIVE: ClusterStatus in EKS' model has no DEGRADED. Nor has that of Fargate profiles.
"""

from __future__ import annotations

from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.core.errors import format_issues

# Statuses in which a resource is not as it should be. In CREATING and UPDATING it may have issues that pass.
UNHEALTHY_STATUSES = ("DEGRADED", "FAILED", "CREATE_FAILED", "UPDATE_FAILED", "DELETE_FAILED")


def list_issues(raw: dict[str, Any]) -> list[dict[str, Any]]:
    """The health issues of an answer of Describe."""
    return (raw.get("health") or {}).get("issues") or []


def format_status(raw: dict[str, Any]) -> str:
    """The status with what EKS says about it: DEGRADED (AccessDenied: no permission)."""
    issues = list_issues(raw)
    return raw["status"] + (f" ({format_issues(issues)})" if issues else "")


def describe_trouble(title: str, raw: dict[str, Any] | None) -> str:
    """What is wrong with a resource, in a sentence with EKS' own codes and texts. Empty where nothing is, and while it is deleted."""
    status = (raw or {}).get("status")
    if raw is None or status in (None, "DELETING"):
        return ""
    if status in UNHEALTHY_STATUSES:
        return f"{title} is {status}: {format_issues(list_issues(raw))}"
    return f"{title} is {status} and has health issues: {format_issues(list_issues(raw))}" if list_issues(raw) else ""
