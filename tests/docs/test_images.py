# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The pictures of the documentation: each is there, small, said in words, and of what the playbooks print now. `make recordings` makes them again."""

from __future__ import annotations

import re
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest
import yaml
from conftest import ROOT

sys.path.insert(0, str(ROOT / "tools" / "recordings"))
from drawing import read_lines

IMAGES = ROOT / "docs/images"
SHOWN = re.compile(r"!\[([^\]]*)\]\(([^)\s]+)\)")
MOST = {".svg": 200_000, ".png": 150_000}  # bytes
RECORDINGS = sorted(IMAGES.glob("*.svg"))
MADE_OF = {"demo": "tools/demo.sh", "upgrade": "playbooks/upgrade.yml"}
# Names that Ansible itself writes before a task of a role, and the check of a role's arguments
ROLE = re.compile(r"^kumo\.eks\.(eks_\w+) : (.*)$")
TEMPLATE = re.compile(r"{{.*}}")
CHECK = re.compile(r"^Validating arguments against arg spec ")


def list_pages() -> list[Path]:
    """All pages in Markdown that Git knows."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "*.md"]
    names = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout.split("\0")
    return [ROOT / name for name in names if name and (ROOT / name).exists()]


def list_shown() -> list[tuple[Path, str, Path]]:
    """The page, the alternative text and the file of each picture."""
    found = [(page, *row) for page in list_pages() for row in SHOWN.findall(page.read_text())]
    return [(page, text, (page.parent / link).resolve()) for page, text, link in found]


# on the pages


def test_each_picture_is_there_and_is_said_in_words():
    shown = list_shown()
    assert {path for _page, _text, path in shown} == set(IMAGES.iterdir())
    for page, text, _path in shown:
        least = 30 if "ja" in page.relative_to(ROOT).parts else 80  # letters: Japanese needs fewer
        assert len(text) > least, (page.name, text)
    assert not any("<img" in page.read_text() for page in list_pages()), "the site does not find the picture"


def test_pictures_are_small():
    assert {path.name: size for path in IMAGES.iterdir() if (size := path.stat().st_size) > MOST[path.suffix]} == {}


@pytest.mark.parametrize("path", RECORDINGS, ids=lambda path: path.stem)
def test_a_recording_asks_for_nothing_and_has_nothing_of_the_machine(path: Path):
    text = path.read_text()
    assert not re.search(r"@import|@font-face|<script|<image|href=|url\((?!#)", text)
    written = "\n".join(read_lines(text))
    assert not re.search(r"/(?:root|home|work|tmp|Users)/|AKIA|ASIA|eyJ|make\[\d", written)


# what they show


@cache
def read_names(folder: str = "") -> set[str]:
    """The names of plays, tasks and blocks of the playbooks, or of a role."""
    places = [f"{folder}/**/*.yml"] if folder else ["playbooks/**/*.yml", "docs/examples/*.yml"]
    found: set[str] = set()
    for path in (path for place in places for path in ROOT.glob(place)):
        found |= set(find_names(yaml.safe_load(path.read_text())))
    return found


def find_names(node: object) -> list[str]:
    """The names in a file, also of what is not a task: a name too many fails no test."""
    if isinstance(node, list):
        return [name for one in node for name in find_names(one)]
    if not isinstance(node, dict):
        return []
    own = expand_name(node["name"]) if isinstance(node.get("name"), str) else []
    return own + [name for value in node.values() for name in find_names(value)]


def expand_name(name: str) -> list[str]:
    """A name, or those that its template may make: with each of the texts in it."""
    template = TEMPLATE.search(name)
    if not template:
        return [name]
    return [name.replace(template[0], text) for text in re.findall(r"'([^']+)'", template[0])]


def is_known(name: str, names: set[str]) -> bool:
    """Whether a task has this name; Ansible writes the file of an included task before it, and the picture cuts long ones off."""
    texts = {name, name.partition(" | ")[2]} - {""}
    return any(one.startswith(text) for one in names for text in texts)


def list_unknown(lines: list[str]) -> list[str]:
    """The plays and tasks of a recording that no playbook and no role has."""
    heads = [re.match(r"(PLAY|TASK) \[(.+?)(?:\](?: \**)?)?$", line) for line in lines]
    unknown = []
    for name in (head[2] for head in heads if head):
        found = ROLE.match(name)
        names = read_names(f"roles/{found[1]}") if found else read_names()
        task = found[2] if found else name
        if not (CHECK.match(task) or is_known(task, names)):
            unknown.append(name)
    return unknown


@pytest.mark.parametrize("path", RECORDINGS, ids=lambda path: path.stem)
def test_a_recording_is_of_what_the_playbooks_print_now(path: Path):
    lines = read_lines(path.read_text())
    assert sum(line.startswith("TASK [") for line in lines) > 3
    assert list_unknown(lines) == [], "make recordings"
    source = (ROOT / MADE_OF[path.stem]).read_text()
    told = [line.removeprefix("== ") for line in lines if line.startswith("== ")]
    assert [text for text in told if not re.search(as_pattern(text), source)] == []
    failed = [line for line in lines if re.search(r"\b(failed|unreachable)=[1-9]|^fatal:|\[WARNING\]", line)]
    assert failed == []


def as_pattern(text: str) -> str:
    """A line of tools/demo.sh in which a number may be a variable."""
    return re.sub(r"\d+", r"(?:\\d+|\\$\\w+)", re.escape(text))


def test_the_recorded_commands_are_those_of_the_pages():
    demo, upgrade = ("\n".join(read_lines((IMAGES / f"{name}.svg").read_text())) for name in ("demo", "upgrade"))
    assert demo.startswith("$ make demo\n") and "== Run it again: changed=0" in demo
    shown = (ROOT / "docs/tasks/upgrade.md").read_text()
    commands = re.findall(r"^\$ (.*?(?: \\\n.*)?)$", upgrade, re.MULTILINE)
    assert len(commands) == 2 and " --check " in commands[0] and commands[0] in shown
    assert commands[1] == commands[0].replace(" --check", "")


@pytest.mark.parametrize(
    "line",
    [
        "TASK [kumo.eks.eks_network : Present | Make a network that nobody asked for] ****",
        "TASK [kumo.eks.eks_network : Upgrade] ***",  # a task of another place
        "PLAY [Something else] ****",
    ],
)
def test_what_no_playbook_prints_is_found(line: str):
    assert len(list_unknown([line])) == 1


def test_a_name_that_is_cut_off_is_known():
    assert (
        list_unknown(["TASK [kumo.eks.eks_upgrade : Present | Upgrade control plane, add-ons and nodes, one mi"]) == []
    )
