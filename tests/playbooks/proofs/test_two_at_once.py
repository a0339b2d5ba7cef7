# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Two pipelines run the same playbook at the same time: one cluster comes of it, and both say so; and both take it away."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

pytestmark = pytest.mark.extended
GUIDE = {"eks_cluster_config": str(Path(__file__).parents[3] / "docs/examples/cluster-config.yaml")}


def test_two_runs_of_site_and_of_teardown(sandbox, play, account):
    before = account()
    alone = play("kumo.eks.site", **GUIDE).assert_ok()
    whole = {kind: len(rows) for kind, rows in account().items()}
    play("kumo.eks.teardown", **GUIDE).assert_ok()
    assert account() == before and alone.changed

    with ThreadPoolExecutor(2) as pool:
        runs = list(pool.map(lambda _number: play("kumo.eks.site", **GUIDE), range(2)))
    for run in runs:
        run.assert_ok()
    assert {kind: len(rows) for kind, rows in account().items()} == whole
    play("kumo.eks.site", **GUIDE).assert_unchanged()

    with ThreadPoolExecutor(2) as pool:
        runs = list(pool.map(lambda _number: play("kumo.eks.teardown", **GUIDE), range(2)))
    for run in runs:
        run.assert_ok()
    assert account() == before
