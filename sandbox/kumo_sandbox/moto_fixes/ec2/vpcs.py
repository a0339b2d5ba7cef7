"""VPCs: their address ranges, their quota, and what keeps them from being deleted."""

from __future__ import annotations

import ipaddress
from typing import Any

from moto.ec2.models.vpcs import VPC, VPCBackend
from moto.ec2.responses import EC2Response

from kumo_sandbox import durations
from kumo_sandbox.moto_fixes.ec2.dependencies import is_vpc_occupied, list_subnets
from kumo_sandbox.moto_fixes.hooks import Method, around, before, refuse
from kumo_sandbox.moto_fixes.runtime import runtime

ACTIVE = ("associating", "associated")
PRIVATE = [ipaddress.IPv4Network(text) for text in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")]
# AWS services use them: https://docs.aws.amazon.com/vpc/latest/userguide/vpc-cidr-blocks.html
RESERVED = ipaddress.IPv4Network("198.19.0.0/16")


@before(EC2Response, "create_vpc")
def check_vpc_quota(response: Any) -> None:
    if len(response.ec2_backend.vpcs) >= runtime.quotas["vpcs"]:
        refuse("VpcLimitExceeded", "The maximum number of VPCs has been reached.")


@around(VPCBackend, "create_vpc")
def create_vpc(original: Method, backend: Any, cidr_block: str, *args: Any, **options: Any) -> Any:
    """The range is brought to its canonical form, as the API model says; an Amazon-provided IPv6 block takes a while."""
    try:
        cidr_block = str(ipaddress.IPv4Network(cidr_block, strict=False))
    except ValueError:
        pass  # moto refuses it
    vpc = original(backend, cidr_block, *args, **options)
    for association in vpc.get_cidr_block_association_set(ipv6=True):
        _associate_later(association)
    return vpc


@around(EC2Response, "delete_vpc")
def delete_vpc(original: Method, response: Any) -> Any:
    vpc_id, backend = response._get_param("VpcId"), response.ec2_backend
    backend.get_vpc(vpc_id)
    if is_vpc_occupied(backend, vpc_id):
        refuse("DependencyViolation", f"The vpc '{vpc_id}' has dependencies and cannot be deleted.")
    answer = original(response)
    for name in [key for key, acl in backend.network_acls.items() if acl.vpc_id == vpc_id]:
        del backend.network_acls[name]  # the default one, which moto keeps
    return answer


@before(EC2Response, "associate_vpc_cidr_block")
def check_secondary_block(response: Any) -> None:
    """Size, overlap and the ranges that do not go together.

    https://docs.aws.amazon.com/vpc/latest/userguide/vpc-cidr-blocks.html#add-cidr-block-restrictions
    """
    vpc, text = response.ec2_backend.get_vpc(response._get_param("VpcId")), response._get_param("CidrBlock")
    if not text:
        _check_quota(vpc, len(list_blocks(vpc, ipv6=True)), "vpc_ipv6_blocks")
        return
    try:
        block = ipaddress.IPv4Network(text, strict=False)
    except ValueError:
        refuse("InvalidParameterValue", f"Value ({text}) for parameter cidrBlock is invalid. This is not a valid CIDR.")
    if not 16 <= block.prefixlen <= 28:
        refuse("InvalidVpc.Range", f"The CIDR '{text}' is invalid.")
    found = [ipaddress.IPv4Network(each["cidr_block"]) for each in list_blocks(vpc)]
    _check_quota(vpc, len(found), "vpc_cidr_blocks")
    if any(block.overlaps(each) for each in found):
        refuse("InvalidVpc.Range", f"The CIDR '{text}' conflicts with another CIDR block of the VPC.")
    if block.overlaps(RESERVED) or _is_restricted(block, ipaddress.IPv4Network(vpc.cidr_block)):
        refuse(
            "InvalidVpc.Range",
            f"The CIDR '{text}' is restricted. Use a CIDR from the same private address range as the current VPC CIDR,"
            " or use a publicly-routable CIDR.",
        )


def _check_quota(vpc: Any, count: int, quota: str) -> None:
    if count >= runtime.quotas[quota]:
        refuse("CidrLimitExceeded", f"This network '{vpc.id}' has met its maximum number of allowed CIDRs: {count}")


def _is_restricted(block: ipaddress.IPv4Network, primary: ipaddress.IPv4Network) -> bool:
    """Whether a block is of another private range than the primary one."""
    ranges = [each for each in PRIVATE if each.overlaps(block)]
    return any(not each.overlaps(primary) for each in ranges)


@around(VPC, "associate_vpc_cidr_block")
def associate_block(original: Method, vpc: Any, *args: Any, **options: Any) -> Any:
    """moto allows one IPv6 block, so it does not see those that there are."""
    there = vpc._cidr_block_association_set
    first = not there
    vpc._cidr_block_association_set = {key: row for key, row in there.items() if "ipv6_pool" not in row}
    try:
        association = original(vpc, *args, **options)
    finally:
        vpc._cidr_block_association_set = there | vpc._cidr_block_association_set
    if not first and vpc.id in vpc.ec2_backend.vpcs:  # a new VPC's own ranges are there at once
        _associate_later(association)
    return association


def _associate_later(association: dict[str, Any]) -> None:
    state = association["cidr_block_state"]
    state["state"] = "associating"

    def associate() -> None:
        if state["state"] == "associating":
            state["state"] = "associated"

    runtime.schedule(durations.CIDR_BLOCK, associate)


@before(EC2Response, "disassociate_vpc_cidr_block")
def check_block_is_free(response: Any) -> None:
    name, backend = response._get_param("AssociationId"), response.ec2_backend
    for vpc in list(backend.vpcs.values()):
        association = vpc._cidr_block_association_set.get(name)
        if association and association["cidr_block_state"]["state"] not in ACTIVE:
            refuse(
                "InvalidVpcCidrBlockAssociationID.NotFound",
                f"The vpc CIDR block association ID '{name}' does not exist",
            )
        if association and any(_is_inside(each, association["cidr_block"]) for each in list_subnets(backend, vpc.id)):
            refuse(
                "InvalidCidrBlock.InUse",
                f"The vpc {vpc.id} currently has a subnet within CIDR block {association['cidr_block']}",
            )


def _is_inside(subnet: Any, block: str) -> bool:
    network: Any = ipaddress.ip_network(block)
    if network.version == 4:
        return bool(subnet.cidr_block) and ipaddress.ip_network(subnet.cidr_block).subnet_of(network)
    return any(
        ipaddress.ip_network(each["ipv6CidrBlock"]).subnet_of(network) for each in list_ipv6_associations(subnet)
    )


def list_ipv6_associations(subnet: Any) -> list[dict[str, Any]]:
    """The IPv6 blocks a subnet has now."""
    return [
        each
        for each in subnet.ipv6_cidr_block_associations.values()
        if each.get("ipv6CidrBlockState", {}).get("State") != "disassociated"
    ]


def list_blocks(vpc: Any, ipv6: bool = False, ready: bool = False) -> list[dict[str, Any]]:
    """The address blocks of a VPC, with ``ready`` only those that are associated by now."""
    gone = ("disassociated", "disassociating", "associating") if ready else ("disassociated",)
    return [
        each for each in vpc.get_cidr_block_association_set(ipv6=ipv6) if each["cidr_block_state"]["state"] not in gone
    ]
