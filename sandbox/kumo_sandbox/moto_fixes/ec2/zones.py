"""Availability Zones with their ids, and Local Zones that the account has to opt in to.

https://docs.aws.amazon.com/local-zones/latest/ug/available-local-zones.html
https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeAvailabilityZones.html
"""

from __future__ import annotations

import copy
from typing import Any

from moto.core.responses import ActionResult
from moto.ec2.models.availability_zones_and_regions import RegionsAndZonesBackend, Zone
from moto.ec2.models.instance_types import InstanceTypeOfferingBackend
from moto.ec2.responses import EC2Response

from kumo_sandbox.moto_fixes.hooks import Method, around, refuse

# A few of them: (region, name, id, its parent zone)
LOCAL = (
    ("ap-northeast-1", "ap-northeast-1-tpe-1a", "apne1-tpe1-az1", "ap-northeast-1d"),
    ("us-east-1", "us-east-1-bos-1a", "use1-bos1-az1", "us-east-1a"),
    ("us-west-2", "us-west-2-lax-1a", "usw2-lax1-az1", "us-west-2a"),
    ("us-west-2", "us-west-2-lax-1b", "usw2-lax1-az2", "us-west-2a"),
    ("us-west-2", "us-west-2-phx-2a", "usw2-phx2-az1", "us-west-2b"),
)
# What a Local Zone offers; each has its own list: https://aws.amazon.com/about-aws/global-infrastructure/localzones/features/
LOCAL_TYPES = ("c5.2xlarge", "g4dn.2xlarge", "m5.2xlarge", "m5.large", "r5.2xlarge", "t3.medium", "t3.xlarge")
FILTERS = {"opt-in-status": "opt_in_status", "group-name": "group_name"}


def is_local(name: str) -> bool:
    """Whether it is the name of a Local Zone."""
    return name in [zone for _region, zone, _id, _parent in LOCAL]


def list_local_zones(backend: Any) -> list[Any]:
    opted_in = backend.__dict__.get("_kumo_zone_groups", set())
    return [
        _complete(Zone(name, region, zone_id, "local-zone"), name[:-1], name[:-1] in opted_in, parent)
        for region, name, zone_id, parent in LOCAL
        if region == backend.region_name
    ]


def _complete(zone: Any, group: str, opted_in: bool, parent: str) -> Any:
    zone.opt_in_status = "opted-in" if opted_in else "not-opted-in"
    zone.group_name = zone.network_border_group = group
    zone.parent_zone_name = parent
    return zone


def list_usable_zones(backend: Any) -> list[Any]:
    """The zones in which subnets can be made."""
    return [
        *backend.zones.get(backend.region_name, []),
        *(zone for zone in list_local_zones(backend) if zone.opt_in_status == "opted-in"),
    ]


@around(EC2Response, "describe_availability_zones")
def describe_zones(original: Method, response: Any) -> Any:
    """Local Zones are only in the answer when the account has opted in, or with AllAvailabilityZones."""
    backend = response.ec2_backend
    everything = str(response._get_param("AllAvailabilityZones")).lower() == "true"
    zones = [_describe(zone, backend.region_name) for zone in backend.zones.get(backend.region_name, [])]
    zones += [zone for zone in list_local_zones(backend) if everything or zone.opt_in_status == "opted-in"]
    for key, attribute in (("ZoneNames", "name"), ("ZoneIds", "zone_id")):
        wanted = response._get_param(key, [])
        unknown = set(wanted) - {getattr(zone, attribute) for zone in zones}
        if unknown:
            refuse("InvalidParameterValue", f"Invalid availability zone: [{', '.join(sorted(unknown))}]")
        zones = [zone for zone in zones if not wanted or getattr(zone, attribute) in wanted]
    for name, values in (response._filters_from_querystring() or {}).items():
        attribute = FILTERS.get(name) or {"zone-name": "name"}.get(name) or name.replace("-", "_")
        zones = [zone for zone in zones if getattr(zone, attribute, None) in values]
    return ActionResult({"AvailabilityZones": zones})


def _describe(zone: Any, region: str) -> Any:
    shown = copy.copy(zone)
    shown.opt_in_status, shown.network_border_group = "opt-in-not-required", region
    shown.group_name = f"{region}-zg-1"
    return shown


@around(InstanceTypeOfferingBackend, "describe_instance_type_offerings")
def describe_offerings(original: Method, backend: Any, location_type: Any = None, filters: Any = None) -> Any:
    """moto's lists, and those of Local Zones, which have an offering for each zone, as others have."""
    found, wanted = original(backend, location_type, filters), filters or {}
    zones = [zone for region, zone, _id, _parent in LOCAL if region == backend.region_name]
    rows = [
        {"InstanceType": name, "LocationType": "availability-zone", "Location": zone}
        for zone in (zones if location_type == "availability-zone" else [])
        for name in LOCAL_TYPES
    ]
    return [*found, *(row for row in rows if backend.matches_filters(row, wanted, location_type))]


def modify_zone_group(response: Any) -> Any:
    """ModifyAvailabilityZoneGroup: opting in; AWS does not let go of a group by API."""
    backend, group = response.ec2_backend, response._get_param("GroupName")
    if group not in [zone.group_name for zone in list_local_zones(backend)]:
        refuse("InvalidParameterValue", f"Invalid availability zone group: {group}")
    if response._get_param("OptInStatus") != "opted-in":
        refuse("OptInStatusUnsupported", "To opt out of a zone group, contact AWS Support.")
    backend.__dict__.setdefault("_kumo_zone_groups", set()).add(group)
    return ActionResult({"Return": True})


EC2Response.modify_availability_zone_group = modify_zone_group
# moto looks a new subnet's zone up among those of all regions
RegionsAndZonesBackend.zones["local-zones"] = [
    Zone(name, region, zone_id, "local-zone") for region, name, zone_id, _parent in LOCAL
]
