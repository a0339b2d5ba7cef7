"""EKS Auth: AssumeRoleForPodIdentity, by which the pod identity agent gets credentials for a pod's token.

https://docs.aws.amazon.com/eks/latest/APIReference/API_auth_AssumeRoleForPodIdentity.html
"""

from __future__ import annotations

import json
import re
import time
import uuid
from datetime import UTC
from typing import Any

from kumo_sandbox import trust
from kumo_sandbox.eks.errors import ServiceError
from kumo_sandbox.eks.issuer import TokenError, read_audiences, read_claims
from kumo_sandbox.eks.store import Cluster, Store
from kumo_sandbox.identity.web_identity import make_session
from kumo_sandbox.partitions import read_partition
from kumo_sandbox.principals import find_role

AUDIENCE = "pods.eks.amazonaws.com"
SERVICE = "pods.eks.amazonaws.com"
PATH = re.compile(r"/clusters/([^/]+)/assume-role-for-pod-identity$")
LIFETIME = 6 * 3600  # seconds, at EKS
TARGET_LIFETIME = 3600  # chained roles get an hour
Answer = tuple[int, dict[str, str], bytes]


class AuthError(ServiceError):
    def __init__(self, code: str, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.code, self.status = code, status


def handle(store: Store, region: str, path: str, body: bytes) -> Answer:
    """Answer a request."""
    headers = {"Content-Type": "application/json", "x-amzn-RequestId": str(uuid.uuid4())}
    try:
        name = PATH.fullmatch(path)
        if name is None:
            raise AuthError("InvalidRequestException", f"The sandbox does not act out {path}")
        with store.lock:
            return 200, headers, json.dumps(assume(store, region, name[1], body)).encode()
    except ServiceError as error:
        text = json.dumps({"__type": error.code, "message": error.message}).encode()
        return error.status, {**headers, "x-amzn-ErrorType": error.code}, text


def assume(store: Store, region: str, name: str, body: bytes) -> dict[str, Any]:
    """Check the token and the association, and have moto make the session; raises ServiceError."""
    cluster = store.clusters.get((region, name))
    if cluster is None:
        raise AuthError("ResourceNotFoundException", f"No cluster found for name: {name}.", 404)
    claims = _read_claims(cluster, body)
    namespace, account = _read_subject(claims)
    association = _find_association(cluster, namespace, account)
    pod = (claims.get("kubernetes.io") or {}).get("pod") or {}
    # eks-CLUSTER-POD-UUID, cut to the 64 characters of a session's name
    session_name = f"eks-{name}-{pod.get('name', 'pod')}"[:27] + f"-{uuid.uuid4()}"
    tags = {} if association["disableSessionTags"] else _build_tags(cluster, namespace, account, pod)
    session = _build_session(cluster, association, session_name, tags)
    if association.get("targetRoleArn"):
        session = _assume_target(association, session, session_name, tags)
    return {
        "subject": {"namespace": namespace, "serviceAccount": account},
        "audience": AUDIENCE,
        "podIdentityAssociation": {key: association[key] for key in ("associationArn", "associationId")},
        "assumedRoleUser": {"arn": session.arn, "assumeRoleId": session.user_id},
        "credentials": {
            "accessKeyId": session.access_key_id,
            "secretAccessKey": session.secret_access_key,
            "sessionToken": session.session_token,
            "expiration": session.expiration.replace(tzinfo=UTC).timestamp(),
        },
    }


def _read_claims(cluster: Cluster, body: bytes) -> dict[str, Any]:
    try:
        token = str(json.loads(body or b"{}").get("token") or "")
        claims = read_claims(token)
    except (TokenError, ValueError) as error:
        raise AuthError("InvalidTokenException", f"Token is not a valid JWT: {error}") from error
    if claims.get("iss") != cluster.raw["identity"]["oidc"]["issuer"] or not cluster.issuer_key.verify(token):
        raise AuthError("InvalidTokenException", f"Token was not issued by the cluster {cluster.name}")
    if AUDIENCE not in read_audiences(claims):
        raise AuthError("InvalidTokenException", f"Token audience is not {AUDIENCE}")
    if time.time() >= int(claims.get("exp") or 0):
        raise AuthError("ExpiredTokenException", "Token is expired")
    return claims


def _read_subject(claims: dict[str, Any]) -> tuple[str, str]:
    words = str(claims.get("sub")).split(":")
    if words[:2] != ["system", "serviceaccount"] or len(words) != 4:
        raise AuthError("InvalidTokenException", "Token does not belong to a service account")
    return words[2], words[3]


def _find_association(cluster: Cluster, namespace: str, account: str) -> dict[str, Any]:
    for row in cluster.pod_identities.values():
        if (row["namespace"], row["serviceAccount"]) == (namespace, account):
            return row
    raise AuthError(
        "ResourceNotFoundException",
        f"No association found for service account {account} in namespace {namespace} of cluster {cluster.name}",
        404,
    )


def _build_tags(cluster: Cluster, namespace: str, account: str, pod: dict[str, Any]) -> dict[str, list[str]]:
    """The session tags of EKS, as the condition keys a trust policy may ask for."""
    values = {
        "eks-cluster-arn": cluster.raw["arn"],
        "eks-cluster-name": cluster.name,
        "kubernetes-namespace": namespace,
        "kubernetes-service-account": account,
        "kubernetes-pod-name": str(pod.get("name", "")),
        "kubernetes-pod-uid": str(pod.get("uid", "")),
    }
    return {f"aws:RequestTag/{key}": [value] for key, value in values.items()}


def _build_session(cluster: Cluster, association: dict[str, Any], name: str, tags: dict[str, list[str]]) -> Any:
    arn, cluster_arn = association["roleArn"], cluster.raw["arn"]
    role = find_role(arn)
    words = {**tags, "aws:SourceAccount": [cluster_arn.split(":")[4]], "aws:SourceArn": [cluster_arn]}
    for action in ("sts:AssumeRole", "sts:TagSession") if tags else ("sts:AssumeRole",):
        if role is None or not _is_trusting(role, action, ("Service", SERVICE), words):
            raise AuthError("AccessDeniedException", f"Unauthorized Exception! EKS is not authorized to assume {arn}")
    policy = "" if association.get("targetRoleArn") else association.get("policy", "")
    return make_session(role, name, LIFETIME, policy)


def _assume_target(association: dict[str, Any], first: Any, name: str, context: dict[str, list[str]]) -> Any:
    """The target role, assumed by the association's role with the association's external id."""
    target = find_role(association["targetRoleArn"])
    words = {**context, "sts:ExternalId": [association["externalId"]]}
    account = first.role_arn.split(":")[4]
    callers = (first.role_arn, first.arn, account, f"arn:{read_partition(first.role_arn)}:iam::{account}:root")
    if target is None or not any(_is_trusting(target, "sts:AssumeRole", ("AWS", caller), words) for caller in callers):
        raise AuthError(
            "AccessDeniedException",
            f"{association['roleArn']} is not authorized to assume {association['targetRoleArn']}",
        )
    return make_session(target, name, TARGET_LIFETIME, association.get("policy", ""))


def _is_trusting(role: Any, action: str, principal: tuple[str, str], context: dict[str, list[str]]) -> bool:
    return trust.is_allowed(json.loads(role.assume_role_policy_document), action, principal, context)
