"""review_token: whom it knows, and every way to be refused."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

import pytest
from botocore.credentials import Credentials
from kubernetes_views import ACCESS_KEY, ACCOUNT, REGION, SECRET, USER, cluster_view, node_spec, presigned, token_of

from kumo_sandbox.interfaces import AccessRule, ClusterView
from kumo_sandbox.kubernetes import review_token

ROLE = f"arn:aws:iam::{ACCOUNT}:role/teams/deployer"
SESSION = f"arn:aws:sts::{ACCOUNT}:assumed-role/deployer/ci@example"
TEMPORARY = Credentials("ASIAEXAMPLEEXAMPLE12", SECRET, "a session token/with+signs==")
MINUTE = 60


def principal_of(access_key: str) -> tuple[str, str, str | None] | None:
    known = {ACCESS_KEY: (USER, SECRET, None), TEMPORARY.access_key: (SESSION, SECRET, TEMPORARY.token)}
    return known.get(access_key)


def review(
    token: str, cluster: ClusterView | None = None, later: float = 0, aws_auth: dict[str, str] | None = None
) -> dict[str, Any]:
    """The status of the answer."""
    body = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenReview", "spec": {"token": token}}
    now = time.time() + later
    words = {"principal_of": principal_of, "aws_auth": lambda: aws_auth or {}, "now": now}
    answer = review_token(body, cluster=cluster or cluster_view(), **words)
    assert (answer["apiVersion"], answer["kind"]) == (body["apiVersion"], "TokenReview")
    return answer["status"]


def refused(token: str, cluster: ClusterView | None = None, later: float = 0) -> str:
    """The reason of a refusal, which names no user and gives the secret away to nobody."""
    status = review(token, cluster, later)
    assert status["authenticated"] is False
    assert "user" not in status
    assert SECRET not in status["error"]
    return status["error"]


def test_a_user_with_an_access_entry_is_known() -> None:
    status = review(token_of(presigned()))
    assert status["authenticated"] is True
    assert status["user"]["username"] == USER
    assert status["user"]["groups"] == ["system:masters"]
    assert status["user"]["extra"]["canonicalArn"] == [USER]


@pytest.mark.parametrize(
    ("url", "region"),
    [
        ("https://sts.amazonaws.com/", "us-east-1"),
        (f"https://sts.{REGION}.amazonaws.com", REGION),
        ("http://127.0.0.1:5000/", REGION),
        ("http://localhost:5000/", "us-east-1"),
    ],
)
def test_sts_and_the_sandbox_itself_are_accepted(url: str, region: str) -> None:
    assert review(token_of(presigned(url=url, region=region)))["authenticated"] is True


@pytest.mark.parametrize(
    ("region", "host"),
    [
        ("cn-north-1", "sts.cn-north-1.amazonaws.com.cn"),
        ("us-gov-west-1", "sts.us-gov-west-1.amazonaws.com"),
        ("eusc-de-east-1", "sts.eusc-de-east-1.amazonaws.eu"),
    ],
)
def test_sts_of_other_partitions(region: str, host: str) -> None:
    """They have no global STS, so no token is signed for it."""
    cluster = replace(cluster_view(), region=region)
    assert review(token_of(presigned(url=f"https://{host}/", region=region)), cluster)["authenticated"] is True
    for url in ("https://sts.amazonaws.com/", f"https://sts.{region}.example.com/"):
        assert f"is not STS of {region}" in refused(token_of(presigned(url=url, region="us-east-1")), cluster)
    assert "credential scope" in refused(token_of(presigned(url=f"https://{host}/", region="us-east-1")), cluster)


def test_the_session_of_a_role_counts_as_the_role_and_fills_the_user_name() -> None:
    username = "arn:aws:sts::{{AccountID}}:assumed-role/deployer/{{SessionName}} {{SessionNameRaw}}"
    cluster = cluster_view(access=(AccessRule(ROLE, username, ("deployers",)),))
    user = review(token_of(presigned(credentials=TEMPORARY)), cluster)["user"]
    assert user["username"] == f"arn:aws:sts::{ACCOUNT}:assumed-role/deployer/ci-example ci@example"
    assert user["groups"] == ["deployers"]
    assert user["extra"]["sessionName"] == ["ci@example"]


def test_a_node_is_named_by_its_private_dns_name() -> None:
    node = node_spec(10, instance_id="ci@example")
    rule = AccessRule(ROLE, "system:node:{{EC2PrivateDNSName}}", ("system:nodes",))
    cluster = cluster_view(access=(rule,), nodes=(node,))
    assert review(token_of(presigned(credentials=TEMPORARY)), cluster)["user"]["username"] == f"system:node:{node.name}"


def test_policies_give_a_group_of_the_entry() -> None:
    rule = AccessRule(USER, "alice", (), (("AmazonEKSViewPolicy", "cluster", ()),))
    user = review(token_of(presigned()), cluster_view(access=(rule,)))["user"]
    assert user["groups"] == [f"eks-access-entry:{USER}"]


@pytest.mark.parametrize(
    ("token", "reason"),
    [
        ("", "begins with k8s-aws-v1."),
        ("eyJhbGciOiJSUzI1NiJ9.e30.x", "begins with k8s-aws-v1."),
        ("k8s-aws-v1.%%%", "not the base64url of a URL"),
        ("k8s-aws-v1." + "A" * 5000, "longer than 4096"),
        (token_of("nonsense"), "is not STS"),
        (token_of(presigned(url="https://sts.example.com/")), "sts.example.com is not STS"),
        (token_of(presigned(url="https://sts.eu-west-1.amazonaws.com/")), "is not STS of ap-northeast-1"),
        (token_of(presigned(url="http://sts.amazonaws.com/")), "http://sts.amazonaws.com is not STS"),
        (token_of(presigned(url="https://sts.amazonaws.com.example.com/")), "is not STS"),
        (token_of(presigned(url="http://127.0.0.1@example.com/")), "is not STS"),
        (token_of(presigned(url=f"https://sts.{REGION}.amazonaws.com/other")), "the path /other"),
        (token_of(presigned(query="Action=GetSessionToken&Version=2011-06-15")), "action is 'GetSessionToken'"),
        (token_of(presigned(query="Action=GetCallerIdentity&Version=2010-01-01")), "version is '2010-01-01'"),
        (token_of(presigned(query="Action=GetCallerIdentity")), "version is missing"),
        (token_of(presigned(query="Action=GetCallerIdentity&Version=2011-06-15&DurationSeconds=1")), "durationseconds"),
        (token_of(presigned() + "&action=GetCallerIdentity"), "given twice"),
        (token_of(presigned(None)), "x-k8s-aws-id is not signed"),
        (token_of(presigned(headers={"x-other": "1"})), "x-other is not part of a token"),
        (token_of(presigned("another-cluster")), "other than demo"),
        (token_of(presigned(region="eu-west-1")), "credential scope"),
        (token_of(presigned(service="iam")), "credential scope"),
        (token_of(presigned().replace("X-Amz-Expires=60", "X-Amz-Expires=soon")), "X-Amz-Expires is 'soon'"),
        (token_of(presigned().replace("X-Amz-Date=2", "X-Amz-Date=x")), "X-Amz-Date is"),
        (token_of(presigned(credentials=Credentials(ACCESS_KEY, "another secret"))), "signature does not match"),
        (token_of(presigned(credentials=Credentials("AKIANOBODY", SECRET))), "access key AKIANOBODY is unknown"),
        (token_of(presigned(credentials=Credentials(ACCESS_KEY, SECRET, "stray"))), "session token"),
        (token_of(presigned(credentials=Credentials(TEMPORARY.access_key, SECRET))), "session token"),
        (token_of(presigned().replace("X-Amz-Signature=", "X-Amz-Signature=0")), "signature does not match"),
    ],
)
def test_a_token_is_refused(token: str, reason: str) -> None:
    assert reason in refused(token)


def test_a_token_is_good_for_fifteen_minutes() -> None:
    token = token_of(presigned())
    assert review(token, later=14 * MINUTE)["authenticated"] is True
    assert "expired" in refused(token, later=16 * MINUTE)


def test_a_token_from_the_future_is_refused() -> None:
    token = token_of(presigned())
    assert review(token, later=-4 * MINUTE)["authenticated"] is True
    assert "in the future" in refused(token, later=-6 * MINUTE)


def test_a_principal_without_an_access_entry_is_refused() -> None:
    cluster = cluster_view(access=(AccessRule(ROLE, "deployer", ()),))
    assert f"{USER} has no access entry in the cluster demo" in refused(token_of(presigned()), cluster)


def test_a_user_is_not_the_role_of_the_same_name() -> None:
    cluster = cluster_view(access=(AccessRule(USER.replace(":user/", ":role/"), "alice", ()),))
    assert "has no access entry" in refused(token_of(presigned()), cluster)


def test_a_review_without_a_token_is_refused() -> None:
    words = {"principal_of": principal_of, "aws_auth": dict, "now": time.time()}
    answer = review_token({}, cluster=cluster_view(), **words)
    assert answer["status"]["authenticated"] is False


# the aws-auth ConfigMap

MAPPED = """
- rolearn: arn:aws:iam::123456789012:role/Deployer
  username: "{{AccountID}}:{{SessionName}}"
  groups: [deployers, "of-{{SessionNameRaw}}"]
"""


def map_roles(mode: str, roles: str = MAPPED, access: tuple[AccessRule, ...] = (), **sections: str) -> dict[str, Any]:
    cluster = cluster_view(access=access, authentication_mode=mode)
    return review(token_of(presigned(credentials=TEMPORARY)), cluster, aws_auth={"mapRoles": roles, **sections})


@pytest.mark.parametrize("mode", ["CONFIG_MAP", "API_AND_CONFIG_MAP"])
def test_the_config_map_knows_a_role_without_its_path(mode: str) -> None:
    user = map_roles(mode)["user"]
    assert (user["username"], user["groups"]) == (f"{ACCOUNT}:ci-example", ["deployers", "of-ci@example"])


def test_the_config_map_does_not_count_where_access_entries_alone_do() -> None:
    assert map_roles("API")["authenticated"] is False


def test_an_access_entry_comes_before_the_config_map() -> None:
    user = map_roles("API_AND_CONFIG_MAP", access=(AccessRule(ROLE, "entry", ()),))["user"]
    assert user["username"] == "entry"


def test_of_two_rows_the_last_counts_and_a_path_fits_nobody() -> None:
    rows = MAPPED + "- {rolearn: arn:aws:iam::123456789012:role/deployer, username: second}\n"
    assert map_roles("CONFIG_MAP", rows)["user"]["username"] == "second"
    assert map_roles("CONFIG_MAP", MAPPED.replace("role/", "role/teams/"))["authenticated"] is False


def test_a_section_that_cannot_be_read_is_empty_and_an_account_lets_in_all_of_its_principals() -> None:
    assert map_roles("CONFIG_MAP", "- {rolearn: [")["authenticated"] is False
    user = map_roles("CONFIG_MAP", "", mapAccounts=f'- "{ACCOUNT}"')["user"]
    assert (user["username"], user["groups"]) == (f"arn:aws:iam::{ACCOUNT}:role/deployer", [])
