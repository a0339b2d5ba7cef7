# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a playbook shows while NAT gateways come up."""

from __future__ import annotations

import subprocess

import pytest
from moto.ec2.models import ec2_backends
from processes import start_play

OPTIONS = {"cluster_name": "my-cluster", "region": "ap-northeast-1", "zone_count": 2, "nat_gateway": "Single"}


@pytest.fixture
def start(tmp_path, commands):
    """start(**options) -> a play of one eks_network, as a user runs it; prints what the result says of readiness."""

    def run(**options) -> subprocess.Popen[str]:
        tasks = [
            {"kumo.eks.eks_network": {**OPTIONS, **options}, "register": "made"},
            {"ansible.builtin.debug": {"msg": "ready={{ made.ready }} changed={{ made.changed }}"}},
        ]
        return start_play(commands.playbook, tmp_path, tasks)

    return run


def test_lines_while_a_nat_gateway_is_pending_and_its_route_in_the_end(sandbox, start):
    sandbox.clock.set_speed(1)
    with start() as play:
        lines = []
        for line in play.stderr:
            lines.append(line.rstrip())
            if "is pending" in line:
                sandbox.clock.advance(300)
        out = play.stdout.read()
    assert play.returncode == 0 and "ready=True changed=True" in out, [out, *lines]
    told = [line for line in lines if line.startswith("[my-cluster] ")]
    assert told and "NAT gateway my-cluster-ap-northeast-1a (nat-" in told[0] and told[0].endswith(") is pending")
    ec2 = sandbox.client("ec2")
    (gateway,) = ec2.describe_nat_gateways()["NatGateways"]
    tables = ec2.describe_route_tables(Filters=[{"Name": "route.nat-gateway-id", "Values": [gateway["NatGatewayId"]]}])[
        "RouteTables"
    ]
    assert len(tables) == 2


def test_a_gateway_that_fails_meanwhile_ends_the_wait_with_ec2s_reason(sandbox, start):
    sandbox.clock.set_speed(1)
    backend = ec2_backends["123456789012"]["ap-northeast-1"]
    with start(wait_timeout=60) as play:
        for line in play.stderr:
            if "is pending" in line:
                (gateway,) = backend.nat_gateways.values()
                gateway.state, gateway.failure_code = "failed", "Gateway.NotAttached"
                gateway.failure_message = "Network vpc-1 has no Internet gateway attached"
        out = play.stdout.read()
    assert play.returncode == 2 and "Gateway.NotAttached: Network vpc-1 has no Internet gateway attached" in out, out
    assert len(backend.nat_gateways) == 1
