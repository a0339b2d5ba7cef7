"""What is in a VPC or a subnet, and keeps it from being deleted."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any


def list_interfaces(backend: Any, vpc_id: str = "", subnet_id: str = "") -> list[Any]:
    """The network interfaces in a VPC or a subnet."""
    return [
        interface
        for interface in list(backend.enis.values())
        if (interface.subnet.vpc_id == vpc_id if vpc_id else interface.subnet.id == subnet_id)
    ]


def list_subnets(backend: Any, vpc_id: str) -> list[Any]:
    return [
        subnet for zone in list(backend.subnets.values()) for subnet in list(zone.values()) if subnet.vpc_id == vpc_id
    ]


def list_route_tables(backend: Any, vpc_id: str) -> list[Any]:
    return [table for table in list(backend.route_tables.values()) if table.vpc_id == vpc_id]


def list_internet_gateways(backend: Any, vpc_id: str) -> list[Any]:
    return [each for each in list(backend.internet_gateways.values()) if each.vpc and each.vpc.id == vpc_id]


def list_egress_only_gateways(backend: Any, vpc_id: str) -> list[Any]:
    return [each for each in list(backend.egress_only_internet_gateways.values()) if each.vpc_id == vpc_id]


def list_endpoints(backend: Any, vpc_id: str) -> list[Any]:
    return [each for each in list(backend.vpc_end_points.values()) if each.vpc_id == vpc_id]


def list_nat_gateways(backend: Any, vpc_id: str = "", states: Iterable[str] = ()) -> list[Any]:
    return [
        gateway
        for gateway in list(backend.nat_gateways.values())
        if vpc_id in ("", gateway.vpc_id) and gateway.state in (states or (gateway.state,))
    ]


def is_vpc_occupied(backend: Any, vpc_id: str) -> bool:
    """Whether something in the VPC keeps it; its main route table, default group and default ACL go with it."""
    groups = [group for group in list(backend.groups[vpc_id].values()) if group.name != "default"]
    tables = [table for table in list_route_tables(backend, vpc_id) if table.main_association_id is None]
    return any(
        (
            list_subnets(backend, vpc_id),
            list_internet_gateways(backend, vpc_id),
            list_egress_only_gateways(backend, vpc_id),
            list_endpoints(backend, vpc_id),
            list_nat_gateways(backend, vpc_id, ("pending", "available", "deleting")),
            list_interfaces(backend, vpc_id=vpc_id),
            groups,
            tables,
        )
    )


def list_shared(backend: Any) -> dict[str, str]:
    """IDs of what other accounts own and share, and whose it is; moto's reset forgets them with the backend."""
    return backend.__dict__.setdefault("_kumo_shared", {})
