# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What other tools find in their examples, an audit finds in manifests with the same fault, and nothing else."""

from __future__ import annotations

from functools import partial

import pytest
from case import build_cluster
from peers import PEERS, build_application

from ansible_collections.kumo.eks.plugins.module_utils.audit.evaluation import evaluate
from ansible_collections.kumo.eks.plugins.module_utils.audit.registry import RULES
from ansible_collections.kumo.eks.plugins.module_utils.audit.rule import FAILED
from ansible_collections.kumo.eks.plugins.module_utils.audit.snapshot import Snapshot, Source
from ansible_collections.kumo.eks.plugins.module_utils.audit.sources.catalog import SOURCES
from ansible_collections.kumo.eks.plugins.module_utils.audit.sources.kubernetes import KINDS, OPTIONAL
from ansible_collections.kumo.eks.plugins.module_utils.audit.task import SYSTEM_NAMESPACES

NOW = 1795741323
OBJECTS = {**KINDS, **OPTIONAL}
MADE_OF_OBJECTS = ("workloads", "all_workloads", "now", "system_namespaces")
# They are about the cluster as a whole, which these manifests are not
OF_CLUSTERS = {"network_agent", "coredns_replicas", "metrics_server", "no_policy_engine", "no_node_autoscaler"}


def audit(parts):
    """The names of the rules that find something in manifests."""

    def read(_snapshot, kind):
        return [row for row in parts.values() if row["kind"] == kind]

    sources = {name: Source(name, partial(read, kind=kind.kind), "") for name, kind in OBJECTS.items()}
    sources |= {
        name: Source(name, partial(read, kind="Secret" if name == "secrets" else "ConfigMap"), "")
        for name in ("secrets", "config_maps", "config_map_contents")
    }
    sources |= {name: SOURCES[name] for name in MADE_OF_OBJECTS}
    snapshot = Snapshot(sources, lambda _name: None, build_cluster(), None, NOW, SYSTEM_NAMESPACES)
    rules = [rule for rule in RULES if set(rule.reads) <= set(sources) and rule.name not in OF_CLUSTERS]
    assert len(rules) > 100
    found = [evaluate(rule, {name: snapshot.read(name) for name in rule.reads}) for rule in rules]
    assert [row.reason for row in found if "not as expected" in row.reason] == []
    return {row.rule.name for row in found if row.verdict == FAILED}


def test_an_application_without_faults():
    assert audit(build_application()) == set()


@pytest.mark.parametrize("peer", PEERS, ids=lambda peer: peer.label)
def test_what_another_tool_finds(peer):
    parts = build_application()
    peer.change(parts)
    assert audit(parts) == peer.finds


def test_there_are_examples_of_each_tool():
    tools = [peer.check.split()[0] for peer in PEERS]
    assert {tool: tools.count(tool) >= 5 for tool in set(tools)} == dict.fromkeys(
        ("Polaris", "kube-score", "hardeneks", "Kubescape", "Popeye"), True
    )
    assert len(PEERS) >= 30
