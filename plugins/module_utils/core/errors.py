# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Failures, with messages for the author of the task. Pure: imports nothing of AWS."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.core.error_kinds import build_help


class EksError(Exception):
    """A failure with a message for the user. ``facts`` become part of the result of the task. Only subclasses are raised.

    Attributes:
        kind: one of error_kinds.KINDS. A fact ``error_kind`` takes precedence: that of the failure that caused this one.
    """

    kind = ""

    def __init__(self, message: str, **facts: Any) -> None:
        super().__init__(message)
        self.message = message
        self.facts = {**build_help(self.kind), **facts}


class ValidationError(EksError):
    """The request contradicts itself, the resource or a rule of the service. Nothing was sent."""

    kind = "invalid-option"


class NotThere(ValidationError):
    """An option names a cluster or another resource that does not exist. Nothing was sent."""

    kind = "not-found"


class UnsupportedVersion(ValidationError):
    """A version that EKS does not offer, or not from the present one."""

    kind = "unsupported-version"


class CannotChange(ValidationError):
    """A setting that the service does not change in place."""

    kind = "cannot-be-changed"


class NotOwned(ValidationError):
    """A resource that somebody else created."""

    kind = "not-owned"


class GateClosed(ValidationError):
    """A check before a step that would do harm."""

    kind = "gate-closed"


class ReleasePending(ValidationError):
    """A Helm release that an earlier run has left half done, or that another run is working on."""

    kind = "helm-release-pending"


class HelmFailed(EksError):
    """Helm failed, with what became of the release."""

    kind = "helm-failed"


class KindNotServed(EksError):
    """The cluster does not know objects of this kind."""

    kind = "kind-not-served"


class UnexpectedAccess(EksError):
    """A principal may do something else than what is expected."""

    kind = "access-not-as-expected"


class NotFound(EksError):
    """What the work needs does not exist, or was deleted meanwhile."""

    kind = "not-found"


class SeveralFound(EksError):
    """It is not clear which of several resources is meant."""

    kind = "several-found"


class NotReady(EksError):
    """The cluster, or a part of it, is not in a state for this yet."""

    kind = "not-ready"


class InUse(EksError):
    """Something else needs what is to be removed."""

    kind = "in-use"


class Refused(EksError):
    """The service refused it, in an answer that is no exception or for a longer time."""

    kind = "request-refused"


class CannotBeRead(EksError):
    """Something that is only looked at cannot be read."""

    kind = "cannot-be-read"


class LocalFileError(EksError):
    """A file on the machine that runs the module."""

    kind = "local-file"


class MissingSoftware(EksError):
    """A library or program is missing, or too old."""

    kind = "missing-software"


class WaitFailed(EksError):
    """A wait ended in a terminal state. The message contains what the service said.

    Args:
        issues: what EKS said: health issues or errors of an update. ``help`` leads to the first one.
    """

    kind = "wait-failed"

    def __init__(self, message: str, issues: Iterable[Mapping[str, Any]] = (), **facts: Any) -> None:
        super().__init__(message, **{**build_help(self.kind, issues), **facts})


class NotDrained(WaitFailed):
    """Pods did not leave their node."""

    kind = "not-drained"


class Unhealthy(WaitFailed):
    """Something is not ready after it was updated."""

    kind = "unhealthy-after-update"


class WaitTimedOut(EksError):
    """A wait took longer than its limit. The message contains the last state."""

    kind = "wait-timed-out"


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
