"""The sandbox's own interface, under /_sandbox/: for the command line, for API servers, and for issuers' documents."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

from werkzeug.wrappers import Request, Response

from kumo_sandbox.account import Account
from kumo_sandbox.eks.issuer import build_discovery_document
from kumo_sandbox.eks.store import Cluster
from kumo_sandbox.identity.enforcement import is_enforced, set_enforced
from kumo_sandbox.interfaces import KubernetesBackend
from kumo_sandbox.principals import find_principal
from kumo_sandbox.toolchain import charts


class Control:
    """Answers requests to /_sandbox/.

    Attributes:
        endpoint: the server's address, set when it has one.
        kubernetes: the Kubernetes backend, where there is one.
        reset: empties the account.
    """

    def __init__(self, account: Account, reset: Callable[[], None]) -> None:
        self.endpoint = ""
        self.kubernetes: KubernetesBackend | None = None
        self._account, self._reset = account, reset

    def respond(self, request: Request) -> Response:
        path, method = request.path.removeprefix("/_sandbox/"), request.method
        if path.startswith("kubernetes/token-review/"):
            return self._review_token(path, request)
        if path.startswith("oidc/"):
            return self._publish_issuer(path, request)
        if path.startswith("charts/") and method == "GET":
            return read_chart_file(path.removeprefix("charts/"))
        act = self._find_action(method, path, request)
        if act is None:
            return Response(f"{method} /_sandbox/{path} is not known\n", 404)
        try:
            return Response(json.dumps(act()) + "\n", mimetype="application/json")
        except (TypeError, ValueError) as error:
            return Response(f"{error}\n", 400)

    # what the command line asks

    def _find_action(self, method: str, path: str, request: Request) -> Callable[[], Any] | None:
        account, query = self._account, request.args
        actions: dict[tuple[str, str], Callable[[], Any]] = {
            ("GET", "status"): self.describe_status,
            ("GET", "calls"): lambda: account.recorder.rows(query.get("service", ""), query.get("operation", "")),
            ("DELETE", "calls"): account.recorder.clear,
            ("GET", "faults"): account.faults.rows,
            ("POST", "faults"): lambda: vars(account.faults.add(**request.get_json())),
            ("DELETE", "faults"): account.faults.clear,
            ("GET", "clock"): lambda: {"speed": account.clock.speed, "now": account.clock.now()},
            ("PUT", "clock"): lambda: self._set_clock(request.get_json()),
            ("POST", "reset"): self._reset,
            ("GET", "kubeconfig"): lambda: {"path": self._find_kubeconfig(query.get("cluster", ""))},
            ("GET", "quotas"): account.quotas.describe,
            ("PUT", "quotas"): lambda: self._change_quotas(request.get_json()),
            ("GET", "iam"): lambda: {"enforced": is_enforced()},
            ("PUT", "iam"): lambda: self._set_iam(request.get_json()),
            ("POST", "token"): lambda: {"token": self._sign_token(request.get_json())},
        }
        return actions.get((method, path))

    def _set_clock(self, wanted: dict[str, Any]) -> dict[str, Any]:
        clock = self._account.clock
        if "speed" in wanted:
            clock.set_speed(wanted["speed"])
        clock.advance(float(wanted.get("advance", 0)))
        self._account.store.settle()
        return {"speed": clock.speed, "now": clock.now()}

    def _find_kubeconfig(self, name: str) -> str:
        with self._account.store.lock:
            cluster = self._account.store.clusters.get((self._account.region, name))
        if cluster is None or self.kubernetes is None:
            raise ValueError(f"no cluster {name!r} with a control plane in {self._account.region}")
        return str(self.kubernetes.kubeconfig(cluster.raw["arn"]))

    def _set_iam(self, wanted: dict[str, Any]) -> dict[str, bool]:
        if not isinstance(wanted.get("enforced"), bool):
            raise ValueError(f"enforced must be true or false, not {wanted.get('enforced')!r}")
        set_enforced(wanted["enforced"])
        return {"enforced": is_enforced()}

    def _change_quotas(self, wanted: dict[str, int]) -> dict[str, int]:
        self._account.quotas.change(wanted)
        return self._account.quotas.describe()

    def _sign_token(self, wanted: dict[str, Any]) -> str:
        try:
            return self._account.sign_token(**wanted)
        except KeyError as error:
            raise ValueError(f"no cluster {wanted.get('cluster')!r} in {self._account.region}") from error

    def describe_status(self) -> dict[str, Any]:
        """Endpoint, clock, clusters with their children, control planes."""
        store = self._account.store
        with store.lock:
            clusters = [self._describe_cluster(region, cluster) for (region, _name), cluster in store.clusters.items()]
        return {
            "endpoint": self.endpoint,
            "speed": self._account.clock.speed,
            "enforce_iam": is_enforced(),
            "clusters": clusters,
            "control_planes": list(self.kubernetes.status()) if self.kubernetes else [],
        }

    def _describe_cluster(self, region: str, cluster: Cluster) -> dict[str, Any]:
        issuer = cluster.raw["identity"]["oidc"]["issuer"]
        return {
            "name": cluster.name,
            "arn": cluster.raw["arn"],
            "region": region,
            "status": cluster.raw["status"],
            "version": cluster.raw["version"],
            "issuer": issuer,
            "oidc": f"{self.endpoint}/_sandbox/oidc/{issuer.rsplit('/', 1)[1]}",
            "nodegroups": {name: raw["status"] for name, raw in cluster.nodegroups.items()},
            "fargate_profiles": {name: raw["status"] for name, raw in cluster.fargate_profiles.items()},
            "addons": {name: raw["status"] for name, raw in cluster.addons.items()},
        }

    # what API servers and relying parties ask

    def _review_token(self, path: str, request: Request) -> Response:
        from kumo_sandbox.kubernetes import review_token

        arn = path.removeprefix("kubernetes/token-review/")
        answer = review_token(
            request.get_json(),
            cluster=self._account.build_view(arn),
            principal_of=find_principal,
            aws_auth=lambda: self._account.control_planes.read_aws_auth(arn),
            now=time.time(),
        )
        return Response(json.dumps(answer), mimetype="application/json")

    def _publish_issuer(self, path: str, request: Request) -> Response:
        """What an issuer publishes: oidc/ID/.well-known/openid-configuration and oidc/ID/keys."""
        name, _slash, document = path.removeprefix("oidc/").partition("/")
        found = self._account.find_issuer(name)
        if found and request.method == "GET" and document == ".well-known/openid-configuration":
            return Response(json.dumps(build_discovery_document(found[0])), mimetype="application/json")
        if found and request.method == "GET" and document == "keys":
            return Response(json.dumps(found[1].jwks), mimetype="application/json")
        return Response(f"no issuer publishes {request.path}\n", 404)


def read_chart_file(name: str) -> Response:
    """A file of the chart repository, as `kumo-sandbox charts` put it into the cache: index.yaml, a packaged chart."""
    files = charts.list_files()
    if name in files:
        kind = "text/yaml" if name.endswith(".yaml") else "application/gzip"
        return Response(files[name].read_bytes(), mimetype=kind)
    message = f"no {name}; there are {', '.join(sorted(files))}" if files else charts.UNFETCHED
    return Response(f"{message}\n", 404)
