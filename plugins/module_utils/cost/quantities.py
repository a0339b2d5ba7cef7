# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What pods request. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.kubernetes.quantities import parse_quantity

Row = dict[str, Any]
GIB = 2.0**30
DONE = ("Succeeded", "Failed")


def read_quantity(value: Any) -> float:
    """A quantity as a number; 0 for none."""
    return parse_quantity(value or 0)


def sum_requests(pod: Row) -> tuple[float, float]:
    """The vCPU and GiB that a pod requests: the sum of its containers, or more where an init container requests more.

    Sidecars, which are init containers that are restarted, run with the others.
    """
    spec = pod["spec"]
    inits = spec.get("initContainers") or []
    sidecars = [row for row in inits if row.get("restartPolicy") == "Always"]
    found = []
    for name, unit in (("cpu", 1.0), ("memory", GIB)):
        running = _sum(name, [*(spec.get("containers") or []), *sidecars])
        starting = max((_get(name, row) for row in inits if row not in sidecars), default=0.0)
        overhead = read_quantity((spec.get("overhead") or {}).get(name))
        found.append((max(running, starting) + overhead) / unit)
    return found[0], found[1]


def _sum(name: str, containers: Iterable[Row]) -> float:
    return sum(_get(name, row) for row in containers)


def _get(name: str, container: Row) -> float:
    """A container with a limit and no request requests its limit."""
    resources = container.get("resources") or {}
    value = (resources.get("requests") or {}).get(name) or (resources.get("limits") or {}).get(name)
    return read_quantity(value)


def is_running(pod: Row) -> bool:
    """Whether a pod takes room: neither at its end nor deleted."""
    return (pod.get("status") or {}).get("phase") not in DONE
