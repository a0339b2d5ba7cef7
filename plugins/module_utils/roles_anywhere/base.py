# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What trust anchors and profiles of IAM Roles Anywhere have alike: they are found by name and mark, since a name is no key.

Sources: ListTrustAnchors, ListProfiles, ListTagsForResource, TagResource, UntagResource, EnableTrustAnchor, EnableProfile.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.aws.client import has_code
from ansible_collections.kumo.eks.plugins.module_utils.aws.ownership import OWNED
from ansible_collections.kumo.eks.plugins.module_utils.aws.tags import drop_reserved_tags, keep_current_tags
from ansible_collections.kumo.eks.plugins.module_utils.core.fields import Change
from ansible_collections.kumo.eks.plugins.module_utils.core.resource import Request, Resource

Row = dict[str, Any]


class AnywhereResource(Resource):
    """One trust anchor or profile that this collection made for a cluster.

    Args:
        client: boto3's client of IAM Roles Anywhere.
        owner: key of the tag that a creation sets. What lacks it is somebody else's, and left alone.
    """

    word = ""  # of the API's members and operations: "trustAnchor", "profile"

    def __init__(self, client: Any, name: str, owner: str) -> None:
        self.client, self.name, self.owner = client, name, owner

    def list_rows(self) -> Iterator[Row]:
        """All of this kind in the region, in the API's shape."""
        raise NotImplementedError

    def read(self, row: Row) -> Row:
        """A row as the fields read it."""
        return {**row, "status": "ACTIVE"}

    def list_own(self) -> list[Row]:
        """Those of this name that carry the mark, the oldest first. Two runs at once may have made two."""
        named = [row for row in self.list_rows() if row["name"] == self.name]
        tagged = [{**row, "tags": self._read_tags(row)} for row in named]
        return sorted((row for row in tagged if self.owner in row["tags"]), key=lambda row: str(row.get("createdAt")))

    def _read_tags(self, row: Row) -> dict[str, str]:
        try:
            rows = self.client.list_tags_for_resource(resourceArn=row[f"{self.word}Arn"])["tags"]
        except Exception as error:
            if self.is_missing(error):  # deleted since it was listed
                return {}
            raise
        return {tag["key"]: tag["value"] for tag in rows}

    def describe(self) -> Row | None:
        own = self.list_own()
        return self.read(own[0]) if own else None

    def adjust(self, raw: Row, desired: Row) -> Row:
        return keep_current_tags(desired, raw)

    def build_tags(self, desired: Row) -> dict[str, str]:
        """Those that a creation sets."""
        return {**drop_reserved_tags(desired.get("tags")), self.owner: OWNED}

    def requests(self, raw: Row, changes: list[Change], desired: Row) -> list[Request]:
        groups = dict.fromkeys(change.field.group for change in changes)
        send = {
            "settings": lambda: self.update(raw, changes, desired),
            "enabled": lambda: self.enable(raw[f"{self.word}Id"]),
            "tags": lambda: self._set_tags(raw, drop_reserved_tags(desired["tags"])),
        }
        names = {"settings": "Update", "enabled": "Enable", "tags": "Tag"}
        return [Request(f"{names[group]} {self.kind}", send[group]) for group in groups]

    def update(self, raw: Row, changes: list[Change], desired: Row) -> None:
        """Send what differs of its settings."""
        raise NotImplementedError

    def enable(self, key: str) -> None:
        """Switch it on again."""
        raise NotImplementedError

    def delete_row(self, key: str) -> None:
        """Delete one by its ID."""
        raise NotImplementedError

    def _set_tags(self, raw: Row, wanted: dict[str, str]) -> None:
        now, arn = drop_reserved_tags(raw["tags"]), raw[f"{self.word}Arn"]
        gone = sorted(set(now) - set(wanted))
        new = build_tag_rows({key: value for key, value in sorted(wanted.items()) if now.get(key) != value})
        if gone:
            self.client.untag_resource(resourceArn=arn, tagKeys=gone)
        if new:
            self.client.tag_resource(resourceArn=arn, tags=new)

    def delete(self) -> None:
        """All that were made for the cluster."""
        for row in self.list_own():
            self.delete_row(row[f"{self.word}Id"])

    def is_missing(self, error: Exception) -> bool:
        return has_code(error, "ResourceNotFoundException")


def build_tag_rows(tags: dict[str, str]) -> list[dict[str, str]]:
    """Tags as this API has them."""
    return [{"key": key, "value": value} for key, value in tags.items()]
