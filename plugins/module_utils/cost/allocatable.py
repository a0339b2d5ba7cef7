# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What of an instance is left for pods, as the images of EKS set the kubelet. Pure.

https://github.com/awslabs/amazon-eks-ami/blob/main/nodeadm/internal/kubelet/config.go (getCPUMillicoresToReserve,
getMemoryMebibytesToReserve, EvictionHard) and eni_max_pods.go (calculateStandardMaxPods)
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

Row = dict[str, Any]
# Up to how many millicores, and the share of them that is reserved
CPU_STEPS = ((1000, 0.06), (2000, 0.01), (4000, 0.005), (float("inf"), 0.0025))
EVICTION = 100  # MiB, memory.available
# What the hypervisor and the kernel take of the memory that EC2 says, as Karpenter assumes (vmMemoryOverheadPercent)
# https://karpenter.sh/docs/reference/settings/
OVERHEAD = 0.075
GIB = 1024  # MiB


@dataclass(frozen=True)
class Shape:
    """An instance type as room for pods.

    Args:
        cpu: vCPU that pods may request.
        memory: GiB that pods may request.
        pods: how many pods there may be.
        architecture: amd64 or arm64, as the label of nodes says it.
    """

    name: str
    cpu: float
    memory: float
    pods: int
    architecture: str = "amd64"


def reserve_cpu(millicores: int) -> int:
    """The millicores that the kubelet keeps for itself."""
    reserved, below = 0, 0.0
    for limit, share in CPU_STEPS:
        reserved += int(max(0.0, min(millicores, limit) - below) * share + 1e-9)
        below = limit
    return reserved


def reserve_memory(pods: int) -> int:
    """The MiB that the kubelet keeps for itself, by the most pods that it takes."""
    return 11 * pods + 255


def count_pods(interfaces: int, addresses: int) -> int:
    """The most pods with an address of the VPC: one address of each interface is its own, and two pods are on the host's network."""
    return interfaces * (addresses - 1) + 2


def build_shape(row: Row) -> Shape:
    """The room of an instance type.

    Args:
        row: of DescribeInstanceTypes.
    """
    cores = row["VCpuInfo"]["DefaultVCpus"] * 1000
    network = row.get("NetworkInfo") or {}
    cards = network.get("NetworkCards") or [{}]
    interfaces = cards[0].get("MaximumNetworkInterfaces") or network.get("MaximumNetworkInterfaces") or 1
    pods = count_pods(interfaces, network.get("Ipv4AddressesPerInterface") or 2)
    memory = row["MemoryInfo"]["SizeInMiB"] * (1 - OVERHEAD) - reserve_memory(pods) - EVICTION
    architectures = (row.get("ProcessorInfo") or {}).get("SupportedArchitectures") or []
    return Shape(
        row["InstanceType"],
        (cores - reserve_cpu(cores)) / 1000,
        max(0.0, memory / GIB),
        pods,
        "arm64" if "arm64" in architectures else "amd64",
    )
