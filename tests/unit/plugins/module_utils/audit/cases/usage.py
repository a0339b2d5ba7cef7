# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from case import Case, build_object

OWNER = {
    "labels": {"pod-template-hash": "5d"},
    "ownerReferences": [{"kind": "ReplicaSet", "name": "web-5d", "controller": True}],
}


def memory(*used):
    limits = [{"name": "app", "resources": {"limits": {"memory": "100Mi"}}}]
    names = [f"web-5d-{number}" for number, _value in enumerate(used)]
    measured = [
        build_object(name, "shop", containers=[{"name": "app", "usage": {"cpu": "1m", "memory": value}}])
        for name, value in zip(names, used, strict=True)
    ]
    pods = [build_object(name, "shop", metadata=OWNER, spec={"containers": limits}) for name in names]
    return {"pods": pods, "pod_metrics": measured}


def node(cpu):
    room = {"allocatable": {"cpu": "3920m", "memory": "15Gi"}}
    measured = [build_object("one", usage={"cpu": cpu, "memory": "1000Ki"})]
    return {"nodes": [build_object("one", status=room)], "node_metrics": measured}


CASES = {
    "memory_near_limit": Case(bad=memory("95Mi", "99Mi"), resources=["Deployment shop/web"], good=memory("40Mi")),
    "busy_node": Case(bad=node("3800000000n"), resources=["Node one"], good=node("250m")),
}
