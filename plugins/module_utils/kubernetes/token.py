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
    from botocore.auth import SigV4QueryAuth
    from botocore.awsrequest import AWSRequest
    from botocore.configprovider import ConfiguredEndpointProvider
    from botocore.credentials import Credentials
    from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError
    from botocore.regions import EndpointResolver
    from botocore.session import Session
except ImportError:
    Session = None  # needed only where a token is minted

PREFIX = "k8s-aws-v1."
HEADER = "x-k8s-aws-id"
CALL = "/?Action=GetCallerIdentity&Version=2011-06-15"
EXPIRES = 60  # seconds; the server takes the token for 15 minutes after its signature all the same
GOOD_FOR = timedelta(minutes=14)
SESSION_NAME = "kumo-eks"  # of a role that is assumed, as CloudTrail shows it
GLOBAL_HOST = "sts.amazonaws.com"  # signed for us-east-1, whatever the client's region
# https://docs.aws.amazon.com/sdkref/latest/guide/feature-sts-regionalized-endpoints.html


def mint_token(sts: Any, cluster_name: str) -> str:
    """A token for a cluster, with the credentials and the endpoint of a client for STS. Threads may share the client.

    Raises:
        botocore.exceptions.NoCredentialsError: the client has none.
    """
    endpoint = sts.meta.endpoint_url
    region = "us-east-1" if endpoint.endswith(f"//{GLOBAL_HOST}") else sts.meta.region_name
    # boto3 keeps a client's credentials nowhere else. An event handler on the client would be public, but every thread that
    # shares the client would run it, too.
    credentials = sts._request_signer._credentials
    if credentials is None:
        raise NoCredentialsError
    return sign_token(credentials, endpoint, region, cluster_name)


def sign_token(credentials: Any, endpoint: str, region: str, cluster_name: str) -> str:
    """A presigned GetCallerIdentity URL with the cluster's name signed, as base64url without padding.

    https://github.com/kubernetes-sigs/aws-iam-authenticator/blob/master/README.md#api-authorization-from-outside-a-cluster
    """
    request = AWSRequest("GET", endpoint.rstrip("/") + CALL, headers={HEADER: cluster_name})
    SigV4QueryAuth(credentials.get_frozen_credentials(), "sts", region, EXPIRES).add_auth(request)
    return PREFIX + base64.urlsafe_b64encode(request.url.encode()).decode().rstrip("=")


def mint_token_of_environment(
    region: str, cluster_name: str, role_arn: str | None = None, external_id: str | None = None
) -> str:
    """A token with the credentials that boto3 would find, or with those of an IAM role that they assume.

    Without a client of boto3 where no role is assumed: making one takes half a second.
    """
    session = Session()
    credentials = session.get_credentials()
    if credentials is None:
        raise SystemExit(
            "No AWS credentials were found. Set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY."
        )
    if role_arn:
        credentials = assume_role(session, region, role_arn, external_id)
    return sign_token(credentials, find_endpoint(session, region), region, cluster_name)


def assume_role(session: Any, region: str, role_arn: str, external_id: str | None) -> Any:
    """The credentials of an IAM role.

    Raises:
        botocore.exceptions.ClientError: the role cannot be assumed.
    """
    request = {"RoleArn": role_arn, "RoleSessionName": SESSION_NAME}
    if external_id:
        request["ExternalId"] = external_id
    keys = session.create_client("sts", region_name=region).assume_role(**request)["Credentials"]
    return Credentials(keys["AccessKeyId"], keys["SecretAccessKey"], keys["SessionToken"])


def find_endpoint(session: Any, region: str) -> str:
    """The URL of STS in a region: a configured one, or the region's, also of FIPS or dual-stack where that is configured."""
    configured = ConfiguredEndpointProvider(session.full_config, session.get_scoped_config(), "sts").provide()
    if configured and not session.get_config_variable("ignore_configured_endpoint_urls"):
        return configured
    names = ("use_fips_endpoint", "use_dualstack_endpoint")
    variants = {name: bool(session.get_config_variable(name)) for name in names}
    endpoints = session.get_component("data_loader").load_data("endpoints")
    return "https://" + EndpointResolver(endpoints).construct_endpoint("sts", region, **variants)["hostname"]


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
    parser.add_argument("--role-arn")
    parser.add_argument("--external-id")
    wanted = parser.parse_args()
    if Session is None:
        parser.error("botocore is missing in this Python")
    try:
        token = mint_token_of_environment(wanted.region, wanted.cluster, wanted.role_arn, wanted.external_id)
    except (BotoCoreError, ClientError) as error:
        raise SystemExit(f"No token could be signed: {error}") from error
    sys.stdout.write(json.dumps(exec_credential(token, datetime.now(UTC))))


if __name__ == "__main__":
    main()
