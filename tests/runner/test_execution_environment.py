# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An execution environment has every program and package that the collection calls: what ansible-builder finds, beside the code."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
BUILDER = Path(sys.executable).with_name("ansible-builder")
IN_EVERY_IMAGE = {"/bin/sh"}
RUNNERS = ("subprocess.", "os.system", "os.exec", "os.spawn")
OF_OTHERS = {"yaml": "ansible-core", "jmespath": "boto3", "urllib3": "botocore"}  # packages that need them themselves


@pytest.fixture(scope="module")
def needs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[str]]:
    """The packages of Python and of the system that ansible-builder collects from the collection alone."""
    scratch = tmp_path_factory.mktemp("collections")
    folder = scratch / "ansible_collections/kumo"
    folder.mkdir(parents=True)
    (folder / "eks").symlink_to(ROOT)
    command = [str(BUILDER), "introspect", str(scratch)]
    found = yaml.safe_load(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    return {kind: [line.split("#")[0].strip() for line in found[kind]] for kind in ("python", "system")}


def list_sources() -> list[Path]:
    return sorted((ROOT / "plugins").rglob("*.py"))


def list_programs(tree: ast.AST) -> Iterator[str]:
    """Programs that code names in a call that finds or runs one: the literal, or the first of a list of literals."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        called = ast.unparse(node.func)
        if called.rsplit(".", maxsplit=1)[-1] not in ("get_bin_path", "which", "run_command") and not called.startswith(
            RUNNERS
        ):
            continue
        first = node.args[0] if node.args else None
        first = first.elts[0] if isinstance(first, ast.List) and first.elts else first
        if isinstance(first, ast.Constant) and isinstance(first.value, str):
            yield first.value


def list_called_programs() -> set[str]:
    return {program for path in list_sources() for program in list_programs(ast.parse(path.read_text()))}


def test_each_program_is_in_the_environment(needs: dict[str, list[str]]):
    called = list_called_programs()
    assert "helm" in called and not {"aws", "kubectl", "eksctl"} & called
    packages = {line.split()[0] for line in needs["system"]}
    assert called - IN_EVERY_IMAGE <= packages
    assert packages <= called, "a package that nothing calls"


def test_programs_of_others_are_noticed():
    tree = ast.parse('module.get_bin_path("git"); subprocess.run(["aws", "eks"], check=True); module.run_command(argv)')
    assert list(list_programs(tree)) == ["git", "aws"]


def test_each_package_of_python_is_in_the_environment(needs: dict[str, list[str]]):
    trees = [ast.parse(path.read_text()) for path in list_sources()]
    imported = {
        name.split(".")[0]
        for tree in trees
        for node in ast.walk(tree)
        for name in (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [node.module or ""]
            if isinstance(node, ast.ImportFrom) and not node.level
            else []
        )
    }
    others = imported - set(sys.stdlib_module_names) - {"ansible", "ansible_collections", ""}
    packages = {line.split(">")[0].split("=")[0] for line in needs["python"]} | {"ansible-core"}
    assert {OF_OTHERS.get(name, name) for name in others} <= packages


def test_roles_and_playbooks_call_no_program():
    words = ("ansible.builtin.command", "ansible.builtin.shell", "ansible.builtin.raw", "'pipe'", "builtin.pipe")
    files = [path for folder in ("roles", "playbooks") for path in (ROOT / folder).rglob("*.yml")]
    assert [path.name for path in files if any(word in path.read_text() for word in words)] == []


def test_the_example_allows_what_the_collection_allows():
    galaxy = yaml.safe_load((ROOT / "galaxy.yml").read_text())["dependencies"]
    folder = ROOT / "extensions/execution-environment"
    collections = yaml.safe_load((folder / "requirements.yml").read_text())["collections"]
    assert {row["name"]: row.get("version") for row in collections} == {"kumo.eks": None, **galaxy}
