# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The VPC of a cluster.

Sources: CreateVpc, ModifyVpcAttribute, AssociateVpcCidrBlock, DisassociateVpcCidrBlock, DeleteVpc.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.aws.client import has_code
from ansible_collections.kumo.eks.plugins.module_utils.aws.lookups import ask_patiently
from ansible_collections.kumo.eks.plugins.module_utils.aws.tags import TAGS
from ansible_collections.kumo.eks.plugins.module_utils.core.errors import (
    CannotChange,
    NotFound,
    SeveralFound,
    was_repeated,
)
from ansible_collections.kumo.eks.plugins.module_utils.core.fields import Change, Field, normalize_list
from ansible_collections.kumo.eks.plugins.module_utils.core.waiting import CATCH_UP, Deadline, poll
from ansible_collections.kumo.eks.plugins.module_utils.ec2.base import NetworkResource
from ansible_collections.kumo.eks.plugins.module_utils.ec2.inventory import (
    NOT_FOUND,
    UNKNOWN,
    Row,
    read_row,
)
from ansible_collections.kumo.eks.plugins.module_utils.ec2.layout import read_ipv6

# What EKS requires of a VPC: https://docs.aws.amazon.com/eks/latest/userguide/network-reqs.html
DNS = {"DnsSupport": "enableDnsSupport", "DnsHostnames": "enableDnsHostnames"}
PLANNED_IPV6 = [{"Ipv6CidrBlock": "2001:db8::/56"}]  # EC2 chooses the real one
MOST_ROUNDS = 10  # in which runs at the same time agree on one VPC

FIELDS = (
    Field("cidr", "CidrBlock", None),
    Field("secondary_cidrs", "SecondaryCidrs", "ranges", normalize_list),
    Field("ipv6", "HasIpv6", "ipv6"),
    Field("dns_support", "DnsSupport", "dns_support"),
    Field("dns_hostnames", "DnsHostnames", "dns_hostnames"),
    TAGS,
)


def describe_dns(ec2: Any, vpc_id: str) -> dict[str, bool]:
    """The DNS attributes of a VPC, which DescribeVpcs does not answer."""

    def ask(pair: tuple[str, str]) -> tuple[str, bool]:
        key, attribute = pair
        answer = ec2.describe_vpc_attribute(VpcId=vpc_id, Attribute=attribute)
        return key, answer[attribute[0].upper() + attribute[1:]]["Value"]

    with ThreadPoolExecutor(max_workers=len(DNS)) as pool:
        return dict(pool.map(ask, DNS.items()))


def list_ranges(row: Row) -> list[str]:
    """The IPv4 ranges of a VPC, the first one first."""
    more = [entry["CidrBlock"] for entry in _list_associations(row)]
    return [row["CidrBlock"], *sorted(cidr for cidr in more if cidr != row["CidrBlock"])]


def _list_associations(row: Row) -> list[Row]:
    """Those that count: EC2 answers a range that has gone, too, for a while, also beside a new association of it."""
    return [
        entry
        for entry in row.get("CidrBlockAssociationSet") or []
        if entry.get("CidrBlockState", {}).get("State", "associated") in ("associating", "associated")
    ]


def describe_vpc(ec2: Any, vpc_id: str) -> Row:
    """One VPC by its id, with its DNS attributes."""
    try:
        row = read_row(ask_patiently(lambda: ec2.describe_vpcs(VpcIds=[vpc_id]), *NOT_FOUND)["Vpcs"][0])
    except Exception as error:
        if has_code(error, *NOT_FOUND):
            raise NotFound(
                f"vpc_id: VPC {vpc_id} does not exist in this region. Check the ID, the region and the account."
            ) from error
        raise
    return {**row, **describe_dns(ec2, vpc_id)}


class VpcResource(NetworkResource):
    """The VPC that is made for a cluster; at most one bears the owner's tag."""

    kind = "VPC"
    fields = FIELDS
    tag_type = "vpc"
    removed: tuple[str, ...] = ()  # VPCs of other runs that were given up for this one

    @property
    def id_key(self) -> str:
        return "VpcId"

    def find(self) -> Row | None:
        return self.inventory.vpc

    def read(self, row: Row) -> Row:
        ranges = list_ranges(row)
        return {**row, "SecondaryCidrs": ranges[1:], "HasIpv6": read_ipv6(row) is not None, "status": "ACTIVE"}

    def planned_id(self) -> str:
        return f"vpc-{UNKNOWN}"

    def plan_row(self, desired: dict[str, Any]) -> Row:
        cidrs = [desired["cidr"], *(desired.get("secondary_cidrs") or [])]
        row = {"CidrBlock": desired["cidr"], "DnsSupport": True, "DnsHostnames": True}
        return {
            **row,
            "CidrBlockAssociationSet": [{"CidrBlock": cidr} for cidr in cidrs],
            "Ipv6CidrBlockAssociationSet": PLANNED_IPV6 if desired.get("ipv6") else [],
        }

    def note_plan(self, raw: Row) -> None:
        """With the ranges that are planned, in the shape in which EC2 answers them: what comes later reads them there."""
        cidrs = [raw["CidrBlock"], *(raw.get("SecondaryCidrs") or [])]
        row = {**raw, "CidrBlockAssociationSet": [{"CidrBlock": cidr} for cidr in cidrs]}
        if raw.get("HasIpv6") and read_ipv6(raw) is None:
            row["Ipv6CidrBlockAssociationSet"] = PLANNED_IPV6
        self.inventory.vpc = row

    def note(self, raw: Row, **values: Any) -> None:
        self.inventory.vpc = {**(self.inventory.vpc or raw), **values}

    def is_immutable(self, change: Change) -> bool:
        if change.field.option == "cidr":
            raise CannotChange(
                f"cidr: {self.inventory.vpc_id} has {change.before}, but the task sets {change.after}. EC2 cannot change the"
                " range of a VPC. Use its range, or add a range to secondary_cidrs; only a new cluster can have another."
            )
        return False

    def create(self, desired: dict[str, Any]) -> Row:
        words = {"AmazonProvidedIpv6CidrBlock": True} if desired.get("ipv6") else {}
        answer = self.ec2.create_vpc(CidrBlock=desired["cidr"], TagSpecifications=self.specify_tags(desired), **words)
        made = answer["Vpc"]
        self.inventory.vpc = {**read_row(made), "DnsSupport": True, "DnsHostnames": False}
        if not (self.agree(made["VpcId"]) or was_repeated(answer)):
            return self.read(self.inventory.vpc)  # another run made it, and sets it up
        self._set_dns("DnsHostnames")
        self._add_ranges(desired.get("secondary_cidrs") or [])
        if desired.get("ipv6"):
            self._wait_for_ipv6()
        return self.read(self.inventory.vpc)

    def agree(self, mine: str | None = None) -> bool:
        """Leave one VPC for the cluster where several runs made one each; whether it is ``mine``.

        CreateVpc has no client token, so runs at the same time make one VPC each. The one that has subnets stays, otherwise the one
        with the smallest id, and the others are deleted. DeleteVpc is refused once a VPC has subnets: whoever has a subnet first has
        decided, and a run whose VPC was deleted gets "not found" and takes over the one that stays.
        """
        for _round in range(MOST_ROUNDS):
            rows = self.inventory.list_owned_vpcs()
            if mine and not any(row["VpcId"] == mine for row in rows) and not rows:
                rows = [self.inventory.vpc] if self.inventory.vpc else []  # not seen yet
            if len(rows) <= 1:
                break
            winner = self.choose(rows)
            given_up = [self._give_up(row["VpcId"]) for row in rows if row["VpcId"] != winner["VpcId"]]
            if all(given_up):
                rows = [winner]
                break
        else:
            raise SeveralFound(
                f"Several VPCs have the tag {self.inventory.owner}, and EC2 does not delete those without subnets:"
                f" {', '.join(row['VpcId'] for row in rows)}. Remove the tag from all but the cluster's."
            )
        if rows and rows[0]["VpcId"] != (self.inventory.vpc or {}).get("VpcId"):
            self.inventory.vpc = {**rows[0], **describe_dns(self.ec2, rows[0]["VpcId"])}
        return bool(rows) and rows[0]["VpcId"] == mine

    def choose(self, rows: list[Row]) -> Row:
        """The VPC that stays. Two that are both in use cannot be reconciled."""
        used = self.list_used(rows)
        if len(used) > 1:
            raise SeveralFound(
                f"Several VPCs with subnets have the tag {self.inventory.owner}: {', '.join(sorted(used))}. Remove the tag from"
                " all but the cluster's."
            )
        return min(rows, key=lambda row: (row["VpcId"] not in used, row["VpcId"]))

    def list_used(self, rows: list[Row]) -> set[str]:
        """The ids of the VPCs that have subnets."""
        ids = [row["VpcId"] for row in rows]
        return {row["VpcId"] for row in self.inventory.describe("subnets", [{"Name": "vpc-id", "Values": ids}])}

    def _give_up(self, vpc_id: str) -> bool:
        """Delete an empty VPC; False where it is not empty any more."""
        try:
            self.ec2.delete_vpc(VpcId=vpc_id)
        except Exception as error:
            if has_code(error, "DependencyViolation"):
                return False
            if not has_code(error, *NOT_FOUND):
                raise
        self.removed += (vpc_id,)
        return True

    def actions(self, raw: Row, desired: dict[str, Any]) -> dict[str, tuple[str, Callable[[], None]]]:
        return {
            "ranges": ("AssociateVpcCidrBlock", lambda: self._set_ranges(raw, desired)),
            "ipv6": ("AssociateVpcCidrBlock", lambda: self._add_ipv6(raw)),
            "dns_support": ("ModifyVpcAttribute", lambda: self._set_dns("DnsSupport")),
            "dns_hostnames": ("ModifyVpcAttribute", lambda: self._set_dns("DnsHostnames")),
        }

    def _set_dns(self, key: str) -> None:
        """EC2 takes one attribute in a request, and hostnames need support first."""
        vpc_id = self.inventory.vpc_id
        parameter = DNS[key][0].upper() + DNS[key][1:]
        self.inventory.send(lambda: self.ec2.modify_vpc_attribute(VpcId=vpc_id, **{parameter: {"Value": True}}))
        self.note({}, **{key: True})

    def _set_ranges(self, raw: Row, desired: dict[str, Any]) -> None:
        wanted = desired["secondary_cidrs"]
        for entry in _list_associations(raw):
            if entry["CidrBlock"] in raw["SecondaryCidrs"] and entry["CidrBlock"] not in wanted:
                self.ec2.disassociate_vpc_cidr_block(AssociationId=entry["AssociationId"])
        self._add_ranges([cidr for cidr in wanted if cidr not in raw["SecondaryCidrs"]])
        self._read_again()

    def _add_ranges(self, cidrs: list[str]) -> None:
        for cidr in cidrs:
            self._add_range(cidr)
        if cidrs:
            self._wait_for_ranges(cidrs)

    def _add_range(self, cidr: str) -> None:
        vpc_id = self.inventory.vpc_id
        try:
            self.inventory.send(lambda: self.ec2.associate_vpc_cidr_block(VpcId=vpc_id, CidrBlock=cidr))
        except Exception as error:
            # The range conflicts with itself where the answer to an earlier attempt was lost
            if not (has_code(error, "InvalidVpc.Range") and was_repeated(error)):
                raise

    def _add_ipv6(self, raw: Row) -> None:
        """The request has no client token: repeated, EC2 gives the VPC another range."""
        answer = self.ec2.associate_vpc_cidr_block(VpcId=raw["VpcId"], AmazonProvidedIpv6CidrBlock=True)
        self._wait_for_ipv6()
        mine = answer["Ipv6CidrBlockAssociation"]["AssociationId"]
        others = [
            row for row in (self.inventory.vpc or {})["Ipv6CidrBlockAssociationSet"] if row["AssociationId"] != mine
        ]
        if was_repeated(answer) and others:
            self.ec2.disassociate_vpc_cidr_block(AssociationId=mine)
            self._read_again()

    def _read_again(self) -> Row:
        rows = self.inventory.send(lambda: self.ec2.describe_vpcs(VpcIds=[self.inventory.vpc_id])["Vpcs"])
        self.note({}, **read_row(rows[0]))
        return self.inventory.vpc or {}

    def _wait_for_ranges(self, cidrs: list[str]) -> None:
        """A range is usable once it is associated, which takes some seconds."""

        def observe() -> tuple[bool, None, str]:
            row = self._read_again()
            left = [cidr for cidr in cidrs if cidr not in list_ranges(row)]
            return not left, None, f"{', '.join(left)} is not associated"

        poll(observe, f"The ranges of {self.inventory.vpc_id}", Deadline(CATCH_UP))

    def _wait_for_ipv6(self) -> None:
        def observe() -> tuple[bool, None, str]:
            return read_ipv6(self._read_again()) is not None, None, "it has no IPv6 range"

        poll(observe, f"The IPv6 range of {self.inventory.vpc_id}", Deadline(CATCH_UP))

    def delete(self) -> None:
        self.ec2.delete_vpc(VpcId=self.inventory.vpc_id)
