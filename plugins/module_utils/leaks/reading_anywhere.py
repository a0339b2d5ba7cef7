# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What IAM Roles Anywhere has of clusters. Its lists have no tags, and its names are no keys, so the tags of each row are read."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.aws.client import has_code
from ansible_collections.kumo.eks.plugins.module_utils.core.concurrency import MAX_CONCURRENCY
from ansible_collections.kumo.eks.plugins.module_utils.leaks.claims import Thing

Row = dict[str, Any]


@dataclass(frozen=True)
class AnywhereKind:
    """A kind of IAM Roles Anywhere.

    Args:
        operation: of boto3's client, and of its paginator; key, of the list in its answer.
        id, arn: members of a row.
    """

    operation: str
    key: str
    id: str
    arn: str


KINDS = {
    "trust_anchor": AnywhereKind("list_trust_anchors", "trustAnchors", "trustAnchorId", "trustAnchorArn"),
    "roles_anywhere_profile": AnywhereKind("list_profiles", "profiles", "profileId", "profileArn"),
}


class AnywhereReader:
    """Reads IAM Roles Anywhere in one region."""

    def __init__(self, get_client: Callable[[str], Any]) -> None:
        self._get_client = get_client

    @property
    def _client(self) -> Any:
        return self._get_client("rolesanywhere")

    def read(self, kind: str) -> Iterator[Thing]:
        """The trust anchors, or the profiles, of the region with their tags."""
        how = KINDS[kind]
        rows = [row for page in self._client.get_paginator(how.operation).paginate() for row in page[how.key]]
        with ThreadPoolExecutor(max_workers=MAX_CONCURRENCY) as pool:
            tags = list(pool.map(self._read_tags, [row[how.arn] for row in rows]))
        for row, found in zip(rows, tags, strict=True):
            yield Thing(kind, row[how.id], row["name"], found, {"arn": row[how.arn]})

    def _read_tags(self, arn: str) -> dict[str, str]:
        try:
            rows = self._client.list_tags_for_resource(resourceArn=arn)["tags"]
        except Exception as error:
            if has_code(error, "ResourceNotFoundException"):  # deleted since it was listed
                return {}
            raise
        return {tag["key"]: tag["value"] for tag in rows}
