# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Nodes are drained at a pace, step by step."""

from __future__ import annotations

import time

import pytest

from ansible_collections.kumo.eks.plugins.module_utils.core.errors import WaitFailed
from ansible_collections.kumo.eks.plugins.module_utils.kubernetes.group_nodes import GroupNode
from ansible_collections.kumo.eks.plugins.module_utils.kubernetes.nodes import Node
from ansible_collections.kumo.eks.plugins.module_utils.nodes.moving import Move, Pace

KEPT = "pod default/web may not be evicted now: The disruption budget web needs 1 healthy pods and has 1 currently"


class Nodes:
    """Nodes by name with what is left on each: evicted in the next look, unless a budget keeps it."""

    group = "general"

    def __init__(self, **left):
        self.left = left
        self.since, self.held, self.begun = {}, set(), []

    def list(self):
        return [
            GroupNode(Node(name, "", True, name in self.held, self.since.get(name)), "", False, False)
            for name in self.left
        ]

    def hold(self, one, target):
        is_new = one.name not in self.held
        self.held.add(one.name)
        return is_new

    def begin_drain(self, one):
        self.since[one.name] = time.time()
        self.begun.append(one.name)

    def evict(self, one):
        now = self.left[one.name]
        self.left[one.name] = [text for text in now if text == KEPT]
        return now


def test_as_many_nodes_at_once_as_the_pace_says():
    nodes = Nodes(a=["pod x/1 ends"], b=["pod x/2 ends"], c=[])
    move = Move(nodes, "general-2", Pace(max_parallel=2))
    assert move.step()[0] is False and nodes.begun == ["a", "b"] and nodes.held == {"a", "b", "c"}
    assert move.step() == (False, ["node a: pod x/1 ends", "node b: pod x/2 ends"]) and nodes.begun == ["a", "b"]
    assert move.step()[0] is False and nodes.begun == ["a", "b", "c"]
    assert move.step()[0] is True and move.drained == ["a", "b", "c"] and move.changed


def test_a_pause_between_two_nodes(monkeypatch):
    nodes = Nodes(a=[], b=[])
    move = Move(nodes, "general-2", Pace(pause=60))
    move.step(), move.step()
    assert nodes.begun == ["a"] and move.drained == ["a"]
    move._ended -= 61
    move.step()
    assert nodes.begun == ["a", "b"]


def test_a_node_that_an_autoscaler_adds_is_drained_too():
    nodes = Nodes(a=[])
    move = Move(nodes, "general-2", Pace())
    move.step()
    nodes.left["new"] = ["pod x/1 ends"]
    assert move.step()[0] is False and "new" in nodes.held


def test_a_node_that_takes_too_long_is_named_with_its_budgets():
    nodes = Nodes(a=[KEPT])
    nodes.since["a"] = 0.0
    move = Move(nodes, "general-2", Pace(timeout=10), began=time.time() - 11)
    with pytest.raises(
        WaitFailed, match="node a of node group general was not drained after 10 seconds: pod default/web"
    ):
        move.step()
    nodes.since["a"] = 0.0  # an earlier run began with it: it has its time from the beginning of this one
    assert Move(nodes, "general-2", Pace(timeout=10)).step() == (False, [f"node a: {KEPT}"])
