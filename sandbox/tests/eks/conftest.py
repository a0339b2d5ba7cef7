"""A sandbox in this process, and a ground for clusters."""

from __future__ import annotations

from typing import Any

import pytest

from kumo_sandbox import Sandbox, ground
from kumo_sandbox.kept_account import KeptAccount


@pytest.fixture(scope="module")
def kumo_sandbox_options() -> dict[str, Any]:
    return {"speed": 1}


@pytest.fixture
def sandbox(kumo_sandbox: Sandbox) -> Sandbox:
    """Its clock moves only by ``sandbox.clock.advance`` (and truly)."""
    kumo_sandbox.settings.refuse_unsupported = False
    return kumo_sandbox


@pytest.fixture
def account(request: pytest.FixtureRequest, sandbox: Sandbox, kumo_sandbox_kept: KeptAccount) -> dict[str, Any]:
    """An account with subnets and roles."""
    return kumo_sandbox_kept.build(request, lambda: build_account(sandbox))


def build_account(sandbox: Sandbox) -> dict[str, Any]:
    ec2, iam = sandbox.client("ec2"), sandbox.client("iam")
    vpc = ground.create_vpc(ec2)
    subnets = ground.create_subnets(ec2, vpc)
    ground.open_way_out(ec2, vpc)
    roles = {
        "cluster": ground.create_role(iam, "cluster", "eks.amazonaws.com", ground.CLUSTER_POLICIES),
        "node": ground.create_role(iam, "node", "ec2.amazonaws.com", ground.NODE_POLICIES),
        "pod": ground.create_role(iam, "pod", "eks-fargate-pods.amazonaws.com", ground.FARGATE_POLICIES),
    }
    sandbox.clock.advance(60)  # until EKS knows the roles
    return {"vpc": vpc, "subnets": subnets, **roles}


@pytest.fixture
def eks(sandbox: Sandbox) -> Any:
    return sandbox.client("eks")


@pytest.fixture
def cluster(
    request: pytest.FixtureRequest, sandbox: Sandbox, account: dict[str, Any], eks: Any, kumo_sandbox_kept: KeptAccount
) -> str:
    """An ACTIVE cluster at 1.33."""
    kumo_sandbox_kept.build(request, lambda: create_cluster(sandbox, account, eks))
    return "c"


def create_cluster(sandbox: Sandbox, account: dict[str, Any], eks: Any) -> None:
    eks.create_cluster(
        name="c", version="1.33", roleArn=account["cluster"], resourcesVpcConfig={"subnetIds": account["subnets"]}
    )
    sandbox.clock.advance(600)


@pytest.fixture
def group(account: dict[str, Any], cluster: str) -> dict[str, Any]:
    """A node group that EKS takes."""
    return {"clusterName": cluster, "nodegroupName": "n", "nodeRole": account["node"], "subnets": account["subnets"]}
