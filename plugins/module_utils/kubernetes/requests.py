# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the scheduler reserves for a pod. Pure.

https://kubernetes.io/docs/concepts/workloads/pods/sidecar-containers/#resource-sharing-within-containers
"""

from __future__ import annotations

from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.kubernetes.quantities import parse_quantity

Row = dict[str, Any]


def sum_requests(pod: Row, resource: str) -> float:
    """What a PodSpec requests of "cpu" (vCPU), "memory" (bytes) or another resource.

    That is the sum of its containers and sidecars, more where an init container requests more, or what the pod requests as a whole. A RuntimeClass
    may add an overhead.
    """
    whole = ((pod.get("resources") or {}).get("requests") or {}).get(resource)
    overhead = parse_quantity((pod.get("overhead") or {}).get(resource) or 0)
    return (_sum_containers(pod, resource) if whole is None else parse_quantity(whole)) + overhead


def _sum_containers(pod: Row, resource: str) -> float:
    """Init containers run one after another, beside the sidecars that have been started before them."""
    sidecars = starting = 0.0
    for row in pod.get("initContainers") or []:
        own = _get(row, resource)
        if row.get("restartPolicy") == "Always":
            sidecars += own
        else:
            starting = max(starting, sidecars + own)
    running = sidecars + sum(_get(row, resource) for row in pod.get("containers") or [])
    return max(running, starting)


def _get(container: Row, resource: str) -> float:
    """A container with a limit and no request requests its limit."""
    resources = container.get("resources") or {}
    given = {**(resources.get("limits") or {}), **(resources.get("requests") or {})}
    return parse_quantity(given.get(resource) or 0)
