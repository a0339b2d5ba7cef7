# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How long CloudWatch Logs keeps the logs of a control plane.

EKS makes the log group with the first log, where there is none, and never deletes it:
https://docs.aws.amazon.com/eks/latest/userguide/control-plane-logs.html
Sources: DescribeLogGroups, CreateLogGroup, PutRetentionPolicy, DeleteRetentionPolicy
"""

from __future__ import annotations

from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.aws.client import has_code
from ansible_collections.kumo.eks.plugins.module_utils.core.fields import Change, Field
from ansible_collections.kumo.eks.plugins.module_utils.core.resource import Outcome, Request, Resource

Row = dict[str, Any]
OPTION = "log_retention_days"


class LogGroupResource(Resource):
    """The log group of one cluster.

    Args:
        logs: boto3's client of CloudWatch Logs.
    """

    kind = "log group"
    fields = (Field(OPTION, "retentionInDays", "retention"),)

    def __init__(self, logs: Any, cluster: str) -> None:
        self.logs, self.name = logs, f"/aws/eks/{cluster}/cluster"

    def describe(self) -> Row | None:
        pages = self.logs.get_paginator("describe_log_groups").paginate(logGroupNamePrefix=self.name)
        rows = [row for page in pages for row in page["logGroups"] if row["logGroupName"] == self.name]
        return {"status": "ACTIVE", "retentionInDays": rows[0].get("retentionInDays") or 0} if rows else None

    def predict(self, desired: Row) -> Row:
        return {"status": "ACTIVE", "retentionInDays": desired[OPTION]}

    def create(self, desired: Row) -> Row:
        self.logs.create_log_group(logGroupName=self.name)
        self._set(desired[OPTION])
        return self.predict(desired)

    def requests(self, raw: Row, changes: list[Change], desired: Row) -> list[Request]:
        return [Request("PutRetentionPolicy", lambda: self._set(desired[OPTION]))]

    def _set(self, days: int) -> None:
        if days:
            self.logs.put_retention_policy(logGroupName=self.name, retentionInDays=days)
        else:
            self.logs.delete_retention_policy(logGroupName=self.name)

    def is_in_use(self, error: Exception) -> bool:
        return has_code(error, "OperationAbortedException")

    def already_exists(self, error: Exception) -> bool:
        return has_code(error, "ResourceAlreadyExistsException")

    def is_missing(self, error: Exception) -> bool:
        return has_code(error, "ResourceNotFoundException")


def combine(cluster: Outcome, part: Outcome) -> Outcome:
    """One outcome of both: that of the cluster, with what else belongs to it beside its own options.

    Args:
        part: as it was planned before the cluster was changed, where a plan and a run would show something else.
    """
    return Outcome(
        cluster.changed or part.changed,
        cluster.raw,
        {**cluster.before, **part.before},
        {**cluster.after, **part.after},
        cluster.updates,
    )
