# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each role's argument_specs and defaults say the same: Ansible does not apply the defaults of a spec."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

ROLES = Path(__file__).parents[3] / "roles"


def read(path: Path) -> dict:
    return yaml.safe_load(path.read_text())


@pytest.mark.parametrize(
    "role", ["eks_network", "eks_cluster", "eks_nodegroups", "eks_fargate", "eks_addons", "eks_irsa", "eks_helm"]
)
def test_defaults_are_those_of_the_argument_specs(role):
    options = read(ROLES / role / "meta/argument_specs.yml")["argument_specs"]["main"]["options"]
    defaults = read(ROLES / role / "defaults/main.yml")
    assert [name for name in options if not options[name].get("required")] == list(defaults)
    for name, value in defaults.items():
        # A spec takes only real values: what reads another variable has its default in defaults alone.
        if "default" in options[name] or not (value is None or "{{" in str(value)):
            assert options[name].get("default") == value, name
    assert all(option["type"] and option["description"] for option in options.values())


@pytest.mark.parametrize(
    "role", ["eks_network", "eks_cluster", "eks_nodegroups", "eks_fargate", "eks_addons", "eks_irsa", "eks_helm"]
)
def test_every_variable_is_in_the_readme(role):
    text = (ROLES / role / "README.md").read_text()
    assert [name for name in read(ROLES / role / "defaults/main.yml") if f"`{name}`" not in text] == []
