"""EKS' pod identity webhook: what a pod gets so that the SDKs in it find a role's credentials.

Behaviour of github.com/aws/amazon-eks-pod-identity-webhook. A pod identity association comes before the annotation
of the service account. Variables and volumes that a pod brings itself stay as they are.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from typing import Any

from kumo_sandbox.interfaces import ClusterView
from kumo_sandbox.kubernetes.api import Manifest

PREFIX = "eks.amazonaws.com/"
SKIP_LABEL = f"{PREFIX}skip-pod-identity-webhook"
AUDIENCE = "sts.amazonaws.com"
LIFETIME = 86400  # seconds of a token, unless annotated
SHORTEST = 3600
AGENT = "http://169.254.170.23/v1/credentials"  # where the pod identity agent listens on each node
REGION_KEYS = ("AWS_REGION", "AWS_DEFAULT_REGION")
STS_KEY = "AWS_STS_REGIONAL_ENDPOINTS"


@dataclass(frozen=True)
class Identity:
    """What one way of identity puts into a pod."""

    variables: dict[str, str]
    volume: str
    folder: str  # where it is mounted
    file: str
    audience: str


def build_identity_patch(pod: Manifest, namespace: str, account: Manifest, view: ClusterView) -> list[dict[str, Any]]:
    """The JSON patch for a pod of this service account; empty where nothing is to be done."""
    identity = find_identity(pod, namespace, account, view)
    if identity is None:
        return []
    annotations = account["metadata"].get("annotations") or {}
    spec = pod["spec"]
    skipped = _list_skipped(pod)
    regional = annotations.get(f"{PREFIX}sts-regional-endpoints", "true").lower() != "false"
    common = {STS_KEY: "regional"} if regional else {}
    patch = [
        {
            "op": "add",
            "path": f"/spec/{kind}",
            "value": [
                each if each["name"] in skipped else _complete_container(each, identity, common, view.region)
                for each in old
            ],
        }
        for kind in ("initContainers", "containers")
        if (old := spec.get(kind))
    ]
    volumes = spec.get("volumes") or []
    if all(each["name"] != identity.volume for each in volumes):
        value = [_build_volume(identity, _read_lifetime(pod, annotations)), *volumes]
        patch.append({"op": "add", "path": "/spec/volumes", "value": value})
    return patch


def find_identity(pod: Manifest, namespace: str, account: Manifest, view: ClusterView) -> Identity | None:
    """By association, by annotation, or not at all."""
    annotations = account["metadata"].get("annotations") or {}
    if (namespace, account["metadata"]["name"]) in view.pod_identities:
        folder, file = "/var/run/secrets/pods.eks.amazonaws.com/serviceaccount", "eks-pod-identity-token"
        variables = {
            "AWS_CONTAINER_CREDENTIALS_FULL_URI": AGENT,
            "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": _build_path(pod, folder, file),
        }
        return Identity(variables, "eks-pod-identity-token", folder, file, "pods.eks.amazonaws.com")
    role = annotations.get(f"{PREFIX}role-arn")
    if not role:
        return None
    folder, file = "/var/run/secrets/eks.amazonaws.com/serviceaccount", "token"
    variables = {"AWS_ROLE_ARN": role, "AWS_WEB_IDENTITY_TOKEN_FILE": _build_path(pod, folder, file)}
    return Identity(variables, "aws-iam-token", folder, file, annotations.get(f"{PREFIX}audience") or AUDIENCE)


def _build_path(pod: Manifest, folder: str, file: str) -> str:
    selector = pod["spec"].get("nodeSelector") or {}
    path = f"{folder}/{file}"
    windows = "windows" in (selector.get("kubernetes.io/os"), selector.get("beta.kubernetes.io/os"))
    return "C:" + path.replace("/", "\\") if windows else path


def _complete_container(container: Manifest, identity: Identity, common: dict[str, str], region: str) -> Manifest:
    """The container with variables and mount, unless it has them already."""
    names = {each["name"] for each in container.get("env") or []}
    added = {key: value for key, value in common.items() if key not in names}
    if not names.intersection(REGION_KEYS):
        added |= dict.fromkeys(reversed(REGION_KEYS), region)
    if not names.intersection(identity.variables):
        added |= identity.variables
    mounts = container.get("volumeMounts") or []
    if all(each["name"] != identity.volume for each in mounts):
        mounts = [*mounts, {"name": identity.volume, "readOnly": True, "mountPath": identity.folder}]
    env = [*(container.get("env") or []), *({"name": key, "value": value} for key, value in added.items())]
    return {**container, "env": env, "volumeMounts": mounts}


def _build_volume(identity: Identity, seconds: int) -> Manifest:
    token = {"audience": identity.audience, "expirationSeconds": seconds, "path": identity.file}
    return {"name": identity.volume, "projected": {"sources": [{"serviceAccountToken": token}]}}


def _read_lifetime(pod: Manifest, annotations: dict[str, str]) -> int:
    """Seconds: the pod's annotation before the service account's; what is no number does not count."""
    key = f"{PREFIX}token-expiration"
    for text in ((pod["metadata"].get("annotations") or {}).get(key), annotations.get(key)):
        if text and text.lstrip("+-").isdigit():
            return max(int(text), SHORTEST)
    return LIFETIME


def _list_skipped(pod: Manifest) -> set[str]:
    """The containers that the pod's annotation names, as one line of CSV."""
    text = (pod["metadata"].get("annotations") or {}).get(f"{PREFIX}skip-containers")
    return set(next(csv.reader([text]), [])) if text else set()
