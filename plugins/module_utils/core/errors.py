# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What can go wrong, in words for the person who wrote the task. Pure: imports nothing of AWS."""

from __future__ import annotations

from typing import Any


class EksError(Exception):
    """A failure with a message for the user and facts for the result (``facts`` becomes part of it)."""

    def __init__(self, message: str, **facts: Any) -> None:
        super().__init__(message)
        self.message = message
        self.facts = facts


class ValidationError(EksError):
    """The request contradicts itself, the resource or the service's rules; nothing was sent."""


class WaitFailed(EksError):
    """A wait ended in a terminal state; the message carries the service's own words."""


class WaitTimedOut(EksError):
    """A wait took longer than its limit; the message carries the last state seen."""


def add_facts(error: Exception, facts: dict[str, Any]) -> None:
    """Add facts to an exception of any kind, for the task's result; the ones it has stay."""
    error.facts = {**facts, **get_facts(error)}


def get_facts(error: Exception) -> dict[str, Any]:
    """The facts an exception carries for the task's result."""
    return getattr(error, "facts", {})


def format_issues(issues: list[dict[str, Any]]) -> str:
    """The service's words: health issues (code, message) or update errors (errorCode, errorMessage) in one line.

    Sources: DescribeNodegroup health.issues, DescribeUpdate update.errors.
    """
    words = []
    for issue in issues:
        code = issue.get("code") or issue.get("errorCode") or "Unknown"
        text = issue.get("message") or issue.get("errorMessage") or "no message"
        ids = ", ".join(issue.get("resourceIds") or [])
        words.append(f"{code}: {text}" + (f" ({ids})" if ids else ""))
    return "; ".join(words) or "EKS gave no reason"
