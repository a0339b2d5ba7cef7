"""Subnets: their ranges and zones, and what keeps them from being deleted."""

from __future__ import annotations

import ipaddress
from typing import Any

from moto.ec2.models.subnets import SubnetBackend
from moto.ec2.responses import EC2Response

from kumo_sandbox.moto_fixes.ec2.dependencies import list_interfaces, list_subnets
from kumo_sandbox.moto_fixes.ec2.vpcs import list_blocks, list_ipv6_associations
from kumo_sandbox.moto_fixes.ec2.zones import list_usable_zones
from kumo_sandbox.moto_fixes.hooks import Method, around, before, refuse
from kumo_sandbox.moto_fixes.runtime import runtime

HOSTNAME_TYPES = ("ip-name", "resource-name")


@before(EC2Response, "create_subnet")
def check_subnet(response: Any) -> None:
    """Everything AWS refuses; what overlaps, moto refuses itself."""
    backend, vpc_id = response.ec2_backend, response._get_param("VpcId")
    vpc = backend.get_vpc(vpc_id)
    if len(list_subnets(backend, vpc_id)) >= runtime.quotas["subnets"]:
        refuse("SubnetLimitExceeded", "The maximum number of subnets has been reached.")
    _check_zone(response)
    _check_outpost(response)
    if block := response._get_param("CidrBlock"):
        _check_range(vpc, block)
    if block := response._get_param("Ipv6CidrBlock"):
        _check_ipv6_range(backend, vpc, block)


def _check_zone(response: Any) -> None:
    zones = list_usable_zones(response.ec2_backend)
    name, zone_id = response._get_param("AvailabilityZone"), response._get_param("AvailabilityZoneId")
    if (name and name not in [zone.name for zone in zones]) or (zone_id and zone_id not in [z.zone_id for z in zones]):
        names = ", ".join(zone.name for zone in zones)
        refuse(
            "InvalidParameterValue",
            f"Value ({name or zone_id}) for parameter availabilityZone is invalid."
            f" Subnets can currently only be created in the following availability zones: {names}.",
        )


def _check_outpost(response: Any) -> None:
    """A subnet on an Outpost is in the Outpost's zone.

    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateSubnet.html ("you must also specify the Availability Zone of the Outpost subnet")
    """
    arn = response._get_param("OutpostArn")
    if not arn:
        return
    outpost = runtime.find_outpost(response.ec2_backend.region_name, arn)
    if outpost is None:
        refuse("InvalidOutpostArn.NotFound", f"The Outpost '{arn}' does not exist.")
    if response._get_param("AvailabilityZone") != outpost["AvailabilityZone"]:
        refuse(
            "InvalidParameterCombination",
            f"The availability zone of the subnet must be {outpost['AvailabilityZone']}, that of the Outpost.",
        )


@around(EC2Response, "create_subnet")
def complete(original: Method, response: Any) -> Any:
    """A subnet gives no public addresses, and is no default one: moto takes the first one in a zone for that."""
    answer = original(response)
    subnet = answer.result["Subnet"]
    subnet.map_public_ip_on_launch = subnet.default_for_az = False
    if arn := response._get_param("OutpostArn"):
        subnet.outpost_arn = arn
    return answer


def _check_range(vpc: Any, text: str) -> None:
    try:
        block = ipaddress.IPv4Network(text, strict=False)
    except ValueError:
        refuse("InvalidParameterValue", f"Value ({text}) for parameter cidrBlock is invalid. This is not a valid CIDR.")
    blocks = [ipaddress.IPv4Network(each["cidr_block"]) for each in list_blocks(vpc, ready=True)]
    if not 16 <= block.prefixlen <= 28 or not any(block.subnet_of(each) for each in blocks):
        refuse("InvalidSubnet.Range", f"The CIDR '{text}' is invalid.")


def _check_ipv6_range(backend: Any, vpc: Any, text: str, own: str = "") -> None:
    """Of the VPC's block, with a prefix from /44 to /64 in steps of 4, and not another subnet's.

    https://docs.aws.amazon.com/vpc/latest/userguide/subnet-sizing.html#subnet-sizing-ipv6
    """
    try:
        block = ipaddress.IPv6Network(text)
    except ValueError:
        refuse("InvalidParameterValue", f"Value ({text}) for parameter ipv6CidrBlock is invalid.")
    blocks = [ipaddress.IPv6Network(each["cidr_block"]) for each in list_blocks(vpc, ipv6=True, ready=True)]
    if block.prefixlen not in range(44, 65, 4) or not any(block.subnet_of(each) for each in blocks):
        refuse("InvalidSubnet.Range", f"The CIDR '{text}' is invalid.")
    for subnet in list_subnets(backend, vpc.id):
        for each in list_ipv6_associations(subnet):
            if subnet.id != own and block.overlaps(ipaddress.IPv6Network(each["ipv6CidrBlock"])):
                refuse("InvalidSubnet.Conflict", f"The CIDR '{text}' conflicts with another subnet")


@before(EC2Response, "associate_subnet_cidr_block")
def check_subnet_block(response: Any) -> None:
    backend = response.ec2_backend
    subnet = backend.get_subnet(response._get_param("SubnetId"))
    if list_ipv6_associations(subnet):
        refuse(
            "SubnetCidrLimitExceeded",
            f"The subnet {subnet.id} has met its maximum number of allowed CIDR blocks: 1",
        )
    block = response._get_param("Ipv6CidrBlock")
    _check_ipv6_range(backend, backend.get_vpc(subnet.vpc_id), block, own=subnet.id)


@before(EC2Response, "modify_subnet_attribute")
def set_hostname_type(response: Any) -> None:
    """What the private DNS names of instances are made of: moto knows of it, and does not change it."""
    value = response._get_param("PrivateDnsHostnameTypeOnLaunch")
    if value is None:
        return
    if value not in HOSTNAME_TYPES:
        refuse("InvalidParameterValue", f"Value ({value}) for parameter privateDnsHostnameTypeOnLaunch is invalid.")
    subnet = response.ec2_backend.get_subnet(response._get_param("SubnetId"))
    subnet.private_dns_name_options_on_launch["HostnameType"] = value


@around(SubnetBackend, "create_subnet")
def create_subnet(original: Method, backend: Any, vpc_id: str, cidr_block: str, *args: Any, **options: Any) -> Any:
    """The range is brought to its canonical form, as the API model says."""
    if cidr_block:
        try:
            cidr_block = str(ipaddress.IPv4Network(cidr_block, strict=False))
        except ValueError:
            pass  # moto refuses it
    return original(backend, vpc_id, cidr_block, *args, **options)


@around(SubnetBackend, "delete_subnet")
def delete_subnet(original: Method, backend: Any, subnet_id: str) -> Any:
    """Refused while network interfaces are in it; its association with a route table goes with it."""
    if list_interfaces(backend, subnet_id=subnet_id):
        refuse("DependencyViolation", f"The subnet '{subnet_id}' has dependencies and cannot be deleted.")
    deleted = original(backend, subnet_id)
    for table in list(backend.route_tables.values()):
        for name in [key for key, target in table._associations.items() if target == subnet_id]:
            del table._associations[name]
    return deleted
