"""Route tables: their associations, what a route may lead to, and routes that lead nowhere any more."""

from __future__ import annotations

import ipaddress
from typing import Any

from moto.ec2.models.route_tables import Route, RouteBackend, RouteTable
from moto.ec2.models.vpcs import VPC
from moto.ec2.responses import EC2Response

from kumo_sandbox.moto_fixes.ec2.dependencies import list_route_tables
from kumo_sandbox.moto_fixes.ec2.vpcs import list_blocks
from kumo_sandbox.moto_fixes.hooks import Method, around, before, refuse
from kumo_sandbox.moto_fixes.runtime import runtime

DESTINATIONS = {
    "DestinationCidrBlock": "destination_cidr_block",
    "DestinationIpv6CidrBlock": "destination_ipv6_cidr_block",
    "DestinationPrefixListId": "destination_prefix_list_id",
}
TARGETS = (
    "GatewayId",
    "NatGatewayId",
    "EgressOnlyInternetGatewayId",
    "NetworkInterfaceId",
    "TransitGatewayId",
    "VpcPeeringConnectionId",
    "InstanceId",
    "CarrierGatewayId",
    "VpcEndpointId",
    "LocalGatewayId",
    "CoreNetworkArn",
)


@before(EC2Response, "create_route_table")
def check_quota(response: Any) -> None:
    backend, vpc_id = response.ec2_backend, response._get_param("VpcId")
    backend.get_vpc(vpc_id)
    if len(list_route_tables(backend, vpc_id)) >= runtime.quotas["route_tables"]:
        refuse("RouteTableLimitExceeded", "The maximum number of route tables has been reached.")


@around(RouteBackend, "create_route_table")
def create_table(original: Method, backend: Any, vpc_id: str, *args: Any, **options: Any) -> RouteTable:
    table = original(backend, vpc_id, *args, **options)
    drop_local_routes(table, backend.get_vpc(vpc_id))
    return table


def drop_local_routes(table: RouteTable, vpc: VPC) -> None:
    """Local routes are those to the blocks that the VPC has now: moto makes those to blocks that were disassociated, too."""
    blocks = {row["cidr_block"] for ipv6 in (False, True) for row in list_blocks(vpc, ipv6=ipv6)}
    for key, route in list(table._routes.items()):
        if route.local and (route.destination_cidr_block or route.destination_ipv6_cidr_block) not in blocks:
            del table._routes[key]


@before(EC2Response, "delete_route_table")
def check_deletion(response: Any) -> None:
    table = response.ec2_backend.get_route_table(response._get_param("RouteTableId"))
    if table.main_association_id or table._associations:
        refuse("DependencyViolation", f"The routeTable '{table.id}' has dependencies and cannot be deleted.")


@before(EC2Response, "associate_route_table")
def check_association(response: Any) -> None:
    """A subnet has one route table, of its own VPC; the same association again is answered as it is."""
    backend = response.ec2_backend
    table = backend.get_route_table(response._get_param("RouteTableId"))
    subnet_id = response._get_param("SubnetId")
    if not subnet_id:
        return
    if backend.get_subnet(subnet_id).vpc_id != table.vpc_id:
        refuse("InvalidParameterValue", f"Route table {table.id} and subnet {subnet_id} belong to different networks")
    others = [each for each in backend.route_tables.values() if each.id != table.id]
    if any(subnet_id in each._associations.values() for each in others):
        refuse(
            "Resource.AlreadyAssociated",
            f"the specified association for route table {table.id} conflicts with an existing association",
        )


@before(EC2Response, "create_route")
def check_route(response: Any) -> None:
    table = response.ec2_backend.get_route_table(response._get_param("RouteTableId"))
    if not any(response._get_param(each) for each in TARGETS):
        refuse(
            "MissingParameter",
            "The request must contain exactly one of gatewayId, natGatewayId, networkInterfaceId,"
            " vpcPeeringConnectionId, egressOnlyInternetGatewayId, transitGatewayId, localGatewayId,"
            " carrierGatewayId, vpcEndpointId, coreNetworkArn or instanceId",
        )
    _check_destination(response, table)
    check_target(response)


def _check_destination(response: Any, table: Any) -> None:
    """A destination is in a table once, whatever it leads to."""
    for parameter, attribute in DESTINATIONS.items():
        wanted = response._get_param(parameter)
        if wanted and _normalize(wanted) in [_normalize(getattr(route, attribute)) for route in table.routes]:
            refuse("RouteAlreadyExists", f"The route identified by {wanted} already exists.")


def _normalize(destination: str | None) -> str:
    try:
        return str(ipaddress.ip_network(destination or "", strict=False))
    except ValueError:
        return destination or ""


@before(EC2Response, "create_route", "replace_route")
def check_target(response: Any) -> None:
    """The gateway exists, and an internet gateway is attached to the table's VPC."""
    backend = response.ec2_backend
    table = backend.get_route_table(response._get_param("RouteTableId"))
    nat = response._get_param("NatGatewayId")
    if nat and (nat not in backend.nat_gateways or backend.nat_gateways[nat].state in ("deleted", "failed")):
        refuse("InvalidNatGatewayID.NotFound", f"The natGateway ID '{nat}' does not exist")
    name = response._get_param("GatewayId") or ""
    if name.startswith("igw-"):
        vpc = backend.get_internet_gateway(name).vpc
        if vpc is None or vpc.id != table.vpc_id:
            refuse(
                "InvalidParameterValue",
                f"route table {table.id} and network gateway {name} belong to different networks",
            )


def find_route_state(route: Any) -> str:
    """Blackhole where the target is gone: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_Route.html"""
    backend = route.route_table.ec2_backend
    if route.nat_gateway:
        kept = backend.nat_gateways.get(route.nat_gateway.id)
        return "active" if kept and kept.state in ("pending", "available", "deleting") else "blackhole"
    if route.gateway and route.gateway.id.startswith("igw-"):
        kept = backend.internet_gateways.get(route.gateway.id)
        return "active" if kept and kept.vpc else "blackhole"
    if route.egress_only_igw and route.egress_only_igw.id not in backend.egress_only_internet_gateways:
        return "blackhole"
    return "active"


Route.state = property(find_route_state)
