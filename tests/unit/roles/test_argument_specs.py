# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each role's argument_specs, its defaults and the modules say the same: Ansible does not apply the defaults of a spec."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[3]
ROLES = ROOT / "roles"
NAMES = [
    "eks_network",
    "eks_cluster",
    "eks_nodegroups",
    "eks_self_managed_nodes",
    "eks_fargate",
    "eks_addons",
    "eks_access",
    "eks_irsa",
    "eks_platform",
    "eks_karpenter",
    "eks_helm",
    "eks_upgrade",
]


def load_tool():
    spec = importlib.util.spec_from_file_location("role_specs", ROOT / "tools/role_specs.py")
    tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)
    return tool


role_specs = load_tool()


def read(path: Path) -> dict:
    return yaml.safe_load(path.read_text())


@pytest.mark.parametrize("role", NAMES)
def test_defaults_are_those_of_the_argument_specs(role):
    options = read(ROLES / role / "meta/argument_specs.yml")["argument_specs"]["main"]["options"]
    defaults = read(ROLES / role / "defaults/main.yml")
    assert [name for name in options if not options[name].get("required")] == list(defaults)
    for name, value in defaults.items():
        # A spec takes only real values: what reads another variable has its default in defaults alone.
        if "default" in options[name] or not (value is None or "{{" in str(value)):
            assert options[name].get("default") == value, name
    assert all(option["type"] and option["description"] for option in options.values())


@pytest.mark.parametrize("role", NAMES)
def test_every_variable_is_in_the_readme(role):
    text = (ROLES / role / "README.md").read_text()
    assert [name for name in read(ROLES / role / "defaults/main.yml") if f"`{name}`" not in text] == []


@pytest.mark.parametrize("role", role_specs.list_roles())
def test_the_options_of_modules_are_in_the_specs_as_the_modules_have_them(role):
    path = ROLES / role / "meta" / "argument_specs.yml"
    wanted = role_specs.format_specs(role_specs.build_specs(role, role_specs.read_specs(role)))
    assert path.read_text() == wanted, "run .venv/bin/python tools/role_specs.py"


@pytest.mark.parametrize("role", role_specs.list_roles())
def test_every_entry_point_that_a_playbook_imports_has_a_spec(role):
    specs = read(ROLES / role / "meta" / "argument_specs.yml")["argument_specs"]
    texts = [path.read_text() for path in [*ROOT.glob("playbooks/**/*.yml"), *ROOT.glob("extensions/**/*.yml")]]
    imported = {
        name.removesuffix(".yml")
        for text in texts
        for name in re.findall(rf"name: kumo\.eks\.{role}\n\s+tasks_from: (\S+)", text)
    }
    assert imported - set(specs) == set()
    assert {path.stem for path in (ROLES / role / "tasks").glob("*.yml")} - set(specs) == set()
