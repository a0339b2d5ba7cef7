# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The role helm: repositories and releases as data."""

from __future__ import annotations

import re
import shutil

import pytest
from charts import NEVER_READY, SECRET, write_chart
from conftest import CLUSTER, HELM_4


def task_order(output: str) -> list[str]:
    """The releases in the order in which the role came to them."""
    return re.findall(r"included: .*release\.yml for localhost => \(item=(\S+)\)", output)


@pytest.fixture
def releases(helm_program, repository, tmp_path, request):
    """Two releases as variables of the role; the first in the list needs the second."""
    namespace = f"role-{helm_program.name}"
    chart = write_chart(tmp_path / "ingress-nginx", "4.0.0")
    return {
        "eks_helm_binary_path": str(helm_program),
        "eks_helm_repositories": [{"name": "here", "url": repository}],
        "eks_helm_releases": [
            {"name": "app", "namespace": namespace, "chart": str(chart), "needs": ["ingress"]},
            {"name": "ingress", "namespace": namespace, "chart": "here/ingress-nginx", "version": "<5.0.0"},
        ],
    }


@HELM_4
def test_releases_come_in_order_stop_at_a_failure_and_go_the_other_way_round(play_helm, releases, task, helm_home):
    changed, output = play_helm("--check", "--diff", **releases)
    assert changed == 3
    assert "name: app-controller" in output and "name: ingress-controller" in output and SECRET not in output
    changed, output = play_helm(**releases)
    assert (changed, task_order(output)) == (3, ["ingress", "app"])
    assert play_helm(**releases)[0] == 0

    namespace = releases["eks_helm_releases"][0]["namespace"]
    list_names = task("eks_helm_info", {"cluster_name": CLUSTER, "namespace": namespace})["releases"]
    assert [(row["name"], row["chart"], row["status"], row["revision"]) for row in list_names] == [
        ("app", "ingress-nginx-4.0.0", "deployed", 1),
        ("ingress", "ingress-nginx-4.1.0", "deployed", 1),
    ]

    broken = [{**row, "values": NEVER_READY, "wait_timeout": 6} for row in releases["eks_helm_releases"]]
    dummy, output = play_helm(**{**releases, "eks_helm_releases": broken}, fails=True)
    assert "It was rolled back" in output and "pod ingress-controller-" in output
    assert "app-controller" not in output

    for path in (helm_home["HELM_CONFIG_HOME"], helm_home["HELM_CACHE_HOME"]):
        shutil.rmtree(path)  # a machine that knows no repository, as each run in a container is
    assert play_helm("--check", **releases)[0] == 1  # the repository

    changed, output = play_helm(**releases, eks_helm_state="absent")
    assert (changed, task_order(output)) == (2, ["app", "ingress"])


@HELM_4
def test_an_empty_account_gets_the_plan(play_helm, releases):
    changed, output = play_helm("--check", "--diff", **releases, eks_helm_cluster_name="none-yet")
    assert changed == 3
    assert "name: app-controller" in output and "name: ingress-controller" in output


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([{"name": "a", "chart": "x", "needs": ["q"]}], "a needs q, which is not in the list"),
        ([{"name": "a"}], "a has no chart"),
    ],
)
def test_what_is_written_wrong_is_refused_before_anything_is_made(play_helm, rows, said):
    dummy, output = play_helm(eks_helm_releases=rows, fails=True)
    assert said in output
    assert "release.yml" not in output
