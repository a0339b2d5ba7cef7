# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""eks_preflight against the sandbox: what it looks at in the account, and that it changes nothing."""

from __future__ import annotations

NAME = "my-cluster"


def check(run_module, **options):
    return run_module("eks_preflight", {"cluster_name": NAME, "check_account": True, **options})


def test_a_cluster_of_somebody_else_is_refused_and_one_of_ours_is_not(sandbox, run_module, ground):
    base = {"name": NAME, "role_arn": ground["role"], "subnets": ground["subnets"]}
    wanted = {"cluster": {"role_arn": ground["role"], "subnets": ground["subnets"]}}
    assert not check(run_module, **wanted)["changed"]
    run_module("eks_cluster", {**base, "wait": True})
    refused = check(run_module, **wanted)
    assert refused["failed"] and "eks_cluster_adopt=true" in refused["msg"]
    assert not check(run_module, adopt=True, **wanted)["failed"]
    run_module("eks_cluster", {**base, "state": "absent", "wait": True})
    run_module("eks_cluster", {**base, "owned": True, "wait": True})
    sandbox.recorder.clear()
    assert not check(run_module, **wanted)["failed"]
    assert all(call["operation"].startswith(("Describe", "List", "Get")) for call in sandbox.calls())


def test_what_does_not_exist_is_named(run_module, ground):
    wanted = {"subnets": [*ground["subnets"], "subnet-0"], "role_arn": "arn:aws:iam::123456789012:role/none"}
    result = check(run_module, cluster=wanted, state="present")
    assert result["failed"] and "subnet subnet-0 does not exist" in result["msg"]
    assert "IAM role arn:aws:iam::123456789012:role/none does not exist" in result["msg"]
