# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the reconciler needs to know about a resource, and what it returns."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.core.fields import (
    Change,
    Field,
    build_set_options,
)

# Statuses that a resource leaves without help. A kind of resource whose DEGRADED is final overrides ``transient_statuses``.
# An add-on's is not: CoreDNS is DEGRADED until there are nodes for its pods.
TRANSIENT_STATUSES = frozenset({"CREATING", "UPDATING", "PENDING", "DEGRADED"})


# EKS accepts no update of a resource in one of these statuses, only its deletion.
CREATE_FAILED_STATUSES = ("CREATE_FAILED", "FAILED")


@dataclass(frozen=True)
class Request:
    """One API call that changes a resource. ``send`` returns the update that EKS started, or None."""

    operation: str
    send: Callable[[], dict[str, Any] | None]


class Resource:
    """A kind of resource, as the reconciler sees it. Each kind is a subclass.

    ``desired`` is keyed by the module's options. ``raw`` is the answer of the API, with at least a ``status``.
    """

    kind: str  # "node group", for messages
    name: str
    fields: tuple[Field, ...]
    transient_statuses = TRANSIENT_STATUSES  # statuses in which a wait goes on
    replaceable = False  # whether its module has the option replace
    replace_remedy = (
        "Set replace=true to delete and recreate it"  # of what cannot be changed in place, where it is replaceable
    )
    remedies: Mapping[str, str] = {}  # by the code of a health issue, what mends it
    update_remedies: Mapping[str, str] = {}  # by the code of an error of a failed update
    # The update as which EKS makes the last creation or deletion, for the few kinds of which it does: only that shows how it ended.
    started: dict[str, Any] | None = None
    refusal = "The service refused it"  # while is_propagating
    refusal_advice = "Check that everything it names exists."  # where it never ends

    def describe(self) -> dict[str, Any] | None:
        """The answer of the API, None when the resource does not exist."""
        raise NotImplementedError

    def validate(self, raw: dict[str, Any] | None, desired: dict[str, Any]) -> None:
        """Raise ValidationError for what the service would refuse, before anything is sent. ``raw`` is None for a creation."""

    def validate_deletion(self, raw: dict[str, Any], planned: bool) -> None:
        """Raise ValidationError for a deletion that would be refused, before it is sent.

        Args:
            planned: whether it is only planned (check mode), so that nobody else will refuse it.
        """

    def adjust(self, raw: dict[str, Any], desired: dict[str, Any]) -> dict[str, Any]:
        """The desired state, adjusted to the current one (like a desired size that respects an autoscaler)."""
        return desired

    def build_replacement(self, raw: dict[str, Any], desired: dict[str, Any]) -> dict[str, Any]:
        """The desired state of a replacement: the task's options, and the current values of all others."""
        return {**build_set_options(self.fields, raw), **self.adjust(raw, desired)}

    def is_immutable(self, change: Change) -> bool:
        """Whether the API has no request for this change."""
        return change.field.group is None

    def create(self, desired: dict[str, Any]) -> dict[str, Any]:
        """Start the creation and return the answer of the API."""
        raise NotImplementedError

    def predict(self, desired: dict[str, Any]) -> dict[str, Any]:
        """What a creation would return, in the shape of the API: for the diff and for check mode."""
        raise NotImplementedError

    def requests(self, raw: dict[str, Any], changes: list[Change], desired: dict[str, Any]) -> list[Request]:
        """The requests that make these changes, in the order in which they must be sent."""
        raise NotImplementedError

    def describe_update(self, update_id: str) -> dict[str, Any]:
        """DescribeUpdate of one of the resource's updates."""
        raise NotImplementedError

    def delete(self) -> None:
        """Start the deletion."""
        raise NotImplementedError

    def is_in_use(self, error: Exception) -> bool:
        """Whether the resource is busy (ResourceInUseException), so that the same request succeeds later."""
        return False

    def is_propagating(self, error: Exception) -> bool:
        """The service does not see yet what was made a moment ago in another one: the same request is right later."""
        return False

    def already_exists(self, error: Exception) -> bool:
        """Whether a creation failed because the resource exists: another run created it in the meantime."""
        return False

    def is_missing(self, error: Exception) -> bool:
        """Whether the error says that the resource does not exist (any more)."""
        return False


@dataclass
class Outcome:
    """The result for one resource. ``raw`` has the shape of the API and is None when the resource does not exist.

    ``replaced``: it was, or will be, deleted and created again.
    """

    changed: bool
    raw: dict[str, Any] | None
    before: dict[str, Any] = field(default_factory=dict)
    after: dict[str, Any] = field(default_factory=dict)
    updates: list[dict[str, Any]] = field(default_factory=list)
    replaced: bool = False


@dataclass(frozen=True)
class Plan:
    """The current state, the changes to make, and the desired state adjusted to the current one."""

    raw: dict[str, Any]
    changes: list[Change]
    wanted: dict[str, Any]
