# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The clock of playbooks, molecule and documentation: it moves, so that they see what is pending and wait for it."""

from __future__ import annotations

from kumo_sandbox import Sandbox, durations

SPEED = 300  # a control plane takes 1.8 seconds, a NAT gateway 0.3, a config update 0.4
# What is not waited for: a deleted NAT gateway can be seen for an hour, and nodes may take a quarter of one to fail.
FAR = ("NAT_GATEWAY_FORGOTTEN", "NODES_JOIN")


def settle(sandbox: Sandbox) -> None:
    """Let everything be over that was begun: for what a test does by hand between two playbooks."""
    longest = max(value for name, value in vars(durations).items() if name.isupper() and name not in FAR)
    sandbox.clock.advance(longest)
    sandbox.store.settle()
