"""VPCs of another account, which shares their subnets by AWS RAM: what a participant sees of them, and may not do.

https://docs.aws.amazon.com/vpc/latest/userguide/vpc-share-limitations.html
"""

from __future__ import annotations

from typing import Any

from moto.ec2.models.route_tables import RouteTable
from moto.ec2.models.subnets import Subnet
from moto.ec2.models.vpcs import VPC
from moto.ec2.responses import EC2Response

from kumo_sandbox.moto_fixes.ec2.dependencies import (
    list_internet_gateways,
    list_route_tables,
    list_shared,
    list_subnets,
)
from kumo_sandbox.moto_fixes.hooks import before, refuse

# "Participants cannot modify VPCs", "shared subnets", "work with route tables", "create, attach, or delete internet gateways", ...
OF_THE_OWNER = (
    *("modify_vpc_attribute", "delete_vpc", "associate_vpc_cidr_block", "create_subnet", "delete_subnet"),
    *("modify_subnet_attribute", "associate_subnet_cidr_block", "create_route_table", "delete_route_table"),
    *("associate_route_table", "create_route", "replace_route", "delete_route", "attach_internet_gateway"),
    *("detach_internet_gateway", "delete_internet_gateway", "create_egress_only_internet_gateway"),
    *("create_nat_gateway", "create_vpc_endpoint", "create_flow_logs"),
)


def share(backend: Any, vpc_id: str, owner: str) -> None:
    """Let a VPC with all that is in it be that of another account, which shares its subnets. Its tags are not seen here."""
    shared = list_shared(backend)
    rows = [backend.get_vpc(vpc_id), *list_subnets(backend, vpc_id), *list_route_tables(backend, vpc_id)]
    rows += list_internet_gateways(backend, vpc_id)
    for row in rows:
        shared[row.id] = owner
        backend.tags.pop(row.id, None)


def read_owner(row: Any) -> str:
    return list_shared(row.ec2_backend).get(row.id) or row.ec2_backend.account_id


for kind in (VPC, RouteTable):
    kind.owner_id = property(read_owner)
Subnet.owner_id = property(read_owner, lambda row, value: None)  # moto sets it


@before(EC2Response, *OF_THE_OWNER)
def check_owner(response: Any) -> None:
    shared = list_shared(response.ec2_backend)
    named = [value for values in response.querystring.values() for value in values if value in shared]
    if named:
        refuse("UnauthorizedOperation", "You are not authorized to perform this operation.")
