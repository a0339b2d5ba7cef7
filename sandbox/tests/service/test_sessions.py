"""Sessions of roles: whom STS gives one, and that their keys end."""

from __future__ import annotations

import json
from typing import Any

import boto3
import pytest

from kumo_sandbox.eks.aws_context import AwsContext

ACCOUNT = "123456789012"
HOUR = 3600


@pytest.fixture
def role(sandbox):
    """role(principal, **conditions) -> the ARN of a role that trusts it."""

    def make(principal: str = f"arn:aws:iam::{ACCOUNT}:root", **conditions: Any) -> str:
        statement = {"Effect": "Allow", "Principal": {"AWS": principal}, "Action": "sts:AssumeRole", **conditions}
        document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        made = sandbox.client("iam").create_role(RoleName="deployer", AssumeRolePolicyDocument=document)
        return made["Role"]["Arn"]

    return make


def assume(sandbox, arn: str, **words: Any):
    """assume(...)(service) -> a client of the session."""
    keys = sandbox.client("sts").assume_role(RoleArn=arn, RoleSessionName="someone", **words)["Credentials"]
    session = boto3.session.Session(keys["AccessKeyId"], keys["SecretAccessKey"], keys["SessionToken"], sandbox.region)
    return lambda service: session.client(service, endpoint_url=sandbox.endpoint)


def test_the_keys_of_a_session_end(sandbox, role, refused):
    client = assume(sandbox, role(), DurationSeconds=HOUR)
    assert client("eks").list_clusters()["clusters"] == []
    sandbox.clock.advance(HOUR)
    message = "The security token included in the request is expired"
    assert refused(client("eks").list_clusters) == f"ExpiredTokenException: {message}"
    assert refused(client("ec2").describe_vpcs) == "RequestExpired: Request has expired."
    assert refused(client("iam").list_roles) == f"ExpiredToken: {message}"
    assert refused(client("sts").get_caller_identity) == f"ExpiredToken: {message}"
    assert sandbox.client("eks").list_clusters()["clusters"] == []


def test_a_session_is_found_by_its_key_among_many(sandbox, role):
    arn = role()
    sessions = [assume(sandbox, arn) for _number in range(3)]
    names = {client("sts").get_caller_identity()["Arn"] for client in sessions}
    assert names == {f"arn:aws:sts::{ACCOUNT}:assumed-role/deployer/someone"}
    sandbox.reset()
    assert "AROA" not in sessions[0]("sts").get_caller_identity()["UserId"]  # nobody's key


@pytest.mark.parametrize(
    ("principal", "conditions", "words", "taken"),
    [
        (f"arn:aws:iam::{ACCOUNT}:root", {}, {}, True),
        (ACCOUNT, {}, {}, True),
        ("*", {}, {}, True),
        (f"arn:aws:iam::{ACCOUNT}:user/sandbox-admin", {}, {}, True),
        (f"arn:aws:iam::{ACCOUNT}:user/somebody", {}, {}, False),
        (ACCOUNT, {"Condition": {"StringEquals": {"sts:ExternalId": "one"}}}, {}, False),
        (ACCOUNT, {"Condition": {"StringEquals": {"sts:ExternalId": "one"}}}, {"ExternalId": "one"}, True),
    ],
)
def test_a_role_is_for_whom_it_trusts(sandbox, role, refused, principal, conditions, words, taken):
    arn = role(principal, **conditions)
    if taken:
        assert assume(sandbox, arn, **words)("eks").list_clusters()["clusters"] == []
        return
    said = refused(sandbox.client("sts").assume_role, RoleArn=arn, RoleSessionName="someone", **words)
    assert said == (
        f"AccessDenied: User: arn:aws:iam::{ACCOUNT}:user/sandbox-admin is not authorized to perform:"
        f" sts:AssumeRole on resource: {arn}"
    )


def test_a_role_that_is_not_there_is_refused_as_one_that_does_not_trust(sandbox, refused):
    arn = f"arn:aws:iam::{ACCOUNT}:role/missing"
    said = refused(sandbox.client("sts").assume_role, RoleArn=arn, RoleSessionName="someone")
    assert said.startswith("AccessDenied: User: ")


def test_a_session_is_no_longer_than_its_role_allows(sandbox, role, refused):
    words = {"RoleArn": role(), "RoleSessionName": "someone", "DurationSeconds": HOUR + 1}
    said = refused(sandbox.client("sts").assume_role, **words)
    assert said == "ValidationError: The requested DurationSeconds exceeds the MaxSessionDuration set for this role."


def test_a_profile_of_the_shell_is_not_the_sandboxs(monkeypatch):
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    context = AwsContext("http://127.0.0.1:1", ("AKIAKEY", "secret"), "eu-north-1")
    assert context.client("ec2", "eu-north-1").meta.region_name == "eu-north-1"
