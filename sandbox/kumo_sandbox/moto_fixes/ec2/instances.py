"""Instances take their network interface along when they go, which moto's leave in the VPC, have volumes of every type, and get no
instance profile that EC2 does not know yet.
"""

from __future__ import annotations

from typing import Any

from moto.ec2.models.elastic_block_store import IOPS_REQUIRED_VOLUME_TYPES
from moto.ec2.models.instances import Instance
from moto.ec2.responses.instances import InstanceResponse
from moto.iam.exceptions import NotFoundException

from kumo_sandbox.moto_fixes.hooks import Method, around, before, refuse
from kumo_sandbox.moto_fixes.runtime import runtime
from kumo_sandbox.principals import get_iam_backend

# The root device of the images of EKS, and the one that moto gives each instance
ROOT, DEFAULT_ROOT = "/dev/xvda", "/dev/sda1"
# The devices of the images of EKS, and what a volume has whose mapping leaves the size to the image's snapshot
OF_IMAGES, IMAGE_SIZE = (ROOT, "/dev/xvdb", "/dev/sda1"), 20


@before(Instance, "terminate")
def take_interfaces_along(instance: Any, *args: Any, **options: Any) -> None:
    """Let an instance's primary network interface be deleted with the instance, which is EC2's default.

    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_InstanceNetworkInterfaceSpecification.html
    """
    for interface in instance.nics.values():
        if interface.description == "Primary network interface":
            interface.delete_on_termination = True


@before(InstanceResponse, "run_instances")
def check_profile(response: Any) -> None:
    """Texts: https://github.com/hashicorp/terraform-provider-aws/blob/main/internal/service/ec2/ec2_instance.go, which asks again for them."""
    for key, word in (("Name", "name"), ("Arn", "ARN")):
        given = response._get_param(f"IamInstanceProfile.{key}")
        if not given:
            continue
        iam, now = get_iam_backend(response.partition), runtime.now()
        try:
            profile = iam.get_instance_profile(given.rpartition("/")[2])
        except NotFoundException:
            profile = None
        if profile is None or now < getattr(profile, "known_at", 0.0):
            refuse(
                "InvalidParameterValue",
                f"Value ({given}) for parameter iamInstanceProfile.{key.lower()} is invalid. Invalid IAM Instance Profile {word}",
            )
        if not profile.roles or now < getattr(profile, "role_known_at", 0.0):
            refuse("InvalidParameterValue", f'IAM Instance Profile "{profile.arn}" has no associated IAM Roles')


@around(Instance, "add_block_device")
def attach(original: Method, instance: Any, *args: Any, volume_type: str | None = None) -> None:
    """A volume with provisioned IOPS, too: moto forgets the mapping's IOPS, and then refuses the volume without them.

    A mapping of the root device is the root volume, beside which moto makes another one. One of a device of the image need not say a size.
    https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/block-device-mapping-concepts.html
    """
    if not args[0] and not args[2] and args[1] in OF_IMAGES:
        args = (IMAGE_SIZE, *args[1:])
    if args[1] == ROOT:
        _drop_default_root(instance)
    if volume_type not in IOPS_REQUIRED_VOLUME_TYPES:
        original(instance, *args, volume_type=volume_type)
        return
    others = set(instance.block_device_mapping)
    original(instance, *args, volume_type="gp3")
    for device in set(instance.block_device_mapping) - others:
        volume_id = instance.block_device_mapping[device].volume_id
        instance.ec2_backend.volumes[volume_id].volume_type = volume_type


def _drop_default_root(instance: Any) -> None:
    device = instance.block_device_mapping.get(DEFAULT_ROOT)
    if device:
        instance.ec2_backend.detach_volume(device.volume_id, instance.id, DEFAULT_ROOT)
        instance.ec2_backend.delete_volume(device.volume_id)
