"""Instances take their network interface along when they go, which moto's leave in the VPC, and have volumes of every type."""

from __future__ import annotations

from typing import Any

from moto.ec2.models.elastic_block_store import IOPS_REQUIRED_VOLUME_TYPES
from moto.ec2.models.instances import Instance

from kumo_sandbox.moto_fixes.hooks import Method, around, before


@before(Instance, "terminate")
def take_interfaces_along(instance: Any, *args: Any, **options: Any) -> None:
    """Let an instance's primary network interface be deleted with the instance, which is EC2's default.

    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_InstanceNetworkInterfaceSpecification.html
    """
    for interface in instance.nics.values():
        if interface.description == "Primary network interface":
            interface.delete_on_termination = True


@around(Instance, "add_block_device")
def attach(original: Method, instance: Any, *args: Any, volume_type: str | None = None) -> None:
    """A volume with provisioned IOPS, too: moto forgets the mapping's IOPS, and then refuses the volume without them."""
    if volume_type not in IOPS_REQUIRED_VOLUME_TYPES:
        original(instance, *args, volume_type=volume_type)
        return
    others = set(instance.block_device_mapping)
    original(instance, *args, volume_type="gp3")
    for device in set(instance.block_device_mapping) - others:
        volume_id = instance.block_device_mapping[device].volume_id
        instance.ec2_backend.volumes[volume_id].volume_type = volume_type
