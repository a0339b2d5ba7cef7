# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Repositories and the search in them."""

from __future__ import annotations

import shutil
import stat
from pathlib import Path

import pytest
from conftest import HELM_4, serve_files


@pytest.fixture
def repo(task):
    def run(check: bool = False, fails: bool = False, **options):
        return task("eks_helm_repository", options, check, fails)

    return run


@pytest.mark.extended
def test_a_repository_is_added_refreshed_and_left(repo, packages, tmp_path):
    folder = tmp_path / "served"
    folder.mkdir()
    for name in ("index.yaml", "ingress-nginx-4.0.0.tgz"):
        shutil.copy(packages / name, folder)
    with serve_files(folder) as url:
        options = {"name": "here", "url": url}
        planned = repo(check=True, **options)
        assert (planned["changed"], planned["diff"]) == (True, {"before": "", "after": f"here {url}\n"})
        made = repo(**options)
        assert made["repositories"] == [options] and made["diff"] == planned["diff"]
        assert repo(**options)["changed"] is False
        assert repo(name="here")["changed"] is False
        assert repo(**options, update=True)["updated"] == []

        text = (folder / "index.yaml").read_text()
        (folder / "index.yaml").write_text(text.replace("A small controller", "Another one"))
        assert repo(check=True, update=True)["updated"] == ["here"]
        assert repo(check=True, **options, update=True)["changed"] is True
        assert repo(update=True)["updated"] == ["here"]
        assert repo(update=True)["changed"] is False

        gone = {"name": "here", "state": "absent"}
        assert repo(check=True, **gone)["changed"] is True
        assert repo(**gone)["diff"] == {"before": f"here {url}\n", "after": ""}
        assert repo(**gone)["changed"] is False


@HELM_4
def test_another_url_and_a_lost_index_are_mended(repo, repository, helm_home):
    repo(name="here", url=repository)
    moved = repo(name="here", url=f"{repository}/")
    assert moved["repositories"] == [{"name": "here", "url": f"{repository}/"}]
    index = Path(helm_home["HELM_CACHE_HOME"]) / "repository/here-index.yaml"
    index.unlink()
    assert repo(check=True, name="here")["changed"] is True
    assert not index.exists()
    assert repo(name="here")["changed"] is True
    assert index.exists()
    assert repo(name="here")["changed"] is False


@HELM_4
def test_credentials_are_kept_where_only_helm_reads_them(repo, packages, helm_home):
    with serve_files(packages, "reader", "open-sesame") as url:
        options = {"name": "here", "url": url}
        assert "401" in repo(**options, fails=True)["msg"]
        options |= {"username": "reader", "password": "open-sesame"}
        made = repo(**options)
        assert "open-sesame" not in str(made)
        assert repo(**options)["changed"] is False
        assert repo(name="here", url=url)["changed"] is False  # left out is left alone
        assert repo(**options, update=True)["updated"] == []
        assert "401" in repo(**{**options, "password": "guessed"}, fails=True)["msg"]
    kept = Path(helm_home["HELM_CONFIG_HOME"]) / "repositories.yaml"
    assert stat.S_IMODE(kept.stat().st_mode) & 0o077 == 0
    assert "open-sesame" in kept.read_text()


@HELM_4
def test_what_is_written_wrong_is_refused(repo, repository):
    assert "url: is required, because repository here does not exist" in repo(name="here", fails=True)["msg"]
    assert "url: oci://host is a registry" in repo(name="here", url="oci://host", fails=True)["msg"]
    for options in ({}, {"state": "absent"}, {"url": repository}, {"update": True, "url": repository}):
        assert "name: is required. You can omit it only" in repo(**options, fails=True)["msg"]
    assert "cannot be used" in repo(name="here", url=f"{repository}/nowhere", fails=True)["msg"]
    assert repo(update=True)["repositories"] == []


def test_a_search_takes_ranges(task, repository):
    def versions(**options) -> list[tuple[str, str]]:
        found = task("eks_helm_search", options)["charts"]
        return [(row["name"], row["version"]) for row in found]

    assert versions(keyword="nginx") == []
    task("eks_helm_repository", {"name": "here", "url": repository})
    assert versions(keyword="nginx") == [("here/ingress-nginx", "5.0.0")]
    assert versions() == [("here/ingress-nginx", "5.0.0")]
    assert versions(keyword="nginx", version="<5.0.0", all_versions=True) == [
        ("here/ingress-nginx", "4.1.0"),
        ("here/ingress-nginx", "4.0.0"),
    ]
    assert versions(keyword="^ingress-ngin[x]", regexp=True, version="^4") == [("here/ingress-nginx", "4.1.0")]
    assert versions(repository=repository, version="4.0.*") == [("ingress-nginx", "4.0.0")]
    assert versions(repository=repository, version=">9") == []
    assert versions(keyword="nothing-like-it") == []
    wrong = task("eks_helm_search", {"version": "four"}, fails=True)
    assert "search: " in wrong["msg"]


@HELM_4
def test_a_locked_repository_is_searched_with_its_password(task, packages, tmp_path):
    with serve_files(packages, "reader", "open-sesame") as url:
        assert "401" in task("eks_helm_search", {"repository": url}, fails=True)["msg"]
        found = task("eks_helm_search", {"repository": url, "username": "reader", "password": "open-sesame"})
    assert [row["name"] for row in found["charts"]] == ["ingress-nginx"]
    assert [path for path in tmp_path.rglob("*") if path.is_file() and b"open-sesame" in path.read_bytes()] == []
