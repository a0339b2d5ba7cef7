# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What tests share: a sandbox, a ground to stand on, and modules run in this process."""

from __future__ import annotations

import importlib
import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import cache
from typing import Any

import botocore.session
import pytest
from ansible.module_utils import basic
from botocore.retries.standard import ExponentialBackoff
from support import warm
from support.module_args import patch_module_args

from ansible_collections.kumo.eks.plugins.module_utils.core import reconciler, waiting
from kumo_sandbox import Sandbox


class Ended(Exception):
    """A module's end, with its result."""

    def __init__(self, result: dict[str, Any]) -> None:
        super().__init__(str(result.get("msg", "")))
        self.result = result


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
    """Each module run makes a session of its own, and would read botocore's models of the services anew: a third of its time."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(botocore.session, "create_loader", cache(botocore.session.create_loader))
        yield


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """The sandbox's clock is instant: the pauses between looks, and before botocore tries again, need not be long."""
    monkeypatch.setattr(waiting, "FIRST_PAUSE", 0.02)
    monkeypatch.setattr(reconciler, "PROPAGATION_TIMEOUT", 2)
    monkeypatch.setattr(ExponentialBackoff, "delay_amount", lambda self, context: 0.01)


@pytest.fixture
def sandbox(running_sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Sandbox:
    """An empty account, at once."""
    running_sandbox.reset()
    running_sandbox.clock.set_speed("instant")
    for name, value in running_sandbox.env.items():
        monkeypatch.setenv(name, value)
    return running_sandbox


@pytest.fixture
def run_module(monkeypatch: pytest.MonkeyPatch) -> Callable[..., dict[str, Any]]:
    """Run a module in this process: run_module("eks_cluster", {...}, check=False) -> its result, with ``failed``."""

    def ended(failed: bool) -> Callable[..., None]:
        def end(module: Any, *args: Any, **result: Any) -> None:
            raise Ended({"failed": failed, **result})

        return end

    monkeypatch.setattr(basic.AnsibleModule, "exit_json", ended(False))
    monkeypatch.setattr(basic.AnsibleModule, "fail_json", ended(True))

    def run(name: str, args: dict[str, Any], check: bool = False) -> dict[str, Any]:
        module = importlib.import_module(f"ansible_collections.kumo.eks.plugins.modules.{name}")
        with patch_module_args({**args, "_ansible_check_mode": check, "_ansible_diff": True}):
            try:
                module.main()
            except Ended as end:
                return json.loads(json.dumps(end.result, default=str))
        raise AssertionError(f"{name} ended without a result")

    return run


@pytest.fixture
def ground(sandbox: Sandbox) -> dict[str, Any]:
    """A VPC with three private subnets, a security group, a KMS key, and the roles of cluster, nodes and Fargate pods."""
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
        "key": sandbox.client("kms").create_key()["KeyMetadata"]["Arn"],
        "role": role("eksClusterRole", "eks.amazonaws.com"),
        "node_role": role("eksNodeRole", "ec2.amazonaws.com"),
        "pod_role": role("eksFargatePodRole", "eks-fargate-pods.amazonaws.com"),
    }
