# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Access entries of roles that are deleted: EKS keeps them, and a new role of the same name would not get in by them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.aws.client import (
    format_aws_error,
    has_code,
    has_message,
    is_not_found,
)

DENIED = ("AccessDeniedException", "AccessDenied", "UnauthorizedOperation")


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

    def delete(self, arn: str) -> str:
        """Delete the entry of a role that is gone; why it stays, empty where it does not."""
        try:
            self.get_eks().delete_access_entry(clusterName=self.cluster, principalArn=arn)
        except Exception as error:
            if is_not_found(error) or has_message(
                error, "authentication mode must be set"
            ):  # no entry, cluster or entries at all
                return ""
            if has_code(error, *DENIED):
                return f"it could not be deleted with its role ({format_aws_error(error)}): another role of this name has no access"
            raise
        return ""
