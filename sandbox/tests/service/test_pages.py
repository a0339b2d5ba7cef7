"""Listings come in pages, and no row is lost between two of them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError
from moto.iam.models import iam_backends

from kumo_sandbox import Sandbox
from kumo_sandbox.principals import ACCOUNT

DOCUMENT = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}],
    }
)
ALLOWED = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}]}
MORE = 105  # than a page of IAM has


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    """An account with more roles than a page has, each in an instance profile and with the same policy."""
    with Sandbox(speed="instant", kubernetes=False) as running:
        backend = iam_backends[ACCOUNT]["aws"]
        policy = backend.create_policy("", "/", json.dumps(ALLOWED), "shared", [])
        for number in range(MORE):
            name = f"role-{number:03}"
            policy.attach_to(backend.create_role(name, DOCUMENT, "/", None, "", [], "3600"))
            backend.create_instance_profile(name, "/", [name])
        yield running


@pytest.fixture
def iam(sandbox: Sandbox) -> Iterator[Any]:
    yield sandbox.client("iam")
    sandbox.switches.reset()


def find_policy(iam: Any) -> str:
    return iam.list_policies(Scope="Local")["Policies"][0]["Arn"]


def list_all(client: Any, operation: str, key: str, **words: Any) -> tuple[list[int], list[Any]]:
    """How many rows each page has, and all rows."""
    pages = [page.get(key, []) for page in client.get_paginator(operation).paginate(**words)]
    return [len(page) for page in pages], [row for page in pages for row in page]


def test_iam_has_100_rows_in_a_page(iam):
    for operation, key in (("list_roles", "Roles"), ("list_instance_profiles", "InstanceProfiles")):
        sizes, rows = list_all(iam, operation, key)
        names = {row["RoleName" if key == "Roles" else "InstanceProfileName"] for row in rows}
        assert sizes[0] == 100 and {f"role-{number:03}" for number in range(MORE)} <= names


def test_the_users_of_a_policy_are_found_among_all_roles(iam):
    sizes, rows = list_all(iam, "list_entities_for_policy", "PolicyRoles", PolicyArn=find_policy(iam))
    assert sizes == [100, MORE - 100]
    assert {row["RoleName"] for row in rows} == {f"role-{number:03}" for number in range(MORE)}


def test_max_items_and_marker_lead_through_a_listing(iam):
    first = iam.list_roles(MaxItems=104)
    rest = iam.list_roles(MaxItems=104, Marker=first["Marker"])
    assert first["IsTruncated"] and not rest["IsTruncated"] and "Marker" not in rest
    assert len({row["Arn"] for row in first["Roles"] + rest["Roles"]}) == len(first["Roles"]) + len(rest["Roles"])
    with pytest.raises(ClientError, match="ValidationError"):
        iam.list_roles(Marker="somewhere")


def test_pages_may_be_shorter_than_asked_for(sandbox, iam):
    eks, ec2 = sandbox.client("eks"), sandbox.client("ec2")
    whole = list_all(ec2, "describe_subnets", "Subnets")[1]
    sandbox.switches.change({"short_pages": True})
    sizes, rows = list_all(iam, "list_entities_for_policy", "PolicyRoles", PolicyArn=find_policy(iam))
    assert (set(sizes), len(rows)) == ({1, 2}, MORE)
    sizes, rows = list_all(ec2, "describe_subnets", "Subnets")
    assert max(sizes) == 2 and rows == whole and len(whole) > 2
    sizes, rows = list_all(ec2, "describe_subnets", "Subnets", PaginationConfig={"PageSize": 100})
    assert max(sizes) == 2 and rows == whole
    sizes, rows = list_all(eks, "list_access_policies", "accessPolicies")
    assert max(sizes) == 2 and len(rows) > 2


def test_ec2_takes_200_values_in_the_filters_of_a_call(sandbox):
    ec2 = sandbox.client("ec2")
    for operation, key in (("describe_subnets", "subnet-id"), ("describe_security_groups", "group-id")):
        describe = getattr(ec2, operation)
        describe(Filters=[{"Name": key, "Values": [f"{key[:6]}-{number:08}" for number in range(200)]}])
        with pytest.raises(ClientError, match="FilterLimitExceeded"):
            describe(Filters=[{"Name": key, "Values": [f"{key[:6]}-{number:08}" for number in range(201)]}])
