# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from case import Case, build_cluster, build_object, build_pods

NODE = ["Node one"]
OWNER = ({"kind": "ReplicaSet", "name": "web-1", "controller": True},)
PODS = ["ReplicaSet shop/web-1"]


def node(spec=None, zone="a", version="v1.33.1", **conditions):
    found = {"Ready": "True", **conditions}
    rows = [{"type": name, "status": value} for name, value in found.items()]
    labels = {"labels": {"topology.kubernetes.io/zone": zone}}
    return build_object(
        "one", metadata=labels, spec=spec or {}, status={"conditions": rows, "nodeInfo": {"kubeletVersion": version}}
    )


def nodes(*rows):
    return {"nodes": list(rows)}


def pod(*statuses, owners=OWNER, conditions=(), name="web-1-x"):
    status = {"containerStatuses": list(statuses), "conditions": list(conditions)}
    return build_object(
        name, "shop", metadata={"ownerReferences": list(owners)}, spec={"nodeName": "one"}, status=status
    )


def pods(*rows):
    return {"pods": list(rows)}


WAITING = {"name": "app", "state": {"waiting": {"reason": "CrashLoopBackOff"}}}
KILLED = {"name": "app", "lastState": {"terminated": {"reason": "OOMKilled"}}}
PENDING = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": "0/3 nodes"}


def ready(number, wanted=2):
    return {"all_workloads": [{**build_pods(), "replicas": wanted, "object": {"status": {"readyReplicas": number}}}]}


DAEMON = [{"kind": "DaemonSet", "name": "agent", "controller": True}]
CASES = {
    "node_not_ready": Case(nodes(node(Ready="Unknown")), NODE, nodes(node()), ("Unknown",)),
    "node_pressure": Case(nodes(node(DiskPressure="True")), NODE, nodes(node(DiskPressure="False"))),
    "node_cordoned": Case(nodes(node({"unschedulable": True})), NODE, nodes(node())),
    "kubelet_skew": Case(
        {"cluster": build_cluster(), **nodes(node(version="v1.30.9"))},
        NODE,
        {"cluster": build_cluster(), **nodes(node(version="v1.31.1"))},
    ),
    "nodes_in_one_zone": Case(nodes(node(), node()), ["Nodes"], nodes(node(), node(zone="b"))),
    "empty_node": Case({**nodes(node()), **pods(pod(owners=DAEMON))}, NODE, {**nodes(node()), **pods(pod())}),
    "failing_pods": Case(pods(pod(WAITING), pod(WAITING)), PODS, pods(pod()), ("2 pods: CrashLoopBackOff",)),
    "out_of_memory": Case(pods(pod(KILLED)), PODS, pods(pod())),
    "unschedulable_pods": Case(
        pods(pod(conditions=[PENDING], owners=[])), ["Pod shop/web-1-x"], pods(pod()), ("0/3 nodes",)
    ),
    "many_restarts": Case(
        pods(pod({"name": "app", "restartCount": 99})), PODS, pods(pod({"name": "app", "restartCount": 2}))
    ),
    "missing_replicas": Case(ready(1), ["Deployment shop/web"], ready(2), ("1 of 2",)),
}
