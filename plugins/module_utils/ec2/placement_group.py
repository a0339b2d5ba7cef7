# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A placement group that keeps the nodes of one group close together.

Sources: CreatePlacementGroup, DescribePlacementGroups, DeletePlacementGroup.
"""

from __future__ import annotations

from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.aws.client import has_code
from ansible_collections.kumo.eks.plugins.module_utils.aws.iam_tags import build_tag_list, read_tag_list
from ansible_collections.kumo.eks.plugins.module_utils.core.errors import NotOwned
from ansible_collections.kumo.eks.plugins.module_utils.core.fields import Change, Field
from ansible_collections.kumo.eks.plugins.module_utils.core.resource import Request, Resource
from ansible_collections.kumo.eks.plugins.module_utils.core.waiting import Deadline
from ansible_collections.kumo.eks.plugins.module_utils.ec2.base import delete_when_free

Row = dict[str, Any]
CLUSTER = "cluster"  # the strategy that packs instances close together in one Availability Zone
GOING = ("deleting", "deleted")
DELETION_TIMEOUT = 600  # seconds: instances that are shutting down are still in the group


class PlacementGroupResource(Resource):
    """A placement group by its name, with the strategy cluster. It cannot be changed.

    Args:
        marks: tags that the creation sets.
        owner: the key of the one that has to be there, or the group is somebody else's.
    """

    kind = "placement group"
    fields = (Field("name", "name", None),)

    def __init__(self, ec2: Any, name: str, marks: dict[str, str], owner: str) -> None:
        self.ec2, self.name, self.marks, self.owner = ec2, name, marks, owner

    def describe(self) -> Row | None:
        wanted = [{"Name": "group-name", "Values": [self.name]}]
        rows = self.ec2.describe_placement_groups(Filters=wanted)["PlacementGroups"]
        there = [row for row in rows if row["State"] not in GOING]
        return {"status": "ACTIVE", "name": self.name, "tags": read_tag_list(there[0].get("Tags"))} if there else None

    def adjust(self, raw: Row, desired: Row) -> Row:
        if self.owner not in raw["tags"]:
            raise NotOwned(
                f"template.efa: placement group {self.name} exists and was not created by kumo.eks for this cluster (it has no tag"
                f" {self.owner}). Delete it, or name it in template.placement.group_name."
            )
        return desired

    def create(self, desired: Row) -> Row:
        self.ec2.create_placement_group(
            GroupName=self.name,
            Strategy=CLUSTER,
            TagSpecifications=[{"ResourceType": "placement-group", "Tags": build_tag_list(self.marks)}],
        )
        return self.predict(desired)

    def predict(self, desired: Row) -> Row:
        return {"status": "ACTIVE", "name": self.name, "tags": dict(self.marks)}

    def requests(self, raw: Row, changes: list[Change], desired: Row) -> list[Request]:
        return []

    def delete(self) -> None:
        delete_when_free(
            lambda: self.ec2.delete_placement_group(GroupName=self.name), self.name, Deadline(DELETION_TIMEOUT)
        )

    def already_exists(self, error: Exception) -> bool:
        return has_code(error, "InvalidPlacementGroup.Duplicate")

    def is_missing(self, error: Exception) -> bool:
        return has_code(error, "InvalidPlacementGroup.Unknown")
