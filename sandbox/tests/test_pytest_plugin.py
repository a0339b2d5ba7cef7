"""The fixtures of ``kumo_sandbox.pytest_plugin``: an empty account for each test, and nothing of the user's own."""

from __future__ import annotations

import os
from types import SimpleNamespace
from typing import Any

import boto3
import pytest

from kumo_sandbox import Sandbox
from kumo_sandbox.kept_account import KeptAccount
from kumo_sandbox.pytest_plugin import point_clients, read_scope


@pytest.fixture
def user(request: pytest.FixtureRequest, kumo_sandbox: Sandbox, kumo_sandbox_kept: KeptAccount) -> str:
    return kumo_sandbox_kept.build(request, lambda: create_user(kumo_sandbox))


def create_user(sandbox: Sandbox) -> str:
    return sandbox.client("iam").create_user(UserName="kept")["User"]["CreateDate"].isoformat()


def list_names(sandbox: Sandbox) -> set[str]:
    return {user["UserName"] for user in sandbox.client("iam").list_users()["Users"]}


def test_clients_are_pointed_to_it(kumo_sandbox: Sandbox) -> None:
    assert boto3.client("eks").meta.endpoint_url == kumo_sandbox.endpoint
    assert boto3.client("sts").get_caller_identity()["Arn"].endswith(":user/sandbox-admin")


@pytest.mark.parametrize("time", ["first", "second"])
def test_a_test_leaves_nothing_to_the_next(kumo_sandbox: Sandbox, time: str) -> None:
    assert list_names(kumo_sandbox) == {"sandbox-admin"}
    create_user(kumo_sandbox)
    kumo_sandbox.clock.set_speed(1)
    kumo_sandbox.add_fault(kind="throttle")


def test_the_clock_and_the_faults_are_as_at_the_beginning(kumo_sandbox: Sandbox) -> None:
    assert kumo_sandbox.clock.instant and kumo_sandbox.faults.rows() == []


CREATED: list[str] = []


@pytest.mark.parametrize("time", ["first", "second"])
def test_what_a_fixture_builds_is_kept(user: str, kumo_sandbox: Sandbox, time: str) -> None:
    assert list_names(kumo_sandbox) == {"sandbox-admin", "kept"}
    CREATED.append(user)
    assert len(set(CREATED)) == 1, "built once"


def test_nothing_of_the_users_account_is_left(kumo_sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL_EKS", "AWS_ROLE_ARN"):
        monkeypatch.setenv(name, "real")
    point_clients(kumo_sandbox, monkeypatch)
    found = {name for name in os.environ if name.startswith("AWS_")}
    assert found == {*kumo_sandbox.env, "AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"}
    assert boto3.client("eks").meta.endpoint_url == kumo_sandbox.endpoint


def test_a_scope_that_there_is_not_is_refused() -> None:
    config: Any = SimpleNamespace(getini=lambda name: "suite")
    with pytest.raises(pytest.UsageError, match="kumo_sandbox_scope 'suite' is not valid. Use one of session, module"):
        read_scope("kumo_sandbox_server", config)
