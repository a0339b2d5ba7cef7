# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import base64
import os
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

import boto3
import botocore.auth
import pytest

from ansible_collections.kumo.eks.plugins.module_utils.kubernetes.token import (
    exec_credential,
    mint_token,
    mint_token_of_environment,
)

KEYS = {"aws_access_key_id": "AKIAEXAMPLE", "aws_secret_access_key": "example"}


def test_a_token_is_a_short_lived_url_signed_for_the_cluster():
    keys = {"aws_access_key_id": "AKIAEXAMPLE", "aws_secret_access_key": "example"}
    token = mint_token(boto3.client("sts", region_name="ap-northeast-1", **keys), "my-cluster")
    body = token.removeprefix("k8s-aws-v1.")
    assert token.startswith("k8s-aws-v1.") and "=" not in body
    url = base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)).decode()
    query = parse_qs(urlsplit(url).query)
    assert query["Action"] == ["GetCallerIdentity"]
    assert query["X-Amz-Expires"] == ["60"]
    assert "x-k8s-aws-id" in query["X-Amz-SignedHeaders"][0].split(";")


def decoded(token: str) -> dict[str, list[str]]:
    """The query of the presigned URL that is in a token."""
    body = token.removeprefix("k8s-aws-v1.")
    url = base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)).decode()
    return {"host": [urlsplit(url).netloc], **parse_qs(urlsplit(url).query)}


def presigned_by_boto3(sts: Any, cluster_name: str) -> str:
    """The same by boto3's own means, on a client that nobody shares."""
    name = "before-sign.sts.GetCallerIdentity"
    sts.meta.events.register(name, lambda request, **_: request.headers.add_header("x-k8s-aws-id", cluster_name))
    url = sts.generate_presigned_url("get_caller_identity", ExpiresIn=60, HttpMethod="GET")
    return "k8s-aws-v1." + base64.urlsafe_b64encode(url.encode()).decode().rstrip("=")


@pytest.mark.parametrize("region", ["ap-northeast-1", "us-east-1", "cn-north-1", "us-gov-west-1", "eusc-de-east-1"])
@pytest.mark.parametrize("session_token", [None, "a/session+token=="])
def test_a_token_is_what_boto3_presigns(region, session_token, monkeypatch):
    now = datetime(2026, 1, 1, tzinfo=UTC)
    monkeypatch.setattr(botocore.auth, "get_current_datetime", lambda **_: now)
    keys = {**KEYS, "aws_session_token": session_token}
    token = mint_token(boto3.client("sts", region_name=region, **keys), "my-cluster")
    boto3s = presigned_by_boto3(boto3.client("sts", region_name=region, **keys), "my-cluster")
    assert decoded(token) == decoded(boto3s)


def test_threads_that_share_a_client_sign_what_one_signs(monkeypatch):
    """With a handler on the client, most were signed for my-cluster,my-cluster, which EKS refuses."""
    now = datetime(2026, 1, 1, tzinfo=UTC)
    monkeypatch.setattr(botocore.auth, "get_current_datetime", lambda **_: now)
    sts = boto3.client("sts", region_name="ap-northeast-1", **KEYS)
    with ThreadPoolExecutor(8) as pool:
        tokens = set(pool.map(lambda _: mint_token(sts, "my-cluster"), range(800)))
    assert tokens == {mint_token(sts, "my-cluster")}


@pytest.fixture
def bare_environment(monkeypatch, tmp_path):
    """No credentials, no configuration."""
    for name in list(os.environ):
        if name.startswith("AWS_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    return monkeypatch


@pytest.mark.parametrize(
    ("variables", "region", "host"),
    [
        ({}, "ap-northeast-1", "sts.ap-northeast-1.amazonaws.com"),
        ({}, "cn-north-1", "sts.cn-north-1.amazonaws.com.cn"),
        ({"AWS_USE_FIPS_ENDPOINT": "true"}, "us-east-1", "sts-fips.us-east-1.amazonaws.com"),
        ({"AWS_ENDPOINT_URL": "http://127.0.0.1:5000"}, "us-east-1", "127.0.0.1:5000"),
        ({"AWS_ENDPOINT_URL_STS": "http://127.0.0.1:5001/"}, "us-east-1", "127.0.0.1:5001"),
        (
            {"AWS_ENDPOINT_URL": "http://127.0.0.1:1", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true"},
            "us-east-1",
            "sts.us-east-1.amazonaws.com",
        ),
    ],
)
def test_the_environment_is_read_as_boto3_reads_it(bare_environment, variables, region, host):
    for name, value in {"AWS_ACCESS_KEY_ID": "AKIAEXAMPLE", "AWS_SECRET_ACCESS_KEY": "example", **variables}.items():
        bare_environment.setenv(name, value)
    assert decoded(mint_token_of_environment(region, "my-cluster"))["host"] == [host]
    assert [boto3.Session().client("sts", region_name=region).meta.endpoint_url.partition("//")[2].strip("/")] == [host]


def test_a_profile_is_read(bare_environment, tmp_path):
    (tmp_path / "credentials").write_text("[mine]\naws_access_key_id = AKIAMINE\naws_secret_access_key = example\n")
    bare_environment.setenv("AWS_PROFILE", "mine")
    credential = decoded(mint_token_of_environment("us-east-1", "my-cluster"))["X-Amz-Credential"][0]
    assert credential.startswith("AKIAMINE/") and credential.endswith("/us-east-1/sts/aws4_request")


def test_without_credentials_it_says_what_to_set(bare_environment):
    with pytest.raises(SystemExit, match="Set AWS_PROFILE"):
        mint_token_of_environment("us-east-1", "my-cluster")


def test_an_exec_credential_says_when_it_ends():
    status = exec_credential("t", datetime(2026, 1, 1, tzinfo=UTC))["status"]
    assert status == {"token": "t", "expirationTimestamp": "2026-01-01T00:14:00Z"}
