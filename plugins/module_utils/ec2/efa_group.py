# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The security group of the EFA interfaces of one node group: all traffic from and to itself.

An outgoing rule to 0.0.0.0/0, which each new security group has, does not do for EFA:
https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/efa-start.html (step 1)
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.core.fields import Change, Field
from ansible_collections.kumo.eks.plugins.module_utils.core.resource import Request
from ansible_collections.kumo.eks.plugins.module_utils.ec2.node_security_group import NodeSecurityGroup

Row = dict[str, Any]
ALL_PROTOCOLS = "-1"
INGRESS, EGRESS = "ingress", "egress"
DIRECTIONS = [EGRESS, INGRESS]
KEYS = {INGRESS: "IpPermissions", EGRESS: "IpPermissionsEgress"}  # of DescribeSecurityGroups


class EfaGroupResource(NodeSecurityGroup):
    """A security group that allows all traffic in its ``directions``, from and to itself."""

    fields = (Field("directions", "directions", "rules", lambda value: sorted(value or [])),)
    option = "template.efa"
    description = "EFA traffic between nodes"
    rules = "directions"

    def read_rules(self, row: Row) -> list[str]:
        return sorted(name for name, key in KEYS.items() if _allows_itself(row, row[key]))

    def requests(self, raw: Row, changes: list[Change], desired: Row) -> list[Request]:
        names = {INGRESS: "AuthorizeSecurityGroupIngress", EGRESS: "AuthorizeSecurityGroupEgress"}
        missing = sorted(set(desired["directions"]) - set(raw["directions"]))
        return [Request(names[one], lambda one=one: self.authorize(raw["id"], [one])) for one in missing]

    def authorize(self, group_id: str, rules: Iterable[str]) -> None:
        rows = [{"IpProtocol": ALL_PROTOCOLS, "UserIdGroupPairs": [{"GroupId": group_id}]}]
        for direction in rules:
            getattr(self.ec2, f"authorize_security_group_{direction}")(GroupId=group_id, IpPermissions=rows)


def _allows_itself(row: Row, permissions: list[Row]) -> bool:
    return any(
        permission["IpProtocol"] == ALL_PROTOCOLS
        and any(pair.get("GroupId") == row["GroupId"] for pair in permission.get("UserIdGroupPairs") or [])
        for permission in permissions
    )
