# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Overrides of the gates of an upgrade: their options and rules. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.core.validation import find_duplicates, suggest_name

Row = dict[str, Any]
# In the order in which they are shown: upgrade/gates.py has what each asks
GATE_IDS = (
    "cluster_active",
    "nodegroups_active",
    "addons_active",
    "version_support",
    "insights",
    "addon_compatibility",
    "nodegroup_versions",
    "kubelet_skew",
    "kube_proxy_skew",
    "removed_apis",
    "removed_features",
    "control_plane_addresses",
    "node_addresses",
    "vcpu_quota",
    "disruption_budgets",
    "single_replicas",
)


# Those of updates of add-ons
ADDON_GATE_IDS = ("cluster_active", "addons_active", "addon_compatibility", "addon_configuration")
# Those of the replacement of a node group: whether there is room for the new one
ROOM_GATE_IDS = ("node_addresses", "vcpu_quota")

ROLLING, BLUE_GREEN = "rolling", "blue_green"
STRATEGIES = (ROLLING, BLUE_GREEN)


def find_strategies_problems(name: str, strategies: Row) -> Iterator[str]:
    """Strategies of node groups that do not exist; ``name`` is what the option is called."""
    for group, strategy in strategies.items():
        if strategy not in STRATEGIES:
            yield f"{name}.{group}: {strategy!r} is not a strategy. Use {' or '.join(STRATEGIES)}."


def build_override_spec() -> Row:
    """The options of one override."""
    return dict(gate=dict(type="str", required=True), reason=dict(type="str", required=True))


def find_override_problems(row: Row, known: tuple[str, ...] = GATE_IDS) -> Iterator[str]:
    """A gate that does not exist, or no reason."""
    gate = row["gate"]
    if gate not in known:
        hint = suggest_name(gate, list(known)) or ""
        yield f"gate: there is no gate {gate!r}.{hint} The gates are: {', '.join(known)}."
    elif not row["reason"].strip():
        yield f"reason: gate {gate} is overridden without a reason. Say why; it is recorded."


def find_overrides_problems(name: str, rows: list[Row], known: tuple[str, ...] = GATE_IDS) -> Iterator[str]:
    """What is wrong with a list of overrides; ``name`` is what the list is called."""
    for number, row in enumerate(rows):
        yield from (f"{name}[{number}].{problem}" for problem in find_override_problems(row, known))
    yield from find_duplicates(name, [row["gate"] for row in rows])
