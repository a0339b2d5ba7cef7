# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The security group that lets SSH connections reach the nodes of one node group.

Sources: AuthorizeSecurityGroupIngress, RevokeSecurityGroupIngress.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.core.fields import Change, Field
from ansible_collections.kumo.eks.plugins.module_utils.core.resource import Request
from ansible_collections.kumo.eks.plugins.module_utils.ec2.node_security_group import NodeSecurityGroup

Row = dict[str, Any]
PORT = 22
# Where IpPermissions has the sources of each kind, and what a source is called there.
KINDS = (("IpRanges", "CidrIp"), ("Ipv6Ranges", "CidrIpv6"), ("UserIdGroupPairs", "GroupId"))

FIELDS = (Field("sources", "sources", "ingress", lambda value: sorted(set(value or []))),)


class SshGroupResource(NodeSecurityGroup):
    """A security group whose rules allow SSH."""

    fields = FIELDS
    option = "template.ssh_sources"
    description = "SSH to nodes"
    rules = "sources"

    def read_rules(self, row: Row) -> list[str]:
        return read_sources(row)

    def requests(self, raw: Row, changes: list[Change], desired: Row) -> list[Request]:
        now, wanted = set(raw["sources"]), set(desired["sources"])
        new, gone = wanted - now, now - wanted
        found = []
        if new:
            found.append(Request("AuthorizeSecurityGroupIngress", lambda: self.authorize(raw["id"], new)))
        if gone:
            found.append(Request("RevokeSecurityGroupIngress", lambda: self._revoke(raw["id"], gone)))
        return found

    def authorize(self, group_id: str, rules: Iterable[str]) -> None:
        if permissions := build_permissions(rules):
            self.ec2.authorize_security_group_ingress(GroupId=group_id, IpPermissions=permissions)

    def _revoke(self, group_id: str, sources: Iterable[str]) -> None:
        self.ec2.revoke_security_group_ingress(GroupId=group_id, IpPermissions=build_permissions(sources))


def build_permissions(sources: Iterable[str]) -> list[Row]:
    """IpPermissions that let the sources reach the port: CIDR blocks, or security groups by their IDs."""
    rows: Row = {}
    for source in sorted(sources):
        kind, key = KINDS[2] if source.startswith("sg-") else KINDS[1 if ":" in source else 0]
        rows.setdefault(kind, []).append({key: source})
    return [{"IpProtocol": "tcp", "FromPort": PORT, "ToPort": PORT, **rows}] if rows else []


def read_sources(row: Row) -> list[str]:
    """The sources that the rules of a security group let connect by SSH."""
    found = [
        source[key]
        for permission in row["IpPermissions"]
        if (permission.get("IpProtocol"), permission.get("FromPort"), permission.get("ToPort")) == ("tcp", PORT, PORT)
        for kind, key in KINDS
        for source in permission.get(kind) or []
    ]
    return sorted(found)
