# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is written on the nodes of a group, and which pods cannot leave it."""

from __future__ import annotations

import pytest

from ansible_collections.kumo.eks.plugins.module_utils.kubernetes.group_nodes import (
    CORDONED,
    KEPT,
    KEPT_HERE,
    GroupNodes,
)

LABEL = "eks.amazonaws.com/nodegroup"


class Api:
    def __init__(self, *rows):
        self.rows, self.patches = rows, []

    def list(self, kind, namespace="", label_selector="", field_selector=""):
        key, _equals, value = label_selector.partition("=")
        return iter(row for row in self.rows if not key or row["metadata"]["labels"].get(key) == value)

    def patch(self, kind, name, body, namespace=""):
        self.patches.append(body)


def build_node(group="general", annotations=None, **spec):
    metadata = {"name": "a", "labels": {LABEL: group}, "annotations": annotations or {}}
    return {"metadata": metadata, "spec": spec, "status": {"conditions": []}}


def hold(row):
    api = Api(row)
    nodes = GroupNodes(api, "general")
    return nodes.hold(nodes.list()[0], "general-2"), api.patches


def test_what_somebody_else_set_is_not_taken_over():
    changed, (patch,) = hold(build_node())
    assert changed and patch["spec"] == {"unschedulable": True}
    assert patch["metadata"]["annotations"] == {KEPT: "true", KEPT_HERE: "true", CORDONED: "general-2"}
    changed, (patch,) = hold(build_node(unschedulable=True))
    assert changed and "spec" not in patch and CORDONED not in patch["metadata"]["annotations"]
    assert hold(build_node(annotations={KEPT: "true"}, unschedulable=True)) == (False, [])


@pytest.mark.parametrize(
    ("annotations", "spec", "gone"),
    [
        ({CORDONED: "general-2", KEPT: "true", KEPT_HERE: "true"}, {"unschedulable": None}, True),
        ({KEPT: "true", "kumo.eks/draining": "1"}, None, False),
    ],
)
def test_only_what_was_done_here_is_taken_back(annotations, spec, gone):
    api = Api(build_node(annotations=annotations, unschedulable=True))
    nodes = GroupNodes(api, "general")
    assert nodes.release(nodes.list()[0])
    assert api.patches[0].get("spec") == spec and (KEPT in api.patches[0]["metadata"]["annotations"]) is gone
    untouched = GroupNodes(Api(build_node(unschedulable=True)), "general")
    assert not untouched.release(untouched.list()[0])
    assert GroupNodes(Api(build_node("other")), "general").list() == []


def build_affinity(*terms):
    key = "requiredDuringSchedulingIgnoredDuringExecution"
    return {"affinity": {"nodeAffinity": {key: {"nodeSelectorTerms": [{"matchExpressions": term} for term in terms]}}}}


OWN = {"key": LABEL, "operator": "In", "values": ["general"]}


@pytest.mark.parametrize(
    ("spec", "is_bound"),
    [
        ({"nodeSelector": {LABEL: "general"}}, True),
        ({"nodeSelector": {LABEL: "other"}}, False),
        (build_affinity([OWN]), True),
        (build_affinity([OWN], [{"key": "zone", "operator": "Exists"}]), False),
        (build_affinity([{**OWN, "values": ["general", "general-2"]}]), False),
        ({}, False),
    ],
)
def test_pods_that_only_run_on_this_group(spec, is_bound):
    pod = {"metadata": {"namespace": "default", "name": "web"}, "spec": spec}
    assert GroupNodes(Api(pod), "general").list_bound_pods() == (["pod default/web"] if is_bound else [])
