# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The sizes of pods on Fargate, to which it rounds their requests up. Pure.

https://docs.aws.amazon.com/eks/latest/userguide/fargate-pod-configuration.html
"""

from __future__ import annotations

import re

MIB = 1 / 1024
# Added to each pod's memory for kubelet, kube-proxy and containerd
OVERHEAD = 256 * MIB
# vCPU, and the GB of memory that it may have: from, to, step. The smallest has 0.5, 1 and 2.
SIZES = (
    (0.25, (0.5, 1.0, 2.0)),
    (0.5, (1.0, 2.0, 3.0, 4.0)),
    (1.0, tuple(map(float, range(2, 9)))),
    (2.0, tuple(map(float, range(4, 17)))),
    (4.0, tuple(map(float, range(8, 31)))),
    (8.0, tuple(map(float, range(16, 61, 4)))),
    (16.0, tuple(map(float, range(32, 121, 8)))),
)
PROVISIONED = re.compile(r"([\d.]+)vCPU ([\d.]+)GB")


def round_up(cpu: float, memory: float) -> tuple[float, float] | None:
    """The size that Fargate gives a pod: vCPU and GB. None for a pod that is larger than any.

    Args:
        cpu: vCPU that its containers request.
        memory: GiB that they request. What Fargate adds is not in it.
    """
    needed = memory + OVERHEAD
    for vcpu, sizes in SIZES:
        fitting = next((size for size in sizes if size >= needed - 1e-9), None)
        if vcpu >= cpu - 1e-9 and fitting is not None:
            return vcpu, fitting
    return None


def read_annotation(text: str) -> tuple[float, float] | None:
    """What CapacityProvisioned of a running pod says, like "0.25vCPU 0.5GB"."""
    match = PROVISIONED.fullmatch(text.strip())
    return (float(match[1]), float(match[2])) if match else None
