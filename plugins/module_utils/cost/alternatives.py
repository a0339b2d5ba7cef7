# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The same pods elsewhere: EKS on EC2, EKS on Fargate, ECS on EC2 and ECS on Fargate. Pure.

ECS has no fee for a control plane. https://aws.amazon.com/ecs/pricing/
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.core.counts import format_count
from ansible_collections.kumo.eks.plugins.module_utils.cost import fargate
from ansible_collections.kumo.eks.plugins.module_utils.cost.book import find_shipped
from ansible_collections.kumo.eks.plugins.module_utils.cost.price import HOURS
from ansible_collections.kumo.eks.plugins.module_utils.cost.quantities import is_running, sum_requests
from ansible_collections.kumo.eks.plugins.module_utils.cost.rightsizing import is_daemon

Row = dict[str, Any]
# https://docs.aws.amazon.com/eks/latest/userguide/fargate.html (considerations)
NOT_ON_FARGATE = (
    "DaemonSets, pods on the host's network, privileged containers and volumes of EBS do not run on Fargate"
)


def compare(pods: Iterable[Row], nodes_monthly: float | None, region: str) -> list[Row]:
    """What the pods of a cluster cost in a month in four places. Volumes, network and load balancers are the same and left out.

    Args:
        nodes_monthly: what the nodes cost on demand; None where that is not known.
    """
    rows = [pod for pod in pods if is_running(pod) and not is_daemon(pod)]
    fitting = [pod for pod in rows if may_be_on_fargate(pod)]
    fee = find_shipped(region, "eks/cluster")
    control_plane = fee.amount * HOURS if fee else None
    on_eks, on_ecs = (price_pods(fitting, region, overhead) for overhead in (fargate.OVERHEAD, 0.0))
    note = (
        f"{len(rows) - len(fitting)} of {format_count(len(rows), 'pod')} cannot be there: {NOT_ON_FARGATE}"
        if len(fitting) < len(rows)
        else ""
    )
    return [
        _build_row("EKS on EC2", add(control_plane, nodes_monthly), "the nodes as they are, on demand"),
        _build_row("EKS on Fargate", add(control_plane, on_eks), note),
        _build_row("ECS on EC2", nodes_monthly, "the nodes as they are, without a fee for the control plane"),
        _build_row("ECS on Fargate", on_ecs, note),
    ]


def _build_row(name: str, monthly: float | None, note: str) -> Row:
    return {"place": name, "monthly": None if monthly is None else round(monthly, 2), "note": note}


def add(*amounts: float | None) -> float | None:
    """The sum; None where one is not known."""
    return None if None in amounts else sum(amount for amount in amounts if amount is not None)


def price_pods(pods: Iterable[Row], region: str, overhead: float) -> float | None:
    """What pods cost on Fargate in a month; None where a price is not known, or a pod is larger than any size.

    Args:
        overhead: GB that are added to the memory of each. EKS adds some for the kubelet, ECS does not.
    """
    vcpu, memory = (find_shipped(region, f"fargate/{name}") for name in ("vcpu", "gb"))
    sizes = [
        fargate.round_up(cpu, gigabytes - fargate.OVERHEAD + overhead) for cpu, gigabytes in map(sum_requests, pods)
    ]
    if vcpu is None or memory is None or None in sizes:
        return None
    return sum(size[0] * vcpu.amount + size[1] * memory.amount for size in sizes if size) * HOURS


def may_be_on_fargate(pod: Row) -> bool:
    spec = pod["spec"]
    containers = [*(spec.get("containers") or []), *(spec.get("initContainers") or [])]
    is_privileged = any((row.get("securityContext") or {}).get("privileged") for row in containers)
    has_claim = any(volume.get("persistentVolumeClaim") for volume in spec.get("volumes") or [])
    return not (spec.get("hostNetwork") or is_privileged or has_claim)
