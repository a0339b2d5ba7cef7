# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A cluster's network as a composite: VPC, subnets, gateways, routes, endpoints and flow logs, each a resource of the reconciler.

One part names the next, so they come in stages; what is in one stage is worked on side by side. NAT gateways are started as early as
possible and waited for last. A pass may be repeated: it takes up what it finds.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.core.concurrency import run_concurrently
from ansible_collections.kumo.eks.plugins.module_utils.core.errors import WaitFailed, add_facts
from ansible_collections.kumo.eks.plugins.module_utils.core.reconciler import Reconciler
from ansible_collections.kumo.eks.plugins.module_utils.core.resource import Outcome
from ansible_collections.kumo.eks.plugins.module_utils.core.waiting import Deadline, poll
from ansible_collections.kumo.eks.plugins.module_utils.ec2.existing import check_given, check_owner, read_given
from ansible_collections.kumo.eks.plugins.module_utils.ec2.inventory import ALWAYS, Inventory, Row, VpcReplaced
from ansible_collections.kumo.eks.plugins.module_utils.ec2.layout import (
    SubnetPlan,
    build_ipv6_blocks,
    build_subnets,
    read_ipv6,
)
from ansible_collections.kumo.eks.plugins.module_utils.ec2.local_zones import choose_local_zones
from ansible_collections.kumo.eks.plugins.module_utils.ec2.nat_gateways import format_failure
from ansible_collections.kumo.eks.plugins.module_utils.ec2.option_rules import find_network_warnings, validate_options
from ansible_collections.kumo.eks.plugins.module_utils.ec2.options import NetworkOptions
from ansible_collections.kumo.eks.plugins.module_utils.ec2.parts import Part, Parts
from ansible_collections.kumo.eks.plugins.module_utils.ec2.results import build_network
from ansible_collections.kumo.eks.plugins.module_utils.ec2.surplus import SurplusRemover
from ansible_collections.kumo.eks.plugins.module_utils.ec2.vpc import (
    VpcResource,
    describe_dns,
    describe_vpc,
    list_ranges,
)
from ansible_collections.kumo.eks.plugins.module_utils.ec2.zones import ZoneLookup, choose_zones

MOST_PASSES = 5  # of a run whose VPC another run replaces


def ignore_warning(text: str) -> None:
    """Where nobody reads warnings."""


@dataclass
class Progress:
    """What became of the parts so far: an outcome for each, by its title."""

    parts: dict[str, Outcome] = field(default_factory=dict)

    def note(self, title: str, outcome: Outcome) -> None:
        """Note an outcome; a part that is changed twice has the state before the first and after the last change."""
        first = self.parts.get(title)
        if first is not None and first.changed:
            outcome = Outcome(True, outcome.raw, first.before, outcome.after if outcome.changed else first.after)
        self.parts[title] = outcome

    @property
    def changed(self) -> bool:
        return any(part.changed for part in self.parts.values())

    def build_diff(self) -> dict[str, dict[str, Any]]:
        """Both sides of what was changed, by part."""
        rows = {title: part for title, part in sorted(self.parts.items()) if part.changed}
        return {
            "before": {title: part.before for title, part in rows.items() if part.before},
            "after": {title: part.after for title, part in rows.items() if part.after},
        }


@dataclass
class Network:
    """Brings the network of one cluster to its desired state.

    Args:
        ec2: boto3's client.
        options: what there is to be.
        wait: go on until routes lead to NAT gateways, and what is not wanted any more is gone.
        cluster_zones: the zones of the cluster, None where there is none.
        ensure_log_role: makes the IAM role that delivers flow logs; returns its outcome, with ``Arn`` in ``raw``.
        warn: takes a warning for the user.
        find_account: the number of the caller's account; asked for only where the VPC is an existing one.
        goes_on: this is not the first pass of a task that waits: a NAT gateway that has failed meanwhile ends it.
    """

    ec2: Any
    options: NetworkOptions
    check_mode: bool = False
    wait: bool = True
    wait_timeout: float = 600
    cluster_zones: ZoneLookup = lambda: None
    ensure_log_role: Callable[[], Outcome] | None = None
    warn: Callable[[str], None] = ignore_warning
    goes_on: bool = False
    find_account: Callable[[], str] | None = None

    def __post_init__(self) -> None:
        self.inventory = Inventory(self.ec2, self.options.owner)
        self.parts = Parts(self.inventory, self.options)
        self.progress = Progress()
        self.pending: list[str] = []
        self.kinds: dict[str, str] | None = None
        self._deadline = Deadline(self.wait_timeout)

    def ensure_present(self) -> dict[str, Any]:
        """The result of the task. A failure carries what was changed before it."""
        validate_options(self.options)
        for text in find_network_warnings(self.options):
            self.warn(text)
        try:
            self._ensure()
        except Exception as error:
            add_facts(error, {"changed": self.progress.changed, "diff": self.progress.build_diff()})
            raise
        return self.build_result()

    def build_result(self) -> dict[str, Any]:
        network = build_network(self.inventory, self.options.cluster_name, self.kinds)
        return {
            "changed": self.progress.changed,
            "ready": not self.pending,
            "pending": self.pending,
            "network": network,
            "diff": self.progress.build_diff(),
        }

    def _ensure(self) -> None:
        if self.options.is_given:
            self.kinds = read_given(self.inventory, self.options)
            for text in check_given(self.inventory, self.kinds, self._find_owner()):
                self.warn(text)
            return
        for number in range(MOST_PASSES):
            try:
                return self._pass()
            except VpcReplaced:
                if number == MOST_PASSES - 1:
                    raise
                self.inventory.vpc = None

    def _pass(self) -> None:
        self._read()
        zones = choose_zones(self.inventory, self.options, self.cluster_zones)
        local = choose_local_zones(self.inventory, self.options)
        self._plan_subnets(zones, local)  # refuses before anything is created, as do the names of services
        self.parts.name_services()
        if not self.options.vpc_id:
            self._run([self.parts.build_vpc()])
        plans = self._plan_subnets(zones, local)
        # Subnets before gateways: whose VPC has a subnet first has decided between runs at the same time, see VpcResource.agree.
        self._run([self.parts.build_subnet(plan) for plan in plans])
        self._run(self.parts.build_gateways(plans))
        nat = self.parts.build_nat_gateways(plans, zones)
        self._name_failed(nat)
        self._run(nat + self.parts.build_public_tables(plans))
        self._run_inner(plans, nat)
        self._run(self.parts.build_endpoints(plans) + self._build_flow_logs())
        if self.wait and not self.check_mode:
            self._wait(nat)
            self._run_inner(plans, nat)
        self._settle(nat)

    # reading

    def _read(self) -> None:
        """The VPC, then all that is in it; a few calls side by side."""
        self._find_vpc()
        optional = {
            "vpc_endpoints": self.options.endpoints is not None,
            "security_groups": self.options.endpoints is not None,
            "flow_logs": self.options.flow_logs is not None,
            "egress_only_gateways": self.options.ip_family == "dual_stack",
        }
        kinds = ALWAYS + tuple(kind for kind, wanted in optional.items() if wanted)
        with ThreadPoolExecutor(max_workers=1) as pool:
            dns = pool.submit(self._read_dns)
            self.inventory.read(kinds)
            dns.result()

    def _find_vpc(self) -> None:
        if self.options.vpc_id:
            self.inventory.vpc = describe_vpc(self.ec2, self.options.vpc_id)
            check_owner(self.inventory.vpc, self._find_owner())
            return
        rows = self.inventory.list_owned_vpcs()
        if len(rows) > 1:
            self._choose_vpc(rows)
        elif rows:
            self.inventory.vpc = {**rows[0], **(self.inventory.vpc or {})}

    def _find_owner(self) -> str | None:
        """The account that shares the VPC with the caller's; None where it is the caller's own."""
        owner = (self.inventory.vpc or {}).get("OwnerId")
        return owner if self.find_account and owner and owner != self.find_account() else None

    def _choose_vpc(self, rows: list[Row]) -> None:
        """Several runs at the same time made one each, and were interrupted: one stays."""
        resource = VpcResource(self.inventory, self.options.cluster_name)
        winner = resource.choose(rows)
        if not self.check_mode:
            resource.agree()
        self.inventory.vpc = self.inventory.vpc or winner
        for row in rows:
            if row["VpcId"] != self.inventory.vpc_id:
                title = f"VPC {row['VpcId']}"
                self.progress.note(title, Outcome(True, None, {"cidr": row["CidrBlock"], "tags": row["tags"]}, {}))

    def _read_dns(self) -> None:
        if self.inventory.vpc and "DnsSupport" not in self.inventory.vpc:
            self.inventory.vpc |= describe_dns(self.ec2, self.inventory.vpc_id)

    # stages

    def _run(self, parts: list[Part]) -> None:
        """Reconcile the parts of a stage side by side."""
        results = run_concurrently([(part.title, lambda part=part: self._reconcile(part)) for part in parts])
        errors = [item.error for item in results if item.error is not None]
        for part, item in zip(parts, results, strict=True):
            if item.outcome is None:
                continue
            self.progress.note(part.title, item.outcome)
            if self.check_mode and item.outcome.changed and item.outcome.raw:
                part.resource.note_plan(item.outcome.raw)
        if errors:
            raise next((error for error in errors if isinstance(error, VpcReplaced)), errors[0])

    def _reconcile(self, part: Part) -> Outcome:
        replace = part.resource.replaceable
        return Reconciler(part.resource, self.check_mode, False, self.wait_timeout, replace).ensure_present(
            part.desired
        )

    def _plan_subnets(self, zones: list[str], local: dict[str, str]) -> list[SubnetPlan]:
        rows = self.inventory.list_rows("subnets")
        plans = build_subnets(self.options, zones, self._list_ranges(), rows, local)
        whole = read_ipv6(self.inventory.vpc or {}) if self.options.ip_family == "dual_stack" else None
        return build_ipv6_blocks(plans, whole, rows)

    def _list_ranges(self) -> list[str]:
        """Where subnets may be: the ranges that the VPC has or will have; of an existing one, the part that is asked for."""
        options, vpc = self.options, self.inventory.vpc
        if options.vpc_id and options.cidr:
            return [options.cidr]
        now = list_ranges(vpc) if vpc else [options.range]
        return [*now, *(cidr for cidr in options.secondary_cidrs or () if cidr not in now)]

    def _run_inner(self, plans: list[SubnetPlan], nat: list[Part]) -> None:
        """The tables of private and isolated subnets, with routes to those NAT gateways that are available."""
        ids = {part.desired["subnet"]: self._find_nat(part) for part in nat}
        zones = {plan.zone: ids[plan.name]["NatGatewayId"] for plan in plans if ids.get(plan.name)}
        states = {row["NatGatewayId"]: row["State"] for row in ids.values() if row}
        planned = self.check_mode and self.wait  # by then they are available
        tables = self.parts.build_private_tables(
            plans, zones, lambda gateway: planned or states.get(gateway) == "available"
        )
        self._run(tables + self.parts.build_isolated_tables(plans))

    @staticmethod
    def _find_nat(part: Part) -> Row | None:
        return part.resource.find()

    def _name_failed(self, nat: list[Part]) -> None:
        """NAT gateways that failed earlier, and are replaced now."""
        for part in nat:
            failed = [] if part.resource.find() else part.resource.list_failed()
            if failed and self.goes_on:
                self._fail_nat(part)
            for row in failed:
                self.warn(f"NAT gateway {format_failure(row)}. It is replaced.")

    def _build_flow_logs(self) -> list[Part]:
        wanted = self.options.flow_logs or {}
        role = wanted.get("role_arn")
        if wanted.get("destination") == "cloud-watch-logs" and not role and self.ensure_log_role:
            made = self.ensure_log_role()
            self.progress.note("IAM role of the flow logs", made)
            role = (made.raw or {})["Arn"]
        return self.parts.build_flow_logs(role)

    # the end

    def _wait(self, nat: list[Part]) -> None:
        """Until the NAT gateways and endpoints are available; one that fails ends the wait with EC2's reason."""

        def observe() -> tuple[bool, None, str]:
            pending = self._list_pending(nat)
            return not pending, None, ", ".join(pending)

        if self._list_pending(nat, again=False):
            poll(observe, "The network", self._deadline)

    def _list_pending(self, nat: list[Part], again: bool = True) -> list[str]:
        """What is on its way, in words."""
        if again:
            self.inventory.read(("nat_gateways", "vpc_endpoints") if self.options.endpoints else ("nat_gateways",))
        words = []
        for part in nat:
            row = part.resource.find()
            if row is None:
                self._fail_nat(part)
            elif row["State"] == "pending":
                words.append(f"NAT gateway {part.resource.name} ({row['NatGatewayId']}) is pending")
        return words + self._list_pending_endpoints()

    def _list_pending_endpoints(self) -> list[str]:
        rows = [row for row in self.inventory.list_owned("vpc_endpoints") if row["State"].lower() == "pending"]
        return [f"VPC endpoint {row['tags'].get('Name')} ({row['VpcEndpointId']}) is pending" for row in rows]

    def _fail_nat(self, part: Part) -> None:
        failed = "; ".join(format_failure(row) for row in part.resource.list_failed())
        reason = failed or "it was deleted"
        raise WaitFailed(
            f"NAT gateway {part.resource.name}: {reason}. Fix the cause, and run the task again to replace it."
        )

    def _settle(self, nat: list[Part]) -> None:
        """Remove what is not wanted any more, now that no route leads there; and note whether anything is left to do."""
        remover = SurplusRemover(self.inventory, self.options, self.progress.note, self.check_mode, self.warn)
        pending = [] if self.check_mode and self.wait else self._list_pending(nat, again=False)
        rows = [part.resource.find() for part in nat]
        wanted = {row["NatGatewayId"] for row in rows if row}
        left = remover.remove(wanted, pending, self._deadline if self.wait else None)
        self.pending = pending + left
