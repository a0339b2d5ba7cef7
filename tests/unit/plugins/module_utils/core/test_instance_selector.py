# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Instance types that are described instead of listed: what fits, as the instance selector of eksctl says."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.kumo.eks.plugins.module_utils.core.specs.instance_selector import (
    find_instance_selector_problems,
    parse_memory,
    select_instance_types,
)


def build(name: str, vcpus: int = 2, memory: int = 4096, arch: str = "x86_64", **more: Any) -> dict[str, Any]:
    processor = {"SupportedArchitectures": [arch]}
    sizes = {"VCpuInfo": {"DefaultVCpus": vcpus}, "MemoryInfo": {"SizeInMiB": memory}, "ProcessorInfo": processor}
    return {"InstanceType": name, **sizes, **more}


ROWS = [
    build("t3.medium"),
    build("c5.large"),
    build("c7g.large", arch="arm64"),
    build("m5.large", memory=8192),
    build("g5.xlarge", 4, 16384, GpuInfo={"Gpus": [{"Count": 1}]}),
    build("g6f.large", 2, 8192, GpuInfo={"Gpus": [{"Count": 0}]}),
    build("inf2.xlarge", 4, 16384, InferenceAcceleratorInfo={"Accelerators": [{"Count": 1}]}),
    build("trn1.2xlarge", 8, 32768, NeuronInfo={"NeuronDevices": [{"Count": 1}]}),
]


@pytest.mark.parametrize(
    ("selector", "names"),
    [
        ({"vcpus": 2, "memory": "4GiB"}, ["c5.large", "t3.medium"]),
        ({"vcpus": 2, "cpu_architecture": "arm64"}, ["c7g.large"]),
        ({"memory": "8", "gpus": 0}, ["m5.large"]),
        ({"gpus": 1}, ["g5.xlarge", "g6f.large"]),
        ({"neuron_devices": 1}, ["inf2.xlarge", "trn1.2xlarge"]),
        ({"vcpus": 2, "memory": "4", "deny": "^t"}, ["c5.large"]),
        ({"vcpus": 2, "memory": "4", "allow": r"3\.", "deny": None}, ["t3.medium"]),
        ({"vcpus": 96}, []),
    ],
)
def test_what_fits(selector: dict[str, Any], names: list[str]):
    assert select_instance_types(ROWS, selector) == names


@pytest.mark.parametrize(
    ("text", "mib"),
    [
        ("4", 4096),
        ("4GiB", 4096),
        ("4 gb", 4096),
        ("0.5", 512),
        ("512MiB", 512),
        ("1.5m", None),
        ("2T", 2097152),
        ("x", None),
        ("0", None),
    ],
)
def test_sizes_of_memory(text: str, mib: int | None):
    assert parse_memory(text) == mib


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"instance_selector": {"cpu_architecture": "arm64"}}, "instance_selector: it fits too many instance types."),
        (
            {"instance_selector": {"vcpus": 2}, "instance_types": ["m5.large"]},
            "instance_selector: it cannot be combined with instance_types.",
        ),
        ({"instance_selector": {"vcpus": 0}}, "instance_selector.vcpus: 0 is out of range"),
        ({"instance_selector": {"allow": "("}}, "instance_selector.allow: '(' is not a regular expression"),
        (
            {"instance_selector": {"vcpus": 2}, "ami_type": "AL2023_ARM_64_STANDARD"},
            "instance_selector.cpu_architecture: x86_64 does not fit ami_type AL2023_ARM_64_STANDARD",
        ),
    ],
)
def test_what_is_refused(options: dict[str, Any], said: str):
    (problem,) = find_instance_selector_problems(options)
    assert problem.startswith(said)
