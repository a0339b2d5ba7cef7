# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the pages say of the project is so: versions, names, targets, commands, links."""

from __future__ import annotations

import re
import sys
from functools import cache
from pathlib import Path

import pytest
import yaml
from conftest import ROOT

from kumo_sandbox.cli import build_parser

sys.path.insert(0, str(ROOT / "tools"))
import parts

README, CONTRIBUTING, SANDBOX = ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "sandbox/README.md"
QUESTIONS = ROOT / "docs/guide/08-questions.md"
PAGES = sorted(
    [
        README,
        CONTRIBUTING,
        SANDBOX,
        *ROOT.glob("sandbox/docs/*.md"),
        *ROOT.glob("docs/*.md"),
        *ROOT.glob("docs/guide/*.md"),
        *ROOT.glob("docs/tasks/*.md"),
        *ROOT.glob("docs/examples/*/*.md"),
        *ROOT.glob("roles/*/README.md"),
    ]
)
MODULES = {path.stem for path in (ROOT / "plugins/modules").glob("*.py")}
ROLES = {path.name for path in (ROOT / "roles").iterdir()}
HELM = "  - Helm 3.14 or later, or Helm 4"
FENCED = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\(([^)\s]+)\)")
# Variables of playbooks, and what is no variable of a role: a part of a name, and results of a play.
OTHER_NAMES = {"eks_hosts", "eks_cluster_config", "eks_state", "eks_tags", "eks_region", "eks_variables"}
# What the role eks_network sets for later roles
RESULTS = re.compile(r"eks_network_((vpc|(local_zone_)?(public|private)_subnet)_ids?|subnet_zones)")


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def read_prose(path: Path) -> str:
    """A page without its fenced blocks, which tests/docs/test_snippets.py holds."""
    return FENCED.sub("", path.read_text())


def read_rows(path: Path, section: str = "") -> list[list[str]]:
    """The cells of the tables of a page, or of a section of it."""
    text = path.read_text()
    if section:
        text = text.partition(f"\n## {section}\n")[2].partition("\n## ")[0]
    lines = [line for line in text.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in re.split(r"(?<!\\)\|", line.strip("|"))] for line in lines]


@cache
def read_variables() -> set[str]:
    """The variables of all roles and playbooks, and what plugins of other kinds are called and set."""
    sources = [
        *ROOT.glob("playbooks/**/*.yml"),
        *ROOT.glob("plugins/inventory/*.py"),
        *ROOT.glob("plugins/module_utils/eks/fleet*.py"),
    ]
    others = {word for path in sources for word in re.findall(r"\beks_\w+", path.read_text())}
    others |= {path.stem for path in ROOT.glob("plugins/lookup/*.py")}
    specs = [yaml.safe_load(path.read_text()) for path in ROOT.glob("roles/*/meta/argument_specs.yml")]
    own = {option for spec in specs for entry in spec["argument_specs"].values() for option in entry["options"]}
    return own | others


# versions


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_a_page_says_what_its_files_are_called(page: Path):
    """GitHub does not show what is behind the language of a block."""
    files = re.findall(r"^```\w+ file=(\S+)$", page.read_text(), re.MULTILINE)
    assert [file for file in files if not re.search(rf"[`\[]{re.escape(file)}[`\]]", read_prose(page))] == []


def test_the_requirements_are_those_that_tools_read():
    wanted = {cells[0]: cells[1] for cells in read_rows(README) if len(cells) >= 2}
    runtime = yaml.safe_load((ROOT / "meta/runtime.yml").read_text())["requires_ansible"]
    assert wanted["ansible-core"] == f"{runtime.removeprefix('>=').removesuffix('.0')} or newer"
    collections = yaml.safe_load((ROOT / "galaxy.yml").read_text())["dependencies"]
    for collection, versions in collections.items():
        assert wanted[f"`{collection}`"].replace(" ", "") == versions
    least = dict(re.findall(r"^(\w+)>=(\S+)$", (ROOT / "requirements.txt").read_text(), re.MULTILINE))
    assert least["boto3"] == least["botocore"]
    assert wanted["`boto3`, `botocore`"] == f"{least['boto3']} or newer"
    assert wanted["`kubernetes`, `PyYAML`"] == f"{least['kubernetes']} or newer, {least['PyYAML']} or newer"
    core = (ROOT / "tools/core.sh").read_text()
    assert all(f"'{package}=={version}'" in core for package, version in least.items())
    assert parts.OLDEST_KUBERNETES == least["kubernetes"]


@pytest.mark.parametrize("page", sorted(ROOT.glob("docs/tasks/from-*.md")), ids=name)
def test_each_row_of_a_comparison_has_a_source(page: Path):
    rows = [cells for cells in read_rows(page) if len(cells) == 4 and set(cells[0]) != {"-"}]
    assert len(rows) > 5 and [cells[0] for cells in rows[1:] if "](https://" not in cells[3]] == []
    assert "/blob/main/" not in page.read_text() and "/blob/master/" not in page.read_text()


def test_the_pages_of_plugins_have_the_requirements_of_the_readme():
    wanted = {cells[0]: cells[1] for cells in read_rows(README) if len(cells) >= 2}
    kubernetes, pyyaml = wanted["`kubernetes`, `PyYAML`"].split(", ")
    rows = {
        "python": wanted["Python"].partition(",")[0],
        "boto3": wanted["`boto3`, `botocore`"],
        "botocore": wanted["`boto3`, `botocore`"],
        "kubernetes": kubernetes,
        "PyYAML": pyyaml,
    }
    least = {name: row.removesuffix(" or newer") for name, row in rows.items()}
    sources = [*(ROOT / "plugins").glob("*/*.py")]
    lists = [
        rows
        for path in sources
        for rows in re.findall(r"^requirements:\n((?:  - .*\n)+)", path.read_text(), re.MULTILINE)
    ]
    for line in "".join(lists).splitlines():
        name, dummy, version = line.removeprefix("  - ").partition(",")[0].partition(" >= ")
        assert least.get(name) == version or line.startswith(HELM), line
    assert wanted["Helm, for releases only"] == "3.14 or newer, or 4"


def test_the_tested_versions_are_those_of_the_gate():
    core = (ROOT / "tools/core.sh").read_text()
    oldest, newest = (re.search(rf"{word}\)\s.*ansible-core>=([\d.]+),", core)[1] for word in ("oldest", "newest"))
    text = " ".join(README.read_text().split())
    assert f"with the oldest of each, with ansible-core {oldest} on Python 3.11," in text
    assert f"({oldest} and {newest})" in text
    assert f"{re.search(r'find-python.sh (3.[0-9]+)', core)[1]} or newer, as your ansible-core requires" in text
    python = re.search(r'requires-python = ">=([\d.]+)"', (ROOT / "pyproject.toml").read_text())[1]
    assert f"Python {python} or newer" in text and f"Python {python} or newer" in CONTRIBUTING.read_text()
    ee = yaml.safe_load((ROOT / "extensions/execution-environment/execution-environment.yml").read_text())
    package = ee["dependencies"]["ansible_core"]["package_pip"]
    assert package == f"ansible-core>={oldest},<{newest.split('.')[0]}.{int(newest.split('.')[1]) + 1}"


def test_the_regions_that_are_said_to_be_tested_are():
    tested = (ROOT / "tests/playbooks/proofs/test_partitions.py").read_text()
    sentence = re.search(r"is tested in (.*?) on the", QUESTIONS.read_text(), re.DOTALL)[1]
    regions = re.findall(r"`([\w-]+)`", sentence)
    assert set(regions) == set(re.findall(r'^    "([\w-]+)": \("aws', tested, re.MULTILINE))


# names


def test_the_readme_has_every_module_and_role():
    text = README.read_text()
    rows = {word for cells in read_rows(README) for word in re.findall(r"`(?:kumo\.eks\.)?(eks_\w+)`", cells[0])}
    assert rows == MODULES | ROLES | {path.stem for path in ROOT.glob("plugins/lookup/*.py")}
    assert all(f"(roles/{role}/README.md)" in text for role in ROLES)


def test_every_part_of_the_gate_is_described():
    names = [cells[0] for cells in read_rows(CONTRIBUTING, "The gate") if re.fullmatch(r"(`[a-z-]+`(, )?)+", cells[0])]
    found = {word for cell in names for word in re.findall(r"`([a-z-]+)`", cell)}
    assert found == {part.name for part in [*parts.parts_of_test(), *parts.parts_of_test_all()]}


def read_variables_of_example() -> set[str]:
    """What the AWX project sets itself up with, and what its rulebook is activated with."""
    project = ROOT / "docs/examples/awx-project"
    settings = re.findall(r"^(eks_\w+):", (project / "controller/settings.yml").read_text(), re.MULTILINE)
    return {*settings, *re.findall(r"{{ (eks_\w+) }}", (project / "rulebooks/eks_events.yml").read_text())}


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_what_is_named_exists(page: Path):
    """Modules, roles, their variables, and targets of make."""
    text = read_prose(page)
    known = MODULES | ROLES | read_variables() | OTHER_NAMES | read_variables_of_example()
    names = {
        word for word in re.findall(r"`(eks_[a-z_]+)`", text) if not (word.endswith("_") or RESULTS.fullmatch(word))
    }
    assert names - known == set()
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert set(re.findall(r"`make ([a-z-]+)", text)) - targets == set()


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_links_lead_somewhere(page: Path):
    for link in LINK.findall(read_prose(page)):
        if "://" in link:
            continue
        path, _hash, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), link
        if anchor:
            heads = re.findall(r"^#+ (.*)$", FENCED.sub("", target.read_text()), re.MULTILINE)
            assert anchor in {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads}, link


def test_each_page_of_the_guide_leads_to_the_next():
    guide = ROOT / "docs/guide"
    pages = re.findall(r"^\| \[[^\]]*\]\(([\w-]+\.md)\)", (guide / "README.md").read_text(), re.MULTILINE)
    assert set(pages) == {path.name for path in guide.glob("[0-9]*.md")}
    ends = {page: (guide / page).read_text().rstrip().rsplit("\n", 1)[1] for page in pages}
    assert [
        page for page, after in zip(pages, pages[1:], strict=False) if not re.match(rf"Next: .*\({after}\)", ends[page])
    ] == []
    assert "(../README.md)" in ends[pages[-1]]


def test_the_sandbox_has_the_commands_of_its_page():
    parser = build_parser()
    commands = next(action.choices for action in parser._actions if action.choices and "up" in action.choices)
    found = {cells[0].strip("`"): cells[1] for cells in read_rows(SANDBOX) if len(cells) == 2}
    own = {command: text for command, text in found.items() if command in commands}
    assert set(commands) - set(own) == {"serve"}  # what `up` starts
    for command, text in own.items():
        flags = {flag for action in commands[command]._actions for flag in action.option_strings}
        assert set(re.findall(r"--[a-z-]+", text)) <= flags, command
