# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The names of gates that input is checked against are those of the gates."""

from __future__ import annotations

from ansible_collections.kumo.eks.plugins.module_utils.core.specs.upgrade import GATE_IDS
from ansible_collections.kumo.eks.plugins.module_utils.upgrade.gates import GATES


def test_each_gate_can_be_named():
    assert tuple(gate.id for gate in GATES) == GATE_IDS
