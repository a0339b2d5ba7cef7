# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which instances a step of a rollout drains and terminates, by what is there. No cluster and no AWS."""

from __future__ import annotations

import time

import pytest

from ansible_collections.kumo.eks.plugins.module_utils.core.errors import ValidationError, WaitFailed
from ansible_collections.kumo.eks.plugins.module_utils.kubernetes.nodes import Node
from ansible_collections.kumo.eks.plugins.module_utils.nodes.rollout import Rollout, is_outdated

NEW = {"id": "lt-1", "version": "2"}


class Nodes:
    """The nodes of a cluster, in place of its API."""

    def __init__(self, *nodes, pods=None):
        self.nodes, self.pods, self.done = {node.instance_id: node for node in nodes}, pods or {}, []

    def find(self, instance_id):
        return self.nodes.get(instance_id)

    def cordon(self, node):
        self.done.append(("cordon", node.name))

    def uncordon(self, node):
        self.done.append(("uncordon", node.name))

    def evict_pods(self, node):
        return self.pods.get(node.name, [])


class Client:
    """EC2 Auto Scaling."""

    def __init__(self, *refreshes):
        self.terminated, self.started, self.refreshes = [], [], list(refreshes)

    def terminate_instance_in_auto_scaling_group(self, InstanceId, ShouldDecrementDesiredCapacity):
        assert ShouldDecrementDesiredCapacity is False
        self.terminated.append(InstanceId)

    def describe_instance_refreshes(self, **words):
        return {"InstanceRefreshes": self.refreshes}

    def start_instance_refresh(self, **words):
        self.started.append(words["Preferences"])


def build_instance(name, version="1", state="InService", kind="m5.large"):
    template = {"LaunchTemplateId": "lt-1", "Version": version}
    return {"InstanceId": name, "InstanceType": kind, "LifecycleState": state, "LaunchTemplate": template}


def build_node(name, ready=True, draining=None):
    return Node(f"node-{name}", name, ready, draining is not None, draining)


def roll(instances, nodes, desired=None, client=None, goes_on=False, suspended=(), **update):
    group = {
        "name": "g",
        "instances": instances,
        "launch_template": NEW,
        "instance_types": ["m5.large"],
        "scaling_config": {"desired_size": len(instances) if desired is None else desired},
        "suspended_processes": list(suspended),
    }
    done = Rollout(client or Client(), group, nodes, update, time.time(), goes_on)
    done.step()
    return done


def test_one_node_at_a_time_is_cordoned_drained_and_terminated():
    nodes = Nodes(build_node("a"), build_node("b"), build_node("c"))
    done = roll([build_instance(name) for name in "abc"], nodes)
    assert (nodes.done, done.client.terminated, done.changed) == ([("cordon", "node-a")], ["a"], True)
    assert done.pending == ["instance a is replaced", "3 instances are to be replaced"]


def test_an_instance_stays_while_pods_are_on_its_node():
    nodes = Nodes(build_node("a"), build_node("b"), pods={"node-a": ["pod x/y ends"]})
    done = roll([build_instance("a"), build_instance("b")], nodes)
    assert done.client.terminated == []
    assert done.pending[0] == "node node-a is drained: pod x/y ends"


@pytest.mark.parametrize(("most", "cordoned"), [(1, []), (2, ["node-b"]), (3, ["node-b", "node-c"])])
def test_no_more_nodes_are_missing_than_may_be(most, cordoned):
    """One is Ready no more: an instance of the new template that is coming."""
    nodes = Nodes(build_node("b"), build_node("c"))
    instances = [build_instance("a", "2", "Pending"), build_instance("b"), build_instance("c")]
    roll(instances, nodes, max_unavailable=most)
    assert [name for what, name in nodes.done if what == "cordon"] == cordoned


def test_instances_that_never_became_nodes_are_replaced_at_once():
    nodes = Nodes(build_node("c", ready=False), pods={"node-c": ["pod x/y ends"]})
    done = roll([build_instance("a"), build_instance("b"), build_instance("c")], nodes)
    assert done.client.terminated == ["a", "b"]
    assert nodes.done == [("cordon", "node-c")]  # its pods may still run


@pytest.mark.parametrize("force", [False, True])
def test_a_drain_has_its_time(force):
    nodes = Nodes(build_node("a", draining=time.time()), pods={"node-a": ["pod x/y may not be evicted now: budget"]})
    words = {"drain_timeout": 0, "force": force}
    if not force:
        with pytest.raises(
            WaitFailed, match=r"node-a was not drained after 0 seconds: pod x/y may not be evicted now: budget"
        ):
            roll([build_instance("a")], nodes, **words)
    else:
        assert roll([build_instance("a")], nodes, **words).client.terminated == ["a"]


def test_a_task_gives_a_drain_of_an_earlier_one_its_time_again():
    nodes = Nodes(build_node("a", draining=time.time() - 10_000), pods={"node-a": ["pod x/y ends"]})
    assert roll([build_instance("a")], nodes).pending == ["node node-a is drained: pod x/y ends"]


def test_a_node_that_is_to_stay_takes_pods_again():
    nodes = Nodes(build_node("a", draining=time.time()))
    done = roll([build_instance("a", "2")], nodes)
    assert (nodes.done, done.changed, done.pending) == ([("uncordon", "node-a")], True, [])


def test_a_node_that_somebody_else_cordoned_stays_so():
    nodes = Nodes(Node("node-a", "a", True, True))
    assert roll([build_instance("a", "2")], nodes).changed is False and nodes.done == []


def test_what_is_there_and_new_is_waited_for():
    nodes = Nodes(build_node("a"), build_node("b", ready=False))
    instances = [build_instance("a", "2"), build_instance("b", "2")]
    assert roll(instances, nodes).pending == ["1 of 2 nodes are Ready"]
    assert roll(instances, None, desired=3).pending == ["2 of 3 instances are in service"]
    assert roll(instances, None).pending == []


def test_nothing_is_terminated_without_a_look_at_the_nodes():
    client = Client()
    with pytest.raises(ValidationError, match="without a look at its nodes"):
        roll([build_instance("a")], None, client=client)
    assert client.terminated == []


def test_suspended_processes_stop_a_rollout_before_it_begins():
    nodes = Nodes(build_node("a"))
    with pytest.raises(ValidationError, match="Launch is suspended"):
        roll([build_instance("a")], nodes, suspended=["Launch", "AZRebalance"])
    assert nodes.done == []


def test_a_refresh_is_started_once_and_followed():
    client = Client()
    done = roll([build_instance("a")], None, client=client, strategy="instance_refresh", min_healthy_percentage=50)
    assert client.started == [{"SkipMatching": True, "MinHealthyPercentage": 50}]
    assert done.pending == ["an instance refresh replaces 1 instance"]
    running = Client({"InstanceRefreshId": "r", "Status": "InProgress", "PercentageComplete": 50})
    done = roll([build_instance("a")], None, client=running, goes_on=True, strategy="instance_refresh")
    assert (running.started, done.pending) == ([], ["instance refresh InProgress, 50 %"])


def test_a_refresh_that_failed_ends_the_task_that_started_it():
    failed = Client({"InstanceRefreshId": "r", "Status": "Failed", "StatusReason": "no capacity"})
    with pytest.raises(WaitFailed, match="ended Failed: no capacity. 1 instance is not replaced"):
        roll([build_instance("a")], None, client=failed, goes_on=True, strategy="instance_refresh")
    roll([build_instance("a")], None, client=failed, strategy="instance_refresh")
    assert len(failed.started) == 1


def test_a_type_that_the_group_no_longer_has_is_outdated():
    assert is_outdated(build_instance("a", "2", kind="m4.large"), NEW, ["m5.large"])
    assert not is_outdated(build_instance("a", "2"), NEW, ["m5.large"])
    assert is_outdated(build_instance("a", "1"), NEW, ["m5.large"])
