# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The worked example of CONTRIBUTING.md leads along files, tests and commands that there are."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from conftest import ROOT
from test_claims import CONTRIBUTING

SECTION = CONTRIBUTING.read_text().partition("\n## Your first resource\n")[2].partition("\n## ")[0]
COMMANDS = [
    shlex.split(line)
    for block in re.findall(r"```shell\n(.*?)```", SECTION, re.DOTALL)
    for line in block.splitlines()
    if line.strip()
]
RUN_AS = {
    "git": ("switch",),
    "make": None,
    ".venv/bin/pytest": None,
    ".venv/bin/python": None,
    ".venv/bin/ansible-doc": None,
}


def test_it_has_the_ten_steps():
    assert [int(number) for number in re.findall(r"^(\d+)\. ", SECTION, re.MULTILINE)] == list(range(1, 11))


def test_its_files_exist():
    named = {word for word in re.findall(r"`([\w./-]+)`", SECTION) if "/" in word}
    assert len(named) > 20
    assert sorted(word for word in named if not (ROOT / word).exists()) == []


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_its_commands_find_what_they_name(words: list[str]):
    program = words[1] if "=" in words[0] else words[0]  # after a variable
    assert program in RUN_AS
    paths = [word for word in words[1:] if re.fullmatch(r"[\w./-]+/[\w./-]+", word) and not word.startswith(".venv")]
    assert [word for word in paths if not (ROOT / word).exists()] == []
    if program == "make":
        assert re.search(rf"^{words[1]}:", (ROOT / "Makefile").read_text(), re.MULTILINE)
    if "-k" in words:
        assert words[words.index("-k") + 1] in read_tests(ROOT / paths[0])


def read_tests(path: Path) -> str:
    """What the ids of its tests are made of, as text."""
    shared = "".join(each.read_text() for each in (ROOT / "tests/support/bad_inputs").glob("*.py"))
    return path.read_text() + (shared if path.name == "test_bad_inputs.py" else "")
