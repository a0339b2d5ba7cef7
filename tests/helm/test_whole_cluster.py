# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What else reads from a cluster with a Kubernetes API: eks_info's Helm releases, and kubernetes.core with the lookup eks_token."""

from __future__ import annotations

import json
import os
import subprocess

import pytest
from conftest import CLUSTER, HELM_4

from ansible_collections.kumo.eks.plugins.lookup import eks_token

REGION = "ap-northeast-1"


@HELM_4
def test_eks_info_lists_releases(task, keep, chart, namespace, monkeypatch):
    args = {"cluster_name": CLUSTER, "region": REGION, "sections": ["nodegroups", "helm_releases"]}
    keep("web", chart=chart, wait=False)
    found = task("eks_info", args)
    mine = [row for row in found["helm_releases"] if row["namespace"] == namespace]
    assert [(row["name"], row["revision"], row["status"]) for row in mine] == [("web", 1, "deployed")]
    assert found["not_read"] == [] and len(found["nodegroups"]) == 1
    listed = task("eks_helm_info", {"cluster_name": CLUSTER, "namespace": namespace})["releases"]
    assert mine == listed


@pytest.mark.extended
@HELM_4
def test_releases_that_cannot_be_read_are_named(task, run_module, monkeypatch, tmp_path):
    """No Helm; and a program that is none."""
    args = {"cluster_name": CLUSTER, "region": REGION, "sections": ["nodegroups", "helm_releases"]}
    task("eks_info", args)  # the environment of the sandbox
    monkeypatch.setenv("PATH", str(tmp_path))
    found = run_module("eks_info", args)
    assert "helm_releases" not in found and len(found["nodegroups"]) == 1
    assert found["not_read"] == [
        {
            "section": "helm_releases",
            "action": "",
            "reason": "There is no helm on PATH. Install Helm, or set binary_path.",
        }
    ]


@pytest.mark.extended
def test_kubernetes_core_reads_with_a_token(kubernetes_sandbox, helm_home, commands, tmp_path):
    """The examples of the lookup, as they stand."""
    book = tmp_path / "book.yml"
    book.write_text(eks_token.EXAMPLES)
    env = {**os.environ, **kubernetes_sandbox.env, **helm_home, "ANSIBLE_NOCOLOR": "1"}
    python = json.dumps({"ansible_python_interpreter": "{{ ansible_playbook_python }}", "ansible_connection": "local"})
    command = [str(commands.playbook), "-i", "localhost,", "-e", python, "-vvv", str(book)]
    done = subprocess.run(
        command, env=env, cwd=tmp_path, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    output = done.stdout + done.stderr
    assert done.returncode == 0, output
    assert output.count('"kind": "Node"') == 2 and '"name": "kube-system"' in output
    assert "k8s-aws-v1." not in output and kubernetes_sandbox.keys[1] not in output
