# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The options that describe instance types in place of a list of them, and which types they fit. Pure.

As eksctl selects them: expandInstanceSelector in its pkg/eks/nodegroup_service.go, pkg/selector in
https://github.com/aws/amazon-ec2-instance-selector
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.core.ami_types import CUSTOM, get_accelerator, read_ami_type
from ansible_collections.kumo.eks.plugins.module_utils.core.validation import find_range_problems

Spec = dict[str, Any]
Options = dict[str, Any]

ARCHITECTURES = ["x86_64", "arm64"]
DEFAULT_ARCHITECTURE = "x86_64"
# ParseToByteQuantity in pkg/bytequantity: GiB without a unit; a part of a MiB does not exist
MEMORY = re.compile(r"(\d+(?:\.\d{0,3})?) ?(m|g|t)?(?:i?b?)", re.IGNORECASE)
MIB = {"m": 1, "g": 1024, "t": 1024 * 1024}
RANGES = {"vcpus": (1, None), "gpus": (0, None), "neuron_devices": (0, None)}
PATTERNS = ("allow", "deny")


def build_instance_selector_spec() -> Spec:
    """The suboptions of ``instance_selector``."""
    return dict(
        vcpus=dict(type="int"),
        memory=dict(type="str"),
        gpus=dict(type="int"),
        neuron_devices=dict(type="int"),
        cpu_architecture=dict(type="str", choices=ARCHITECTURES),
        allow=dict(type="str"),
        deny=dict(type="str"),
    )


def parse_memory(text: str) -> int | None:
    """MiB of "4", "4GiB", "512 MiB" or "0.5"; None for what is no size."""
    match = MEMORY.fullmatch(text.strip())
    if match is None:
        return None
    size = float(match[1]) * MIB[(match[2] or "g").lower()]
    return int(size) if size == int(size) and size > 0 else None


def get_given(selector: Options | None) -> Options:
    """The suboptions that are set."""
    return {name: value for name, value in (selector or {}).items() if value is not None}


def find_instance_selector_problems(options: Options) -> Iterator[str]:
    """What is wrong with ``instance_selector``. ``options`` are those of the whole group."""
    if options.get("instance_selector") is None:
        return
    selector = get_given(options["instance_selector"])
    if not set(selector) - {"cpu_architecture"}:
        yield "instance_selector: it fits too many instance types. Set vcpus, memory, gpus, neuron_devices or allow."
    for name in ("instance_types", "launch_template"):
        if options.get(name):
            yield f"instance_selector: it cannot be combined with {name}. Use one of them."
    for name, limits in RANGES.items():
        yield from find_range_problems(f"instance_selector.{name}", selector.get(name), *limits)
    if "memory" in selector and parse_memory(str(selector["memory"])) is None:
        yield f"instance_selector.memory: {selector['memory']!r} is not a size. Use one like 4GiB, 512MiB or 8, which is in GiB."
    for name in PATTERNS:
        yield from _find_pattern_problems(f"instance_selector.{name}", selector.get(name))
    image = read_ami_type(options.get("ami_type")) if options.get("ami_type") not in (None, CUSTOM) else None
    wanted = selector.get("cpu_architecture", DEFAULT_ARCHITECTURE)
    if image is not None and image.architecture != wanted:
        yield (
            f"instance_selector.cpu_architecture: {wanted} does not fit ami_type {image.name}, which is for {image.architecture}. Set both"
            " for the same architecture."
        )


def _find_pattern_problems(option: str, pattern: str | None) -> Iterator[str]:
    try:
        re.compile(pattern or "")
    except re.error as error:
        yield f"{option}: {pattern!r} is not a regular expression ({error}). Use one like ^m[5-7]\\."


def select_instance_types(rows: list[Options], selector: Options) -> list[str]:
    """The names of the instance types that fit, sorted.

    Args:
        rows: of DescribeInstanceTypes.
        selector: suboptions that are right by themselves.
    """
    given = get_given(selector)
    return sorted(row["InstanceType"] for row in rows if _fits(row, given))


def _fits(row: Options, selector: Options) -> bool:
    name = row["InstanceType"]
    wanted = {
        "vcpus": row["VCpuInfo"]["DefaultVCpus"],
        "gpus": _count_gpus(row),
        "neuron_devices": _count_neuron_devices(row),
    }
    if any(selector[key] != has for key, has in wanted.items() if key in selector):
        return False
    if "memory" in selector and row["MemoryInfo"]["SizeInMiB"] != parse_memory(str(selector["memory"])):
        return False
    architecture = selector.get("cpu_architecture", DEFAULT_ARCHITECTURE)
    if architecture not in row["ProcessorInfo"]["SupportedArchitectures"]:
        return False
    if "deny" in selector and re.search(selector["deny"], name):
        return False
    return "allow" not in selector or re.search(selector["allow"], name) is not None


def _count_gpus(row: Options) -> int:
    """Of some types with a part of a GPU EC2 says 0, like g6f: eksctl looks at the name, too."""
    found = sum(gpu.get("Count") or 0 for gpu in (row.get("GpuInfo") or {}).get("Gpus") or [])
    return found or int(bool(row.get("GpuInfo")) or get_accelerator(row["InstanceType"]) == "nvidia")


def _count_neuron_devices(row: Options) -> int:
    """InferenceAcceleratorInfo, which the selector reads, has Inferentia alone; NeuronInfo has Trainium, too."""
    inference = (row.get("InferenceAcceleratorInfo") or {}).get("Accelerators")
    devices = inference or (row.get("NeuronInfo") or {}).get("NeuronDevices") or []
    return sum(device.get("Count") or 0 for device in devices)
