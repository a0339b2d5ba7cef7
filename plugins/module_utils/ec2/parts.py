# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What there is to be in a network, as resources with their desired state. Calls nothing of AWS that changes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.ec2.base import NetworkResource
from ansible_collections.kumo.eks.plugins.module_utils.ec2.endpoints import (
    EndpointGroupResource,
    EndpointResource,
    build_services,
    get_kind,
    has_kind,
    is_gateway,
    list_service_names,
    read_service,
)
from ansible_collections.kumo.eks.plugins.module_utils.ec2.flow_logs import LOGS, S3, FlowLogResource
from ansible_collections.kumo.eks.plugins.module_utils.ec2.internet_gateways import (
    EgressOnlyGatewayResource,
    InternetGatewayResource,
)
from ansible_collections.kumo.eks.plugins.module_utils.ec2.inventory import Inventory
from ansible_collections.kumo.eks.plugins.module_utils.ec2.layout import (
    SubnetPlan,
    build_subnet_tags,
    choose_nat_zones,
)
from ansible_collections.kumo.eks.plugins.module_utils.ec2.local_zones import list_surplus_tables
from ansible_collections.kumo.eks.plugins.module_utils.ec2.nat_gateways import NatGatewayResource
from ansible_collections.kumo.eks.plugins.module_utils.ec2.options import NetworkOptions
from ansible_collections.kumo.eks.plugins.module_utils.ec2.routes import (
    ANYWHERE,
    ANYWHERE_IPV6,
    RouteTableResource,
    list_routes,
)
from ansible_collections.kumo.eks.plugins.module_utils.ec2.subnets import SubnetResource
from ansible_collections.kumo.eks.plugins.module_utils.ec2.vpc import VpcResource, list_ranges

Target = tuple[str, str]


@dataclass(frozen=True)
class Part:
    """One resource of a network with its desired state."""

    resource: NetworkResource
    desired: dict[str, Any]

    @property
    def title(self) -> str:
        return f"{self.resource.kind} {self.resource.name}"


class Parts:
    """Builds the parts of a network from its options and from what the inventory knows by now."""

    def __init__(self, inventory: Inventory, options: NetworkOptions) -> None:
        self.inventory, self.options = inventory, options
        self._services: dict[str, str] = {}  # full names by those that the option endpoints has

    def name_services(self) -> dict[str, str]:
        """The full names of the services that are to have endpoints, asked for once.

        Raises:
            ValidationError: the region does not offer one of them.
        """
        services = build_services(self.options.endpoints or ())
        if any(word not in self._services for word in services):
            self._services = self._find_services(services)
        return self._services

    def _desire(self, tags: dict[str, str], **values: Any) -> dict[str, Any]:
        return {**values, "tags": tags, "purge_tags": self.options.purge_tags}

    def _name_tags(self, name: str) -> dict[str, str]:
        return {**self.options.cluster_tags, "Name": name}

    def build_vpc(self) -> Part:
        options = self.options
        desired = self._desire(
            self._name_tags(options.cluster_name),
            cidr=options.range,
            secondary_cidrs=None if options.secondary_cidrs is None else list(options.secondary_cidrs),
            ipv6=options.ip_family == "dual_stack" or None,
            dns_support=True,
            dns_hostnames=True,
        )
        return Part(VpcResource(self.inventory, options.cluster_name), desired)

    def build_subnet(self, plan: SubnetPlan) -> Part:
        dual = self.options.ip_family == "dual_stack" or None
        desired = self._desire(
            build_subnet_tags(self.options, plan),
            zone=plan.zone,
            cidr=plan.cidr,
            public_addresses=plan.is_public,
            ipv6=dual,
            ipv6_addresses=dual,
            hostname_type=self.options.hostname_type,
        )
        return Part(SubnetResource(self.inventory, plan), desired)

    def build_gateways(self, plans: list[SubnetPlan]) -> list[Part]:
        """The internet gateway, the egress-only one, and the security group of interface endpoints, where they are needed."""
        name = self.options.cluster_name
        tags = self._desire(self._name_tags(name))
        parts = []
        if any(plan.is_public for plan in plans):
            parts.append(Part(InternetGatewayResource(self.inventory, name), {**tags, "attached": True}))
        if self._has_egress_only(plans):
            parts.append(Part(EgressOnlyGatewayResource(self.inventory, name), tags))
        if self.list_interface_services():
            group = f"{name}-endpoints"
            cidrs = list_ranges(self.inventory.vpc) if self.inventory.vpc else []
            desired = self._desire(self._name_tags(group), https_from=cidrs)
            parts.append(Part(EndpointGroupResource(self.inventory, group), desired))
        return parts

    def _has_egress_only(self, plans: list[SubnetPlan]) -> bool:
        return self.options.ip_family == "dual_stack" and any(plan.kind == "private" for plan in plans)

    # NAT gateways

    def build_nat_gateways(self, plans: list[SubnetPlan], zones: list[str]) -> list[Part]:
        public = {plan.zone: plan for plan in plans if plan.is_public}
        return [self._build_nat_gateway(public[zone]) for zone in choose_nat_zones(self.options, zones)]

    def _build_nat_gateway(self, plan: SubnetPlan) -> Part:
        name = f"{self.options.cluster_name}-{plan.zone}"
        subnet = self.inventory.find("subnets", plan.cidr, "CidrBlock") or {}
        resource = NatGatewayResource(self.inventory, name, plan.name, subnet["SubnetId"])
        return Part(resource, self._desire(self._name_tags(name), subnet=plan.name))

    # routes

    def build_public_tables(self, plans: list[SubnetPlan]) -> list[Part]:
        names = [plan.name for plan in plans if plan.is_public]
        if not names:
            return []
        rows = [row for row in self.inventory.list_rows("internet_gateways") if self.inventory.is_attached(row)]
        target = ("GatewayId", rows[0]["InternetGatewayId"])
        targets = {ANYWHERE: target}
        if self.options.ip_family == "dual_stack":
            targets[ANYWHERE_IPV6] = target
        return [self._build_table(f"{self.options.cluster_name}-public", names, targets)]

    def build_private_tables(
        self, plans: list[SubnetPlan], nat: dict[str, str], is_final: Callable[[str], bool]
    ) -> list[Part]:
        """A table for each private subnet.

        Args:
            nat: zone to the id of its NAT gateway.
            is_final: whether routes may lead to the NAT gateway with this id already.
        """
        parts = []
        for plan in plans:
            if plan.kind != "private":
                continue
            # The network has none in Local Zones, where most have no NAT gateways:
            # https://aws.amazon.com/about-aws/global-infrastructure/localzones/features/
            gateway = nat.get(plan.parent or plan.zone) or next(iter(nat.values()), None)
            targets: dict[str, Target] = {}
            if gateway and is_final(gateway):
                targets[ANYWHERE] = ("NatGatewayId", gateway)
            if self._has_egress_only(plans):
                targets[ANYWHERE_IPV6] = self._find_egress_only()
            name = f"{self.options.cluster_name}-private-{plan.zone}"
            parts.append(self._build_table(name, [plan.name], targets, forget=gateway is None))
        return parts

    def _find_egress_only(self) -> Target:
        rows = [row for row in self.inventory.list_rows("egress_only_gateways") if self.inventory.is_attached(row)]
        return ("EgressOnlyInternetGatewayId", rows[0]["EgressOnlyInternetGatewayId"])

    def build_isolated_tables(self, plans: list[SubnetPlan]) -> list[Part]:
        names = [plan.name for plan in plans if plan.kind == "isolated"]
        return [self._build_table(f"{self.options.cluster_name}-isolated", names, {})] if names else []

    def _build_table(self, name: str, subnets: list[str], targets: dict[str, Target], forget: bool = False) -> Part:
        """A route table. ``forget``: the route to a NAT gateway of the cluster goes, because there is to be none."""
        resource = RouteTableResource(self.inventory, name, targets)
        routes: dict[str, str | None] = {dest: resource.name_target(*target) for dest, target in targets.items()}
        row = resource.find()
        if forget and row and self._leads_to_nat(list_routes(row).get(ANYWHERE)):
            routes[ANYWHERE] = None
        return Part(resource, self._desire(self._name_tags(name), subnets=subnets, routes=routes))

    def _leads_to_nat(self, target: Target | None) -> bool:
        """A default route to something else, like a transit gateway, was made by others and stays."""
        row = self.inventory.find("nat_gateways", target[1]) if target else None
        return row is not None and self.inventory.is_owned(row)

    # endpoints and flow logs

    def list_interface_services(self) -> list[str]:
        words = build_services(self.options.endpoints or ())
        return [word for word in words if not is_gateway(read_service(word))]

    def build_endpoints(self, plans: list[SubnetPlan]) -> list[Part]:
        """The endpoints: interfaces in the private (or isolated) subnets, gateways in all route tables but the public one."""
        services = build_services(self.options.endpoints or ())
        if not services:
            return []
        names = self.name_services()
        inside = self._choose_endpoint_subnets(plans)
        subnets = {plan.name: self._subnet_id(plan) for plan in inside}
        tables = self._list_inner_tables()
        group = self.inventory.find("security_groups", f"{self.options.cluster_name}-endpoints", "GroupName")
        return [
            self._build_endpoint(word, names[word], group["GroupId"] if group else None, subnets, tables)
            for word in services
        ]

    def _find_services(self, services: list[str]) -> dict[str, str]:
        """Full names; those of endpoints that exist are known, so that an unchanged run asks nothing."""
        names = [row["ServiceName"] for row in self.inventory.list_rows("vpc_endpoints") if has_kind(row)]
        there = {read_service(name): name for name in names}
        there |= {name: name for name in there.values()}
        unknown = [word for word in services if word not in there]
        return {**there, **(list_service_names(self.inventory.ec2, unknown) if unknown else {})}

    @staticmethod
    def _choose_endpoint_subnets(plans: list[SubnetPlan]) -> list[SubnetPlan]:
        """An interface endpoint takes one subnet in each zone. Services have none in Local Zones, which reach those of the VPC."""
        for kind in ("private", "isolated", "public"):
            if found := [plan for plan in plans if plan.kind == kind and not plan.parent]:
                return found
        return []

    def _subnet_id(self, plan: SubnetPlan) -> str:
        return (self.inventory.find("subnets", plan.cidr, "CidrBlock") or {})["SubnetId"]

    def _list_inner_tables(self) -> dict[str, str]:
        public = f"{self.options.cluster_name}-public"
        going = {row["RouteTableId"] for row in list_surplus_tables(self.inventory, self.options)}
        rows = [row for row in self.inventory.list_owned("route_tables") if row["RouteTableId"] not in going]
        names = {row["tags"].get("Name") for row in rows}
        found = {name: RouteTableResource(self.inventory, name, {}).find() for name in sorted(filter(None, names))}
        tables = {name: row["RouteTableId"] for name, row in found.items() if row}
        inner = {name: table for name, table in tables.items() if name != public}
        return inner or tables

    def _build_endpoint(
        self, word: str, service: str, group: str | None, subnets: dict[str, str], tables: dict[str, str]
    ) -> Part:
        kind = get_kind(read_service(word))
        gateway = kind == "Gateway"
        name = f"{self.options.cluster_name}-{read_service(service)}"
        places = tables if gateway else subnets
        resource = EndpointResource(self.inventory, name, service, None if gateway else group, places)
        values = {resource.option: list(places), "service": service, "type": kind}
        return Part(resource, self._desire(self._name_tags(name), **values))

    def build_flow_logs(self, role_arn: str | None) -> list[Part]:
        wanted = self.options.flow_logs or {}
        if not wanted.get("destination"):
            return []
        name = f"{self.options.cluster_name}-flow-logs"
        values: dict[str, Any] = {
            "destination": wanted["destination"],
            "traffic_type": wanted.get("traffic_type") or "ALL",
            "max_aggregation_interval": wanted.get("max_aggregation_interval") or 600,
        }
        if wanted["destination"] == LOGS:
            group = wanted.get("log_group_name") or f"/aws/vpc/{self.options.cluster_name}"
            values |= {"log_group_name": group, "role_arn": role_arn}
        if wanted["destination"] == S3:
            values["bucket_arn"] = wanted["bucket_arn"]
        return [Part(FlowLogResource(self.inventory, name), self._desire(self._name_tags(name), **values))]
