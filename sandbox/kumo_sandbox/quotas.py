"""The account's quotas, at AWS' defaults, with a way to raise them as Service Quotas does.

https://docs.aws.amazon.com/vpc/latest/userguide/amazon-vpc-limits.html
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
https://docs.amazonaws.cn/en_us/eks/latest/userguide/service-quotas.html (a table; that of the other partitions is a console)
https://docs.aws.amazon.com/eks/latest/userguide/service-quotas.html (pod identity associations)
"""

from __future__ import annotations

import os

ENVIRONMENT = "KUMO_SANDBOX_QUOTAS"  # vpcs=50,addresses=50
DEFAULTS = {
    "vpcs": 5,  # in a region, the default VPC among them
    "subnets": 200,  # in a VPC
    "vpc_cidr_blocks": 5,  # IPv4, the primary one among them
    "vpc_ipv6_blocks": 5,
    "addresses": 5,  # Elastic IP addresses in a region
    "nat_gateways": 5,  # in an Availability Zone: pending, available and deleting ones
    "internet_gateways": 5,  # in a region; AWS raises it with that of VPCs
    "egress_only_internet_gateways": 5,  # likewise
    "route_tables": 200,  # in a VPC
    "gateway_endpoints": 20,  # in a region
    "interface_endpoints": 50,  # in a VPC
    "security_groups": 2500,  # in a region
    "launch_templates": 5000,  # in a region
    "policies_per_role": 10,
    "roles": 1000,
    "clusters": 100,  # in a region
    "nodegroups": 30,  # managed ones, of a cluster
    "nodes": 450,  # of a managed node group
    "fargate_profiles": 10,  # of a cluster
    "public_access_cidrs": 40,  # of a cluster
    "pod_identity_associations": 1000,  # of a cluster
    # Running vCPUs, as Service Quotas tells them; of an account in use: a new one has 5, and AWS raises it with the use.
    "standard_vcpus": 640,
    "standard_spot_vcpus": 640,
}


def parse_quotas(texts: list[str]) -> dict[str, int]:
    """Quotas as options give them: name=number. Raises ValueError."""
    found = {}
    for text in texts:
        name, _equals, number = text.partition("=")
        found[name.strip()] = int(number) if number.strip().isdigit() else -1
    return check_quotas(found)


def read_environment() -> dict[str, int]:
    """The quotas that $KUMO_SANDBOX_QUOTAS raises or lowers."""
    return parse_quotas([text for text in os.environ.get(ENVIRONMENT, "").split(",") if text.strip()])


def check_quotas(wanted: dict[str, int]) -> dict[str, int]:
    for name, number in wanted.items():
        if name not in DEFAULTS:
            raise ValueError(f"'{name}' is not a quota. Use one of {', '.join(DEFAULTS)}")
        if not isinstance(number, int) or number < 0:
            raise ValueError(f"The quota {name} is not valid. Use {name}=NUMBER, with 0 or more")
    return wanted


class Quotas:
    """The quotas in force; ``reset`` goes back to those the sandbox was started with."""

    def __init__(self, raised: dict[str, int] | None = None) -> None:
        self._start = {**DEFAULTS, **read_environment(), **check_quotas(raised or {})}
        self._now = dict(self._start)

    def __getitem__(self, name: str) -> int:
        return self._now[name]

    def change(self, wanted: dict[str, int]) -> None:
        self._now.update(check_quotas(wanted))

    def describe(self) -> dict[str, int]:
        return dict(self._now)

    def reset(self) -> None:
        self._now = dict(self._start)
