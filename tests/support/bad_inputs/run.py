# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rows put in as their users do: a module's options, the roles' variables through site.yml's first task, a file through the filter."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from ansible.errors import AnsibleFilterError
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar
from support.bad_inputs.account import REGION
from support.bad_inputs.row import CLUSTER_CONFIG, MODULE, PLAYBOOK, BadInput, fill

from ansible_collections.kumo.eks.plugins.action.eks_preflight import SECRETS
from ansible_collections.kumo.eks.plugins.filter.cluster_config import cluster_config
from ansible_collections.kumo.eks.plugins.module_utils.core.errors import ValidationError
from ansible_collections.kumo.eks.plugins.module_utils.lifecycle.preflight import check_input, raise_report

ROOT = Path(__file__).parents[3]
PREFLIGHT = "playbooks/tasks/preflight.yml"
Result = dict[str, Any]
RunModule = Callable[..., Result]


def run_row(row: BadInput, account: dict[str, Any], run_module: RunModule) -> Result:
    """The result of the row's input: ``failed`` and ``msg``."""
    given = fill(row.given, account)
    if row.kind == MODULE:
        return run_module(row.name, given)
    if row.kind == PLAYBOOK:
        return run_checks(row.name, given)
    if row.kind == CLUSTER_CONFIG:
        try:
            given = cluster_config(given)
        except AnsibleFilterError as error:
            return {"failed": True, "msg": str(error)}
    return run_preflight(build_preflight_options(given), run_module)


def run_checks(tasks: str, variables: dict[str, Any]) -> Result:
    """What the assertion of some tasks says of these variables, for each item if it has a loop."""
    (task,) = _read(f"playbooks/tasks/{tasks}.yml")
    wanted = task["ansible.builtin.assert"]
    for item in Templar(DataLoader(), variables).template(task.get("loop", [""])):
        of_item = {task["loop_control"]["loop_var"]: item} if "loop" in task else {}
        templar = Templar(loader=DataLoader(), variables={**variables, **task["vars"], **of_item})
        if templar.evaluate_conditional(task.get("when", True)) and not templar.evaluate_conditional(wanted["that"]):
            return {"failed": True, "msg": templar.template(wanted["fail_msg"])}
    return {"failed": False}


def run_preflight(options: dict[str, Any], run_module: RunModule) -> Result:
    """The task as its action runs it: on the controller, and by the module where the account has to be asked."""
    try:
        raise_report(check_input(options))
    except ValidationError as error:
        return {"failed": True, "msg": error.message}
    return run_module("eks_preflight", {name: value for name, value in options.items() if name not in SECRETS})


def build_preflight_options(variables: dict[str, Any]) -> dict[str, Any]:
    """The options of the task in playbooks/tasks/preflight.yml, as these variables of the roles make them."""
    common = {"eks_cluster_name": "new", "eks_region": REGION}
    templar = Templar(loader=DataLoader(), variables={**_read_defaults(), **common, **variables})
    # site.yml includes the role of Karpenter where it is enabled, and its checks with it
    of_karpenter = any(name.startswith("eks_karpenter_") for name in variables)
    (task,) = _read("roles/eks_karpenter/tasks/preflight.yml" if of_karpenter else PREFLIGHT)
    return templar.template(task["kumo.eks.eks_preflight"])


@cache
def _read_defaults() -> dict[str, Any]:
    """The defaults and variables of all roles."""
    found: dict[str, Any] = {}
    for pattern in ("roles/*/defaults/main.yml", "roles/*/vars/main.yml"):
        for path in sorted(ROOT.glob(pattern)):
            found |= _read(str(path.relative_to(ROOT)))
    return found


@cache
def _read(path: str) -> Any:
    return DataLoader().load_from_file(str(ROOT / path), trusted_as_template=True)
