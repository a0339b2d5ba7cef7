"""VPC endpoints: interface endpoints take a while and stand in subnets, gateway endpoints are routes.

https://docs.aws.amazon.com/vpc/latest/privatelink/create-interface-endpoint.html
https://docs.aws.amazon.com/vpc/latest/privatelink/gateway-endpoints.html
"""

from __future__ import annotations

import re
from typing import Any

from moto.core.responses import ActionResult
from moto.ec2.models.vpcs import VPCBackend
from moto.ec2.responses import EC2Response

from kumo_sandbox import durations
from kumo_sandbox.moto_fixes.ec2.dependencies import list_endpoints
from kumo_sandbox.moto_fixes.ec2.partitions import list_service_names
from kumo_sandbox.moto_fixes.ec2.zones import is_local
from kumo_sandbox.moto_fixes.hooks import Method, around, before, refuse
from kumo_sandbox.moto_fixes.runtime import runtime


def _is_interface(endpoint: Any) -> bool:
    return str(endpoint.vpc_endpoint_type).lower() == "interface"


@before(EC2Response, "create_vpc_endpoint")
def check_endpoint(response: Any) -> None:
    backend, kind = response.ec2_backend, response._get_param("VpcEndpointType", "Gateway")
    vpc = backend.get_vpc(response._get_param("VpcId"))
    _check_quota(backend, vpc, kind)
    _check_service(response, kind)
    if kind == "Interface":
        _check_subnets(response)
        _check_private_dns(response, vpc)
    if kind == "Gateway":
        _check_routes(response)


def _check_quota(backend: Any, vpc: Any, kind: str) -> None:
    interface = kind == "Interface"
    found = list_endpoints(backend, vpc.id) if interface else list(backend.vpc_end_points.values())
    most = runtime.quotas["interface_endpoints" if interface else "gateway_endpoints"]
    if len([each for each in found if _is_interface(each) == interface]) >= most:
        refuse("VpcEndpointLimitExceeded", "The maximum number of VPC endpoints has been reached.")


def _check_service(response: Any, kind: str) -> None:
    """The service exists in the region, as an endpoint of this kind."""
    name, backend = response._get_param("ServiceName"), response.ec2_backend
    if not re.match(rf"((cn|eu)\.)?(com\.)?amazonaws\.{backend.region_name}\.", name):
        return  # another account's service, which nobody here can know
    if name not in list_service_names(backend):
        refuse("InvalidServiceName", f"The Vpc Endpoint Service '{name}' does not exist")
    service = name.rpartition(".")[2]
    if kind == "Gateway" and service not in ("s3", "dynamodb"):
        refuse("InvalidParameter", "Endpoint type (Gateway) does not match available service types ([Interface]).")


def _check_subnets(response: Any) -> None:
    zones: set[str] = set()
    for name in response._get_param("SubnetIds", []):
        subnet = response.ec2_backend.get_subnet(name)
        if subnet.availability_zone in zones:
            refuse(
                "DuplicateSubnetsInSameZone",
                f"Found another VPC endpoint subnet in the availability zone of {name}. VPC endpoint subnets should"
                " be in different availability zones supported by the VPC endpoint service.",
            )
        if is_local(subnet.availability_zone):
            service = response._get_param("ServiceName")
            refuse(
                "InvalidParameter",
                f"The VPC endpoint service {service} does not support the availability zone of the subnet: {name}.",
            )
        zones.add(subnet.availability_zone)


def _check_private_dns(response: Any, vpc: Any) -> None:
    """Its name resolves to the endpoint only with the VPC's DNS; two endpoints of a service cannot share it."""
    if not response._get_bool_param("PrivateDnsEnabled", if_none=True):
        return
    if not (_is_true(vpc.enable_dns_support) and _is_true(vpc.enable_dns_hostnames)):
        refuse(
            "InvalidParameter",
            "Enabling private DNS requires both enableDnsSupport and enableDnsHostnames VPC attributes set to true"
            f" for {vpc.id}",
        )
    name = response._get_param("ServiceName")
    for other in list_endpoints(response.ec2_backend, vpc.id):
        if other.service_name == name and _is_interface(other) and other.private_dns_enabled:
            refuse(
                "InvalidParameter",
                f"private-dns-enabled cannot be set because there is already a conflicting DNS domain for {name}"
                f" in the VPC {vpc.id}",
            )


def _is_true(value: Any) -> bool:
    return str(value).lower() == "true"


def _check_routes(response: Any) -> None:
    """A route table leads to a service by one endpoint."""
    backend, name = response.ec2_backend, response._get_param("ServiceName")
    for table_id in response._get_param("RouteTableIds", []):
        for route in backend.get_route_table(table_id).routes:
            prefix_list = route.destination_prefix_list
            if prefix_list and prefix_list.prefix_list_name == name:
                refuse(
                    "RouteAlreadyExists",
                    f"route table {table_id} already has a route with destination-prefix-list-id {prefix_list.id}",
                )


@around(VPCBackend, "create_vpc_endpoint")
def create_endpoint(original: Method, backend: Any, *args: Any, **options: Any) -> Any:
    """An interface endpoint is pending first; its network interfaces belong to the service and have its groups."""
    endpoint = original(backend, *args, **options)
    endpoint.vpc_endpoint_type = endpoint.vpc_endpoint_type or "Gateway"
    if not _is_interface(endpoint):
        return endpoint
    endpoint.state = "pending"
    for name in endpoint.network_interface_ids:
        interface = backend.enis[name]
        interface.description, interface.interface_type = f"VPC Endpoint Interface {endpoint.id}", "vpc_endpoint"
        interface.requester_managed, interface.status = True, "in-use"
        found = [backend.get_security_group_from_id(group) for group in endpoint.security_group_ids]
        interface._group_set = [group for group in found if group]
    runtime.schedule(durations.VPC_ENDPOINT, lambda: _become_available(endpoint))
    return endpoint


def _become_available(endpoint: Any) -> None:
    if endpoint.state == "pending":
        endpoint.state = "available"


@around(EC2Response, "delete_vpc_endpoints")
def delete_endpoints(original: Method, response: Any) -> Any:
    """Each that is there is deleting for a while; the others are reported."""
    backend, missing = response.ec2_backend, []
    for name in response._get_param("VpcEndpointIds", []):
        endpoint = backend.vpc_end_points.get(name)
        if endpoint is None:
            error = {"Code": "InvalidVpcEndpoint.NotFound", "Message": f"The Vpc Endpoint Id '{name}' does not exist"}
            missing.append({"ResourceId": name, "Error": error})
        elif endpoint.state != "deleting":
            _begin_deletion(backend, endpoint)
    return ActionResult({"Unsuccessful": missing})


def _begin_deletion(backend: Any, endpoint: Any) -> None:
    if not _is_interface(endpoint):
        for table_id in endpoint.route_table_ids:
            _delete_routes(backend, table_id, endpoint)
    endpoint.state = "deleting"
    runtime.schedule(durations.VPC_ENDPOINT_DELETE, lambda: _finish(backend, endpoint))


def _delete_routes(backend: Any, table_id: str, endpoint: Any) -> None:
    table = backend.route_tables.get(table_id)
    for key, route in list(table._routes.items()) if table else []:
        if route.gateway is endpoint:
            del table._routes[key]


def _finish(backend: Any, endpoint: Any) -> None:
    for name in endpoint.network_interface_ids:
        backend.enis.pop(name, None)
    backend.vpc_end_points.pop(endpoint.id, None)
