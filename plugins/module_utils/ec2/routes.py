# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A route table of a cluster's network: the subnets that use it, and the routes that the network needs.

Sources: CreateRouteTable, AssociateRouteTable, ReplaceRouteTableAssociation, CreateRoute, ReplaceRoute, DeleteRoute.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.aws.client import has_code
from ansible_collections.kumo.eks.plugins.module_utils.aws.tags import TAGS
from ansible_collections.kumo.eks.plugins.module_utils.core.fields import Field, normalize_list
from ansible_collections.kumo.eks.plugins.module_utils.ec2.base import NetworkResource
from ansible_collections.kumo.eks.plugins.module_utils.ec2.inventory import Inventory, Row, read_row
from ansible_collections.kumo.eks.plugins.module_utils.ec2.nat_gateways import DELETING, GONE

ANYWHERE, ANYWHERE_IPV6 = "0.0.0.0/0", "::/0"
# Where a route leads, and the kind of the inventory that knows the target's name.
TARGETS = {
    "NatGatewayId": "nat_gateways",
    "GatewayId": "internet_gateways",
    "EgressOnlyInternetGatewayId": "egress_only_gateways",
    "TransitGatewayId": None,
    "VpcPeeringConnectionId": None,
    "NetworkInterfaceId": None,
    "LocalGatewayId": None,
    "CarrierGatewayId": None,
    "CoreNetworkArn": None,
    "InstanceId": None,
}
LOCAL = "local"
MOST_ROUNDS = 10  # in which runs at the same time agree on one table

FIELDS = (
    Field("subnets", "Subnets", "subnets", normalize_list),
    # Only the routes that the network needs are compared: those that others made for peerings or transit gateways stay.
    Field("routes", "RoutesByDestination", "routes", partial=True),
    TAGS,
)


def read_target(route: Row) -> tuple[str, str]:
    """The kind of a route's target (a key of TARGETS) and its id; empty where there is none."""
    for key in TARGETS:
        if route.get(key):
            return key, route[key]
    return "", ""


def read_destination(route: Row) -> str:
    """A route's range of addresses, IPv4 or IPv6, or a prefix list."""
    keys = ("DestinationCidrBlock", "DestinationIpv6CidrBlock", "DestinationPrefixListId")
    return next((route[key] for key in keys if route.get(key)), "")


def is_main(row: Row) -> bool:
    """Whether it is the table that EC2 made with the VPC."""
    return any(place.get("Main") for place in row.get("Associations") or [])


def list_subnets(row: Row) -> list[str]:
    """The ids of the subnets that use the table."""
    places = row.get("Associations") or []
    return [place["SubnetId"] for place in places if place.get("SubnetId") and _is_in_force(place)]


def _is_in_force(place: Row) -> bool:
    return (place.get("AssociationState") or {}).get("State", "associated") in ("associating", "associated")


def list_routes(row: Row) -> dict[str, tuple[str, str]]:
    """The routes that lead somewhere: destination to target. Those within the VPC and of gateway endpoints are left out."""
    found = {}
    for route in row.get("Routes") or []:
        key, target = read_target(route)
        # A blackhole leads to what was deleted: it is as good as no route.
        if target and target != LOCAL and not target.startswith("vpce-") and route.get("State") != "blackhole":
            found[read_destination(route)] = (key, target)
    return found


class TableReplaced(Exception):
    """The table that this run made is gone: another run uses one of the same name, and deleted this one while it was empty."""


class RouteTableResource(NetworkResource):
    """A route table by its name.

    Args:
        targets: for each destination the kind (a key of TARGETS) and the id of what it leads to.
    """

    kind = "route table"
    fields = FIELDS
    rows = "route_tables"
    tag_type = "route-table"

    def __init__(self, inventory: Inventory, name: str, targets: dict[str, tuple[str, str]]) -> None:
        super().__init__(inventory, name)
        self.targets = targets

    def find(self) -> Row | None:
        """Of several that runs at the same time made, the one that subnets use."""
        rows = self.list_twins()
        return min(rows, key=lambda row: (not list_subnets(row), row[self.id_key]), default=None)

    def list_twins(self) -> list[Row]:
        """All tables of this name."""
        rows = self.inventory.list_owned(self.rows)
        return [row for row in rows if row["tags"].get("Name") == self.name and not is_main(row)]

    def read(self, row: Row) -> Row:
        routes = {dest: self.name_target(*target) for dest, target in sorted(list_routes(row).items())}
        subnets = [self.inventory.name_of("subnets", subnet) for subnet in list_subnets(row)]
        return {**row, "Subnets": subnets, "RoutesByDestination": routes, "status": "ACTIVE"}

    def name_target(self, key: str, target: str) -> str:
        """A target in the user's terms: the name of a gateway of the network, otherwise the id.

        A NAT gateway that is deleted has its name until EC2 forgets it, and another one has taken its place.
        """
        kind = TARGETS.get(key)
        row = self.inventory.find(kind, target) if kind else None
        return self.inventory.name_of(kind, target) if row and row.get("State") not in (DELETING, GONE) else target

    def planned_id(self) -> str:
        return f"rtb-{self.name} (known after apply)"

    def plan_row(self, desired: dict[str, Any]) -> Row:
        ids = self._ids(desired["subnets"])
        routes = [
            {"DestinationIpv6CidrBlock" if ":" in dest else "DestinationCidrBlock": dest, key: target}
            for dest, (key, target) in self.targets.items()
        ]
        return {"VpcId": self.inventory.vpc_id, "Associations": [{"SubnetId": one} for one in ids], "Routes": routes}

    def _ids(self, names: list[str]) -> list[str]:
        rows = self.inventory.list_owned("subnets")
        ids = {row["tags"].get("Name"): row["SubnetId"] for row in rows}
        return [ids[name] for name in names]

    def create(self, desired: dict[str, Any]) -> Row:
        vpc_id = self.inventory.vpc_id
        made = self.inventory.send(
            lambda: self.ec2.create_route_table(VpcId=vpc_id, TagSpecifications=self.specify_tags(desired))
        )["RouteTable"]
        row = self.inventory.put(self.rows, read_row(made))
        return self._gather(row, desired)

    def _gather(self, row: Row, desired: dict[str, Any]) -> Row:
        """Bring routes and subnets to one table of this name.

        Runs at the same time may each have given subnets to a table they made: now both take the one that stays.
        """
        settled = row
        for _round in range(MOST_ROUNDS):
            try:
                self._fill(row, desired)
            except TableReplaced:
                row = self.find() or row
                continue
            settled = row = self._settle(row)
            if set(self._ids(desired["subnets"])) <= set(list_subnets(row)):
                break
        return settled

    def _fill(self, row: Row, desired: dict[str, Any]) -> None:
        """Give a table its routes, then its subnets."""
        for dest in self.targets:
            if list_routes(row).get(dest) != self.targets[dest]:
                self._put_route(row, dest)
        for subnet in self._ids(desired["subnets"]):
            if subnet not in list_subnets(row):
                self._associate(row, subnet)

    def is_in_use(self, error: Exception) -> bool:
        return isinstance(error, TableReplaced)

    def _send(self, table: str, call: Callable[[], Any]) -> Any:
        """Send a call on a table, that another run may have deleted in favour of one of the same name."""

        def attempt() -> Any:
            try:
                return call()
            except Exception as error:
                if self.is_missing(error) and self._is_replaced(table):
                    raise TableReplaced(str(error)) from error
                raise

        return self.inventory.send(attempt)

    def _is_replaced(self, table: str) -> bool:
        self._read_again()
        ids = [row[self.id_key] for row in self.list_twins()]
        return bool(ids) and table not in ids

    def actions(self, raw: Row, desired: dict[str, Any]) -> dict[str, tuple[str, Callable[[], Any]]]:
        """Routes before subnets: a subnet that moves to the table never goes without."""
        return {
            "routes": ("ReplaceRoute", lambda: self._set_routes(raw, desired["routes"])),
            "subnets": ("AssociateRouteTable", lambda: self._set_subnets(raw, desired)),
        }

    def _set_routes(self, raw: Row, wanted: dict[str, str | None]) -> None:
        now = raw["RoutesByDestination"]
        for dest, target in wanted.items():
            if now.get(dest) != target and target is not None:
                self._put_route(raw, dest)
            elif target is None and dest in now:
                self._delete_route(raw, dest)
        self._read_again()

    def _put_route(self, row: Row, dest: str) -> None:
        """Create or replace a route. A blackhole is not in ``RoutesByDestination``, but in the way of a creation."""
        key, target = self.targets[dest]
        words = {"RouteTableId": row[self.id_key], key: target}
        words["DestinationIpv6CidrBlock" if ":" in dest else "DestinationCidrBlock"] = dest
        there = any(read_destination(route) == dest for route in row.get("Routes") or [])
        try:
            self._send_route(there, words)
        except Exception as error:
            # Another run was first, or took it away: the other operation is right.
            if not has_code(error, "RouteAlreadyExists", "InvalidParameterValue"):
                raise
            self._send_route(not there, words)

    def _send_route(self, replace: bool, words: dict[str, str]) -> None:
        send = self.ec2.replace_route if replace else self.ec2.create_route
        self._send(words["RouteTableId"], lambda: send(**words))

    def _delete_route(self, row: Row, dest: str) -> None:
        word = "DestinationIpv6CidrBlock" if ":" in dest else "DestinationCidrBlock"
        try:
            self.ec2.delete_route(RouteTableId=row[self.id_key], **{word: dest})
        except Exception as error:
            if not has_code(error, "InvalidRoute.NotFound"):
                raise

    def _set_subnets(self, raw: Row, desired: dict[str, Any]) -> None:
        wanted = self._ids(desired["subnets"])
        for place in raw.get("Associations") or []:
            if place.get("SubnetId") and place["SubnetId"] not in wanted:
                self.ec2.disassociate_route_table(AssociationId=place["RouteTableAssociationId"])
        self._gather(raw, desired)

    def _associate(self, row: Row, subnet: str) -> None:
        """Give a subnet this table, also where it has another one: a subnet is never without in between."""
        table = row[self.id_key]
        if other := self._find_association(subnet):
            self._move(table, other)
            return
        try:
            self._send(table, lambda: self.ec2.associate_route_table(SubnetId=subnet, RouteTableId=table))
        except Exception as error:
            # Another run was first, with this table or with one of the same name: see _gather.
            if not has_code(error, "Resource.AlreadyAssociated"):
                raise

    def _move(self, table: str, association: str) -> None:
        def move() -> Any:
            try:
                return self.ec2.replace_route_table_association(AssociationId=association, RouteTableId=table)
            except Exception as error:
                # Another run has moved the subnet, to this table or to one of the same name: see _gather.
                if has_code(error, "InvalidAssociationID.NotFound"):
                    return None
                raise

        self._send(table, move)

    def _find_association(self, subnet: str) -> str | None:
        for row in self.inventory.list_rows(self.rows):
            for place in row.get("Associations") or []:
                if place.get("SubnetId") == subnet and _is_in_force(place):
                    return place.get("RouteTableAssociationId")
        return None

    def _settle(self, row: Row) -> Row:
        """Look again, and delete the tables of this name that no subnet uses: runs at the same time make one each."""
        self._read_again(row[self.id_key])
        stays = self.find() or row
        for twin in self.list_twins():
            if twin[self.id_key] != stays[self.id_key] and not list_subnets(twin):
                self._delete_twin(twin[self.id_key])
        return self.read(stays)

    def _delete_twin(self, table: str) -> None:
        try:
            self.ec2.delete_route_table(RouteTableId=table)
        except Exception as error:
            if not (self.is_missing(error) or has_code(error, "DependencyViolation")):
                raise
        self.inventory.drop(self.rows, table)

    def _read_again(self, made: str | None = None) -> None:
        """The tables of this name as they are now."""
        filters = [
            {"Name": "vpc-id", "Values": [self.inventory.vpc_id]},
            {"Name": "tag:Name", "Values": [self.name]},
        ]
        found = self.inventory.describe(self.rows, filters)
        gone = {row[self.id_key] for row in self.list_twins()} - {row[self.id_key] for row in found} - {made}
        for row in found:
            self.inventory.put(self.rows, row)
        for table in gone:
            self.inventory.drop(self.rows, table)
