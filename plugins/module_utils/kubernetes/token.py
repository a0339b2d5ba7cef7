# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tokens for the Kubernetes API of an EKS cluster, and the exec credential of a kubeconfig. No aws CLI.

python -m ansible_collections.kumo.eks.plugins.module_utils.kubernetes.token --cluster my-cluster --region ap-northeast-1
"""

from __future__ import annotations

import argparse
import base64
import json
import sys
from datetime import UTC, datetime, timedelta
from typing import Any

try:
    import boto3
except ImportError:
    boto3 = None  # needed only where a token is minted by this file

PREFIX = "k8s-aws-v1."
HEADER = "x-k8s-aws-id"
EXPIRES = 60  # seconds; the server takes the token for 15 minutes after its signature all the same
GOOD_FOR = timedelta(minutes=14)


def mint_token(sts: Any, cluster_name: str) -> str:
    """A presigned GetCallerIdentity URL with the cluster's name signed, as base64url without padding."""

    def name_the_cluster(request: Any, **unused: Any) -> None:
        request.headers.add_header(HEADER, cluster_name)

    sts.meta.events.register("before-sign.sts.GetCallerIdentity", name_the_cluster)
    try:
        url = sts.generate_presigned_url("get_caller_identity", ExpiresIn=EXPIRES, HttpMethod="GET")
    finally:
        sts.meta.events.unregister("before-sign.sts.GetCallerIdentity", name_the_cluster)
    return PREFIX + base64.urlsafe_b64encode(url.encode()).decode().rstrip("=")


def exec_credential(token: str, now: datetime) -> dict[str, Any]:
    """The token as kubectl reads it from an exec plugin (client.authentication.k8s.io/v1)."""
    until = (now + GOOD_FOR).strftime("%Y-%m-%dT%H:%M:%SZ")
    return {
        "apiVersion": "client.authentication.k8s.io/v1",
        "kind": "ExecCredential",
        "status": {"token": token, "expirationTimestamp": until},
    }


def main() -> None:
    parser = argparse.ArgumentParser(description="Print a token for an EKS cluster as an ExecCredential.")
    parser.add_argument("--cluster", required=True)
    parser.add_argument("--region", required=True)
    wanted = parser.parse_args()
    if boto3 is None:
        parser.error("boto3 is missing in this Python")
    token = mint_token(boto3.client("sts", region_name=wanted.region), wanted.cluster)
    sys.stdout.write(json.dumps(exec_credential(token, datetime.now(UTC))))


if __name__ == "__main__":
    main()
