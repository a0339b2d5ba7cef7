# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The checker of shown commands finds what is wrong, and lets pass what is right."""

from __future__ import annotations

from pathlib import Path

import blocks
import pytest
import replaced

from kumo_sandbox.toolchain import binaries

RIGHT = [
    "aws eks update-kubeconfig --name a --region b",
    "aws eks create-nodegroup --cluster-name a --nodegroup-name b --node-role c --subnets d e --scaling-config minSize=1",
    "aws eks create-fargate-profile --cluster-name a --fargate-profile-name b --pod-execution-role-arn c"
    """ --selectors '[{"namespace": "a", "labels": {"b": "c"}}]' """,
    "aws eks wait cluster-active --name a",
    "# a comment\neksctl create cluster \\\n  -f cluster-config.yaml",
]
WRONG = {
    "aws ekz create-cluster": "no such service",
    "aws eks make-cluster --name a": "no such operation",
    "aws eks create-cluster --name a --role-arn b": "resourcesVpcConfig is missing",
    "aws eks delete-cluster --name a --wait": "wait is none of",
    "aws eks wait cluster-ready --name a": "no such waiter",
    "aws eks update-kubeconfig --cluster a": "cluster is none of",
    "aws eks create-nodegroup --cluster-name a --nodegroup-name b --node-role c --subnets d --scaling-config min=1": "min is none",
    "aws eks create-nodegroup --cluster-name a --nodegroup-name b --node-role c --subnets d --disk-size big": "no number",
    "aws eks create-nodegroup --cluster-name a --nodegroup-name b --node-role c --subnets d --capacity-type CHEAP": "none of",
    "aws eks create-fargate-profile --cluster-name a --fargate-profile-name b --pod-execution-role-arn c"
    """ --selectors '[{"name": "a"}]' """: "name is none of",
    "eksctl create kluster -f a": "not in the table",
    "eksctl create cluster --file a": "file is none of",
    "terraform apply": "nothing here can check",
}


@pytest.mark.parametrize("text", RIGHT)
def test_what_is_right_passes(text):
    assert replaced.check(text + "\n", {}) == 1


@pytest.mark.parametrize("text", WRONG)
def test_what_is_wrong_is_named(text):
    with pytest.raises(replaced.Wrong, match=WRONG[text]):
        replaced.check(text + "\n", {})


def test_flags_of_one_command_and_those_of_all_are_known_from_the_program():
    tools = binaries.ensure(["kubectl", "helm"])
    right = "kubectl create serviceaccount a --namespace b\nhelm rollback a 1 --namespace b\n"
    assert replaced.check(right, tools) == 2
    for wrong in ("kubectl create serviceaccount a --nmaespace b\n", "helm rollback a 1 --revision 1\n"):
        with pytest.raises(replaced.Wrong, match="is none of"):
            replaced.check(wrong, tools)


def test_blocks_have_a_language_a_kind_and_options(tmp_path: Path):
    page = tmp_path / "page.md"
    page.write_text("a\n\n```yaml playbook changed=0\nb: c\n```\n\n```yaml file=d.yaml\n```\n```\ne\n```\n")
    found = [(block.place, block.language, block.kind, block.options) for block in blocks.read(page)]
    assert found == [
        ("page.md:3", "yaml", "playbook", {"changed": "0"}),
        ("page.md:7", "yaml", "file", {"name": "d.yaml"}),
        ("page.md:9", "", "", {}),
    ]
    page.write_text("```yaml playbook\n")
    with pytest.raises(ValueError, match=r"page\.md:1: this fence is never closed"):
        blocks.read(page)
