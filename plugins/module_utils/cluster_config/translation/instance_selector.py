# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Turns instanceSelector of a group into the option of the modules, which look the types up when the group is created. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.cluster_config import ami_types
from ansible_collections.kumo.eks.plugins.module_utils.core.specs.instance_selector import (
    DEFAULT_ARCHITECTURE,
    find_instance_selector_problems,
)

Group = dict[str, Any]

NAMES = {
    "vCPUs": "vcpus",
    "memory": "memory",
    "gpus": "gpus",
    "neuron_devices": "neuron_devices",
    "cpuArchitecture": "cpu_architecture",
    "allow": "allow",
    "deny": "deny",
}
AMD64 = "amd64"  # eksctl's other word for x86_64


def build_selector(group: Group) -> Group | None:
    """``instance_selector`` of a group; None where it names its types, which eksctl only compares with the selector."""
    given = group.get("instanceSelector")
    if not given or group.get("instanceTypes") or group.get("instancesDistribution", {}).get("instanceTypes"):
        return None
    found = {option: given[field] for field, option in NAMES.items() if given.get(field) not in (None, "")}
    if found.get("vcpus") == 0:  # as if it was not given: expandInstanceSelector
        found.pop("vcpus")
    if found.get("cpu_architecture") == AMD64:
        found["cpu_architecture"] = DEFAULT_ARCHITECTURE
    return found


def choose_image(family: str, selector: Group) -> str:
    """The AMI type for what a selector asks for; raises ValueError, with the words for the user, where there is none."""
    chips = "nvidia" if selector.get("gpus") else "neuron" if selector.get("neuron_devices") else ""
    return ami_types.choose_for_hardware(family, selector.get("cpu_architecture", DEFAULT_ARCHITECTURE), chips)


def find_selector_problems(path: str, group: Group, family: str) -> Iterator[str]:
    """What is wrong with instanceSelector of a group at a path of the file."""
    if not group.get("instanceSelector"):
        return
    if group.get("instanceType", "mixed") != "mixed":
        yield f"{path}.instanceType: cannot be combined with instanceSelector. Use one of them."
        return
    selector = build_selector(group)
    if selector is None:
        return
    names = {option: field for field, option in NAMES.items() if field != option}
    for problem in find_instance_selector_problems({"instance_selector": selector}):
        for option, field in names.items():
            problem = problem.replace(option, field)
        yield f"{path}.{problem.replace('instance_selector', 'instanceSelector')}"
    try:
        choose_image(family, selector)
    except ValueError as error:
        yield f"{path}.amiFamily: {error}."
