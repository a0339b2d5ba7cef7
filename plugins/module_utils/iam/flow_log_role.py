# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The IAM role by which flow logs of a VPC are written to CloudWatch Logs.

https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs-iam-role.html
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.aws.ownership import build_owner_key
from ansible_collections.kumo.eks.plugins.module_utils.aws.partition import get_partition
from ansible_collections.kumo.eks.plugins.module_utils.aws.policy_documents import VERSION
from ansible_collections.kumo.eks.plugins.module_utils.core.iam_names import build_cluster_role_name
from ansible_collections.kumo.eks.plugins.module_utils.core.reconciler import Reconciler
from ansible_collections.kumo.eks.plugins.module_utils.core.resource import Outcome
from ansible_collections.kumo.eks.plugins.module_utils.iam.role import RoleResource
from ansible_collections.kumo.eks.plugins.module_utils.iam.scope import IamScope

SERVICE = "vpc-flow-logs.amazonaws.com"
WRITE = ("logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents")
LOOK = ("logs:DescribeLogGroups", "logs:DescribeLogStreams")


@dataclass
class FlowLogRole:
    """Creates and deletes the role of one cluster's flow logs.

    Args:
        iam: gives boto3's client; asked for only where it is needed.
        sts: likewise.
        tags: the user's tags.
    """

    iam: Callable[[], Any]
    sts: Callable[[], Any]
    cluster: str
    region: str
    tags: dict[str, str]
    check_mode: bool = False

    def ensure_present(self) -> Outcome:
        """The role's outcome; ``raw`` has its ``Arn``, also in check mode."""
        scope = self._build_scope()
        role = self._build_role(scope)
        statement = {"Effect": "Allow", "Principal": {"Service": SERVICE}, "Action": "sts:AssumeRole"}
        desired = {
            "trust_policy": {"Version": VERSION, "Statement": [statement]},
            "inline_policies": {"flow-logs": self._build_policy(scope.partition, scope.account)},
            "tags": self.tags,
            "purge_tags": False,
        }
        return Reconciler(role, self.check_mode).ensure_present(desired)

    def ensure_absent(self) -> Outcome:
        """Delete the role, where it was made for the cluster."""
        role = self._build_role(self._build_scope())
        raw = role.describe()
        if raw is None or role.owner not in raw["tags"]:
            return Outcome(False, raw)
        return Reconciler(role, self.check_mode).ensure_absent()

    @property
    def _name(self) -> str:
        return build_cluster_role_name(self.cluster, self.region, "flow-logs")

    def _build_scope(self) -> IamScope:
        owner = build_owner_key(self.region, self.cluster)
        return IamScope(get_partition(self.region), owner, lambda: self.sts().get_caller_identity()["Account"])

    def _build_role(self, scope: IamScope) -> RoleResource:
        return RoleResource(self.iam(), self._name, scope)

    def _build_policy(self, partition: str, account: str) -> dict[str, Any]:
        groups = f"arn:{partition}:logs:{self.region}:{account}:log-group:*"
        statements = [
            {"Effect": "Allow", "Action": list(WRITE), "Resource": groups},
            {"Effect": "Allow", "Action": list(LOOK), "Resource": "*"},
        ]
        return {"Version": VERSION, "Statement": statements}
