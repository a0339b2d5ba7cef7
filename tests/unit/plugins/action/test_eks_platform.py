# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""eks_platform on the controller: which modules it runs with what, and what it makes of their answers."""

from __future__ import annotations

from types import SimpleNamespace
from unittest.mock import MagicMock

import pytest

from ansible_collections.kumo.eks.plugins.action import eks_platform
from ansible_collections.kumo.eks.plugins.module_utils.platform.catalog import AGENT

PLACE = {
    "cluster": "my-cluster",
    "region": "ap-northeast-1",
    "partition": "aws",
    "account": "123456789012",
    "version": "1.34",
    "vpc_id": "vpc-1",
    "auto_mode": False,
    "exists": True,
}
SEEN = {"changed": False, "place": PLACE, "addons": [], "releases": [], "roles": [], "accounts": []}


@pytest.fixture
def run(monkeypatch):
    """run(seen, answers by module, **options of the task) -> its result, and the calls of modules as (name, options)."""
    monkeypatch.setattr("ansible.plugins.action.ActionBase.run", lambda self, tmp=None, task_vars=None: {})

    def do(seen=None, answers=None, **args):
        action = eks_platform.ActionModule.__new__(eks_platform.ActionModule)
        action._task = SimpleNamespace(args={"cluster_name": "my-cluster", **args}, check_mode=False)
        action._connection = MagicMock()
        action._remove_tmp_path = lambda path: None
        calls = []

        def execute(module_name, module_args, task_vars):
            name = module_name.removeprefix("kumo.eks.")
            calls.append((name, module_args))
            if name == "eks_platform":
                return {**SEEN, **(seen or {})}
            option = next(key for key in eks_platform.LISTS if key in module_args)
            rows = [{"name": row.get("name") or row["service_account"], "changed": True} for row in module_args[option]]
            return {"changed": True, option: rows, "diff": {"before": {}, "after": {}}, **(answers or {}).get(name, {})}

        action._execute_module = execute
        return action.run(task_vars={}), calls

    return do


def test_modules_run_in_order_with_the_connection_of_the_task(run):
    components = [{"name": "external_secrets", "secret_values": {"a": "hidden-text"}}, "metrics_server"]
    result, calls = run(components=components, profile="p", region="ap-northeast-1", resource_tags={"Team": "a"})
    assert [name for name, args in calls] == ["eks_platform", "eks_addon", "eks_pod_identity", "eks_addon", "eks_helm"]
    assert all(
        (args["profile"], args["region"], args["cluster_name"]) == ("p", "ap-northeast-1", "my-cluster")
        for name, args in calls
    )
    assert calls[0][1]["components"] == [{"name": "external_secrets"}, {"name": "metrics_server"}]
    assert calls[1][1]["addons"][0]["tags"] == {"Team": "a", "kumo.eks/platform": "pod_identity"}
    assert calls[3][1]["owned"] and calls[3][1]["wait"] and "owned" not in calls[4][1]
    assert "resource_tags" not in calls[4][1] and calls[4][1]["atomic"] is True
    assert result["changed"] and not result.get("failed")
    assert [row["name"] for row in result["addons"]] == [AGENT, "metrics-server"]
    assert "hidden-text" not in str({**result, "releases": []})


def test_a_failure_ends_the_task_with_what_was_done(run):
    answers = {"eks_pod_identity": {"failed": True, "msg": "denied", "changed": False}}
    result, calls = run(answers=answers, components=["ebs_csi_driver"])
    assert [name for name, args in calls] == ["eks_platform", "eks_addon", "eks_pod_identity"]
    assert (result["failed"], result["changed"]) == (True, True)
    assert result["msg"] == "Platform, pod identity associations: denied"


def test_bad_options_run_no_module(run):
    result, calls = run(components=["metrics"], wait_timeout=5)
    assert result["failed"] and "components[0].name: 'metrics' is not allowed" in result["msg"] and calls == []
    result, calls = run(components=[], wait_timeout=0)
    assert "wait_timeout: 0 is not a valid time" in result["msg"] and calls == []


def test_what_is_not_listed_is_named_and_with_purge_removed(run):
    seen = {"addons": [{"name": "metrics-server", "component": "metrics_server", "namespace": "kube-system"}]}
    result, calls = run(seen, components=[])
    assert result["unlisted"] == [{"name": "metrics_server", "installed": "metrics-server"}]
    assert [name for name, args in calls] == ["eks_platform"]
    result, calls = run(seen, components=[], purge=True)
    assert calls[1][0] == "eks_addon" and calls[1][1]["state"] == "absent"
    assert calls[1][1]["addons"] == [{"name": "metrics-server"}]


def test_absent_goes_the_other_way_round(run):
    seen = {"addons": [{"name": AGENT, "component": "pod_identity", "namespace": "kube-system"}]}
    result, calls = run(seen, components=["external_secrets", "ebs_csi_driver"], state="absent")
    names = [name for name, args in calls[1:]]
    assert names == ["eks_helm", "eks_addon", "eks_pod_identity", "eks_addon"]
    assert {args["state"] for name, args in calls[1:]} == {"absent"}
    assert result["kept"] == []


def test_a_plan_before_the_cluster_is_there_takes_the_version_of_the_task(run):
    place = {**PLACE, "exists": False, "version": None, "vpc_id": ""}
    result, calls = run({"place": place}, components=["cluster_autoscaler"], kubernetes_version="1.33")
    assert calls[-1][1]["releases"][0]["version"] == "9.51.0"
    result, calls = run({"place": place}, components=["cluster_autoscaler"], kubernetes_version="1.3")
    assert "kubernetes_version: '1.3' is not a Kubernetes version" in result["msg"]
