"""Clusters for the tests of the Kubernetes side: a view as the AWS side would give it."""

from __future__ import annotations

import base64
from typing import Any

from botocore.auth import SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from kumo_sandbox.interfaces import AccessRule, AddonSpec, ClusterView, FargateProfileSpec, NodeSpec

REGION = "ap-northeast-1"
ACCOUNT = "123456789012"
ARN = f"arn:aws:eks:{REGION}:{ACCOUNT}:cluster/demo"
ACCESS_KEY, SECRET = "AKIAEXAMPLEEXAMPLE12", "not/a/real/secret/but/long+enough"
USER = f"arn:aws:iam::{ACCOUNT}:user/alice"
STS = f"https://sts.{REGION}.amazonaws.com/"


def node_spec(number: int, **changes: Any) -> NodeSpec:
    """An on-demand m5.large of the node group general."""
    values: dict[str, Any] = {
        "name": f"ip-10-0-1-{number}.{REGION}.compute.internal",
        "instance_id": f"i-{number:017x}",
        "instance_type": "m5.large",
        "capacity_type": "ON_DEMAND",
        "region": REGION,
        "zone": f"{REGION}a",
        "private_ip": f"10.0.1.{number}",
        "nodegroup": "general",
        "labels": {"role": "general"},
        "taints": (),
        "version": "1.29",
        "ami_type": "AL2023_x86_64_STANDARD",
        "image_id": "ami-0123456789abcdef0",
    }
    return NodeSpec(**(values | changes))


def profile(name: str, namespace: str, **labels: str) -> FargateProfileSpec:
    return FargateProfileSpec(name, ((namespace, tuple(labels.items())),), ("subnet-1",))


def cluster_view(**changes: Any) -> ClusterView:
    """The cluster demo, with nothing in it but an administrator."""
    values: dict[str, Any] = {
        "arn": ARN,
        "name": "demo",
        "account": ACCOUNT,
        "region": REGION,
        "version": "1.29",
        "issuer": f"https://oidc.eks.{REGION}.amazonaws.com/id/EXAMPLE",
        "service_cidr": "10.100.0.0/16",
        "access": (AccessRule(USER, USER, ("system:masters",)),),
    }
    return ClusterView(**(values | changes))


def addon(name: str, version: str = "v1.2.3-eksbuild.4") -> AddonSpec:
    return AddonSpec(name, version)


def presigned(
    cluster: str | None = "demo",
    *,
    url: str = STS,
    query: str = "Action=GetCallerIdentity&Version=2011-06-15",
    region: str = REGION,
    service: str = "sts",
    credentials: Credentials | None = None,
    headers: dict[str, str] | None = None,
) -> str:
    """A GetCallerIdentity URL signed now, as `aws eks get-token` makes it."""
    signed = ({"x-k8s-aws-id": cluster} if cluster else {}) | (headers or {})
    request = AWSRequest("GET", f"{url}?{query}", headers=signed)
    SigV4QueryAuth(credentials or Credentials(ACCESS_KEY, SECRET), service, region, expires=60).add_auth(request)
    return str(request.url)


def token_of(url: str) -> str:
    """The token that carries a URL."""
    return "k8s-aws-v1." + base64.urlsafe_b64encode(url.encode()).decode().rstrip("=")
