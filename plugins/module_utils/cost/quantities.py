# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What pods request. Pure."""

from __future__ import annotations

from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.kubernetes import requests
from ansible_collections.kumo.eks.plugins.module_utils.kubernetes.quantities import parse_quantity

Row = dict[str, Any]
GIB = 2.0**30
DONE = ("Succeeded", "Failed")


def read_quantity(value: Any) -> float:
    """A quantity as a number; 0 for none."""
    return parse_quantity(value or 0)


def sum_requests(pod: Row) -> tuple[float, float]:
    """The vCPU and GiB that a pod requests."""
    return requests.sum_requests(pod["spec"], "cpu"), requests.sum_requests(pod["spec"], "memory") / GIB


def is_running(pod: Row) -> bool:
    """Whether a pod takes room: neither at its end nor deleted."""
    return (pod.get("status") or {}).get("phase") not in DONE
