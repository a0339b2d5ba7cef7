# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Chooses the instance types of a new group of nodes from what EC2 offers where its nodes are."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.aws.lookups import (
    describe_all_pages,
    describe_by_filter,
    describe_subnets,
)
from ansible_collections.kumo.eks.plugins.module_utils.core.counts import format_count
from ansible_collections.kumo.eks.plugins.module_utils.core.errors import ValidationError
from ansible_collections.kumo.eks.plugins.module_utils.core.specs.instance_selector import (
    DEFAULT_ARCHITECTURE,
    find_instance_selector_problems,
    get_given,
    select_instance_types,
)
from ansible_collections.kumo.eks.plugins.module_utils.core.specs.node_image import MOST_INSTANCE_TYPES
from ansible_collections.kumo.eks.plugins.module_utils.core.specs.placement import drop_planned_ids
from ansible_collections.kumo.eks.plugins.module_utils.core.validation import raise_problems

Item = dict[str, Any]


@dataclass
class InstanceSelection:
    """Answers ``instance_selector`` of the groups of one task.

    Args:
        ec2: makes boto3's client.
    """

    ec2: Callable[[], Any]
    _offered: dict[frozenset[str], set[str]] = field(default_factory=dict)

    def resolve(self, item: Item, exists: bool) -> Item:
        """The group with the instance types that its selector fits. A group that exists keeps its own, whatever EC2 offers by now."""
        if item.get("instance_selector") is None:
            return item
        raise_problems(find_instance_selector_problems(item))
        kept = {name: value for name, value in item.items() if name != "instance_selector"}
        return kept if exists else {**kept, "instance_types": self._select(item)}

    def _select(self, item: Item) -> list[str]:
        selector = get_given(item["instance_selector"])
        offered = self._list_offered(item.get("subnets") or [])
        architecture = selector.get("cpu_architecture", DEFAULT_ARCHITECTURE)
        filters = [{"Name": "processor-info.supported-architecture", "Values": [architecture]}]
        if "vcpus" in selector:
            filters.append({"Name": "vcpu-info.default-vcpus", "Values": [str(selector["vcpus"])]})
        rows = describe_all_pages(self.ec2(), "describe_instance_types", "InstanceTypes", Filters=filters)
        found = select_instance_types([row for row in rows if row["InstanceType"] in offered], selector)
        said = ", ".join(f"{name} {value}" for name, value in selector.items())
        if not found:
            raise ValidationError(
                f"instance_selector: no instance type fits {said} that is offered in all zones of the subnets. Use other values."
            )
        if len(found) > MOST_INSTANCE_TYPES:
            raise ValidationError(
                f"instance_selector: {format_count(len(found), 'instance type', 'fits', 'fit')} {said}, and a group can have"
                f" {MOST_INSTANCE_TYPES}. Narrow it with allow or deny. They are {', '.join(found)}."
            )
        return found

    def _list_offered(self, subnets: Iterable[str]) -> set[str]:
        """The types that each zone of the subnets has; those of the region where the subnets are yet to come."""
        known = drop_planned_ids(list(subnets))
        zones = (
            frozenset(row["AvailabilityZone"] for row in describe_subnets(self.ec2(), known)) if known else frozenset()
        )
        if zones not in self._offered:
            self._offered[zones] = self._look(zones)
        return self._offered[zones]

    def _look(self, zones: frozenset[str]) -> set[str]:
        operation, key = "describe_instance_type_offerings", "InstanceTypeOfferings"
        if not zones:
            rows = describe_all_pages(self.ec2(), operation, key, LocationType="region")
            return {row["InstanceType"] for row in rows}
        rows = describe_by_filter(self.ec2(), operation, key, "location", zones, LocationType="availability-zone")
        places: dict[str, set[str]] = {}
        for row in rows:
            places.setdefault(row["InstanceType"], set()).add(row["Location"])
        return {name for name, there in places.items() if there == zones}
