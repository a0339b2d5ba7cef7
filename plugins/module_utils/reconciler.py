# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The one way a resource becomes what a task says: describe, compare, plan, apply, wait, re-read.

A resource (one file each under ``resources/``) says what it is; this engine knows the order of things: an
update is followed by its id (DescribeUpdate), never by the resource's status alone; updates of one resource
follow one another; where somebody else is at work the plan is made anew once EKS is free; terminal states fail with
EKS' words. A failure says what had been sent before it.
"""

from __future__ import annotations

import concurrent.futures
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NoReturn

from ansible_collections.kumo.eks.plugins.module_utils.errors import (
    EksError,
    Refused,
    WaitFailed,
    issues_text,
    with_facts,
)
from ansible_collections.kumo.eks.plugins.module_utils.fields import (
    Change,
    Field,
    changed_raw,
    compare,
    shown,
    shown_change,
)
from ansible_collections.kumo.eks.plugins.module_utils.waiting import Deadline, poll

SIDE_BY_SIDE = 8  # resources of a list that are worked on at once

# Statuses that a wait rides out. A resource whose DEGRADED does not heal by itself says so in its own ``settling``;
# an add-on's does (CoreDNS is DEGRADED until nodes come).
SETTLING = frozenset({"CREATING", "UPDATING", "PENDING", "DEGRADED"})
STILLBORN = ("CREATE_FAILED", "FAILED")  # EKS takes no change of these, only their deletion


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
    settling = SETTLING  # the statuses that a wait rides out
    replaceable = False  # whether its module has the option replace

    def describe(self) -> dict[str, Any] | None:
        """The API's answer, None where there is none."""
        raise NotImplementedError

    def validate(self, raw: dict[str, Any] | None, desired: dict[str, Any]) -> None:
        """Raise Refused for what would not be taken, before anything is sent. ``raw`` is None for a creation."""

    def adjust(self, raw: dict[str, Any], desired: dict[str, Any]) -> dict[str, Any]:
        """The desired state in the light of the current one (a desired size that respects an autoscaler)."""
        return desired

    def carried(self, raw: dict[str, Any], desired: dict[str, Any]) -> dict[str, Any]:
        """What a replacement is made of: what the task says, and for the rest what the old one has."""
        return {**shown(self.fields, raw), **self.adjust(raw, desired)}

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


@dataclass
class Reconciler:
    """Brings one resource to its desired state.

    Args:
        check_mode: predict only.
        wait: return when the resource is settled (ACTIVE or gone) instead of when EKS has taken the request.
        wait_timeout: limit in seconds for all waits of this resource together.
        replace: an immutable change may delete and create the resource anew.
    """

    resource: Resource
    check_mode: bool = False
    wait: bool = False
    wait_timeout: float = 1200
    replace: bool = False

    def __post_init__(self) -> None:
        self._deadline = Deadline(self.wait_timeout)
        self._title = f"{self.resource.kind} {self.resource.name}"
        self._sent: dict[str, Any] = {}  # facts for the result of a failure: what had been done until then

    def ensure_present(self, desired: dict[str, Any]) -> Outcome:
        return self._telling(lambda: self._present(desired))

    def ensure_absent(self) -> Outcome:
        return self._telling(self._absent)

    def _telling(self, work: Callable[[], Outcome]) -> Outcome:
        """Do the work; a failure carries what had been sent before it."""
        try:
            return work()
        except Exception as error:
            with_facts(error, self._sent)
            raise

    def _present(self, desired: dict[str, Any]) -> Outcome:
        raw = self.resource.describe()
        if raw is not None and raw["status"] == "DELETING" and not self.check_mode:
            raw = self.wait_until_gone()
        if raw is None or raw["status"] == "DELETING":
            return self._create(desired)
        if raw["status"] in STILLBORN:
            return self._replace(raw, desired) if self.replace else self._fail_terminal(raw)
        return self._reconcile(raw, desired)

    def _absent(self) -> Outcome:
        raw = self.resource.describe()
        if raw is None:
            return Outcome(False, None)
        before = shown(self.resource.fields, raw)
        deleting = raw["status"] == "DELETING"
        if self.check_mode:
            return Outcome(not deleting, None, before, {})
        mine = not deleting and self._delete()
        if self.wait:
            raw = self.wait_until_gone()
        return Outcome(mine, raw, before if mine else {}, {})

    def _delete(self) -> bool:
        """Start the deletion, in its turn; False where somebody else had started it."""

        def look() -> tuple[bool, bool, str]:
            try:
                self.resource.delete()
                return True, True, ""
            except Exception as error:
                if self.resource.is_missing(error):
                    return True, False, ""
                if not self.resource.is_in_use(error):
                    raise
                now = self.resource.describe()
                return now is None or now["status"] == "DELETING", False, str(error)

        mine = poll(look, f"The turn of {self._title}", self._deadline)
        self._sent["changed"] = mine
        return mine

    # creation

    def _create(self, desired: dict[str, Any]) -> Outcome:
        self.resource.validate(None, desired)
        predicted = self.resource.predict(desired)
        after = shown(self.resource.fields, predicted)
        if self.check_mode:
            return Outcome(True, predicted, {}, after)
        try:
            raw = self._when_free(lambda: self.resource.create(desired))
        except Exception as error:
            if not self.resource.already_exists(error):
                raise
            return self._present(desired)
        self._sent["changed"] = True
        if self.wait:
            raw = self.wait_until_active()
        return Outcome(True, raw, {}, after)

    def _replace(self, raw: dict[str, Any], desired: dict[str, Any]) -> Outcome:
        before = shown(self.resource.fields, raw)
        desired = self.resource.carried(raw, desired)
        self.resource.validate(None, desired)
        if not self.check_mode:
            self._sent["replaced"] = before  # should it end here, this is all that is left of the old one
            self._delete()
            self.wait_until_gone()
        made = self._create(desired)
        return Outcome(True, made.raw, before, made.after)

    # change

    def _reconcile(self, raw: dict[str, Any], desired: dict[str, Any]) -> Outcome:
        plan = self._plan(raw, desired)
        if plan.changes and raw["status"] == "CREATING" and not self.check_mode:
            plan = self._plan(self.wait_until_active(), desired)
        if any(self.resource.is_immutable(change) for change in plan.changes):  # only with replace, see _plan
            return self._replace(plan.raw, desired)
        if not plan.changes:
            return self._unchanged(plan.raw)
        expected = changed_raw(self.resource.fields, plan.raw, plan.changes)
        before, after = shown_change(self.resource.fields, plan.raw, expected, plan.changes)
        if self.check_mode:
            return Outcome(True, expected, before, after)
        updates = self._apply(plan, desired)
        if "changed" not in self._sent:  # while this run waited for its turn, another one did it all
            return self._unchanged(self._reread())
        return Outcome(True, self.wait_until_active() if self.wait else self._reread(), before, after, updates)

    def _plan(self, raw: dict[str, Any], desired: dict[str, Any]) -> Plan:
        """What is to change; raises Refused where EKS cannot."""
        wanted = self.resource.adjust(raw, desired)
        changes = compare(self.resource.fields, raw, wanted)
        if changes:
            self.resource.validate(raw, wanted)
        frozen = [change for change in changes if self.resource.is_immutable(change)]
        if frozen and not self.replace:
            raise Refused(self._frozen_text(frozen))
        return Plan(raw, changes, wanted)

    def _unchanged(self, raw: dict[str, Any]) -> Outcome:
        if self.wait and not self.check_mode:
            raw = self.wait_until_active(raw)
        now = shown(self.resource.fields, raw)
        return Outcome(False, raw, now, now)

    def _apply(self, plan: Plan, desired: dict[str, Any]) -> list[dict[str, Any]]:
        """Send the requests of the plan, each after the one before has ended; returns the updates they started."""
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
        """Send the first request; returns it, the update it started, and the requests that are left.

        Where EKS is busy with the resource somebody else may be doing the same: the plan is made anew for every try.
        """
        left = list(queue)
        busy = False

        def look() -> tuple[bool, tuple[Request | None, dict[str, Any] | None, list[Request]], str]:
            nonlocal left, busy
            if busy:
                raw = self._reread()
                if raw["status"] == "UPDATING":  # it may be over before a request gets there, that was planned on this
                    return False, (None, None, left), self._state(raw)
                again = self._plan(raw, desired)
                left = self.resource.requests(again.raw, again.changes, again.wanted)
            if not left:
                return True, (None, None, []), ""
            try:
                update = left[0].send()
            except Exception as error:
                if not self.resource.is_in_use(error):
                    raise
                busy = True
                return False, (None, None, left), str(error)
            self._sent["changed"] = True
            return True, (left[0], update, left[1:]), ""

        return poll(look, f"The turn of {self._title}", self._deadline)

    def _when_free(self, send: Callable[[], Any]) -> Any:
        """Send, and where EKS is busy with the resource wait for its turn."""

        def look() -> tuple[bool, Any, str]:
            try:
                return True, send(), ""
            except Exception as error:
                if not (self.resource.is_in_use(error) or self._is_unseen(error)):
                    raise
                return False, None, str(error)

        return poll(look, f"The turn of {self._title}", self._deadline)

    def _is_unseen(self, error: Exception) -> bool:
        """Whether it is said to exist, and not found: IAM's reads are seconds behind its writes, or it is going just now."""
        return self.resource.already_exists(error) and self.resource.describe() is None

    # waits

    def wait_for_update(self, update_id: str, operation: str) -> dict[str, Any]:
        """Until DescribeUpdate says Successful; Failed and Cancelled raise WaitFailed with the update's errors."""

        def look() -> tuple[bool, dict[str, Any], str]:
            update = self.resource.describe_update(update_id)
            if update["status"] in ("Failed", "Cancelled"):
                raise WaitFailed(
                    f"{operation} of {self._title} ended {update['status']}: {issues_text(update.get('errors') or [])}",
                    update_id=update_id,
                )
            return update["status"] == "Successful", update, f"update {update_id} {update['status']}"

        return poll(look, f"{operation} of {self._title}", self._deadline)

    def wait_until_active(self, raw: dict[str, Any] | None = None) -> dict[str, Any]:
        """Until the status is ACTIVE; a terminal status raises WaitFailed with the health issues."""
        first = [raw] if raw else []

        def look() -> tuple[bool, dict[str, Any], str]:
            now = first.pop() if first else self.resource.describe()
            if now is None:
                raise WaitFailed(f"{self._title} is gone: somebody deleted it while it was waited for.")
            if now["status"] != "ACTIVE" and now["status"] not in self.resource.settling:
                self._fail_terminal(now)
            return now["status"] == "ACTIVE", now, self._state(now)

        return poll(look, self._title, self._deadline)

    def wait_until_gone(self) -> None:
        """Until describe finds nothing; DELETE_FAILED raises WaitFailed with the health issues."""

        def look() -> tuple[bool, None, str]:
            now = self.resource.describe()
            if now is not None and now["status"].endswith("FAILED") and now["status"] != "CREATE_FAILED":
                self._fail_terminal(now)
            return now is None, None, self._state(now) if now else "gone"

        poll(look, f"The deletion of {self._title}", self._deadline)

    def _reread(self) -> dict[str, Any]:
        raw = self.resource.describe()
        if raw is None:
            raise EksError(f"{self._title} is gone: somebody deleted it while it was changed.")
        return raw

    # words

    @staticmethod
    def _state(raw: dict[str, Any]) -> str:
        issues = (raw.get("health") or {}).get("issues") or []
        return raw["status"] + (f" ({issues_text(issues)})" if issues else "")

    def _fail_terminal(self, raw: dict[str, Any]) -> NoReturn:
        issues = (raw.get("health") or {}).get("issues") or []
        cure = "set replace: true" if self.resource.replaceable else "remove it with state: absent, then run again"
        way_out = f". Way out: see to the cause, then {cure} to delete and create it anew."
        raise WaitFailed(
            f"{self._title} is {raw['status']}: {issues_text(issues)}{way_out if raw['status'] in STILLBORN else ''}",
            status=raw["status"],
        )

    def _frozen_text(self, frozen: list[Change]) -> str:
        parts = [f"{change.field.option} is {change.before!r}, wanted {change.after!r}" for change in frozen]
        way_out = (
            "set replace: true to delete and create it anew"
            if self.resource.replaceable
            else ("leave the option out or give its current value; only a new cluster can have another")
        )
        return f"{self._title}: EKS cannot change this once it exists: {'; '.join(parts)}. Way out: {way_out}."


@dataclass
class ItemResult:
    """What became of one item of a list: an outcome, or the failure."""

    name: str
    outcome: Outcome | None = None
    error: Exception | None = None


def side_by_side(items: list[tuple[str, Callable[[], Outcome]]]) -> list[ItemResult]:
    """Run the items at once (at most SIDE_BY_SIDE), in the order given in the answer; one that fails stops none."""

    def run(item: tuple[str, Callable[[], Outcome]]) -> ItemResult:
        name, work = item
        try:
            return ItemResult(name, outcome=work())
        except Exception as error:
            return ItemResult(name, error=error)

    with concurrent.futures.ThreadPoolExecutor(max_workers=SIDE_BY_SIDE) as pool:
        return list(pool.map(run, items))


def in_turn(
    names: list[str], plan: Callable[[int], Outcome], work: Callable[[int, bool], Outcome], wait: bool
) -> list[ItemResult]:
    """Items that EKS takes only one at a time: all are planned side by side, those with work to do follow one another.

    Args:
        plan: item number -> what would become of it, sending nothing.
        work: item number, whether to wait for its end -> what became of it. All but the last are waited for.
        wait: whether the last one is waited for too, and the unchanged ones that are not settled.
    """
    results = side_by_side([(name, lambda number=number: plan(number)) for number, name in enumerate(names)])
    busy = [number for number, result in enumerate(results) if result.outcome and _has_work(result.outcome, wait)]
    for number in busy:
        until_its_end = wait or number != busy[-1]
        results[number] = side_by_side([(names[number], lambda n=number, w=until_its_end: work(n, w))])[0]
    return results


def _has_work(planned: Outcome, wait: bool) -> bool:
    return planned.changed or (wait and planned.raw is not None and planned.raw["status"] != "ACTIVE")
