# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Sources made of others: workloads with the pods that they describe."""

from __future__ import annotations

from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.audit.snapshot import Snapshot, source

Row = dict[str, Any]
CONTROLLERS = {
    "deployments": "Deployment",
    "stateful_sets": "StatefulSet",
    "daemon_sets": "DaemonSet",
    "jobs": "Job",
    "cron_jobs": "CronJob",
}


@source()
def all_workloads(snapshot: Snapshot) -> list[Row]:
    """Deployments, StatefulSets, DaemonSets, CronJobs, and Jobs, ReplicaSets and pods that nothing owns, as C(kind), C(namespace), C(name), C(replicas) (null
    where the kind has none), C(labels) and C(annotations) of its pods, C(pod), which is their PodSpec, and C(object), which is the whole object."""
    found = [
        build_workload(kind, row)
        for name, kind in {**CONTROLLERS, "replica_sets": "ReplicaSet"}.items()
        for row in snapshot.get(name)
        if not is_owned(row)
    ]
    return [*found, *(build_workload("Pod", row) for row in snapshot.get("pods") if not is_owned(row))]


@source()
def workloads(snapshot: Snapshot) -> list[Row]:
    """As all_workloads, without the system namespaces (option system_namespaces)."""
    return [row for row in snapshot.get("all_workloads") if row["namespace"] not in snapshot.system_namespaces]


def is_owned(row: Row) -> bool:
    """Whether a controller, or a node for its static pods, owns an object."""
    return any(one.get("controller") for one in row["metadata"].get("ownerReferences") or [])


def build_workload(kind: str, row: Row) -> Row:
    """An object in the one shape of workloads."""
    spec = row.get("spec") or {}
    if kind == "Pod":
        template = row
    elif kind == "CronJob":
        template = ((spec.get("jobTemplate") or {}).get("spec") or {}).get("template") or {}
    else:
        template = spec.get("template") or {}
    about = template.get("metadata") or {}
    return {
        "kind": kind,
        "namespace": row["metadata"].get("namespace") or "",
        "name": row["metadata"]["name"],
        "replicas": spec.get("replicas", 1) if kind in ("Deployment", "StatefulSet", "ReplicaSet") else None,
        "labels": about.get("labels") or {},
        "annotations": about.get("annotations") or {},
        "pod": template.get("spec") or {},
        "object": row,
    }


def list_containers(workload: Row) -> list[Row]:
    """Init containers and containers of a workload's pods."""
    pod = workload["pod"]
    return [*(pod.get("initContainers") or []), *(pod.get("containers") or [])]


def name_workload(workload: Row) -> str:
    """A workload as the resource of a finding."""
    return f"{workload['kind']} {workload['namespace']}/{workload['name']}"
