# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The program that says whether a command left the account as it was."""

from __future__ import annotations

import subprocess

import pytest
from support import leaves_nothing


@pytest.fixture
def run(sandbox, monkeypatch, capsys):
    """run(code, leaves=False) -> (exit code, what was printed) for a command that ends so, and leaves a security group."""

    def go(code: int, leaves: bool = False) -> tuple[int, str]:
        def command(words: list[str], check: bool) -> subprocess.CompletedProcess[str]:
            if leaves:
                sandbox.client("ec2").create_security_group(GroupName=f"left-{code}", Description="left")
            return subprocess.CompletedProcess(words, code)

        monkeypatch.setattr(leaves_nothing.subprocess, "run", command)
        return leaves_nothing.main(["command"]), capsys.readouterr().out

    return go


def test_what_a_command_leaves_is_told(run):
    assert run(0) == (0, "")
    assert run(3) == (3, "")
    for code, wanted in ((0, 1), (3, 3)):
        found, text = run(code, leaves=True)
        assert found == wanted and text.startswith("not as before: security_groups: only after: ")
