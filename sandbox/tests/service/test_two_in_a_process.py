# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""moto is one for a process: a sandbox that comes back after another one works by its own clock again."""

from __future__ import annotations

import pytest

from kumo_sandbox import Sandbox, durations


def make_nat_gateway(sandbox: Sandbox) -> str:
    """The state in which a NAT gateway is when it is looked at."""
    ec2 = sandbox.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.0.0/24")["Subnet"]["SubnetId"]
    address = ec2.allocate_address(Domain="vpc")["AllocationId"]
    made = ec2.create_nat_gateway(SubnetId=subnet, AllocationId=address)["NatGateway"]["NatGatewayId"]
    rows = ec2.describe_nat_gateways()["NatGateways"]
    return next(row["State"] for row in rows if row["NatGatewayId"] == made)


def test_the_first_sandbox_goes_on_after_a_second_one(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(durations, "READ_LAG", 0.0)  # a new one is looked at once
    with Sandbox(speed="instant", kubernetes=False) as first:
        assert make_nat_gateway(first) == "available"
        with Sandbox(speed=1, kubernetes=False) as second:
            assert make_nat_gateway(second) == "pending"
        first.reset()
        assert make_nat_gateway(first) == "available"
