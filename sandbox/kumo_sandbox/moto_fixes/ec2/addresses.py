"""Elastic IP addresses: their quota, and to whom they belong.

An address belongs to a NAT gateway that names its allocation from the first moment, though its own association appears
only when the gateway is available.
"""

from __future__ import annotations

import random
from typing import Any, NoReturn

from moto.ec2.models.elastic_ip_addresses import ElasticAddress
from moto.ec2.responses import EC2Response

from kumo_sandbox.moto_fixes.ec2.dependencies import list_nat_gateways
from kumo_sandbox.moto_fixes.hooks import Method, around, before, refuse
from kumo_sandbox.moto_fixes.runtime import runtime

HOLDING = ("pending", "available", "deleting")
# A block of EC2's own: moto's addresses are of 127.0.0.0/8, which nothing takes for public ones.
# https://docs.aws.amazon.com/vpc/latest/userguide/aws-ip-ranges.html
PUBLIC = "54.{}.{}.{}"


@around(ElasticAddress, "__init__")
def give_public_address(original: Method, made: Any, *args: Any, address: str | None = None, **options: Any) -> None:
    """An address that is public, where the caller brings none."""
    numbers = (random.randrange(1, 255) for _number in range(3))
    original(made, *args, address=address or PUBLIC.format(*numbers), **options)


def find_holder(backend: Any, allocation_id: str) -> Any:
    """The NAT gateway that an address belongs to."""
    for gateway in list_nat_gateways(backend, states=HOLDING):
        if allocation_id and any(row.get("allocationId") == allocation_id for row in gateway.address_set):
            return gateway
    return None


@before(EC2Response, "allocate_address")
def check_quota(response: Any) -> None:
    if len(response.ec2_backend.addresses) >= runtime.quotas["addresses"]:
        refuse("AddressLimitExceeded", "The maximum number of addresses has been reached.")


@before(EC2Response, "release_address")
def check_release(response: Any) -> None:
    """https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ReleaseAddress.html"""
    backend = response.ec2_backend
    address = _find_address(response)
    held = find_holder(backend, address.allocation_id)
    interface = address.eni
    if not held and interface and interface.instance and backend.get_vpc(interface.subnet.vpc_id).is_default:
        return  # in the default VPC it is disassociated first
    if held or address.association_id:
        refuse("InvalidIPAddress.InUse", f"Address {address.public_ip} is in use.")


def _find_address(response: Any) -> Any:
    if allocation_id := response._get_param("AllocationId"):
        return response.ec2_backend.address_by_allocation([allocation_id])[0]
    if response._get_param("PublicIp"):
        refuse("InvalidParameterValue", "You must specify an allocation id when releasing a VPC elastic IP address")
    _refuse_missing("AllocationId")


def _refuse_missing(name: str) -> NoReturn:
    refuse("MissingParameter", f"The request must contain the parameter {name}")


@before(EC2Response, "disassociate_address")
def check_disassociation(response: Any) -> None:
    """The address of a NAT gateway is the service's to disassociate."""
    backend, association_id = response.ec2_backend, response._get_param("AssociationId")
    for address in list(backend.addresses):
        if association_id and address.association_id == association_id and find_holder(backend, address.allocation_id):
            refuse("AuthFailure", "You do not have permission to access the specified resource.")


@before(EC2Response, "associate_address")
def check_association(response: Any) -> None:
    allocation_id = response._get_param("AllocationId")
    if find_holder(response.ec2_backend, allocation_id):
        refuse("Resource.AlreadyAssociated", f"resource {allocation_id} is already associated with another resource")
