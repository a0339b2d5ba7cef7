"""The roles of pods: by IRSA, by EKS Pod Identity, or that of the node, in the order in which an SDK looks for credentials.

https://docs.aws.amazon.com/sdkref/latest/guide/standardized-credentials.html
"""

from __future__ import annotations

import json
from typing import Any

from kumo_sandbox import trust
from kumo_sandbox.aws_interfaces import PodCaller
from kumo_sandbox.eks.rights import find_iam_role, has_provider
from kumo_sandbox.eks.store import Cluster

AGENT = "eks-pod-identity-agent"
# What the Go SDK says where it finds none: https://github.com/kubernetes-sigs/aws-ebs-csi-driver/issues/748 (in the words of the
# SDK's second version), https://github.com/kubernetes-sigs/aws-ebs-csi-driver/issues/2452; that of the agent is assumed.
NOT_TRUSTING = (
    "failed to refresh cached credentials, failed to retrieve credentials, operation error STS: AssumeRoleWithWebIdentity,"
    " https response error StatusCode: 403, api error AccessDenied: Not authorized to perform sts:AssumeRoleWithWebIdentity"
)
NO_AGENT = "failed to refresh cached credentials, failed to load credentials, dial tcp 169.254.170.23:80: connect: connection refused"
NO_ROLE = (
    "failed to refresh cached credentials, no EC2 IMDS role found, operation error ec2imds: GetMetadata,"
    " http response error StatusCode: 404, request to EC2 IMDS failed"
)


class NoCredentials(Exception):
    """Why an SDK finds no credentials in a pod."""


def find_role(cluster: Cluster, caller: PodCaller) -> Any:
    """moto's role that the calls of a pod are made with. Raises NoCredentials."""
    if caller.of_eks:
        return _require(cluster.raw["roleArn"], NO_ROLE)
    if caller.role_arn:
        trusting = is_trusting(cluster, caller.role_arn, caller.namespace, caller.account)
        return _require(caller.role_arn if trusting else "", NOT_TRUSTING)
    if caller.associated:
        return _require(_find_associated(cluster, caller), NO_AGENT)
    return _require(caller.node_role, NO_ROLE)


def is_trusting(cluster: Cluster, arn: str, namespace: str, account: str) -> bool:
    """Whether a service account may assume the role by the cluster's OIDC provider."""
    issuer = cluster.raw["identity"]["oidc"]["issuer"]
    role, provider = find_iam_role(arn), has_provider(issuer, arn)
    if role is None or provider is None:
        return False
    name = issuer.removeprefix("https://")
    keys = {f"{name}:sub": [f"system:serviceaccount:{namespace}:{account}"], f"{name}:aud": ["sts.amazonaws.com"]}
    document = json.loads(role.assume_role_policy_document)
    return trust.is_allowed(document, "sts:AssumeRoleWithWebIdentity", ("Federated", provider), keys)


def _find_associated(cluster: Cluster, caller: PodCaller) -> str:
    """Nobody answers without the agent, which EKS Auto Mode has built in."""
    built_in = bool((cluster.raw.get("computeConfig") or {}).get("enabled"))
    rows = cluster.pod_identities.values() if built_in or AGENT in cluster.addons else ()
    pair = (caller.namespace, caller.account)
    return next((row["roleArn"] for row in rows if (row["namespace"], row["serviceAccount"]) == pair), "")


def _require(arn: str, message: str) -> Any:
    role = find_iam_role(arn) if arn else None
    if role is None:
        raise NoCredentials(message)
    return role
