# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What tests share: a sandbox, a ground to stand on, and modules run in this process."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from support import in_process, warm

from kumo_sandbox import Sandbox


@pytest.fixture(scope="session")
def running_sandbox() -> Iterator[Sandbox]:
    with Sandbox(speed="instant", kubernetes=False) as sandbox:
        yield sandbox


@pytest.fixture(scope="session")
def commands(request: pytest.FixtureRequest) -> warm.Commands:
    """ansible, ansible-playbook and the Python of modules, which load their libraries once for all tests."""
    stack = ExitStack()
    request.addfinalizer(stack.close)
    return stack.enter_context(warm.commands())


@pytest.fixture(scope="session", autouse=True)
def one_loader() -> Iterator[None]:
    with in_process.share_loader():
        yield


@pytest.fixture(autouse=True)
def short_pauses() -> Iterator[None]:
    with in_process.shorten_pauses():
        yield


@pytest.fixture
def sandbox(running_sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Sandbox:
    """An empty account, at once."""
    running_sandbox.reset()
    running_sandbox.clock.set_speed("instant")
    for name, value in running_sandbox.env.items():
        monkeypatch.setenv(name, value)
    return running_sandbox


@pytest.fixture
def run_module() -> Callable[..., dict[str, Any]]:
    """Run a module in this process: run_module("eks_cluster", {...}, check=False) -> its result, with ``failed``."""
    return in_process.run_module


@pytest.fixture
def ground(sandbox: Sandbox) -> dict[str, Any]:
    """A VPC with three private subnets, a security group, and the roles of cluster, nodes and Fargate pods."""
    ec2, iam = sandbox.client("ec2"), sandbox.client("iam")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    ec2.modify_vpc_attribute(VpcId=vpc, EnableDnsHostnames={"Value": True})  # nodes cannot register without
    subnets = [
        ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.0.{number}.0/24", AvailabilityZone=f"ap-northeast-1{zone}")
        for number, zone in enumerate("acd")
    ]
    group = ec2.create_security_group(GroupName="extra", Description="extra", VpcId=vpc)["GroupId"]

    def role(name: str, service: str) -> str:
        trust = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
        document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
        return iam.create_role(RoleName=name, AssumeRolePolicyDocument=document)["Role"]["Arn"]

    return {
        "subnets": [subnet["Subnet"]["SubnetId"] for subnet in subnets],
        "group": group,
        "role": role("eksClusterRole", "eks.amazonaws.com"),
        "node_role": role("eksNodeRole", "ec2.amazonaws.com"),
        "pod_role": role("eksFargatePodRole", "eks-fargate-pods.amazonaws.com"),
    }
