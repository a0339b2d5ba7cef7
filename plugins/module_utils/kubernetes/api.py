# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The door to a cluster's Kubernetes API: the dynamic client of the ``kubernetes`` package, which no other file imports.

The package is imported by the first call and not with this file: that takes one to three seconds of processor time, and
many tasks end without asking the cluster anything.

What the door adds: the CA comes from memory, tokens are signed again during a task, failures have a message,
and discovery asks for one API group and only where a kind is not known (``kinds``). The package's own discovery reads
every group when the client is made, and keeps them in a file in /tmp whose name others can guess.
"""

from __future__ import annotations

import json
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from typing import Any
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

from ansible.module_utils.basic import missing_required_lib

from ansible_collections.kumo.eks.plugins.module_utils.core.errors import MissingSoftware
from ansible_collections.kumo.eks.plugins.module_utils.kubernetes.connection import Connection, describe_connection
from ansible_collections.kumo.eks.plugins.module_utils.kubernetes.errors import (
    KubernetesError,
    build_refusal,
    build_unreachable,
)
from ansible_collections.kumo.eks.plugins.module_utils.kubernetes.kinds import POD, SERVICE_ACCOUNT, Kind
from ansible_collections.kumo.eks.plugins.module_utils.kubernetes.retries import build_retry
from ansible_collections.kumo.eks.plugins.module_utils.kubernetes.token import mint_token
from ansible_collections.kumo.eks.plugins.module_utils.kubernetes.token_source import TokenSource

try:
    from urllib3.exceptions import HTTPError
except ImportError:
    pass  # comes with boto3, whose absence AnsibleAWSModule reports

__all__ = ["KubernetesApi", "KubernetesError", "Object", "connect_api", "open_cluster_api"]

TIMEOUT = (10.0, 30.0)  # seconds: for the connection, and between two pieces of an answer
PAGE_SIZE = 500  # objects an answer; what kubectl asks for
FIELD_MANAGER = "kumo.eks"
JSON = "application/json"
# https://kubernetes.io/docs/reference/using-api/api-concepts/#patch-and-apply
APPLY_PATCH = "application/apply-patch+yaml"
MERGE_PATCH = "application/merge-patch+json"
STRATEGIC_PATCH = "application/strategic-merge-patch+json"
Object = dict[str, Any]
Query = list[tuple[str, str]]


class KubernetesApi:
    """A cluster's Kubernetes API. Objects are the API's own dicts; threads may share it.

    Args:
        connection: the endpoint and its CA.
        mint: signs a bearer token.
    """

    def __init__(self, connection: Connection, mint: Callable[[], str]) -> None:
        self._connection, self._tokens = connection, TokenSource(mint)
        self._lock = threading.Lock()
        self._dynamic: Any = None

    # read

    def get(self, kind: Kind, name: str, namespace: str = "") -> Object | None:
        """One object, None where it does not exist."""
        return self._ignore_missing("GET", kind.build_path(namespace, name))

    def list(
        self, kind: Kind, namespace: str = "", label_selector: str = "", field_selector: str = ""
    ) -> Iterator[Object]:
        """The objects of a namespace, or of all namespaces, page by page while they are asked for."""
        for page in self.list_pages(kind, namespace, label_selector, field_selector):
            yield from page["items"]

    def list_pages(
        self, kind: Kind, namespace: str = "", label_selector: str = "", field_selector: str = ""
    ) -> Iterator[Object]:
        """The answers of a list. Where the place in a long list expires meanwhile, it goes on by what exists then."""
        query = build_query(limit=str(PAGE_SIZE), labelSelector=label_selector, fieldSelector=field_selector)
        more = ""
        while True:
            try:
                page = self.request("GET", kind.build_path(namespace), query=query + build_query(**{"continue": more}))
            except KubernetesError as error:
                if error.status != 410 or not error.continue_token:
                    raise
                more = error.continue_token
                continue
            yield page
            more = page["metadata"].get("continue", "")
            if not more:
                return

    def read(self, path: str, accept: str = JSON) -> str:
        """What the API server says at a path that is not an object's, like /metrics or /openapi/v3."""
        return self._read_body(self.send("GET", path, accept=accept)).decode()

    def stream(self, path: str, query: Query, read_timeout: float) -> Iterator[Object]:
        """The JSON lines of an answer as they come, as a watch gives them.

        Raises:
            KubernetesError: with status 0 where the connection is lost.
        """
        response = self.send("GET", path, query=query, read_timeout=read_timeout)
        try:
            for line in response:
                if line.strip():
                    yield json.loads(line)
        except (HTTPError, OSError) as error:
            raise build_unreachable(self._connection.host, error) from None
        finally:
            response.close()

    def get_version(self) -> str:
        """The API server's version, like v1.34.2-eks-113cf36."""
        return json.loads(self.read("/version"))["gitVersion"]

    # change

    def create(self, kind: Kind, body: Object, namespace: str = "", dry_run: bool = False) -> Object:
        """Create an object. It is sent once: where the answer is lost, the object may exist.

        Raises:
            KubernetesError: with status 409 where it exists.
        """
        return self.request("POST", kind.build_path(namespace), body, build_dry_run(dry_run))

    def apply(
        self, kind: Kind, body: Object, namespace: str = "", force: bool = False, dry_run: bool = False
    ) -> Object:
        """Create or change an object by server-side apply. Fields that other managers own stay theirs.

        Args:
            force: take over the fields that another manager owns; else those are a conflict (409).
        """
        query = build_query(fieldManager=FIELD_MANAGER, force="true" if force else "") + build_dry_run(dry_run)
        full = {"apiVersion": kind.api_version, "kind": kind.kind, **body}
        path = kind.build_path(namespace, body["metadata"]["name"])
        return self.request("PATCH", path, full, query, APPLY_PATCH)

    def patch(
        self,
        kind: Kind,
        name: str,
        body: Object,
        namespace: str = "",
        media_type: str = MERGE_PATCH,
        dry_run: bool = False,
    ) -> Object:
        """Change parts of an object. In a merge patch None removes a key; a strategic one merges lists by their keys.

        Args:
            media_type: MERGE_PATCH, or STRATEGIC_PATCH, which custom resources do not support.
        """
        query = build_query(fieldManager=FIELD_MANAGER) + build_dry_run(dry_run)
        return self.request("PATCH", kind.build_path(namespace, name), body, query, media_type)

    def delete(
        self,
        kind: Kind,
        name: str,
        namespace: str = "",
        uid: str = "",
        grace_period: int | None = None,
        propagation: str = "",
        dry_run: bool = False,
    ) -> bool:
        """Delete an object; whether it existed. It may be there for a while: finalizers and pods take their time.

        Args:
            uid: delete only the object with this uid, and not one that has taken its name since (409).
            grace_period: seconds for a pod to end; the object's own where it is None.
            propagation: "Foreground", "Background" or "Orphan", for what the object owns; the kind's default where empty.
        """
        options = build_delete_options(uid, grace_period, propagation, dry_run)
        return self._ignore_missing("DELETE", kind.build_path(namespace, name), options) is not None

    def evict(self, name: str, namespace: str, grace_period: int | None = None, dry_run: bool = False) -> bool:
        """Ask for the end of a pod, as a drain does; whether it existed.

        Raises:
            KubernetesError: with status 429 where a PodDisruptionBudget does not allow it now (``is_disruption_budget``).
                It is not tried again here: that may take longer than the caller wants to wait.
        """
        body = {
            "apiVersion": "policy/v1",
            "kind": "Eviction",
            "metadata": {"name": name, "namespace": namespace},
            "deleteOptions": build_delete_options(grace_period=grace_period, dry_run=dry_run),
        }
        return self._ignore_missing("POST", POD.build_path(namespace, name, "eviction"), body) is not None

    def create_token(self, namespace: str, account: str, audience: str, seconds: int) -> str:
        """A new token of a service account (TokenRequest). A secret: it must not be part of a result."""
        body = {"spec": {"audiences": [audience], "expirationSeconds": seconds}}
        path = SERVICE_ACCOUNT.build_path(namespace, account, "token")
        return self.request("POST", path, body)["status"]["token"]

    # the door

    def request(
        self,
        method: str,
        path: str,
        body: Object | None = None,
        query: Query | None = None,
        media_type: str = JSON,
    ) -> Object:
        """Send a request; the JSON of its answer."""
        text = self._read_body(self.send(method, path, body, query, media_type))
        try:
            return json.loads(text)
        except ValueError:
            host = self._connection.host
            raise KubernetesError(f"{host} answered something other than JSON; is it the API server?", 0) from None

    def send(
        self,
        method: str,
        path: str,
        body: Object | None = None,
        query: Query | None = None,
        media_type: str = JSON,
        accept: str = JSON,
        read_timeout: float = TIMEOUT[1],
    ) -> Any:
        """Send a request; urllib3's answer, of which only the head has been read. A refused token is replaced once.

        Raises:
            KubernetesError: for every other answer than success, and for none.
        """
        options = {
            "query_params": query or [],
            "header_params": {"Accept": accept},
            "content_type": media_type,
            "_request_timeout": (TIMEOUT[0], read_timeout),
        }
        token = self._tokens.get()
        try:
            return self._send(method, path, body, options)
        except KubernetesError as error:
            if error.status != 401:
                raise
        # Credentials of a role may have ended before the token did, or the machine may have slept.
        self._tokens.discard(token)
        return self._send(method, path, body, options)

    def _send(self, method: str, path: str, body: Object | None, options: dict[str, Any]) -> Any:
        client = self._open()
        host = self._connection.host
        copied = {**options, "query_params": [*options["query_params"]], "header_params": {**options["header_params"]}}
        try:
            return client.request(method, path, body=body, serialize=False, **copied)
        except _import_kubernetes().dynamic.exceptions.DynamicApiError as error:
            if not error.status:  # the package's word for a failed TLS handshake
                raise build_unreachable(host, ConnectionError(str(error.reason))) from None
            raise build_refusal(host, error.status, error.body, error.headers or {}, datetime.now(UTC)) from None
        except (HTTPError, OSError) as error:
            raise build_unreachable(host, error) from None

    def _read_body(self, response: Any) -> bytes:
        try:
            return response.data
        except (HTTPError, OSError) as error:
            raise build_unreachable(self._connection.host, error) from None

    def _ignore_missing(
        self, method: str, path: str, body: Object | None = None, query: Query | None = None
    ) -> Object | None:
        try:
            return self.request(method, path, body, query)
        except KubernetesError as error:
            if error.status == 404:
                return None
            raise

    def _open(self) -> Any:
        """The dynamic client, made by the first call."""
        with self._lock:
            if self._dynamic is None:
                try:
                    self._dynamic = build_dynamic_client(self._connection, self._tokens)
                except ssl.SSLError as error:  # EKS has answered a certificate authority that is no certificate
                    raise build_unreachable(self._connection.host, error) from None
            return self._dynamic

    def close(self) -> None:
        """Close the connections, and forget the token."""
        self._tokens.forget()
        with self._lock:
            client, self._dynamic = self._dynamic, None
        if client is not None:
            client.configuration.api_key.clear()
            client.client.rest_client.pool_manager.clear()


def build_query(**values: str) -> Query:
    """A query of what is not empty."""
    return [(name, value) for name, value in values.items() if value]


def build_dry_run(dry_run: bool) -> Query:
    """The query that lets the API server check everything and keep nothing."""
    return build_query(dryRun="All" if dry_run else "")


def build_delete_options(
    uid: str = "", grace_period: int | None = None, propagation: str = "", dry_run: bool = False
) -> Object:
    """The body of a deletion. The API server reads no query where there is a body: a dryRun there would delete.

    https://github.com/kubernetes/kubernetes/blob/master/staging/src/k8s.io/apiserver/pkg/endpoints/handlers/delete.go
    """
    options: Object = {"apiVersion": "v1", "kind": "DeleteOptions"}
    if dry_run:
        options["dryRun"] = ["All"]
    if uid:
        options["preconditions"] = {"uid": uid}
    if grace_period is not None:
        options["gracePeriodSeconds"] = grace_period
    if propagation:
        options["propagationPolicy"] = propagation
    return options


def build_dynamic_client(connection: Connection, tokens: TokenSource) -> Any:
    """The package's dynamic client for a cluster. It makes no call, and writes no file."""
    package = _import_kubernetes()
    configuration = package.client.configuration.Configuration()
    configuration.host = connection.host
    configuration.proxy = find_proxy(connection.host)
    configuration.retries = build_retry()
    configuration.refresh_api_key_hook = partial(_refresh_token, tokens)
    _refresh_token(tokens, configuration)  # the hook is asked only where there is a key
    client = package.client.api_client.ApiClient(configuration)
    client.user_agent = FIELD_MANAGER
    # The package takes the CA as a file, and as data only since release 37. urllib3 takes a context in every release.
    # ca_certs is certifi's list of public CAs where nothing is set: none of those has signed a cluster's certificate.
    context = ssl.create_default_context(cadata=connection.ca_pem)
    client.rest_client.pool_manager.connection_pool_kw.update(ssl_context=context, ca_certs=None)
    return package.dynamic.DynamicClient(client, discoverer=_NoDiscovery)


class _NoDiscovery:
    """In the place of the package's discovery (see the head of this file)."""

    def __init__(self, client: Any, cache_file: str | None) -> None:
        """What DynamicClient calls."""


def _refresh_token(tokens: TokenSource, configuration: Any) -> None:
    """Put a good token where the package looks for it: under "authorization", and since release 36 "BearerToken"."""
    header = f"Bearer {tokens.get()}"
    configuration.api_key.update(authorization=header, BearerToken=header)


def find_proxy(host: str) -> str | None:
    """The proxy that the environment (HTTPS_PROXY, NO_PROXY) sets for the endpoint.

    Asked for here because the package's releases differ: before 34 they do not look, and 34 and 35 forget NO_PROXY.
    """
    place = urlsplit(host)
    return None if proxy_bypass(place.netloc) else getproxies().get(place.scheme)


def _import_kubernetes() -> Any:
    """The ``kubernetes`` package.

    Raises:
        EksError: it is not installed for the Python that runs this module.
    """
    try:
        import kubernetes.client.api_client
        import kubernetes.client.configuration
        import kubernetes.dynamic.exceptions
    except ImportError:
        # Release 26 is the first that writes the body of a server-side apply.
        reason = "to reach the cluster's Kubernetes API"
        raise MissingSoftware(missing_required_lib("kubernetes>=26.1.0", reason=reason)) from None
    return kubernetes


@contextmanager
def connect_api(connection: Connection, mint: Callable[[], str]) -> Iterator[KubernetesApi]:
    """The cluster's API for the block; its connections end with it."""
    api = KubernetesApi(connection, mint)
    try:
        yield api
    finally:
        api.close()


@contextmanager
def open_cluster_api(eks: Any, sts: Any, cluster_name: str) -> Iterator[KubernetesApi]:
    """The API of a cluster by its name (DescribeCluster), with tokens of the caller of ``sts``."""
    with connect_api(describe_connection(eks, cluster_name), partial(mint_token, sts, cluster_name)) as api:
        yield api
