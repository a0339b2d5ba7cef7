# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a failed task says of its kind: tests/unit/test_errors.py holds that docs/errors.md has a section for each."""

from __future__ import annotations

from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.core.error_kinds import build_help

NAME = "my-cluster"


def refuse(run_module, module: str, params: dict[str, Any]) -> dict[str, Any]:
    result = run_module(module, params)
    assert result["failed"], result
    return {name: result.get(name) for name in ("error_kind", "help")}


def test_options(run_module, sandbox):
    """Refused by Ansible's own check, and by the module's."""
    assert refuse(run_module, "eks_cluster", {"name": NAME, "state": "gone"}) == build_help("invalid-option")
    assert refuse(run_module, "eks_cluster", {}) == build_help("invalid-option")
    assert refuse(run_module, "eks_cluster", {"name": "no name", "state": "absent"}) == build_help("invalid-option")


def test_a_cluster_that_is_not_there(run_module, sandbox, tmp_path):
    wanted = {"cluster_name": NAME, "path": str(tmp_path / "kubeconfig")}
    assert refuse(run_module, "eks_kubeconfig", wanted) == build_help("not-found")


def test_an_answer_of_aws(run_module, sandbox):
    """EKS says that there is no such cluster."""
    wanted = {"cluster_name": NAME, "name": "vpc-cni"}
    assert refuse(run_module, "eks_addon", wanted) == build_help("not-found")


def test_a_list_has_the_kind_of_its_first_failure(run_module, sandbox, ground):
    eks = sandbox.client("eks")
    eks.create_cluster(name=NAME, roleArn=ground["role"], resourcesVpcConfig={"subnetIds": ground["subnets"]})
    eks.get_waiter("cluster_active").wait(name=NAME, WaiterConfig={"Delay": 1})
    result = run_module(
        "eks_addon",
        {
            "cluster_name": NAME,
            "addons": [{"name": "vpc-cni"}, {"name": "kube-proxy", "version": "v0.0.1"}],
            "wait": False,
        },
    )
    assert result["failed"] and result["error_kind"] == "unsupported-version", result
