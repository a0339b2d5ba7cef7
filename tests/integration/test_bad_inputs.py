# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What users write by mistake, refused by module, role and ClusterConfig: with option, value and remedy, and before anything changes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.bad_inputs.account import build_account
from support.bad_inputs.row import CLUSTER_CONFIG, MODULE, ROLE, BadInput
from support.bad_inputs.run import run_row
from support.bad_inputs.table import ROWS

from kumo_sandbox import Sandbox

ROOT = Path(__file__).parents[2]
LEAST = 200
NOT_FOR_USERS = ("Traceback", "An error occurred (", "object has no attribute")
READING = ("Describe", "List", "Get", "AssumeRole", "Simulate")


@pytest.fixture(scope="module")
def place(running_sandbox: Sandbox) -> Iterator[dict[str, Any]]:
    """Where the account is kept from row to row: a row that is refused changes nothing in it."""
    running_sandbox.clock.set_speed("instant")
    with pytest.MonkeyPatch.context() as patch:
        for name, value in running_sandbox.env.items():
            patch.setenv(name, value)
        yield {}


@pytest.fixture
def account(place: dict[str, Any], running_sandbox: Sandbox) -> dict[str, Any]:
    """The account, made anew after a row that did change something."""
    if not place or list_changes(running_sandbox):
        running_sandbox.reset()
        place.update(build_account(running_sandbox))
    running_sandbox.recorder.clear()
    return place


def list_changes(sandbox: Sandbox) -> list[str]:
    """The calls that were not only looks."""
    calls = [f"{call['service']}:{call['operation']}" for call in sandbox.calls()]
    return [call for call in calls if not call.partition(":")[2].startswith(READING)]


@pytest.mark.parametrize("row", [pytest.param(row, id=row.id) for row in ROWS])
def test_a_mistake_is_refused_in_words_and_nothing_changes(row: BadInput, account, running_sandbox, run_module):
    result = run_row(row, account, run_module)
    message = result["msg"] if result["failed"] else ""
    faults = [] if result["failed"] else ["accepted"]
    faults += [f"does not say {text!r}" for text in row.find_unsaid(message, account)]
    faults += [f"calls {name}" for name in list_changes(running_sandbox)]
    faults += [f"has {text}" for text in NOT_FOR_USERS if text in message]
    assert not faults, f"{row.id}: {'; '.join(faults)}: {' '.join(message.split())}"


def test_the_table_is_long_and_has_every_module_and_role():
    found = Counter((row.kind, row.name) for row in ROWS)
    assert len({row.id for row in ROWS}) == len(ROWS) >= LEAST
    modules = {path.stem for path in (ROOT / "plugins/modules").glob("*.py")}
    roles = {path.name for path in (ROOT / "roles").iterdir()}
    assert {name for kind, name in found if kind == MODULE} == modules
    assert {name for kind, name in found if kind == ROLE} == roles
    assert found[CLUSTER_CONFIG, CLUSTER_CONFIG] >= LEAST / 5
