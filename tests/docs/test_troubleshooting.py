# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The page on troubleshooting tells of everything that kumo.eks.eks_irsa_info can find broken, in its words, and of nothing else."""

from __future__ import annotations

import blocks
import broken
import findings
import pytest
from conftest import ROOT

PAGE = ROOT / "docs/guide/06b-troubleshooting.md"
KNOWN = findings.findings()
SHOWN = [block for block in blocks.read(PAGE) if block.kind == "finding"]
HEADS = [
    (number, line.removeprefix("## ").strip("`"))
    for number, line in enumerate(PAGE.read_text().splitlines(), start=1)
    if line.startswith("## ")
]


def head_of(line: int) -> str:
    """The heading under which a line stands."""
    return [name for number, name in HEADS if number < line][-1]


def tells_of(block: blocks.Block, finding: findings.Finding) -> bool:
    row = broken.parts(block)
    return finding.matches(row["check"], row["cause"], row["cure"])


def test_each_link_has_its_section_in_the_order_of_the_chain():
    assert {finding.check for finding in KNOWN} == {findings.ANY, *findings.checks()}
    assert [name for dummy, name in HEADS if name in findings.checks()] == findings.checks()


@pytest.mark.parametrize("finding", KNOWN, ids=lambda finding: f"{finding.check}: {finding.cause}")
def test_what_can_be_found_is_told_of(finding: findings.Finding):
    told = [block for block in SHOWN if tells_of(block, finding)]
    assert [head_of(block.line) for block in told] == ["Any check" if finding.check == findings.ANY else finding.check]


@pytest.mark.parametrize("block", SHOWN, ids=lambda block: block.place)
def test_what_is_told_of_can_be_found(block: blocks.Block):
    assert any(tells_of(block, finding) for finding in KNOWN), block.text
    assert broken.key_of(block)


def test_nothing_is_broken_that_the_page_does_not_tell_of():
    keys = [broken.key_of(block) for block in SHOWN]
    assert sorted(keys) == sorted([*broken.BREAKS, *broken.LOOKS, *broken.RARE])
