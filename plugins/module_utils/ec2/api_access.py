# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Rules of the cluster security group by which networks outside of the cluster reach the API server. Others' rules are left alone.

Sources: AuthorizeSecurityGroupIngress, RevokeSecurityGroupIngress. EKS keeps rules that it did not make:
https://docs.aws.amazon.com/eks/latest/userguide/sec-group-reqs.html
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.aws.client import has_code
from ansible_collections.kumo.eks.plugins.module_utils.aws.lookups import describe_groups
from ansible_collections.kumo.eks.plugins.module_utils.core.fields import Change, Field
from ansible_collections.kumo.eks.plugins.module_utils.core.resource import Outcome, Request, Resource

Row = dict[str, Any]
OPTION = "extra_cidrs"
PORT = 443
MARK = "kumo.eks extra_cidrs"  # the description of a rule that was made here
KINDS = (("IpRanges", "CidrIp"), ("Ipv6Ranges", "CidrIpv6"))


class ApiAccessResource(Resource):
    """The rules that were made here in one security group.

    Args:
        group_id: the cluster security group.
    """

    kind = "access to the API server"
    fields = (Field(OPTION, OPTION, "rules", lambda value: sorted(set(value or []))),)

    def __init__(self, ec2: Any, cluster: str, group_id: str) -> None:
        self.ec2, self.name, self.group_id = ec2, cluster, group_id

    def describe(self) -> Row | None:
        rows = describe_groups(self.ec2, [self.group_id])
        found = [
            source[key]
            for row in rows
            for permission in row["IpPermissions"]
            for kind, key in KINDS
            for source in permission.get(kind) or []
            if source.get("Description") == MARK
        ]
        return {"status": "ACTIVE", OPTION: sorted(found)}

    def requests(self, raw: Row, changes: list[Change], desired: Row) -> list[Request]:
        now, wanted = set(raw[OPTION]), set(desired[OPTION])
        new, gone = wanted - now, now - wanted
        found = []
        if new:
            found.append(Request("AuthorizeSecurityGroupIngress", lambda: self._authorize(new)))
        if gone:
            found.append(Request("RevokeSecurityGroupIngress", lambda: self._revoke(gone)))
        return found

    def _authorize(self, sources: Iterable[str]) -> None:
        """One call for each block: one that somebody else's rule allows already is no error, and must not stop the others."""
        for source in sorted(sources):
            try:
                self.ec2.authorize_security_group_ingress(GroupId=self.group_id, IpPermissions=build_rules([source]))
            except Exception as error:
                if not has_code(error, "InvalidPermission.Duplicate"):
                    raise

    def _revoke(self, sources: Iterable[str]) -> None:
        self.ec2.revoke_security_group_ingress(GroupId=self.group_id, IpPermissions=build_rules(sources))


def build_rules(sources: Iterable[str]) -> list[Row]:
    """IpPermissions that let the blocks reach the API server."""
    rows: Row = {}
    for source in sorted(sources):
        kind, key = KINDS[1 if ":" in source else 0]
        rows.setdefault(kind, []).append({key: source, "Description": MARK})
    return [{"IpProtocol": "tcp", "FromPort": PORT, "ToPort": PORT, **rows}]


def plan_access(cidrs: list[str]) -> Outcome:
    """The rules of a cluster whose security group is yet to come."""
    wanted = sorted(set(cidrs))
    return Outcome(bool(wanted), None, {}, {OPTION: wanted} if wanted else {})
