# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The pages of the sandbox do what they say, as one reader follows them who has no collection. Kinds of blocks as in test_snippets.py, and:

- ``node``: is run by bash where Node.js is on PATH
- ``elsewhere``: is for a tool that cannot be installed here; the page says so at its end
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import blocks
import botocore.session
import pytest
from blocks import Block
from botocore import xform_name
from conftest import ROOT
from moto import __version__ as moto_version
from moto.eks.responses import EKSResponse
from test_claims import read_rows
from test_snippets import compare_output

from kumo_sandbox import pytest_plugin
from kumo_sandbox.eks.service import OPERATIONS
from kumo_sandbox.server import control

PAGES = ROOT / "sandbox/docs"
CLIENTS, FIXTURES, COMPARISON = PAGES / "clients.md", PAGES / "pytest.md", PAGES / "comparison.md"
BIN = Path(sys.executable).parent
KINDS = {"run", "node", "output", "file", "elsewhere"}


@dataclass
class Reader:
    """A shell in a folder: what one block exports or sets, the next one has."""

    folder: Path
    programs: list[Path] = field(default_factory=list)
    output: str = ""

    def run(self, text: str) -> None:
        """Run a block; its output is kept."""
        state = self.folder / ".state"
        text = f"set -euo pipefail\n[ ! -f {state} ] || source {state}\n{text}\nexport -p >{state}\n"
        own = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "KUMO_", "PYTEST_"))}
        path = ":".join([*map(str, self.programs), str(BIN), os.environ["PATH"]])
        environment = {
            **own,
            "PATH": path,
            "KUMO_SANDBOX_STATE": str(self.folder / "sandbox"),
            "HOME": str(self.folder),
        }
        done = subprocess.run(
            ["bash", "-c", text],
            cwd=self.folder,
            env=environment,
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
        )
        self.output = done.stdout
        assert done.returncode == 0, done.stdout + done.stderr


def follow(page: Path, reader: Reader) -> None:
    for block in blocks.read(page):
        if block.kind == "file":
            (reader.folder / block.options["name"]).write_text(block.text)
        elif block.kind == "run" or (block.kind == "node" and shutil.which("node")):
            reader.run(block.text)
        elif block.kind == "output":
            compare_output(block, reader)


def install_aws() -> Path:
    """The folder of the aws command, in an environment of its own: it wants a botocore of its own."""
    command = ["tools/environment.sh", "aws-command", sys.executable, "awscli"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return Path(done.stdout.strip()) / "bin"


@pytest.mark.extended
def test_clients(tmp_path: Path):
    scratch = tmp_path / "aws"
    scratch.mkdir()
    (scratch / "aws").symlink_to(install_aws() / "aws")
    reader = Reader(tmp_path, [scratch])
    try:
        follow(CLIENTS, reader)
    finally:
        reader.run("kumo-sandbox down")


@pytest.mark.extended
def test_fixtures(tmp_path: Path):
    follow(FIXTURES, Reader(tmp_path))


@pytest.mark.parametrize("page", [CLIENTS, FIXTURES], ids=lambda page: page.stem)
def test_no_block_is_of_an_unknown_kind(page: Path):
    found: list[Block] = blocks.read(page)
    assert [f"{block.place} {block.kind}" for block in found if block.kind not in KINDS] == []


def test_the_control_api_is_what_the_server_answers():
    source = Path(control.__file__).read_text()
    answered = set(re.findall(r'\("(GET|PUT|POST|DELETE)", "(\w+)"\)', source))
    rows = {(cells[0], cells[1].strip("`")) for cells in read_rows(CLIENTS, "The control API")}
    assert {row for row in rows if row[1].isalpha() and row[0].isupper()} == answered


def test_the_fixtures_are_those_of_the_plugin():
    rows = {cells[0].strip("`") for cells in read_rows(FIXTURES, "The fixtures")}
    own = {name for name in vars(pytest_plugin) if name.startswith("kumo_sandbox")}
    assert {row for row in rows if row.startswith("kumo_sandbox")} == own
    scopes = re.findall(r"says how long one sandbox runs: (.*)\.", FIXTURES.read_text())[0]
    assert re.findall(r"`(\w+)`", scopes) == list(pytest_plugin.SCOPES)


def test_the_comparison_counts_what_there_is():
    """The columns of what is installed; the others have their sources on the page."""
    [head, dummy, counts, *rows] = read_rows(COMPARISON)
    operations = botocore.session.get_session().get_service_model("eks").operation_names
    assert counts[0] == f"EKS operations, of the {len(operations)} in botocore's model"
    assert counts[1].startswith(f"{len(OPERATIONS)};")
    by_moto = [name for name in operations if hasattr(EKSResponse, xform_name(name))]
    assert head[-1] == f"moto {moto_version}" and counts[-1] == f"{len(by_moto)} [O1]"
    text = COMPARISON.read_text()
    table, dummy, sources = text.partition("## Sources")
    named = set(re.findall(r"\[([LMFO]\d)\]", table))
    assert named == set(re.findall(r"\b([LMFO]\d)\b", sources)) and all(len(row) == len(head) for row in rows)
