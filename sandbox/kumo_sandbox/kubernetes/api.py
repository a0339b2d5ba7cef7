"""A small client of one API server, with the admin's certificate: server-side apply, read, delete, watch."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any

import requests

from kumo_sandbox.kubernetes.pki import Pki

FIELD_MANAGER = "eks"  # as on EKS, who owns the fields of what the service puts into a cluster
TIMEOUT = 30.0  # seconds for one answer

Manifest = dict[str, Any]
# Kind: resource name in the URL, whether it lives in a namespace.
RESOURCES = {
    "ClusterRole": ("clusterroles", False),
    "ClusterRoleBinding": ("clusterrolebindings", False),
    "ConfigMap": ("configmaps", True),
    "CustomResourceDefinition": ("customresourcedefinitions", False),
    "DaemonSet": ("daemonsets", True),
    "Deployment": ("deployments", True),
    "EndpointSlice": ("endpointslices", True),
    "Event": ("events", True),
    "GRPCRoute": ("grpcroutes", True),
    "Gateway": ("gateways", True),
    "GatewayClass": ("gatewayclasses", False),
    "HTTPRoute": ("httproutes", True),
    "Ingress": ("ingresses", True),
    "IngressClass": ("ingressclasses", False),
    "IngressClassParams": ("ingressclassparams", False),
    "ListenerRuleConfiguration": ("listenerruleconfigurations", True),
    "LoadBalancerConfiguration": ("loadbalancerconfigurations", True),
    "MutatingWebhookConfiguration": ("mutatingwebhookconfigurations", False),
    "Namespace": ("namespaces", False),
    "Node": ("nodes", False),
    "PersistentVolume": ("persistentvolumes", False),
    "PersistentVolumeClaim": ("persistentvolumeclaims", True),
    "Pod": ("pods", True),
    "ReferenceGrant": ("referencegrants", True),
    "RoleBinding": ("rolebindings", True),
    "Service": ("services", True),
    "ServiceAccount": ("serviceaccounts", True),
    "PodDisruptionBudget": ("poddisruptionbudgets", True),
    "StorageClass": ("storageclasses", False),
    "TCPRoute": ("tcproutes", True),
    "TLSRoute": ("tlsroutes", True),
    "TargetGroupBinding": ("targetgroupbindings", True),
    "TargetGroupConfiguration": ("targetgroupconfigurations", True),
    "UDPRoute": ("udproutes", True),
    "VolumeAttachment": ("volumeattachments", False),
}


class ApiError(RuntimeError):
    """The API server refused; ``status`` is the HTTP status, the message its own."""

    def __init__(self, method: str, path: str, status: int, message: str, causes: list[Manifest] | None = None) -> None:
        super().__init__(f"{method} {path}: {status} {message}")
        self.status = status
        self.causes = causes or []  # StatusCause: reason, message, field


class Api:
    """One connection pool; made for one thread."""

    def __init__(self, url: str, pki: Pki) -> None:
        self._url = url
        self._session = requests.Session()
        self._session.cert = (pki.path("admin.crt"), pki.path("admin.key"))
        self._session.verify = pki.path("ca.crt")
        self._session.trust_env = False  # no proxy lies between us and loopback

    def close(self) -> None:
        self._session.close()

    def apply(self, manifest: Manifest) -> Manifest:
        """Server-side apply, and where the manifest has a status, that too; what is immutable is recreated."""
        body = {key: value for key, value in manifest.items() if key != "status"}
        try:
            answer = self._apply(build_path(manifest), body)
        except ApiError as error:
            if error.status != HTTPStatus.UNPROCESSABLE_ENTITY:
                raise
            self.delete(build_path(manifest))
            answer = self._apply(build_path(manifest), body)
        if "status" in manifest:
            answer = self._apply(f"{build_path(manifest)}/status", {**body, "status": manifest["status"]})
        return answer

    def get(self, path: str, **parameters: str) -> Manifest:
        return self._call("GET", path, params=parameters)

    def items(self, api_version: str, kind: str, **parameters: str) -> list[Manifest]:
        """All objects of a kind; parameters as the API names them (fieldSelector, labelSelector)."""
        answer = self.get(build_collection_path(api_version, kind), **parameters)
        typed = {"apiVersion": api_version, "kind": kind}  # which the items of a list lack
        return [{**typed, **item} for item in answer.get("items") or []]

    def create(self, path: str, body: Manifest, manager: str = "") -> Manifest:
        parameters = {"fieldManager": manager} if manager else {}
        return self._call("POST", path, params=parameters, json=body)

    def try_apply(self, manifest: Manifest, force: bool) -> Manifest:
        """A server-side apply that changes nothing."""
        parameters = {"dryRun": "All", **({"force": "true"} if force else {"force": "false"})}
        return self._apply(build_path(manifest), manifest, parameters)

    def patch(self, path: str, body: Manifest) -> Manifest:
        """A JSON merge patch."""
        return self._call(
            "PATCH", path, data=json.dumps(body), headers={"Content-Type": "application/merge-patch+json"}
        )

    def delete(self, path: str, grace_seconds: int | None = None) -> None:
        """Delete in the background; what is not there is not missed."""
        body: Manifest = {"apiVersion": "v1", "kind": "DeleteOptions", "propagationPolicy": "Background"}
        if grace_seconds is not None:
            body["gracePeriodSeconds"] = grace_seconds
        try:
            self._call("DELETE", path, json=body)
        except ApiError as error:
            if error.status != HTTPStatus.NOT_FOUND:
                raise

    def list_metadata(self, path: str) -> list[Manifest]:
        """The metadata of a collection's objects, which may be large."""
        accepted = {"Accept": "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"}
        return [item["metadata"] for item in self._call("GET", path, headers=accepted).get("items") or []]

    def follow(self, path: str, changed: Callable[[], None], seconds: int, **parameters: str) -> None:
        """Call ``changed`` now, and at each change of the collection for about ``seconds``."""
        version = self.get(path, **parameters, limit="1")["metadata"]["resourceVersion"]
        changed()
        accepted = {
            "Accept": "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1"
        }  # nobody looks at the objects
        query = {**parameters, "resourceVersion": version, "watch": "true", "timeoutSeconds": str(seconds)}
        timeouts = (TIMEOUT, seconds + TIMEOUT)
        words = {"params": query, "headers": accepted, "timeout": timeouts}
        with self._session.get(f"{self._url}{path}", stream=True, **words) as answer:
            _check("WATCH", path, answer)
            for line in answer.iter_lines():
                if line:
                    changed()

    def _apply(self, path: str, body: Manifest, extra: dict[str, str] | None = None) -> Manifest:
        parameters = {"fieldManager": FIELD_MANAGER, "force": "true", **(extra or {})}
        headers = {"Content-Type": "application/apply-patch+yaml"}
        return self._call("PATCH", path, params=parameters, data=json.dumps(body), headers=headers)

    def _call(self, method: str, path: str, **arguments: Any) -> Manifest:
        answer = self._session.request(method, f"{self._url}{path}", timeout=TIMEOUT, **arguments)
        _check(method, path, answer)
        return dict(answer.json())


def build_path(manifest: Mapping[str, Any]) -> str:
    """The URL path of an object."""
    metadata = manifest["metadata"]
    return f"{build_collection_path(manifest['apiVersion'], manifest['kind'], metadata.get('namespace'))}/{metadata['name']}"


def build_collection_path(api_version: str, kind: str, namespace: str | None = None) -> str:
    """The URL path of a kind's objects, of one namespace or (None) of all."""
    root = f"/api/{api_version}" if "/" not in api_version else f"/apis/{api_version}"
    resource, namespaced = RESOURCES[kind]
    inside = f"/namespaces/{namespace}" if namespaced and namespace else ""
    return f"{root}{inside}/{resource}"


def _check(method: str, path: str, answer: requests.Response) -> None:
    if answer.ok:
        return
    causes: list[Manifest] = []
    try:
        status = answer.json()
        message, causes = str(status.get("message")), (status.get("details") or {}).get("causes") or []
    except ValueError:
        message = answer.text[:500]
    raise ApiError(method, path, answer.status_code, message, causes)
