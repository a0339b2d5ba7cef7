# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A customer-managed IAM policy whose versions rotate.

Sources: CreatePolicy, GetPolicy, GetPolicyVersion, CreatePolicyVersion, ListPolicyVersions, DeletePolicyVersion,
DeletePolicy, ListEntitiesForPolicy, TagPolicy.
"""

from __future__ import annotations

import json
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.aws.consistency import retry_until_known
from ansible_collections.kumo.eks.plugins.module_utils.aws.iam_tags import (
    build_tag_list,
    compare_tags,
    plan_tags,
    read_tag_list,
)
from ansible_collections.kumo.eks.plugins.module_utils.aws.ownership import OWNED, list_owners
from ansible_collections.kumo.eks.plugins.module_utils.aws.policy_documents import normalize_document, parse_document
from ansible_collections.kumo.eks.plugins.module_utils.aws.tags import TAGS
from ansible_collections.kumo.eks.plugins.module_utils.core.errors import CannotChange, NotOwned
from ansible_collections.kumo.eks.plugins.module_utils.core.fields import Change, Field, none_if_empty
from ansible_collections.kumo.eks.plugins.module_utils.core.resource import Request
from ansible_collections.kumo.eks.plugins.module_utils.iam.base import IamResource, get_or_none

VERSIONS = (
    5  # IAM keeps no more of a policy: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
)

FIELDS = (
    Field("description", "Description", None, none_if_empty),
    Field("document", "Document", "document", normalize_document),
    TAGS,
)


class ManagedPolicyResource(IamResource):
    """A policy, by the ARN it has or will have.

    Args:
        role: name of the role that it is made for.
    """

    kind = "IAM policy"
    fields = FIELDS

    def __init__(self, iam: Any, arn: str, owner: str, role: str) -> None:
        super().__init__(iam, arn.rsplit("/", 1)[-1], owner)
        self.arn, self._role = arn, role
        self._path = "/" + arn.partition(":policy/")[2].rpartition("/")[0]
        self._path += "" if self._path.endswith("/") else "/"

    def describe(self) -> dict[str, Any] | None:
        found = get_or_none(lambda: self.iam.get_policy(PolicyArn=self.arn)["Policy"])
        if found is None:
            return None
        version = found["DefaultVersionId"]
        document = get_or_none(
            lambda: self.iam.get_policy_version(PolicyArn=self.arn, VersionId=version)["PolicyVersion"]["Document"]
        )
        if document is None:  # somebody has changed or deleted the policy between these two calls
            return self.describe()
        return {
            "Arn": self.arn,
            "Description": found.get("Description"),
            "Document": parse_document(document, f"policy {self.arn}"),
            "DefaultVersionId": version,
            "tags": read_tag_list(found.get("Tags")),
            "status": "ACTIVE",
        }

    def validate(self, raw: dict[str, Any] | None, desired: dict[str, Any]) -> None:
        wanted = desired.get("description")
        if raw is not None and wanted is not None and none_if_empty(wanted) != none_if_empty(raw["Description"]):
            raise CannotChange(
                f"policy.description: IAM cannot change the description of policy {self.name}, which is"
                f" {raw['Description']!r}. Omit the option, or give the policy another name."
            )

        if (
            raw is not None
            and not list_owners(raw["tags"])
            and normalize_document(desired["document"]) != normalize_document(raw["Document"])
        ):
            self._check_users()

    def _check_users(self) -> None:
        users = self.list_users(self._role)
        if users:
            raise NotOwned(
                f"policy.document: policy {self.name} was not created by kumo.eks, and {', '.join(users)} would get other permissions with"
                " another document. Set its ARN in policy_arns to use it unchanged, or use another policy.name."
            )

    def adjust(self, raw: dict[str, Any], desired: dict[str, Any]) -> dict[str, Any]:
        return plan_tags(desired, raw, self.owner)

    def create(self, desired: dict[str, Any]) -> dict[str, Any]:
        params = {"Description": desired["description"]} if desired.get("description") else {}
        self.iam.create_policy(
            PolicyName=self.name,
            Path=self._path,
            PolicyDocument=json.dumps(desired["document"]),
            Tags=build_tag_list(self._build_tags(desired)),
            **params,
        )
        return self.predict(desired)

    def _build_tags(self, desired: dict[str, Any]) -> dict[str, str]:
        return {**TAGS.normalize(desired.get("tags")), self.owner: OWNED}

    def predict(self, desired: dict[str, Any]) -> dict[str, Any]:
        return {
            "Arn": self.arn,
            "Description": desired.get("description"),
            "Document": desired["document"],
            "DefaultVersionId": "v1",
            "tags": self._build_tags(desired),
            "status": "ACTIVE",
        }

    def requests(self, raw: dict[str, Any], changes: list[Change], desired: dict[str, Any]) -> list[Request]:
        found = []
        if any(change.field.option == "document" for change in changes):
            found.append(Request("CreatePolicyVersion", lambda: self._create_version(desired["document"])))
        if any(change.field is TAGS for change in changes):
            gone, new = compare_tags(raw["tags"], TAGS.normalize(desired["tags"]))
            found.append(Request("TagPolicy", lambda: self._apply_tags(gone, new)))
        return found

    def _apply_tags(self, gone: list[str], new: list[dict[str, str]]) -> None:
        if gone:
            self.iam.untag_policy(PolicyArn=self.arn, TagKeys=gone)
        if new:
            self.iam.tag_policy(PolicyArn=self.arn, Tags=new)

    def _create_version(self, document: dict[str, Any]) -> None:
        """Set a new default version; where another run has used the room that was made for it, make room again."""
        text = json.dumps(document)

        def send() -> None:
            self._make_room()
            self.iam.create_policy_version(PolicyArn=self.arn, PolicyDocument=text, SetAsDefault=True)

        retry_until_known(send, f"Room for a version of policy {self.name}", "LimitExceeded")

    def _make_room(self) -> None:
        """Remove the oldest version that is not the default, where there are as many as IAM keeps."""
        versions = self._list_versions()
        spare = sorted(
            (row for row in versions if not row["IsDefaultVersion"]), key=lambda row: _parse_version(row["VersionId"])
        )
        for row in spare[: max(0, len(versions) - VERSIONS + 1)]:
            version = row["VersionId"]
            get_or_none(lambda version=version: self.iam.delete_policy_version(PolicyArn=self.arn, VersionId=version))

    def _list_versions(self) -> list[dict[str, Any]]:
        pages = self.iam.get_paginator("list_policy_versions").paginate(PolicyArn=self.arn)
        return [row for page in pages for row in page["Versions"]]

    def list_users(self, role: str) -> list[str]:
        """Who beside this role has the policy, or has it as a boundary: "role a", "user b", "group c"."""
        found: list[str] = []
        for page in self.iam.get_paginator("list_entities_for_policy").paginate(PolicyArn=self.arn):
            for kind in ("Role", "User", "Group"):
                found += [f"{kind.lower()} {row[f'{kind}Name']}" for row in page[f"Policy{kind}s"]]
        return sorted(user for user in found if user != f"role {role}")

    def release_ownership(self) -> None:
        """Take the mark of this cluster off: others have it, too."""
        self.iam.untag_policy(PolicyArn=self.arn, TagKeys=[self.owner])

    def delete(self) -> None:
        for row in self._list_versions():
            if not row["IsDefaultVersion"]:
                self.iam.delete_policy_version(PolicyArn=self.arn, VersionId=row["VersionId"])
        retry_until_known(
            lambda: self.iam.delete_policy(PolicyArn=self.arn), f"Deletion of policy {self.name}", "DeleteConflict"
        )


def _parse_version(version: str) -> int:
    """ "v12" -> 12."""
    return int(version[1:])
