# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The pages of the reference: when antsibull-docs runs again, on what, and which entry points of roles it sees."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
import yaml

sys.path.insert(0, str(Path(__file__).resolve().parents[3] / "tools" / "docs_site"))
import places
import reference

SPECS = {"argument_specs": {"main": {"options": {"a": {"type": "str"}}}, "absent": {"options": {}}}}


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A small collection in the place of this one, and a folder for its reference."""
    root = tmp_path / "checkout"
    for name, text in {
        "galaxy.yml": "namespace: kumo\n",
        "meta/runtime.yml": "requires_ansible: '>=2.17.0'\n",
        "plugins/modules/eks_one.py": "DOCUMENTATION = ''\n",
        "roles/eks_one/meta/argument_specs.yml": yaml.safe_dump(SPECS),
        "tests/unit/test_one.py": "",
    }.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    monkeypatch.setattr(reference, "ROOT", root)
    monkeypatch.setattr(reference, "READ", ("galaxy.yml", "meta", "plugins", "roles"))
    monkeypatch.setattr(reference, "REFERENCE", tmp_path / "reference")
    monkeypatch.setattr(reference, "KEY", tmp_path / "reference" / ".key")
    return root


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The scratch folders of the runs of antsibull-docs, which writes one page."""
    found: list[Path] = []

    def write(scratch: Path) -> None:
        found.append(scratch)
        (reference.REFERENCE / "eks_one_module.rst").write_text("eks_one\n")

    monkeypatch.setattr(reference, "run_antsibull_docs", write)
    return found


def test_all_that_is_documented_is_read():
    assert all((places.ROOT / name).exists() for name in reference.READ)
    kinds = {path.relative_to(places.ROOT).parts[0] for path in reference.list_read()}
    assert kinds == {name.partition("/")[0] for name in reference.READ}


def test_the_reference_is_written_once(checkout: Path, runs: list[Path]):
    reference.write_reference()
    reference.write_reference()
    (checkout / "tests/unit/test_one.py").write_text("# documents nothing")
    (checkout / "plugins/modules/eks_one.pyc").write_bytes(b"compiled")
    reference.write_reference()
    assert len(runs) == 1


@pytest.mark.parametrize(
    "change",
    [
        lambda root: (root / "plugins/modules/eks_one.py").write_text("DOCUMENTATION = 'new'\n"),
        lambda root: (root / "plugins/modules/eks_two.py").write_text(""),
        lambda root: (root / "plugins/modules/eks_one.py").rename(root / "plugins/modules/eks_three.py"),
        lambda root: (root / "roles/eks_one/meta/argument_specs.yml").unlink(),
    ],
    ids=["changed", "new", "renamed", "removed"],
)
def test_a_change_writes_it_again_without_old_pages(checkout: Path, runs: list[Path], change):
    reference.write_reference()
    (reference.REFERENCE / "eks_old_module.rst").write_text("from before")
    change(checkout)
    reference.write_reference()
    assert len(runs) == 2
    assert [path.name for path in reference.REFERENCE.glob("*.rst")] == ["eks_one_module.rst"]


def test_a_run_that_fails_is_made_again(checkout: Path, runs: list[Path], monkeypatch: pytest.MonkeyPatch):
    def fail(scratch: Path) -> None:
        raise OSError("no space")

    with monkeypatch.context() as broken:
        broken.setattr(reference, "run_antsibull_docs", fail)
        with pytest.raises(OSError, match="no space"):
            reference.write_reference()
    reference.write_reference()
    assert len(runs) == 1


def test_the_copy_has_the_collection_alone_with_main_entry_points(
    checkout: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    calls: list[tuple[list[str], dict]] = []
    monkeypatch.setattr(reference.subprocess, "run", lambda command, **words: calls.append((command, words)))
    reference.run_antsibull_docs(tmp_path / "scratch")
    copy = tmp_path / "scratch/ansible_collections/kumo/eks"
    specs = yaml.safe_load((copy / "roles/eks_one/meta/argument_specs.yml").read_text())
    assert specs == {"argument_specs": {"main": SPECS["argument_specs"]["main"]}}
    assert yaml.safe_load((checkout / "roles/eks_one/meta/argument_specs.yml").read_text()) == SPECS
    assert not (copy / "tests").exists() and (copy / "plugins/modules/eks_one.py").exists()
    [(command, words)] = calls
    assert command[-1] == "kumo.eks" and "--fail-on-error" in command and words["check"] is True
    assert words["env"]["ANSIBLE_COLLECTIONS_PATH"] == str(tmp_path / "scratch")


def test_scratch_is_outside_of_a_checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    inside = tmp_path / "ansible_collections" / "kumo"
    inside.mkdir(parents=True)
    monkeypatch.setattr(reference.tempfile, "gettempdir", lambda: str(inside))
    assert reference.choose_scratch() == "/tmp"
    monkeypatch.setattr(reference.tempfile, "gettempdir", lambda: "/var/tmp")
    assert reference.choose_scratch() == "/var/tmp"
