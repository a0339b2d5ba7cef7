# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Workloads that have to serve while a cluster is worked on, and a watch over how many of their pods are not ready."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.kubernetes.kinds import (
    DAEMON_SET,
    DEPLOYMENT,
    NAMESPACE,
    POD,
    POD_DISRUPTION_BUDGET,
    STATEFUL_SET,
)
from ansible_collections.kumo.eks.plugins.module_utils.kubernetes.pods import is_ready

KINDS = {"Deployment": DEPLOYMENT, "StatefulSet": STATEFUL_SET, "DaemonSet": DAEMON_SET}
PAUSE = 0.05  # seconds between two looks
REPLICAS = 3


def create_workload(api: Any, kind: str, name: str, namespace: str) -> None:
    """Three pods, of which a PodDisruptionBudget lets one be away; of a DaemonSet one on each node, without a budget."""
    labels = {"app": name}
    pods = {
        "metadata": {"labels": labels},
        "spec": {"containers": [{"name": "main", "image": "registry.k8s.io/pause"}]},
    }
    spec = {"selector": {"matchLabels": labels}, "template": pods}
    more = {} if kind == "DaemonSet" else {"replicas": REPLICAS}
    more |= {"serviceName": name} if kind == "StatefulSet" else {}
    metadata = {"name": name}
    api.create(
        KINDS[kind], {"apiVersion": "apps/v1", "kind": kind, "metadata": metadata, "spec": spec | more}, namespace
    )
    if kind != "DaemonSet":
        budget = {"maxUnavailable": 1, "selector": {"matchLabels": labels}}
        body = {"apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": metadata, "spec": budget}
        api.create(POD_DISRUPTION_BUDGET, body, namespace)


def create_namespace(api: Any, name: str) -> None:
    api.create(NAMESPACE, {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})


def count_ready(api: Any, name: str, namespace: str) -> int:
    """The pods of a workload that serve: ready, and not on their way out."""
    pods = api.list(POD, namespace, label_selector=f"app={name}")
    return sum(is_ready(pod) and not pod["metadata"].get("deletionTimestamp") for pod in pods)


def wait_until_ready(api: Any, workloads: list[tuple[str, str]]) -> None:
    """Until each workload (name, namespace) has all its pods."""
    end = time.monotonic() + 60
    while any(count_ready(api, *each) < REPLICAS for each in workloads):
        assert time.monotonic() < end, f"{workloads} do not become ready"
        time.sleep(0.2)


@contextmanager
def watch(open_api: Callable[[], Any], workloads: list[tuple[str, str]]) -> Iterator[dict[str, int]]:
    """The smallest number of pods that served at any time, by the workload's name. Told at the end; a watch that never looked fails."""
    lowest = {name: REPLICAS for name, _namespace in workloads}
    over, looks = threading.Event(), [0]

    def look_for_ever() -> None:
        with open_api() as api:
            while not over.wait(PAUSE):
                for name, namespace in workloads:
                    lowest[name] = min(lowest[name], count_ready(api, name, namespace))
                looks[0] += 1

    watcher = threading.Thread(target=look_for_ever)
    watcher.start()
    try:
        yield lowest
    finally:
        over.set()
        watcher.join()
    assert looks[0] > 10, "nobody looked at the pods"
