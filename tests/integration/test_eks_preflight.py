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


def test_extended_support_is_a_warning_in_the_words_of_the_module(sandbox, run_module, ground):
    base = {"role_arn": ground["role"], "subnets": ground["subnets"], "version": "1.33"}
    planned = check(run_module, cluster=base)
    (text,) = [text for text in planned["warnings"] if "extended support" in text]
    assert (
        text.startswith("Cluster my-cluster: Kubernetes 1.33 is in extended support since 2026-07-29") and "USD" in text
    )
    made = run_module("eks_cluster", {"name": NAME, "owned": True, "wait": True, **base})
    assert text in made["warnings"]  # Ansible shows the same text once
    assert not check(run_module, cluster=base).get(
        "warnings"
    )  # eks_cluster says it of the version that the cluster has
    refused = check(run_module, cluster={**base, "version": "1.99"})
    assert (
        refused["failed"] and "eks_cluster_version: EKS does not offer 1.99. Versions are: 1.29, 1.30" in refused["msg"]
    )
