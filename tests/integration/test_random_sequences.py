# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Random sequences of tasks, the same ones in each run: what holds for every task holds after each of them. More by `make soak`."""

from __future__ import annotations

import pytest
from soak.sequences import build_sequence, format_steps
from soak.walk import Finding, walk_sequence

SEEDS = (4, 5, 7, 8, 9)  # about a minute of the processor
LENGTH = 4


@pytest.mark.parametrize("seed", SEEDS)
def test_a_sequence(sandbox, tmp_path, seed):
    steps = build_sequence(seed, LENGTH)
    try:
        walk_sequence(sandbox, tmp_path, steps)
    except Finding as finding:
        pytest.fail(f"sequence {seed} of length {LENGTH}, {finding}\n{format_steps(steps)}", pytrace=False)


def test_a_number_is_a_sequence():
    assert [build_sequence(seed) for seed in range(9)] == [build_sequence(seed) for seed in range(9)]
