"""A sandbox in this process, and a ground for clusters."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from kumo_sandbox import Sandbox


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(speed=1, kubernetes=False) as running:
        yield running


@pytest.fixture
def account(sandbox: Sandbox) -> dict[str, Any]:
    """An empty account with subnets and roles; the clock moves only by ``sandbox.clock.advance`` (and truly)."""
    sandbox.reset()
    sandbox.clock.set_speed(1)
    sandbox.settings.refuse_unsupported = False
    ec2, iam = sandbox.client("ec2"), sandbox.client("iam")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnets = [
        ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.0.{n}.0/24", AvailabilityZone=f"ap-northeast-1{zone}")
        for n, zone in enumerate("acd")
    ]
    roles = {}
    for name, service in (("cluster", "eks"), ("node", "ec2"), ("pod", "eks-fargate-pods")):
        trust = {"Effect": "Allow", "Principal": {"Service": f"{service}.amazonaws.com"}, "Action": "sts:AssumeRole"}
        document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
        roles[name] = iam.create_role(RoleName=name, AssumeRolePolicyDocument=document)["Role"]["Arn"]
    sandbox.clock.advance(60)  # until EKS knows the roles
    return {"vpc": vpc, "subnets": [s["Subnet"]["SubnetId"] for s in subnets], **roles}


@pytest.fixture
def eks(sandbox: Sandbox) -> Any:
    return sandbox.client("eks")


@pytest.fixture
def cluster(sandbox: Sandbox, account: dict[str, Any], eks: Any) -> str:
    """An ACTIVE cluster at 1.33."""
    eks.create_cluster(
        name="c", version="1.33", roleArn=account["cluster"], resourcesVpcConfig={"subnetIds": account["subnets"]}
    )
    sandbox.clock.advance(600)
    return "c"
