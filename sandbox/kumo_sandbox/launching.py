"""What keeps EC2 from launching instances by a launch template: its placement group, its EFA interfaces, and the Outpost.

https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/placement-groups.html, https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/efa.html
"""

from __future__ import annotations

from typing import Any

from kumo_sandbox.principals import ACCOUNT

Row = dict[str, Any]
# What a rack of AWS Outposts in the sandbox has, and its vCPUs; a real one has what was ordered
OUTPOST_TYPES = {
    **{"c5.large": 2, "c5.xlarge": 4, "m5.large": 2, "m5.xlarge": 4, "m5d.large": 2},
    **{"r5.large": 2, "r5.2xlarge": 8},
}


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


def find_outpost_problem(data: Row, types: list[str], is_spot: bool) -> str | None:
    """Why an Outpost launches nothing by the data of a launch template; None where it does. The words are assumed.

    Instance types are those that were ordered, volumes of the first generation are gp2, and there are no Spot Instances:
    https://docs.aws.amazon.com/eks/latest/userguide/eks-outposts.html, https://github.com/eksctl-io/eksctl/issues/3441
    """
    unknown = [name for name in types if name not in OUTPOST_TYPES]
    if unknown:
        return f"The requested instance type {unknown[0]} is not supported on the Outpost."
    if is_spot:
        return "Spot Instances are not supported on Outposts."
    kinds = [(row.get("Ebs") or {}).get("VolumeType") or "gp2" for row in data.get("BlockDeviceMappings") or []]
    other = [kind for kind in kinds if kind != "gp2"]
    return f"The volume type {other[0]} is not supported on the Outpost." if other else None
