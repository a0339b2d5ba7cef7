# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Playbooks without the name of a cluster."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

PLAYBOOKS = Path(__file__).parents[2] / "playbooks"
ABOUT_ONE = sorted(path.stem for path in PLAYBOOKS.glob("*.yml") if not path.stem.endswith("_fleet"))


@pytest.mark.parametrize("name", ABOUT_ONE)
def test_each_playbook_looks_for_the_name_first(name):
    first = yaml.safe_load((PLAYBOOKS / f"{name}.yml").read_text())[0]["tasks"][0]
    assert first["ansible.builtin.import_tasks"] == "tasks/cluster_name.yml"


@pytest.mark.parametrize("given", [{}, {"eks_cluster_name": " "}])
def test_a_playbook_without_a_name_says_how_to_give_it(sandbox, play, given):
    run = play("kumo.eks.drift", **given)
    run.assert_refused("eks_cluster_name is not set for localhost", "-e eks_cluster_name=", "errors.md#invalid-option")
    assert "is undefined" not in run.output and sandbox.calls() == []
