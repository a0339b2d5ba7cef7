# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""eks_insights_info: what would be a problem for an upgrade, and how fresh that is."""

from __future__ import annotations

import pytest

CLUSTER = "my-cluster"


@pytest.fixture
def standing(run_module, ground):
    words = {"name": CLUSTER, "version": "1.33", "role_arn": ground["role"], "subnets": ground["subnets"], "wait": True}
    assert not run_module("eks_cluster", words)["failed"]


@pytest.fixture
def insights(standing, run_module):
    def look(check: bool = False, **options):
        result = run_module("eks_insights_info", {"cluster_name": CLUSTER, **options}, check)
        assert not result["changed"] if not result["failed"] else True
        return result

    return look


def add_old_addon(sandbox):
    """An add-on whose version is not compatible with the next Kubernetes version."""
    words = {"clusterName": CLUSTER, "addonName": "coredns", "addonVersion": "v1.11.4-eksbuild.24"}
    sandbox.client("eks").create_addon(**words, resolveConflicts="OVERWRITE")


def test_insights_are_counted_and_filtered(insights):
    found = insights()
    assert found["counts"] == {"PASSING": 4, "WARNING": 0, "ERROR": 0, "UNKNOWN": 0}
    assert {row["category"] for row in found["insights"]} == {"UPGRADE_READINESS"}
    assert "recommendation" not in found["insights"][0] and "refresh" not in found
    for words in ({"statuses": ["ERROR"]}, {"categories": ["MISCONFIGURATION"]}, {"kubernetes_versions": ["1.30"]}):
        assert insights(**words)["insights"] == []
    assert len(insights(kubernetes_versions=["1.34"], statuses=["PASSING"])["insights"]) == 4


def test_a_refresh_shows_what_changed_since_the_last_one(sandbox, insights):
    insights()
    add_old_addon(sandbox)
    assert insights()["counts"]["ERROR"] == 0
    planned = insights(check=True, refresh=True)
    assert planned["counts"]["ERROR"] == 0 and "refresh" not in planned
    found = insights(refresh=True, details=True, statuses=["ERROR"])
    assert found["refresh"]["status"] == "COMPLETED" and found["refresh"]["ended_at"]
    (row,) = found["insights"]
    assert "addon/my-cluster/coredns" in row["resources"][0]["arn"] and "Update the add-ons" in row["recommendation"]
    fitting = row["category_specific_summary"]["addon_compatibility_details"][0]["compatible_versions"]
    assert fitting == ["v1.13.1-eksbuild.1", "v1.12.4-eksbuild.1"]
    assert "Updating an EKS add-on" in row["additional_info"]  # titles are not rewritten
    assert insights(id=row["id"])["insights"] == [row] and insights(id="none")["insights"] == []


def test_a_refresh_that_is_in_progress_is_followed_by_another(sandbox, insights):
    insights()
    sandbox.clock.set_speed(600)
    sandbox.client("eks").start_insights_refresh(clusterName=CLUSTER)
    sandbox.recorder.clear()
    found = insights(refresh=True)
    started = [call for call in sandbox.calls() if call["operation"] == "StartInsightsRefresh"]
    assert not found["failed"] and [call["status"] for call in started] == [200]
    waits = [call for call in sandbox.calls() if call["operation"] == "DescribeInsightsRefresh"]
    assert len(waits) > 2


def test_a_refresh_that_fails_says_why(sandbox, insights):
    sandbox.faults.add(kind="fail_refresh", message="The cluster cannot be reached")
    result = insights(refresh=True)
    assert result["failed"] and f"insights of cluster {CLUSTER} failed: The cluster cannot be reached" in result["msg"]


def test_a_refresh_that_takes_too_long_names_the_limit(sandbox, insights):
    sandbox.clock.set_speed(1)
    result = insights(refresh=True, wait_timeout=1)
    assert result["failed"] and "was not complete after 1 seconds" in result["msg"]


def test_no_cluster_has_no_insights(sandbox, run_module):
    result = run_module("eks_insights_info", {"cluster_name": "nowhere"})
    assert result["insights"] == [] and result["counts"]["ERROR"] == 0
