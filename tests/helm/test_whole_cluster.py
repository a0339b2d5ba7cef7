# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What else reads from a cluster with a Kubernetes API: eks_info's Helm releases, and kubernetes.core with the lookup eks_token."""

from __future__ import annotations

import json
import os
import subprocess

import pytest
from conftest import CLUSTER, HELM_4

REGION = "ap-northeast-1"
BOOK = """\
---
- name: Read from the cluster with fresh credentials
  hosts: localhost
  connection: local
  gather_facts: false
  vars:
    ansible_python_interpreter: "{{ ansible_playbook_python }}"
    cluster: "{{ lookup('kumo.eks.eks_token', 'my-cluster', region='ap-northeast-1', connection=true) }}"
  tasks:
    - name: List the nodes
      kubernetes.core.k8s_info:
        kind: Node
        kubeconfig: "{{ cluster.kubeconfig }}"
        api_key: "{{ cluster.token }}"
      register: nodes

    - name: Write the CA of the cluster, which is not a secret
      ansible.builtin.copy:
        dest: ca.pem
        content: "{{ cluster.ca_pem }}"
        mode: "0644"

    - name: List the namespaces
      kubernetes.core.k8s_info:
        kind: Namespace
        host: "{{ cluster.host }}"
        ca_cert: ca.pem
        api_key: "{{ lookup('kumo.eks.eks_token', 'my-cluster', region='ap-northeast-1') }}"
      register: namespaces

    - name: Show what was found
      ansible.builtin.debug:
        msg: "nodes={{ nodes.resources | length }} default={{ 'default' in namespaces.resources | map(attribute='metadata.name') }}"
"""


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
    book = tmp_path / "book.yml"
    book.write_text(BOOK)
    env = {**os.environ, **kubernetes_sandbox.env, **helm_home, "ANSIBLE_NOCOLOR": "1"}
    command = [str(commands.playbook), "-i", "localhost,", "-vvv", str(book)]
    done = subprocess.run(
        command, env=env, cwd=tmp_path, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    output = done.stdout + done.stderr
    assert done.returncode == 0, output
    assert "nodes=2 default=True" in output
    assert "k8s-aws-v1." not in output and json.dumps(kubernetes_sandbox.keys[1]) not in output
