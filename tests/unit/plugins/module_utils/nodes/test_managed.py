# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.kumo.eks.plugins.module_utils.core.errors import EksError
from ansible_collections.kumo.eks.plugins.module_utils.nodes.managed import nodegroup_plan

PLAIN = {"name": "spot"}
RICH = {"name": "general", "volume_size": 50, "addon_policies": ["alb_ingress", "cloud_watch"]}


def plan(groups, **found):
    subnets = {"private": ["subnet-private"], "public": ["subnet-public"]}
    return nodegroup_plan(groups, "my-cluster", "ap-northeast-1", "eksNodeRole", subnets, {"Team": "kumo"}, **found)


def template(size, **tags):
    ebs = {"volume_size": size, "volume_type": "gp3", "delete_on_termination": True}
    data = {"block_device_mappings": [{"device_name": "/dev/xvda", "ebs": ebs}]}
    tags = {"kumo.eks/ap-northeast-1/my-cluster": "owned", "Team": "kumo", **tags}
    return {"launch_template_name": "my-cluster-general", "latest_version_number": 3, "latest": data, "tags": tags}


def test_the_shared_role_keeps_its_three_policies():
    roles = {role["name"]: role for role in plan([PLAIN, RICH])["roles"]}
    assert [arn.rsplit("/", 1)[-1] for arn in roles["eksNodeRole"]["policies"]] == [
        "AmazonEKSWorkerNodePolicy",
        "AmazonEKS_CNI_Policy",
        "AmazonEC2ContainerRegistryReadOnly",
    ]
    own = roles["my-cluster-general-NodeRole"]
    assert own["policies"][3:] == ["arn:aws:iam::aws:policy/CloudWatchAgentServerPolicy"]
    assert [policy["name"] for policy in own["inline"]] == ["aws_load_balancer_controller"]


def test_a_template_that_is_there_is_named_with_its_latest_version():
    found = plan([RICH], templates=[template(50)])
    assert found["differing_templates"] == []
    assert found["nodegroups"][0]["launch_template"] == {"name": "my-cluster-general", "version": "3"}


def test_another_volume_makes_the_template_differ():
    (row,) = plan([RICH], templates=[template(20)])["differing_templates"]
    assert (row["name"], row["why"]) == ("my-cluster-general", "volume_size: 20 -> 50")


def test_another_tag_makes_the_template_differ():
    (row,) = plan([RICH], templates=[template(50, Team="other")])["differing_templates"]
    assert row["why"] == "tag Team: other -> kumo"


def test_a_template_of_somebody_else_is_not_touched():
    foreign = {**template(50), "tags": {}}
    with pytest.raises(EksError, match="Launch template my-cluster-general exists and was not made for this cluster"):
        plan([RICH], templates=[foreign])


def test_a_name_that_is_there_twice_is_refused():
    with pytest.raises(EksError, match="eks_nodegroups_list: spot is there more than once"):
        plan([PLAIN, RICH, PLAIN])


def test_nodes_are_private_unless_the_group_says_otherwise():
    rows = plan([PLAIN, {"name": "open", "private_networking": False}])["nodegroups"]
    assert [row["subnets"] for row in rows] == [["subnet-private"], ["subnet-public"]]


def test_options_of_the_role_do_not_reach_the_module():
    row = plan([RICH])["nodegroups"][0]
    assert set(row) == {"name", "subnets", "node_role", "tags"}
