"""What an EC2 instance type gives a node: capacity, and what of it pods may have."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

UNKNOWN: dict[str, Any] = {
    "VCpuInfo": {"DefaultVCpus": 2},
    "MemoryInfo": {"SizeInMiB": 8192},
    "ProcessorInfo": {"SupportedArchitectures": ["x86_64"]},
    "NetworkInfo": {"MaximumNetworkInterfaces": 3, "Ipv4AddressesPerInterface": 10},
}
ROOT_VOLUME_KIB = 20 * 1024 * 1024 - 12288  # 20 GiB, the default disk of a node group, less its file system
EVICTION_MIB = 100


@dataclass(frozen=True)
class InstanceType:
    """Numbers of one instance type as a kubelet would report them."""

    vcpus: int
    memory_mib: int
    max_pods: int
    architecture: str  # amd64, arm64

    @property
    def capacity(self) -> dict[str, str]:
        """The node's capacity; the kernel and the hypervisor keep some 4 % of the memory."""
        return self._build_resources(self.vcpus * 1000, self._usable_mib)

    @property
    def allocatable(self) -> dict[str, str]:
        """Capacity without what EKS' AMIs reserve for the kubelet (amazon-eks-ami: kubeReserved)."""
        memory = self._usable_mib - (255 + 11 * self.max_pods) - EVICTION_MIB
        return self._build_resources(self.vcpus * 1000 - self._reserved_millicores, max(memory, 0))

    @property
    def _usable_mib(self) -> int:
        return self.memory_mib * 96 // 100

    @property
    def _reserved_millicores(self) -> int:
        """6 % of the first core, 1 % of the second, 0.5 % of the next two, 0.25 % of the others."""
        shares = (60.0, 10.0, 5.0, 5.0)
        return int(sum(shares[: self.vcpus]) + 2.5 * max(self.vcpus - len(shares), 0))

    def _build_resources(self, millicores: int, memory_mib: int) -> dict[str, str]:
        cpu = str(millicores // 1000) if millicores % 1000 == 0 else f"{millicores}m"
        return {
            "cpu": cpu,
            "memory": f"{memory_mib * 1024}Ki",
            "pods": str(self.max_pods),
            "ephemeral-storage": f"{ROOT_VOLUME_KIB}Ki",
            "hugepages-1Gi": "0",
            "hugepages-2Mi": "0",
        }


@cache
def find_instance_type(name: str) -> InstanceType:
    """The type's numbers from moto's table of EC2; one that EC2 does not know counts as 2 vCPUs and 8 GiB."""
    from moto.ec2.models.instance_types import INSTANCE_TYPES  # a large table, read when the first node appears

    row = INSTANCE_TYPES.get(name, UNKNOWN)
    network = row["NetworkInfo"]
    return InstanceType(
        vcpus=row["VCpuInfo"]["DefaultVCpus"],
        memory_mib=row["MemoryInfo"]["SizeInMiB"],
        max_pods=network["MaximumNetworkInterfaces"] * (network["Ipv4AddressesPerInterface"] - 1) + 2,
        architecture="arm64" if "arm64" in row["ProcessorInfo"]["SupportedArchitectures"] else "amd64",
    )
