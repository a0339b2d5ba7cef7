"""The admission webhooks that EKS runs in front of each cluster, on one HTTPS port of 127.0.0.1 for all of them.

A webhook rather than a MutatingAdmissionPolicy: it reads the profiles at the moment a pod is made, so a profile
that is ACTIVE takes the very next pod, where a policy would count only when the API server has noticed it.
"""

from __future__ import annotations

import base64
import json
import logging
import ssl
import sys
import threading
from collections.abc import Callable
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from kumo_sandbox.interfaces import ClusterView
from kumo_sandbox.kubernetes.api import Manifest
from kumo_sandbox.kubernetes.fargate import PROFILE_LABEL, SCHEDULER, find_profile
from kumo_sandbox.kubernetes.identity_webhook import SKIP_LABEL, build_identity_patch
from kumo_sandbox.kubernetes.pki import Pki

FARGATE = "/fargate/"
IDENTITY = "/identity/"
LOG = logging.getLogger(__name__)

Review = Callable[[dict[str, Any], str], dict[str, Any]]  # an admission request and a cluster's ARN: the answer
ServiceAccountOf = Callable[[str, str, str], Manifest | None]  # ARN, namespace, name


class WebhookServer:
    """Answers AdmissionReviews; the cluster's ARN is the rest of the path."""

    def __init__(self, pki: Pki, view: Callable[[str], ClusterView | None], service_account: ServiceAccountOf) -> None:
        self._pki = pki
        pki.issue("webhook", "eks-webhooks", hosts=("127.0.0.1",))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(pki.path("webhook.crt"), pki.path("webhook.key"))
        reviews: dict[str, Review] = {
            FARGATE: lambda request, arn: review_pod(request, view(arn)),
            IDENTITY: lambda request, arn: review_identity(
                request, view(arn), lambda namespace, name: service_account(arn, namespace, name)
            ),
        }
        self._server = _Server(context, reviews)
        threading.Thread(target=self._server.serve_forever, name="kumo-webhooks", daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def build_manifests(self, arn: str) -> list[Manifest]:
        """What makes a cluster's API server ask us."""
        skip = {"matchExpressions": [{"key": SKIP_LABEL, "operator": "DoesNotExist"}]}
        identity = self._build_webhook(f"{IDENTITY}{arn}", "iam-for-pods.amazonaws.com")
        fargate = "0500-amazon-eks-fargate-mutation.amazonaws.com"
        return [
            _build_configuration("pod-identity-webhook", {**identity, "objectSelector": skip}),
            _build_configuration(fargate, self._build_webhook(f"{FARGATE}{arn}", fargate)),
        ]

    def _build_webhook(self, path: str, name: str) -> dict[str, Any]:
        rule = {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["pods"], "scope": "*"}
        url = f"https://127.0.0.1:{self._server.server_address[1]}{path}"
        return {
            "name": name,
            "admissionReviewVersions": ["v1"],
            "clientConfig": {"url": url, "caBundle": self._pki.ca_data},
            "failurePolicy": "Ignore",
            "reinvocationPolicy": "IfNeeded",
            "rules": [rule],
            "sideEffects": "None",
            "timeoutSeconds": 5,
        }


def _build_configuration(name: str, webhook: dict[str, Any]) -> Manifest:
    return {
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "MutatingWebhookConfiguration",
        "metadata": {"name": name},
        "webhooks": [webhook],
    }


def review_pod(request: dict[str, Any], view: ClusterView | None) -> dict[str, Any]:
    """The answer to one admission request for a pod."""
    pod = request["object"]
    profile = find_profile(pod, request["namespace"], view.fargate_profiles) if view else None
    return _answer(request, _patch(pod, profile) if profile else [])


def review_identity(
    request: dict[str, Any], view: ClusterView | None, service_account: Callable[[str, str], Manifest | None]
) -> dict[str, Any]:
    """The answer of the pod identity webhook; ``service_account`` looks one up by namespace and name."""
    pod, namespace = request["object"], request["namespace"]
    account = service_account(namespace, pod["spec"].get("serviceAccountName") or "default")
    patch = build_identity_patch(pod, namespace, account, view) if view and account else []
    return _answer(request, patch)


def _answer(request: dict[str, Any], patch: list[dict[str, Any]]) -> dict[str, Any]:
    answer: dict[str, Any] = {"uid": request["uid"], "allowed": True}
    if not patch:
        return answer
    return answer | {"patchType": "JSONPatch", "patch": base64.b64encode(json.dumps(patch).encode()).decode()}


def _patch(pod: Manifest, profile: str) -> list[dict[str, Any]]:
    labels = (pod["metadata"].get("labels") or {}) | {PROFILE_LABEL: profile}
    return [
        {"op": "add", "path": "/metadata/labels", "value": labels},
        {"op": "add", "path": "/spec/schedulerName", "value": SCHEDULER},
    ]


class _Server(ThreadingHTTPServer):
    """TLS is shaken hands in each connection's own thread, so that a silent client holds up nobody."""

    daemon_threads = True

    def __init__(self, context: ssl.SSLContext, reviews: dict[str, Review]) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.context = context
        self.reviews = reviews

    def finish_request(self, request: Any, client_address: Any) -> None:
        with self.context.wrap_socket(request, server_side=True) as secured:
            super().finish_request(secured, client_address)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Log what went wrong; a client that hangs up in the middle is no news."""
        if not isinstance(sys.exception(), OSError):
            LOG.exception("admission webhook")


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def do_POST(self) -> None:
        request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["request"]
        kind = next((each for each in self.server.reviews if self.path.startswith(each)), None)
        if kind is None:
            self.send_error(HTTPStatus.NOT_FOUND)
            return
        # the API server adds ?timeout=5s
        response = self.server.reviews[kind](request, self.path.partition("?")[0].removeprefix(kind))
        body = {"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "response": response}
        self._send(json.dumps(body).encode())

    def log_message(self, *arguments: Any) -> None:
        """Pods are made all the time; nothing to log."""

    def _send(self, body: bytes) -> None:
        self.send_response(HTTPStatus.OK)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
