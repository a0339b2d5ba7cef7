# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What `make build` makes: what a user needs and nothing else, and the same bytes from the same sources."""

from __future__ import annotations

import hashlib
import importlib.util
import io
import json
import os
import subprocess
import sys
import tarfile
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[2]
FILES = {
    "MANIFEST.json",
    "FILES.json",
    "README.md",
    "CHANGELOG.rst",
    "CONTRIBUTING.md",
    "COPYING",
    "SECURITY.md",
    "bindep.txt",
    "requirements.txt",
}
FOLDERS = {"changelogs", "docs", "extensions", "meta", "playbooks", "plugins", "roles"}


def build(folder: Path, **environment: str) -> bytes:
    command = [sys.executable, "tools/build.py", str(folder)]
    subprocess.run(command, cwd=ROOT, env={**os.environ, **environment}, capture_output=True, check=True)
    [path] = folder.glob("*.tar.gz")
    return path.read_bytes()


@pytest.fixture(scope="module")
def tarball(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return build(tmp_path_factory.mktemp("first"))


def read(tarball: bytes) -> dict[str, bytes]:
    """The contents by path; folders have none."""
    with tarfile.open(fileobj=io.BytesIO(tarball)) as tar:
        return {each.name: tar.extractfile(each).read() if each.isfile() else b"" for each in tar.getmembers()}


def test_two_builds_are_equal(tarball: bytes, tmp_path: Path):
    assert build(tmp_path, TZ="Asia/Tokyo", LC_ALL="C.UTF-8") == tarball


def test_the_time_is_that_of_the_sources(tarball: bytes, tmp_path: Path):
    with tarfile.open(fileobj=io.BytesIO(build(tmp_path, SOURCE_DATE_EPOCH="1767225600"))) as tar:
        assert {each.mtime for each in tar.getmembers()} == {1767225600}
    command = ["git", "log", "-1", "--format=%ct"]
    committed = int(subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout)
    with tarfile.open(fileobj=io.BytesIO(tarball)) as tar:
        assert {each.mtime for each in tar.getmembers()} == {committed}


def load_tool() -> ModuleType:
    spec = importlib.util.spec_from_file_location("build_tool", ROOT / "tools/build.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_neither_order_nor_time_matter(tarball: bytes):
    """What another file system and another day make of the same files."""
    tool = load_tool()
    scrambled = io.BytesIO()
    with tarfile.open(fileobj=io.BytesIO(tarball)) as tar, tarfile.open(fileobj=scrambled, mode="w:gz") as other:
        for number, member in enumerate(reversed(tar.getmembers())):
            content = tar.extractfile(member).read() if member.isfile() else b""
            if member.name == "FILES.json":
                files = json.loads(content)
                content = json.dumps({**files, "files": files["files"][::-1]}, indent=1).encode()
            member.mtime, member.size = number, len(content)
            other.addfile(member, io.BytesIO(content))
    with tarfile.open(fileobj=io.BytesIO(tarball)) as tar:
        seconds = int(tar.getmembers()[0].mtime)
    assert scrambled.getvalue() != tarball and tool.repack(scrambled.getvalue(), seconds) == tarball


def test_the_manifests_are_true(tarball: bytes):
    contents = read(tarball)
    manifest = json.loads(contents["MANIFEST.json"])
    assert manifest["file_manifest_file"]["chksum_sha256"] == hashlib.sha256(contents["FILES.json"]).hexdigest()
    listed = {row["name"]: row for row in json.loads(contents["FILES.json"])["files"] if row["name"] != "."}
    assert set(listed) == set(contents) - {"MANIFEST.json", "FILES.json"}
    files = {name: row for name, row in listed.items() if row["ftype"] == "file"}
    wrong = [name for name, row in files.items() if row["chksum_sha256"] != hashlib.sha256(contents[name]).hexdigest()]
    assert wrong == []


def test_it_has_what_users_need_and_nothing_else(tarball: bytes):
    names = set(read(tarball))
    assert {name.split("/")[0] for name in names} == FILES | FOLDERS
    assert {name.split("/")[1] for name in names if name.startswith("extensions/")} == {"execution-environment"}
    for folder in ("plugins", "roles", "playbooks", "meta", "docs"):
        tracked = subprocess.run(["git", "ls-files", folder], cwd=ROOT, capture_output=True, text=True, check=True)
        assert set(tracked.stdout.split("\n")[:-1]) <= names
    assert [name for name in names if Path(name).suffix in (".pyc", ".log", ".gz", ".retry")] == []
