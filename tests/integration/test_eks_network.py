# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""eks_network against the sandbox: planned, made, made again, changed, removed; and what it refuses."""

from __future__ import annotations

import pytest

CLUSTER = "my-cluster"
ZONES = ["ap-northeast-1a", "ap-northeast-1c"]


@pytest.fixture
def network(run_module, sandbox):
    """eks_network for my-cluster: network(check=False, **options) -> its result."""

    def run(check=False, **options):
        return run_module("eks_network", {"cluster_name": CLUSTER, "wait": True, **options}, check=check)

    sandbox.recorder.clear()
    return run


def sent(sandbox):
    names = [call["operation"] for call in sandbox.calls()]
    return [name for name in names if not name.startswith(("Describe", "Get", "List"))]


def test_a_life(sandbox, network):
    planned = network(check=True)
    assert planned["changed"], planned
    assert sent(sandbox) == []
    made = network()
    assert made["changed"] and made["ready"], made
    assert planned["diff"] == made["diff"]
    found = made["network"]
    assert [row["cidr_block"] for row in found["subnets"]] == [f"10.0.{32 * n}.0/19" for n in range(6)]
    sandbox.recorder.clear()
    again = network()
    assert not again["changed"] and again["ready"], again
    assert again["network"]["route_tables"] == found["route_tables"]
    assert len(sandbox.calls()) == 8
    planned = network(check=True, state="absent")
    assert planned["changed"] and sent(sandbox) == []
    gone = network(state="absent")
    assert gone["changed"] and gone["diff"] == planned["diff"], gone
    assert not network(state="absent")["changed"]
