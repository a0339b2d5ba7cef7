# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Defaults of the action groups reach modules, the action plugin and amazon.aws."""

from __future__ import annotations

import pytest

TASKS = """
    - name: Look
      kumo.eks.eks_cluster_info:
    - name: Wait
      kumo.eks.eks_wait:
        cluster_name: my-cluster
"""
OF_AMAZON = """
    - name: Look at the network
      amazon.aws.ec2_vpc_net_info:
"""


@pytest.fixture
def somebody(sandbox):
    """(the ARN of a user, its keys as options)"""
    iam = sandbox.client("iam")
    arn = iam.create_user(UserName="somebody")["User"]["Arn"]
    keys = iam.create_access_key(UserName="somebody")["AccessKey"]
    return arn, f"{{access_key: {keys['AccessKeyId']}, secret_key: {keys['SecretAccessKey']}}}"


@pytest.mark.parametrize(("group", "tasks"), [("eks", TASKS), ("all", TASKS + OF_AMAZON)])
def test_the_keys_of_a_group_sign_every_call(sandbox, play, ground, somebody, tmp_path, group, tasks):
    place = {"subnetIds": ground["subnets"]}
    sandbox.client("eks").create_cluster(
        name="my-cluster", version="1.33", roleArn=ground["role"], resourcesVpcConfig=place
    )
    arn, keys = somebody
    book = tmp_path / "defaults.yml"
    book.write_text(
        "---\n- name: Defaults\n  hosts: localhost\n  connection: local\n  gather_facts: false\n"
        '  vars: {ansible_python_interpreter: "{{ ansible_playbook_python }}"}\n'
        f"  module_defaults:\n    group/kumo.eks.{group}: {keys}\n  tasks:{tasks}"
    )
    so_far = len(sandbox.calls())
    play(str(book)).assert_ok()
    calls = sandbox.calls()[so_far:]
    assert len(calls) > tasks.count("name:") - 2
    assert {call["principal"] for call in calls} == {arn}
