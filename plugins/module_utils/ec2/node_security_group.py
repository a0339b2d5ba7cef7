# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A security group that is made for one group of nodes, by its name. What its rules say is a subclass' business.

Sources: CreateSecurityGroup, DescribeSecurityGroups, DeleteSecurityGroup.
"""

from __future__ import annotations

from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.aws.client import has_code
from ansible_collections.kumo.eks.plugins.module_utils.aws.iam_tags import build_tag_list, read_tag_list
from ansible_collections.kumo.eks.plugins.module_utils.core.errors import NotOwned
from ansible_collections.kumo.eks.plugins.module_utils.core.resource import Resource
from ansible_collections.kumo.eks.plugins.module_utils.core.waiting import Deadline
from ansible_collections.kumo.eks.plugins.module_utils.ec2.base import delete_when_free

Row = dict[str, Any]
DELETION_TIMEOUT = 600  # seconds: the interfaces of instances that were just terminated still use the group


class NodeSecurityGroup(Resource):
    """A security group of the nodes of one group; rules of others in it are left alone.

    Args:
        vpc_id: where a new group is created; None where it is only looked for.
        marks: tags that the creation sets.
        owner: the key of the one that has to be there, or the group is somebody else's.
    """

    kind = "security group"
    option: str  # that asks for the group
    description: str
    rules: str  # where the state has what the rules say

    def __init__(self, ec2: Any, name: str, vpc_id: str | None, marks: dict[str, str], owner: str) -> None:
        self.ec2, self.name, self.vpc_id, self.marks, self.owner = ec2, name, vpc_id, marks, owner

    def read_rules(self, row: Row) -> Any:
        """What the rules of an answer of DescribeSecurityGroups say."""
        raise NotImplementedError

    def authorize(self, group_id: str, rules: Any) -> None:
        """Add rules."""
        raise NotImplementedError

    def describe(self) -> Row | None:
        filters = {"group-name": self.name, **({"vpc-id": self.vpc_id} if self.vpc_id else {"tag-key": self.owner})}
        wanted = [{"Name": name, "Values": [value]} for name, value in filters.items()]
        pages = self.ec2.get_paginator("describe_security_groups").paginate(Filters=wanted)
        rows = pages.build_full_result()["SecurityGroups"]
        return self._read(rows[0]) if rows else None

    def _read(self, row: Row) -> Row:
        return {
            "status": "ACTIVE",
            "id": row["GroupId"],
            self.rules: self.read_rules(row),
            "tags": read_tag_list(row.get("Tags")),
        }

    def adjust(self, raw: Row, desired: Row) -> Row:
        if self.owner not in raw["tags"]:
            raise NotOwned(
                f"{self.option}: security group {self.name} exists and was not created by kumo.eks for this cluster (it has"
                f" no tag {self.owner}). Delete it, or name it in template.security_groups instead of using"
                f" {self.option.rpartition('.')[2]}."
            )
        return desired

    def create(self, desired: Row) -> Row:
        tags = {"Name": self.name, **self.marks}
        answer = self.ec2.create_security_group(
            GroupName=self.name,
            Description=self.description,
            VpcId=self.vpc_id,
            TagSpecifications=[{"ResourceType": "security-group", "Tags": build_tag_list(tags)}],
        )
        self.authorize(answer["GroupId"], desired[self.rules])
        return {**self.predict(desired), "id": answer["GroupId"]}

    def predict(self, desired: Row) -> Row:
        return {"status": "ACTIVE", "id": None, self.rules: desired[self.rules], "tags": dict(self.marks)}

    def delete(self) -> None:
        raw = self.describe()
        if raw:
            delete_when_free(
                lambda: self.ec2.delete_security_group(GroupId=raw["id"]), self.name, Deadline(DELETION_TIMEOUT)
            )

    def already_exists(self, error: Exception) -> bool:
        return has_code(error, "InvalidGroup.Duplicate")

    def is_missing(self, error: Exception) -> bool:
        return has_code(error, "InvalidGroup.NotFound")
