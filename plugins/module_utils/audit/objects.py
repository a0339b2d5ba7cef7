# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What rules ask of objects of Kubernetes: labels, owners of pods, times. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.core.listing import format_first

Row = dict[str, Any]
HASH = "pod-template-hash"  # label of a Deployment's pods, and the end of its ReplicaSet's name
FINISHED = ("Succeeded", "Failed")
LONG_RUNNING = ("Deployment", "StatefulSet", "DaemonSet")
ZONE = "topology.kubernetes.io/zone"
Place = tuple[str, str]  # namespace and name


def get_place(row: Row) -> Place:
    """Namespace ("" for none) and name."""
    return row["metadata"].get("namespace") or "", row["metadata"]["name"]


def get_labels(row: Row) -> Row:
    return row["metadata"].get("labels") or {}


def get_annotations(row: Row) -> Row:
    return row["metadata"].get("annotations") or {}


def get_status(row: Row) -> Row:
    return row.get("status") or {}


def get_spec(row: Row) -> Row:
    return row.get("spec") or {}


def index_by_place(rows: Iterable[Row]) -> dict[Place, Row]:
    return {get_place(row): row for row in rows}


def find_owner(pod: Row) -> tuple[str, str]:
    """Kind and name of what a pod belongs to: of a ReplicaSet its Deployment; the pod itself where nothing owns it."""
    about = pod["metadata"]
    for one in about.get("ownerReferences") or []:
        if one.get("controller"):
            value = get_labels(pod).get(HASH)
            if one["kind"] == "ReplicaSet" and value and one["name"].endswith(f"-{value}"):
                return "Deployment", one["name"][: -len(value) - 1]
            return one["kind"], one["name"]
    return "Pod", about["name"]


def name_owner(pod: Row) -> str:
    """What a pod belongs to, as the resource of a finding: 30 pods of a Deployment are one."""
    kind, name = find_owner(pod)
    return f"{kind} {pod['metadata'].get('namespace', '')}/{name}"


def group_by_owner(pods: Iterable[Row]) -> dict[str, list[Row]]:
    """Pods by what they belong to."""
    found: dict[str, list[Row]] = {}
    for pod in pods:
        found.setdefault(name_owner(pod), []).append(pod)
    return found


def is_running(pod: Row) -> bool:
    """Whether a pod has a node, and has neither finished nor begun to end."""
    about = pod["metadata"]
    return bool(
        get_spec(pod).get("nodeName")
        and get_status(pod).get("phase") not in FINISHED
        and not about.get("deletionTimestamp")
    )


def find_condition(row: Row, kind: str) -> Row:
    """A condition of an object's status; empty where it has none."""
    return next((one for one in get_status(row).get("conditions") or [] if one.get("type") == kind), {})


def parse_moment(text: str | None) -> float | None:
    """A time of Kubernetes as POSIX time; None for none."""
    return datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp() if text else None


def format_names(names: Iterable[str], most: int = 5) -> str:
    """The first names, and how many more there are."""
    return format_first(list(dict.fromkeys(names)), most)
