# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""`make release` on a copy of the checkout: the next version everywhere, and its changelog."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
CHANGELOG_TOOL = Path(sys.executable).with_name("antsibull-changelog")
FRAGMENT = "---\nrelease_summary: What it is about.\nminor_changes:\n  - eks_cluster - something new.\n"


def read_versions(folder: Path) -> set[str]:
    project = tomllib.loads((folder / "sandbox/pyproject.toml").read_text())["project"]
    return {yaml.safe_load((folder / "galaxy.yml").read_text())["version"], project["version"]}


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """What Git tracks, committed in a repository of its own: a clone, wherever somebody has it."""
    folder = tmp_path / "clone"
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for name in tracked.splitlines():
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, folder / name)
    return folder


def commit(folder: Path) -> None:
    who = ["-c", "user.name=tests", "-c", "user.email=tests@example.com"]
    for words in (["init", "-q"], ["add", "--all"], [*who, "commit", "-q", "-m", "copy"]):
        subprocess.run(["git", *words], cwd=folder, check=True)


def release(folder: Path, version: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "tools/release.py", version]
    environment = {**os.environ, "PATH": "/usr/bin:/bin"}  # what the tool needs is beside its Python
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, env=environment)


def test_the_next_release(copy: Path):
    [before] = read_versions(copy)
    major, minor, dummy = before.split(".")
    first = not (copy / "changelogs/changelog.yaml").exists()
    version = "1.0.0" if first else f"{major}.{int(minor) + 1}.0"
    if not first:
        (copy / "changelogs/fragments").mkdir(exist_ok=True)
        (copy / f"changelogs/fragments/{version}.yml").write_text(FRAGMENT)
    commit(copy)
    done = release(copy, version)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f'git commit -m "Release {version}"' in done.stdout
    assert read_versions(copy) == {version}
    assert list((copy / "changelogs/fragments").glob("*")) == []
    made = yaml.safe_load((copy / "changelogs/changelog.yaml").read_text())["releases"][version]
    assert made["changes"]["release_summary"] and f"\nv{version}\n" in (copy / "CHANGELOG.rst").read_text()
    if first:
        modules = {path.stem for path in (copy / "plugins/modules").glob("*.py")}
        assert {row["name"] for row in made["modules"]} == modules
        for kind, pattern in (("role", "roles/*"), ("playbook", "playbooks/*.yml")):
            assert {row["name"] for row in made["objects"][kind]} == {path.stem for path in copy.glob(pattern)}
        assert "bugfixes" not in made["changes"] and "breaking_changes" not in made["changes"]
    subprocess.run([CHANGELOG_TOOL, "lint"], cwd=copy, check=True)


@pytest.mark.parametrize(
    ("version", "words"),
    [("1.0", "is not valid"), ("0.0.1", "is not newer than"), ("99.0.0", "changes that are not committed")],
)
def test_what_is_no_release_is_refused(copy: Path, version: str, words: str):
    commit(copy)
    if version.startswith("99"):
        (copy / "galaxy.yml").write_text("")
    before = read_tree(copy)
    done = release(copy, version)
    assert done.returncode == 1 and words in done.stderr
    assert read_tree(copy) == before


def read_tree(folder: Path) -> str:
    return subprocess.run(["git", "diff", "--stat"], cwd=folder, capture_output=True, text=True, check=True).stdout
