# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The role eks_helm: repositories and releases as data."""

from __future__ import annotations

import shutil

import pytest
from charts import NEVER_READY, SECRET, write_chart
from conftest import CLUSTER, HELM_4


@pytest.fixture
def releases(helm_program, repository, tmp_path, request):
    """Two releases as variables of the role; the first in the list depends on the second."""
    namespace = f"role-{helm_program.name}"
    write_chart(tmp_path / "ingress-nginx", "4.0.0")
    return {
        "eks_helm_binary_path": str(helm_program),
        "eks_helm_folder": str(tmp_path),
        "eks_helm_repositories": [{"name": "here", "url": repository}],
        "eks_helm_releases": [
            {"name": "app", "namespace": namespace, "chart": "./ingress-nginx", "depends_on": ["ingress"]},
            {"name": "ingress", "namespace": namespace, "chart": "here/ingress-nginx", "version": "<5.0.0"},
        ],
    }


@HELM_4
def test_releases_come_in_order_and_go_the_other_way_round(play_helm, releases, task, helm_home):
    changed, output = play_helm("--check", "--diff", **releases)
    assert changed == 2  # the repository, and the releases
    assert "name: app-controller" in output and "name: ingress-controller" in output and SECRET not in output
    assert play_helm(**releases)[0] == 2
    assert play_helm(**releases)[0] == 0

    namespace = releases["eks_helm_releases"][0]["namespace"]
    rows = task("eks_helm_info", {"cluster_name": CLUSTER, "namespace": namespace})["releases"]
    assert [(row["name"], row["chart"], row["status"], row["revision"]) for row in rows] == [
        ("app", "ingress-nginx-4.0.0", "deployed", 1),
        ("ingress", "ingress-nginx-4.1.0", "deployed", 1),
    ]
    assert rows[0]["updated"] > rows[1]["updated"]

    broken = [{**row, "values": NEVER_READY, "wait_timeout": 6} for row in releases["eks_helm_releases"]]
    dummy, output = play_helm(**{**releases, "eks_helm_releases": broken}, fails=True)
    assert "It was rolled back" in output and "pod ingress-controller-" in output
    assert "Skipped, because they depend on a failed release: app" in output

    for path in (helm_home["HELM_CONFIG_HOME"], helm_home["HELM_CACHE_HOME"]):
        shutil.rmtree(path)  # a machine that knows no repository, as each run in a container is
    assert play_helm("--check", **releases)[0] == 1  # the repository

    assert play_helm(**releases, eks_helm_state="absent")[0] == 1
    assert play_helm(**releases, eks_helm_state="absent")[0] == 0


@HELM_4
def test_an_empty_account_gets_the_plan(play_helm, releases):
    changed, output = play_helm("--check", "--diff", **releases, eks_helm_cluster_name="none-yet")
    assert changed == 2
    assert "name: app-controller" in output and "name: ingress-controller" in output


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        (
            [{"name": "a", "chart": "x/y", "depends_on": ["q"]}],
            "depends_on: release a depends on q, which is not in the list",
        ),
        ([{"name": "a"}], "eks_helm_releases[0].chart: required option is missing"),
        ([{"name": "a", "chart": "x/y", "valeus": {}}], "valeus"),
    ],
)
def test_what_is_written_wrong_is_refused_before_anything_is_made(play_helm, rows, said):
    dummy, output = play_helm(eks_helm_releases=rows, fails=True)
    assert said in output
    assert "Present |" not in output


@HELM_4
def test_passwords_of_repositories_are_not_shown(play_helm, releases):
    rows = [{"name": "locked", "url": "http://127.0.0.1:9", "username": "me", "password": "open\\sesame"}]
    dummy, output = play_helm("-vvv", **{**releases, "eks_helm_repositories": rows}, fails=True)
    assert "repository http://127.0.0.1:9 cannot be used" in output
    assert "sesame" not in output
