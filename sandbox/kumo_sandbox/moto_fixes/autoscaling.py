"""Auto Scaling groups spread their instances over the zones of their subnets: moto puts them all into the first subnet.

https://docs.aws.amazon.com/autoscaling/ec2/userguide/auto-scaling-benefits.html (balancing over Availability Zones)
"""

from __future__ import annotations

import copy
from collections import Counter
from typing import Any

from moto.autoscaling.models import FakeAutoScalingGroup

from kumo_sandbox.moto_fixes.hooks import Method, around

OF_EKS = "eks:nodegroup-name"  # a tag of the groups behind managed node groups, whose time EKS' own operations take


def is_of_eks(group: Any) -> bool:
    return any(tag["Key"] == OF_EKS for tag in group.tags)


@around(FakeAutoScalingGroup, "set_desired_capacity")
def end_in_order(original: Method, group: Any, new_capacity: int | None) -> None:
    group.instance_states[:] = sort_for_removal(group.instance_states)  # moto ends the first ones
    original(group, new_capacity)


@around(FakeAutoScalingGroup, "replace_autoscaling_group_instances")
def launch(original: Method, group: Any, count: int, tags: dict[str, str]) -> None:
    """Each subnet's share of the new instances, by moto's own launch."""
    names = [name for name in (group.vpc_zone_identifier or "").split(",") if name]
    if not names:
        original(group, count, tags)
        return
    subnets = group.autoscaling_backend.ec2_backend.describe_subnets(subnet_ids=names)
    zones = {subnet.id: subnet.availability_zone for subnet in subnets}
    running = [state.instance.subnet_id for state in group.instance_states if is_standing(state)]
    for subnet, share in split_shares({name: zones[name] for name in names}, running, count).items():
        part = copy.copy(group)  # shares the list of instances with the group
        part.vpc_zone_identifier = subnet
        original(part, share, dict(tags))
    for state in group.instance_states:
        state.instance.autoscaling_group = group


def is_standing(state: Any) -> bool:
    """Whether the instance counts for the group's capacity: it is there, or comes."""
    return state.lifecycle_state in ("Pending", "InService")


def split_shares(zones: dict[str, str], running: list[str], count: int) -> dict[str, int]:
    """How many new instances each subnet gets: each goes to the emptiest zone, there to the emptiest subnet.

    Args:
        zones: subnet id -> its zone, in the group's order.
        running: the subnet of each instance that runs already.
    """
    in_subnet = Counter({subnet: running.count(subnet) for subnet in zones})
    given: Counter[str] = Counter()
    for _each in range(count):
        in_zone: Counter[str] = Counter()
        for subnet, zone in zones.items():
            in_zone[zone] += in_subnet[subnet]
        chosen = min(zones, key=lambda subnet: (in_zone[zones[subnet]], in_subnet[subnet]))
        in_subnet[chosen] += 1
        given[chosen] += 1
    return dict(given)


def sort_for_removal(states: list[Any]) -> list[Any]:
    """A group's instances in the order in which it ends them: the fullest zone first, there the oldest."""
    left, ordered = list(states), []
    while left:
        full = Counter(state.instance.placement.zone for state in left)
        chosen = max(left, key=lambda state: full[state.instance.placement.zone])
        left.remove(chosen)
        ordered.append(chosen)
    return ordered
