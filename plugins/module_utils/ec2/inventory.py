# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a cluster's network has in EC2, read by a handful of Describe calls and kept up to date while it is changed."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, TypeVar

from ansible_collections.kumo.eks.plugins.module_utils.aws.client import has_code
from ansible_collections.kumo.eks.plugins.module_utils.aws.consistency import retry_until_known
from ansible_collections.kumo.eks.plugins.module_utils.aws.denials import look_if_allowed
from ansible_collections.kumo.eks.plugins.module_utils.aws.lookups import describe_all_pages, describe_by_filter
from ansible_collections.kumo.eks.plugins.module_utils.aws.ownership import OWNED
from ansible_collections.kumo.eks.plugins.module_utils.core.concurrency import MAX_CONCURRENCY
from ansible_collections.kumo.eks.plugins.module_utils.core.errors import EksError
from ansible_collections.kumo.eks.plugins.module_utils.core.waiting import CATCH_UP, Deadline

Row = dict[str, Any]
T = TypeVar("T")

# EC2's reads are seconds behind its writes: an id that a creation has just returned may be not found.
# https://docs.aws.amazon.com/ec2/latest/devguide/eventual-consistency.html
NOT_FOUND = (
    "InvalidVpcID.NotFound",
    "InvalidVpcId.NotFound",
    "InvalidSubnetID.NotFound",
    "InvalidSubnetId.NotFound",
    "InvalidInternetGatewayID.NotFound",
    "InvalidGatewayID.NotFound",
    "InvalidEgressOnlyInternetGatewayId.NotFound",
    "InvalidRouteTableID.NotFound",
    "InvalidRouteTableId.NotFound",
    "InvalidAssociationID.NotFound",
    "InvalidRoute.NotFound",
    "InvalidAllocationID.NotFound",
    "InvalidAddressID.NotFound",
    "InvalidGroup.NotFound",
    "InvalidGroupId.NotFound",
    "InvalidVpcEndpointId.NotFound",
    "InvalidVpcEndpoint.NotFound",
    "InvalidFlowLogId.NotFound",
    "InvalidNetworkInterfaceID.NotFound",
    "InvalidPlacementGroup.Unknown",
    "NatGatewayNotFound",
    "InvalidNatGatewayID.NotFound",
)
UNKNOWN = "(known after apply)"  # the end of an id that only a creation gives


class VpcReplaced(EksError):
    """The VPC of this run is gone: another run agreed on another VPC for the same cluster."""

    kind = "not-found"


@dataclass(frozen=True)
class Kind:
    """How one kind of EC2 resource is listed.

    Args:
        operation: the Describe operation of boto3's client.
        key: where its answer has the list.
        id: the key of a row that holds its id.
        filter: the filter that takes the id of the VPC; "tag-key" takes the owner's tag instead.
        parameter: the name of the request's list of filters.
    """

    operation: str
    key: str
    id: str
    filter: str = "vpc-id"
    parameter: str = "Filters"


KINDS = {
    "subnets": Kind("describe_subnets", "Subnets", "SubnetId"),
    # DescribeNatGateways and DescribeFlowLogs call their filters "Filter".
    "nat_gateways": Kind("describe_nat_gateways", "NatGateways", "NatGatewayId", parameter="Filter"),
    "route_tables": Kind("describe_route_tables", "RouteTables", "RouteTableId"),
    "internet_gateways": Kind("describe_internet_gateways", "InternetGateways", "InternetGatewayId", "tag-key"),
    "egress_only_gateways": Kind(
        "describe_egress_only_internet_gateways",
        "EgressOnlyInternetGateways",
        "EgressOnlyInternetGatewayId",
        "tag-key",
    ),
    "addresses": Kind("describe_addresses", "Addresses", "AllocationId", "tag-key"),
    "vpc_endpoints": Kind("describe_vpc_endpoints", "VpcEndpoints", "VpcEndpointId"),
    "security_groups": Kind("describe_security_groups", "SecurityGroups", "GroupId"),
    "network_interfaces": Kind("describe_network_interfaces", "NetworkInterfaces", "NetworkInterfaceId"),
    "flow_logs": Kind("describe_flow_logs", "FlowLogs", "FlowLogId", "resource-id", "Filter"),
}
ALWAYS = ("subnets", "nat_gateways", "route_tables", "internet_gateways", "addresses")


def read_row(raw: Row) -> Row:
    """A resource of EC2 with its tags as a dictionary under ``tags``."""
    words = raw.get("Tags", raw.get("TagSet")) or []
    tags = {tag["Key"]: tag["Value"] for tag in words}
    return {**{key: value for key, value in raw.items() if key not in ("Tags", "TagSet")}, "tags": tags}


def build_tag_specification(kind: str, tags: dict[str, str]) -> list[dict[str, Any]]:
    """The tags of a creation. They are set by the creating call, so that an interrupted run finds what it made."""
    return [{"ResourceType": kind, "Tags": [{"Key": key, "Value": value} for key, value in tags.items()]}]


class Inventory:
    """The rows of each kind, as EC2 answered them or as this run changed them. Safe for threads.

    Args:
        ec2: boto3's client.
        owner: the key of the tag that marks what was made for the cluster.
    """

    def __init__(self, ec2: Any, owner: str) -> None:
        self.ec2, self.owner = ec2, owner
        self.vpc: Row | None = None
        self._rows: dict[str, list[Row]] = {}
        self._changes = 0  # how many there were
        self._changed_at: dict[tuple[str, str], int] = {}  # kind and id to the number of its last change
        self._made: dict[tuple[str, str], Deadline] = {}  # until when listings may be without it
        self._lock = threading.RLock()

    @property
    def vpc_id(self) -> str:
        return self.vpc["VpcId"] if self.vpc else f"vpc-{UNKNOWN}"

    def list_rows(self, kind: str) -> list[Row]:
        """The rows of a kind; none where it was not read."""
        with self._lock:
            return list(self._rows.get(kind, []))

    def list_owned(self, kind: str) -> list[Row]:
        """The rows of a kind that bear the owner's tag."""
        return [row for row in self.list_rows(kind) if self.is_owned(row)]

    def is_owned(self, row: Row) -> bool:
        """Whether it was made for the cluster."""
        return row["tags"].get(self.owner) == OWNED

    def find(self, kind: str, value: str | None, key: str | None = None) -> Row | None:
        """The row with this id, or with this value under another key."""
        key = key or KINDS[kind].id
        return next((row for row in self.list_rows(kind) if row.get(key) == value), None)

    def name_of(self, kind: str, value: str | None) -> str:
        """How people call a thing: its Name tag, otherwise its id."""
        row = self.find(kind, value)
        return (row["tags"].get("Name") if row else None) or str(value)

    def put(self, kind: str, row: Row) -> Row:
        """Note a row that this run changed, found or predicts."""
        key = KINDS[kind].id
        with self._lock:
            self._note_change(kind, row[key])
            others = [other for other in self._rows.get(kind, []) if other[key] != row[key]]
            self._rows[kind] = [*others, row]
        return row

    def add(self, kind: str, row: Row) -> Row:
        """Note a row that this run made. For a while it stays, also where a listing is without it."""
        with self._lock:
            self._made[(kind, row[KINDS[kind].id])] = Deadline(CATCH_UP)
            return self.put(kind, row)

    def drop(self, kind: str, value: str) -> None:
        """Forget a row that this run deleted."""
        key = KINDS[kind].id
        with self._lock:
            self._note_change(kind, value)
            self._made.pop((kind, value), None)
            self._rows[kind] = [row for row in self._rows.get(kind, []) if row[key] != value]

    def _note_change(self, kind: str, value: str) -> None:
        self._changes += 1
        self._changed_at[(kind, value)] = self._changes

    def read(self, kinds: tuple[str, ...], optional: dict[str, tuple[str, str]] | None = None) -> None:
        """Read these kinds, side by side.

        Args:
            optional: kinds that the work can do without, where they are denied: the IAM action, and what is lost.
        """

        def describe(kind: str) -> list[Row]:
            if kind not in (optional or {}):
                return self._describe(kind)
            return look_if_allowed(lambda: self._describe(kind), [], *optional[kind])

        with self._lock:
            begun = self._changes
        with ThreadPoolExecutor(max_workers=MAX_CONCURRENCY) as pool:
            found = dict(zip(kinds, pool.map(describe, kinds), strict=True))
        with self._lock:
            self._rows.update({kind: self._merge(kind, rows, begun) for kind, rows in found.items()})

    def _merge(self, kind: str, listed: list[Row], begun: int) -> list[Row]:
        """A listing, with what it cannot know: what another thread changed since it was begun, and what EC2 does not list yet."""
        key = KINDS[kind].id
        newer = {value for (of, value), number in self._changed_at.items() if of == kind and number > begun}
        rows = [row for row in listed if row[key] not in newer]
        there = {row[key] for row in rows}
        kept = [row for row in self._rows.get(kind, []) if row[key] in newer or self._is_unseen(kind, row)]
        return rows + [row for row in kept if row[key] not in there]

    def _is_unseen(self, kind: str, row: Row) -> bool:
        """Whether this run made it so lately that listings may be without it. A VPC that was given up takes all with it."""
        deadline = self._made.get((kind, row[KINDS[kind].id]))
        return deadline is not None and deadline.seconds_left() > 0 and row.get("VpcId") == self.vpc_id

    def _describe(self, kind: str) -> list[Row]:
        if self.vpc is None and KINDS[kind].filter != "tag-key":
            return []
        rows = self.describe(kind)
        attached = kind != "internet_gateways" or any(self.is_attached(row) for row in rows)
        if attached or self.vpc is None:
            return rows
        # Somebody else's internet gateway bears no tag of ours, and a VPC takes one only.
        return rows + self.describe(kind, [{"Name": "attachment.vpc-id", "Values": [self.vpc_id]}])

    def describe(self, kind: str, filters: list[dict[str, Any]] | None = None) -> list[Row]:
        """All pages of a kind: of the VPC, of the owner, or of other filters."""
        how = KINDS[kind]
        value = self.owner if how.filter == "tag-key" else self.vpc_id
        filters = filters or [{"Name": how.filter, "Values": [value]}]
        return [
            read_row(raw) for raw in describe_all_pages(self.ec2, how.operation, how.key, **{how.parameter: filters})
        ]

    def is_attached(self, gateway: Row) -> bool:
        """Whether an internet gateway, also one for outgoing traffic only, is attached to the VPC."""
        return any(place.get("VpcId") == self.vpc_id for place in gateway.get("Attachments") or [])

    def list_owned_vpcs(self) -> list[Row]:
        """The VPCs that bear the owner's tag."""
        return [read_row(raw) for raw in describe_by_filter(self.ec2, "describe_vpcs", "Vpcs", "tag-key", [self.owner])]

    def send(self, call: Callable[[], T]) -> T:
        """Send a call that names what was made a moment ago, again while EC2 does not find it.

        Raises:
            VpcReplaced: where the VPC is not only unseen, but removed in favour of another run's.
        """

        def attempt() -> T:
            try:
                return call()
            except Exception as error:
                if has_code(error, *NOT_FOUND):
                    self._check_vpc()
                raise

        return retry_until_known(attempt, "What was made", *NOT_FOUND)

    def _check_vpc(self) -> None:
        ids = [row["VpcId"] for row in self.list_owned_vpcs()]
        if ids and self.vpc_id not in ids and self.vpc is not None and self.is_owned(self.vpc):
            raise VpcReplaced(f"{self.vpc_id} was removed by another run, which uses {', '.join(ids)}.")
