# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Rules of other security groups that name a group: EC2 does not delete the group before they are revoked.

The AWS Load Balancer Controller lets the traffic of its load balancers into the group of the nodes, which is the cluster's own.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.aws.client import has_code
from ansible_collections.kumo.eks.plugins.module_utils.aws.lookups import describe_by_filter

Row = dict[str, Any]
# DescribeSecurityGroups' filters of the groups whose rules name one
FILTERS = ("ip-permission.group-id", "egress.ip-permission.group-id")


def select_rules(rules: list[Row], groups: set[str]) -> dict[tuple[str, bool], list[str]]:
    """The IDs of the rules that name one of the groups, by the group that has them, and whether they are of outgoing traffic. Pure."""
    found: dict[tuple[str, bool], list[str]] = {}
    for rule in rules:
        if (rule.get("ReferencedGroupInfo") or {}).get("GroupId") in groups:
            found.setdefault((rule["GroupId"], bool(rule["IsEgress"])), []).append(rule["SecurityGroupRuleId"])
    return found


def revoke_references(ec2: Any, groups: list[str]) -> None:
    """Revoke the rules that name the groups, also those in the groups themselves: two may name each other."""
    holders = {
        row["GroupId"]
        for name in FILTERS
        for row in describe_by_filter(ec2, "describe_security_groups", "SecurityGroups", name, groups)
    }
    rules = describe_by_filter(ec2, "describe_security_group_rules", "SecurityGroupRules", "group-id", holders)
    for (holder, is_egress), ids in sorted(select_rules(rules, set(groups)).items()):
        revoke = ec2.revoke_security_group_egress if is_egress else ec2.revoke_security_group_ingress
        _revoke(revoke, holder, ids)


def _revoke(call: Callable[..., Any], group: str, rules: list[str]) -> None:
    """A rule that somebody else has just revoked is not missed."""
    try:
        call(GroupId=group, SecurityGroupRuleIds=rules)
    except Exception as error:
        if not has_code(
            error, "InvalidSecurityGroupRuleId.NotFound", "InvalidPermission.NotFound", "InvalidGroup.NotFound"
        ):
            raise
