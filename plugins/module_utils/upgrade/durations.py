# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How long a step is expected to take, so that it fits into a maintenance window. Pure.

AWS promises no durations. These are on the safe side of what is usual, and a user can set others.
"""

from __future__ import annotations

from math import ceil

from ansible_collections.kumo.eks.plugins.module_utils.upgrade.plan import (
    ADDON,
    CONTROL_PLANE,
    FARGATE,
    NODEGROUP,
    SELF_MANAGED,
    Step,
)
from ansible_collections.kumo.eks.plugins.module_utils.upgrade.state import ClusterState

# Minutes by the kind of a step. Those of nodes are for each batch of nodes that are replaced at once.
EXPECTED: dict[str, float] = {CONTROL_PLANE: 20, ADDON: 5, NODEGROUP: 6, SELF_MANAGED: 6, FARGATE: 15}
# New nodes are started before old ones are drained, and one more of each zone is ended afterwards:
# https://docs.aws.amazon.com/eks/latest/userguide/managed-node-update-behavior.html
NODES_BEGIN = 10.0


def estimate_seconds(step: Step, state: ClusterState, minutes: dict[str, float]) -> float:
    """Seconds that a step is expected to take.

    Args:
        minutes: what the user expects, by kind, over EXPECTED.
    """
    each = minutes.get(step.kind, EXPECTED.get(step.kind, 0.0))
    if step.kind in (NODEGROUP, SELF_MANAGED):
        return 60 * (NODES_BEGIN + each * count_batches(step, state))
    return 60 * each


def count_batches(step: Step, state: ClusterState) -> int:
    """How often nodes of a group are replaced one after the other, by its updateConfig."""
    if step.kind == SELF_MANAGED:
        rows = [row for row in state.self_managed.value or [] if row["name"] == step.name]
        return max(1, len(rows[0]["instances"])) if rows else 1
    raw = next((row for row in state.nodegroups if row["nodegroupName"] == step.name), {})
    nodes = int((raw.get("scalingConfig") or {}).get("desiredSize") or 1)
    config = raw.get("updateConfig") or {}
    percentage = int(config.get("maxUnavailablePercentage") or 0)
    at_once = max(1, nodes * percentage // 100) if percentage else int(config.get("maxUnavailable") or 1)
    return max(1, ceil(nodes / at_once))
