# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Endpoints of a VPC, by which private subnets reach the APIs of AWS without an internet gateway.

Sources: CreateVpcEndpoint, ModifyVpcEndpoint, CreateSecurityGroup, AuthorizeSecurityGroupIngress.
https://docs.aws.amazon.com/vpc/latest/privatelink/create-interface-endpoint.html
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.aws.client import has_code, has_message
from ansible_collections.kumo.eks.plugins.module_utils.aws.tags import TAGS
from ansible_collections.kumo.eks.plugins.module_utils.core.errors import NotOwned, ValidationError
from ansible_collections.kumo.eks.plugins.module_utils.core.fields import Field, normalize_list
from ansible_collections.kumo.eks.plugins.module_utils.core.validation import suggest_name
from ansible_collections.kumo.eks.plugins.module_utils.ec2.base import NetworkResource
from ansible_collections.kumo.eks.plugins.module_utils.ec2.inventory import Inventory, Row, read_row
from ansible_collections.kumo.eks.plugins.module_utils.ec2.options import PRIVATE_CLUSTER

# Gateway endpoints cost nothing; other services have interface endpoints, which cost by the hour and zone.
# https://docs.aws.amazon.com/vpc/latest/privatelink/gateway-endpoints.html
GATEWAY = ("s3", "dynamodb")
# What nodes, the VPC CNI, load balancer and autoscaler controllers and Pod Identity need in a cluster without internet access.
# https://docs.aws.amazon.com/eks/latest/userguide/private-clusters.html
PRIVATE_SERVICES = (
    "autoscaling",
    "ec2",
    "ecr.api",
    "ecr.dkr",
    "eks",
    "eks-auth",
    "elasticloadbalancing",
    "logs",
    "s3",
    "ssm",
    "sts",
)
LIVING = ("pendingacceptance", "pending", "available")


def build_services(words: tuple[str, ...]) -> list[str]:
    """The services that the option endpoints names, each once: private_cluster means its set."""
    found: list[str] = []
    for word in words:
        found += PRIVATE_SERVICES if word == PRIVATE_CLUSTER else [word]
    return list(dict.fromkeys(found))


def read_service(name: str) -> str:
    """The short form of a service's name: com.amazonaws.ap-northeast-1.ecr.api is ecr.api."""
    parts = name.split(".")
    if "amazonaws" not in parts[:3]:
        return name
    return ".".join(parts[parts.index("amazonaws") + 2 :])


def is_gateway(service: str) -> bool:
    return service in GATEWAY


def get_kind(service: str) -> str:
    """The type of the endpoints that this collection creates for a service, by its short form."""
    return "Gateway" if is_gateway(service) else "Interface"


def has_kind(row: Row) -> bool:
    """Whether an endpoint has the type that this collection creates for its service. S3 and DynamoDB have interface endpoints, too."""
    return row["VpcEndpointType"] == get_kind(read_service(row["ServiceName"]))


def choose_endpoint(inventory: Inventory, service: str) -> Row | None:
    """The endpoint of the VPC for a service, by its full name: the cluster's if it has one; of several the one most tables use."""
    rows = [row for row in inventory.list_rows("vpc_endpoints") if row["ServiceName"] == service and has_kind(row)]
    living = [row for row in rows if row["State"].lower() in LIVING]

    def order(row: Row) -> tuple[bool, int, str]:
        return not inventory.is_owned(row), -len(row.get("RouteTableIds") or []), row["VpcEndpointId"]

    return min(living, key=order, default=None)


def list_service_names(ec2: Any, services: list[str]) -> dict[str, str]:
    """The full names of services in this region, which differ from partition to partition.

    In China S3 has two: com.amazonaws.cn-north-1.s3 for gateway endpoints, and cn.com.amazonaws.cn-north-1.s3 for interface
    endpoints. https://github.com/eksctl-io/eksctl/issues/3081

    Raises:
        ValidationError: naming those that the region does not offer.
    """
    types = ["Gateway", "Interface"]
    pages = ec2.get_paginator("describe_vpc_endpoint_services").paginate(
        Filters=[{"Name": "service-type", "Values": types}]
    )
    names: dict[str, str] = {}
    for name, kinds in ((row["ServiceName"], row["ServiceType"]) for page in pages for row in page["ServiceDetails"]):
        service = read_service(name)
        if get_kind(service) in [kind["ServiceType"] for kind in kinds]:
            names |= {service: name, name: name}
    missing = [service for service in services if service not in names]
    if missing:
        hint = suggest_name(missing[0], [PRIVATE_CLUSTER, *names])
        raise ValidationError(
            f"endpoints: {', '.join(missing)} is not a service with VPC endpoints in {ec2.meta.region_name}.{hint} Use a service"
            f" name like ecr.api or com.amazonaws.{ec2.meta.region_name}.ecr.api, or {PRIVATE_CLUSTER}."
        )
    return {service: names[service] for service in services}


class EndpointGroupResource(NetworkResource):
    """The security group of the interface endpoints: HTTPS from the VPC."""

    kind = "security group"
    fields = (Field("https_from", "HttpsFrom", "rules", normalize_list), TAGS)
    rows = "security_groups"
    tag_type = "security-group"

    def find(self) -> Row | None:
        rows = self.inventory.list_owned(self.rows)
        return next((row for row in rows if row.get("GroupName") == self.name), None)

    def read(self, row: Row) -> Row:
        ranges = [
            entry["CidrIp"]
            for rule in row.get("IpPermissions") or []
            if rule.get("FromPort") == 443 and rule.get("IpProtocol") == "tcp"
            for entry in rule.get("IpRanges") or []
        ]
        return {**row, "HttpsFrom": ranges, "status": "ACTIVE"}

    def planned_id(self) -> str:
        return f"sg-{self.name} (known after apply)"

    def plan_row(self, desired: dict[str, Any]) -> Row:
        return {"GroupName": self.name, "IpPermissions": [self._build_rule(desired["https_from"])]}

    @staticmethod
    def _build_rule(cidrs: list[str]) -> dict[str, Any]:
        ranges = [{"CidrIp": cidr} for cidr in cidrs]
        return {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "IpRanges": ranges}

    def create(self, desired: dict[str, Any]) -> Row:
        vpc_id = self.inventory.vpc_id
        group = self.inventory.send(
            lambda: self.ec2.create_security_group(
                VpcId=vpc_id,
                GroupName=self.name,
                Description="HTTPS from the VPC to the VPC endpoints",
                TagSpecifications=self.specify_tags(desired),
            )
        )["GroupId"]
        row = {"GroupId": group, "GroupName": self.name, "VpcId": vpc_id, "tags": dict(desired["tags"])}
        self.inventory.put(self.rows, row)
        self._allow(row, desired["https_from"])
        return self.read(self.find() or row)

    def already_exists(self, error: Exception) -> bool:
        if not has_code(error, "InvalidGroup.Duplicate"):
            return False
        self.inventory.read((self.rows,))
        there = self.inventory.find(self.rows, self.name, "GroupName")
        if there and not self.inventory.is_owned(there):
            raise NotOwned(
                f"endpoints: the security group {self.name} in {self.inventory.vpc_id} was not created for this cluster. Rename"
                " or delete it."
            ) from error
        return True

    def actions(self, raw: Row, desired: dict[str, Any]) -> dict[str, tuple[str, Callable[[], Any]]]:
        return {"rules": ("AuthorizeSecurityGroupIngress", lambda: self._set_rules(raw, desired["https_from"]))}

    def _set_rules(self, raw: Row, wanted: list[str]) -> None:
        gone = [cidr for cidr in raw["HttpsFrom"] if cidr not in wanted]
        if gone:
            self.ec2.revoke_security_group_ingress(GroupId=raw["GroupId"], IpPermissions=[self._build_rule(gone)])
        self._allow(raw, [cidr for cidr in wanted if cidr not in raw["HttpsFrom"]])
        self.note(raw, IpPermissions=[self._build_rule(wanted)])

    def _allow(self, row: Row, cidrs: list[str]) -> None:
        rule = self._build_rule(cidrs)
        try:
            if cidrs:
                self.inventory.send(
                    lambda: self.ec2.authorize_security_group_ingress(GroupId=row["GroupId"], IpPermissions=[rule])
                )
        except Exception as error:
            if not has_code(error, "InvalidPermission.Duplicate"):
                raise
        self.note(row, IpPermissions=[rule])


class EndpointResource(NetworkResource):
    """The endpoint of one service.

    Args:
        service: its full name.
        group: the security group of an interface endpoint; None for a gateway endpoint.
        places: names of the subnets (interface) or route tables (gateway), each with its id.
    """

    kind = "VPC endpoint"
    rows = "vpc_endpoints"
    tag_type = "vpc-endpoint"
    fields = (
        Field("service", "ServiceName", None),
        Field("type", "VpcEndpointType", None),
        Field("subnets", "Subnets", "places", normalize_list),
        Field("route_tables", "RouteTables", "places", normalize_list),
        TAGS,
    )

    def __init__(
        self, inventory: Inventory, name: str, service: str, group: str | None, places: dict[str, str]
    ) -> None:
        super().__init__(inventory, name)
        self.service, self.group, self.places = service, group, places

    @property
    def option(self) -> str:
        return "subnets" if self.group else "route_tables"

    def find(self) -> Row | None:
        return choose_endpoint(self.inventory, self.service)

    def read(self, row: Row) -> Row:
        names = self.inventory.name_of
        return {
            **row,
            "Subnets": [names("subnets", one) for one in row.get("SubnetIds") or []],
            "RouteTables": [names("route_tables", one) for one in row.get("RouteTableIds") or []],
            "status": "ACTIVE",  # the composite waits for pending ones
        }

    def adjust(self, raw: Row, desired: dict[str, Any]) -> dict[str, Any]:
        """One that somebody else made in the VPC is used as it is: a VPC takes one with private DNS for each service."""
        return super().adjust(raw, desired) if self.inventory.is_owned(raw) else {}

    def planned_id(self) -> str:
        return f"vpce-{self.name} (known after apply)"

    def plan_row(self, desired: dict[str, Any]) -> Row:
        key = "SubnetIds" if self.group else "RouteTableIds"
        kind = "Interface" if self.group else "Gateway"
        ids = list(self.places.values())
        return {"ServiceName": self.service, "VpcEndpointType": kind, "State": "available", key: ids}

    def _build_places(self) -> dict[str, Any]:
        ids = list(self.places.values())
        if self.group is None:
            return {"VpcEndpointType": "Gateway", "RouteTableIds": ids}
        return {
            "VpcEndpointType": "Interface",
            "SubnetIds": ids,
            "SecurityGroupIds": [self.group],
            "PrivateDnsEnabled": True,
        }

    def create(self, desired: dict[str, Any]) -> Row:
        vpc_id = self.inventory.vpc_id
        made = self.inventory.send(
            lambda: self.ec2.create_vpc_endpoint(
                VpcId=vpc_id,
                ServiceName=self.service,
                TagSpecifications=self.specify_tags(desired),
                **self._build_places(),
            )
        )["VpcEndpoint"]
        row = read_row(made)
        row = self.inventory.add(self.rows, {**row, "tags": row["tags"] or dict(desired["tags"])})
        if self.group is None:
            self._look_for_twins()
        return self.read(self.find() or row)

    def _look_for_twins(self) -> None:
        """Another run at the same time may have made a gateway endpoint, too: EC2 refuses it on the same route tables only."""
        filters = [
            {"Name": "vpc-id", "Values": [self.inventory.vpc_id]},
            {"Name": "service-name", "Values": [self.service]},
        ]
        for row in self.inventory.describe(self.rows, filters):
            self.inventory.put(self.rows, row)

    def already_exists(self, error: Exception) -> bool:
        """Another run was first: the routes of a gateway endpoint, or the DNS name of an interface endpoint, are taken."""
        taken = has_code(error, "RouteAlreadyExists") or has_message(error, "conflicting DNS domain")
        return taken and self.is_seen()

    def actions(self, raw: Row, desired: dict[str, Any]) -> dict[str, tuple[str, Callable[[], Any]]]:
        return {"places": ("ModifyVpcEndpoint", lambda: self._set_places(raw))}

    def _set_places(self, raw: Row) -> None:
        word = "Subnet" if self.group else "RouteTable"
        now, wanted = set(raw.get(f"{word}Ids") or []), set(self.places.values())
        words = {f"Add{word}Ids": sorted(wanted - now), f"Remove{word}Ids": sorted(now - wanted)}
        given = {key: value for key, value in words.items() if value}
        self.inventory.send(lambda: self.ec2.modify_vpc_endpoint(VpcEndpointId=raw[self.id_key], **given))
        self.note(raw, **{f"{word}Ids": sorted(wanted)})
