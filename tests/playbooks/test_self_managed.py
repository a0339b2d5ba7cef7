# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The three kinds of nodes side by side, with a Kubernetes API behind the cluster: created, rolled with a drain, and deleted."""

from __future__ import annotations

import pytest

from ansible_collections.kumo.eks.plugins.module_utils.kubernetes.api import open_cluster_api
from ansible_collections.kumo.eks.plugins.module_utils.kubernetes.kinds import NODE, POD, Kind

NAME = "my-cluster"
BUDGET = Kind("policy/v1", "PodDisruptionBudget", "poddisruptionbudgets")
SIZES = {"min_size": 1, "max_size": 4, "desired_size": 2}
OWN = {
    "name": "own",
    "instance_types": ["m5.large", "m5a.large"],
    "instances_distribution": {"on_demand_base_capacity": 1, "on_demand_percentage_above_base_capacity": 0},
    "scaling_config": SIZES,
    "labels": {"kind": "own"},
    "update_config": {"drain_timeout": 15},  # the pods of CoreDNS take their time to end
}
pytestmark = pytest.mark.extended


@pytest.fixture
def sandbox(standing, monkeypatch):
    for name, value in standing.env.items():
        monkeypatch.setenv(name, value)
    return standing


@pytest.fixture
def variables(ground):
    return {
        "eks_cluster_name": NAME,
        "eks_cluster_version": "1.33",
        "eks_cluster_access_config": {"authentication_mode": "API_AND_CONFIG_MAP"},
        "eks_network_subnets": {"private": ground["subnets"]},
        "eks_nodegroups_list": [{"name": "managed", "scaling_config": SIZES}],
        "eks_self_managed_nodes_list": [OWN],
        "eks_fargate_profiles": [{"name": "pods", "selectors": [{"namespace": "batch"}]}],
    }


@pytest.fixture
def api(sandbox):
    """The cluster's API, opened where it is asked for."""
    clients = sandbox.client("eks"), sandbox.client("sts")
    return lambda: open_cluster_api(*clients, NAME)


def list_own_nodes(api):
    """The nodes' names by their instances: an address, and the name with it, may be given once more."""
    with api() as opened:
        rows = opened.list(NODE, label_selector="kind=own")
    return {row["spec"]["providerID"].rpartition("/")[2]: row["metadata"]["name"] for row in rows}


def build_pod(node):
    spec = {"nodeName": node, "containers": [{"name": "main", "image": "registry.k8s.io/pause"}]}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "web", "labels": {"app": "web"}}, "spec": spec}


def build_budget():
    spec = {"minAvailable": 1, "selector": {"matchLabels": {"app": "web"}}}
    return {"apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": {"name": "web"}, "spec": spec}


def test_three_kinds_of_nodes(sandbox, play, account, variables, api):
    before = account()
    play("kumo.eks.site", "--check", "--diff", **variables).assert_ok()
    assert account() == before
    made = play("kumo.eks.site", **variables).assert_ok()
    assert "self-managed nodes  own" in made.output and "Ready in the cluster" in made.output
    with api() as opened:
        kinds = [row["metadata"]["labels"] for row in opened.list(NODE)]
    assert len([row for row in kinds if row.get("eks.amazonaws.com/nodegroup") == "managed"]) == 2
    old = list_own_nodes(api)
    assert len(old) == 2
    first = min(old)
    play("kumo.eks.site", **variables).assert_unchanged()

    with api() as opened:
        opened.create(POD, build_pod(old[first]), "default")
        opened.create(BUDGET, build_budget(), "default")
    changed = {**variables, "eks_self_managed_nodes_list": [{**OWN, "template": {"monitoring": True}}]}
    blocked = play("kumo.eks.site", **changed)
    blocked.assert_refused("pod default/web may not be evicted now", "Let the pods go, and run the task again")
    assert first in list_own_nodes(api)
    with api() as opened:
        opened.delete(BUDGET, "web", "default")
        opened.delete(POD, "web", "default", grace_period=0)
    rolled = play("kumo.eks.site", **changed).assert_ok()
    assert "[my-cluster] " in rolled.output and not old.keys() & list_own_nodes(api).keys()
    play("kumo.eks.site", **changed).assert_unchanged()

    play("kumo.eks.teardown", "--check", **changed).assert_ok()
    play("kumo.eks.teardown", **changed).assert_ok()
    assert account() == before
    assert sandbox.client("autoscaling").describe_auto_scaling_groups()["AutoScalingGroups"] == []
    assert sandbox.client("iam").list_instance_profiles()["InstanceProfiles"] == []
