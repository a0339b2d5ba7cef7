# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the gate reads out of its tools' output."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "tools"))

import gate  # noqa: E402
import parts  # noqa: E402

FAILED = """msg: 8 failed, 3 passed
FAILED tests/unit/test_a.py::test_one[x] - assert 1
ERROR tests/unit/test_b.py
1 failed, 16 passed, 2 deselected, 1 error in 785.12s (0:13:05)
"""


@pytest.mark.parametrize(
    ("text", "code", "counts"),
    [
        ("17 passed in 643.89s (0:10:43)\n", 0, (17, 0)),
        ("17 passed, 3 deselected, 1 warning in 3.10s\n", 0, (17, 0)),
        (FAILED, 1, (16, 2)),  # what a test printed does not count
        ("3 passed, 1 skipped in 1.00s\n", 0, (3, 1)),
        ("3 passed in 1.00s\n", 1, (3, 1)),
        ("no tests ran in 0.01s\n", 5, (0, 1)),
        ("", 0, (0, 1)),
    ],
)
def test_counts_are_pytests_closing_line(text, code, counts):
    assert parts.by_pytest(text, code) == counts


def test_failures_are_named_at_the_end(capsys):
    outcomes = [
        gate.Outcome("unit", (16, 2), FAILED, 1.0, 1.0),
        gate.Outcome("ee", (0, 1), "one\ntwo\n", 1.0, 1.0),
        gate.Outcome("ruff", (1, 0), "fine\n", 1.0, 1.0),
    ]
    gate.print_failures(outcomes)
    assert capsys.readouterr().out.splitlines() == [
        "unit: FAILED tests/unit/test_a.py::test_one[x] - assert 1",
        "unit: ERROR tests/unit/test_b.py",
        "ee: one",
        "ee: two",
    ]
