# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The role helm: repositories and releases as data."""

from __future__ import annotations

import re

import pytest
from conftest import CLUSTER, HELM_4, write_chart

NEVER_READY = {"controller": {"podAnnotations": {"sandbox.kumo.eks/never-ready": "true"}}}


def task_order(output: str) -> list[str]:
    """The releases in the order in which the role came to them."""
    return re.findall(r"included: .*release\.yml for localhost => \(item=(\S+)\)", output)


@pytest.fixture
def releases(helm_program, repository, tmp_path, request):
    """Two releases as variables of the role; the first in the list needs the second."""
    namespace = f"role-{helm_program.name}"
    chart = write_chart(tmp_path / "ingress-nginx", "4.0.0")
    return {
        "helm_binary_path": str(helm_program),
        "helm_repositories": [{"name": "here", "url": repository}],
        "helm_releases": [
            {"name": "app", "namespace": namespace, "chart": str(chart), "needs": ["ingress"]},
            {"name": "ingress", "namespace": namespace, "chart": "here/ingress-nginx", "version": "<5.0.0"},
        ],
    }


@HELM_4
def test_releases_come_in_order_and_go_the_other_way_round(play_helm, releases, ansible):
    changed, output = play_helm("--check", "--diff", **releases)
    assert changed == 3
    assert "kind: Deployment" in output and "not-to-be-shown" not in output
    changed, output = play_helm(**releases)
    assert (changed, task_order(output)) == (3, ["ingress", "app"])
    assert play_helm(**releases)[0] == 0
    assert play_helm("--check", **releases)[0] == 0

    namespace = releases["helm_releases"][0]["namespace"]
    options = {"cluster_name": CLUSTER, "namespace": namespace, "binary_path": releases["helm_binary_path"]}
    listed, dummy = ansible("eks_helm_info", {**options, "details": ["history", "user_values"]})
    assert [(row["name"], row["status"], row["revision"]) for row in listed["releases"]] == [
        ("app", "deployed", 1),
        ("ingress", "deployed", 1),
    ]
    assert [row["chart"] for row in listed["releases"]] == ["ingress-nginx-4.0.0", "ingress-nginx-4.1.0"]
    assert len(listed["releases"][0]["history"]) == 1

    changed, output = play_helm(**releases, helm_state="absent")
    assert (changed, task_order(output)) == (2, ["app", "ingress"])
    assert play_helm(**releases, helm_state="absent")[0] == 0


@HELM_4
def test_a_failed_upgrade_is_rolled_back_and_ends_the_role(play_helm, releases):
    play_helm(**releases)
    broken = [{**row, "values": NEVER_READY, "wait_timeout": 10} for row in releases["helm_releases"]]
    dummy, output = play_helm(**{**releases, "helm_releases": broken}, fails=True)
    assert task_order(output) == ["ingress", "app"]
    assert "It was rolled back" in output
    assert "pod ingress-controller-" in output
    assert "app-controller" not in output
    assert play_helm("--check", **releases)[0] == 0
    play_helm(**releases, helm_state="absent")


@HELM_4
def test_an_empty_account_gets_the_plan(play_helm, releases):
    changed, output = play_helm("--check", "--diff", **releases, helm_cluster_name="none-yet")
    assert changed == 3
    assert "name: app-controller" in output
    assert "repository here is not known on this machine" in output


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([{"name": "a", "chart": "x", "needs": ["q"]}], "a needs q, which is not in the list"),
        ([{"name": "a"}], "a has no chart"),
        ([{"name": "a", "chart": "x"}, {"name": "a", "chart": "y"}], "is in the list twice"),
    ],
)
def test_what_is_written_wrong_is_refused_before_anything_is_made(play_helm, rows, said):
    dummy, output = play_helm(helm_releases=rows, fails=True)
    assert said in output
    assert "release.yml" not in output
