# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Access entries of roles that are deleted: EKS keeps them, and a new role of the same name would not get in by them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.aws.client import (
    format_aws_error,
    has_message,
    is_denied,
    is_not_found,
)
from ansible_collections.kumo.eks.plugins.module_utils.aws.denials import look_if_allowed
from ansible_collections.kumo.eks.plugins.module_utils.aws.describe import describe_or_none
from ansible_collections.kumo.eks.plugins.module_utils.core.specs.access_entry import WITHOUT_ENTRIES


@dataclass(frozen=True)
class AccessEntries:
    """The access entries of a cluster, which EKS makes for the roles of nodes and of pods on Fargate.

    "If you don't delete the access entry and ever recreate the IAM principal, even if it has the same ARN, the access entry won't
    work" (EKS API, AccessEntry.principalArn).

    Args:
        get_eks: makes boto3's client, where it is needed.
    """

    get_eks: Callable[[], Any]
    cluster: str

    @cached_property
    def _are_there(self) -> bool:
        """Whether the cluster exists and has access entries, as far as the caller may see it."""
        raw = look_if_allowed(
            lambda: describe_or_none(self.get_eks().describe_cluster, "cluster", name=self.cluster),
            {"accessConfig": {"authenticationMode": "unknown"}},
            "eks:DescribeCluster",
            "it was not checked whether the cluster has access entries, and the role's is deleted without that look",
        )
        if raw is None:
            return False
        return (raw.get("accessConfig") or {}).get("authenticationMode") not in (None, "CONFIG_MAP")

    def delete(self, arn: str) -> str:
        """Delete the entry of a role that is gone; why it stays, empty where it does not."""
        if not self._are_there:
            return ""
        try:
            self.get_eks().delete_access_entry(clusterName=self.cluster, principalArn=arn)
        except Exception as error:
            if is_not_found(error) or has_message(error, WITHOUT_ENTRIES):
                return ""
            if is_denied(error):
                return f"it could not be deleted with its role ({format_aws_error(error)}): another role of this name has no access"
            raise
        return ""
