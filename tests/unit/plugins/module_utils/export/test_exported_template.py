# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A launch template that kumo.eks made is its option again; with secrets, or of others, it is only named."""

from __future__ import annotations

import pytest

from ansible_collections.kumo.eks.plugins.module_utils.export.state import ClusterState
from ansible_collections.kumo.eks.plugins.module_utils.export.template import describe_template
from ansible_collections.kumo.eks.plugins.module_utils.nodes.template import build_template_data

OWNER = {"kumo.eks/eu-west-1/c": "owned"}
CLUSTER = {"name": "c", "resourcesVpcConfig": {"clusterSecurityGroupId": "sg-cluster"}}
GROUP = {"nodegroupName": "general", "launchTemplate": {"id": "lt-1", "version": "3"}}
ITEM = {"ami_type": "AL2023_x86_64_STANDARD", "tags": {"Team": "a"}}
CONFIG = {"spec": {"kubelet": {"config": {"maxPods": 50}}}}


def describe(template, item=None, name="c.general", tags=None):
    item, tags = item or ITEM, OWNER if tags is None else tags
    data = build_template_data({**item, "template": template}, {**item["tags"], **OWNER}, CLUSTER)
    templates = {("lt-1", "3"): {"name": name, "tags": tags, "data": data}}
    return describe_template(ClusterState("c", "eu-west-1", CLUSTER, templates=templates), GROUP, item)


@pytest.mark.parametrize(
    "template",
    [
        {},
        {"volumes": [{"size": 100, "encrypted": True}]},
        {"volumes": [{"size": 20, "type": "io1", "iops": 500, "delete_on_termination": False}]},
        {"volumes": [{"size": 20}, {"device_name": "/dev/xvdb", "size": 10, "throughput": 300}]},
        {"metadata_options": {"http_tokens": "optional", "http_endpoint": "enabled"}},
        {"security_groups": ["sg-1"]},
        {"key_name": "mine"},
        {"key_name": "mine", "security_groups": ["sg-1"]},
        {"security_groups": ["sg-1"], "cluster_security_group": False},
        {"monitoring": True, "ebs_optimized": False, "enclave": True},
        {"placement": {"group_name": "near", "tenancy": "dedicated"}},
        {"tags": {"Name": "general-node"}},
        {"node_config": CONFIG},
    ],
    ids=str,
)
def test_a_template_comes_back(template):
    assert describe(template) == (template, "")


@pytest.mark.parametrize(
    ("template", "words"),
    [
        ({"user_data": "#!/bin/bash\necho hunter2\n"}, "user data"),
        ({"node_config": CONFIG, "user_data": "#!/bin/bash\necho hunter2\n"}, "user data"),
        ({"node_config": {"spec": {"registry": {"password": "hunter2"}}}}, "user data"),
        ({"efa_interfaces": 2}, "settings for which template has no options"),
    ],
    ids=str,
)
def test_what_does_not_come_back_is_named(template, words):
    found, reason = describe(template)
    assert found is None and words in reason and "hunter2" not in reason


def test_the_security_group_for_ssh_is_its_sources():
    made = {"key_name": "mine", "security_groups": ["sg-1", "sg-ssh"]}
    data = build_template_data({**ITEM, "template": made}, {**ITEM["tags"], **OWNER}, CLUSTER)
    templates = {("lt-1", "3"): {"name": "c.general", "tags": OWNER, "data": data}}
    groups = {"sg-ssh": {"name": "c.general.ssh", "sources": ["10.0.0.0/8"]}}
    state = ClusterState("c", "eu-west-1", CLUSTER, templates=templates, ssh_groups=groups)
    found, reason = describe_template(state, GROUP, ITEM)
    assert found == {"key_name": "mine", "security_groups": ["sg-1"], "ssh_sources": ["10.0.0.0/8"]} and reason == ""


def test_a_template_of_somebody_else_needs_no_words():
    assert describe({}, name="theirs") == (None, "")
    assert describe({}, tags={}) == (None, "")
