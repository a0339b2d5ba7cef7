# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What EKS says of the health of a resource: a status that is not ACTIVE, health issues and errors of updates, and what to do about them. Pure.

A cluster with issues stays ACTIVE: ClusterStatus in EKS' model has no DEGRADED. Nor has that of Fargate profiles.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.core.errors import format_issues
from ansible_collections.kumo.eks.plugins.module_utils.core.resource import CREATE_FAILED_STATUSES, Resource

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
    return format_trouble(title, status, format_issues(list_issues(raw)) if list_issues(raw) else "")


def format_trouble(title: str, status: str, issues: str) -> str:
    """The sentence about a resource with this status and these issues in one line; empty where there are none and the status is fine."""
    if status in UNHEALTHY_STATUSES:
        return f"{title} is {status}: {issues or format_issues([])}"
    return f"{title} is {status} and has health issues: {issues}" if issues else ""


# What to do about it. The texts of EKS say what happened, and not which option mends it. Empty, or appended to a message.


def advise_on_creation(raw: dict[str, Any], resource: Resource | type[Resource]) -> str:
    """What to do about a resource whose creation failed."""
    if raw["status"] not in CREATE_FAILED_STATUSES:
        return ""
    way = "set replace=true" if resource.replaceable else "remove it with state=absent and run the task again"
    cause = _find_remedies(list_issues(raw), resource.remedies) or "Fix the cause."
    return f". {cause} Then {way} to delete and recreate it."


def advise_on_update(update: dict[str, Any], resource: Resource | type[Resource]) -> str:
    """What to do about an update that failed."""
    known = _find_remedies(update.get("errors") or [], resource.update_remedies)
    return f". {known}" if known else ""


def _find_remedies(issues: Iterable[dict[str, Any]], remedies: Mapping[str, str]) -> str:
    """Those of the codes of health issues, or of errors of an update, each once."""
    known = dict.fromkeys(remedies.get(row.get("code") or row.get("errorCode") or "", "") for row in issues)
    return " ".join(text for text in known if text)
