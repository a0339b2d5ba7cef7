"""Instances take their network interface along when they go, as EC2's do: moto's leave it in the VPC."""

from __future__ import annotations

from typing import Any


def take_interfaces_along() -> None:
    """Let an instance's primary network interface be deleted with the instance, which is EC2's default.

    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_InstanceNetworkInterfaceSpecification.html
    """
    from moto.ec2.models.instances import Instance

    if hasattr(Instance, "_takes_interfaces_along"):
        return
    terminate = Instance.terminate

    def terminate_with_interfaces(instance: Instance) -> Any:
        for interface in instance.nics.values():
            if interface.description == "Primary network interface":
                interface.delete_on_termination = True
        return terminate(instance)

    Instance._takes_interfaces_along = True
    Instance.terminate = terminate_with_interfaces
