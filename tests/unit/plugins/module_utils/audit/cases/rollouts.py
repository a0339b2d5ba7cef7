# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from case import Case, build_object, build_pods

WEB = ["Deployment shop/web"]


def place(zone):
    return {"labels": {"topology.kubernetes.io/zone": zone}}


NODES = [build_object("one", metadata=place("a")), build_object("two", metadata=place("b"))]


def pod(name, node):
    about = {
        "labels": {"pod-template-hash": "5d"},
        "ownerReferences": [{"kind": "ReplicaSet", "name": "web-5d", "controller": True}],
    }
    return build_object(name, "shop", metadata=about, spec={"nodeName": node}, status={"phase": "Running"})


TOGETHER = {"workloads": [build_pods()], "nodes": NODES, "pods": [pod("web-1", "one"), pod("web-2", "one")]}
APART = {**TOGETHER, "pods": [pod("web-1", "one"), pod("web-2", "two")]}


def roll(kind="Deployment", **spec):
    row = build_pods(kind=kind)
    row["object"]["spec"] |= spec
    return {"workloads": [row]}


HOOK = [{"name": "app", "lifecycle": {"preStop": {"sleep": {"seconds": 15}}}}]
SERVICE = build_object("front", "shop", spec={"type": "LoadBalancer", "selector": {"app": "web"}})
INNER = build_object("front", "shop", spec={"selector": {"app": "web"}})
PATHS = [{"http": {"paths": [{"backend": {"service": {"name": "front"}}}]}}]
CASES = {
    "bare_replica_set": Case(
        bad={"workloads": [build_pods(kind="ReplicaSet")]},
        resources=["ReplicaSet shop/web"],
        good={"workloads": [build_pods(), {**build_pods(kind="ReplicaSet"), "replicas": 0}]},
    ),
    "one_node": Case(bad=TOGETHER, resources=WEB, good=APART, words=("2 pods on one",)),
    "one_zone": Case(bad=TOGETHER, resources=WEB, good=APART, words=("2 pods in a",)),
    "rollout_takes_all": Case(
        bad=roll(strategy={"rollingUpdate": {"maxUnavailable": "100%"}}),
        resources=WEB,
        good=roll(strategy={"rollingUpdate": {"maxUnavailable": "25%"}}),
    ),
    "no_revisions": Case(bad=roll(revisionHistoryLimit=0), resources=WEB, good=roll(revisionHistoryLimit=2)),
    "on_delete": Case(
        bad=roll("DaemonSet", updateStrategy={"type": "OnDelete"}),
        resources=["DaemonSet shop/web"],
        good=roll("DaemonSet", updateStrategy={"type": "RollingUpdate"}),
    ),
    "long_grace": Case(
        bad={"workloads": [build_pods(terminationGracePeriodSeconds=1200)]},
        resources=WEB,
        good={"workloads": [build_pods(terminationGracePeriodSeconds=60), build_pods()]},
    ),
    "no_pre_stop": Case(
        bad={
            "workloads": [build_pods()],
            "services": [INNER],
            "ingresses": [build_object("in", "shop", spec={"rules": PATHS})],
        },
        resources=WEB,
        good={
            "workloads": [build_pods(containers=HOOK), build_pods(name="other")],
            "services": [SERVICE],
            "ingresses": [],
        },
        words=("front",),
    ),
}
