# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A queue of Amazon SQS: how long it keeps messages, its encryption, who may send to it, and its tags.

Sources: CreateQueue, GetQueueUrl, GetQueueAttributes, SetQueueAttributes, ListQueueTags, TagQueue, UntagQueue, DeleteQueue.
"""

from __future__ import annotations

import json
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.aws.client import has_code
from ansible_collections.kumo.eks.plugins.module_utils.aws.ownership import OWNED
from ansible_collections.kumo.eks.plugins.module_utils.aws.policy_documents import normalize_document, parse_document
from ansible_collections.kumo.eks.plugins.module_utils.aws.tags import TAGS, drop_reserved_tags, keep_current_tags
from ansible_collections.kumo.eks.plugins.module_utils.core.errors import ValidationError
from ansible_collections.kumo.eks.plugins.module_utils.core.fields import Change, Field, text
from ansible_collections.kumo.eks.plugins.module_utils.core.resource import Request, Resource

# SQS has two names for an error, and clients of before and after its JSON protocol show one or the other.
# https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-json-faqs.html
PREFIX = "AWS.SimpleQueueService."
MISSING = ("QueueDoesNotExist", f"{PREFIX}NonExistentQueue")
DELETED_RECENTLY = ("QueueDeletedRecently", f"{PREFIX}QueueDeletedRecently")
EXISTS = ("QueueNameExists", "QueueAlreadyExists")
LONGEST_NAME = 80  # https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-queues.html

FIELDS = (
    Field("message_retention_period", "MessageRetentionPeriod", "attributes", text),
    Field("sqs_managed_sse", "SqsManagedSseEnabled", "attributes", lambda value: str(value).lower() == "true"),
    Field("policy", "Policy", "attributes", normalize_document),
    TAGS,
)


class QueueResource(Resource):
    """A standard queue, by its name.

    Args:
        arn: the ARN that it has or will have.
        owner: key of the tag that a creation sets.
        adopt: whether a queue that somebody else made is changed and marked.
    """

    kind = "queue"
    fields = FIELDS

    def __init__(self, sqs: Any, arn: str, owner: str, adopt: bool = False) -> None:
        self.sqs, self.arn, self.owner, self._adopt = sqs, arn, owner, adopt
        self.name = arn.rpartition(":")[2]

    def describe(self) -> dict[str, Any] | None:
        try:
            url = self.sqs.get_queue_url(QueueName=self.name)["QueueUrl"]
            found = self.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
            tags = self.sqs.list_queue_tags(QueueUrl=url).get("Tags") or {}
        except Exception as error:
            if self.is_missing(error):
                return None
            raise
        policy = parse_document(found["Policy"], f"policy of queue {self.name}") if found.get("Policy") else None
        return self._build_raw({**found, "Policy": policy, "QueueUrl": url}, tags)

    def _build_raw(self, about: dict[str, Any], tags: dict[str, str]) -> dict[str, Any]:
        shown = ("QueueUrl", "MessageRetentionPeriod", "SqsManagedSseEnabled", "Policy")
        found = {name: about.get(name) for name in shown}
        return {"QueueName": self.name, "QueueArn": self.arn, **found, "tags": tags, "status": "ACTIVE"}

    def adjust(self, raw: dict[str, Any], desired: dict[str, Any]) -> dict[str, Any]:
        if self.owner in raw["tags"]:
            return keep_current_tags(desired, raw)
        if not self._adopt:
            raise ValidationError(
                f"queue_name: a queue {self.name} exists, which kumo.eks did not create for this cluster. Use another name, or set"
                " adopt=true to change that queue and to delete it with the rules."
            )
        return {
            **desired,
            "tags": {**drop_reserved_tags(raw["tags"]), **(desired.get("tags") or {}), self.owner: OWNED},
        }

    def create(self, desired: dict[str, Any]) -> dict[str, Any]:
        raw = self.predict(desired)
        attributes = self._build_attributes(desired)
        url = self.sqs.create_queue(QueueName=self.name, Attributes=attributes, tags=raw["tags"])["QueueUrl"]
        return {**raw, "QueueUrl": url}

    def predict(self, desired: dict[str, Any]) -> dict[str, Any]:
        tags = {**drop_reserved_tags(desired.get("tags")), self.owner: OWNED}
        return self._build_raw({field.path: desired.get(field.option) for field in FIELDS}, tags)

    @staticmethod
    def _build_attributes(desired: dict[str, Any]) -> dict[str, str]:
        return {
            "MessageRetentionPeriod": str(desired["message_retention_period"]),
            "SqsManagedSseEnabled": str(desired["sqs_managed_sse"]).lower(),
            "Policy": json.dumps(desired["policy"]),
        }

    def requests(self, raw: dict[str, Any], changes: list[Change], desired: dict[str, Any]) -> list[Request]:
        url, paths = raw["QueueUrl"], {change.field.path for change in changes}
        attributes = {name: value for name, value in self._build_attributes(desired).items() if name in paths}
        found = []
        if attributes:
            found.append(
                Request(
                    "SetQueueAttributes",
                    lambda: self.sqs.set_queue_attributes(QueueUrl=url, Attributes=attributes) and None,
                )
            )
        if "tags" in paths:
            found.append(Request("TagQueue", lambda: self._set_tags(raw, drop_reserved_tags(desired["tags"]))))
        return found

    def _set_tags(self, raw: dict[str, Any], wanted: dict[str, str]) -> None:
        now = drop_reserved_tags(raw["tags"])
        gone = sorted(set(now) - set(wanted))
        new = {key: value for key, value in wanted.items() if now.get(key) != value}
        if gone:
            self.sqs.untag_queue(QueueUrl=raw["QueueUrl"], TagKeys=gone)
        if new:
            self.sqs.tag_queue(QueueUrl=raw["QueueUrl"], Tags=new)

    def delete(self) -> None:
        self.sqs.delete_queue(QueueUrl=self.sqs.get_queue_url(QueueName=self.name)["QueueUrl"])

    def is_in_use(self, error: Exception) -> bool:
        """For 60 seconds after a deletion nobody can create a queue of the same name."""
        return has_code(error, *DELETED_RECENTLY)

    def already_exists(self, error: Exception) -> bool:
        return has_code(error, *EXISTS)

    def is_missing(self, error: Exception) -> bool:
        return has_code(error, *MISSING)
