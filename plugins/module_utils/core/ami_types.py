# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What follows from an AMI type and from an instance type: architecture, devices, user data, releases. Pure.

Sources: AMITypes in EKS' model; https://docs.aws.amazon.com/ec2/latest/instancetypes/instance-type-names.html
"""

from __future__ import annotations

import re
from dataclasses import dataclass

AMI_TYPES = [
    "AL2_x86_64",
    "AL2_x86_64_GPU",
    "AL2_ARM_64",
    "CUSTOM",
    "BOTTLEROCKET_ARM_64",
    "BOTTLEROCKET_x86_64",
    "BOTTLEROCKET_ARM_64_FIPS",
    "BOTTLEROCKET_x86_64_FIPS",
    "BOTTLEROCKET_ARM_64_NVIDIA",
    "BOTTLEROCKET_x86_64_NVIDIA",
    "BOTTLEROCKET_ARM_64_NVIDIA_FIPS",
    "BOTTLEROCKET_x86_64_NVIDIA_FIPS",
    "WINDOWS_CORE_2019_x86_64",
    "WINDOWS_FULL_2019_x86_64",
    "WINDOWS_CORE_2022_x86_64",
    "WINDOWS_FULL_2022_x86_64",
    "WINDOWS_CORE_2025_x86_64",
    "WINDOWS_FULL_2025_x86_64",
    "AL2023_x86_64_STANDARD",
    "AL2023_ARM_64_STANDARD",
    "AL2023_x86_64_NEURON",
    "AL2023_x86_64_NVIDIA",
    "AL2023_ARM_64_NVIDIA",
]
DEFAULT_AMI_TYPE = "AL2023_x86_64_STANDARD"  # CreateNodegroup without amiType
DEFAULT_INSTANCE_TYPE = "t3.medium"  # CreateNodegroup without instanceTypes
CUSTOM = "CUSTOM"

AL2, AL2023, BOTTLEROCKET, WINDOWS = "AL2", "AL2023", "Bottlerocket", "Windows"

# The device that the image starts from.
# https://github.com/eksctl-io/eksctl/blob/main/pkg/cfn/builder/block_device_mapping.go
ROOT_DEVICES = {AL2: "/dev/xvda", AL2023: "/dev/xvda", BOTTLEROCKET: "/dev/xvda", WINDOWS: "/dev/sda1"}
# The device that holds container images and logs. Bottlerocket has a small volume for the system and another one for data.
# https://bottlerocket.dev/en/os/latest/#/concepts/components (data volume)
DATA_DEVICES = {**ROOT_DEVICES, BOTTLEROCKET: "/dev/xvdb"}

# https://docs.aws.amazon.com/eks/latest/userguide/eks-ami-deprecation-faqs.html
LAST_MINOR_WITH_AL2 = 32

ARM = re.compile(r"^(a1|[a-z]+\d+g[a-z]*|[a-z]+\d+[a-z]*-gb\d+)\.")
NVIDIA = re.compile(r"^(p\d+[a-z]*|g[3-9][a-z]*|gr\d+[a-z]*)(-[a-z]+\d+)?\.")
AMD_GPU = re.compile(r"^g4ad\.")
NEURON = re.compile(r"^(inf|trn)\d+[a-z]*\.")
INSTANCE_TYPE = re.compile(r"^[a-z][a-z0-9-]*\.[a-z0-9-]+$")


@dataclass(frozen=True)
class AmiType:
    """One of EKS' AMI types.

    Args:
        system: AL2, AL2023, BOTTLEROCKET or WINDOWS.
        architecture: of the instance types: "arm64" or "x86_64".
        accelerator: "nvidia", "neuron" or "".
    """

    name: str
    system: str
    architecture: str
    accelerator: str


def read_ami_type(name: str | None) -> AmiType | None:
    """An AMI type by its name in the API. None for CUSTOM, of which EKS knows nothing."""
    name = name or DEFAULT_AMI_TYPE
    if name == CUSTOM:
        return None
    system = next(system for system in (AL2023, AL2, BOTTLEROCKET, WINDOWS) if name.startswith(system.upper()))
    accelerator = next((chips for chips in ("nvidia", "neuron") if chips.upper() in name), "")
    if name.endswith("_GPU"):  # AL2_x86_64_GPU is for NVIDIA and for Inferentia instance types
        accelerator = "nvidia"
    return AmiType(name, system, "arm64" if "_ARM_64" in name else "x86_64", accelerator)


def get_architecture(instance_type: str) -> str:
    """ "arm64" for Graviton and Grace families (m7g.large), else "x86_64"."""
    return "arm64" if ARM.match(instance_type) else "x86_64"


def get_accelerator(instance_type: str) -> str:
    """ "nvidia", "neuron" or "" for an instance type."""
    if NEURON.match(instance_type):
        return "neuron"
    return "nvidia" if NVIDIA.match(instance_type) and not AMD_GPU.match(instance_type) else ""


def build_release_parameter(ami_type: str | None, version: str) -> str | None:
    """The public SSM parameter that contains the latest release for an AMI type and a Kubernetes version; None for CUSTOM.

    For Amazon Linux and Bottlerocket it holds the release version. For Windows it holds the ID of the image, whose name
    ends with the release version, because AWS publishes no other parameter.

    Sources: https://docs.aws.amazon.com/eks/latest/userguide/retrieve-ami-id.html, retrieve-ami-id-bottlerocket.html,
    retrieve-windows-ami-id.html; MakeManagedSSMParameterName in eksctl's pkg/ami/ssm_resolver.go
    """
    found = read_ami_type(ami_type)
    if found is None:
        return None
    if found.system == AL2023:
        image = f"amazon-linux-2023/{found.architecture}/{found.accelerator or 'standard'}"
        return f"/aws/service/eks/optimized-ami/{version}/{image}/recommended/release_version"
    if found.system == AL2:
        suffix = {"AL2_x86_64_GPU": "-gpu", "AL2_ARM_64": "-arm64"}.get(found.name, "")
        return f"/aws/service/eks/optimized-ami/{version}/amazon-linux-2{suffix}/recommended/release_version"
    if found.system == BOTTLEROCKET:
        # All variants of a release have the same version, and that of the variant without NVIDIA exists in every region.
        fips = "-fips" if found.name.endswith("_FIPS") else ""
        return f"/aws/service/bottlerocket/aws-k8s-{version}{fips}/{found.architecture}/latest/image_version"
    edition, year = found.name.removeprefix("WINDOWS_").split("_")[:2]
    image = f"Windows_Server-{year}-English-{edition.title()}-EKS_Optimized-{version}"
    return f"/aws/service/ami-windows-latest/{image}/image_id"


def build_release_order(ami_type: str | None, release: str | None) -> tuple[int, ...]:
    """A key that orders the releases of one AMI type: "1.34.2-20261105", "1.49.0-713f44ce", "1.34-2026.11.12".

    The second part of a Bottlerocket release is a commit, which has no order.
    """
    found = read_ami_type(ami_type)
    text = release or ""
    if found is not None and found.system == BOTTLEROCKET:
        text = text.partition("-")[0]
    return tuple(int(part) for part in re.split(r"[.-]", text) if part.isdigit())


def build_image_parameter(ami_type: str, version: str) -> str:
    """The public SSM parameter that holds the ID of the newest image of an AMI type for a Kubernetes version.

    Sources: as build_release_parameter; the variants of Bottlerocket: https://github.com/bottlerocket-os/bottlerocket (README, variants)
    """
    found = read_ami_type(ami_type)
    if found is None:
        raise ValueError("of CUSTOM there is no newest image")
    if found.system == BOTTLEROCKET:
        variant = "".join(f"-{name.lower()}" for name in ("NVIDIA", "FIPS") if name in found.name)
        return f"/aws/service/bottlerocket/aws-k8s-{version}{variant}/{found.architecture}/latest/image_id"
    parameter = build_release_parameter(ami_type, version) or ""
    return parameter if found.system == WINDOWS else f"{parameter.rpartition('/')[0]}/image_id"
