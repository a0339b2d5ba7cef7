# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A chart from a folder, an archive, a repository, a URL and a registry; from Amazon ECR by its own password."""

from __future__ import annotations

from pathlib import Path

import pytest
from charts import config_map, write_chart
from conftest import HELM_4, serve_files, serve_registry

from ansible_collections.kumo.eks.plugins.module_utils.helm import ecr as helm_ecr

pytestmark = pytest.mark.extended

USER, PASSWORD = "reader", "open-sesame"
BCRYPT = "$2y$05$abcdefghijklmnopqrstuutXu9KzOt.1yBoZUeFWoT/914/JfszCO"
# an account and a region that are not the cluster's; moto's password holds the account
ECR = "999988887777.dkr.ecr.us-west-2.amazonaws.com"
ECR_PASSWORD = "999988887777-auth-token"
ECR_BCRYPT = "$2y$05$abcdefghijklmnopqrstuuq99febrIviy0vkNWlmmtaDXGfwSkqOC"
SOURCES = {
    "folder": lambda place: {"chart": place["folder"]},
    "archive": lambda place: {"chart": str(place["packages"] / "ingress-nginx-4.1.0.tgz")},
    "repository": lambda place: {"chart": "ingress-nginx", "repository": place["repository"], "version": "~4.1"},
    "known-repository": lambda place: {"chart": "here/ingress-nginx", "version": ">=4.0.0 <5.0.0"},
    "url": lambda place: {"chart": f"{place['repository']}/ingress-nginx-4.1.0.tgz"},
    "registry": lambda place: {
        "chart": f"oci://{place['registry']}/charts/ingress-nginx",
        "version": "<5.0.0",
        "plain_http": True,
    },
}


@pytest.fixture
def place(packages, repository, registry, tmp_path):
    folder = str(write_chart(tmp_path / "ingress-nginx", "4.1.0"))
    return {"packages": packages, "repository": repository, "registry": registry, "folder": folder}


def files_with(folder: Path, secret: str) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file() and secret.encode() in path.read_bytes()]


@HELM_4
@pytest.mark.parametrize("source", SOURCES)
def test_a_chart_comes_from(source, keep, task, place):
    if source == "known-repository":
        task("eks_helm_repository", {"name": "here", "url": place["repository"]})
    options = SOURCES[source](place)
    assert keep("web", check=True, **options)["chart"] == "ingress-nginx-4.1.0"
    assert keep("web", **options)["chart"] == "ingress-nginx-4.1.0"
    assert keep("web", **options)["changed"] is False


def test_the_newest_version_is_followed(keep, place):
    for name in ("repository", "registry"):
        options = {**SOURCES[name](place), "version": None}
        assert keep("web", **options, check=True)["chart"] == "ingress-nginx-5.0.0"
        old = keep("web", **{**options, "version": "4.0.0"})
        assert old["chart"] == "ingress-nginx-4.0.0"
        newer = keep("web", **options)
        assert newer["reasons"][0] == "chart ingress-nginx-4.0.0 -> ingress-nginx-5.0.0"
        keep("web", state="absent")


@HELM_4
def test_a_folder_of_the_same_name_is_not_taken_for_a_chart_of_a_repository(keep, place, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # where the folder ingress-nginx is
    assert keep("web", check=True, chart="ingress-nginx")["chart"] == "ingress-nginx-4.1.0"
    assert (
        keep("web", check=True, chart="ingress-nginx", repository=place["repository"])["chart"] == "ingress-nginx-5.0.0"
    )


@HELM_4
def test_what_is_not_there_is_named(keep, place):
    for name in ("repository", "registry"):
        missing = keep("web", **{**SOURCES[name](place), "version": ">=9.0.0"}, fails=True)
        assert "ingress-nginx >=9.0.0 cannot be pulled" in missing["msg"]
    unknown = keep("web", chart="there/ingress-nginx", fails=True)
    assert "chart: there/ingress-nginx cannot be pulled: repo there not found" in unknown["msg"]


@HELM_4
def test_the_plan_of_a_repository_that_is_not_known_yet(keep, chart):
    planned = keep("web", chart="there/ingress-nginx", check=True)
    assert (planned["changed"], planned["action"]) == (True, "install")
    assert "repository there does not exist on this machine" in planned["warnings"][0]
    keep("web", chart=chart)
    planned = keep("web", chart="there/ingress-nginx", check=True)
    assert (planned["changed"], planned["action"]) == (True, "upgrade")


@HELM_4
def test_dependencies_are_brought_up_to_date_in_a_copy(keep, tmp_path, repository):
    write_chart(tmp_path / "common", "1.2.0", {"common": config_map("common")})
    rows = [
        {"name": "common", "version": "1.x", "repository": "file://../common"},
        {"name": "ingress-nginx", "version": "4.0.0", "repository": repository},
    ]
    folder = write_chart(tmp_path / "chart", templates={"own": config_map("own")}, dependencies=rows)
    missing = keep("web", chart=str(folder), fails=True)
    assert "common" in missing["msg"] and "missing in charts/" in missing["msg"]
    made = keep("web", chart=str(folder), dependency_update=True)
    for name in ("own", "common", "web-controller"):
        assert f"name: {name}\n" in made["diff"]["after"]
    assert keep("web", chart=str(folder), dependency_update=True)["changed"] is False
    assert not (folder / "charts").exists() and not (folder / "Chart.lock").exists()


def test_a_locked_repository_opens_to_its_password(keep, packages, tmp_path):
    with serve_files(packages, USER, PASSWORD) as url:
        options = {"chart": "ingress-nginx", "repository": url, "version": "4.0.0"}
        assert "401" in keep("web", **options, fails=True)["msg"]
        options |= {"username": USER, "password": PASSWORD}
        assert keep("web", **options)["chart"] == "ingress-nginx-4.0.0"
        assert keep("web", **options)["changed"] is False
    assert files_with(tmp_path, PASSWORD) == []


@HELM_4
def test_archives_on_another_host_get_the_password_only_when_asked_for(keep, task, packages, programs, tmp_path):
    (tmp_path / "index").mkdir()
    with (
        serve_files(packages, USER, PASSWORD) as archives,
        serve_files(tmp_path / "index", USER, PASSWORD) as url,
    ):
        index = (packages / "index.yaml").read_text().replace("- ingress-nginx-", f"- {archives}/ingress-nginx-")
        (tmp_path / "index/index.yaml").write_text(index)
        credentials = {"username": USER, "password": PASSWORD}
        options = {"chart": "ingress-nginx", "repository": url, "version": "4.0.0", **credentials}
        assert "401" in keep("web", **options, check=True, fails=True)["msg"]
        assert keep("web", **options, pass_credentials=True, check=True)["chart"] == "ingress-nginx-4.0.0"
        row = {"name": "there", "url": url, **credentials}
        known = {"chart": "there/ingress-nginx", "version": "4.0.0"}
        assert "401" in keep("web", **known, repositories=[row], check=True, fails=True)["msg"]
        rows = [{**row, "pass_credentials": True}]
        assert keep("web", **known, repositories=rows, check=True)["chart"] == "ingress-nginx-4.0.0"
        assert task("eks_helm_repository", {"repositories": rows})["changed"] is True
        assert task("eks_helm_repository", {"repositories": rows})["changed"] is False
        assert keep("web", **known, check=True)["chart"] == "ingress-nginx-4.0.0"
        assert task("eks_helm_repository", {"repositories": [row]})["changed"] is True
        assert "401" in keep("web", **known, check=True, fails=True)["msg"]


def test_a_locked_registry_opens_to_its_password(keep, programs, packages, tmp_path, tmp_path_factory):
    with serve_registry(programs, packages, tmp_path_factory.mktemp("locked"), USER, PASSWORD, BCRYPT) as address:
        options = {"chart": f"oci://{address}/charts/ingress-nginx", "version": "4.0.0", "plain_http": True}
        assert "cannot be pulled" in keep("web", **options, fails=True)["msg"]
        wrong = keep("web", **options, username=USER, password="guessed", fails=True)
        assert f"chart: cannot sign in to {address}" in wrong["msg"] and "guessed" not in wrong["msg"]
        assert keep("web", **options, username=USER, password=PASSWORD)["chart"] == "ingress-nginx-4.0.0"
        assert "cannot be pulled" in keep("web", **options, fails=True)["msg"]  # nobody stays signed in
    assert files_with(tmp_path, PASSWORD) == []


def test_amazon_ecr_is_signed_in_to(
    keep, programs, packages, tmp_path, tmp_path_factory, monkeypatch, kubernetes_sandbox
):
    regions = []
    own = helm_ecr.get_client

    def spied(*args, **words):
        made = own(*args, **words)
        regions.append(made.meta.region_name)
        return made

    monkeypatch.setattr(helm_ecr, "get_client", spied)
    folder = tmp_path_factory.mktemp("ecr")
    with serve_registry(programs, packages, folder, "AWS", ECR_PASSWORD, ECR_BCRYPT) as address:
        # a request through a proxy names the host; the registry, asked as one, answers for every name
        monkeypatch.setenv("HTTP_PROXY", f"http://{address}")
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")
        options = {"chart": f"oci://{ECR}/charts/ingress-nginx", "version": "4.0.0", "plain_http": True}
        assert "cannot be pulled" in keep("web", **options, ecr_login=False, fails=True)["msg"]
        assert regions == []
        made = keep("web", **options)
        assert made["chart"] == "ingress-nginx-4.0.0"
        assert regions == ["us-west-2"]
        assert keep("web", **options)["changed"] is False
    assert ECR_PASSWORD not in str(made)
    assert files_with(tmp_path, ECR_PASSWORD) == []
    assert kubernetes_sandbox.calls("ecr")[-1]["operation"] == "GetAuthorizationToken"


@HELM_4
def test_a_name_for_amazon_ecr_is_signed_in_to_when_asked_for(keep, programs, packages, tmp_path_factory):
    """A registry behind a name of its own: the account and region are then the task's."""
    own = ("AWS", "123456789012-auth-token", "$2y$05$abcdefghijklmnopqrstuu/4ofrUS75HrKu6f.iuRo0I/XlrmpqlC")
    with serve_registry(programs, packages, tmp_path_factory.mktemp("ecr"), *own) as address:
        options = {"chart": f"oci://{address}/charts/ingress-nginx", "plain_http": True}
        assert "cannot be pulled" in keep("web", **options, fails=True)["msg"]
        assert keep("web", **options, ecr_login=True)["chart"] == "ingress-nginx-5.0.0"
