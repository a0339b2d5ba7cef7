# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether there is room for a node group beside the one that it replaces: the gates of capacity, for a replacement outside of an upgrade."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.core.errors import ValidationError
from ansible_collections.kumo.eks.plugins.module_utils.core.specs.upgrade import ROOM_GATE_IDS
from ansible_collections.kumo.eks.plugins.module_utils.upgrade.capacity import check_node_addresses, check_vcpu_quota
from ansible_collections.kumo.eks.plugins.module_utils.upgrade.capacity_reading import read_capacity
from ansible_collections.kumo.eks.plugins.module_utils.upgrade.findings import FAILED, PASSED, Finding
from ansible_collections.kumo.eks.plugins.module_utils.upgrade.plan import NODEGROUP, Plan, Step
from ansible_collections.kumo.eks.plugins.module_utils.upgrade.state import ClusterState, Row

CHECKS = dict(zip(ROOM_GATE_IDS, (check_node_addresses, check_vcpu_quota), strict=True))


@dataclass
class RoomCheck:
    """The check before a new group is made.

    Args:
        get_client: gives a boto3 client by the name of its service.
        describe_cluster: the cluster as EKS describes it.
        overrides: reasons by the gate's ID.
        warn: shows a warning.
    """

    get_client: Callable[[str], Any]
    describe_cluster: Callable[[], Row]
    overrides: dict[str, str] = field(default_factory=dict)
    warn: Callable[[str], None] = lambda text: None

    def check(self, group: Row) -> None:
        """Refuse a group for whose nodes there are too few addresses or vCPUs, and warn of what could not be read.

        Args:
            group: the request of CreateNodegroup.

        Raises:
            ValidationError: there is no room for it. Nothing was made.
        """
        state = ClusterState(self.describe_cluster(), [group])
        read_capacity(self.get_client, state)
        plan = build_group_plan(state, group["nodegroupName"])
        closed = []
        for gate, check in CHECKS.items():
            found = check(state, plan)
            for text in found.warnings:
                self.warn(text)
            if found.verdict == FAILED and gate not in self.overrides:
                closed.append(_format(gate, found))
            elif found.verdict != PASSED:
                self.warn(self._format_passed(gate, found))
        if closed:
            raise ValidationError(
                f"There is no room for node group {group['nodegroupName']}, and nothing was made. {' '.join(closed)} To try it nevertheless,"
                " name the gate in overrides with a reason."
            )

    def _format_passed(self, gate: str, found: Finding) -> str:
        if gate in self.overrides:
            return f"{_format(gate, found)} This is overridden: {self.overrides[gate]}"
        return f"{_format(gate, found)} The new group is made without this check."


def build_group_plan(state: ClusterState, name: str) -> Plan:
    """A plan that does nothing but replace one node group."""
    version = state.cluster["version"]
    step = Step(version, NODEGROUP, name, version, version)
    return Plan(state.minor, state.minor, prepare=[step], blue_green={name})


def _format(gate: str, found: Finding) -> str:
    verdict = "failed" if found.verdict == FAILED else "could not be determined"
    return f"{gate} {verdict}: {'; '.join(found.evidence).rstrip('.')}. {found.remedy}"
