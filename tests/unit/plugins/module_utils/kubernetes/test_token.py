# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import base64
from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

import boto3

from ansible_collections.kumo.eks.plugins.module_utils.kubernetes.kubeconfig import (
    build_entry,
    merge_entry,
    remove_entry,
)
from ansible_collections.kumo.eks.plugins.module_utils.kubernetes.token import exec_credential, mint_token

CLUSTER = {
    "name": "my-cluster",
    "arn": "arn:aws:eks:ap-northeast-1:123456789012:cluster/my-cluster",
    "endpoint": "https://127.0.0.1:1",
    "certificateAuthority": {"data": "Q0E="},
}


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


def test_other_entries_of_a_kubeconfig_stay():
    other = {"name": "other", "cluster": {"server": "https://192.0.2.1"}}
    config = {"clusters": [other], "contexts": [], "users": [], "current-context": "other", "preferences": {}}
    merged = merge_entry(config, build_entry(CLUSTER, "ap-northeast-1", "python3", None))
    assert [row["name"] for row in merged["clusters"]] == ["other", CLUSTER["arn"]]
    assert merged["current-context"] == "other"
    assert merge_entry(merged, build_entry(CLUSTER, "ap-northeast-1", "python3", None)) == merged
    assert remove_entry(merged, "ap-northeast-1", "my-cluster")["clusters"] == [other]
