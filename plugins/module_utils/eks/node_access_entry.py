# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The access entry by which nodes that EKS does not start join a cluster: EC2_LINUX or EC2_WINDOWS for their IAM role.

EKS makes the entries of managed node groups itself: https://docs.aws.amazon.com/eks/latest/userguide/creating-access-entries.html
Sources: CreateAccessEntry, DescribeAccessEntry, DeleteAccessEntry
"""

from __future__ import annotations

from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.aws.client import has_code, is_not_found
from ansible_collections.kumo.eks.plugins.module_utils.aws.ownership import NODES_TAG
from ansible_collections.kumo.eks.plugins.module_utils.core.errors import ValidationError
from ansible_collections.kumo.eks.plugins.module_utils.core.fields import Change, Field
from ansible_collections.kumo.eks.plugins.module_utils.core.resource import Request
from ansible_collections.kumo.eks.plugins.module_utils.eks.authentication_mode import has_entries
from ansible_collections.kumo.eks.plugins.module_utils.eks.base import EksResource

LINUX, WINDOWS = "EC2_LINUX", "EC2_WINDOWS"
SELF_MANAGED = "self-managed"  # value of NODES_TAG


class NodeAccessEntry(EksResource):
    """The entry of one role. One that exists is used as it is, and never changed.

    Args:
        role: the ARN of the nodes' IAM role.
        owner: the tag that a creation sets, and without which the entry is never deleted.
    """

    kind = "access entry"
    fields = (Field("type", "type", None),)

    def __init__(self, client: Any, cluster_name: str, role: str, owner: str) -> None:
        super().__init__(client, role)
        self.cluster_name, self.owner = cluster_name, owner
        self._names = {"clusterName": cluster_name, "principalArn": role}

    def describe(self) -> dict[str, Any] | None:
        try:
            found = self.client.describe_access_entry(**self._names)["accessEntry"]
        except Exception as error:
            if is_not_found(error):
                return None
            raise
        return {**found, "status": "ACTIVE"}

    def validate(self, raw: dict[str, Any] | None, desired: dict[str, Any]) -> None:
        """The type of an entry cannot be changed, and one of another type lets no nodes in."""
        if raw is not None and raw.get("type") != desired["type"]:
            raise ValidationError(
                f"node_role: {self.name} has an access entry of type {raw.get('type')} in cluster {self.cluster_name}, and these nodes"
                f" require {desired['type']}. Use another IAM role, or delete that entry."
            )

    def adjust(self, raw: dict[str, Any], desired: dict[str, Any]) -> dict[str, Any]:
        self.validate(raw, desired)
        return desired

    def create(self, desired: dict[str, Any]) -> dict[str, Any]:
        words = {"type": desired["type"], "tags": {**self.mark({})["tags"], NODES_TAG: SELF_MANAGED}}
        return {**self.client.create_access_entry(**self._names, **words)["accessEntry"], "status": "ACTIVE"}

    def predict(self, desired: dict[str, Any]) -> dict[str, Any]:
        return {"principalArn": self.name, "type": desired["type"], "status": "ACTIVE"}

    def requests(self, raw: dict[str, Any], changes: list[Change], desired: dict[str, Any]) -> list[Request]:
        return []

    def is_propagating(self, error: Exception) -> bool:
        """EKS does not see a new role yet.

        https://github.com/hashicorp/terraform-provider-aws/blob/main/internal/service/eks/access_entry.go
        """
        return super().is_propagating(error) or "principalArn" in str(error) and "invalid principal" in str(error)

    def is_in_use(self, error: Exception) -> bool:
        """An entry is never busy: "already in use on this cluster" means that it exists."""
        return False

    def already_exists(self, error: Exception) -> bool:
        return has_code(error, "ResourceInUseException")

    def delete(self) -> None:
        self.client.delete_access_entry(**self._names)


def choose_type(ami_type: str | None) -> str:
    """The type of the entry for nodes of an AMI type."""
    return WINDOWS if str(ami_type or "").startswith("WINDOWS") else LINUX


def may_have_entries(cluster: dict[str, Any] | None) -> bool:
    """Whether a cluster knows access entries; of one that does not exist yet, of which a plan has at most the name, it is assumed."""
    exists = bool(cluster and cluster.get("version"))
    return not exists or has_entries(cluster or {})
