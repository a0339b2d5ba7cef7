# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the reconciler needs to know of a resource, and what it answers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.core.fields import (
    Change,
    Field,
    build_options,
)

# Statuses that a wait rides out. A resource whose DEGRADED does not heal by itself says so in its own ``transient_statuses``;
# an add-on's does (CoreDNS is DEGRADED until nodes come).
TRANSIENT_STATUSES = frozenset({"CREATING", "UPDATING", "PENDING", "DEGRADED"})


CREATE_FAILED_STATUSES = ("CREATE_FAILED", "FAILED")  # EKS takes no change of these, only their deletion


@dataclass(frozen=True)
class Request:
    """One call that changes a resource. ``send`` returns the update EKS started, None where it starts none."""

    operation: str
    send: Callable[[], dict[str, Any] | None]


class Resource:
    """What the engine needs to know of a resource; the kinds of resources inherit from this.

    ``desired`` is keyed by the module's options, ``raw`` is the API's answer with at least a ``status``.
    """

    kind: str  # "node group", for messages
    name: str
    fields: tuple[Field, ...]
    transient_statuses = TRANSIENT_STATUSES  # the statuses that a wait rides out
    replaceable = False  # whether its module has the option replace

    def describe(self) -> dict[str, Any] | None:
        """The API's answer, None where there is none."""
        raise NotImplementedError

    def validate(self, raw: dict[str, Any] | None, desired: dict[str, Any]) -> None:
        """Raise Refused for what would not be taken, before anything is sent. ``raw`` is None for a creation."""

    def adjust(self, raw: dict[str, Any], desired: dict[str, Any]) -> dict[str, Any]:
        """The desired state in the light of the current one (a desired size that respects an autoscaler)."""
        return desired

    def build_replacement(self, raw: dict[str, Any], desired: dict[str, Any]) -> dict[str, Any]:
        """What a replacement is made of: what the task says, and for the rest what the old one has."""
        return {**build_options(self.fields, raw), **self.adjust(raw, desired)}

    def is_immutable(self, change: Change) -> bool:
        """Whether no request makes this change."""
        return change.field.group is None

    def create(self, desired: dict[str, Any]) -> dict[str, Any]:
        """Start the creation; returns the API's answer."""
        raise NotImplementedError

    def predict(self, desired: dict[str, Any]) -> dict[str, Any]:
        """What a creation would answer, in the API's shape: the diff, and the result of check mode."""
        raise NotImplementedError

    def requests(self, raw: dict[str, Any], changes: list[Change], desired: dict[str, Any]) -> list[Request]:
        """What to send for these changes, in the order it must follow one another."""
        raise NotImplementedError

    def describe_update(self, update_id: str) -> dict[str, Any]:
        """DescribeUpdate of one of the resource's updates."""
        raise NotImplementedError

    def delete(self) -> None:
        """Start the deletion."""
        raise NotImplementedError

    def is_in_use(self, error: Exception) -> bool:
        """It is busy (ResourceInUseException): the same request is right later."""
        return False

    def is_propagating(self, error: Exception) -> bool:
        """The service does not see yet what was made a moment ago in another one: the same request is right later."""
        return False

    def already_exists(self, error: Exception) -> bool:
        """A creation came second: somebody else made it meanwhile."""
        return False

    def is_missing(self, error: Exception) -> bool:
        """There is no such resource (any more)."""
        return False


@dataclass
class Outcome:
    """What became of a resource: ``raw`` in the API's shape, None when it is not there."""

    changed: bool
    raw: dict[str, Any] | None
    before: dict[str, Any] = field(default_factory=dict)
    after: dict[str, Any] = field(default_factory=dict)
    updates: list[dict[str, Any]] = field(default_factory=list)


@dataclass(frozen=True)
class Plan:
    """What stands, what is to change, and the desired state in the light of what stands."""

    raw: dict[str, Any]
    changes: list[Change]
    wanted: dict[str, Any]
