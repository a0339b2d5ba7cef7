"""Instances take their network interface along when they go, as EC2's do: moto's leave it in the VPC."""

from __future__ import annotations

from typing import Any

from moto.ec2.models.instances import Instance

from kumo_sandbox.moto_fixes.hooks import before


@before(Instance, "terminate")
def take_interfaces_along(instance: Any, *args: Any, **options: Any) -> None:
    """Let an instance's primary network interface be deleted with the instance, which is EC2's default.

    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_InstanceNetworkInterfaceSpecification.html
    """
    for interface in instance.nics.values():
        if interface.description == "Primary network interface":
            interface.delete_on_termination = True
