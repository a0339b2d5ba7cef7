# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which pods of a release are not ready, and why, in the words of Kubernetes: conditions, containers, events."""

from __future__ import annotations

from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.kubernetes.workloads import Workload

MOST = 5  # pods named in a message
Row = dict[str, Any]


def list_reasons(rows: list[Workload], pods: dict[str, list[Row]], events: dict[str, list[Row]]) -> list[str]:
    """A line for each pod that is not ready, and for each workload that has no pod.

    Args:
        rows: the release's workloads.
        pods: the pods of each namespace.
        events: the warnings of each namespace.
    """
    lines = []
    for row in rows:
        own = [pod for pod in pods[row.namespace] if row.owns(pod)]
        if not own:
            lines.append(_none(row, events[row.namespace]))
        lines += [_why(pod, events[row.namespace]) for pod in own if not is_ready(pod)]
    return [line for line in lines if line]


def format_reasons(lines: list[str]) -> str:
    """The first of the lines, and how many more there are."""
    more = f"; and {len(lines) - MOST} more" if len(lines) > MOST else ""
    return "; ".join(lines[:MOST]) + more


def is_ready(pod: Row) -> bool:
    """Whether a pod is as it is to be; one of a Job that has ended well is."""
    status = pod.get("status") or {}
    return status.get("phase") == "Succeeded" or any(
        row["type"] == "Ready" and row["status"] == "True" for row in status.get("conditions") or []
    )


def _why(pod: Row, events: list[Row]) -> str:
    """One pod's line."""
    status, name = pod.get("status") or {}, pod["metadata"]["name"]
    words = [_container(row) for row in _containers(status)]
    words += [
        f"{row.get('reason') or row['type']}: {row['message']}"
        for row in status.get("conditions") or []
        if row["status"] != "True" and row.get("message")
    ]
    words += _said(events, lambda about: about.get("kind") == "Pod" and about.get("name") == name)
    unique = list(dict.fromkeys(word for word in words if word))
    return f"pod {name} is {status.get('phase', 'Unknown')} and not ready" + (
        f" ({'; '.join(unique)})" if unique else ""
    )


def _containers(status: Row) -> list[Row]:
    return (status.get("initContainerStatuses") or []) + (status.get("containerStatuses") or [])


def _container(row: Row) -> str:
    """What a container waits for, or how it ended; empty where it runs."""
    state = row.get("state") or {}
    for kind in ("waiting", "terminated"):
        found = state.get(kind)
        if found and not (kind == "terminated" and found.get("exitCode") == 0):
            code = f" with exit code {found['exitCode']}" if "exitCode" in found else ""
            said = f": {found['message']}" if found.get("message") else ""
            return f"container {row['name']} {kind} {found.get('reason', '')}{code}{said}"
    return "" if row.get("ready") else f"container {row['name']} runs and is not ready"


def _none(row: Workload, events: list[Row]) -> str:
    """Why a workload has no pod at all: what its ReplicaSet or itself was refused. Without events it may be meant so."""

    def is_its(about: Row) -> bool:
        name = about.get("name", "")
        return name == row.name or (about.get("kind") == "ReplicaSet" and name.rpartition("-")[0] == row.name)

    said = _said(events, is_its)
    return f"{row.kind} {row.name} has no pod ({'; '.join(said)})" if said else ""


def _said(events: list[Row], is_about: Any) -> list[str]:
    """The warnings about something, the latest two."""
    said = [f"{row.get('reason')}: {row.get('message')}" for row in events if is_about(row.get("involvedObject") or {})]
    return list(dict.fromkeys(said))[-2:]
