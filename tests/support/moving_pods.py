# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A Kubernetes API without a server behind it, whose pods come again on another node when they are evicted."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

from support.fake_kubernetes import FakeKubernetes, build_pod

from ansible_collections.kumo.eks.plugins.module_utils.kubernetes.errors import KubernetesError

Row = dict[str, Any]


class MovingPods(FakeKubernetes):
    """Nodes of the sandbox's groups with what was written on them, and pods that a budget may keep.

    ``kept`` has the names of pods that may not be evicted, and ``on_evict`` is called with each that is.
    """

    def __init__(self, eks: Any, cluster: str) -> None:
        super().__init__(eks, cluster)
        self.written: dict[str, Row] = {}  # spec and annotations by the node's name
        self.kept: set[str] = set()
        self.evicted: list[str] = []
        self.on_evict: Any = lambda name: None

    def list(self, kind: Any, namespace: str = "", label_selector: str = "", field_selector: str = "") -> Iterator[Row]:
        for row in super().list(kind, namespace, label_selector, field_selector):
            node = self.written.get(row["metadata"]["name"]) if kind.kind == "Node" else None
            if node and node["uid"] == row["metadata"]["uid"]:
                row = copy.deepcopy(row)
                row["metadata"]["annotations"] = dict(node["annotations"])
                row["spec"] |= node["spec"]
            yield row

    def patch(self, kind: Any, name: str, body: Row, namespace: str = "") -> None:
        if kind.kind != "Node":
            super().patch(kind, name, body, namespace)
            return
        uid = next(row["metadata"]["uid"] for row in super().list(kind) if row["metadata"]["name"] == name)
        if self.written.get(name, {}).get("uid") != uid:
            self.written[name] = {"uid": uid, "annotations": {}, "spec": {}}
        node = self.written[name]
        self._merge(node["annotations"], body["metadata"].get("annotations") or {})
        self._merge(node["spec"], body.get("spec") or {})

    @staticmethod
    def _merge(now: Row, patch: Row) -> None:
        for key, value in patch.items():
            if value is None:
                now.pop(key, None)
            else:
                now[key] = value

    def evict(self, name: str, namespace: str) -> bool:
        if name in self.kept:
            cause = {
                "reason": "DisruptionBudget",
                "message": f"The disruption budget {name} needs 1 healthy pods and has 1 currently",
            }
            message = "Cannot evict pod as it would violate the pod's disruption budget."
            raise KubernetesError(message, 429, body={"message": message, "details": {"causes": [cause]}})
        self.on_evict(name)
        self.evicted.append(name)
        pod = next(pod for pod in self.objects["Pod"] if pod["metadata"]["name"] == name)
        free = [row for row in self.list(NODES) if not row["spec"].get("unschedulable")]
        pod["spec"]["nodeName"] = free[0]["metadata"]["name"] if free else ""
        return True

    def place(self, nodes: dict[str, str]) -> None:
        """Pods by their names, and the nodes on which they are. Names that begin with agent are those of a DaemonSet."""
        self.objects["Pod"] = [build_owned_pod(name, node) for name, node in nodes.items()]

    def find_node(self, pod: str) -> str:
        return next(row["spec"]["nodeName"] for row in self.objects["Pod"] if row["metadata"]["name"] == pod)


class NODES:
    kind = "Node"


def build_owned_pod(name: str, node: str) -> Row:
    kind = "DaemonSet" if name.startswith("agent") else "ReplicaSet"
    return build_pod(name, node, ownerReferences=[{"kind": kind, "name": name, "controller": True}])
