"""NAT gateways over time: pending, available or failed, deleting, deleted, and gone an hour later.

https://docs.aws.amazon.com/vpc/latest/userguide/nat-gateway-basics.html
https://docs.aws.amazon.com/vpc/latest/userguide/nat-gateway-troubleshooting.html
"""

from __future__ import annotations

import copy
from typing import Any

from moto.core.responses import ActionResult
from moto.core.utils import utcnow
from moto.ec2.models.nat_gateways import NatGateway
from moto.ec2.responses import EC2Response
from moto.ec2.utils import add_tag_specification

from kumo_sandbox import durations
from kumo_sandbox.moto_fixes.ec2.addresses import HOLDING, find_holder
from kumo_sandbox.moto_fixes.ec2.dependencies import list_internet_gateways, list_nat_gateways, list_shared
from kumo_sandbox.moto_fixes.ec2.filters import match_tags
from kumo_sandbox.moto_fixes.ec2.zones import is_local
from kumo_sandbox.moto_fixes.hooks import Method, around, refuse
from kumo_sandbox.moto_fixes.runtime import runtime


@around(EC2Response, "create_nat_gateway")
def create_nat_gateway(original: Method, response: Any) -> Any:
    """Pending; what is wrong with the network shows later, as a failed gateway."""
    backend, allocation_id = response.ec2_backend, response._get_param("AllocationId")
    subnet = backend.get_subnet(response._get_param("SubnetId"))
    public = response._get_param("ConnectivityType", "public") == "public"
    if public and not allocation_id:
        refuse("MissingParameter", "The request must include the AllocationId parameter. Add the required parameter.")
    if not public and allocation_id:
        refuse("InvalidParameterCombination", "AllocationId cannot be used with a private NAT gateway.")
    if public:
        backend.address_by_allocation([allocation_id])  # raises InvalidAllocationID.NotFound
    if is_local(subnet.availability_zone):
        refuse("NotAvailableInZone", "Nat Gateway is not available in this availability zone")
    _check_quota(backend, subnet)
    failure = _find_failure(backend, subnet, allocation_id) if public else None
    tags = add_tag_specification(response._get_param("TagSpecifications", []))
    gateway = NatGateway(backend, subnet.id, "", tags, "public" if public else "private")
    gateway.state, gateway.address_set = "pending", [{"allocationId": allocation_id}] if public and not failure else []
    gateway._eni.requester_managed, gateway._eni.status = True, "in-use"
    gateway._eni.description, gateway._eni.interface_type = f"Interface for NAT Gateway {gateway.id}", "nat_gateway"
    backend.nat_gateways[gateway.id] = gateway
    if failure:
        runtime.schedule(durations.NAT_GATEWAY_FAILURE, lambda: _fail(gateway, *failure))
    else:
        runtime.schedule(durations.NAT_GATEWAY, lambda: _become_available(gateway, allocation_id))
    return ActionResult({"NatGateway": copy.copy(gateway)})


def _check_quota(backend: Any, subnet: Any) -> None:
    zone, most = subnet.availability_zone, runtime.quotas["nat_gateways"]
    alive = list_nat_gateways(backend, states=HOLDING)
    if len([each for each in alive if backend.get_subnet(each.subnet_id).availability_zone == zone]) >= most:
        refuse("NatGatewayLimitExceeded", f"Performing this operation would exceed the limit of {most} NAT gateways")


def _find_failure(backend: Any, subnet: Any, allocation_id: str) -> tuple[str, str] | None:
    """The code and the message as the API's member FailureMessage lists them."""
    (address,) = backend.address_by_allocation([allocation_id])
    if address.association_id or find_holder(backend, allocation_id):
        return "Resource.AlreadyAssociated", f"Elastic IP address {allocation_id} is already associated"
    if not list_internet_gateways(backend, subnet.vpc_id):
        return "Gateway.NotAttached", f"Network {subnet.vpc_id} has no Internet gateway attached"
    return None


def _become_available(gateway: Any, allocation_id: str) -> None:
    if gateway.state != "pending":
        return
    backend, interface = gateway.ec2_backend, gateway._eni
    row = {"networkInterfaceId": interface.id, "privateIp": interface.private_ip_address, "isPrimary": True}
    if allocation_id:
        address = backend.associate_address(eni=interface, allocation_id=allocation_id)
        association = {"associationId": address.association_id, "publicIp": address.public_ip}
        row |= {"allocationId": allocation_id, **association}
    gateway.address_set = [{**row, "status": "succeeded"}]
    gateway.state = "available"


def _fail(gateway: Any, code: str, message: str) -> None:
    if gateway.state != "pending":
        return
    gateway.state, gateway.failure_code, gateway.failure_message = "failed", code, message
    gateway.delete_time = utcnow()
    gateway.ec2_backend.enis.pop(gateway._eni.id, None)
    runtime.schedule_in_full(durations.NAT_GATEWAY_FORGOTTEN, lambda: _forget(gateway))


@around(EC2Response, "delete_nat_gateway")
def delete_nat_gateway(original: Method, response: Any) -> Any:
    """Its address and its network interface stay until it is deleted."""
    gateway = find_nat_gateway(response.ec2_backend, response._get_param("NatGatewayId"))
    if gateway.state in ("pending", "available"):
        gateway.state, gateway.delete_time = "deleting", utcnow()
        runtime.schedule(durations.NAT_GATEWAY_DELETE, lambda: _finish(gateway))
    return ActionResult({"NatGatewayId": gateway.id})


def find_nat_gateway(backend: Any, name: str) -> Any:
    if name not in backend.nat_gateways:
        refuse("NatGatewayNotFound", f"NatGateway {name} was not found")
    return backend.nat_gateways[name]


def _finish(gateway: Any) -> None:
    """The address is free again and the network interface gone; moto keeps both."""
    backend = gateway.ec2_backend
    for address in backend.addresses:
        if address.eni is gateway._eni:
            address.eni = address.association_id = None
    backend.enis.pop(gateway._eni.id, None)
    gateway.state = "deleted"
    runtime.schedule_in_full(durations.NAT_GATEWAY_FORGOTTEN, lambda: _forget(gateway))


def _forget(gateway: Any) -> None:
    gateway.ec2_backend.nat_gateways.pop(gateway.id, None)


@around(EC2Response, "describe_nat_gateways")
def describe_nat_gateways(original: Method, response: Any) -> Any:
    """With the filters by tag, which moto ignores; an unknown id is an error."""
    backend, filters = response.ec2_backend, response._filters_from_querystring()
    names = response._get_param("NatGatewayIds", [])
    for name in names:
        find_nat_gateway(backend, name)
    found = [each for each in backend.describe_nat_gateways(filters, names) if match_tags(each, filters)]
    rows = [each for each in found if each.vpc_id not in list_shared(backend)]  # only their owner sees them
    return ActionResult({"NatGateways": rows})
