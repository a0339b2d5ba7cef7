# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A module waits until EKS sees a new role: the screen says so meanwhile, or at the task's end where the module runs elsewhere."""

from __future__ import annotations

import json
import re
import sys
import threading

import pytest

from kumo_sandbox.ground import CLUSTER_POLICIES, create_role

HARDLY = 0.05  # the clock's speed: EKS does not see a new role for minutes, unless the clock is set forward
PYTHON = "{{ ansible_playbook_python }}"
BOOK = """
- name: A cluster with a new role
  hosts: localhost
  connection: local
  gather_facts: false
  vars: {{ansible_python_interpreter: "{python}"}}
  tasks:
    - name: Create the cluster
      kumo.eks.eks_cluster:
        name: my-cluster
        role_arn: "{{{{ arn }}}}"
        subnets: "{{{{ subnets }}}}"
      no_log: {no_log}
      register: made
    - name: Show
      ansible.builtin.debug:
        msg: "WAITS{{{{ made.waits | default([]) | to_json }}}}END"
"""
REASON = "because EKS refused its IAM role, which may be new: An error occurred (InvalidParameterException)"


@pytest.fixture
def create(sandbox, ground, play, tmp_path):
    """create(arn, python, no_log) -> (what was printed, the task's waits); EKS sees a new role when it has refused it once."""

    def run(arn: str, python: str = PYTHON, no_log: str = "false"):
        ended = threading.Event()

        def watch() -> None:
            while not ended.wait(0.05):
                if any(call["error"] for call in sandbox.calls("eks") if call["operation"] == "CreateCluster"):
                    sandbox.clock.advance(60)
                    return

        watcher = threading.Thread(target=watch)
        watcher.start()
        book = tmp_path / "book.yml"
        book.write_text(BOOK.format(python=python, no_log=no_log))
        try:
            output = play(str(book), arn=arn, subnets=ground["subnets"]).assert_ok().output
        finally:
            ended.set()
            watcher.join()
        text = re.search(r"WAITS(.*?)END", output, re.DOTALL)[1]
        return output, json.loads(json.loads(f'"{text}"'))

    sandbox.clock.set_speed(HARDLY)
    yield run
    sandbox.clock.set_speed("instant")


@pytest.fixture
def new_role(sandbox, ground):
    """The ARN of a role that EKS does not see yet."""
    sandbox.clock.set_speed(HARDLY)
    return create_role(sandbox.client("iam"), "late", "eks.amazonaws.com", CLUSTER_POLICIES)


def test_a_wait_is_told_while_it_lasts(create, new_role):
    output, waits = create(new_role)
    assert f"[my-cluster] cluster my-cluster: waiting, {REASON}" in output
    assert re.search(r"\[my-cluster\] cluster my-cluster: goes on after \d+", output)
    (wait,) = waits
    assert wait["resource"] == "cluster my-cluster" and wait["seconds"] > 0 and "could not be assumed" in wait["reason"]


@pytest.mark.extended
def test_a_wait_of_a_module_elsewhere_is_told_at_its_end(create, new_role, tmp_path):
    other = tmp_path / "python"
    other.write_text(f'#!/bin/sh\nexec {sys.executable} "$@"\n')
    other.chmod(0o755)
    output, waits = create(new_role, str(other))
    assert re.search(r"\[my-cluster\] cluster my-cluster: waited for \d+m?\d*s, " + re.escape(REASON), output)
    assert len(waits) == 1 and "waiting, because" not in output


@pytest.mark.extended
def test_no_log_is_quiet(create, new_role):
    output, waits = create(new_role, no_log="true")
    assert len(waits) == 1 and "[my-cluster]" not in output


def test_a_run_without_a_wait_says_nothing(create, ground):
    output, waits = create(ground["role"])
    assert waits == [] and "[my-cluster]" not in output
