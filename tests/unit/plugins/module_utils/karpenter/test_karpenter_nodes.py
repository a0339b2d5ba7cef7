# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is applied and removed where the API server does not know Karpenter's kinds yet, or any more."""

from __future__ import annotations

import pytest

from ansible_collections.kumo.eks.plugins.module_utils.core.errors import EksError
from ansible_collections.kumo.eks.plugins.module_utils.karpenter import nodes
from ansible_collections.kumo.eks.plugins.module_utils.karpenter.nodes import KarpenterNodes
from ansible_collections.kumo.eks.plugins.module_utils.karpenter.objects import build_node_pool
from ansible_collections.kumo.eks.plugins.module_utils.kubernetes.api import KubernetesError

POOL = build_node_pool({"name": "default"})


class Api:
    """An API server that knows the definitions from its third answer on."""

    def __init__(self, refusals):
        self.refusals, self.applied = refusals, []

    def get(self, kind, name):
        return None

    def list(self, kind, label_selector=""):
        if self.refusals:
            raise KubernetesError("the server could not find the requested resource", 404)
        return iter(())

    def apply(self, kind, manifest, force, dry_run=False):
        if self.refusals:
            self.refusals -= 1
            raise KubernetesError("the server could not find the requested resource", 404)
        if not dry_run:
            self.applied.append(manifest["metadata"]["name"])
        return manifest


def test_a_definition_that_was_just_made_is_waited_for():
    api = Api(2)
    work = KarpenterNodes(api)
    work.ensure_present([], [POOL])
    assert api.applied == ["default"] and work.changed and set(work.after) == {"NodePool default"}


def test_a_cluster_without_karpenter_is_named(monkeypatch):
    monkeypatch.setattr(nodes, "ESTABLISHED", 0.0)
    with pytest.raises(EksError, match="does not know objects of kind NodePool. Install Karpenter first"):
        KarpenterNodes(Api(9)).ensure_present([], [POOL])


def test_a_plan_does_without_the_definitions():
    api = Api(9)
    work = KarpenterNodes(api, check_mode=True)
    work.ensure_present([], [POOL])
    assert work.changed and api.applied == [] and work.find_unlisted([], []) == []


def test_nothing_is_removed_where_there_are_no_definitions():
    work = KarpenterNodes(Api(9))
    work.api.list = lambda kind, label_selector="": iter(()) if kind.kind == "Node" else Api(9).list(kind)
    work.ensure_absent()
    assert not work.changed
