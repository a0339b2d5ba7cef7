# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A rule of the default event bus of Amazon EventBridge, with its one target.

Sources: PutRule, DescribeRule, PutTargets, ListTargetsByRule, RemoveTargets, ListTagsForResource, TagResource, UntagResource, DeleteRule.
"""

from __future__ import annotations

import json
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.aws.client import has_code
from ansible_collections.kumo.eks.plugins.module_utils.aws.iam_tags import build_tag_list, compare_tags, read_tag_list
from ansible_collections.kumo.eks.plugins.module_utils.aws.ownership import OWNED
from ansible_collections.kumo.eks.plugins.module_utils.aws.tags import TAGS, drop_reserved_tags, keep_current_tags
from ansible_collections.kumo.eks.plugins.module_utils.core.errors import Refused, ValidationError
from ansible_collections.kumo.eks.plugins.module_utils.core.fields import Change, Field
from ansible_collections.kumo.eks.plugins.module_utils.core.resource import Request, Resource

TARGET = "KarpenterInterruptionQueueTarget"  # as Karpenter's own CloudFormation template names it
LONGEST_NAME = 64  # https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutRule.html


def _normalize_pattern(value: Any) -> Any:
    """A pattern as data; the order of what it lists does not matter."""
    pattern = json.loads(value) if isinstance(value, str) else value
    return {key: sorted(values) for key, values in (pattern or {}).items()}


FIELDS = (
    Field("event_pattern", "EventPattern", "rule", _normalize_pattern),
    Field("description", "Description", "rule"),
    Field("state", "State", "rule"),
    Field("target", "Target", "target"),
    TAGS,
)


class RuleResource(Resource):
    """A rule, by its name.

    Args:
        owner: key of the tag that a creation sets.
        adopt: whether a rule that somebody else made is changed and marked.
    """

    kind = "rule"
    fields = FIELDS

    def __init__(self, events: Any, name: str, owner: str, adopt: bool = False) -> None:
        self.events, self.name, self.owner, self._adopt = events, name, owner, adopt

    def describe(self) -> dict[str, Any] | None:
        try:
            found = self.events.describe_rule(Name=self.name)
            tags = read_tag_list(self.events.list_tags_for_resource(ResourceARN=found["Arn"])["Tags"])
            targets = self.list_targets()
        except Exception as error:
            if self.is_missing(error):
                return None
            raise
        target = next((row["Arn"] for row in targets if row["Id"] == TARGET), None)
        about = {name: found.get(name) for name in ("Arn", "EventPattern", "Description", "State")}
        return {"Name": self.name, **about, "Target": target, "tags": tags, "status": "ACTIVE"}

    def list_targets(self) -> list[dict[str, Any]]:
        """All targets of the rule, also those that somebody else added."""
        pages = self.events.get_paginator("list_targets_by_rule").paginate(Rule=self.name)
        return [row for page in pages for row in page["Targets"]]

    def adjust(self, raw: dict[str, Any], desired: dict[str, Any]) -> dict[str, Any]:
        if self.owner in raw["tags"]:
            return keep_current_tags(desired, raw)
        if not self._adopt:
            raise ValidationError(
                f"adopt: a rule {self.name} exists, which kumo.eks did not create for this cluster. Delete it, or set adopt=true to"
                " change it and to delete it with the queue."
            )
        return {
            **desired,
            "tags": {**drop_reserved_tags(raw["tags"]), **(desired.get("tags") or {}), self.owner: OWNED},
        }

    def create(self, desired: dict[str, Any]) -> dict[str, Any]:
        raw = self.predict(desired)
        made = self._put(desired, Tags=build_tag_list(raw["tags"]))
        self._put_target(desired["target"])
        return {**raw, "Arn": made["RuleArn"]}

    def predict(self, desired: dict[str, Any]) -> dict[str, Any]:
        tags = {**drop_reserved_tags(desired.get("tags")), self.owner: OWNED}
        about = {field.path: desired.get(field.option) for field in FIELDS if field is not TAGS}
        return {"Name": self.name, **about, "tags": tags, "status": "ACTIVE"}

    def requests(self, raw: dict[str, Any], changes: list[Change], desired: dict[str, Any]) -> list[Request]:
        """PutRule sets the whole rule, and ignores tags of one that exists."""
        plan = {
            "rule": Request("PutRule", lambda: self._put(desired) and None),
            "target": Request("PutTargets", lambda: self._put_target(desired["target"])),
            "tags": Request("TagResource", lambda: self._set_tags(raw, desired["tags"])),
        }
        groups = {change.field.group for change in changes}
        return [request for group, request in plan.items() if group in groups]

    def _put(self, desired: dict[str, Any], **more: Any) -> dict[str, Any]:
        return self.events.put_rule(
            Name=self.name,
            EventPattern=json.dumps(desired["event_pattern"]),
            Description=desired["description"],
            State=desired["state"],
            **more,
        )

    def _put_target(self, arn: str) -> None:
        """PutTargets answers failures of single targets without an error.

        https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutTargets.html (FailedEntryCount)
        """
        answer = self.events.put_targets(Rule=self.name, Targets=[{"Id": TARGET, "Arn": arn}])
        self._check_entries(answer, f"did not take the target {arn}")

    def _check_entries(self, answer: dict[str, Any], what: str) -> None:
        if answer.get("FailedEntryCount"):
            reasons = [f"{row.get('ErrorCode')}: {row.get('ErrorMessage')}" for row in answer["FailedEntries"]]
            raise Refused(f"rule {self.name} {what}: {'; '.join(reasons)}")

    def _set_tags(self, raw: dict[str, Any], wanted: dict[str, Any]) -> None:
        gone, new = compare_tags(raw["tags"], drop_reserved_tags(wanted))
        if gone:
            self.events.untag_resource(ResourceARN=raw["Arn"], TagKeys=gone)
        if new:
            self.events.tag_resource(ResourceARN=raw["Arn"], Tags=new)

    def delete(self) -> None:
        """A rule with targets is not deleted, so they go first."""
        ids = [row["Id"] for row in self.list_targets()]
        if ids:
            self._check_entries(self.events.remove_targets(Rule=self.name, Ids=ids), "kept targets")
        self.events.delete_rule(Name=self.name)

    def is_in_use(self, error: Exception) -> bool:
        """Somebody else changes it at this moment."""
        return has_code(error, "ConcurrentModificationException")

    def is_missing(self, error: Exception) -> bool:
        return has_code(error, "ResourceNotFoundException")
