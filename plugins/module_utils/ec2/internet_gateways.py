# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The internet gateway of a VPC, and the one for outgoing IPv6 traffic only.

Sources: CreateInternetGateway, AttachInternetGateway, CreateEgressOnlyInternetGateway.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.aws.client import has_code
from ansible_collections.kumo.eks.plugins.module_utils.aws.tags import TAGS
from ansible_collections.kumo.eks.plugins.module_utils.core.errors import WaitTimedOut, was_repeated
from ansible_collections.kumo.eks.plugins.module_utils.core.fields import Field
from ansible_collections.kumo.eks.plugins.module_utils.ec2.base import NetworkResource
from ansible_collections.kumo.eks.plugins.module_utils.ec2.inventory import NOT_FOUND, Inventory, Row, read_row


class InternetGatewayResource(NetworkResource):
    """The internet gateway: the one that is attached to the VPC, or one that an interrupted run left unattached."""

    kind = "internet gateway"
    fields = (Field("attached", "Attached", "attached"), TAGS)
    rows = "internet_gateways"
    tag_type = "internet-gateway"

    def find(self) -> Row | None:
        rows = self.inventory.list_rows(self.rows)
        attached = [row for row in rows if self.inventory.is_attached(row)]
        loose = [row for row in rows if not row["Attachments"] and self.inventory.is_owned(row)]
        return (attached + sorted(loose, key=lambda row: row[self.id_key]) + [None])[0]

    def read(self, row: Row) -> Row:
        return {**row, "Attached": self.inventory.is_attached(row), "status": "ACTIVE"}

    def adjust(self, raw: Row, desired: dict[str, Any]) -> dict[str, Any]:
        """One that somebody else attached is used as it is."""
        if not self.inventory.is_owned(raw):
            return {"attached": True}
        return super().adjust(raw, desired)

    def planned_id(self) -> str:
        return "igw-(known after apply)"

    def plan_row(self, desired: dict[str, Any]) -> Row:
        return {"Attachments": [{"VpcId": self.inventory.vpc_id, "State": "available"}]}

    def create(self, desired: dict[str, Any]) -> Row:
        """Make one and attach it. CreateInternetGateway has no client token: one whose answer was lost is deleted as surplus."""
        answer = self.ec2.create_internet_gateway(TagSpecifications=self.specify_tags(desired))
        if was_repeated(answer):
            self.inventory.read((self.rows,))
        return self._attach({**read_row(answer["InternetGateway"]), "Attachments": []})

    def actions(self, raw: Row, desired: dict[str, Any]) -> dict[str, tuple[str, Callable[[], Any]]]:
        return {"attached": ("AttachInternetGateway", lambda: self._attach(raw) and None)}

    def _attach(self, raw: Row) -> Row:
        """Attach it; where another run was first, that one's is taken and this one is deleted."""
        vpc_id, gateway = self.inventory.vpc_id, raw[self.id_key]
        try:
            self.inventory.send(lambda: self.ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc_id))
        except Exception as error:
            # "Network vpc-... already has an internet gateway attached" is an InvalidParameterValue.
            # A wait in vain: another run, whose gateway is attached, has deleted this one as surplus.
            gone = isinstance(error, WaitTimedOut)
            if not (gone or has_code(error, "InvalidParameterValue", "Resource.AlreadyAssociated")):
                raise
            self.inventory.read((self.rows,))
            attached = [row for row in self.inventory.list_rows(self.rows) if self.inventory.is_attached(row)]
            if not attached:
                raise
            if attached[0][self.id_key] != gateway:
                delete_loose_gateway(self.inventory, gateway)
            return self.read(attached[0])
        row = {**raw, "Attachments": [{"VpcId": vpc_id, "State": "available"}]}
        return self.read(
            self.inventory.put(self.rows, {key: row[key] for key in row if key not in ("status", "Attached")})
        )


def delete_loose_gateway(inventory: Inventory, gateway: str) -> None:
    """Delete an internet gateway that no VPC has; another run may have deleted it already."""
    try:
        inventory.ec2.delete_internet_gateway(InternetGatewayId=gateway)
    except Exception as error:
        if not has_code(error, *NOT_FOUND):
            raise
    inventory.drop("internet_gateways", gateway)


class EgressOnlyGatewayResource(NetworkResource):
    """The gateway by which private subnets reach the internet over IPv6, and are not reached."""

    kind = "egress-only internet gateway"
    fields = (TAGS,)
    rows = "egress_only_gateways"
    tag_type = "egress-only-internet-gateway"

    def find(self) -> Row | None:
        rows = [row for row in self.inventory.list_owned(self.rows) if self.inventory.is_attached(row)]
        return min(rows, key=lambda row: row[self.id_key], default=None)

    def planned_id(self) -> str:
        return "eigw-(known after apply)"

    def plan_row(self, desired: dict[str, Any]) -> Row:
        return {"Attachments": [{"VpcId": self.inventory.vpc_id, "State": "attached"}]}

    def create(self, desired: dict[str, Any]) -> Row:
        vpc_id = self.inventory.vpc_id
        made = self.inventory.send(
            lambda: self.ec2.create_egress_only_internet_gateway(
                VpcId=vpc_id, TagSpecifications=self.specify_tags(desired)
            )
        )["EgressOnlyInternetGateway"]
        row = {**read_row(made), "tags": read_row(made)["tags"] or dict(desired["tags"])}
        return self.read(self.inventory.put(self.rows, row))

    def already_exists(self, error: Exception) -> bool:
        """A VPC has one. Another run was first, or it is somebody else's, which the creation cannot know by its tag."""
        return has_code(error, "InvalidParameterValue") and self.is_seen()
