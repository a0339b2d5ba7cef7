# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An EC2 key pair whose public key was imported for one group of nodes. Sources: ImportKeyPair, DescribeKeyPairs, DeleteKeyPair.

A key pair cannot be changed. Its name has the digest of the key, so that another key is another key pair.
"""

from __future__ import annotations

from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.aws.client import has_code
from ansible_collections.kumo.eks.plugins.module_utils.aws.iam_tags import build_tag_list, read_tag_list
from ansible_collections.kumo.eks.plugins.module_utils.core.errors import NotOwned
from ansible_collections.kumo.eks.plugins.module_utils.core.fields import Change, Field
from ansible_collections.kumo.eks.plugins.module_utils.core.resource import Request, Resource

Row = dict[str, Any]


class KeyPairResource(Resource):
    """A key pair by its name.

    Args:
        key: the public key; empty where the key pair is only looked for.
        marks: tags that the import sets.
        owner: the key of the one that has to be there, or the key pair is somebody else's.
    """

    kind = "key pair"
    fields = (Field("name", "name", None),)

    def __init__(self, ec2: Any, name: str, key: str, marks: dict[str, str], owner: str) -> None:
        self.ec2, self.name, self.key, self.marks, self.owner = ec2, name, key, marks, owner

    def describe(self) -> Row | None:
        rows = _describe(self.ec2, "key-name", self.name)
        return {"status": "ACTIVE", "name": self.name, "tags": read_tag_list(rows[0].get("Tags"))} if rows else None

    def adjust(self, raw: Row, desired: Row) -> Row:
        if self.owner not in raw["tags"]:
            raise NotOwned(
                f"template.public_key: key pair {self.name} exists and was not created by kumo.eks for this cluster (it has no tag"
                f" {self.owner}). Delete it, or name it in template.key_name instead of using public_key."
            )
        return desired

    def create(self, desired: Row) -> Row:
        self.ec2.import_key_pair(
            KeyName=self.name,
            PublicKeyMaterial=self.key.encode(),
            TagSpecifications=[{"ResourceType": "key-pair", "Tags": build_tag_list(self.marks)}],
        )
        return self.predict(desired)

    def predict(self, desired: Row) -> Row:
        return {"status": "ACTIVE", "name": self.name, "tags": dict(self.marks)}

    def requests(self, raw: Row, changes: list[Change], desired: Row) -> list[Request]:
        return []

    def delete(self) -> None:
        self.ec2.delete_key_pair(KeyName=self.name)

    def already_exists(self, error: Exception) -> bool:
        return has_code(error, "InvalidKeyPair.Duplicate")

    def is_missing(self, error: Exception) -> bool:
        return has_code(error, "InvalidKeyPair.NotFound")


def list_key_pairs(ec2: Any, owner: str, tag: str, value: str) -> list[str]:
    """The names of the key pairs that were imported for a group: those that carry the mark, and the tag with the group's name."""
    rows = _describe(ec2, f"tag:{tag}", value)
    return sorted(row["KeyName"] for row in rows if owner in read_tag_list(row.get("Tags")))


def _describe(ec2: Any, name: str, value: str) -> list[Row]:
    return ec2.describe_key_pairs(Filters=[{"Name": name, "Values": [value]}])["KeyPairs"]
