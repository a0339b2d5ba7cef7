# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the resources of EKS have in common: how the service says that it is busy, or that a thing is there."""

from __future__ import annotations

from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.aws.client import has_code, has_message
from ansible_collections.kumo.eks.plugins.module_utils.aws.ownership import OWNED
from ansible_collections.kumo.eks.plugins.module_utils.aws.tags import check_tags, keep_current_tags
from ansible_collections.kumo.eks.plugins.module_utils.core.resource import Resource


class EksResource(Resource):
    """What is the same for all of EKS' resources."""

    owner = ""  # key of the tag that marks what is created here; empty where the task asks for no mark

    def __init__(self, client: Any, name: str) -> None:
        self.client = client
        self.name = name

    def mark(self, desired: dict[str, Any]) -> dict[str, Any]:
        """The desired state of a creation, with the mark of ownership among its tags."""
        return {**desired, "tags": {**(desired.get("tags") or {}), self.owner: OWNED}} if self.owner else desired

    def validate(self, raw: dict[str, Any] | None, desired: dict[str, Any]) -> None:
        check_tags(desired.get("tags"))

    def adjust(self, raw: dict[str, Any], desired: dict[str, Any]) -> dict[str, Any]:
        return keep_current_tags(desired, raw)

    def is_in_use(self, error: Exception) -> bool:
        """An update or another profile is under way; not: it exists already, or something is attached to it."""
        if has_message(error, "already exists") or has_message(error, "attached"):
            return False
        return has_code(error, "ResourceInUseException")

    def already_exists(self, error: Exception) -> bool:
        return has_code(error, "ResourceInUseException") and has_message(error, "already exists")

    def is_missing(self, error: Exception) -> bool:
        return has_code(error, "ResourceNotFoundException")
