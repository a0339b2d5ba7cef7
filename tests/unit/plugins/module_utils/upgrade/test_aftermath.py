# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a cluster is healthy after an upgrade, and since when it has its version."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from ansible_collections.kumo.eks.plugins.module_utils.core.reading import Read
from ansible_collections.kumo.eks.plugins.module_utils.upgrade import aftermath
from ansible_collections.kumo.eks.plugins.module_utils.upgrade.state import ClusterState, KubernetesState

ISSUES = {"issues": [{"code": "ClusterUnreachable", "message": "no subnet"}]}


def pod(name, ready="True", phase="Running", **metadata):
    status = {"phase": phase, "conditions": [{"type": "Ready", "status": ready}]}
    return {"metadata": {"name": name, "namespace": "shop", **metadata}, "status": status}


def node(ready):
    return {"metadata": {"name": "ip-1"}, "spec": {}, "status": {"conditions": [{"type": "Ready", "status": ready}]}}


def insight(category):
    return {"name": "Some insight", "category": category, "insightStatus": {"status": "ERROR", "reason": "bad"}}


def build_state(**values):
    cluster = {"name": "c", "version": "1.34", "status": "ACTIVE"}
    kubernetes = KubernetesState(nodes=Read([node("True")], ""), pods=Read([pod("web")], ""))
    return ClusterState(cluster, **{"insights": Read([], ""), "kubernetes": kubernetes, **values})


def check(state, target=34, unready=0, ignored=()):
    return aftermath.check_health(state, target, aftermath.CHECKS, unready, ignored)


def test_a_healthy_cluster_has_no_problem():
    health = check(build_state())
    assert (health.problems, health.warnings) == ([], [])
    done = [
        pod("job", "False", "Succeeded"),
        pod("old", "False", deletionTimestamp="x"),
        pod("evicted", "False", "Failed"),
    ]
    assert check(build_state(kubernetes=KubernetesState(Read([], ""), Read(done, "")))).problems == []


PROBLEMS = {
    "version": ({}, "the control plane is at 1.34, not at 1.35"),
    "group": (
        {"nodegroups": [{"nodegroupName": "g", "version": "1.33", "status": "ACTIVE"}]},
        "node group g is at 1.33",
    ),
    "degraded group": (
        {"nodegroups": [{"nodegroupName": "g", "version": "1.34", "status": "DEGRADED", "health": ISSUES}]},
        "node group g is DEGRADED (ClusterUnreachable: no subnet)",
    ),
    "addon": (
        {"addons": [{"addonName": "coredns", "status": "ACTIVE", "health": ISSUES}]},
        "add-on coredns is ACTIVE (ClusterUnreachable: no subnet)",
    ),
    "insight": ({"insights": Read([insight("MISCONFIGURATION")], "")}, "insight Some insight is ERROR: bad"),
    "insights": ({"insights": Read(None, "denied")}, "insights cannot be read: denied"),
    "node": ({"kubernetes": KubernetesState(Read([node("False")], ""), Read([], ""))}, "nodes are not Ready: ip-1"),
    "pod": (
        {"kubernetes": KubernetesState(Read([], ""), Read([pod("web", "False")], ""))},
        "1 pod is not ready, and 0 may be: shop/web",
    ),
    "unreachable": (
        {"kubernetes": KubernetesState(Read(None, "no way"), Read([], ""))},
        "nodes cannot be read: no way",
    ),
}


@pytest.mark.parametrize("name", PROBLEMS)
def test_each_problem_is_named(name):
    values, words = PROBLEMS[name]
    assert check(build_state(**values), 35 if name == "version" else 34).problems == [words]


def test_cluster_issues():
    state = build_state()
    state.cluster.update(status="UPDATING", health=ISSUES)
    assert len(check(state).problems) == 2


def test_what_is_about_the_next_version_is_a_warning():
    health = check(build_state(insights=Read([insight("UPGRADE_READINESS")], "")))
    assert not health.problems and health.warnings == ["insight Some insight is ERROR: bad"]


def test_pods_that_may_not_be_ready():
    state = build_state(kubernetes=KubernetesState(Read([], ""), Read([pod("web", "False")], "")))
    assert check(state, unready=1).problems == [] and check(state, ignored=["shop"]).problems == []


def update(minute, version="1.34", kind="VersionUpdate", status="Successful"):
    moment = datetime(2026, 11, 27, 10, minute, tzinfo=UTC)
    return {"createdAt": moment, "type": kind, "status": status, "params": [{"type": "Version", "value": version}]}


def find(monkeypatch, history, now="12:00"):
    monkeypatch.setattr(aftermath, "list_updates", lambda eks, name, place: history.get(place.get("nodegroup", ""), []))
    group = {"nodegroupName": "g", "version": "1.34", "scalingConfig": {"desiredSize": 2}}
    hour, minute = map(int, now.split(":"))
    moment = datetime(2026, 11, 27, hour, minute, tzinfo=UTC).timestamp()
    found = aftermath.find_upgraded_at(None, build_state(nodegroups=[group]), 34, moment)
    return found and datetime.fromtimestamp(found, UTC).strftime("%H:%M")


def test_the_end_of_the_last_update_to_the_version_counts(monkeypatch):
    assert find(monkeypatch, {"": [update(0)], "g": [update(15)]}) == "10:37"  # two batches of nodes take 22 minutes
    assert find(monkeypatch, {"": [update(0)], "g": [update(15)]}, "10:20") == "10:20"  # it is over now
    assert find(monkeypatch, {"": [update(0), update(50, "1.33")], "g": [update(30, kind="ConfigUpdate")]}) == "10:20"
    assert find(monkeypatch, {"": [update(0, status="Failed")]}) is None


def test_the_end_of_the_last_update_of_an_add_on_counts(monkeypatch):
    history = {
        "vpc-cni": [update(0, kind="AddonUpdate"), update(40, kind="AddonUpdate", status="Failed")],
        "coredns": [update(10, kind="AddonUpdate"), update(50)],
    }
    monkeypatch.setattr(aftermath, "list_updates", lambda eks, name, place: history[place["addon"]])
    state = build_state(addons=[{"addonName": name} for name in history])
    moment = datetime(2026, 11, 27, 12, 0, tzinfo=UTC).timestamp()
    found = aftermath.find_addons_updated_at(None, state, moment)
    assert datetime.fromtimestamp(found, UTC).strftime("%H:%M") == "10:15"  # an add-on takes five minutes
    assert aftermath.find_addons_updated_at(None, build_state(addons=[]), moment) is None
