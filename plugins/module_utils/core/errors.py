# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Failures, with messages for the author of the task. Pure: imports nothing of AWS."""

from __future__ import annotations

from typing import Any


class EksError(Exception):
    """A failure with a message for the user. ``facts`` become part of the result of the task."""

    def __init__(self, message: str, **facts: Any) -> None:
        super().__init__(message)
        self.message = message
        self.facts = facts


class ValidationError(EksError):
    """The request contradicts itself, the resource or a rule of the service. Nothing was sent."""


class WaitFailed(EksError):
    """A wait ended in a terminal state. The message contains what the service said."""


class WaitTimedOut(EksError):
    """A wait took longer than its limit. The message contains the last state."""


DOUBTFUL_ATTEMPTS = "DoubtfulAttempts"  # in an answer's ResponseMetadata, written by aws.attempts


def was_repeated(answer: Exception | dict[str, Any]) -> bool:
    """Whether the request was sent before, and that attempt may have done the work: its answer was lost, or the server failed.

    "Already exists" and "not found" then are this run's own doing, and what has no client token may be there twice.
    """
    response = answer if isinstance(answer, dict) else getattr(answer, "response", None) or {}
    return bool(response.get("ResponseMetadata", {}).get(DOUBTFUL_ATTEMPTS))


def add_facts(error: Exception, facts: dict[str, Any]) -> None:
    """Add facts to an exception of any kind, for the result of the task. Facts that it has already are kept."""
    error.facts = {**facts, **get_facts(error)}


def get_facts(error: Exception) -> dict[str, Any]:
    """The facts of an exception for the result of the task."""
    return getattr(error, "facts", {})


def format_issues(issues: list[dict[str, Any]]) -> str:
    """Health issues (code, message) or update errors (errorCode, errorMessage) in one line.

    Sources: DescribeNodegroup health.issues, DescribeUpdate update.errors.
    """
    reasons = []
    for issue in issues:
        code = issue.get("code") or issue.get("errorCode") or "Unknown"
        text = issue.get("message") or issue.get("errorMessage") or "no message"
        ids = ", ".join(issue.get("resourceIds") or [])
        reasons.append(f"{code}: {text}" + (f" ({ids})" if ids else ""))
    return "; ".join(reasons) or "EKS gave no reason"


def is_service_failure(error: Exception) -> bool:
    """Whether the exception is a failure that a user can act on: ours, or one of botocore's. Any other is an error of programming."""
    return isinstance(error, EksError) or any(kind.__module__.startswith("botocore.") for kind in type(error).__mro__)
