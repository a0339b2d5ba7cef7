# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The flow logs of a VPC.

Sources: CreateFlowLogs, DescribeFlowLogs, DeleteFlowLogs.
https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs.html
"""

from __future__ import annotations

from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.aws.client import has_code
from ansible_collections.kumo.eks.plugins.module_utils.aws.tags import TAGS
from ansible_collections.kumo.eks.plugins.module_utils.core.errors import Refused
from ansible_collections.kumo.eks.plugins.module_utils.core.fields import Field
from ansible_collections.kumo.eks.plugins.module_utils.ec2.base import NetworkResource
from ansible_collections.kumo.eks.plugins.module_utils.ec2.inventory import Row

LOGS, S3 = "cloud-watch-logs", "s3"
FIELDS = (
    Field("destination", "LogDestinationType", None),
    Field("log_group_name", "LogGroupName", None),
    Field("bucket_arn", "LogDestination", None),
    Field("role_arn", "DeliverLogsPermissionArn", None),
    Field("traffic_type", "TrafficType", None),
    Field("max_aggregation_interval", "MaxAggregationInterval", None),
    TAGS,
)


class FlowLogResource(NetworkResource):
    """The flow log that is made for a cluster. EC2 changes none, so a changed one is deleted and created again."""

    kind = "flow log"
    fields = FIELDS
    rows = "flow_logs"
    tag_type = "vpc-flow-log"
    replaceable = True

    def read(self, row: Row) -> Row:
        """DescribeFlowLogs names the destination of a log group as an ARN, too, which is not compared."""
        kind = row.get("LogDestinationType") or LOGS
        return {
            **row,
            "LogDestinationType": kind,
            "LogDestination": row.get("LogDestination") if kind == S3 else None,
            "status": "ACTIVE",
        }

    def planned_id(self) -> str:
        return "fl-(known after apply)"

    def _build_words(self, desired: dict[str, Any]) -> dict[str, Any]:
        options = {field.path: desired.get(field.option) for field in FIELDS if field is not TAGS}
        return {key: value for key, value in options.items() if value is not None}

    def plan_row(self, desired: dict[str, Any]) -> Row:
        return {"ResourceId": self.inventory.vpc_id, **self._build_words(desired)}

    def build_replacement(self, raw: Row, desired: dict[str, Any]) -> dict[str, Any]:
        """All that is wanted is in the task; what the old one had, like its bucket, may contradict it."""
        return self.adjust(raw, desired)

    def create(self, desired: dict[str, Any]) -> Row:
        vpc_id, words = self.inventory.vpc_id, self._build_words(desired)
        made = self.inventory.send(
            lambda: self.ec2.create_flow_logs(
                ResourceIds=[vpc_id],
                ResourceType="VPC",
                TagSpecifications=self.specify_tags(desired),
                **words,
            )
        )
        if made.get("Unsuccessful"):  # CreateFlowLogs answers 200 also where it made none
            reason = made["Unsuccessful"][0]["Error"]
            raise Refused(f"flow_logs: EC2 refused them: {reason.get('Code')}: {reason.get('Message')}")
        row = {"FlowLogId": made["FlowLogIds"][0], "tags": dict(desired["tags"]), **self.plan_row(desired)}
        return self.read(self.inventory.put(self.rows, row))

    def already_exists(self, error: Exception) -> bool:
        return has_code(error, "FlowLogAlreadyExists") and self.is_seen()

    def delete(self) -> None:
        row = self.find()
        if row is not None:
            delete_flow_logs(self.ec2, [row[self.id_key]])
            self.inventory.drop(self.rows, row[self.id_key])


def delete_flow_logs(ec2: Any, ids: list[str]) -> None:
    """Delete flow logs; what they have written stays."""
    ec2.delete_flow_logs(FlowLogIds=ids)
