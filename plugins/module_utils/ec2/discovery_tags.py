# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A tag by which a controller finds subnets and security groups, like karpenter.sh/discovery; one resource for each of them.

Sources: DescribeTags, CreateTags, DeleteTags.
"""

from __future__ import annotations

from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.aws.lookups import describe_all_pages
from ansible_collections.kumo.eks.plugins.module_utils.core.fields import Change, Field
from ansible_collections.kumo.eks.plugins.module_utils.core.resource import Request, Resource
from ansible_collections.kumo.eks.plugins.module_utils.ec2.node_subnets import read_node_subnets

KINDS = ("subnet", "security-group")  # as DescribeTags calls them


class DiscoveryTag(Resource):
    """The tag of one subnet or security group.

    Args:
        value: what it is now; None where it is not set.
    """

    kind = "discovery tag"
    fields = (Field("value", "Value", "tag"),)

    def __init__(self, ec2: Any, resource_id: str, key: str, value: str | None) -> None:
        self.ec2, self.name, self._key, self._value = ec2, resource_id, key, value

    def describe(self) -> dict[str, Any] | None:
        return None if self._value is None else self._build_raw(self._value)

    def _build_raw(self, value: str) -> dict[str, Any]:
        return {"ResourceId": self.name, "Key": self._key, "Value": value, "status": "ACTIVE"}

    def create(self, desired: dict[str, Any]) -> dict[str, Any]:
        self.ec2.create_tags(Resources=[self.name], Tags=[{"Key": self._key, "Value": desired["value"]}])
        self._value = desired["value"]
        return self._build_raw(desired["value"])

    def predict(self, desired: dict[str, Any]) -> dict[str, Any]:
        return self._build_raw(desired["value"])

    def requests(self, raw: dict[str, Any], changes: list[Change], desired: dict[str, Any]) -> list[Request]:
        return [Request("CreateTags", lambda: self.create(desired) and None)]

    def delete(self) -> None:
        """Only this value: somebody may have written another one meanwhile."""
        self.ec2.delete_tags(Resources=[self.name], Tags=[{"Key": self._key, "Value": self._value}])
        self._value = None


def find_tags(ec2: Any, key: str, **narrow: list[str]) -> dict[str, str]:
    """The tags of this key on subnets and security groups, as ID -> value.

    Args:
        narrow: further filters of DescribeTags, with underscores.
    """
    filters = [{"Name": "key", "Values": [key]}, {"Name": "resource-type", "Values": list(KINDS)}]
    filters += [{"Name": name.replace("_", "-"), "Values": values} for name, values in narrow.items()]
    rows = describe_all_pages(ec2, "describe_tags", "Tags", Filters=filters)
    return {row["ResourceId"]: row["Value"] for row in rows}


def choose_subnets(ec2: Any, subnets: list[str]) -> list[str]:
    """Of a cluster's subnets those for nodes: the private ones, or all where there are none."""
    rows = read_node_subnets(ec2, subnets)
    private = [row.id for row in rows if not row.is_public]
    return private or subnets
