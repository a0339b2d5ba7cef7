"""Internet gateways, and egress-only ones."""

from __future__ import annotations

from typing import Any

from moto.core.responses import ActionResult
from moto.ec2.responses import EC2Response

from kumo_sandbox.moto_fixes.ec2.dependencies import list_egress_only_gateways, list_interfaces, list_internet_gateways
from kumo_sandbox.moto_fixes.ec2.filters import match_tags
from kumo_sandbox.moto_fixes.hooks import Method, around, before, refuse
from kumo_sandbox.moto_fixes.runtime import runtime


@before(EC2Response, "create_internet_gateway")
def check_quota(response: Any) -> None:
    if len(response.ec2_backend.internet_gateways) >= max(runtime.quotas["internet_gateways"], runtime.quotas["vpcs"]):
        refuse("InternetGatewayLimitExceeded", "The maximum number of internet gateways has been reached.")


@before(EC2Response, "attach_internet_gateway")
def check_attachment(response: Any) -> None:
    """A VPC has one internet gateway, and an internet gateway one VPC."""
    backend, vpc_id = response.ec2_backend, response._get_param("VpcId")
    gateway = backend.get_internet_gateway(response._get_param("InternetGatewayId"))
    backend.get_vpc(vpc_id)
    if gateway.vpc:
        refuse("Resource.AlreadyAssociated", f"resource {gateway.id} is already attached to network {gateway.vpc.id}")
    if list_internet_gateways(backend, vpc_id):
        refuse("InvalidParameterValue", f"Network {vpc_id} already has an internet gateway attached")


@before(EC2Response, "detach_internet_gateway")
def check_detachment(response: Any) -> None:
    backend, vpc_id = response.ec2_backend, response._get_param("VpcId")
    gateway = backend.get_internet_gateway(response._get_param("InternetGatewayId"))
    attached = gateway.vpc and gateway.vpc.id == vpc_id
    if attached and any(interface.public_ip for interface in list_interfaces(backend, vpc_id=vpc_id)):
        refuse(
            "DependencyViolation",
            f"Network {vpc_id} has some mapped public address(es)."
            " Please unmap those public address(es) before detaching the gateway.",
        )


@before(EC2Response, "delete_internet_gateway")
def check_deletion(response: Any) -> None:
    gateway = response.ec2_backend.get_internet_gateway(response._get_param("InternetGatewayId"))
    if gateway.vpc:
        refuse("DependencyViolation", f"The internetGateway '{gateway.id}' has dependencies and cannot be deleted.")


@before(EC2Response, "create_egress_only_internet_gateway")
def check_egress_only_gateway(response: Any) -> None:
    backend = response.ec2_backend
    backend.get_vpc(response._get_param("VpcId"))
    most = max(runtime.quotas["egress_only_internet_gateways"], runtime.quotas["vpcs"])
    if len(backend.egress_only_internet_gateways) >= most:
        refuse(
            "EgressOnlyInternetGatewayLimitExceeded",
            "The maximum number of egress-only internet gateways has been reached.",
        )
    if list_egress_only_gateways(backend, response._get_param("VpcId")):
        refuse(
            "InvalidParameterValue",
            f"Network {response._get_param('VpcId')} already has an egress only internet gateway attached",
        )


@around(EC2Response, "describe_egress_only_internet_gateways")
def describe_egress_only_gateways(original: Method, response: Any) -> Any:
    """With the filters by tag, which moto ignores; an unknown id is an error."""
    backend, wanted = response.ec2_backend, response._get_param("EgressOnlyInternetGatewayIds", [])
    for name in wanted:
        backend.get_egress_only_igw(name)
    found = backend.describe_egress_only_internet_gateways(wanted)
    rows = [each for each in found if match_tags(each, response._filters_from_querystring())]
    return ActionResult({"EgressOnlyInternetGateways": rows})
