# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether the instance types of a node group and its image fit each other. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.core.ami_types import (
    AL2,
    CUSTOM,
    INSTANCE_TYPE,
    LAST_MINOR_WITH_AL2,
    WINDOWS,
    get_accelerator,
    get_architecture,
    read_ami_type,
)
from ansible_collections.kumo.eks.plugins.module_utils.core.validation import find_duplicates

Options = dict[str, Any]

MOST_INSTANCE_TYPES = 20  # CreateNodegroup instanceTypes in EKS' model
LEAST_WINDOWS_DISK = 50  # GiB, the size of the image: CreateNodegroup diskSize in EKS' model


def find_instance_type_problems(options: Options) -> Iterator[str]:
    """Instance types that do not exist by their form, or that no image has in common."""
    types = options.get("instance_types") or []
    if len(types) > MOST_INSTANCE_TYPES:
        yield f"instance_types: {len(types)} are given. EKS accepts at most {MOST_INSTANCE_TYPES}."
    for name in types:
        if not INSTANCE_TYPE.match(str(name)):
            yield f"instance_types: {name!r} is not an instance type. Use one like m5.large."
    yield from find_duplicates("instance_types", types)
    if len({get_architecture(name) for name in types}) > 1:
        yield (
            f"instance_types: {', '.join(types)} have different architectures, and all nodes of a group have one image."
            " Use a node group for each architecture."
        )


def find_image_problems(options: Options) -> Iterator[str]:
    """An image that was not made for the instance types."""
    types = options.get("instance_types") or []
    if not options.get("ami_type"):
        yield from _find_default_image_problems(options, types)
        return
    if options["ami_type"] == CUSTOM:
        return
    image = read_ami_type(options["ami_type"])
    for name in types:
        architecture = get_architecture(name)
        if architecture != image.architecture:
            yield (
                f"ami_type: {image.name} is for {image.architecture}, and instance type {name} is {architecture}."
                f" Use an AMI type for {architecture}."
            )
        elif image.accelerator and not get_accelerator(name):
            yield f"ami_type: {image.name} is for accelerated instance types, and {name} has no such accelerator."
    size = options.get("disk_size")
    if image.system == WINDOWS and size is not None and size < LEAST_WINDOWS_DISK:
        yield f"disk_size: {size} is less than the image of Windows. Use {LEAST_WINDOWS_DISK} or more."


def _find_default_image_problems(options: Options, types: list[str]) -> Iterator[str]:
    """Without ami_type EKS takes the image for x86_64, which no ARM instance type starts."""
    has_own_image = options.get("launch_template") or (options.get("template") or {}).get("image_id")
    if not has_own_image and types and all(get_architecture(name) == "arm64" for name in types):
        yield (
            f"ami_type: it is not set, so it would be AL2023_x86_64_STANDARD, and {', '.join(types)} needs an image for"
            " arm64. Use AL2023_ARM_64_STANDARD."
        )


def find_image_version_problems(options: Options, version: str | None) -> Iterator[str]:
    """Images that a Kubernetes version no longer has; ``version`` is the group's, or the cluster's."""
    image = read_ami_type(options["ami_type"]) if options.get("ami_type") else None
    if image and image.system == AL2 and version and int(version.rpartition(".")[2]) > LAST_MINOR_WITH_AL2:
        yield (
            f"ami_type: {image.name} ends with Kubernetes 1.{LAST_MINOR_WITH_AL2}, and the node group would be at {version}."
            " Use an AL2023 type, which reads its user data in another format (nodeadm)."
        )
