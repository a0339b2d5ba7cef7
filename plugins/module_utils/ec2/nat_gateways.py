# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""NAT gateways and the Elastic IP addresses they have.

Sources: CreateNatGateway, DeleteNatGateway, AllocateAddress, ReleaseAddress.
"""

from __future__ import annotations

from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.aws.client import has_code
from ansible_collections.kumo.eks.plugins.module_utils.aws.tags import TAGS
from ansible_collections.kumo.eks.plugins.module_utils.core.errors import WaitTimedOut, was_repeated
from ansible_collections.kumo.eks.plugins.module_utils.core.fields import Field
from ansible_collections.kumo.eks.plugins.module_utils.core.waiting import CATCH_UP, Deadline, poll
from ansible_collections.kumo.eks.plugins.module_utils.ec2.base import NetworkResource, build_token
from ansible_collections.kumo.eks.plugins.module_utils.ec2.inventory import (
    Inventory,
    Row,
    build_tag_specification,
    read_row,
)

# https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_NatGateway.html (state)
LIVING = ("pending", "available")
# For the engine a pending one is settled: its tags can be changed, and the composite waits for all of them together.
DELETING = "deleting"
STATUSES = {"pending": "ACTIVE", "available": "ACTIVE", DELETING: "DELETING", "failed": "FAILED"}
GONE = "deleted"  # listed for about an hour after the deletion
MOST_TOKENS = 20
FIELDS = (Field("subnet", "Subnet", None), TAGS)


def list_allocations(rows: list[Row]) -> set[str]:
    """The allocation ids that NAT gateways name. An address is theirs from the first moment, not once it is associated."""
    return {
        address["AllocationId"]
        for row in rows
        if row["State"] != GONE
        for address in row.get("NatGatewayAddresses") or []
        if address.get("AllocationId")
    }


def format_failure(row: Row) -> str:
    """A NAT gateway that failed, with EC2's reason.

    https://docs.aws.amazon.com/vpc/latest/userguide/nat-gateway-troubleshooting.html
    """
    code = f"{row['FailureCode']}: " if row.get("FailureCode") else ""
    return f"{row['NatGatewayId']} failed: {code}{row.get('FailureMessage') or 'EC2 gave no reason'}"


class NatGatewayResource(NetworkResource):
    """The NAT gateway of a public subnet.

    Args:
        subnet: the name of the subnet.
    """

    kind = "NAT gateway"
    fields = FIELDS
    rows = "nat_gateways"
    tag_type = "natgateway"

    def __init__(self, inventory: Inventory, name: str, subnet: str, subnet_id: str) -> None:
        super().__init__(inventory, name)
        self.subnet, self.subnet_id = subnet, subnet_id

    def find(self) -> Row | None:
        rows = [row for row in self._rows_here() if row["State"] in LIVING]
        return min(rows, key=lambda row: row[self.id_key], default=None)

    def _rows_here(self) -> list[Row]:
        return [row for row in self.inventory.list_rows(self.rows) if row["SubnetId"] == self.subnet_id]

    def list_failed(self) -> list[Row]:
        """The gateways of the subnet that failed."""
        return [row for row in self._rows_here() if row["State"] == "failed"]

    def read(self, row: Row) -> Row:
        return {**row, "Subnet": self.subnet, "status": STATUSES[row["State"]]}

    def adjust(self, raw: Row, desired: dict[str, Any]) -> dict[str, Any]:
        """One that somebody else made in the subnet is used as it is."""
        return super().adjust(raw, desired) if self.inventory.is_owned(raw) else {}

    def planned_id(self) -> str:
        return f"nat-{self.name} (known after apply)"

    def plan_row(self, desired: dict[str, Any]) -> Row:
        address = self._find_address()
        addresses = [{"AllocationId": address}] if address else []
        row = {"State": "pending", "SubnetId": self.subnet_id, "VpcId": self.inventory.vpc_id}
        return {**row, "NatGatewayAddresses": addresses}

    def create(self, desired: dict[str, Any]) -> Row:
        """Make it once, whoever else is making it: the client token is that of the subnet, and of what was there before.

        Nothing of the time is in it: two runs on either side of a full hour would each make a gateway. A gateway that is no longer
        listed may have had the same token, and costs a look that finds nothing.
        """
        address = self._find_address() or self._obtain_address(desired)
        if address is None:
            return self.describe() or {}
        before = sorted(row[self.id_key] for row in self._rows_here())
        for number in range(MOST_TOKENS):
            token = build_token(self.kind, self.subnet_id, *before, str(number))
            row = self._create_once(desired, address, token)
            if row is not None:
                self._release_unused(address, row)
                return self.read(self.inventory.add(self.rows, row))
        raise RuntimeError(f"{self.name}: no client token was free")

    def _create_once(self, desired: dict[str, Any], address: str, token: str) -> Row | None:
        """One try; None where the token was used for a gateway that is gone.

        A token that was used with another address is another run's, or one of long ago: then its gateway is looked for.
        """
        try:
            made = self.inventory.send(
                lambda: self.ec2.create_nat_gateway(
                    SubnetId=self.subnet_id,
                    AllocationId=address,
                    ClientToken=token,
                    TagSpecifications=self.specify_tags(desired),
                )
            )["NatGateway"]
        except Exception as error:
            if not has_code(error, "IdempotentParameterMismatch", "Resource.AlreadyAssociated"):
                raise
            return self._look_for_it()
        # The answer to a token that was used before is that of the first request, also where the gateway is gone since.
        return self._look_for_it(read_row(made))

    def _look_for_it(self, made: Row | None = None) -> Row | None:
        """The gateway in the subnet, which may be seen some seconds after it was made; None where there is none."""

        def observe() -> tuple[bool, Row | None, str]:
            self.inventory.read((self.rows,))
            row = self.find()
            return row is not None, row, f"no NAT gateway is seen in {self.subnet_id}"

        try:
            row = poll(observe, f"{self.kind} {self.name}", Deadline(CATCH_UP))
        except WaitTimedOut:
            return None
        return {**row, "tags": row["tags"] or made["tags"]} if made else row

    def _find_address(self) -> str | None:
        """An address that an interrupted run allocated for this gateway."""
        used = list_allocations(self.inventory.list_rows(self.rows))
        free = [
            row["AllocationId"]
            for row in self.inventory.list_owned("addresses")
            if row["tags"].get("Name") == self.name and row["AllocationId"] not in used and not row.get("AssociationId")
        ]
        return min(free, default=None)

    def _obtain_address(self, desired: dict[str, Any]) -> str | None:
        """Allocate an address; None where another run has made the gateway meanwhile.

        Two runs at the same time each want addresses for the same gateways, and the quota may not hold both: then the other's is used,
        or the one that it gives back.
        """

        def observe() -> tuple[bool, str | None, str]:
            try:
                return True, self._allocate(desired), ""
            except Exception as error:
                if not has_code(error, "AddressLimitExceeded"):
                    raise
                self.inventory.read(("addresses", self.rows))
                address = self._find_address()
                if not address and not self.find() and not self._has_company():
                    raise
                return bool(address or self.find()), address, str(error)

        return poll(observe, f"An address for {self.kind} {self.name}", Deadline(CATCH_UP))

    def _has_company(self) -> bool:
        """Whether another run is at work: it has allocated an address of a name that this run has one of."""
        names = [row["tags"].get("Name") for row in self.inventory.list_owned("addresses")]
        return len(set(names)) < len(names)

    def _allocate(self, desired: dict[str, Any]) -> str:
        tags = build_tag_specification("elastic-ip", dict(desired["tags"]))
        made = self.ec2.allocate_address(Domain="vpc", TagSpecifications=tags)
        # AllocateAddress has no client token: an address whose answer was lost is released as surplus.
        if was_repeated(made):
            self.inventory.read(("addresses",))
        row = {"AllocationId": made["AllocationId"], "PublicIp": made.get("PublicIp"), "tags": dict(desired["tags"])}
        return self.inventory.put("addresses", row)["AllocationId"]

    def _release_unused(self, address: str, row: Row) -> None:
        """Give back the address of a gateway that another run made with another address."""
        if address not in list_allocations([row]):
            release_address(self.inventory, address)


def release_address(inventory: Inventory, allocation: str) -> bool:
    """Release an address; whether this call did. One that a gateway still holds is kept for a later run."""
    try:
        inventory.ec2.release_address(AllocationId=allocation)
    except Exception as error:
        if has_code(error, "InvalidAllocationID.NotFound"):
            inventory.drop("addresses", allocation)
            return was_repeated(error)
        # EC2 refuses an address that is in use, by either code.
        if has_code(error, "InvalidIPAddress.InUse", "AuthFailure"):
            return False
        raise
    inventory.drop("addresses", allocation)
    return True
