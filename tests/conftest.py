# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What tests share: a sandbox, a ground to stand on, and modules run in this process."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from support import in_process, warm

from kumo_sandbox import Sandbox
from kumo_sandbox import ground as account
from kumo_sandbox.kept_account import KeptAccount


@pytest.fixture(scope="session")
def running_sandbox(kumo_sandbox_server: Sandbox) -> Iterator[Sandbox]:
    """The sandbox as tests have left it. Requests of this process take no connection."""
    with in_process.ask_directly(kumo_sandbox_server):
        yield kumo_sandbox_server


@pytest.fixture(scope="session")
def commands(request: pytest.FixtureRequest) -> warm.Commands:
    """ansible, ansible-playbook and the Python of modules, which load their libraries once for all tests."""
    stack = ExitStack()
    request.addfinalizer(stack.close)
    return stack.enter_context(warm.commands())


@pytest.fixture(scope="session", autouse=True)
def shared_clients() -> Iterator[None]:
    with in_process.share_clients():
        yield


@pytest.fixture(autouse=True)
def short_pauses() -> Iterator[None]:
    with in_process.shorten_pauses():
        yield


@pytest.fixture(scope="session")
def kept_account(kumo_sandbox_kept: KeptAccount) -> KeptAccount:
    """What fixtures build in the account of ``sandbox``, kept until a test changes it."""
    return kumo_sandbox_kept


@pytest.fixture
def sandbox(running_sandbox: Sandbox, kumo_sandbox: Sandbox) -> Sandbox:
    """An account, empty but for what the test's other fixtures keep in it, where nothing takes time."""
    return kumo_sandbox


@pytest.fixture
def run_module() -> Callable[..., dict[str, Any]]:
    """Run a module in this process: run_module("eks_cluster", {...}, check=False) -> its result, with ``failed``."""
    return in_process.run_module


@pytest.fixture
def ground(request: pytest.FixtureRequest, sandbox: Sandbox, kept_account: KeptAccount) -> dict[str, Any]:
    """A VPC with three private subnets behind a NAT gateway, a security group, a KMS key, and the roles of cluster, nodes and others."""
    return kept_account.build(request, lambda: build_ground(sandbox))


def build_ground(sandbox: Sandbox) -> dict[str, Any]:
    ec2, iam = sandbox.client("ec2"), sandbox.client("iam")
    vpc = account.create_vpc(ec2)
    subnets = account.create_subnets(ec2, vpc)
    account.open_way_out(ec2, vpc)
    group = ec2.create_security_group(GroupName="extra", Description="extra", VpcId=vpc)["GroupId"]
    pods = "eks-fargate-pods.amazonaws.com"
    return {
        "subnets": subnets,
        "group": group,
        "key": sandbox.client("kms").create_key()["KeyMetadata"]["Arn"],
        "role": account.create_role(iam, "eksClusterRole", "eks.amazonaws.com", account.CLUSTER_POLICIES),
        "node_role": account.create_role(iam, "eksNodeRole", "ec2.amazonaws.com", account.NODE_POLICIES),
        "capability_role": account.create_role(iam, "eksCapabilityRole", "capabilities.eks.amazonaws.com"),
        "connector_role": account.create_role(iam, "eksConnectorRole", "ssm.amazonaws.com"),
        "pod_role": account.create_role(iam, "eksFargatePodRole", pods, account.FARGATE_POLICIES),
    }
