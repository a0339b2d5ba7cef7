# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The steps of a platform: which module gets which list, in which order. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.platform.catalog import AGENT
from ansible_collections.kumo.eks.plugins.module_utils.platform.plan import POD_IDENTITY, Plan
from ansible_collections.kumo.eks.plugins.module_utils.platform.removal import Removal

Row = dict[str, Any]
PRESENT, ABSENT = "present", "absent"


@dataclass(frozen=True)
class Step:
    """One run of a module.

    Args:
        option: the module's list of items, and the key of its result.
        what: for the message of a failure.
    """

    module: str
    option: str
    rows: list[Row]
    state: str
    what: str


MODULES = {
    "addons": ("eks_addon", "add-ons"),
    "associations": ("eks_pod_identity", "pod identity associations"),
    "identities": ("eks_irsa", "IAM roles by IRSA"),
    "releases": ("eks_helm", "Helm releases"),
}


def build_step(option: str, rows: list[Row], state: str) -> Step:
    module, what = MODULES[option]
    return Step(module, option, rows, state, what)


def list_present_steps(plan: Plan, outdated: Removal, seen: Row) -> Iterator[Step]:
    """The agent first, then the roles, then what needs them. Releases come last: their objects may need what add-ons bring.

    The agent is left alone where somebody else installed it.
    """
    agent = next((row["component"] for row in seen["addons"] if row["name"] == AGENT), None)
    addons = list(plan.addons)
    if plan.agent and agent is None:
        yield build_step("addons", plan.agent, PRESENT)
    elif plan.agent and agent == POD_IDENTITY:
        addons = plan.agent + addons
    yield build_step("identities", plan.identities, PRESENT)
    yield build_step("associations", plan.associations, PRESENT)
    yield from list_removal_steps(outdated)
    yield build_step("addons", addons, PRESENT)
    yield build_step("releases", plan.releases, PRESENT)


def list_removal_steps(removal: Removal) -> Iterator[Step]:
    """The other way round. The pods are gone when their roles are deleted, and the agent serves them to the end."""
    yield build_step("releases", removal.releases, ABSENT)
    yield build_step("addons", removal.addons, ABSENT)
    yield build_step("associations", removal.associations, ABSENT)
    yield build_step("identities", removal.identities, ABSENT)
    yield build_step("addons", removal.agent, ABSENT)
