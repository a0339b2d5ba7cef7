# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A Kubernetes API without a server behind it: nodes as the sandbox's node groups are now, and objects that a test gives it."""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.kubernetes.errors import KubernetesError

READY = [{"type": "Ready", "status": "True"}]
Row = dict[str, Any]


class FakeKubernetes:
    """What the modules ask of an API server.

    Args:
        eks: boto3's client of the sandbox.
    """

    def __init__(self, eks: Any, cluster: str) -> None:
        self._eks, self._cluster = eks, cluster
        self.objects: dict[str, list[Row]] = {}  # by kind
        self.metrics = ""
        self.lost = ""  # why it cannot be reached
        self.kubelets: dict[str, str] = {}  # of node groups whose nodes do not have the group's version
        self.list_own_nodes: Callable[[], list[Row]] = list  # nodes of self-managed instances
        self.patched: list[tuple[str, str]] = []

    @contextmanager
    def connect(self, *_args: Any) -> Iterator[FakeKubernetes]:
        yield self

    def get_version(self) -> str:
        if self.lost:
            raise KubernetesError(self.lost, 0)
        return "v1.31.0"

    def list(self, kind: Any, namespace: str = "", label_selector: str = "", field_selector: str = "") -> Iterator[Row]:
        if kind.kind == "Node":
            nodes = [*self._list_nodes(), *self.list_own_nodes()]
            yield from (row for row in nodes if _has_labels(row, label_selector))
        node = field_selector.removeprefix("spec.nodeName=") if kind.kind == "Pod" else ""
        for row in self.objects.get(kind.kind, []):
            if _has_labels(row, label_selector) and (not node or row["spec"].get("nodeName") == node):
                yield row

    def get(self, kind: Any, name: str, namespace: str = "") -> Row | None:
        return next((row for row in self.objects.get(kind.kind, []) if row["metadata"]["name"] == name), None)

    def read(self, path: str, accept: str = "") -> str:
        assert path == "/metrics"
        return self.metrics

    def patch(self, kind: Any, name: str, body: Row, namespace: str = "") -> None:
        self.patched.append((kind.kind, name))
        for row in self.objects.get("Node", []):
            row["status"]["nodeInfo"]["kubeletVersion"] = "v1.32.9-eks-1"  # the pod that comes again has a new one

    def _list_nodes(self) -> Iterator[Row]:
        words = {"clusterName": self._cluster}
        for name in self._eks.list_nodegroups(**words)["nodegroups"]:
            raw = self._eks.describe_nodegroup(nodegroupName=name, **words)["nodegroup"]
            for number in range(raw["scalingConfig"]["desiredSize"]):
                version = self.kubelets.get(name, raw["version"])
                node = build_node(f"{name}-{number}", version, {"eks.amazonaws.com/nodegroup": name})
                node["metadata"]["uid"] = f"{raw['nodegroupArn']}-{number}"  # a later group of this name has others
                yield node


def _has_labels(row: Row, selector: str) -> bool:
    """Whether an object has the labels of a selector like a=b,c=d."""
    labels = row["metadata"].get("labels") or {}
    pairs = [text.partition("=") for text in selector.split(",") if text]
    return all(labels.get(key) == value for key, _equals, value in pairs)


def build_node(name: str, version: str, labels: Row | None = None, image: str = "Amazon Linux 2023") -> Row:
    return {
        "metadata": {"name": name, "labels": labels or {}},
        "spec": {"providerID": f"aws:///zone/i-{name}"},
        "status": {
            "nodeInfo": {"kubeletVersion": f"v{version}.9-eks-1", "osImage": image},
            "allocatable": {"cpu": "1930m", "memory": "7291748Ki", "pods": "29"},
            "conditions": READY,
        },
    }


def build_pod(name: str, node: str, ready: bool = True, **metadata: Any) -> Row:
    conditions = READY if ready else [{"type": "Ready", "status": "False"}]
    return {
        "metadata": {"name": name, "namespace": "default", "labels": {"app": name}, **metadata},
        "spec": {"nodeName": node},
        "status": {"phase": "Running", "conditions": conditions},
    }


def build_budget(app: str, allowed: int) -> Row:
    return {
        "metadata": {"name": app, "namespace": "default"},
        "spec": {"selector": {"matchLabels": {"app": app}}},
        "status": {"disruptionsAllowed": allowed, "expectedPods": 1},
    }


def build_release(name: str, manifest: str) -> Row:
    raw = json.dumps({"name": name, "namespace": "default", "manifest": manifest}).encode()
    packed = base64.b64encode(base64.b64encode(gzip.compress(raw))).decode()
    return {"metadata": {"name": name}, "data": {"release": packed}}
