# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What EKS and EC2 refuse of the options below ``template`` of a node group. Pure.

Sources: https://docs.aws.amazon.com/eks/latest/userguide/launch-templates.html,
https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_LaunchTemplateEbsBlockDeviceRequest.html
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.core.ami_types import (
    CUSTOM,
    DATA_DEVICES,
    WINDOWS,
    read_ami_type,
)
from ansible_collections.kumo.eks.plugins.module_utils.core.errors import ValidationError
from ansible_collections.kumo.eks.plugins.module_utils.core.user_data import build_user_data

Params = dict[str, Any]

WITH_IOPS = ("gp3", "io1", "io2")
NEEDS_IOPS = ("io1", "io2")
DEFAULT_VOLUME_TYPE = "gp3"
THROUGHPUT = (125, 2000)  # MiB/s of a gp3 volume
HOPS = (1, 64)  # MetadataOptions.HttpPutResponseHopLimit
MOST_EFA_INTERFACES = 32
LEAST_WINDOWS_VOLUME = 50  # GiB, the size of the image
# What EKS refuses in a launch template of the user's own: LaunchTemplateSpecification in EKS' model.
FORBIDDEN_DATA = {
    "IamInstanceProfile": "an IAM instance profile, which EKS makes from node_role",
    "HibernationOptions": "hibernation options",
    "InstanceInitiatedShutdownBehavior": "a shutdown behavior",
}


def validate_node_template(params: Params) -> list[str]:
    """All problems of ``template``. ``params`` are the options of the whole node group."""
    template = params.get("template")
    if template is None:
        return []
    template = {key: value for key, value in template.items() if value is not None}
    problems = [*_check_group(params, template), *_check_volumes(params, template)]
    problems += [*_check_metadata(template), *_check_interfaces(template), *_check_reservation(params, template)]
    try:
        build_user_data(template, get_system(params))
    except ValidationError as error:
        problems.append(error.message)
    return problems


def get_system(params: Params) -> str | None:
    """The operating system of the image, None for an image of the user's own."""
    if (params.get("template") or {}).get("image_id"):
        return None
    found = read_ami_type(params.get("ami_type"))
    return found.system if found else None


def _check_group(params: Params, template: Params) -> Iterator[str]:
    """What belongs to either the group or its template."""
    if params.get("disk_size"):
        yield (
            "disk_size: cannot be combined with template, because EKS reads it from the launch template."
            f" Set template.volumes: [{{size: {params['disk_size']}}}]."
        )
    if params.get("remote_access"):
        yield (
            "remote_access: cannot be combined with template, because EKS reads it from the launch template."
            " Set template.key_name, and a security group that allows SSH in template.security_groups."
        )
    if template.get("image_id"):
        yield from _check_own_image(params, template)
    elif params.get("ami_type") == CUSTOM:
        yield "ami_type: CUSTOM needs an image. Set template.image_id, or choose one of EKS' AMI types."


def _check_own_image(params: Params, template: Params) -> Iterator[str]:
    if not str(template["image_id"]).startswith("ami-"):
        yield f"template.image_id: {template['image_id']!r} is not the ID of an image. Use one that begins with ami-."
    if params.get("ami_type") not in (None, CUSTOM):
        yield (
            f"ami_type: {params['ami_type']} cannot be combined with template.image_id. Omit it: EKS takes the image as CUSTOM."
        )
    for option in ("version", "release_version"):
        if params.get(option):
            yield (
                f"{option}: {params[option]} cannot be combined with template.image_id, because the image decides it."
                f" Omit {option}, and change the image to update the nodes."
            )


def _check_volumes(params: Params, template: Params) -> Iterator[str]:
    volumes = template.get("volumes") or []
    system = get_system(params)
    unnamed = [volume for volume in volumes if not volume.get("device_name")]
    if len(unnamed) > 1 or (unnamed and system is None):
        default = f" Only one may leave it out, {DATA_DEVICES[system]} of the image." if system else ""
        yield f"template.volumes: each volume needs a device_name.{default}"
        return
    names = [volume.get("device_name") or DATA_DEVICES[system] for volume in volumes]
    for name in sorted({name for name in names if names.count(name) > 1}):
        yield f"template.volumes: device {name} is given more than once. Give each volume another device_name."
    for name, volume in zip(names, volumes, strict=True):
        yield from _check_volume(f"template.volumes ({name})", volume)
        size = volume.get("size")
        if system == WINDOWS and name == DATA_DEVICES[WINDOWS] and size is not None and size < LEAST_WINDOWS_VOLUME:
            yield f"template.volumes ({name}): size {size} is not valid for Windows. Use {LEAST_WINDOWS_VOLUME} or more."


def _check_volume(where: str, volume: Params) -> Iterator[str]:
    kind = volume.get("type") or DEFAULT_VOLUME_TYPE
    iops, throughput = volume.get("iops"), volume.get("throughput")
    if volume.get("size") is not None and volume["size"] < 1:
        yield f"{where}: size {volume['size']} is not valid. Use 1 GiB or more."
    if iops is not None and kind not in WITH_IOPS:
        yield f"{where}: iops is not valid for type {kind}. Use one of {', '.join(WITH_IOPS)}."
    if iops is None and kind in NEEDS_IOPS:
        yield f"{where}: type {kind} needs iops. Set it, like 3000."
    if throughput is not None and kind != "gp3":
        yield f"{where}: throughput is not valid for type {kind}. Use gp3."
    elif throughput is not None and not THROUGHPUT[0] <= throughput <= THROUGHPUT[1]:
        yield f"{where}: throughput {throughput} is not valid. Use {THROUGHPUT[0]} to {THROUGHPUT[1]} MiB/s."
    if volume.get("kms_key_id") and volume.get("encrypted") is False:
        yield f"{where}: kms_key_id needs encryption. Omit encrypted, or set it to true."


def _check_metadata(template: Params) -> Iterator[str]:
    hops = (template.get("metadata_options") or {}).get("http_put_response_hop_limit")
    if hops is not None and not HOPS[0] <= hops <= HOPS[1]:
        yield f"template.metadata_options.http_put_response_hop_limit: {hops} is not valid. Use {HOPS[0]} to {HOPS[1]}."


def _check_interfaces(template: Params) -> Iterator[str]:
    count = template.get("efa_interfaces")
    if count is not None and not 1 <= count <= MOST_EFA_INTERFACES:
        yield f"template.efa_interfaces: {count} is not valid. Use 1 to the number of network cards of the instance type."
    for group in template.get("security_groups") or []:
        if not str(group).startswith("sg-"):
            yield f"template.security_groups: {group!r} is not the ID of a security group. Use one that begins with sg-."


def _check_reservation(params: Params, template: Params) -> Iterator[str]:
    reservation = template.get("capacity_reservation") or {}
    if reservation and params.get("capacity_type") == "SPOT":
        yield "template.capacity_reservation: cannot be combined with capacity_type SPOT. Use ON_DEMAND or CAPACITY_BLOCK."
    if reservation.get("preference") == "none" and (reservation.get("id") or reservation.get("resource_group_arn")):
        yield "template.capacity_reservation.preference: none cannot be combined with a reservation. Omit it."


def validate_template_data(data: Params, params: Params) -> list[str]:
    """All problems of a launch template of the user's own with the options of the node group that names it.

    Args:
        data: LaunchTemplateData of the version in use.
    """
    problems = [f"launch_template: it has {what}. Remove it." for key, what in FORBIDDEN_DATA.items() if data.get(key)]
    if any(row.get("SubnetId") for row in data.get("NetworkInterfaces") or []):
        problems.append("launch_template: it names a subnet. Remove it there, and set subnets of the node group.")
    if (data.get("InstanceMarketOptions") or {}).get("MarketType") == "spot":
        problems.append("launch_template: it requests spot instances. Remove that, and set capacity_type SPOT.")
    if data.get("InstanceType") and params.get("instance_types"):
        problems.append("instance_types: the launch template has an instance type. Set one of them.")
    if data.get("ImageId"):
        for option in ("ami_type", "version", "release_version"):
            if params.get(option) and params[option] != CUSTOM:
                problems.append(f"{option}: the launch template has an image, so EKS refuses it. Omit {option}.")
    return problems
