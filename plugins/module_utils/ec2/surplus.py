# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a network has and is not to have any more: NAT gateways, their addresses, endpoints, flow logs, subnets in Local Zones."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.aws.client import has_code
from ansible_collections.kumo.eks.plugins.module_utils.core.resource import Outcome
from ansible_collections.kumo.eks.plugins.module_utils.core.waiting import Deadline, poll
from ansible_collections.kumo.eks.plugins.module_utils.ec2.endpoints import (
    LIVING as LIVING_ENDPOINTS,
)
from ansible_collections.kumo.eks.plugins.module_utils.ec2.endpoints import (
    build_services,
    choose_endpoint,
    read_service,
)
from ansible_collections.kumo.eks.plugins.module_utils.ec2.internet_gateways import delete_loose_gateway
from ansible_collections.kumo.eks.plugins.module_utils.ec2.inventory import NOT_FOUND, Inventory, Row
from ansible_collections.kumo.eks.plugins.module_utils.ec2.local_zones import list_surplus_subnets, list_surplus_tables
from ansible_collections.kumo.eks.plugins.module_utils.ec2.nat_gateways import (
    LIVING,
    list_allocations,
    release_address,
)
from ansible_collections.kumo.eks.plugins.module_utils.ec2.options import NetworkOptions
from ansible_collections.kumo.eks.plugins.module_utils.ec2.routes import list_routes

Note = Callable[[str, Outcome], None]


@dataclass
class SurplusRemover:
    """Removes what bears the owner's tag and is not wanted. Routes have moved before: see Network."""

    inventory: Inventory
    options: NetworkOptions
    note: Note
    check_mode: bool
    warn: Callable[[str], None]

    def remove(self, wanted: set[str], pending: list[str], deadline: Deadline | None) -> list[str]:
        """Remove it; returns in words what is left for a later run.

        Args:
            wanted: ids of the NAT gateways that stay.
            pending: what is on its way: as long as there is something, routes may lead to the old NAT gateways.
            deadline: for the wait until deleted NAT gateways give back their addresses; None does not wait.
        """
        going: list[str] = []
        if not pending:
            self._delete_gateways(wanted)
            going = self._list_going()
        if going and deadline:
            self._wait_until_gone(deadline)
            going = []
        self._release_addresses(plan_all=bool(deadline))
        self._delete_loose_gateways()
        self._delete_flow_logs()
        self._delete_local_zones()
        return going + self._delete_endpoints()

    def _list_gateways(self, wanted: set[str]) -> list[Row]:
        rows = self.inventory.list_owned("nat_gateways")
        return [row for row in rows if row["State"] in LIVING and row["NatGatewayId"] not in wanted]

    def _delete_gateways(self, wanted: set[str]) -> None:
        """Start the deletion."""
        for row in self._list_gateways(wanted):
            if users := self._list_users(row["NatGatewayId"]):
                self.warn(
                    f"NAT gateway {row['NatGatewayId']} is kept, because route table {', '.join(users)} leads to it."
                )
                continue
            before = {"subnet": self.inventory.name_of("subnets", row["SubnetId"]), "tags": row["tags"]}
            if not self.check_mode:
                self.inventory.ec2.delete_nat_gateway(NatGatewayId=row["NatGatewayId"])
            self.inventory.put("nat_gateways", {**row, "State": "deleting"})
            self.note(f"NAT gateway {row['tags'].get('Name')}", Outcome(True, None, before, {}))

    def _list_going(self) -> list[str]:
        """The NAT gateways that are being deleted, in words."""
        rows = [row for row in self.inventory.list_owned("nat_gateways") if row["State"] == "deleting"]
        return [f"NAT gateway {row['tags'].get('Name')} ({row['NatGatewayId']}) is deleting" for row in rows]

    def _list_users(self, gateway: str) -> list[str]:
        """The route tables that lead to a NAT gateway: those of others, since the network's own have moved."""
        return [
            row["RouteTableId"]
            for row in self.inventory.list_rows("route_tables")
            if any(target == gateway for _key, target in self._list_targets(row))
        ]

    def _list_targets(self, row: Row) -> list[tuple[str, str]]:
        """A planned table has its routes by name only; it has moved, too."""
        own = self.check_mode and self.inventory.is_owned(row)
        return [] if own else list(list_routes(row).values())

    def _wait_until_gone(self, deadline: Deadline) -> None:
        if self.check_mode:
            rows = [row for row in self.inventory.list_rows("nat_gateways") if row["State"] == "deleting"]
            for row in rows:
                self.inventory.put("nat_gateways", {**row, "State": "deleted"})
            return

        def observe() -> tuple[bool, None, str]:
            self.inventory.read(("nat_gateways", "addresses"))
            going = self._list_going()
            return not going, None, ", ".join(going)

        poll(observe, "The deletion of NAT gateways", deadline)

    def _release_addresses(self, plan_all: bool) -> None:
        """Release the addresses that no NAT gateway names.

        The address' own association comes late, so it says nothing about an address without one.
        """
        named = list_allocations(self.inventory.list_rows("nat_gateways"))
        for row in self.inventory.list_owned("addresses"):
            gone = self.check_mode and plan_all  # a deleted gateway's association goes with it
            if row["AllocationId"] in named or (row.get("AssociationId") and not gone):
                continue
            if self.check_mode or release_address(self.inventory, row["AllocationId"]):
                before = {"public_ip": row.get("PublicIp"), "tags": row["tags"]}
                self.note(f"address {row['tags'].get('Name')}", Outcome(True, None, before, {}))

    def _delete_loose_gateways(self) -> None:
        """Internet gateways beside the VPC's: an interrupted run, or one to which an answer was lost, has left them."""
        rows = self.inventory.list_rows("internet_gateways")
        if not any(self.inventory.is_attached(row) for row in rows):
            return
        for row in [row for row in self.inventory.list_owned("internet_gateways") if not row["Attachments"]]:
            if self.check_mode:
                self.inventory.drop("internet_gateways", row["InternetGatewayId"])
            else:
                delete_loose_gateway(self.inventory, row["InternetGatewayId"])
            self.note(f"internet gateway {row['InternetGatewayId']}", Outcome(True, None, {"tags": row["tags"]}, {}))

    def _delete_endpoints(self) -> list[str]:
        if self.options.endpoints is None:
            return []
        words = build_services(self.options.endpoints)
        wanted = {read_service(word) for word in words}
        rows = [row for row in self.inventory.list_owned("vpc_endpoints") if row["State"].lower() in LIVING_ENDPOINTS]
        extra = [row for row in rows if read_service(row["ServiceName"]) not in wanted or self._is_twin(row)]
        ids = [row["VpcEndpointId"] for row in extra]
        if ids and not self.check_mode:
            self.inventory.ec2.delete_vpc_endpoints(VpcEndpointIds=ids)
        for row in extra:
            self.inventory.drop("vpc_endpoints", row["VpcEndpointId"])
            before = {"service": row["ServiceName"], "tags": row["tags"]}
            self.note(f"VPC endpoint {row['tags'].get('Name')}", Outcome(True, None, before, {}))
        return self._delete_group()

    def _is_twin(self, row: Row) -> bool:
        """Whether it is a gateway endpoint beside the one in use: runs at the same time made one each."""
        used = choose_endpoint(self.inventory, row["ServiceName"]) or row
        return row["VpcEndpointType"] == "Gateway" and row["VpcEndpointId"] != used["VpcEndpointId"]

    def _delete_group(self) -> list[str]:
        """The security group of interface endpoints goes with the last of them, once their interfaces are gone."""
        group = self.inventory.find("security_groups", f"{self.options.cluster_name}-endpoints", "GroupName")
        used = any(row["VpcEndpointType"] == "Interface" for row in self.inventory.list_owned("vpc_endpoints"))
        if group is None or used or not self.inventory.is_owned(group):
            return []
        try:
            if not self.check_mode:
                self.inventory.ec2.delete_security_group(GroupId=group["GroupId"])
        except Exception as error:
            if has_code(error, "DependencyViolation"):
                return [f"security group {group['GroupName']} is in use by endpoints that are being deleted"]
            if not has_code(error, *NOT_FOUND):
                raise
        self.inventory.drop("security_groups", group["GroupId"])
        self.note(f"security group {group['GroupName']}", Outcome(True, None, {"tags": group["tags"]}, {}))
        return []

    def _delete_local_zones(self) -> None:
        """The subnets, which nothing uses (see choose_local_zones), and then their route tables. An association goes with its subnet."""
        for row in list_surplus_subnets(self.inventory, self.options):
            before = {"cidr": row["CidrBlock"], "zone": row["AvailabilityZone"], "tags": row["tags"]}
            call = partial(self.inventory.ec2.delete_subnet, SubnetId=row["SubnetId"])
            self._delete("subnets", row["SubnetId"], f"subnet {row['tags'].get('Name')}", before, call)
        for row in list_surplus_tables(self.inventory, self.options):
            call = partial(self.inventory.ec2.delete_route_table, RouteTableId=row["RouteTableId"])
            title = f"route table {row['tags'].get('Name')}"
            self._delete("route_tables", row["RouteTableId"], title, {"tags": row["tags"]}, call)

    def _delete(self, kind: str, key: str, title: str, before: dict[str, Any], call: Callable[[], Any]) -> None:
        try:
            if not self.check_mode:
                call()
        except Exception as error:
            if not has_code(error, *NOT_FOUND):
                raise
        self.inventory.drop(kind, key)
        self.note(title, Outcome(True, None, before, {}))

    def _delete_flow_logs(self) -> None:
        if self.options.flow_logs is None or self.options.flow_logs.get("destination"):
            return
        rows = self.inventory.list_owned("flow_logs")
        if rows and not self.check_mode:
            self.inventory.ec2.delete_flow_logs(FlowLogIds=[row["FlowLogId"] for row in rows])
        for row in rows:
            self.inventory.drop("flow_logs", row["FlowLogId"])
            before: dict[str, Any] = {"destination": row.get("LogDestinationType"), "tags": row["tags"]}
            self.note(f"flow log {row['tags'].get('Name')}", Outcome(True, None, before, {}))
