# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Back to a revision or the one before, and what eks_helm_info tells of it."""

from __future__ import annotations

import pytest
from charts import NEVER_READY, SECRET, SETTINGS, WORKLOAD, write_chart
from conftest import CLUSTER, HELM_4

pytestmark = pytest.mark.extended


@pytest.fixture
def web(keep, tmp_path):
    """A release of three revisions: web(revision=1, check=True) rolls it back."""
    chart = str(write_chart(tmp_path / "chart", templates={"settings": SETTINGS}))
    for number in (1, 2, 3):
        keep("web", chart=chart, values={"settings": {"number": number}}, description=f"number {number}")

    def back(**options):
        return keep("web", module="eks_helm_rollback", **options)

    return back


def values(keep) -> dict:
    return keep("web", module="eks_helm_info", details=["user_values"])["releases"][0]["user_values"]


@HELM_4
def test_back_to_a_revision_and_to_the_one_before(web, keep):
    planned = web(check=True)
    assert (planned["changed"], planned["rolled_back_to"], planned["revision"]) == (True, 2, 3)
    undone = web()
    assert (undone["rolled_back_to"], undone["revision"], undone["description"]) == (2, 4, "Rollback to 2")
    assert undone["diff"] == planned["diff"]
    assert '"number":3' in undone["diff"]["before"] and '"number":2' in undone["diff"]["after"]
    assert values(keep) == {"settings": {"number": 2}}
    again = web()
    assert (again["changed"], again["revision"]) == (False, 4)
    assert again["reason"] == "revision 4 is itself a rollback (Rollback to 2)"
    assert web(revision=2)["reason"] == "it is the same as revision 2"
    assert web(revision=4)["reason"] == "it is the same as revision 4"

    assert web(revision=1, wait=True)["revision"] == 5
    assert values(keep) == {"settings": {"number": 1}}
    assert web(revision=1)["changed"] is False
    assert web(revision=1, check=True)["changed"] is False


@HELM_4
def test_where_there_is_no_way_back(web, keep, chart):
    said = web(revision=7, fails=True)["msg"]
    assert said == "revision: release web has no revision 7. It has 1, 2, 3"
    assert (
        "name: release nothing does not exist in namespace"
        in keep("nothing", module="eks_helm_rollback", fails=True)["msg"]
    )
    keep("first", chart=chart)
    assert "has no earlier revision that worked" in keep("first", module="eks_helm_rollback", fails=True)["msg"]
    assert "is not a valid release name" in keep("A", module="eks_helm_rollback", fails=True)["msg"]


@HELM_4
def test_a_failed_upgrade_is_undone(keep, chart):
    keep("web", chart=chart, wait=True)
    keep("web", chart=chart, values=NEVER_READY, wait=True, wait_timeout=4, fails=True)
    undone = keep("web", module="eks_helm_rollback", wait=True)
    assert (undone["rolled_back_to"], undone["revision"], undone["status"]) == (1, 3, "deployed")
    failed = keep("web", module="eks_helm_rollback", revision=2, wait=True, wait_timeout=4, fails=True)
    assert "It is failed at revision 4. Not ready: pod web-controller-" in failed["msg"]
    assert failed["status"] == "failed"


@HELM_4
def test_the_releases_of_all_namespaces_and_what_they_are(keep, task, chart, tmp_path, namespace):
    notes = {"NOTES": "ignored", **WORKLOAD}
    write_chart(tmp_path / "ingress-nginx", templates={key: text for key, text in notes.items() if key != "NOTES"})
    (tmp_path / "ingress-nginx/templates/NOTES.txt").write_text("Look at {{ .Release.Name }}.")
    keep("web", chart=chart, values={"controller": {"replicas": 2}})
    keep("web", chart=chart, values={"controller": {"replicas": 1}})
    other = f"{namespace}-2"
    keep("other", chart=chart, namespace=other)
    keep("broken", chart=chart, values=NEVER_READY, wait=True, wait_timeout=3, fails=True)

    def names(**options) -> list[tuple[str, str, str]]:
        rows = task("eks_helm_info", {"cluster_name": CLUSTER, **options})["releases"]
        return [
            (row["namespace"], row["name"], row["status"]) for row in rows if row["namespace"].startswith(namespace)
        ]

    everything = [(namespace, "broken", "failed"), (namespace, "web", "deployed"), (other, "other", "deployed")]
    assert names() == everything
    assert names(namespace=namespace) == everything[:2]
    assert names(name="web") == [everything[1]]
    assert names(status=["failed", "pending-install"]) == [everything[0]]
    assert names(namespace="nowhere") == []

    details = ["user_values", "all_values", "history", "manifest", "notes"]
    row = keep("web", module="eks_helm_info", details=details)["releases"][0]
    assert (row["revision"], row["chart"], row["app_version"]) == (2, "ingress-nginx-4.0.0", "app-4.0.0")
    assert row["user_values"] == {"controller": {"replicas": 1}}
    assert row["all_values"]["controller"]["service"]["type"] == "ClusterIP"
    assert [(each["revision"], each["status"]) for each in row["history"]] == [(1, "superseded"), (2, "deployed")]
    assert "kind: Deployment" in row["manifest"] and SECRET not in row["manifest"]
    assert row["notes"].strip().endswith("Look at web.")


@HELM_4
def test_a_cluster_that_is_not_there_has_no_releases(keep, chart):
    assert keep("web", module="eks_helm_info", cluster_name="none")["releases"] == []
    assert keep("web", cluster_name="none", state="absent")["changed"] is False
    planned = keep("web", cluster_name="none", chart=chart, check=True)
    assert (planned["action"], "kind: Deployment" in planned["diff"]["after"]) == ("install", True)
    assert SECRET not in planned["diff"]["after"]
    assert (
        "cluster_name: cluster none does not exist" in keep("web", cluster_name="none", chart=chart, fails=True)["msg"]
    )
