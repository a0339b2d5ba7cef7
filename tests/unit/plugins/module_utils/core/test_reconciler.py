# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The engine's order of things, on a resource that lives in memory."""

from __future__ import annotations

import pytest

from ansible_collections.kumo.eks.plugins.module_utils.core import reconciler as engine
from ansible_collections.kumo.eks.plugins.module_utils.core import waiting
from ansible_collections.kumo.eks.plugins.module_utils.core.concurrency import run_concurrently
from ansible_collections.kumo.eks.plugins.module_utils.core.errors import (
    EksError,
    ValidationError,
    WaitFailed,
    WaitTimedOut,
)
from ansible_collections.kumo.eks.plugins.module_utils.core.fields import Field, normalize_list
from ansible_collections.kumo.eks.plugins.module_utils.core.reconciler import Reconciler
from ansible_collections.kumo.eks.plugins.module_utils.core.resource import Request, Resource


class Busy(Exception):
    """ResourceInUseException while an update runs."""


class Exists(Exception):
    """ResourceInUseException of a creation that came second."""


class Gone(Exception):
    """ResourceNotFoundException."""


class Shelf(Resource):
    """A resource in memory; `script` answers what describe and describe_update say, in turn."""

    kind = "shelf"
    name = "oak"
    replaceable = True
    fields = (
        Field("size", "sizeConfig.size", "config"),
        Field("books", "books", "config", normalize_list),
        Field("version", "version", "version"),
        Field("wood", "wood", None),
    )

    def __init__(self, raw=None, statuses=(), updates=(), busy=0):
        self.raw, self.statuses, self.update_answers, self.busy = raw, list(statuses), list(updates), busy
        self.calls = []
        self.rival = None
        self.unseen = 0  # how many creations are refused before describe finds the rival's
        self.meanwhile = {}  # what somebody else does while the resource is busy
        self.refusal = None  # what the first deletion is answered
        self.late = 0  # how many reads after a creation do not find it

    def describe(self):
        self.calls.append("describe")
        if self.raw is not None and self.late:
            self.late -= 1
            return None
        if self.raw is not None and self.statuses:
            status = self.statuses.pop(0)
            self.raw = None if status == "gone" else {**self.raw, "status": status}
        return self.raw

    def validate(self, raw, desired):
        if desired.get("size", 1) == 0:
            raise ValidationError("size: 0 is not allowed")

    def predict(self, desired):
        return {"status": "CREATING", "wood": desired.get("wood"), "books": desired.get("books")}

    def create(self, desired):
        self.calls.append("create")
        if self.unseen:
            self.unseen -= 1
            raise Exists()
        if self.rival is not None:
            self.raw, self.rival = self.rival, None
            raise Exists()
        self.raw = {**self.predict(desired), "status": "CREATING"}
        return self.raw

    def adjust(self, raw, desired):
        return desired

    def requests(self, raw, changes, desired):
        groups = dict.fromkeys(change.field.group for change in changes)
        return [Request(f"Update{group}", lambda group=group: self.send(group, changes)) for group in groups]

    def send(self, group, changes):
        if self.busy:
            self.busy -= 1
            self.raw = {**self.raw, **self.meanwhile}
            raise Busy("an update is in progress")
        self.calls.append(group)
        for change in changes:
            if change.field.option != "size" and change.field.group == group:
                self.raw = {**self.raw, change.field.path: change.after}
        return {"id": f"update-{group}", "type": "ConfigUpdate"}

    def describe_update(self, update_id):
        self.calls.append(update_id)
        answer = self.update_answers.pop(0) if self.update_answers else "Successful"
        return {
            "id": update_id,
            "status": answer,
            "errors": [{"errorCode": "NodeCreationFailure", "errorMessage": "no"}],
        }

    def delete(self):
        self.calls.append("delete")
        if self.refusal is not None:
            refusal, self.refusal = self.refusal, None
            raise refusal

    def is_missing(self, error):
        return isinstance(error, Gone)

    def is_in_use(self, error):
        return isinstance(error, Busy)

    def already_exists(self, error):
        return isinstance(error, Exists)


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch):
    monkeypatch.setattr(waiting.time, "sleep", lambda seconds: None)


def standing(**raw):
    return {"status": "ACTIVE", "wood": "oak", "books": ["b", "a"], "version": "1", **raw}


class TestEnsurePresent:
    def test_what_it_created_is_pending_until_reads_find_it(self, monkeypatch):
        shelf = Shelf(statuses=["CREATING", "ACTIVE"])
        shelf.late = 3
        outcome = Reconciler(shelf, wait=True).ensure_present({"wood": "oak"})
        assert outcome.changed and outcome.raw["status"] == "ACTIVE"
        shelf = Shelf()
        shelf.late = 3
        monkeypatch.setattr(engine, "CATCH_UP", 0.0)
        with pytest.raises(WaitFailed, match="was deleted during the wait"):
            Reconciler(shelf, wait=True).ensure_present({"wood": "oak"})

    def test_creates_what_is_not_there(self):
        shelf = Shelf()
        outcome = Reconciler(shelf).ensure_present({"wood": "oak"})
        assert outcome.changed and shelf.calls == ["describe", "create"]
        assert outcome.before == {} and outcome.after == {"wood": "oak"}

    def test_check_mode_creates_nothing_and_predicts(self):
        shelf = Shelf()
        outcome = Reconciler(shelf, check_mode=True).ensure_present({"wood": "oak"})
        assert outcome.changed and outcome.raw["wood"] == "oak" and shelf.calls == ["describe"]

    def test_changes_nothing_with_one_look_when_all_is_as_wanted(self):
        shelf = Shelf(standing())
        outcome = Reconciler(shelf, wait=True).ensure_present({"books": ["a", "b"], "wood": "oak", "size": None})
        assert not outcome.changed and shelf.calls == ["describe"] and outcome.before == outcome.after

    def test_waits_for_each_update_before_the_next(self):
        shelf = Shelf(standing(), updates=["InProgress", "Successful"])
        outcome = Reconciler(shelf).ensure_present({"books": ["c"], "version": "2"})
        assert shelf.calls == ["describe", "config", "update-config", "update-config", "version", "describe"]
        assert [update["id"] for update in outcome.updates] == ["update-config", "update-version"]

    def test_a_failed_update_fails_with_the_words_of_the_service(self):
        shelf = Shelf(standing(), updates=["Failed"])
        with pytest.raises(WaitFailed, match="Updateversion of shelf oak ended Failed: NodeCreationFailure: no"):
            Reconciler(shelf, wait=True).ensure_present({"version": "2"})

    def test_check_mode_overlays_the_change_on_what_stands(self):
        shelf = Shelf(standing())
        outcome = Reconciler(shelf, check_mode=True).ensure_present({"size": 3})
        assert outcome.raw["sizeConfig"] == {"size": 3} and outcome.raw["wood"] == "oak"
        assert outcome.after == {**outcome.before, "size": 3} and shelf.calls == ["describe"]

    def test_waits_its_turn_when_the_resource_is_busy(self):
        shelf = Shelf(standing(), busy=3)
        assert Reconciler(shelf).ensure_present({"version": "2"}).changed
        assert shelf.calls.count("version") == 1

    def test_sends_nothing_while_an_update_runs(self):
        shelf = Shelf(standing(), statuses=["ACTIVE", "UPDATING", "UPDATING", "ACTIVE", "ACTIVE"], busy=1)
        assert Reconciler(shelf).ensure_present({"version": "2"}).changed
        assert shelf.calls == ["describe", "describe", "describe", "describe", "version", "describe"]

    def test_a_turn_that_comes_finds_that_somebody_else_made_the_change(self):
        shelf = Shelf(standing(), busy=1)
        shelf.meanwhile = {"version": "2"}
        outcome = Reconciler(shelf).ensure_present({"version": "2"})
        assert not outcome.changed and outcome.updates == [] and "version" not in shelf.calls
        assert outcome.before == outcome.after and outcome.after["version"] == "2"

    def test_a_turn_that_comes_leads_to_what_is_still_to_do(self):
        shelf = Shelf(standing(), busy=1)
        shelf.meanwhile = {"books": ["c"]}
        outcome = Reconciler(shelf).ensure_present({"books": ["c"], "version": "2"})
        assert outcome.changed and [update["operation"] for update in outcome.updates] == ["Updateversion"]

    def test_a_failure_tells_what_was_done_before_it(self):
        shelf = Shelf(standing(), updates=["Successful", "Failed"])
        with pytest.raises(WaitFailed) as failure:
            Reconciler(shelf, wait=True).ensure_present({"books": ["c"], "version": "2"})
        assert failure.value.facts["changed"] and len(failure.value.facts["updates"]) == 2

    def test_a_failed_replacement_tells_what_the_old_one_was(self):
        shelf = Shelf(standing(), statuses=["ACTIVE", "gone", "CREATE_FAILED"])
        with pytest.raises(WaitFailed) as failure:
            Reconciler(shelf, wait=True, replace=True).ensure_present({"wood": "elm"})
        assert failure.value.facts["replaced"]["wood"] == "oak" and failure.value.facts["changed"]

    def test_a_replacement_keeps_what_is_left_out(self):
        shelf = Shelf(standing(), statuses=["ACTIVE", "gone"])
        outcome = Reconciler(shelf, replace=True).ensure_present({"wood": "elm"})
        assert outcome.after == {"wood": "elm", "books": ["a", "b"]}
        assert shelf.raw["books"] == ["a", "b"]

    def test_an_immutable_change_is_refused_with_the_remedy(self):
        with pytest.raises(ValidationError, match="wood is 'oak', not 'elm'.*replace=true"):
            Reconciler(Shelf(standing())).ensure_present({"wood": "elm"})

    def test_an_immutable_change_replaces_when_asked_for(self):
        shelf = Shelf(standing(), statuses=["ACTIVE", "DELETING", "gone"])
        outcome = Reconciler(shelf, replace=True).ensure_present({"wood": "elm"})
        assert shelf.calls == ["describe", "delete", "describe", "describe", "create"]
        assert outcome.before["wood"] == "oak" and outcome.after["wood"] == "elm"

    def test_what_is_not_allowed_is_refused_before_the_old_one_is_deleted(self):
        shelf = Shelf(standing())
        with pytest.raises(ValidationError, match="size: 0"):
            Reconciler(shelf, replace=True).ensure_present({"wood": "elm", "size": 0})
        assert "delete" not in shelf.calls

    def test_a_creation_that_came_second_waits_until_the_first_one_is_seen(self):
        shelf = Shelf()
        shelf.rival, shelf.unseen = standing(), 2
        assert not Reconciler(shelf).ensure_present({"wood": "oak"}).changed
        assert shelf.calls.count("create") == 3

    def test_a_creation_that_came_second_goes_on_as_a_reconciliation(self):
        shelf = Shelf()
        shelf.rival = standing()
        outcome = Reconciler(shelf).ensure_present({"version": "2", "wood": "oak"})
        assert outcome.changed and shelf.calls[-2:] == ["version", "describe"]

    def test_a_failed_creation_fails_with_the_health_issues(self):
        issues = {"issues": [{"code": "Ec2SubnetNotFound", "message": "no subnet", "resourceIds": ["subnet-1"]}]}
        shelf = Shelf(standing(health=issues), statuses=["CREATE_FAILED"])
        with pytest.raises(WaitFailed, match=r"CREATE_FAILED: Ec2SubnetNotFound: no subnet \(subnet-1\)"):
            Reconciler(shelf).ensure_present({"wood": "oak"})

    def test_waits_for_a_deletion_to_end_before_it_creates(self):
        shelf = Shelf(standing(), statuses=["DELETING", "DELETING", "gone"])
        assert Reconciler(shelf).ensure_present({"wood": "oak"}).changed
        assert shelf.calls == ["describe", "describe", "describe", "create"]

    def test_a_wait_over_its_limit_names_the_last_state(self):
        shelf = Shelf(standing(status="CREATING"))
        with pytest.raises(WaitTimedOut, match="shelf oak was not complete after 0 seconds.*CREATING"):
            Reconciler(shelf, wait=True, wait_timeout=0).ensure_present({})

    def test_something_deleted_meanwhile_is_said(self):
        shelf = Shelf(standing(), statuses=["CREATING", "gone"])
        with pytest.raises(EksError, match="was deleted during"):
            Reconciler(shelf, wait=True).ensure_present({})


class TestEnsureAbsent:
    def test_nothing_there_changes_nothing(self):
        assert not Reconciler(Shelf()).ensure_absent().changed

    def test_check_mode_deletes_nothing(self):
        shelf = Shelf(standing())
        outcome = Reconciler(shelf, check_mode=True).ensure_absent()
        assert outcome.changed and shelf.calls == ["describe"] and outcome.before["wood"] == "oak"

    def test_deletes_and_waits_until_it_is_gone(self):
        shelf = Shelf(standing(), statuses=["ACTIVE", "DELETING", "gone"])
        outcome = Reconciler(shelf, wait=True).ensure_absent()
        assert outcome.changed and outcome.raw is None and shelf.calls == ["describe", "delete", "describe", "describe"]

    def test_a_failed_deletion_says_why(self):
        shelf = Shelf(standing(), statuses=["ACTIVE", "DELETE_FAILED"])
        with pytest.raises(WaitFailed, match="DELETE_FAILED"):
            Reconciler(shelf, wait=True).ensure_absent()

    def test_a_deletion_that_came_second_is_no_change(self):
        for answer in (Gone(), Busy("in DELETING state")):
            shelf = Shelf(standing(), statuses=["ACTIVE", "DELETING", "gone"])
            shelf.refusal = answer
            outcome = Reconciler(shelf, wait=True).ensure_absent()
            assert not outcome.changed and outcome.before == outcome.after == {}

    def test_a_deletion_waits_its_turn(self):
        shelf = Shelf(standing(), statuses=["ACTIVE", "UPDATING", "ACTIVE", "gone"])
        shelf.refusal = Busy("an update is in progress")
        assert Reconciler(shelf, wait=True).ensure_absent().changed and shelf.calls.count("delete") == 2

    def test_a_running_deletion_is_no_change(self):
        assert not Reconciler(Shelf(standing(), statuses=["DELETING"])).ensure_absent().changed


class TestSideBySide:
    def test_one_that_fails_stops_none_and_the_order_stays(self):
        def broken():
            raise EksError("no")

        results = run_concurrently([("a", broken), ("b", lambda: engine.Outcome(True, {}))])
        assert [(item.name, item.error is None) for item in results] == [("a", False), ("b", True)]

    def test_an_error_of_programming_is_no_failure_of_an_item(self):
        with pytest.raises(KeyError):
            run_concurrently([("a", lambda: {}["launchTemplate"])])
