# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""take_over_addons.yml, and the role eks_addons, on a cluster with what EKS installs by itself."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from support.clock import SPEED

from ansible_collections.kumo.eks.plugins.module_utils.kubernetes.api import open_cluster_api
from ansible_collections.kumo.eks.plugins.module_utils.kubernetes.kinds import DAEMON_SET, DEPLOYMENT
from kumo_sandbox import Sandbox

pytestmark = pytest.mark.extended
NAME, SYSTEM = "my-cluster", "kube-system"


@pytest.fixture(scope="module")
def standing() -> Iterator[Sandbox]:
    with Sandbox(speed=SPEED, kubernetes=True) as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(standing, monkeypatch):
    for name, value in standing.env.items():
        monkeypatch.setenv(name, value)
    return standing


def test_what_eks_installed_is_taken_over(sandbox, ground, play, play_role, run_module):
    eks, sts = sandbox.client("eks"), sandbox.client("sts")
    words = {"name": NAME, "version": "1.34", "role_arn": ground["role"], "subnets": ground["subnets"], "wait": True}
    assert not run_module("eks_cluster", words)["failed"]
    node = {"cluster_name": NAME, "name": "general", "node_role": ground["node_role"], "subnets": ground["subnets"]}
    assert not run_module("eks_nodegroup", {**node, "wait": True})["failed"]
    with open_cluster_api(eks, sts, NAME) as api:
        api.patch(DEPLOYMENT, "coredns", {"spec": {"replicas": 3}}, SYSTEM)
        api.patch(DAEMON_SET, "kube-proxy", {"spec": {"minReadySeconds": 1}}, SYSTEM)
    variables = {"eks_cluster_name": NAME, "eks_region": "ap-northeast-1"}

    refused = play("kumo.eks.take_over_addons", **variables)
    assert "DaemonSet kube-proxy .spec.minReadySeconds" in refused.output and "accept_loss" in refused.output
    assert refused.recap["failed"] == 1 and eks.list_addons(clusterName=NAME)["addons"] == []
    variables["eks_takeover_accept_loss"] = ["DaemonSet kube-proxy .spec.minReadySeconds"]
    play("kumo.eks.take_over_addons", "--check", "--diff", **variables).assert_ok()
    assert eks.list_addons(clusterName=NAME)["addons"] == []

    done = play("kumo.eks.take_over_addons", **{**variables, "eks_takeover_addons": ["kube-proxy"]}).assert_ok()
    assert "kube-proxy: taken_over" in done.output
    # the rest by the role, which then has nothing left to change
    listed = [{"name": name} for name in ("vpc-cni", "kube-proxy", "coredns")]
    role = {"eks_cluster_name": NAME, "eks_region": "ap-northeast-1", "eks_addons_list": listed}
    assert play_role("eks_addons", eks_addons_take_over=True, **role).assert_ok().changed > 0
    play_role("eks_addons", eks_addons_take_over=True, **role).assert_unchanged()
    assert sorted(eks.list_addons(clusterName=NAME)["addons"]) == ["coredns", "kube-proxy", "vpc-cni"]
    addon = eks.describe_addon(clusterName=NAME, addonName="coredns")["addon"]
    assert json.loads(addon["configurationValues"]) == {"replicaCount": 3}
    play("kumo.eks.take_over_addons", **variables).assert_unchanged()
