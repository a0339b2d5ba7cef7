# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a network must know of the cluster in it: whether it exists, and in which zones."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.aws.denials import look_if_allowed
from ansible_collections.kumo.eks.plugins.module_utils.aws.describe import describe_or_none

ENDED = ("DELETING", "FAILED")


@dataclass
class ClusterLookup:
    """Asks EKS when it is needed, which is seldom: for a new zone, and for interfaces of a control plane.

    Args:
        eks: gives boto3's client.
        ec2: boto3's client.
    """

    eks: Callable[[], Any]
    ec2: Any
    name: str

    def _describe(self) -> dict[str, Any] | None:
        found = look_if_allowed(
            lambda: describe_or_none(self.eks().describe_cluster, "cluster", name=self.name),
            None,
            "eks:DescribeCluster",
            f"it was not checked whether cluster {self.name} exists, and in which zones",
        )
        return None if found is None or found["status"] in ENDED else found

    def exists(self) -> bool:
        """Whether the cluster exists, and is not being deleted."""
        return self._describe() is not None

    def list_zones(self) -> set[str] | None:
        """The zones of the cluster's subnets; None where there is no cluster."""
        found = self._describe()
        if found is None:
            return None
        rows = self.ec2.describe_subnets(SubnetIds=found["resourcesVpcConfig"]["subnetIds"])["Subnets"]
        return {row["AvailabilityZone"] for row in rows}
