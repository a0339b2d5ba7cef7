# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""K: what pods and nodes use, as metrics-server measures it at the moment of the audit."""

from __future__ import annotations

from ansible_collections.kumo.eks.plugins.module_utils.audit.objects import (
    get_place,
    get_spec,
    get_status,
    index_by_place,
    name_owner,
)
from ansible_collections.kumo.eks.plugins.module_utils.audit.rule import (
    HIGH,
    MEDIUM,
    Hits,
    Row,
    Undecided,
    name_object,
    rule,
)
from ansible_collections.kumo.eks.plugins.module_utils.kubernetes.quantities import parse_quantity

NEAR = 0.9  # of what is allowed


def require(metrics: list[Row]) -> None:
    if not metrics:
        raise Undecided("metrics-server has no metrics")


@rule(
    "K04",
    HIGH,
    "Containers do not come near their limit of memory",
    reads=("pods", "pod_metrics"),
    why="A container that exceeds its limit is killed.",
    remedy="Raise the limit, or find what grows.",
)
def memory_near_limit(pods: list[Row], pod_metrics: list[Row]) -> Hits:
    require(pod_metrics)
    known, found = index_by_place(pods), {}
    for row in pod_metrics:
        pod = known.get(get_place(row))
        rows = get_spec(pod).get("containers") or [] if pod else []
        limits = {one["name"]: ((one.get("resources") or {}).get("limits") or {}).get("memory") for one in rows}
        for one in row.get("containers") or []:
            limit = limits.get(one["name"])
            if pod and limit and parse_quantity(one["usage"]["memory"]) >= NEAR * parse_quantity(limit):
                found[name_owner(pod)] = (
                    f"{one['name']} of {pod['metadata']['name']} uses {one['usage']['memory']} of {limit}"
                )
    yield from found.items()


@rule(
    "K04b",
    MEDIUM,
    "Nodes have CPU and memory left",
    reads=("nodes", "node_metrics"),
    why="Pods get less CPU than they need, or are evicted.",
    remedy="Set requests that are what pods use, or add nodes.",
    references=("Popeye POP-709", "Popeye POP-710"),
)
def busy_node(nodes: list[Row], node_metrics: list[Row]) -> Hits:
    require(node_metrics)
    used = {row["metadata"]["name"]: row["usage"] for row in node_metrics}
    for row in nodes:
        usage, room = used.get(row["metadata"]["name"]) or {}, get_status(row).get("allocatable") or {}
        shares = {
            name: parse_quantity(usage[name]) / parse_quantity(room[name])
            for name in ("cpu", "memory")
            if name in usage and name in room
        }
        busy = [f"{name} {share:.0%}" for name, share in shares.items() if share >= NEAR]
        if busy:
            yield name_object("Node", row), f"in use: {', '.join(busy)}"
