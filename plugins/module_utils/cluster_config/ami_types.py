# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The AMI type of EKS that fits an eksctl AMI family and a list of instance types. Pure.

Sources: AMITypes of the EKS API; https://docs.aws.amazon.com/ec2/latest/instancetypes/instance-type-names.html
"""

from __future__ import annotations

from ansible_collections.kumo.eks.plugins.module_utils.core.ami_types import get_accelerator, get_architecture

# (AMI family, architecture, accelerator) -> AMI type
AMI_TYPES: dict[tuple[str, str, str], str] = {
    ("AmazonLinux2023", "x86_64", ""): "AL2023_x86_64_STANDARD",
    ("AmazonLinux2023", "arm64", ""): "AL2023_ARM_64_STANDARD",
    ("AmazonLinux2023", "x86_64", "nvidia"): "AL2023_x86_64_NVIDIA",
    ("AmazonLinux2023", "arm64", "nvidia"): "AL2023_ARM_64_NVIDIA",
    ("AmazonLinux2023", "x86_64", "neuron"): "AL2023_x86_64_NEURON",
    ("AmazonLinux2", "x86_64", ""): "AL2_x86_64",
    ("AmazonLinux2", "arm64", ""): "AL2_ARM_64",
    ("AmazonLinux2", "x86_64", "nvidia"): "AL2_x86_64_GPU",
    ("AmazonLinux2", "x86_64", "neuron"): "AL2_x86_64_GPU",
    ("Bottlerocket", "x86_64", ""): "BOTTLEROCKET_x86_64",
    ("Bottlerocket", "arm64", ""): "BOTTLEROCKET_ARM_64",
    ("Bottlerocket", "x86_64", "nvidia"): "BOTTLEROCKET_x86_64_NVIDIA",
    ("Bottlerocket", "arm64", "nvidia"): "BOTTLEROCKET_ARM_64_NVIDIA",
    ("BottlerocketFips", "x86_64", ""): "BOTTLEROCKET_x86_64_FIPS",
    ("BottlerocketFips", "arm64", ""): "BOTTLEROCKET_ARM_64_FIPS",
    ("BottlerocketFips", "x86_64", "nvidia"): "BOTTLEROCKET_x86_64_NVIDIA_FIPS",
    ("BottlerocketFips", "arm64", "nvidia"): "BOTTLEROCKET_ARM_64_NVIDIA_FIPS",
    ("WindowsServer2019CoreContainer", "x86_64", ""): "WINDOWS_CORE_2019_x86_64",
    ("WindowsServer2019FullContainer", "x86_64", ""): "WINDOWS_FULL_2019_x86_64",
    ("WindowsServer2022CoreContainer", "x86_64", ""): "WINDOWS_CORE_2022_x86_64",
    ("WindowsServer2022FullContainer", "x86_64", ""): "WINDOWS_FULL_2022_x86_64",
    ("WindowsServer2025CoreContainer", "x86_64", ""): "WINDOWS_CORE_2025_x86_64",
    ("WindowsServer2025FullContainer", "x86_64", ""): "WINDOWS_FULL_2025_x86_64",
}


def choose_ami_type(family: str, instance_types: list[str]) -> str:
    """The AMI type; raises ValueError, with the words for the user, where there is none."""
    hardware = {(get_architecture(name), get_accelerator(name)) for name in instance_types}
    if len(hardware) > 1:
        raise ValueError(
            f"{', '.join(instance_types)} differ in architecture or accelerator, and a node group has one AMI."
            " Create a node group for each kind"
        )
    return choose_for_hardware(family, *hardware.pop())


def choose_for_hardware(family: str, arch: str, chips: str) -> str:
    """The AMI type of a family for an architecture and an accelerator, "" for none; raises ValueError as ``choose_ami_type`` does."""
    found = AMI_TYPES.get((family, arch, chips))
    if found is None:
        raise ValueError(_explain_mismatch(family, arch, chips))
    return found


def _explain_mismatch(family: str, arch: str, chips: str) -> str:
    fitting = sorted(name for name, a, c in AMI_TYPES if (a, c) == (arch, chips))
    what = f"{arch} with {chips} accelerators" if chips else arch
    return f"EKS has no AMI type of family {family} for {what}. Families that fit: {', '.join(fitting)}"
