"""What keeps EC2 from launching instances by a launch template: its placement group, and its EFA interfaces.

https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/placement-groups.html, https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/efa.html
"""

from __future__ import annotations

from typing import Any

from kumo_sandbox.principals import ACCOUNT

Row = dict[str, Any]


def list_groups(backend: Any) -> dict[str, Row]:
    """The placement groups of a region by name; moto's reset forgets them with the backend."""
    return backend.__dict__.setdefault("_kumo_placement_groups", {})


def find_launch_problem(region: str, data: Row, types: list[str], zones: set[str]) -> str | None:
    """Why EC2 launches no instance, or not all of them, by the data of a launch template; None where it does.

    Args:
        types: the instance types that are asked for.
        zones: the Availability Zones of the subnets.
    """
    from moto.ec2.models import ec2_backends
    from moto.ec2.models.instance_types import INSTANCE_TYPES

    name = (data.get("Placement") or {}).get("GroupName")
    group = list_groups(ec2_backends[ACCOUNT][region]).get(name or "")
    if name and group is None:
        return f"The Placement Group '{name}' is unknown."
    # "A cluster placement group can't span multiple Availability Zones."
    if group and group["Strategy"] == "cluster" and len(zones) > 1:
        return f"The placement group {name} is in one Availability Zone, and instances are asked for in {', '.join(sorted(zones))}."
    cards = [row for row in data.get("NetworkInterfaces") or [] if row.get("InterfaceType") == "efa"]
    for one in types if cards else ():
        network = (INSTANCE_TYPES.get(one) or {}).get("NetworkInfo") or {}
        if not network.get("EfaSupported"):
            return f"EFA interfaces are not supported on {one}"
        most = (network.get("EfaInfo") or {}).get("MaximumEfaInterfaces") or 1
        if len(cards) > most:
            return f"The number of EFA interfaces exceeds the limit for {one}: {most}"
    return None
