# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An EC2 launch template and its versions as a resource. A change of its data is a new version, the default one from then on.

Sources: CreateLaunchTemplate, CreateLaunchTemplateVersion, ModifyLaunchTemplate, DescribeLaunchTemplates,
DescribeLaunchTemplateVersions, DeleteLaunchTemplateVersions
"""

from __future__ import annotations

import base64
import hashlib
import uuid
from collections.abc import Iterable
from functools import partial
from typing import Any

from ansible.module_utils.common.dict_transformations import camel_dict_to_snake_dict

from ansible_collections.kumo.eks.plugins.module_utils.aws.client import has_code
from ansible_collections.kumo.eks.plugins.module_utils.aws.denials import look_if_allowed
from ansible_collections.kumo.eks.plugins.module_utils.aws.iam_tags import build_tag_list, compare_tags, read_tag_list
from ansible_collections.kumo.eks.plugins.module_utils.aws.lookups import (
    TEMPLATE_VERSION_MISSING,
    describe_all_pages,
    describe_by_filter,
    describe_template_versions,
)
from ansible_collections.kumo.eks.plugins.module_utils.aws.ownership import PREFIX
from ansible_collections.kumo.eks.plugins.module_utils.aws.tags import drop_reserved_tags
from ansible_collections.kumo.eks.plugins.module_utils.core.counts import format_count
from ansible_collections.kumo.eks.plugins.module_utils.core.errors import NotOwned
from ansible_collections.kumo.eks.plugins.module_utils.core.fields import Change, Field
from ansible_collections.kumo.eks.plugins.module_utils.core.resource import Request, Resource
from ansible_collections.kumo.eks.plugins.module_utils.core.waiting import CATCH_UP, Deadline, poll

# https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html
MISSING_CODES = ("InvalidLaunchTemplateId.NotFound", "InvalidLaunchTemplateName.NotFoundException")
EXISTS_CODE = "InvalidLaunchTemplateName.AlreadyExistsException"
KEPT_VERSIONS = 10  # the newest ones; EC2 keeps up to 10,000 for a template
MOST_DELETED = 200  # versions that DeleteLaunchTemplateVersions accepts at once
Row = dict[str, Any]


def normalize_template_data(data: Row | None) -> Row:
    """LaunchTemplateData for comparing and for a diff: devices and tags by name, of user data its size and its hash.

    A diff shows it on the screen and in logs, which more people read than may call DescribeLaunchTemplateVersions.
    """
    given = dict(data or {})
    devices = {row["DeviceName"]: row.get("Ebs") or {} for row in given.pop("BlockDeviceMappings", None) or []}
    tags = {row["ResourceType"]: row.get("Tags") for row in given.pop("TagSpecifications", None) or []}
    found = camel_dict_to_snake_dict(given)
    found["block_device_mappings"] = {name: camel_dict_to_snake_dict(ebs) for name, ebs in devices.items()}
    found["tag_specifications"] = {kind: read_tag_list(rows) for kind, rows in tags.items()}
    found["user_data"] = _summarize(base64.b64decode(given.get("UserData") or ""))
    found["security_group_ids"] = sorted(given.get("SecurityGroupIds") or [])
    for row in found.get("network_interfaces") or []:
        row["groups"] = sorted(row.get("groups") or [])
    (found.get("metadata_options") or {}).pop("state", None)  # "pending" or "applied": only in answers
    return {key: value for key, value in found.items() if value not in (None, "", [], {})}


def _summarize(data: bytes) -> str:
    return f"{format_count(len(data), 'byte')}, SHA-256 {hashlib.sha256(data).hexdigest()}" if data else ""


def _drop_marks(tags: Row | None) -> Row:
    """Tags without the marks of this collection, which only a creation sets."""
    return {key: value for key, value in drop_reserved_tags(tags).items() if not key.startswith(PREFIX)}


def build_desired_template(data: Row, tags: Row | None) -> Row:
    """The desired state: ``data`` for comparing, and what is sent."""
    return {"data": normalize_template_data(data), "launch_template_data": data, "tags": tags}


FIELDS = (
    Field("data", "data", "version"),
    Field("default_version", "defaultVersion", "default"),
    Field("tags", "tags", "tags", _drop_marks),
)


class LaunchTemplateResource(Resource):
    """A launch template that this collection manages, by its name.

    Args:
        marks: tags that a creation sets, and that say for whom it was created.
        owner: the key of the one that has to be there, or the template is somebody else's.
        in_use: the version that its node group has.
        wanted: the data that is wanted, normalized. Of the version in use and the latest one, that which has it is the current one:
            a version that somebody added by hand replaces no nodes, and one that an interrupted run left behind is used.
    """

    kind = "launch template"
    fields = FIELDS

    def __init__(
        self,
        ec2: Any,
        name: str,
        marks: dict[str, str],
        owner: str,
        in_use: str | None = None,
        wanted: Row | None = None,
    ) -> None:
        self.ec2, self.name, self.marks, self.owner = ec2, name, marks, owner
        self.in_use, self.wanted = in_use, wanted
        self.known: dict[str, Row] | None = None  # rows of DescribeLaunchTemplates by name, read for a whole list

    def describe(self) -> Row | None:
        """The template. Right after its creation EC2 lists it, and may not find its versions by its id yet."""
        row = self._find_row()
        if row is None:
            return None

        def look() -> tuple[bool, Row | None, str]:
            try:
                return True, self._read(row), ""
            except Exception as error:
                if not self.is_missing(error):
                    raise
                is_gone = self.name not in describe_templates_by_name(self.ec2, [self.name])
                return is_gone, None, str(error)

        return poll(look, f"Launch template {self.name}", Deadline(CATCH_UP))

    def _find_row(self) -> Row | None:
        """The template's row; what was read for a list is used once, because a later look has to see changes."""
        known, self.known = self.known, None
        if known is not None:
            return known.get(self.name)
        return describe_templates_by_name(self.ec2, [self.name]).get(self.name)

    def _read(self, row: Row) -> Row:
        rows = self._describe_versions(row) if self.wanted is not None else self._describe_deleted(row)
        found = {str(one["VersionNumber"]): normalize_template_data(one["LaunchTemplateData"]) for one in rows}
        latest = str(row["LatestVersionNumber"])
        candidates = [number for number in (self.in_use, latest) if number in found] or [latest]
        current = next((number for number in candidates if found.get(number) == self.wanted), candidates[0])
        return {
            "status": "ACTIVE",
            "id": row["LaunchTemplateId"],
            "name": row["LaunchTemplateName"],
            "version": current,
            "latestVersion": latest,
            "defaultVersion": str(row["DefaultVersionNumber"]),
            "data": found.get(current, {}),
            "tags": read_tag_list(row.get("Tags")),
        }

    def _describe_deleted(self, row: Row) -> list[Row]:
        """The versions of a template that is to be deleted, for the diff."""
        lost = f"the diff does not show what launch template {self.name} contained"
        return look_if_allowed(lambda: self._describe_versions(row), [], "ec2:DescribeLaunchTemplateVersions", lost)

    def _describe_versions(self, row: Row) -> list[Row]:
        """The latest version and the one in use. A version that was deleted by hand is left out."""
        numbers = list(dict.fromkeys([str(row["LatestVersionNumber"]), *([self.in_use] if self.in_use else [])]))
        ask = partial(describe_template_versions, self.ec2, {"id": row["LaunchTemplateId"]})
        try:
            return ask(numbers)
        except Exception as error:
            if len(numbers) == 1 or not has_code(error, TEMPLATE_VERSION_MISSING):
                raise
            return ask(numbers[:1])

    def validate(self, raw: Row | None, desired: Row) -> None:
        if raw is not None:
            self.check_owner(raw)

    def check_owner(self, raw: Row) -> None:
        """Refuse a template that was not created here for this cluster."""
        if self.owner not in raw["tags"]:
            raise NotOwned(
                f"template: launch template {self.name} exists and was not created by kumo.eks for this cluster (it has no tag"
                f" {self.owner}). Delete it, name the node group differently, or use it with the option launch_template."
            )

    def adjust(self, raw: Row, desired: Row) -> Row:
        """The default version follows the version that the node group has, or gets."""
        self.check_owner(raw)
        return {**desired, "default_version": self.plan_version(raw, desired)}

    @staticmethod
    def plan_version(raw: Row, desired: Row) -> str:
        """The version that has the desired data once the changes are made."""
        return raw["version"] if raw["data"] == desired["data"] else str(int(raw["latestVersion"]) + 1)

    def create(self, desired: Row) -> Row:
        tags = {**drop_reserved_tags(desired.get("tags")), **self.marks}
        answer = self.ec2.create_launch_template(
            LaunchTemplateName=self.name,
            LaunchTemplateData=desired["launch_template_data"],
            ClientToken=str(uuid.uuid4()),  # a creation whose answer is lost is not made twice
            TagSpecifications=[{"ResourceType": "launch-template", "Tags": build_tag_list(tags)}],
        )["LaunchTemplate"]
        return {**self.predict(desired), "id": answer["LaunchTemplateId"], "tags": tags}

    def predict(self, desired: Row) -> Row:
        tags = {**drop_reserved_tags(desired.get("tags")), **self.marks}
        first = {"version": "1", "latestVersion": "1", "defaultVersion": "1"}
        return {"status": "ACTIVE", "id": None, "name": self.name, **first, "data": desired["data"], "tags": tags}

    def requests(self, raw: Row, changes: list[Change], desired: Row) -> list[Request]:
        groups = {change.field.group for change in changes}
        found = []
        if "tags" in groups:
            found.append(Request("CreateTags", lambda: self._set_tags(raw, desired["tags"])))
        if "version" in groups:
            found.append(Request("CreateLaunchTemplateVersion", lambda: self._create_version(raw, desired)))
        elif "default" in groups:
            found.append(Request("ModifyLaunchTemplate", lambda: self.set_default(raw, desired["default_version"])))
        return found

    def _create_version(self, raw: Row, desired: Row) -> None:
        answer = self.ec2.create_launch_template_version(
            LaunchTemplateId=raw["id"],
            LaunchTemplateData=desired["launch_template_data"],
            ClientToken=str(uuid.uuid4()),
        )
        self.set_default(raw, str(answer["LaunchTemplateVersion"]["VersionNumber"]))

    def set_default(self, raw: Row, number: str) -> None:
        """Let another version be the default one."""
        self.ec2.modify_launch_template(LaunchTemplateId=raw["id"], DefaultVersion=number)

    def delete_version(self, raw: Row, number: str | None) -> None:
        """Delete one version, which is not the default one."""
        if number:
            self.ec2.delete_launch_template_versions(LaunchTemplateId=raw["id"], Versions=[number])

    def _set_tags(self, raw: Row, wanted: Row) -> None:
        gone, new = compare_tags(_drop_marks(raw["tags"]), _drop_marks(wanted))
        if gone:
            self.ec2.delete_tags(Resources=[raw["id"]], Tags=[{"Key": key} for key in gone])
        if new:
            self.ec2.create_tags(Resources=[raw["id"]], Tags=new)

    def delete(self) -> None:
        self.ec2.delete_launch_template(LaunchTemplateName=self.name)

    def already_exists(self, error: Exception) -> bool:
        return has_code(error, EXISTS_CODE)

    def is_missing(self, error: Exception) -> bool:
        return has_code(error, *MISSING_CODES)

    def delete_old_versions(self, raw: Row, in_use: Iterable[str]) -> list[str]:
        """Delete all but the newest versions, the default one and those in use. Returns the numbers of the deleted ones."""
        if int(raw["latestVersion"]) <= KEPT_VERSIONS:
            return []
        template_id = raw["id"]
        wanted = ("describe_launch_template_versions", "LaunchTemplateVersions")
        rows = describe_all_pages(self.ec2, *wanted, LaunchTemplateId=template_id)
        kept = {str(row["VersionNumber"]) for row in rows if row["DefaultVersion"]} | {str(number) for number in in_use}
        numbers = sorted((row["VersionNumber"] for row in rows), reverse=True)
        old = [str(number) for number in numbers[KEPT_VERSIONS:] if str(number) not in kept]
        for start in range(0, len(old), MOST_DELETED):
            batch = old[start : start + MOST_DELETED]
            self.ec2.delete_launch_template_versions(LaunchTemplateId=template_id, Versions=batch)
        return old


def describe_templates_by_name(ec2: Any, names: list[str]) -> dict[str, Row]:
    """Rows of DescribeLaunchTemplates by name; what does not exist is left out."""
    rows = _describe_templates(ec2, "launch-template-name", names)
    return {row["LaunchTemplateName"]: row for row in rows}


def describe_owned_templates(ec2: Any, owner: str) -> list[Row]:
    """Rows of DescribeLaunchTemplates that carry a mark."""
    return _describe_templates(ec2, "tag-key", [owner])


def _describe_templates(ec2: Any, name: str, values: list[str]) -> list[Row]:
    return describe_by_filter(ec2, "describe_launch_templates", "LaunchTemplates", name, values)
