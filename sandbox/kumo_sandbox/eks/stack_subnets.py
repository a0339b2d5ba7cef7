"""The subnets of a stack's load balancer: those that it names, or those that the controller discovers.

https://kubernetes-sigs.github.io/aws-load-balancer-controller/latest/deploy/subnet_discovery/
https://github.com/kubernetes-sigs/aws-load-balancer-controller/blob/main/pkg/networking/subnet_resolver.go
"""

from __future__ import annotations

from typing import Any

from kumo_sandbox.aws_interfaces import LoadBalancerStack, refuse_model
from kumo_sandbox.eks.route_tables import find_table
from kumo_sandbox.eks.store import Raw

ROLES = {False: "kubernetes.io/role/elb", True: "kubernetes.io/role/internal-elb"}  # by whether it is internal
MARKS = ("", "1")  # the values of these tags that count
CLUSTER = "kubernetes.io/cluster/"
LEAST_ADDRESSES = 8
LEAST_ZONES = {"application": 2, "network": 1}  # by the kind of load balancer


def choose_subnets(ec2: Any, vpc: str, cluster: str, wanted: LoadBalancerStack) -> list[str]:
    """The IDs of subnets in different zones, two at least for an Application Load Balancer; raises StackRefusedError."""
    rows = ec2.describe_subnets(Filters=[{"Name": "vpc-id", "Values": [vpc]}])["Subnets"]
    if wanted.subnets:
        return _check_count([_find(rows, name) for name in wanted.subnets], LEAST_ZONES[wanted.kind], "")
    role = ROLES[wanted.internal]
    candidates = [row for row in rows if _read_tags(row).get(role) in MARKS]
    if not candidates:
        candidates = _list_reachable(ec2, vpc, rows, public=not wanted.internal)
    chosen = _choose_one_a_zone(candidates, cluster)
    return _check_count(chosen, LEAST_ZONES[wanted.kind], "couldn't auto-discover subnets: ")


def _find(rows: list[Raw], name: str) -> Raw:
    """By its ID or its tag Name."""
    for row in rows:
        if name in (row["SubnetId"], _read_tags(row).get("Name")):
            return row
    words = f"subnet ID not found: {name}" if name.startswith("subnet-") else f"missing names: [{name}]"
    raise refuse_model(f"couldn't find all subnets, {words}")


def _choose_one_a_zone(rows: list[Raw], cluster: str) -> list[Raw]:
    """Those of the cluster first, then by their IDs; not those of other clusters alone, or without free addresses."""
    ours = [row for row in rows if _is_eligible(_read_tags(row), cluster)]
    free = [row for row in ours if row["AvailableIpAddressCount"] >= LEAST_ADDRESSES]
    if not free:
        raise refuse_model(
            f"couldn't auto-discover subnets: unable to resolve at least one subnet. Evaluated {len(rows)} subnets:"
            f" {len(rows) - len(ours)} are tagged for other clusters, and {len(ours)} have insufficient available IP addresses"
        )
    ranked = sorted(free, key=lambda row: (f"{CLUSTER}{cluster}" not in _read_tags(row), row["SubnetId"]))
    zones = {row["AvailabilityZone"]: row for row in reversed(ranked)}
    return sorted(zones.values(), key=lambda row: row["SubnetId"])


def _is_eligible(tags: dict[str, str], cluster: str) -> bool:
    """Tagged for this cluster, or for none."""
    return f"{CLUSTER}{cluster}" in tags or not any(key.startswith(CLUSTER) for key in tags)


def _list_reachable(ec2: Any, vpc: str, rows: list[Raw], public: bool) -> list[Raw]:
    """Where no subnet has the tag: those with, or without, a route to an internet gateway."""
    tables = ec2.describe_route_tables(Filters=[{"Name": "vpc-id", "Values": [vpc]}])["RouteTables"]
    return [row for row in rows if _is_public(find_table(tables, row["SubnetId"])) == public]


def _is_public(table: Raw) -> bool:
    return any(str(route.get("GatewayId", "")).startswith("igw") for route in table["Routes"])


def _check_count(rows: list[Raw], least: int, prefix: str) -> list[str]:
    zones = [row["AvailabilityZone"] for row in rows]
    for zone in zones:
        if zones.count(zone) > 1:
            ids = [row["SubnetId"] for row in rows if row["AvailabilityZone"] == zone]
            raise refuse_model(f"{prefix}multiple subnets in same Availability Zone {zone}: [{' '.join(ids)}]")
    if len(rows) < least:
        raise refuse_model(f"{prefix}subnets count less than minimal required count: {len(rows)} < {least}")
    return [row["SubnetId"] for row in rows]


def _read_tags(row: Raw) -> dict[str, str]:
    return {tag["Key"]: tag["Value"] for tag in row.get("Tags") or []}
