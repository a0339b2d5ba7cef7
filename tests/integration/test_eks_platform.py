# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""eks_platform against the sandbox, its action in the test's process: add-ons and identities. Charts: tests/playbooks/test_platform.py."""

from __future__ import annotations

from types import SimpleNamespace
from unittest.mock import MagicMock

import pytest

from ansible_collections.kumo.eks.plugins.action import eks_platform
from ansible_collections.kumo.eks.plugins.module_utils.kubernetes.api import KubernetesError
from ansible_collections.kumo.eks.plugins.module_utils.platform.catalog import AGENT, COMPONENTS

CLUSTER = "my-cluster"
ADDONS = sorted(word for word, component in COMPONENTS.items() if component.addon)


@pytest.fixture
def platform(monkeypatch, run_module, ground):
    """platform(component, ..., check=True, **options) -> the task's result, on a cluster with a node."""
    monkeypatch.setattr("ansible.plugins.action.ActionBase.run", lambda self, tmp=None, task_vars=None: {})

    def run(*components, check=False, fails=False, **options):
        action = eks_platform.ActionModule.__new__(eks_platform.ActionModule)
        args = {"cluster_name": CLUSTER, "components": list(components), **options}
        action._task, action._connection = SimpleNamespace(args=args, check_mode=check), MagicMock()
        action._remove_tmp_path = lambda path: None
        action._execute_module = lambda module_name, module_args, task_vars: run_module(
            module_name.removeprefix("kumo.eks."), module_args, check=check
        )
        result = action.run(task_vars={})
        assert bool(result.get("failed")) == fails, result.get("msg") or result
        return result

    return run


@pytest.fixture
def unreachable(monkeypatch):
    """Nothing answers at the cluster's endpoint; not tried, as that takes a while."""

    def refuse(module, raw):
        raise KubernetesError("does not answer", 0)

    monkeypatch.setattr("ansible_collections.kumo.eks.plugins.modules.eks_platform.ask_for_releases", refuse)


@pytest.fixture
def cluster(run_module, ground):
    words = {"name": CLUSTER, "version": "1.34", "role_arn": ground["role"], "subnets": ground["subnets"], "wait": True}
    assert not run_module("eks_cluster", words)["failed"]
    node = {"cluster_name": CLUSTER, "name": "general", "node_role": ground["node_role"], "subnets": ground["subnets"]}
    assert not run_module("eks_nodegroup", {**node, "wait": True})["failed"]


def sent(sandbox):
    names = [call["operation"] for call in sandbox.calls()]
    return [name for name in names if not name.startswith(("Describe", "Get", "List"))]


def list_roles(sandbox):
    return sorted(row["RoleName"] for row in sandbox.client("iam").list_roles()["Roles"] if CLUSTER in row["RoleName"])


def test_an_empty_account_gets_the_plan(sandbox, platform):
    sandbox.recorder.clear()
    result = platform(*ADDONS, check=True, kubernetes_version="1.34")
    assert result["changed"] and sent(sandbox) == []
    assert {row["name"] for row in result["addons"]} == {AGENT, *(COMPONENTS[word].addon for word in ADDONS)}


def test_add_ons_come_with_their_identities_and_go(sandbox, platform, cluster, unreachable):
    eks = sandbox.client("eks")
    before = set(eks.list_addons(clusterName=CLUSTER)["addons"])
    sandbox.recorder.clear()
    assert platform(*ADDONS, check=True)["changed"] and sent(sandbox) == []
    made = platform(*ADDONS, tags={"Team": "a"})
    order = [name for name in sent(sandbox) if name in ("CreateAddon", "CreateRole")]
    assert order == ["CreateAddon", *["CreateRole"] * 6, *["CreateAddon"] * len(ADDONS)]  # the agent, roles, the others
    assert {row["status"] for row in made["addons"]} == {"ACTIVE"} and made["unlisted"] == []
    driver = eks.describe_addon(clusterName=CLUSTER, addonName="aws-ebs-csi-driver")["addon"]
    marks = {"Team": "a", "kumo.eks/platform": "ebs_csi_driver", f"kumo.eks/ap-northeast-1/{CLUSTER}": "owned"}
    assert driver["tags"] == marks and list_roles(sandbox)[0] == f"{CLUSTER}.amazon-cloudwatch.cloudwatch-agent_pod"
    sandbox.recorder.clear()
    assert not platform(*ADDONS, tags={"Team": "a"})["changed"] and sent(sandbox) == []

    fewer = [{"name": "ebs_csi_driver", "identity": "irsa"}, {"name": "external_dns", "hosted_zones": ["Z1"]}]
    named = platform(*fewer)
    assert {row["name"] for row in named["unlisted"]} == set(ADDONS) - {"ebs_csi_driver", "external_dns"}
    driver = eks.describe_addon(clusterName=CLUSTER, addonName="aws-ebs-csi-driver")["addon"]
    assert driver["serviceAccountRoleArn"].endswith(f"/{CLUSTER}.kube-system.ebs-csi-controller-sa")
    assert f"{CLUSTER}.kube-system.ebs-csi-controller-sa_pod" not in list_roles(sandbox)
    assert platform(*fewer, purge=True)["changed"] and not platform(*fewer, purge=True)["changed"]
    assert set(eks.list_addons(clusterName=CLUSTER)["addons"]) - before == {AGENT, "aws-ebs-csi-driver", "external-dns"}

    role = eks.list_pod_identity_associations(clusterName=CLUSTER, namespace="external-dns")["associations"]
    assert len(role) == 1
    assert platform(*fewer, state="absent", check=True)["changed"]
    sandbox.recorder.clear()
    assert platform(*fewer, state="absent")["kept"] == []
    assert [name for name in sent(sandbox) if name in ("DeleteAddon", "DeleteRole")] == [
        *["DeleteAddon"] * 2,
        *["DeleteRole"] * 2,
        "DeleteAddon",
    ]
    assert list_roles(sandbox) == [] and set(eks.list_addons(clusterName=CLUSTER)["addons"]) == before
    assert not platform(*fewer, state="absent")["changed"]


def test_refusals_name_the_step_and_the_agent_stays_for_others(sandbox, platform, cluster, run_module, unreachable):
    assert "does not answer" in platform("metrics_server", "argo_cd", fails=True)["msg"]
    result = platform({"name": "metrics_server", "values": {"replicas": 0}}, fails=True)
    assert result["msg"].startswith("Platform, add-ons: ") and "replicas" in result["msg"]
    platform("ebs_csi_driver")
    other = {"cluster_name": CLUSTER, "namespace": "production", "service_account": "reader", "policy_arns": []}
    assert not run_module("eks_pod_identity", other)["failed"]
    (kept,) = platform("ebs_csi_driver", state="absent")["kept"]
    assert kept == {"kind": "add-on", "name": AGENT, "why": "pod identity associations use it: production/reader"}
    assert AGENT in sandbox.client("eks").list_addons(clusterName=CLUSTER)["addons"]
