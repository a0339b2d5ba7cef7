# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A new IAM role is not seen by EKS for a while: the same request is sent again, for three minutes and no longer."""

from __future__ import annotations

import io

import pytest

from ansible_collections.kumo.eks.plugins.module_utils.core import progress, reconciler, waiting
from ansible_collections.kumo.eks.plugins.module_utils.core.errors import EksError, WaitTimedOut
from ansible_collections.kumo.eks.plugins.module_utils.core.fields import Field
from ansible_collections.kumo.eks.plugins.module_utils.core.reconciler import Reconciler
from ansible_collections.kumo.eks.plugins.module_utils.core.resource import Request, Resource


class Unseen(Exception):
    """InvalidParameterException that speaks of a role."""


class Invalid(Exception):
    """InvalidParameterException that speaks of anything else."""


class Clock:
    """Time that passes only while somebody sleeps."""

    def __init__(self):
        self.now = 1000.0

    def monotonic(self):
        return self.now

    def sleep(self, seconds):
        self.now += seconds


class Profile(Resource):
    """A resource that names a role, which the service sees from a certain time on."""

    kind = "profile"
    name = "jobs"
    fields = (Field("role", "role", "role"),)

    def __init__(self, clock, seen_at, raw=None, error=Unseen):
        self.clock, self.seen_at, self.raw, self.error = clock, seen_at, raw, error
        self.tries = 0

    def describe(self):
        return self.raw

    def predict(self, desired):
        return {"status": "ACTIVE", "role": desired["role"]}

    def create(self, desired):
        self.tries += 1
        if self.clock.now < self.seen_at:
            raise self.error("could not be assumed")
        self.raw = self.predict(desired)
        return self.raw

    def requests(self, raw, changes, desired):
        return [Request("UpdateProfile", lambda: self.create(desired) and None)]

    refusal = "EKS refused its IAM role"

    def is_propagating(self, error):
        return isinstance(error, Unseen)


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(waiting, "time", clock)
    monkeypatch.setattr(progress, "time", clock)
    monkeypatch.setattr(reconciler, "PROPAGATION_TIMEOUT", 180)
    monkeypatch.setattr(waiting, "FIRST_PAUSE", 0.5)
    return clock


@pytest.fixture
def told(monkeypatch):
    """told() -> (lines on the screen, waits of the result)."""
    screen = io.StringIO()
    mine = progress.Progress()
    mine.show_on(screen)
    monkeypatch.setattr(progress, "PROGRESS", mine)
    return lambda: (screen.getvalue().replace(progress.MARK, "").splitlines(), mine.take_waits())


@pytest.mark.parametrize("raw", [None, {"status": "ACTIVE", "role": "old"}], ids=["create", "update"])
def test_a_role_that_is_seen_after_two_minutes_is_taken(clock, told, raw):
    profile = Profile(clock, clock.now + 120, raw)
    outcome = Reconciler(profile).ensure_present({"role": "new"})
    assert outcome.changed and profile.raw["role"] == "new" and 5 < profile.tries < 40
    lines, (wait,) = told()
    reason = "EKS refused its IAM role, which may be new: could not be assumed"
    assert (wait["resource"], wait["reason"]) == ("profile jobs", reason) and 120 <= wait["seconds"] < 130
    assert lines[0] == f"profile jobs: waiting, because {reason}"
    assert lines[1:4] == [line for line in lines if line.startswith("profile jobs: still waiting after ")]
    assert lines[4:] == [f"profile jobs: goes on after 2m{int(wait['seconds']) - 120:02d}s"]


def test_a_role_that_is_seen_at_once_is_not_worth_a_word(clock, told):
    assert Reconciler(Profile(clock, clock.now)).ensure_present({"role": "new"}).changed
    assert told() == ([], [])


@pytest.mark.parametrize("raw", [None, {"status": "ACTIVE", "role": "old"}], ids=["create", "update"])
def test_a_role_that_is_never_seen_is_an_error_after_three_minutes(clock, told, raw):
    began = clock.now
    with pytest.raises(
        EksError, match="profile jobs: EKS refused its IAM role for 180 seconds: could not be assumed. Check"
    ):
        Reconciler(Profile(clock, clock.now + 10_000, raw)).ensure_present({"role": "new"})
    assert 180 <= clock.now - began < 200
    lines, (wait,) = told()
    assert wait["seconds"] >= 180 and not any("goes on" in line for line in lines)


def test_another_error_is_final(clock):
    profile = Profile(clock, clock.now + 10, error=Invalid)
    with pytest.raises(Invalid):
        Reconciler(profile).ensure_present({"role": "new"})
    assert profile.tries == 1


def test_the_tasks_own_limit_counts_too(clock):
    with pytest.raises(WaitTimedOut, match="not complete after 30 seconds. The last state was: could not be assumed"):
        Reconciler(Profile(clock, clock.now + 120), wait_timeout=30).ensure_present({"role": "new"})


def test_check_mode_sends_nothing(clock):
    profile = Profile(clock, clock.now + 120)
    assert Reconciler(profile, check_mode=True).ensure_present({"role": "new"}).changed and profile.tries == 0
