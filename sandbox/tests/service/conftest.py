"""A sandbox that is empty for each test, and a ground to build clusters on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from kumo_sandbox import Sandbox
from kumo_sandbox.ground import (
    CLUSTER_POLICIES,
    FARGATE_POLICIES,
    NODE_POLICIES,
    create_role,
    create_subnets,
    create_vpc,
    open_way_out,
)


@dataclass
class Ground:
    """What a cluster needs to stand on."""

    subnets: list[str]
    role: str
    pods_role: str


@pytest.fixture
def sandbox(kumo_sandbox: Sandbox) -> Sandbox:
    kumo_sandbox.settings.refuse_unsupported = False
    return kumo_sandbox


@pytest.fixture
def eks(sandbox: Sandbox) -> Any:
    return sandbox.client("eks")


@pytest.fixture
def ground(sandbox: Sandbox) -> Ground:
    ec2, iam = sandbox.client("ec2"), sandbox.client("iam")
    vpc = create_vpc(ec2)
    subnets = create_subnets(ec2, vpc)
    open_way_out(ec2, vpc)
    services = ["eks.amazonaws.com", "ec2.amazonaws.com", "pods.eks.amazonaws.com", "eks-fargate-pods.amazonaws.com"]
    policies = (*CLUSTER_POLICIES, *NODE_POLICIES, *FARGATE_POLICIES)
    return Ground(subnets, create_role(iam, "all", services, policies), create_role(iam, "pods", services))


@pytest.fixture
def make_cluster(eks: Any, ground: Ground) -> Callable[..., dict[str, Any]]:
    """Make a cluster and look at it once, so that it is ACTIVE."""

    def make(name: str = "demo", **options: Any) -> dict[str, Any]:
        words = {"roleArn": ground.role, "resourcesVpcConfig": {"subnetIds": ground.subnets}, "version": "1.30"}
        eks.create_cluster(name=name, **(words | options))
        return eks.describe_cluster(name=name)["cluster"]

    return make


@pytest.fixture
def make_nodegroup(eks: Any, ground: Ground) -> Callable[..., dict[str, Any]]:
    def make(name: str = "general", cluster: str = "demo", **options: Any) -> dict[str, Any]:
        words = {"clusterName": cluster, "nodegroupName": name}
        eks.create_nodegroup(**words, **({"subnets": ground.subnets, "nodeRole": ground.role} | options))
        return eks.describe_nodegroup(**words)["nodegroup"]

    return make


@pytest.fixture
def refused() -> Callable[..., str]:
    """Call and give the error the service answers as "Code: message"; a call that succeeds fails the test."""

    def call(method: Callable[..., Any], **words: Any) -> str:
        try:
            method(**words)
        except Exception as error:
            answer = getattr(error, "response", None)
            assert answer, error
            return f"{answer['Error']['Code']}: {answer['Error']['Message']}"
        raise AssertionError(f"{method.__name__} was not refused")

    return call
