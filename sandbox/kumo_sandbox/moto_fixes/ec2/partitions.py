"""What of EC2 has another name in another partition: ARNs, domains, services with VPC endpoints; regions and their zones.

Zones of eusc-de-east-1: two, as https://github.com/openshift/openshift-docs/pull/110585 says; their ids are made up.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from moto.ec2.models.availability_zones_and_regions import Region, RegionsAndZonesBackend, Zone
from moto.ec2.models.instance_types import INSTANCE_TYPE_OFFERINGS
from moto.ec2.models.instances import Instance
from moto.ec2.models.security_groups import SecurityGroup
from moto.ec2.models.subnets import Subnet
from moto.ec2.models.vpcs import VPCBackend
from moto.ec2.responses.availability_zones_and_regions import AvailabilityZonesAndRegions

from kumo_sandbox.moto_fixes.hooks import Method, around, before
from kumo_sandbox.partitions import OPT_IN_REGIONS, find_partition

# Interface endpoints whose names begin otherwise than with com.amazonaws., of those that moto has.
# https://github.com/aws/aws-cdk/blob/main/packages/aws-cdk-lib/aws-ec2/lib/vpc-endpoint.ts (getDefaultEndpointPrefix),
# https://github.com/aws/aws-cdk/issues/25329 (DescribeVpcEndpointServices of cn-north-1)
CHINA = frozenset(
    "application-autoscaling athena autoscaling backup batch cassandra cloudcontrolapi cloudformation databrew dms ebs ec2"
    " ecr.api ecr.dkr eks elasticache elasticbeanstalk elasticfilesystem elasticfilesystem-fips emr-containers execute-api fsx"
    " imagebuilder iot.data kinesis-streams lambda license-manager monitoring rds redshift redshift-data s3 sagemaker.api"
    " sagemaker.featurestore-runtime sagemaker.runtime securityhub servicecatalog sms sqs states sts sync-states synthetics"
    " transcribe transcribestreaming transfer xray".split()
)
EUROPE = frozenset(("ecr.api", "ecr.dkr", "execute-api", "securityhub"))
PREFIXES = {"aws-cn": ("cn.com.amazonaws", CHINA), "aws-eusc": ("eu.amazonaws", EUROPE)}
STAND_IN = "eu-central-1"  # for the instance types of regions that moto knows none of


@before(VPCBackend, "describe_vpc_endpoint_services")
def name_services(backend: Any, *_arguments: Any, **_options: Any) -> None:
    """Give the services of a region, which moto makes once, their names there. A gateway keeps its name."""
    partition = find_partition(backend.region_name)
    prefix, services = PREFIXES.get(partition.name, ("", frozenset()))
    usual = f"com.amazonaws.{backend.region_name}."
    for row in backend._collect_default_endpoint_services(backend.account_id, backend.region_name):
        _move_domains(row, partition.domain)
        is_interface = row["ServiceType"] == [{"ServiceType": "Interface"}]
        if is_interface and row["ServiceName"].removeprefix(usual) in services:
            row["ServiceName"] = f"{prefix}.{row['ServiceName'].removeprefix('com.amazonaws.')}"


def _move_domains(row: dict[str, Any], domain: str) -> None:
    def move(name: str) -> str:
        return name.removesuffix(".amazonaws.com") + f".{domain}" if name.endswith(".amazonaws.com") else name

    row["BaseEndpointDnsNames"] = [move(name) for name in row["BaseEndpointDnsNames"]]
    if "PrivateDnsName" in row:
        row["PrivateDnsName"] = move(row["PrivateDnsName"])
        row["PrivateDnsNames"] = [{"PrivateDnsName": move(each["PrivateDnsName"])} for each in row["PrivateDnsNames"]]


def list_service_names(backend: Any) -> set[str]:
    """The services with VPC endpoints in the backend's region."""
    name_services(backend)
    rows = backend._collect_default_endpoint_services(backend.account_id, backend.region_name)
    return {row["ServiceName"] for row in rows}


# ARNs and host names


@around(SecurityGroup, "__init__")
def name_group(original: Method, group: Any, backend: Any, *arguments: Any, **options: Any) -> None:
    original(group, backend, *arguments, **options)
    group.arn = _move_arn(group.arn, backend.region_name)


def _move_arn(arn: str, region: str) -> str:
    return arn.replace("arn:aws:", f"arn:{find_partition(region).name}:", 1)


def _replace_property(owner: type, name: str, build: Callable[[Any, Any], Any]) -> None:
    """Let a property of moto go through a function that gets the object and what moto makes of it."""
    original = getattr(owner, name).fget
    setattr(owner, name, property(lambda thing: build(thing, original(thing))))


def _build_public_name(instance: Any, name: str | None) -> str | None:
    return name and name.removesuffix("amazonaws.com") + find_partition(instance.region_name).domain


_replace_property(Subnet, "arn", lambda subnet, arn: _move_arn(arn, subnet.ec2_backend.region_name))
_replace_property(Instance, "public_dns_name", _build_public_name)


# regions, zones, instance types


@around(RegionsAndZonesBackend, "describe_regions")
def list_own_regions(original: Method, backend: Any, *arguments: Any, **options: Any) -> list[Any]:
    """An account has the regions of its partition, of those that require an opt-in only the one it was started in."""
    own = find_partition(backend.region_name)
    found = [region for region in original(backend, *arguments, **options) if find_partition(region.name) == own]
    return [region for region in found if region.name not in OPT_IN_REGIONS or region.name == backend.region_name]


@around(AvailabilityZonesAndRegions, "describe_regions")
def answer_all_regions(original: Method, response: Any) -> Any:
    """AllRegions adds the regions that the account has not enabled.

    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeRegions.html
    """
    answer = original(response)
    if response._get_param("AllRegions"):
        enabled = {region.name for region in answer.result["Regions"]}
        own = find_partition(response.ec2_backend.region_name)
        others = [each for each in RegionsAndZonesBackend.regions if each.name in OPT_IN_REGIONS - enabled]
        answer.result["Regions"] += [each for each in others if find_partition(each.name) == own]
    return answer


def _build_zones(region: str, zone_id: str, letters: str) -> list[Any]:
    rows = enumerate(letters, 1)
    return [Zone(region_name=region, name=f"{region}{letter}", zone_id=f"{zone_id}-az{n}") for n, letter in rows]


def _build_offerings(region: str, location_type: str) -> Iterator[dict[str, str]]:
    """The stand-in's instance types, in each zone what its zone of the same place has."""
    zones, others = (RegionsAndZonesBackend.zones[name] for name in (region, STAND_IN))
    places = {STAND_IN: region}
    for zone, other in zip(zones, others, strict=False):
        places |= {other.name: zone.name, other.zone_id: zone.zone_id}
    for row in INSTANCE_TYPE_OFFERINGS[location_type][STAND_IN]:
        if row["Location"] in places:
            yield {**row, "Location": places[row["Location"]]}


for _each in RegionsAndZonesBackend.regions:  # moto calls some of them "opt-in-not-required"
    _each.opt_in_status = "not-opted-in" if _each.name in OPT_IN_REGIONS else "opt-in-not-required"
RegionsAndZonesBackend.regions.append(
    Region("eusc-de-east-1", "ec2.eusc-de-east-1.amazonaws.eu", "opt-in-not-required")
)
RegionsAndZonesBackend.zones["eusc-de-east-1"] = _build_zones("eusc-de-east-1", "eusc1", "ab")
for _region in [each.name for each in RegionsAndZonesBackend.regions if find_partition(each.name).name != "aws"]:
    for _kind, _offerings in INSTANCE_TYPE_OFFERINGS.items():
        _offerings.setdefault(_region, list(_build_offerings(_region, _kind)))
