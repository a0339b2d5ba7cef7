# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A profile of IAM Roles Anywhere: the role that machines get, and for how long.

Sources: CreateProfile, UpdateProfile, EnableProfile, DeleteProfile.
"""

from __future__ import annotations

from collections.abc import Iterator

from ansible_collections.kumo.eks.plugins.module_utils.aws.tags import TAGS
from ansible_collections.kumo.eks.plugins.module_utils.core.fields import Change, Field, normalize_list
from ansible_collections.kumo.eks.plugins.module_utils.roles_anywhere.base import AnywhereResource, Row, build_tag_rows

DURATION = 3600  # seconds: the default of CreateProfile, and the longest session of a role that says nothing else
FIELDS = (
    Field("role_arns", "roleArns", "settings", normalize_list),
    Field("duration_seconds", "durationSeconds", "settings"),
    Field("accept_role_session_name", "acceptRoleSessionName", "settings"),
    Field("enabled", "enabled", "enabled"),
    TAGS,
)


class ProfileResource(AnywhereResource):
    """The profile of a cluster's hybrid nodes."""

    kind, word, fields = "profile", "profile", FIELDS

    def list_rows(self) -> Iterator[Row]:
        for page in self.client.get_paginator("list_profiles").paginate():
            yield from page["profiles"]

    def create(self, desired: Row) -> Row:
        raw = self.predict(desired)
        about = {field.path: raw[field.path] for field in FIELDS if field is not TAGS}
        made = self.client.create_profile(name=self.name, **about, tags=build_tag_rows(raw["tags"]))["profile"]
        return self.read({**made, "tags": raw["tags"]})

    def predict(self, desired: Row) -> Row:
        found = {field.path: desired.get(field.option) for field in FIELDS if field is not TAGS}
        found["durationSeconds"] = found["durationSeconds"] or DURATION
        return {"name": self.name, **found, "tags": self.build_tags(desired), "status": "ACTIVE"}

    def update(self, raw: Row, changes: list[Change], desired: Row) -> None:
        changed = {
            field.path: desired[field.option] for field in (one.field for one in changes) if field.group == "settings"
        }
        self.client.update_profile(profileId=raw["profileId"], **changed)

    def enable(self, key: str) -> None:
        self.client.enable_profile(profileId=key)

    def delete_row(self, key: str) -> None:
        self.client.delete_profile(profileId=key)
