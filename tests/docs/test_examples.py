# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The examples in the modules' documentation: every task names a module of ours with options that its argument spec takes."""

from __future__ import annotations

import ast
import importlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible.module_utils import basic
from ansible.module_utils.common.arg_spec import ModuleArgumentSpecValidator
from conftest import ROOT

MODULES = sorted(path.stem for path in (ROOT / "plugins/modules").glob("eks_*.py"))
PREFIX = "kumo.eks."
# What a task may carry beside its module. https://docs.ansible.com/ansible/latest/reference_appendices/playbooks_keywords.html
KEYWORDS = {
    "name",
    "register",
    "when",
    "loop",
    "loop_control",
    "vars",
    "until",
    "retries",
    "delay",
    "delegate_to",
    "no_log",
    "failed_when",
}


class Spec(Exception):
    """The end of a module at its argument spec, with what it was called with."""


def examples(module: str) -> list[dict[str, Any]]:
    """The tasks of a module's EXAMPLES."""
    tree = ast.parse((ROOT / f"plugins/modules/{module}.py").read_text())
    found = [
        node.value.value
        for node in tree.body
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and node.targets[0].id == "EXAMPLES"
    ]
    return yaml.safe_load(found[0])


def spec_of(module: str, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """The words with which a module makes its AnsibleModule; amazon.aws' own options are among them by then."""

    def stop(self: Any, argument_spec: dict[str, Any], *args: Any, **words: Any) -> None:
        raise Spec({"argument_spec": argument_spec, **words})

    monkeypatch.setattr(basic.AnsibleModule, "__init__", stop)
    with pytest.raises(Spec) as caught:
        importlib.import_module(f"ansible_collections.kumo.eks.plugins.modules.{module}").main()
    return caught.value.args[0]


def rules(spec: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    for name in ("mutually_exclusive", "required_together", "required_one_of", "required_if", "required_by"):
        if spec.get(name):
            yield name, spec[name]


@pytest.mark.parametrize("module", MODULES)
def test_the_examples_pass_the_argument_spec(module: str, monkeypatch: pytest.MonkeyPatch):
    tasks = examples(module)
    assert tasks, "a module without an example"
    specs = {name: spec_of(name, monkeypatch) for name in {own_module(task) for task in tasks}}
    assert module in specs, "none of the examples uses the module"
    for task in tasks:
        name = own_module(task)
        options = {key: value for key, value in task[PREFIX + name].items() if not is_template(value)}
        templated = set(task[PREFIX + name]) - set(options)
        spec = specs[name]
        known = {
            key: {**row, "required": row.get("required") and key not in templated}
            for key, row in spec["argument_spec"].items()
        }
        result = ModuleArgumentSpecValidator(known, **dict(rules(spec)) if not templated else {}).validate(options)
        assert result.error_messages == [], f"{module}: {task['name']}"
        assert templated <= accepted(known), f"{module}: {task['name']}"


def own_module(task: dict[str, Any]) -> str:
    """The module of a task; all of them are ours, and nothing but keywords stands beside it."""
    modules = [key for key in task if key not in KEYWORDS]
    assert len(modules) == 1 and modules[0].startswith(PREFIX), task
    assert task.get("name"), task
    return modules[0].removeprefix(PREFIX)


def accepted(spec: dict[str, Any]) -> set[str]:
    return set(spec) | {alias for row in spec.values() for alias in row.get("aliases") or []}


def is_template(value: Any) -> bool:
    return "{{" in yaml.safe_dump(value)


def test_every_module_is_looked_at():
    assert {path.stem for path in Path(ROOT / "plugins/modules").glob("*.py")} == set(MODULES)
