# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The removal of a network: what bears the owner's tag, in the order in which EC2 lets it go.

It stops before the first deletion where others have something in the VPC. https://docs.aws.amazon.com/vpc/latest/userguide/delete-vpc.html
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.aws.client import has_code
from ansible_collections.kumo.eks.plugins.module_utils.aws.denials import look_if_allowed
from ansible_collections.kumo.eks.plugins.module_utils.core.concurrency import run_concurrently
from ansible_collections.kumo.eks.plugins.module_utils.core.errors import InUse, WaitTimedOut, add_facts
from ansible_collections.kumo.eks.plugins.module_utils.core.resource import Outcome
from ansible_collections.kumo.eks.plugins.module_utils.core.waiting import Deadline, poll
from ansible_collections.kumo.eks.plugins.module_utils.ec2.base import delete_when_free
from ansible_collections.kumo.eks.plugins.module_utils.ec2.inventory import ALWAYS, Inventory, Row, read_row
from ansible_collections.kumo.eks.plugins.module_utils.ec2.leftovers import (
    CONTROL_PLANE,
    Leftovers,
    find_leftovers,
    format_interface,
    is_lingering,
)
from ansible_collections.kumo.eks.plugins.module_utils.ec2.nat_gateways import LIVING
from ansible_collections.kumo.eks.plugins.module_utils.ec2.network import Progress
from ansible_collections.kumo.eks.plugins.module_utils.ec2.options import NetworkOptions
from ansible_collections.kumo.eks.plugins.module_utils.ec2.results import build_network
from ansible_collections.kumo.eks.plugins.module_utils.ec2.routes import is_main

KINDS = (*ALWAYS, "vpc_endpoints", "security_groups", "network_interfaces", "flow_logs", "egress_only_gateways")
# What few networks have. EC2 refuses to delete the VPC while a gateway or an endpoint is there.
OPTIONAL = {
    "egress_only_gateways": (
        "ec2:DescribeEgressOnlyInternetGateways",
        "egress-only internet gateways were not looked for and stay",
    ),
    "vpc_endpoints": ("ec2:DescribeVpcEndpoints", "VPC endpoints were not looked for and stay"),
    "flow_logs": ("ec2:DescribeFlowLogs", "flow logs were not looked for and stay"),
}
LINGER = 120.0  # seconds for interfaces of load balancers and functions that were deleted a moment ago


@dataclass
class NetworkRemoval:
    """Removes the network of one cluster.

    Args:
        cluster_exists: whether the control plane is there and is not being deleted; asked where it has interfaces in the VPC.
        delete_log_role: deletes the IAM role that was made for flow logs; returns its outcome.
        planned_removals: IDs of what earlier tasks remove. In check mode it is still there, and not in the way.
    """

    ec2: Any
    options: NetworkOptions
    check_mode: bool = False
    wait: bool = True
    wait_timeout: float = 600
    cluster_exists: Callable[[], bool] = lambda: False
    delete_log_role: Callable[[], Outcome] | None = None
    planned_removals: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        self.inventory = Inventory(self.ec2, self.options.owner)
        self.progress = Progress()
        self._deadline = Deadline(self.wait_timeout)

    def ensure_absent(self) -> dict[str, Any]:
        """The result of the task. A failure carries what was removed before it."""
        if self.options.is_given:
            return self._finish([])
        try:
            vpcs = self._list_vpcs()
            pending = [text for vpc in vpcs or [None] for text in self._remove(vpc)]
        except Exception as error:
            add_facts(error, {"changed": self.progress.changed, "diff": self.progress.build_diff()})
            raise
        return self._finish(pending)

    def _finish(self, pending: list[str]) -> dict[str, Any]:
        network = build_network(self.inventory, self.options.cluster_name)
        diff = self.progress.build_diff()
        facts = {"ready": not pending, "pending": pending}
        return {"changed": self.progress.changed, **facts, "network": network, "diff": diff}

    def _list_vpcs(self) -> list[Row]:
        """The VPCs that were made for the cluster, and those of others in which its subnets are."""
        rows = self.inventory.list_owned_vpcs()
        if rows:
            return rows
        filters = [{"Name": "tag-key", "Values": [self.options.owner]}]
        ids = sorted({row["VpcId"] for row in self.inventory.describe("subnets", filters)})
        return [read_row(raw) for raw in self.ec2.describe_vpcs(VpcIds=ids)["Vpcs"]] if ids else []

    def _remove(self, vpc: Row | None) -> list[str]:
        """Remove what is in one VPC, and the VPC; returns in words what is still going."""
        self.inventory.vpc = vpc
        self.inventory.read(KINDS, OPTIONAL)
        if self.check_mode:
            self._drop_planned()
        leftovers = find_leftovers(self.inventory, self.options)
        self._check(leftovers)
        self._delete_first()
        going = self._wait_until_free()
        if not going:
            self._delete_rest()
        return going

    def _drop_planned(self) -> None:
        """An instance takes its interfaces along."""
        for row in self.inventory.list_rows("network_interfaces"):
            instance = (row.get("Attachment") or {}).get("InstanceId")
            if self.planned_removals & {row["NetworkInterfaceId"], instance}:
                self.inventory.drop("network_interfaces", row["NetworkInterfaceId"])
        for row in self.inventory.list_rows("security_groups"):
            if row["GroupId"] in self.planned_removals:
                self.inventory.drop("security_groups", row["GroupId"])

    # what is in the way

    def _check(self, leftovers: Leftovers) -> None:
        """Refuse before the first deletion. A plan leaves out what goes with the cluster, which is planned by other tasks."""
        blocking = list(leftovers.blocking)
        if not self.check_mode:
            blocking += leftovers.of_cluster
            if self._has_control_plane(leftovers.leaving) and self.cluster_exists():
                blocking.append(f"cluster {self.options.cluster_name}")
            elif not blocking:
                leftovers = self._wait_for_services(leftovers)
                blocking = leftovers.blocking + leftovers.of_cluster
                blocking += [format_interface(row) for row in leftovers.leaving]
        if blocking:
            name = self.inventory.vpc_id
            raise InUse(
                f"VPC {name} is kept, because it contains resources that kumo.eks did not create: {', '.join(blocking)}. Nothing"
                " was deleted. Delete load balancers, services and security groups of the cluster's controllers first, and run"
                " the task again.",
                blocking=blocking,
            )

    @staticmethod
    def _has_control_plane(rows: list[Row]) -> bool:
        return any((row.get("Description") or "").startswith(CONTROL_PLANE) for row in rows)

    def _wait_for_services(self, leftovers: Leftovers) -> Leftovers:
        """Wait until services have let go of their interfaces; what is still there then is in the way."""
        limit = Deadline(min(LINGER, self.wait_timeout))
        state = leftovers

        def observe() -> tuple[bool, None, str]:
            nonlocal state
            self.inventory.read(("network_interfaces", "security_groups"))
            state = find_leftovers(self.inventory, self.options)
            over = not limit.seconds_left() and all(is_lingering(row) for row in state.leaving)
            return not state.leaving or over, None, ", ".join(map(format_interface, state.leaving))

        if leftovers.leaving:
            try:
                poll(observe, "The network interfaces of services", self._deadline)
            except WaitTimedOut:
                pass  # they are named as what is in the way
        return state

    # deletion

    def _delete_first(self) -> None:
        """What takes its time, side by side: NAT gateways, endpoints; and flow logs, which nothing depends on."""
        nat = [row for row in self.inventory.list_owned("nat_gateways") if row["State"] in LIVING]
        endpoints = [
            row
            for row in self.inventory.list_owned("vpc_endpoints")
            if row["State"].lower() not in ("deleted", "deleting")
        ]
        logs = self.inventory.list_owned("flow_logs")
        work = [
            self._plan("NAT gateway", row, "NatGatewayId", self._call("delete_nat_gateway", "NatGatewayId"))
            for row in nat
        ]
        work += [self._plan("VPC endpoint", row, "VpcEndpointId", self._delete_endpoint) for row in endpoints]
        work += [self._plan("flow log", row, "FlowLogId", self._delete_flow_log) for row in logs]
        self._run(work)
        if self.delete_log_role:
            lost = "the IAM role of the flow logs was not looked for and stays"
            outcome = look_if_allowed(self.delete_log_role, Outcome(False, None), "iam:GetRole", lost)
            self.progress.note("IAM role of the flow logs", outcome)

    def _delete_endpoint(self, endpoint: str) -> None:
        self.ec2.delete_vpc_endpoints(VpcEndpointIds=[endpoint])

    def _delete_flow_log(self, log: str) -> None:
        self.ec2.delete_flow_logs(FlowLogIds=[log])

    def _call(self, operation: str, key: str) -> Callable[[str], Any]:
        """A deletion that takes the id alone."""
        return lambda value: getattr(self.ec2, operation)(**{key: value})

    def _plan(self, kind: str, row: Row, key: str, delete: Callable[[str], Any]) -> tuple[str, Callable[[], Outcome]]:
        """The deletion of one thing: its title and the call."""
        title = f"{kind} {row['tags'].get('Name') or row[key]}"
        before = {"id": row[key], "tags": row["tags"]}

        def work() -> Outcome:
            if self.check_mode:
                return Outcome(True, None, before, {})
            mine = delete_when_free(lambda: delete(row[key]), title, self._deadline)
            return Outcome(mine, None, before, {})

        return title, work

    def _run(self, work: list[tuple[str, Callable[[], Outcome]]]) -> None:
        results = run_concurrently(work)
        for item in results:
            if item.outcome is not None:
                self.progress.note(item.name, item.outcome)
        error = next((item.error for item in results if item.error is not None), None)
        if error is not None:
            raise error

    def _wait_until_free(self) -> list[str]:
        """Until NAT gateways and endpoints are gone; a task that does not wait gets what is still going."""
        if self.check_mode:
            return []

        def observe() -> tuple[bool, None, str]:
            going = self._list_going()
            return not going, None, ", ".join(going)

        if not self._is_moving():
            return []
        if not self.wait:
            return self._list_going()
        poll(observe, "The removal of the network", self._deadline)
        return []

    def _is_moving(self) -> bool:
        rows = self.inventory.list_rows("nat_gateways")
        return bool(
            [row for row in rows if row["State"] in (*LIVING, "deleting")] or self.inventory.list_rows("vpc_endpoints")
        )

    def _list_going(self) -> list[str]:
        self.inventory.read(("nat_gateways", "vpc_endpoints", "addresses"), OPTIONAL)
        nat = [row for row in self.inventory.list_owned("nat_gateways") if row["State"] in (*LIVING, "deleting")]
        words = [f"NAT gateway {row['NatGatewayId']} is {row['State']}" for row in nat]
        for row in self.inventory.list_owned("vpc_endpoints"):
            if row["State"].lower() != "deleted":
                words.append(f"VPC endpoint {row['VpcEndpointId']} is {row['State']}")
        return words

    def _delete_rest(self) -> None:
        """Interfaces and addresses, then gateways and subnets, which take their places in tables along, then the rest."""
        leftovers = find_leftovers(self.inventory, self.options)
        self._run(
            [
                self._plan(
                    "network interface",
                    row,
                    "NetworkInterfaceId",
                    self._call("delete_network_interface", "NetworkInterfaceId"),
                )
                for row in leftovers.loose
            ]
            + [
                self._plan("address", row, "AllocationId", self._call("release_address", "AllocationId"))
                for row in self.inventory.list_owned("addresses")
            ]
        )
        self._run(
            self._plan_gateways()
            + self._plan_kind("subnets", "subnet", "SubnetId", self._call("delete_subnet", "SubnetId"))
        )
        tables = [row for row in self.inventory.list_owned("route_tables") if not is_main(row)]
        self._run(
            [
                self._plan("route table", row, "RouteTableId", self._call("delete_route_table", "RouteTableId"))
                for row in tables
            ]
            + self._plan_kind(
                "security_groups", "security group", "GroupId", self._call("delete_security_group", "GroupId")
            )
        )
        if self.inventory.vpc is not None and self.inventory.is_owned(self.inventory.vpc):
            self._run([self._plan("VPC", self.inventory.vpc, "VpcId", self._call("delete_vpc", "VpcId"))])
        if not self.check_mode:
            self.inventory = Inventory(self.ec2, self.options.owner)

    def _plan_kind(
        self, kind: str, word: str, key: str, delete: Callable[[str], Any]
    ) -> list[tuple[str, Callable[[], Outcome]]]:
        return [self._plan(word, row, key, delete) for row in self.inventory.list_owned(kind)]

    def _plan_gateways(self) -> list[tuple[str, Callable[[], Outcome]]]:
        work = self._plan_kind(
            "internet_gateways",
            "internet gateway",
            "InternetGatewayId",
            self._delete_internet_gateway,
        )
        return work + self._plan_kind(
            "egress_only_gateways",
            "egress-only internet gateway",
            "EgressOnlyInternetGatewayId",
            self._call("delete_egress_only_internet_gateway", "EgressOnlyInternetGatewayId"),
        )

    def _delete_internet_gateway(self, gateway: str) -> None:
        """Detach it first. EC2 refuses that with DependencyViolation while addresses in the VPC are still mapped."""
        row = self.inventory.find("internet_gateways", gateway) or {}
        for place in row.get("Attachments") or []:
            try:
                self.ec2.detach_internet_gateway(InternetGatewayId=gateway, VpcId=place["VpcId"])
            except Exception as error:
                if not has_code(error, "Gateway.NotAttached"):
                    raise
        self.ec2.delete_internet_gateway(InternetGatewayId=gateway)
