# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The few calls to a cluster's Kubernetes API that identities and Helm need. The CA is verified; tokens stay in memory.

By Ansible's own open_url, not by the Python package kubernetes: ten calls are not worth a dependency whose generations
take different arguments, and which has to be imported for a second.
"""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import quote, urlencode

from ansible.module_utils.urls import open_url

from ansible_collections.kumo.eks.plugins.module_utils.core.errors import EksError
from ansible_collections.kumo.eks.plugins.module_utils.kubernetes.connection import Connection, ca_file

TIMEOUT = 30  # seconds for one answer
PAUSES = (0.5, 1.0, 2.0)  # seconds between the tries of a call that may be made again
PAGE = 500  # pods an answer
Answer = dict[str, Any]


class KubernetesError(EksError):
    """The API server said no, or could not be reached; ``status`` is HTTP's, 0 where nothing answered."""

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message, kubernetes_status=status)
        self.status = status


class KubernetesApi:
    """A cluster's core API; answers are the API's own dicts.

    Args:
        host: the endpoint's URL.
        ca_path: file with the CA's certificate.
        mint: gives a fresh bearer token; asked for each call.
    """

    def __init__(self, host: str, ca_path: str, mint: Callable[[], str]) -> None:
        self._host, self._ca_path, self._mint = host.rstrip("/"), ca_path, mint

    def namespace(self, name: str) -> Answer | None:
        return self._found("GET", f"/api/v1/namespaces/{quote(name, safe='')}")

    def create_namespace(self, name: str, labels: dict[str, str]) -> Answer:
        return self._call("POST", "/api/v1/namespaces", {"metadata": {"name": name, "labels": labels}})

    def custom_resource_definition(self, name: str) -> Answer | None:
        return self._found("GET", f"/apis/apiextensions.k8s.io/v1/customresourcedefinitions/{_part(name)}")

    def version(self) -> str:
        """The API server's version, such as v1.34.2-eks-113cf36."""
        return self._call("GET", "/version")["gitVersion"]

    def service_account(self, namespace: str, name: str) -> Answer | None:
        return self._found("GET", _account(namespace, name))

    def create_service_account(self, namespace: str, metadata: Answer) -> Answer:
        return self._call("POST", _account(namespace), {"metadata": metadata})

    def patch_service_account(self, namespace: str, name: str, metadata: Answer) -> Answer:
        """A merge patch: a key whose value is None is removed."""
        return self._call("PATCH", _account(namespace, name), {"metadata": metadata})

    def delete_service_account(self, namespace: str, name: str, uid: str) -> None:
        """Delete it, if it is still the one with this uid."""
        self._found("DELETE", _account(namespace, name), {"preconditions": {"uid": uid}})

    def pods(self, namespace: str) -> list[Answer]:
        """All pods of a namespace."""
        return self._all(f"/api/v1/namespaces/{_part(namespace)}/pods", {})

    def warnings(self, namespace: str) -> list[Answer]:
        """The events of a namespace that are warnings."""
        return self._all(f"/api/v1/namespaces/{_part(namespace)}/events", {"fieldSelector": "type=Warning"})

    def list_secrets(self, namespace: str | None, label_selector: str) -> list[Answer]:
        """The Secrets of a namespace, or of all, with these labels."""
        path = f"/api/v1/namespaces/{_part(namespace)}/secrets" if namespace else "/api/v1/secrets"
        return self._all(path, {"labelSelector": label_selector})

    def _all(self, path: str, query: dict[str, str]) -> list[Answer]:
        """The items of a list, page by page."""
        rows: list[Answer] = []
        more = ""
        while True:
            words = urlencode({**query, "limit": PAGE, **({"continue": more} if more else {})})
            page = self._call("GET", f"{path}?{words}")
            rows += page["items"]
            more = page["metadata"].get("continue", "")
            if not more:
                return rows

    def token(self, namespace: str, account: str, audience: str, seconds: int) -> str:
        """A new token of the service account (TokenRequest). A secret: never to stand in a result."""
        body = {"spec": {"audiences": [audience], "expirationSeconds": seconds}}
        return self._call("POST", f"{_account(namespace, account)}/token", body)["status"]["token"]

    def _found(self, method: str, path: str, body: Answer | None = None) -> Answer | None:
        try:
            return self._call(method, path, body)
        except KubernetesError as error:
            if error.status == 404:
                return None
            raise

    def _call(self, method: str, path: str, body: Answer | None = None) -> Answer:
        """One call; tried again where the server says later, and a reading one where nothing answers."""
        for pause in (*PAUSES, None):
            try:
                return self._once(method, path, body)
            except KubernetesError as error:
                again = error.status == 429 or (method == "GET" and (error.status == 0 or error.status >= 500))
                if pause is None or not again:
                    raise
            time.sleep(pause)
        raise AssertionError("unreachable")

    def _once(self, method: str, path: str, body: Answer | None) -> Answer:
        kind = "application/merge-patch+json" if method == "PATCH" else "application/json"
        headers = {"Authorization": f"Bearer {self._mint()}", "Accept": "application/json", "Content-Type": kind}
        try:
            answer = open_url(
                self._host + path,
                method=method,
                data=None if body is None else json.dumps(body),
                headers=headers,
                ca_path=self._ca_path,
                timeout=TIMEOUT,
                follow_redirects="none",  # the token is for this server alone
                use_netrc=False,
            )
            return json.loads(answer.read())
        except HTTPError as error:
            raise KubernetesError(f"Kubernetes API {self._host}: {_words(error)}", error.code) from None
        except (URLError, OSError, ValueError) as error:
            raise KubernetesError(f"Kubernetes API {self._host} does not answer: {error}", 0) from None


def _part(name: str) -> str:
    """A name as one part of a path."""
    return quote(name, safe="")


def _account(namespace: str, name: str = "") -> str:
    path = f"/api/v1/namespaces/{quote(namespace, safe='')}/serviceaccounts"
    return f"{path}/{quote(name, safe='')}" if name else path


def _words(error: HTTPError) -> str:
    """What the API server said: the message of its Status, and what a 401 or 403 means at EKS."""
    try:
        said = json.loads(error.read())["message"]
    except (TypeError, ValueError, KeyError):
        said = str(error.reason)
    hints = {
        401: " (the caller's principal has no access entry of this cluster)",
        403: " (its access entry has no policy that allows this)",
    }
    return f"{error.code} {said}{hints.get(error.code, '')}"


@contextmanager
def connect_api(connection: Connection, mint: Callable[[], str]) -> Iterator[KubernetesApi]:
    """The cluster's API; the CA's file goes with the end of the block."""
    with tempfile.TemporaryDirectory(prefix="kumo-eks-") as folder, ca_file(connection, folder) as path:
        yield KubernetesApi(connection.host, path, mint)
