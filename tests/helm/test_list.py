# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A list of releases in one task: its order, its failures, and how little is asked when nothing changed."""

from __future__ import annotations

import pytest
from charts import NEVER_READY, SETTINGS, config_map, definition, write_chart
from conftest import CLUSTER, HELM_4

from ansible_collections.kumo.eks.plugins.module_utils.helm import listing
from ansible_collections.kumo.eks.plugins.module_utils.helm.cli import Helm

WIDGET = "apiVersion: example.com/v1\nkind: Widget\nmetadata: {name: first}\n"


@pytest.fixture
def keep_all(task, namespace):
    """eks_helm on a list in the test's namespace: keep_all([{...}], check=True) -> the result."""

    def run(releases: list[dict], check: bool = False, fails: bool = False, **options):
        args = {"cluster_name": CLUSTER, "namespace": namespace, "create_namespace": True, "releases": releases}
        return task("eks_helm", {**args, **options}, check, fails)

    return run


@pytest.fixture
def commands(monkeypatch):
    """The commands that Helm is given."""
    seen: list[str] = []
    own = Helm.run

    def spied(self, *args, **options):
        seen.append(args[0])
        return own(self, *args, **options)

    monkeypatch.setattr(Helm, "run", spied)
    return seen


def actions(result: dict) -> dict[str, str]:
    return {row["name"]: row.get("action", "failed") for row in result["releases"]}


@HELM_4
def test_a_list_is_planned_made_left_alone_and_removed(
    keep_all, tmp_path, repository, namespace, kubernetes_sandbox, commands, kubectl
):
    settings = str(write_chart(tmp_path / "settings", templates={"settings": SETTINGS}))
    other = f"{namespace[:50]}-other"
    rows = [
        {"name": "app", "chart": settings, "values": {"settings": {"a": 1}}, "depends_on": ["web", "base"]},
        {"name": "web", "chart": "here/ingress-nginx", "version": "~4.1", "namespace": other, "wait": False},
        {"name": "base", "chart": "./settings", "set_values": ["settings.b=2"]},
    ]
    options = {"repositories": [{"name": "here", "url": repository}], "folder": str(tmp_path), "wait": True}
    planned = keep_all(rows, check=True, **options)
    assert actions(planned) == {"app": "install", "web": "install", "base": "install"}
    assert planned["changed"] is True
    made = keep_all(rows, **options)
    assert [(row["namespace"], row["status"], row["failed"]) for row in made["releases"]] == [
        (namespace, "deployed", False),
        (other, "deployed", False),
        (namespace, "deployed", False),
    ]
    assert made["diff"] == planned["diff"] and len(made["diff"]) == 3
    assert made["diff"][0]["after_header"] == f"release app in {namespace}"
    times = {row["name"]: row["updated"] for row in made["releases"]}
    assert times["base"] < times["app"] and times["web"] < times["app"]

    commands.clear()
    before = len(kubernetes_sandbox.calls("eks"))
    again = keep_all(rows, **options)
    assert (again["changed"], again["diff"]) == (False, [])
    assert [row["revision"] for row in again["releases"]] == [1, 1, 1]
    assert sorted(commands) == ["env", "pull", "repo"]  # no release is rendered
    assert [call["operation"] for call in kubernetes_sandbox.calls("eks")[before:]] == ["DescribeCluster"]

    rows[0]["values"] = {"settings": {"a": 2}}
    assert actions(keep_all(rows, **options)) == {"app": "upgrade", "web": "none", "base": "none"}
    gone = keep_all(rows, state="absent", **options)
    assert set(actions(gone).values()) == {"uninstall"}
    assert keep_all(rows, state="absent", **options)["changed"] is False
    kubectl("delete", "namespace", other, "--wait=false")


@HELM_4
def test_more_releases_than_helm_lists_at_once(keep_all, task, tmp_path, namespace, monkeypatch):
    chart = str(write_chart(tmp_path / "quick", templates={"own": config_map("{{ .Release.Name }}")}))
    rows = [{"name": f"release-{number}", "chart": chart} for number in range(5)]
    keep_all(rows)
    monkeypatch.setattr(listing, "PAGE", 2)
    found = task("eks_helm_info", {"cluster_name": CLUSTER, "namespace": namespace})["releases"]
    assert [row["name"] for row in found] == [row["name"] for row in rows]
    assert keep_all(rows)["changed"] is False


@pytest.mark.extended
@HELM_4
def test_what_was_changed_by_hand_is_seen(
    keep_all, tmp_path, programs, kubernetes_sandbox, namespace, kubectl, commands
):
    chart = str(write_chart(tmp_path / "settings", templates={"settings": SETTINGS}))
    rows = [{"name": name, "chart": chart, "values": {"settings": {"a": "1"}}} for name in ("one", "two")]
    keep_all(rows)
    kubectl("label", "secret", "sh.helm.release.v1.one.v1", "--namespace", namespace, "status=failed", "--overwrite")
    commands.clear()
    assert keep_all(rows)["changed"] is False  # the label is not what the release says
    assert commands == []
    changed = [{**row, "values": {"settings": {"a": 1}}} for row in rows]
    assert [row["reasons"] for row in keep_all(changed)["releases"]] == [["values", "manifests"]] * 2
    write_chart(tmp_path / "settings", templates={"settings": SETTINGS + "  more: text\n"})
    assert [row["reasons"] for row in keep_all(changed)["releases"]] == [["manifests"]] * 2


@pytest.mark.extended
@HELM_4
def test_one_that_fails_stops_only_those_that_depend_on_it(keep_all, chart, tmp_path):
    quick = str(write_chart(tmp_path / "quick", templates={"own": config_map("{{ .Release.Name }}")}))
    rows = [
        {"name": "after", "chart": quick, "depends_on": ["broken"]},
        {"name": "broken", "chart": chart, "values": NEVER_READY, "wait": True, "wait_timeout": 4},
        {"name": "other", "chart": quick},
    ]
    failed = keep_all(rows, fails=True)
    assert failed["msg"].startswith("1 of 3 releases failed: broken: release broken in ")
    assert failed["msg"].endswith(" | Skipped, because they depend on a failed release: after")
    assert "Not ready: pod broken-controller-" in failed["msg"]
    after, broken, other = failed["releases"]
    assert (after["skipped"], after["changed"]) == (True, False)
    assert after["msg"] == "not started: it depends on broken, which failed or was skipped"
    assert (broken["failed"], broken["changed"], broken["status"]) == (True, True, "failed")
    assert (other["action"], other["status"]) == ("install", "deployed")
    assert failed["changed"] is True
    rows[1]["values"] = {}
    assert actions(keep_all(rows)) == {"after": "install", "broken": "upgrade", "other": "none"}


@HELM_4
def test_a_plan_knows_the_kinds_of_what_a_release_depends_on(keep_all, tmp_path):
    operator = str(write_chart(tmp_path / "operator", templates={}, crds={"w": definition("wheels", "Wheel")}))
    widget = str(write_chart(tmp_path / "widget", templates={"widget": WIDGET.replace("Widget", "Wheel")}))
    rows = [{"name": "user", "chart": widget, "depends_on": ["operator"]}, {"name": "operator", "chart": operator}]
    planned = keep_all(rows, check=True)
    assert "kind: Wheel" in planned["diff"][0]["after"]
    independent = [{"name": "user", "chart": widget}]
    assert 'no matches for kind "Wheel"' in keep_all(independent, check=True, fails=True)["msg"]
    assert set(actions(keep_all(rows)).values()) == {"install"}


@HELM_4
@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([{"name": "a", "chart": "./nowhere"}], "releases[0] (a): chart: ./nowhere does not exist"),
        ([{"name": "a"}], "releases[0] (a): chart: required option is missing"),
        ([{"name": "a", "state": "absent"}, {"name": "a", "state": "absent"}], "release a in namespace"),
        ([{"name": "a", "state": "absent", "depends_on": ["b"]}], "release a depends on b, which is not in the list"),
    ],
)
def test_a_list_that_cannot_be_right_is_refused_before_anything_is_made(keep_all, rows, said):
    assert said in keep_all(rows, fails=True)["msg"]


@HELM_4
def test_options_of_one_release_do_not_stand_beside_a_list(keep_all):
    rows = [{"name": "web", "state": "absent"}]
    assert "mutually exclusive" in keep_all(rows, fails=True, values={"replicas": 1})["msg"]
    assert "concurrency: 0 is not valid. Use 1 to 16" in keep_all(rows, fails=True, concurrency=0)["msg"]
