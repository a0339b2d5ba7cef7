# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The one way to reconcile a resource: describe, compare, plan, apply, wait, describe again.

A resource describes itself by a table of fields. The order of the calls is here: an update is followed by its id
(DescribeUpdate), because a resource is ACTIVE again whether its update succeeded or failed. Updates of one resource are
sent one after the other, because EKS serialises them (ResourceInUseException). While another run updates the resource,
the plan is made again for every try. A terminal status fails with what EKS said. A failure reports what was sent before it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NoReturn, TypeVar

from ansible_collections.kumo.eks.plugins.module_utils.core.errors import (
    CannotChange,
    NotFound,
    Refused,
    WaitFailed,
    add_facts,
    format_issues,
    was_repeated,
)
from ansible_collections.kumo.eks.plugins.module_utils.core.fields import (
    Change,
    build_diff,
    build_expected,
    build_options,
    compare,
)
from ansible_collections.kumo.eks.plugins.module_utils.core.health import (
    advise_on_creation,
    advise_on_update,
    format_status,
    list_issues,
)
from ansible_collections.kumo.eks.plugins.module_utils.core.progress import Wait
from ansible_collections.kumo.eks.plugins.module_utils.core.resource import (
    CREATE_FAILED_STATUSES,
    Outcome,
    Plan,
    Request,
    Resource,
)
from ansible_collections.kumo.eks.plugins.module_utils.core.waiting import CATCH_UP, Deadline, poll

T = TypeVar("T")

# Seconds for which a request is repeated that is refused because a new IAM role is not seen yet. IAM names no limit; it takes seconds
# mostly. terraform-provider-aws waits for two minutes (propagationTimeout in internal/service/eks).
PROPAGATION_TIMEOUT = 180


@dataclass
class Reconciler:
    """Reconciles one resource.

    Args:
        check_mode: predict only.
        wait: return when the resource is settled (ACTIVE or gone) instead of when EKS has taken the request.
        wait_timeout: limit in seconds for all waits of this resource together.
        replace: an immutable change may delete and recreate the resource.
    """

    resource: Resource
    check_mode: bool = False
    wait: bool = False
    wait_timeout: float = 1200
    replace: bool = False

    def __post_init__(self) -> None:
        self._deadline = Deadline(self.wait_timeout)
        self._title = f"{self.resource.kind} {self.resource.name}"
        self._propagation: Deadline | None = None  # begins with the first answer that something is not seen yet
        self._wait: Wait | None = None  # until it is seen
        self._unseen: Deadline | None = None  # until when a read may be without what this run made
        self._sent: dict[str, Any] = {}  # facts for the result of a failure: what had been done until then

    def ensure_present(self, desired: dict[str, Any]) -> Outcome:
        return self._record_progress(lambda: self._present(desired))

    def ensure_absent(self) -> Outcome:
        return self._record_progress(self._absent)

    def _record_progress(self, work: Callable[[], Outcome]) -> Outcome:
        """Do the work. A failure gets what was sent before it among its facts."""
        try:
            return work()
        except Exception as error:
            add_facts(error, self._sent)
            raise

    def _present(self, desired: dict[str, Any]) -> Outcome:
        raw = self.resource.describe()
        if raw is not None and raw["status"] == "DELETING" and not self.check_mode:
            raw = self.wait_until_gone()
        if raw is None or raw["status"] == "DELETING":
            return self._create(desired)
        if raw["status"] in CREATE_FAILED_STATUSES:
            return self._replace(raw, desired) if self.replace else self._fail_terminal(raw)
        return self._reconcile(raw, desired)

    def _absent(self) -> Outcome:
        raw = self.resource.describe()
        if raw is None:
            return Outcome(False, None)
        before = build_options(self.resource.fields, raw)
        deleting = raw["status"] == "DELETING"
        if not deleting:
            self.resource.validate_deletion(raw, self.check_mode)
        if self.check_mode:
            return Outcome(not deleting, None, before, {})
        mine = not deleting and self._delete()
        updates = self._follow_started() if mine else []
        raw = self.wait_until_gone() if self.wait else self.resource.describe()
        return Outcome(mine, raw, before if mine else {}, {}, updates)

    def _delete(self) -> bool:
        """Start the deletion as soon as the resource is not busy. False when another run has started it."""

        def look() -> tuple[bool, bool, str]:
            try:
                self.resource.delete()
                return True, True, ""
            except Exception as error:
                if self.resource.is_missing(error):
                    return True, was_repeated(error), ""
                if not self.resource.is_in_use(error):
                    raise
                now = self.resource.describe()
                return now is None or now["status"] == "DELETING", False, str(error)

        mine = poll(look, f"Waiting until {self._title} can be changed", self._deadline)
        self._sent["changed"] = mine
        return mine

    # creation

    def _create(self, desired: dict[str, Any]) -> Outcome:
        self.resource.validate(None, desired)
        predicted = self.resource.predict(desired)
        after = build_options(self.resource.fields, predicted)
        if self.check_mode:
            return Outcome(True, predicted, {}, after)
        try:
            raw = self._send_when_free(lambda: self.resource.create(desired))
        except Exception as error:
            if not self.resource.already_exists(error):
                raise
            if not was_repeated(error):
                return self._present(desired)
            self._sent["changed"] = True
            made = self._present(desired)
            return Outcome(True, made.raw, {}, after, made.updates)
        self._sent["changed"] = True
        self._unseen = Deadline(CATCH_UP)
        updates = self._follow_started()
        if self.wait:
            raw = self.wait_until_active()
        return Outcome(True, raw, {}, after, updates)

    def _follow_started(self) -> list[dict[str, Any]]:
        """The update as which EKS makes a creation or deletion, waited for if the task waits; none for most kinds of resources."""
        update = self.resource.started
        if update is None:
            return []
        row = {"id": update["id"], "type": update.get("type"), "operation": update.get("type")}
        self._sent["updates"] = [row]
        if self.wait:
            self.wait_for_update(update["id"], str(update.get("type")))
        return [row]

    def _replace(self, raw: dict[str, Any], desired: dict[str, Any]) -> Outcome:
        before = build_options(self.resource.fields, raw)
        desired = self.resource.build_replacement(raw, desired)
        self.resource.validate(None, desired)
        if not self.check_mode:
            self._sent["replaced"] = before  # if the run ends here, this is the only record of the old one
            if self._delete() and self.resource.started:  # a failure shows in the update alone
                self.wait_for_update(self.resource.started["id"], str(self.resource.started.get("type")))
            self.wait_until_gone()
        made = self._create(desired)
        return Outcome(True, made.raw, before, made.after, made.updates, replaced=True)

    # change

    def _reconcile(self, raw: dict[str, Any], desired: dict[str, Any]) -> Outcome:
        plan = self._plan(raw, desired)
        if plan.changes and raw["status"] == "CREATING" and not self.check_mode:
            plan = self._plan(self.wait_until_active(), desired)
        if any(self.resource.is_immutable(change) for change in plan.changes):  # only with replace, see _plan
            return self._replace(plan.raw, desired)
        if not plan.changes:
            return self._unchanged(plan.raw)
        expected = build_expected(self.resource.fields, plan.raw, plan.changes)
        before, after = build_diff(self.resource.fields, plan.raw, expected, plan.changes)
        if self.check_mode:
            return Outcome(True, expected, before, after)
        updates = self._apply(plan, desired)
        if "changed" not in self._sent:  # another run made all changes while this one waited
            return self._unchanged(self._describe_again())
        return Outcome(True, self.wait_until_active() if self.wait else self._describe_again(), before, after, updates)

    def _plan(self, raw: dict[str, Any], desired: dict[str, Any]) -> Plan:
        """The changes to make. Raises ValidationError where EKS cannot make them."""
        wanted = self.resource.adjust(raw, desired)
        changes = compare(self.resource.fields, raw, wanted)
        if changes:
            self.resource.validate(raw, wanted)
        immutable = [change for change in changes if self.resource.is_immutable(change)]
        if immutable and not self.replace:
            raise CannotChange(self._format_immutable(immutable))
        return Plan(raw, changes, wanted)

    def _unchanged(self, raw: dict[str, Any]) -> Outcome:
        if self.wait and not self.check_mode:
            raw = self.wait_until_active(raw)
        now = build_options(self.resource.fields, raw)
        return Outcome(False, raw, now, now)

    def _apply(self, plan: Plan, desired: dict[str, Any]) -> list[dict[str, Any]]:
        """Send the requests of the plan, each after the one before is complete. Returns the updates that they started."""
        started: list[dict[str, Any]] = []
        self._sent["updates"] = started
        queue = self.resource.requests(plan.raw, plan.changes, plan.wanted)
        while queue:
            request, update, queue = self._send_first(queue, desired)
            if request is None or update is None:
                continue
            started.append({"id": update["id"], "type": update.get("type"), "operation": request.operation})
            if self.wait or queue:
                self.wait_for_update(update["id"], request.operation)
        return started

    def _send_first(
        self, queue: list[Request], desired: dict[str, Any]
    ) -> tuple[Request | None, dict[str, Any] | None, list[Request]]:
        """Send the first request. Returns it, the update that it started, and the remaining requests.

        Where EKS is busy with the resource, another run may be doing the same: the plan is made again for every try.
        """
        left = list(queue)
        busy = False

        def look() -> tuple[bool, tuple[Request | None, dict[str, Any] | None, list[Request]], str]:
            nonlocal left, busy
            if busy:
                raw = self._describe_again()
                if (
                    raw["status"] == "UPDATING"
                ):  # the update may be over before a request that was planned on this answer arrives
                    return False, (None, None, left), format_status(raw)
                again = self._plan(raw, desired)
                left = self.resource.requests(again.raw, again.changes, again.wanted)
            if not left:
                return True, (None, None, []), ""
            try:
                update = left[0].send()
            except Exception as error:
                if self._is_propagating(error):
                    return False, (None, None, left), str(error)
                if not self.resource.is_in_use(error):
                    raise
                busy = True
                return False, (None, None, left), str(error)
            self._sent["changed"] = True
            return True, (left[0], update, left[1:]), ""

        return self._poll_until_sent(look)

    def _send_when_free(self, send: Callable[[], Any]) -> Any:
        """Send, again and again while the resource is busy or a new IAM role is not seen yet."""

        def look() -> tuple[bool, Any, str]:
            try:
                return True, send(), ""
            except Exception as error:
                if not (self._is_propagating(error) or self.resource.is_in_use(error) or self._is_unseen(error)):
                    raise
                return False, None, str(error)

        return self._poll_until_sent(look)

    def _poll_until_sent(self, look: Callable[[], tuple[bool, T, str]]) -> T:
        """Poll, and tell of the time in which something is not seen yet."""
        is_sent = False
        try:
            sent = poll(look, f"Waiting until {self._title} can be changed", self._deadline)
            is_sent = True
            return sent
        finally:
            if self._wait:
                self._wait.end(is_sent)
            self._wait = None

    def _is_propagating(self, error: Exception) -> bool:
        """Whether something is not seen yet that was made a moment ago; raises EksError where that lasts too long."""
        if not self.resource.is_propagating(error):
            return False
        refusal = self.resource.refusal
        self._propagation = self._propagation or Deadline(PROPAGATION_TIMEOUT)
        self._wait = self._wait or Wait(self._title, f"{refusal}, which may be new: {error}")
        if self._propagation.seconds_left() <= 0:
            raise Refused(
                f"{self._title}: {refusal} for {self._propagation.seconds:g} seconds: {error}. {self.resource.refusal_advice}"
            ) from error
        self._wait.go_on()
        return True

    def _is_unseen(self, error: Exception) -> bool:
        """Whether the resource exists by one answer and not by another: reads of IAM trail its writes, or it is being deleted."""
        return self.resource.already_exists(error) and self.resource.describe() is None

    # waits

    def wait_for_update(self, update_id: str, operation: str) -> dict[str, Any]:
        """Wait until DescribeUpdate says Successful. Failed and Cancelled raise WaitFailed with the errors of the update."""

        def look() -> tuple[bool, dict[str, Any], str]:
            update = self.resource.describe_update(update_id)
            if update["status"] in ("Failed", "Cancelled"):
                errors = update.get("errors") or []
                advice = advise_on_update(update, self.resource)
                raise WaitFailed(
                    f"{operation} of {self._title} ended {update['status']}: {format_issues(errors)}{advice}",
                    errors,
                    update_id=update_id,
                )
            return update["status"] == "Successful", update, f"update {update_id} {update['status']}"

        return poll(look, f"{operation} of {self._title}", self._deadline)

    def wait_until_active(self, raw: dict[str, Any] | None = None) -> dict[str, Any]:
        """Wait until the status is ACTIVE. A terminal status raises WaitFailed with the health issues."""
        first = [raw] if raw else []

        def look() -> tuple[bool, dict[str, Any], str]:
            now = first.pop() if first else self.resource.describe()
            if now is None and self._unseen and self._unseen.seconds_left() > 0:
                return False, {}, "created, and not seen yet"
            if now is None:
                raise WaitFailed(f"{self._title} does not exist any more: it was deleted during the wait.")
            if now["status"] != "ACTIVE" and now["status"] not in self.resource.transient_statuses:
                self._fail_terminal(now)
            return now["status"] == "ACTIVE", now, format_status(now)

        return poll(look, self._title, self._deadline)

    def wait_until_gone(self) -> None:
        """Wait until the resource does not exist. DELETE_FAILED raises WaitFailed with the health issues."""

        def look() -> tuple[bool, None, str]:
            now = self.resource.describe()
            if now is not None and now["status"].endswith("FAILED") and now["status"] != "CREATE_FAILED":
                self._fail_terminal(now)
            return now is None, None, format_status(now) if now else "gone"

        poll(look, f"The deletion of {self._title}", self._deadline)

    def _describe_again(self) -> dict[str, Any]:
        raw = self.resource.describe()
        if raw is None:
            raise NotFound(f"{self._title} does not exist any more: it was deleted during the update.")
        return raw

    # words

    def _fail_terminal(self, raw: dict[str, Any]) -> NoReturn:
        issues = list_issues(raw)
        advice = advise_on_creation(raw, self.resource)
        raise WaitFailed(
            f"{self._title} is {raw['status']}: {format_issues(issues)}{advice}", issues, status=raw["status"]
        )

    def _format_immutable(self, immutable: list[Change]) -> str:
        parts = [f"{change.field.option} is {change.before!r}, not {change.after!r}" for change in immutable]
        remedy = (
            self.resource.replace_remedy if self.resource.replaceable else "Omit the option or set its current value"
        )
        return f"{self._title} cannot be changed in place: {'; '.join(parts)}. {remedy}."
