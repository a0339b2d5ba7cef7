"""A sandbox whose clock moves only by ``sandbox.clock.advance``, empty for each test; and a small network."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from botocore.exceptions import ClientError

from kumo_sandbox import Sandbox, durations


@pytest.fixture(autouse=True)
def no_lag(monkeypatch: pytest.MonkeyPatch) -> None:
    """Reads find at once what was made: service/test_lag.py has the tests of those that trail."""
    monkeypatch.setattr(durations, "READ_LAG", 0.0)


@pytest.fixture(scope="module")
def kumo_sandbox_options() -> dict[str, Any]:
    return {"speed": 1}


@pytest.fixture
def sandbox(kumo_sandbox: Sandbox) -> Sandbox:
    return kumo_sandbox


@pytest.fixture
def ec2(sandbox: Sandbox) -> Any:
    return sandbox.client("ec2")


@dataclass
class Network:
    vpc: str
    gateway: str
    public: str
    private: str


@pytest.fixture
def network(ec2: Any) -> Network:
    """A VPC with an internet gateway and two subnets."""
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    subnets = [
        ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.0.{number}.0/24", AvailabilityZone=f"ap-northeast-1{zone}")
        for number, zone in enumerate("ac")
    ]
    return Network(vpc, gateway, *(subnet["Subnet"]["SubnetId"] for subnet in subnets))


@pytest.fixture
def refused() -> Callable[..., str]:
    """Call and give the error as "Code: message"; a call that succeeds fails the test."""

    def call(method: Callable[..., Any], **params: Any) -> str:
        with pytest.raises(ClientError) as caught:
            method(**params)
        error = caught.value.response["Error"]
        return f"{error['Code']}: {error['Message']}"

    return call
