# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The security group that lets SSH connections reach the nodes of one node group.

Sources: CreateSecurityGroup, AuthorizeSecurityGroupIngress, RevokeSecurityGroupIngress, DescribeSecurityGroups, DeleteSecurityGroup.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.aws.client import has_code
from ansible_collections.kumo.eks.plugins.module_utils.aws.iam_tags import build_tag_list, read_tag_list
from ansible_collections.kumo.eks.plugins.module_utils.core.errors import ValidationError
from ansible_collections.kumo.eks.plugins.module_utils.core.fields import Change, Field
from ansible_collections.kumo.eks.plugins.module_utils.core.resource import Request, Resource
from ansible_collections.kumo.eks.plugins.module_utils.core.waiting import Deadline
from ansible_collections.kumo.eks.plugins.module_utils.ec2.base import delete_when_free

Row = dict[str, Any]
PORT = 22
DELETION_TIMEOUT = 600  # seconds: the interfaces of instances that were just terminated still use the group
# Where IpPermissions has the sources of each kind, and what a source is called there.
KINDS = (("IpRanges", "CidrIp"), ("Ipv6Ranges", "CidrIpv6"), ("UserIdGroupPairs", "GroupId"))

FIELDS = (Field("sources", "sources", "ingress", lambda value: sorted(set(value or []))),)


class SshGroupResource(Resource):
    """A security group whose rules allow SSH; rules of others in it are left alone.

    Args:
        vpc_id: where a new group is created; None where it is only looked for.
        marks: tags that the creation sets.
        owner: the key of the one that has to be there, or the group is somebody else's.
    """

    kind = "security group"
    fields = FIELDS

    def __init__(self, ec2: Any, name: str, vpc_id: str | None, marks: dict[str, str], owner: str) -> None:
        self.ec2, self.name, self.vpc_id, self.marks, self.owner = ec2, name, vpc_id, marks, owner

    def describe(self) -> Row | None:
        filters = {"group-name": self.name, **({"vpc-id": self.vpc_id} if self.vpc_id else {"tag-key": self.owner})}
        wanted = [{"Name": name, "Values": [value]} for name, value in filters.items()]
        pages = self.ec2.get_paginator("describe_security_groups").paginate(Filters=wanted)
        rows = pages.build_full_result()["SecurityGroups"]
        return _read(rows[0]) if rows else None

    def adjust(self, raw: Row, desired: Row) -> Row:
        if self.owner not in raw["tags"]:
            raise ValidationError(
                f"template.ssh_sources: security group {self.name} exists and was not created by kumo.eks for this cluster (it has"
                f" no tag {self.owner}). Delete it, or name it in template.security_groups instead of using ssh_sources."
            )
        return desired

    def create(self, desired: Row) -> Row:
        tags = {"Name": self.name, **self.marks}
        answer = self.ec2.create_security_group(
            GroupName=self.name,
            Description="SSH to nodes",
            VpcId=self.vpc_id,
            TagSpecifications=[{"ResourceType": "security-group", "Tags": build_tag_list(tags)}],
        )
        self._authorize(answer["GroupId"], desired["sources"])
        return {**self.predict(desired), "id": answer["GroupId"]}

    def predict(self, desired: Row) -> Row:
        return {"status": "ACTIVE", "id": None, "sources": desired["sources"], "tags": dict(self.marks)}

    def requests(self, raw: Row, changes: list[Change], desired: Row) -> list[Request]:
        now, wanted = set(raw["sources"]), set(desired["sources"])
        new, gone = wanted - now, now - wanted
        found = []
        if new:
            found.append(Request("AuthorizeSecurityGroupIngress", lambda: self._authorize(raw["id"], new)))
        if gone:
            found.append(Request("RevokeSecurityGroupIngress", lambda: self._revoke(raw["id"], gone)))
        return found

    def _authorize(self, group_id: str, sources: Iterable[str]) -> None:
        if permissions := build_permissions(sources):
            self.ec2.authorize_security_group_ingress(GroupId=group_id, IpPermissions=permissions)

    def _revoke(self, group_id: str, sources: Iterable[str]) -> None:
        self.ec2.revoke_security_group_ingress(GroupId=group_id, IpPermissions=build_permissions(sources))

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


def build_permissions(sources: Iterable[str]) -> list[Row]:
    """IpPermissions that let the sources reach the port: CIDR blocks, or security groups by their IDs."""
    rows: Row = {}
    for source in sorted(sources):
        kind, key = KINDS[2] if source.startswith("sg-") else KINDS[1 if ":" in source else 0]
        rows.setdefault(kind, []).append({key: source})
    return [{"IpProtocol": "tcp", "FromPort": PORT, "ToPort": PORT, **rows}] if rows else []


def read_sources(row: Row) -> list[str]:
    """The sources that the rules of a security group let connect by SSH."""
    found = [
        source[key]
        for permission in row["IpPermissions"]
        if (permission.get("IpProtocol"), permission.get("FromPort"), permission.get("ToPort")) == ("tcp", PORT, PORT)
        for kind, key in KINDS
        for source in permission.get(kind) or []
    ]
    return sorted(found)


def _read(row: Row) -> Row:
    return {
        "status": "ACTIVE",
        "id": row["GroupId"],
        "sources": read_sources(row),
        "tags": read_tag_list(row.get("Tags")),
    }
