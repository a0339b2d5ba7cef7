# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Waves of clusters: batches, what stops later ones, soak times, and declarations that are refused."""

from __future__ import annotations

import pytest

from ansible_collections.kumo.eks.plugins.module_utils.core.errors import ValidationError
from ansible_collections.kumo.eks.plugins.module_utils.core.waves import build_report, fill_waves, read_waves

INVENTORY = {"staging": ["test"], "eu": ["one", "two", "three"], "all": ["test", "one", "two", "three", "last"]}
EVERY = tuple(INVENTORY["all"])
NOW = 10_000.0


def report(waves, outcomes=(), hosts=EVERY, **options):
    found = read_waves({"waves": waves, "batch": "100%", "soak": "0", "last_wave": None, **options})
    fill_waves(found, list(hosts), lambda pattern: INVENTORY.get(pattern, []))
    return build_report(found, list(hosts), list(outcomes), NOW, "Upgrade of a fleet")


def outcome(host, **values):
    return {"host": host, "cluster_name": host, "version": "1.34", "error": "", "waiting": "", **values}


PASSED = [outcome("test", passed=True)]


def read_states(result):
    return [row["state"] for row in result["waves"]]


def test_a_host_belongs_to_the_first_of_its_waves():
    found = report(["staging", "eu", "all"])
    assert [row["hosts"] for row in found["waves"]] == [["test"], ["one", "two", "three"], ["last"]]
    assert read_states(found) == ["not_begun"] * 3 and not found["stopped"]
    assert report(["staging"])["in_no_wave"] == ["one", "two", "three", "last"]
    assert "In no wave, and left as they are: one, two, three, last." in report(["staging"])["summary"]


@pytest.mark.parametrize(
    ("batch", "sizes"),
    [("100%", [3]), (1, [1, 1, 1]), ("2", [2, 1]), ([1, "100%"], [1, 2]), ("50%", [1, 1, 1]), ("1%", [1, 1, 1])],
)
def test_batches(batch, sizes):
    found = report(["eu"], batch=batch)["batches"]
    assert [len(row["hosts"]) for row in found] == sizes
    assert [row["is_last"] for row in found] == [False] * (len(sizes) - 1) + [True]
    assert {tuple(row["wave_hosts"]) for row in found} == {("one", "two", "three")}


def test_one_bad_cluster_stops_all_later_waves():
    bad = [*PASSED, outcome("one", passed=True), outcome("two", error="nodes are not Ready.")]
    found = report(["staging", "eu", "all"], bad)
    assert read_states(found) == ["passed", "failed", "not_begun"] and found["stopped"] and found["failure"]
    assert found["reason"] == "wave eu failed (two: nodes are not Ready)" and found["not_begun"] == ["all"]
    assert found["waves"][2]["reason"] == "wave eu failed"
    assert [one["state"] for one in found["waves"][1]["clusters"]] == ["passed", "failed", "not_begun"]
    assert found["summary"] == (
        "1 of 3 waves have passed. Stopped: wave eu failed (two: nodes are not Ready). Not begun: all."
        " Run it again to go on from here."
    )
    assert any(line.startswith("all") and line.endswith("wave eu failed") for line in found["lines"])


def test_one_that_waits_for_a_window_stops_later_waves_without_a_failure():
    found = report(["staging", "eu"], [outcome("test", waiting="control plane is not begun outside")])
    assert read_states(found) == ["waiting_for_window", "not_begun"] and found["stopped"] and not found["failure"]
    assert found["reason"].startswith("wave staging waits for a maintenance window (test: control plane")


def test_a_wave_passes_when_all_of_its_clusters_have():
    part = [*PASSED, outcome("one", passed=True), outcome("two", passed=False)]
    assert read_states(report(["staging", "eu"], part)) == ["passed", "running"]


@pytest.mark.parametrize(
    ("upgraded", "left"),
    [(NOW, 600), (NOW - 599.5, 1), (NOW - 600, 0), (NOW - 9_000, 0), (NOW + 50_000, 600), (None, 0)],
)
def test_the_soak_time_counts_from_the_last_upgrade_of_the_wave(upgraded, left):
    rows = [outcome("test", upgraded_at=upgraded, passed=False)]
    assert report(["staging"], rows, soak="10m")["waves"][0]["soak_left"] == left


def test_until_ends_the_run_before_later_waves():
    found = report(["staging", "eu", "all"], PASSED, last_wave="staging")
    assert [row["wave"] for row in found["batches"]] == ["staging"]
    assert found["waves"][1]["reason"] == "the run was to end before it"
    assert report(["staging", "eu"], hosts=["test"], last_wave="staging")["batches"]


def test_later_waves_may_be_left_out_and_earlier_ones_may_not():
    assert [row["wave"] for row in report(["staging", "eu"], hosts=["test"])["batches"]] == ["staging"]
    with pytest.raises(ValidationError, match="leaves out test of wave staging, so that it is not known"):
        report(["staging", "eu"], hosts=["one", "two", "three"])
    with pytest.raises(ValidationError, match="leaves out three of wave eu"):
        report(["staging", "eu", "all"], hosts=["test", "one", "two", "last"])


BAD = {
    "nothing": ([], {}, "waves: the list is empty"),
    "no host": (["stagin"], {}, "no host of the inventory matches 'stagin'"),
    "twice": (["eu", "eu"], {}, "waves: names must be unique"),
    "an option": ([{"hosts": "eu", "serial": 1}], {}, "waves[0].serial: unknown option"),
    "no pattern": ([{"name": "x"}], {}, "waves[0].hosts: a pattern of hosts is required"),
    "a number": ([5], {}, "waves[0]: 5 is not a wave"),
    "a size": ([{"hosts": "eu", "batch": 0}], {}, "waves[0].batch: 0 is not a size"),
    "a soak": ([{"hosts": "eu", "soak": "soon"}], {}, "waves[0].soak: 'soon' is not a duration"),
    "a common soak": (["eu"], {"soak": "30"}, "soak: '30' is not a duration"),
    "last_wave": (["eu"], {"last_wave": "ue"}, "last_wave: there is no wave 'ue'. The waves are: eu."),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_input_is_named(name):
    waves, options, words = BAD[name]
    with pytest.raises(ValidationError) as caught:
        report(waves, **options)
    assert words in str(caught.value)
