# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which pods of a workload are not ready, and why: conditions, containers, events. Pure.

What a pod's status holds: https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/
"""

from __future__ import annotations

from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.core.listing import format_first
from ansible_collections.kumo.eks.plugins.module_utils.kubernetes.workloads import Workload

MOST = 5  # pods named in a message
Row = dict[str, Any]


def list_reasons(rows: list[Workload], pods: dict[str, list[Row]], events: dict[str, list[Row]]) -> list[str]:
    """A line for each pod that is not ready, and for each workload that has none although it should.

    Args:
        rows: the release's workloads.
        pods: the pods of each namespace.
        events: the warnings of each namespace.
    """
    lines = []
    for row in rows:
        own = [pod for pod in pods[row.namespace] if row.owns(pod)]
        if not own:
            lines.append(_explain_missing(row, events[row.namespace]))
        lines += [_format_pod(pod, events[row.namespace]) for pod in own if not is_ready(pod)]
    return [line for line in lines if line]


def format_reasons(lines: list[str]) -> str:
    """The first of the lines, and how many more there are."""
    return format_first(lines, MOST, "; ")


def is_ready(pod: Row) -> bool:
    """Whether a pod is ready. A pod of a Job that has succeeded never is again, and is not waited for either."""
    status = pod.get("status") or {}
    return status.get("phase") == "Succeeded" or any(
        row["type"] == "Ready" and row["status"] == "True" for row in status.get("conditions") or []
    )


def _format_pod(pod: Row, events: list[Row]) -> str:
    """A pod's line: its containers, its conditions, and the warnings about it. Each thing is said once."""
    status, name = pod.get("status") or {}, pod["metadata"]["name"]
    words = [_format_container(row) for row in _get_containers(status)]
    words += [
        f"{row.get('reason') or row['type']}: {row['message']}"
        for row in status.get("conditions") or []
        if row["status"] != "True" and row.get("message")
    ]
    words += _find_warnings(events, lambda about: about.get("kind") == "Pod" and about.get("name") == name)
    unique = list(dict.fromkeys(word for word in words if word))
    return f"pod {name} is {status.get('phase', 'Unknown')} and not ready" + (
        f" ({'; '.join(unique)})" if unique else ""
    )


def _get_containers(status: Row) -> list[Row]:
    return (status.get("initContainerStatuses") or []) + (status.get("containerStatuses") or [])


def _format_container(row: Row) -> str:
    """What a container waits for, or how it ended; empty where it is ready."""
    state = row.get("state") or {}
    for kind in ("waiting", "terminated"):
        found = state.get(kind)
        if found and not (kind == "terminated" and found.get("exitCode") == 0):
            code = f" with exit code {found['exitCode']}" if "exitCode" in found else ""
            said = f": {found['message']}" if found.get("message") else ""
            return f"container {row['name']} {kind} {found.get('reason', '')}{code}{said}"
    return "" if row.get("ready") else f"container {row['name']} is running and not ready"


def _explain_missing(row: Workload, events: list[Row]) -> str:
    """Why a workload has no pod at all: what it, or its ReplicaSet, was refused (a quota, an admission webhook).

    Without such an event it may have been scaled to zero, which is not a fault.
    """

    def is_about_it(about: Row) -> bool:
        name = about.get("name", "")
        return name == row.name or (about.get("kind") == "ReplicaSet" and name.rpartition("-")[0] == row.name)

    said = _find_warnings(events, is_about_it)
    return f"{row.kind} {row.name} has no pod ({'; '.join(said)})" if said else ""


def _find_warnings(events: list[Row], is_about: Any) -> list[str]:
    """The warnings about something, the latest two: events repeat themselves, and the first ones are often outdated."""
    said = [f"{row.get('reason')}: {row.get('message')}" for row in events if is_about(row.get("involvedObject") or {})]
    return list(dict.fromkeys(said))[-2:]
