# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What all playbooks have in common: the hosts, the connection to AWS, and the check which cluster it is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
# Where the first file that a playbook includes is the check, or contains it
REPORTS = "tasks/report_files.yml"  # whether reports can be written is asked of the controller alone
CHECKS = {"tasks/cluster.yml": "cluster.yml", "tasks/site.yml": "preflight.yml", "tasks/waves.yml": "upgrade_batch.yml"}


@pytest.fixture(params=sorted((ROOT / "playbooks").glob("*.yml")), ids=lambda path: path.stem)
def first_play(request: pytest.FixtureRequest) -> dict[str, Any]:
    return yaml.safe_load(request.param.read_text())[0]


def list_files(value: Any) -> list[str]:
    """The files of tasks that these tasks name, in their order."""
    if isinstance(value, list):
        return [name for item in value for name in list_files(item)]
    if not isinstance(value, dict):
        return []
    own = [text for key, text in value.items() if key.endswith(("include_tasks", "import_tasks"))]
    return own + [name for key in ("block", "rescue", "always") for name in list_files(value.get(key))]


def test_it_runs_on_hosts_of_an_inventory_or_on_localhost(first_play):
    assert first_play["hosts"].startswith("{{ eks_hosts | default(")
    assert first_play["connection"] == "local" and first_play["gather_facts"] is False
    waves = "tasks/waves.yml" in list_files(first_play["tasks"])
    assert waves or first_play["serial"].startswith("{{ eks_serial | default(")


def test_its_calls_are_signed_as_the_host_says(first_play):
    assert first_play["module_defaults"] == {"group/kumo.eks.eks": "{{ eks_module_defaults | default({}) }}"}


def test_it_checks_first_which_cluster_it_is(first_play):
    first = next(path for path in list_files(first_play["tasks"]) if path != REPORTS)
    assert CHECKS[first] == Path(first).name or CHECKS[first] in list_files(
        yaml.safe_load((ROOT / "playbooks" / first).read_text())
    )


@pytest.mark.parametrize("name", ["cluster.yml", "preflight.yml"])
def test_a_name_that_is_not_set_is_refused_by_its_variable(name):
    tasks = yaml.safe_load((ROOT / "playbooks/tasks" / name).read_text())
    (check,) = [task["kumo.eks.eks_preflight"] for task in tasks if "kumo.eks.eks_preflight" in task]
    assert check["cluster_name"] == "{{ eks_cluster_name | default('') }}" and "account_id" in check


def test_a_batch_of_a_wave_checks_each_of_its_clusters():
    assert "cluster.yml" in list_files(yaml.safe_load((ROOT / "playbooks/tasks/upgrade_batch.yml").read_text()))


def test_each_role_can_be_given_its_own_name_of_the_cluster():
    """Without eks_cluster_name: Ansible evaluates all defaults of a role's argument spec."""
    for path in (ROOT / "roles").glob("*/defaults/main.yml"):
        defaults = yaml.safe_load(path.read_text()) or {}
        text = defaults.get(f"{path.parents[1].name}_cluster_name")
        assert text in (None, "{{ eks_cluster_name | default('') }}"), path
