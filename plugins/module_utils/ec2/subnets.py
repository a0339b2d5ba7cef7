# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A subnet of a cluster's network.

Sources: CreateSubnet, ModifySubnetAttribute, AssociateSubnetCidrBlock, DeleteSubnet.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.aws.client import has_code
from ansible_collections.kumo.eks.plugins.module_utils.aws.tags import TAGS
from ansible_collections.kumo.eks.plugins.module_utils.core.errors import ValidationError
from ansible_collections.kumo.eks.plugins.module_utils.core.fields import Field
from ansible_collections.kumo.eks.plugins.module_utils.core.specs.placement import build_planned_id
from ansible_collections.kumo.eks.plugins.module_utils.ec2.base import NetworkResource
from ansible_collections.kumo.eks.plugins.module_utils.ec2.inventory import Row, read_row
from ansible_collections.kumo.eks.plugins.module_utils.ec2.layout import SubnetPlan, read_ipv6

DEFAULT_HOSTNAME_TYPE = "ip-name"  # of a subnet with IPv4 addresses

FIELDS = (
    Field("zone", "AvailabilityZone", None),
    Field("cidr", "CidrBlock", None),
    Field("public_addresses", "MapPublicIpOnLaunch", "public_addresses"),
    Field("ipv6", "HasIpv6", "ipv6"),
    Field("ipv6_addresses", "AssignIpv6AddressOnCreation", "ipv6_addresses"),
    Field("hostname_type", "PrivateDnsNameOptionsOnLaunch.HostnameType", "hostname_type"),
    TAGS,
)


class SubnetResource(NetworkResource):
    """A subnet by its place: the addresses it has in the VPC."""

    kind = "subnet"
    fields = FIELDS
    rows = "subnets"
    tag_type = "subnet"

    def __init__(self, inventory: Any, plan: SubnetPlan) -> None:
        super().__init__(inventory, plan.name)
        self.plan = plan

    def find(self) -> Row | None:
        return self.inventory.find("subnets", self.plan.cidr, "CidrBlock")

    def read(self, row: Row) -> Row:
        return {
            **row,
            "HasIpv6": read_ipv6(row) is not None,
            "MapPublicIpOnLaunch": bool(row.get("MapPublicIpOnLaunch")),
            "AssignIpv6AddressOnCreation": bool(row.get("AssignIpv6AddressOnCreation")),
            "status": "ACTIVE",
        }

    def planned_id(self) -> str:
        return build_planned_id(self.name)

    def plan_row(self, desired: dict[str, Any]) -> Row:
        ipv6 = [{"Ipv6CidrBlock": self.plan.ipv6_cidr}] if desired.get("ipv6") else []
        return {
            "VpcId": self.inventory.vpc_id,
            "AvailabilityZone": self.plan.zone,
            "CidrBlock": self.plan.cidr,
            "MapPublicIpOnLaunch": desired["public_addresses"],
            "AssignIpv6AddressOnCreation": bool(desired.get("ipv6_addresses")),
            "Ipv6CidrBlockAssociationSet": ipv6,
            "PrivateDnsNameOptionsOnLaunch": {"HostnameType": desired.get("hostname_type") or DEFAULT_HOSTNAME_TYPE},
        }

    def create(self, desired: dict[str, Any]) -> Row:
        words = {"Ipv6CidrBlock": self.plan.ipv6_cidr} if desired.get("ipv6") else {}
        vpc_id = self.inventory.vpc_id
        made = self.inventory.send(
            lambda: self.ec2.create_subnet(
                VpcId=vpc_id,
                AvailabilityZone=self.plan.zone,
                CidrBlock=self.plan.cidr,
                TagSpecifications=self.specify_tags(desired),
                **words,
            )
        )["Subnet"]
        raw = self.inventory.add("subnets", read_row(made))
        for name in ("public_addresses", "ipv6_addresses"):  # CreateSubnet takes neither
            if desired.get(name):
                self._modify(raw, name, desired[name])
        if desired.get("hostname_type") not in (None, DEFAULT_HOSTNAME_TYPE):
            self._set_hostname_type(raw, desired["hostname_type"])
        return self.read(self.find() or raw)

    def already_exists(self, error: Exception) -> bool:
        """Another run made it meanwhile. A conflict with a subnet of somebody else is refused by name."""
        if not has_code(error, "InvalidSubnet.Conflict"):
            return False
        self.inventory.read(("subnets",))
        row = self.find()
        if row is not None and self.inventory.is_owned(row):
            return True
        others = [row["SubnetId"] for row in self.inventory.list_rows("subnets") if not self.inventory.is_owned(row)]
        if others:
            raise ValidationError(
                f"cidr: {self.plan.cidr} for {self.name} overlaps a subnet in {self.inventory.vpc_id} that was not created for"
                f" this cluster (one of {', '.join(others)}). Run the task again, which chooses a free block."
            ) from error
        return True  # not seen yet

    def actions(self, raw: Row, desired: dict[str, Any]) -> dict[str, tuple[str, Callable[[], None]]]:
        return {
            "ipv6": ("AssociateSubnetCidrBlock", lambda: self._add_ipv6(raw)),
            "public_addresses": ("ModifySubnetAttribute", lambda: self._set(raw, desired, "public_addresses")),
            "ipv6_addresses": ("ModifySubnetAttribute", lambda: self._set(raw, desired, "ipv6_addresses")),
            "hostname_type": (
                "ModifySubnetAttribute",
                lambda: self._set_hostname_type(raw, desired["hostname_type"]),
            ),
        }

    def _set(self, raw: Row, desired: dict[str, Any], option: str) -> None:
        self._modify(raw, option, desired[option])

    def _modify(self, raw: Row, option: str, value: bool) -> None:
        """EC2 takes one attribute of a subnet in a request."""
        key = next(field.path for field in self.fields if field.option == option)
        self.inventory.send(
            lambda: self.ec2.modify_subnet_attribute(SubnetId=raw["SubnetId"], **{key: {"Value": value}})
        )
        self.note(raw, **{key: value})

    def _set_hostname_type(self, raw: Row, value: str) -> None:
        self.inventory.send(
            lambda: self.ec2.modify_subnet_attribute(SubnetId=raw["SubnetId"], PrivateDnsHostnameTypeOnLaunch=value)
        )
        now = raw.get("PrivateDnsNameOptionsOnLaunch") or {}
        self.note(raw, PrivateDnsNameOptionsOnLaunch={**now, "HostnameType": value})

    def _add_ipv6(self, raw: Row) -> None:
        self.ec2.associate_subnet_cidr_block(SubnetId=raw["SubnetId"], Ipv6CidrBlock=self.plan.ipv6_cidr)
        self.note(raw, Ipv6CidrBlockAssociationSet=[{"Ipv6CidrBlock": self.plan.ipv6_cidr}])
