# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Rules of other security groups that name a group: EC2 does not delete the group before they are revoked.

The AWS Load Balancer Controller lets the traffic of its load balancers into the group of the nodes, which is the cluster's own.
"""

from __future__ import annotations

from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.aws.client import has_code
from ansible_collections.kumo.eks.plugins.module_utils.aws.lookups import describe_by_filter

Row = dict[str, Any]
# DescribeSecurityGroups' filters of the rules that name a group, and the member of a row that has the rules
DIRECTIONS = {
    "ip-permission.group-id": ("IpPermissions", "revoke_security_group_ingress"),
    "egress.ip-permission.group-id": ("IpPermissionsEgress", "revoke_security_group_egress"),
}


def build_revocation(permissions: list[Row], groups: set[str]) -> list[Row]:
    """The parts of a group's rules that name one of the groups, as Revoke takes them. Pure."""
    found = []
    for rule in permissions:
        pairs = [pair for pair in rule.get("UserIdGroupPairs") or [] if pair.get("GroupId") in groups]
        if pairs:
            kept = {key: rule[key] for key in ("IpProtocol", "FromPort", "ToPort") if key in rule}
            found.append({**kept, "UserIdGroupPairs": [_name_pair(pair) for pair in pairs]})
    return found


def _name_pair(pair: Row) -> Row:
    """A peer by its ID alone: GroupName is refused beside it."""
    return {key: pair[key] for key in ("GroupId", "UserId") if pair.get(key)}


def revoke_references(ec2: Any, groups: list[str]) -> None:
    """Revoke the rules that name the groups, also those in the groups themselves: two may name each other."""
    for name, (member, operation) in DIRECTIONS.items():
        for row in describe_by_filter(ec2, "describe_security_groups", "SecurityGroups", name, groups):
            rules = build_revocation(row.get(member) or [], set(groups))
            if rules:
                _revoke(getattr(ec2, operation), row["GroupId"], rules)


def _revoke(call: Any, group: str, rules: list[Row]) -> None:
    """A rule that somebody else has just revoked is not missed."""
    try:
        call(GroupId=group, IpPermissions=rules)
    except Exception as error:
        if not has_code(error, "InvalidPermission.NotFound", "InvalidGroup.NotFound"):
            raise
