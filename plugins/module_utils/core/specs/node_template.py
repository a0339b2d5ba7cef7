# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The options of a node group's launch template, and what EKS and EC2 accept in them. Pure.

There is no option for what EKS refuses in a template: IAM instance profile, subnets, shutdown and hibernation behavior.
https://docs.aws.amazon.com/eks/latest/userguide/launch-templates.html#launch-template-basics
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
from ansible_collections.kumo.eks.plugins.module_utils.core.fields import drop_none
from ansible_collections.kumo.eks.plugins.module_utils.core.public_keys import ED25519, RSA, read_public_key
from ansible_collections.kumo.eks.plugins.module_utils.core.user_data import build_user_data
from ansible_collections.kumo.eks.plugins.module_utils.core.validation import (
    find_duplicates,
    find_range_problems,
    find_tag_problems,
    parse_network,
)

Spec = dict[str, Any]
Options = dict[str, Any]

VOLUME_TYPES = ["gp2", "gp3", "io1", "io2", "sc1", "st1", "standard"]
ON_OFF = ["enabled", "disabled"]
KEYS = ("key_name", "public_key", "public_key_path")
VPC_SOURCE = "vpc"  # of ssh_sources: the blocks of the cluster's VPC

# https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_LaunchTemplateEbsBlockDeviceRequest.html
WITH_IOPS = ("gp3", "io1", "io2")
NEEDS_IOPS = ("io1", "io2")
DEFAULT_VOLUME_TYPE = "gp3"
THROUGHPUT = (125, 2000)  # MiB/s of a gp3 volume
HOPS = (1, 64)  # MetadataOptions.HttpPutResponseHopLimit
MOST_EFA_INTERFACES = 32
LEAST_WINDOWS_VOLUME = 50  # GiB, the size of the image
# What EKS refuses in a launch template of the user's own: LaunchTemplateSpecification in EKS' model.
FORBIDDEN_DATA = {
    "IamInstanceProfile": "an IAM instance profile, which EKS creates from node_role",
    "HibernationOptions": "hibernation options",
    "InstanceInitiatedShutdownBehavior": "a shutdown behavior",
}


def build_node_template_spec() -> Spec:
    """The suboptions of ``template``."""
    return {
        "volumes": {"type": "list", "elements": "dict", "options": _build_volume_spec()},
        "metadata_options": {"type": "dict", "options": _build_metadata_spec()},
        "tags": {"type": "dict"},
        "security_groups": {"type": "list", "elements": "str"},
        "cluster_security_group": {"type": "bool"},
        "key_name": {"type": "str", "no_log": False},
        "public_key": {"type": "str", "no_log": False},
        "public_key_path": {"type": "path", "no_log": False},
        "ssh_sources": {"type": "list", "elements": "str"},
        "image_id": {"type": "str"},
        "user_data": {"type": "str"},
        "node_config": {"type": "dict"},
        "bottlerocket_settings": {"type": "dict"},
        "efa": {"type": "bool"},
        "efa_interfaces": {"type": "int"},
        "placement": {
            "type": "dict",
            "options": {
                "group_name": {"type": "str"},
                "partition_number": {"type": "int"},
                "tenancy": {"type": "str", "choices": ["default", "dedicated"]},
            },
        },
        "capacity_reservation": {
            "type": "dict",
            "options": {
                "preference": {"type": "str", "choices": ["capacity-reservations-only", "open", "none"]},
                "id": {"type": "str"},
                "resource_group_arn": {"type": "str"},
            },
            "mutually_exclusive": [("id", "resource_group_arn")],
        },
        "monitoring": {"type": "bool"},
        "ebs_optimized": {"type": "bool"},
        "cpu_options": {
            "type": "dict",
            "options": {"core_count": {"type": "int"}, "threads_per_core": {"type": "int"}},
        },
        "cpu_credits": {"type": "str", "choices": ["standard", "unlimited"]},
        "enclave": {"type": "bool"},
    }


def _build_volume_spec() -> Spec:
    return {
        "device_name": {"type": "str"},
        "size": {"type": "int"},
        "type": {"type": "str", "choices": VOLUME_TYPES},
        "iops": {"type": "int"},
        "throughput": {"type": "int"},
        "encrypted": {"type": "bool"},
        "kms_key_id": {"type": "str", "no_log": False},
        "snapshot_id": {"type": "str"},
        "delete_on_termination": {"type": "bool"},
    }


def _build_metadata_spec() -> Spec:
    return {
        "http_tokens": {"type": "str", "choices": ["required", "optional"]},
        "http_put_response_hop_limit": {"type": "int"},
        "http_endpoint": {"type": "str", "choices": ON_OFF},
        "http_protocol_ipv6": {"type": "str", "choices": ON_OFF},
        "instance_metadata_tags": {"type": "str", "choices": ON_OFF},
    }


def find_node_template_problems(options: Options) -> Iterator[str]:
    """What EKS and EC2 refuse of ``template``. ``options`` are those of the whole node group."""
    if options.get("template") is None:
        return
    template = {key: value for key, value in options["template"].items() if value is not None}
    yield from _find_group_problems(options, template)
    yield from _find_volume_problems(options, template)
    yield from _find_metadata_problems(template)
    yield from _find_interface_problems(template)
    yield from _find_efa_problems(options, template)
    yield from _find_ssh_problems(options, template)
    yield from _find_reservation_problems(options, template)
    yield from find_tag_problems(template.get("tags"), "template.tags")
    if template.get("image_id") or options.get("ami_type") != CUSTOM:
        yield from _find_user_data_problems(options, template)


def _find_ssh_problems(options: Options, template: Options) -> Iterator[str]:
    """Who may connect by SSH, in the words of EC2."""
    sources = template.get("ssh_sources") or []
    keys = [name for name in KEYS if template.get(name)]
    if sources and not keys:
        yield "template.ssh_sources: needs template.key_name, the EC2 key pair with which to connect, or template.public_key."
    if len(keys) > 1:
        yield f"template.{keys[1]}: it cannot be combined with template.{keys[0]}. An instance has one key pair."
    yield from _find_key_problems(options, template)
    yield from find_duplicates("template.ssh_sources", sources)
    for source in sources:
        if source != VPC_SOURCE and not source.startswith("sg-") and parse_network(source) is None:
            yield (
                f"template.ssh_sources: {source!r} is not valid. Use a CIDR block, the ID of a security group, or {VPC_SOURCE} for"
                " the blocks of the cluster's VPC."
            )


def _find_key_problems(options: Options, template: Options) -> Iterator[str]:
    if not template.get("public_key"):
        return
    try:
        kind, _content = read_public_key(template["public_key"])
    except ValueError as error:
        yield f"template.public_key: {error}."
        return
    if kind == ED25519 and get_system(options) == WINDOWS:
        yield f"template.public_key: {ED25519} is not supported for Windows instances. Use a key of the type {RSA}."


def _find_user_data_problems(options: Options, template: Options) -> Iterator[str]:
    try:
        build_user_data(template, get_system(options))
    except ValidationError as error:
        yield error.message


def get_system(options: Options) -> str | None:
    """The operating system of the image, None for an image of the user's own."""
    if (options.get("template") or {}).get("image_id"):
        return None
    found = read_ami_type(options.get("ami_type"))
    return found.system if found else None


def _find_group_problems(options: Options, template: Options) -> Iterator[str]:
    """What belongs to either the group or its template."""
    if options.get("disk_size"):
        yield (
            "disk_size: cannot be combined with template, because EKS reads it from the launch template."
            f" Set template.volumes: [{{size: {options['disk_size']}}}]."
        )
    if options.get("remote_access"):
        yield (
            "remote_access: cannot be combined with template, because EKS reads it from the launch template."
            " Set template.key_name and template.ssh_sources."
        )
    if template.get("image_id"):
        yield from _find_own_image_problems(options, template)
    elif options.get("ami_type") == CUSTOM:
        yield "ami_type: CUSTOM needs an image. Set template.image_id, or choose one of EKS' AMI types."


def _find_own_image_problems(options: Options, template: Options) -> Iterator[str]:
    if not str(template["image_id"]).startswith("ami-"):
        yield f"template.image_id: {template['image_id']!r} is not the ID of an image. Use one that begins with ami-."
    if options.get("ami_type") not in (None, CUSTOM):
        yield (
            f"ami_type: {options['ami_type']} cannot be combined with template.image_id. Omit it: EKS takes the image as CUSTOM."
        )
    for option in ("version", "release_version"):
        if options.get(option):
            yield (
                f"{option}: {options[option]} cannot be combined with template.image_id, because the image decides it."
                f" Omit {option}, and change the image to update the nodes."
            )


def _find_volume_problems(options: Options, template: Options) -> Iterator[str]:
    volumes = template.get("volumes") or []
    system = get_system(options)
    unnamed = [volume for volume in volumes if not volume.get("device_name")]
    if len(unnamed) > 1 or (unnamed and system is None):
        default = f" Only one volume can omit it, {DATA_DEVICES[system]} of the image." if system else ""
        yield f"template.volumes: each volume needs a device_name.{default}"
        return
    names = [volume.get("device_name") or DATA_DEVICES[system] for volume in volumes]
    for name in sorted({name for name in names if names.count(name) > 1}):
        yield f"template.volumes: device {name} is given more than once. Give each volume another device_name."
    for name, volume in zip(names, volumes, strict=True):
        yield from _find_one_volume_problems(f"template.volumes ({name})", volume)
        size = volume.get("size")
        if system == WINDOWS and name == DATA_DEVICES[WINDOWS] and size is not None and size < LEAST_WINDOWS_VOLUME:
            yield f"template.volumes ({name}): size {size} is not valid for Windows. Use {LEAST_WINDOWS_VOLUME} or more."


def _find_one_volume_problems(where: str, volume: Options) -> Iterator[str]:
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


def _find_metadata_problems(template: Options) -> Iterator[str]:
    hops = (template.get("metadata_options") or {}).get("http_put_response_hop_limit")
    yield from find_range_problems("template.metadata_options.http_put_response_hop_limit", hops, *HOPS)


def _find_interface_problems(template: Options) -> Iterator[str]:
    count = template.get("efa_interfaces")
    if count is not None and not 1 <= count <= MOST_EFA_INTERFACES:
        yield f"template.efa_interfaces: {count} is not valid. Use 1 to the number of network cards of the instance type."
    for group in template.get("security_groups") or []:
        if not str(group).startswith("sg-"):
            yield f"template.security_groups: {group!r} is not the ID of a security group. Use one that begins with sg-."


def _find_efa_problems(options: Options, template: Options) -> Iterator[str]:
    if not template.get("efa"):
        return
    if template.get("efa_interfaces"):
        yield "template.efa_interfaces: it cannot be combined with template.efa, which counts the network cards. Remove one of them."
    zones = options.get("availability_zones") or []
    if len(zones) > 1:
        yield f"availability_zones: {', '.join(zones)} cannot be combined with template.efa. EFA works in one zone: name one."


def needs_placement_group(template: Options) -> bool:
    """Whether a placement group is made for EFA: none is named, and no reservation, which brings its own.

    https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/cr-cpg.html
    """
    named = (template.get("placement") or {}).get("group_name")
    return not named and not drop_none(template.get("capacity_reservation") or {})


def _find_reservation_problems(options: Options, template: Options) -> Iterator[str]:
    reservation = template.get("capacity_reservation") or {}
    if reservation and options.get("capacity_type") == "SPOT":
        yield "template.capacity_reservation: cannot be combined with capacity_type SPOT. Use ON_DEMAND or CAPACITY_BLOCK."
    if reservation.get("preference") == "none" and (reservation.get("id") or reservation.get("resource_group_arn")):
        yield "template.capacity_reservation.preference: none cannot be combined with a reservation. Omit it."


def find_template_data_problems(data: Options, options: Options) -> Iterator[str]:
    """What EKS refuses of a launch template of the user's own, beside the options of the node group that names it.

    Args:
        data: LaunchTemplateData of the version that is named.
    """
    for key, what in FORBIDDEN_DATA.items():
        if data.get(key):
            yield f"launch_template: it has {what}. EKS does not accept that. Remove it from the launch template."
    if any(row.get("SubnetId") for row in data.get("NetworkInterfaces") or []):
        yield "launch_template: it names a subnet. Remove it from the launch template, and use subnets of the node group."
    if (data.get("InstanceMarketOptions") or {}).get("MarketType") == "spot":
        yield "launch_template: it requests Spot Instances. Remove that, and use capacity_type SPOT of the node group."
    if data.get("InstanceType") and options.get("instance_types"):
        yield "instance_types: the launch template names an instance type, too. EKS accepts only one of the two."
    for option in ("ami_type", "version", "release_version") if data.get("ImageId") else ():
        if options.get(option) and options[option] != CUSTOM:
            yield f"{option}: EKS does not accept it with a launch template that names an image. Remove the option."
