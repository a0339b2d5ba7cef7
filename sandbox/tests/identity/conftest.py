"""A sandbox with control planes, a cluster in it, and the parts of an identity chain."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import ClientError

from kumo_sandbox import Sandbox
from kumo_sandbox.ground import CLUSTER_POLICIES, create_role
from kumo_sandbox.toolchain import binaries

PATIENCE = 60.0  # seconds until a wait gives up; nothing takes that long


@pytest.fixture(scope="session")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(speed="instant", kubernetes=True) as running:
        ground(running)
        yield running


def ground(sandbox: Sandbox) -> None:
    """Two clusters, demo and other, on one network."""
    ec2, iam, eks = sandbox.client("ec2"), sandbox.client("iam"), sandbox.client("eks")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnets = [
        ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.0.{n}.0/24", AvailabilityZone=f"ap-northeast-1{zone}")["Subnet"]
        for n, zone in enumerate("ac")
    ]
    role = create_role(iam, "cluster", "eks.amazonaws.com", CLUSTER_POLICIES)
    place = {"subnetIds": [subnet["SubnetId"] for subnet in subnets]}
    for name in ("demo", "other"):
        eks.create_cluster(name=name, version="1.33", roleArn=role, resourcesVpcConfig=place)
        assert eks.describe_cluster(name=name)["cluster"]["status"] == "ACTIVE"


@pytest.fixture
def issuer(sandbox: Sandbox) -> str:
    return str(sandbox.client("eks").describe_cluster(name="demo")["cluster"]["identity"]["oidc"]["issuer"])


@pytest.fixture
def provider(sandbox: Sandbox, issuer: str) -> Iterator[str]:
    """The account's provider for the issuer of demo."""
    iam = sandbox.client("iam")
    arn = iam.create_open_id_connect_provider(Url=issuer, ClientIDList=["sts.amazonaws.com"])[
        "OpenIDConnectProviderArn"
    ]
    yield arn
    iam.delete_open_id_connect_provider(OpenIDConnectProviderArn=arn)


@pytest.fixture
def make_role(sandbox: Sandbox) -> Iterator[Callable[..., str]]:
    """Make a role with these trust statements and an inline policy of these actions; gone after the test."""
    iam, made = sandbox.client("iam"), []

    def make(name: str, *statements: dict[str, Any], actions: tuple[str, ...] = ()) -> str:
        document = json.dumps({"Version": "2012-10-17", "Statement": list(statements)})
        arn = iam.create_role(RoleName=name, AssumeRolePolicyDocument=document)["Role"]["Arn"]
        made.append(name)
        allowed = [{"Effect": "Allow", "Action": list(actions), "Resource": "arn:aws:s3:::bucket/*"}]
        policy = json.dumps({"Version": "2012-10-17", "Statement": allowed})
        if actions:
            iam.put_role_policy(RoleName=name, PolicyName="own", PolicyDocument=policy)
        return str(arn)

    yield make
    for name in made:
        for policy in iam.list_role_policies(RoleName=name)["PolicyNames"]:
            iam.delete_role_policy(RoleName=name, PolicyName=policy)
        iam.delete_role(RoleName=name)


@pytest.fixture
def guide_trust(issuer: str, provider: str) -> Callable[..., dict[str, Any]]:
    """The trust statement of the guide for one service account; ``operator`` and ``subject`` may be others."""

    def statement(
        subject: str = "system:serviceaccount:default:my-app-sa", operator: str = "StringEquals", effect: str = "Allow"
    ) -> dict[str, Any]:
        name = issuer.removeprefix("https://")
        return {
            "Effect": effect,
            "Principal": {"Federated": provider},
            "Action": "sts:AssumeRoleWithWebIdentity",
            "Condition": {operator: {f"{name}:sub": subject, f"{name}:aud": "sts.amazonaws.com"}},
        }

    return statement


@pytest.fixture
def exchange(sandbox: Sandbox) -> Callable[..., dict[str, Any]]:
    """AssumeRoleWithWebIdentity, unsigned as an SDK in a pod calls it; a refusal is "Code: message"."""
    config = Config(signature_version=UNSIGNED)
    sts = boto3.client("sts", region_name=sandbox.region, endpoint_url=sandbox.endpoint, config=config)

    def call(role: str, token: str, **more: Any) -> dict[str, Any]:
        words = {"RoleArn": role, "RoleSessionName": "pod", "WebIdentityToken": token}
        return dict(sts.assume_role_with_web_identity(**words, **more))

    return call


@pytest.fixture
def refusal(exchange: Callable[..., dict[str, Any]]) -> Callable[..., str]:
    """How STS refuses a token: "Code: message"."""

    def call(role: str, token: str, **more: Any) -> str:
        with pytest.raises(ClientError) as caught:
            exchange(role, token, **more)
        error = caught.value.response["Error"]
        return f"{error['Code']}: {error['Message']}"

    return call


@dataclass
class Kubectl:
    """kubectl as the administrator of one cluster."""

    program: Path
    config: Path

    def __call__(self, *arguments: str, stdin: str | None = None) -> str:
        command = [str(self.program), "--kubeconfig", str(self.config), *arguments]
        done = subprocess.run(command, input=stdin, capture_output=True, text=True, timeout=PATIENCE, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def get(self, *arguments: str) -> Any:
        return json.loads(self("get", *arguments, "-o", "json"))

    def apply(self, *manifests: dict[str, Any]) -> None:
        self("apply", "-f", "-", stdin=json.dumps({"apiVersion": "v1", "kind": "List", "items": list(manifests)}))

    def token(self, account: str, namespace: str = "default", **options: str) -> str:
        """By the TokenRequest API, which the kubelet asks for the token that it mounts."""
        flags = [f"--{key}={value}" for key, value in ({"audience": "sts.amazonaws.com"} | options).items()]
        return self("create", "token", account, "-n", namespace, *flags).strip()


@pytest.fixture(scope="session")
def kubectl(sandbox: Sandbox) -> Kubectl:
    """In front of demo, whose control plane starts with the first call; with the accounts the tests speak of."""
    arn = sandbox.client("eks").describe_cluster(name="demo")["cluster"]["arn"]
    assert sandbox.kubernetes
    run = Kubectl(binaries.ensure()["kubectl"], sandbox.kubernetes.kubeconfig(arn))
    run("create", "namespace", "elsewhere")
    run.apply(*(account(name, namespace) for name, namespace in ACCOUNTS))
    end = time.monotonic() + PATIENCE
    while "default" not in run("get", "serviceaccounts"):
        assert time.monotonic() < end
        time.sleep(0.1)
    return run


ACCOUNTS = (("my-app-sa", "default"), ("my-app-sa", "elsewhere"), ("other-sa", "default"))


def account(name: str, namespace: str = "default", **annotations: str) -> dict[str, Any]:
    metadata = {"name": name, "namespace": namespace, "annotations": annotations}
    return {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": metadata}
