# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import base64
from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

import boto3

from ansible_collections.kumo.eks.plugins.module_utils.kubernetes.token import exec_credential, mint_token


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


def test_an_exec_credential_says_when_it_ends():
    status = exec_credential("t", datetime(2026, 1, 1, tzinfo=UTC))["status"]
    assert status == {"token": "t", "expirationTimestamp": "2026-01-01T00:14:00Z"}
