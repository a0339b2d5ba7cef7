"""The sandbox's server: one address for all of AWS, with a recorder and faults in front.

EKS is answered by kumo_sandbox.eks, every other service by moto. Control of the sandbox itself is under /_sandbox/.
"""

from __future__ import annotations

import base64
import io
import json
import logging
import os
import re
import secrets
import socket
import tempfile
import threading
import time
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import parse_qs

import werkzeug.serving
from werkzeug.wrappers import Request, Response

from kumo_sandbox.clock import Clock
from kumo_sandbox.eks import model, service
from kumo_sandbox.eks.addon_versions import RUNS_WITHOUT_NODES
from kumo_sandbox.eks.aws_context import MARK, AwsContext
from kumo_sandbox.eks.context import Context, Settings
from kumo_sandbox.eks.errors import ServiceError
from kumo_sandbox.eks.issuer import IssuerKey, discovery
from kumo_sandbox.eks.load_balancers import LoadBalancers
from kumo_sandbox.eks.store import Cluster, Store
from kumo_sandbox.eks.views import view_of
from kumo_sandbox.faults import Faults
from kumo_sandbox.identity import eks_auth, web_identity
from kumo_sandbox.identity.enforcement import check, enforce, enforced
from kumo_sandbox.interfaces import KubernetesBackend
from kumo_sandbox.moto_fixes.autoscaling import spread_instances
from kumo_sandbox.moto_fixes.elastic_load_balancing import complete_elb
from kumo_sandbox.moto_fixes.iam import complete_iam
from kumo_sandbox.moto_fixes.instances import take_interfaces_along
from kumo_sandbox.moto_fixes.launch_templates import complete_launch_templates
from kumo_sandbox.moto_fixes.managed_policies import keep_parsed
from kumo_sandbox.moto_fixes.nat_gateways import slow_down
from kumo_sandbox.moto_fixes.parameters import offer_images
from kumo_sandbox.principals import ACCOUNT, iam_arn, make_administrator, principal_of
from kumo_sandbox.recorder import Call, Recorder
from kumo_sandbox.toolchain import charts

REGION = "ap-northeast-1"
TICK = 0.25  # seconds between looks at what is due
BEFORE_DISPATCH = ("throttle", "error5xx", "drop")
log = logging.getLogger("kumo_sandbox")


def scope_of(environ: dict[str, Any]) -> tuple[str, str, str]:
    """(access key, region, service) a request was signed for, empty where it is not signed."""
    words = environ.get("HTTP_AUTHORIZATION", "")
    credential = words.partition("Credential=")[2].partition(",")[0]
    if not credential:
        credential = (parse_qs(environ.get("QUERY_STRING", "")).get("X-Amz-Credential") or [""])[0]
    parts = credential.split("/")
    return (parts[0], parts[2], parts[3]) if len(parts) == 5 else ("", "", "")


def operation_of(environ: dict[str, Any], body: bytes, signed_for: str) -> str:
    """The API operation of a request to moto: by target header, by Action, else method and path."""
    target = environ.get("HTTP_X_AMZ_TARGET")
    if target:
        return target.rsplit(".", 1)[-1]
    if signed_for == "eks-auth":
        return "AssumeRoleForPodIdentity"
    action = parameters(environ, body).get("Action")
    return action or f"{environ['REQUEST_METHOD']} {environ.get('PATH_INFO', '/')}"


def parameters(environ: dict[str, Any], body: bytes) -> dict[str, str]:
    """The parameters of a request in the query protocol, in its form or its URL."""
    form = "form" in environ.get("CONTENT_TYPE", "")
    words = body.decode("utf-8", "replace") if form else environ.get("QUERY_STRING", "")
    return {key: values[0] for key, values in parse_qs(words).items()}


ROLES = re.compile(rb'"(?:roleArn|nodeRole|podExecutionRoleArn|serviceAccountRoleArn)"\s*:\s*"([^"]+)"')
CODE = re.compile(rb'<Code>([^<]+)</Code>|"__type":\s*"(?:[^"#]*#)?([^"]+)"|"code":\s*"([^"]+)"')


def roles_in(body: bytes) -> list[str]:
    """The roles a request to EKS passes to the service."""
    return [match.decode("utf-8", "replace") for match in ROLES.findall(body)]


def error_code(answer: bytes) -> str:
    """The code of an error of whichever protocol."""
    match = CODE.search(answer)
    return next(group for group in match.groups() if group).decode("utf-8", "replace") if match else "Unknown"


class Front:
    """The WSGI application."""

    def __init__(self, sandbox: Sandbox) -> None:
        from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app

        self._sandbox = sandbox
        self._moto = DomainDispatcherApplication(create_backend_app)

    def __call__(self, environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        if environ.get("PATH_INFO", "").startswith("/_sandbox/"):
            return self._sandbox.control(Request(environ))(environ, start)
        length = int(environ.get("CONTENT_LENGTH") or 0)
        body = environ["wsgi.input"].read(length) if length else b""
        environ["wsgi.input"] = io.BytesIO(body)
        key, region, signed_for = scope_of(environ)
        route = self._eks_route(environ) if signed_for == "eks" else None
        operation = route[0].name if route else operation_of(environ, body, signed_for)
        if operation == web_identity.OPERATION:
            signed_for = "sts"  # the token speaks for the caller: nobody signs
        itself = MARK in environ.get("HTTP_USER_AGENT", "")
        if not itself:
            spoiled = self._spoil(environ, start, signed_for, operation, key)
            if spoiled is not None:
                return spoiled
        own = self._own(route, operation, signed_for, environ, body, key, region)
        if own is None:
            status, parts = self._to_moto(environ, start)
        else:
            status, headers, answer = own
            start(f"{status} {'OK' if status < 400 else 'Error'}", list(headers.items()))
            parts: Iterable[bytes] = [answer]
        if not itself:
            self._record(signed_for, operation, key, status, parts, body, environ)
        return parts

    def _own(
        self, route: Any, operation: str, name: str, environ: dict[str, Any], body: bytes, key: str, region: str
    ) -> service.Answer | None:
        """The answer to what the sandbox acts out itself; None for what is moto's."""
        if route:
            return self._eks(route, environ, body, key, region)
        if operation == web_identity.OPERATION:
            return web_identity.handle(parameters(environ, body), self._sandbox.issuer_key)
        if name == "eks-auth":
            path = environ.get("PATH_INFO", "")
            return eks_auth.handle(self._sandbox.store, region or self._sandbox.region, path, body)
        return None

    @staticmethod
    def _eks_route(environ: dict[str, Any]) -> Any:
        raw = environ.get("RAW_URI") or environ.get("REQUEST_URI") or environ.get("PATH_INFO", "")
        return model.match(environ["REQUEST_METHOD"], raw.partition("?")[0])

    def _eks(self, route: Any, environ: dict[str, Any], body: bytes, key: str, region: str) -> service.Answer:
        operation, path = route
        query = environ.get("QUERY_STRING", "")
        try:
            check(self._sandbox.store, environ, body, operation.name, path, region)
        except ServiceError as error:
            return service.error_answer(error)
        return service.handle(lambda name: self._sandbox.context(name, key, region), operation, path, query, body)

    def _to_moto(self, environ: dict[str, Any], start: Callable[..., Any]) -> tuple[int, list[bytes]]:
        seen: list[str] = []

        def remember(status: str, headers: list[tuple[str, str]], *rest: Any) -> Any:
            seen.append(status)
            return start(status, headers, *rest)

        parts = list(self._moto(environ, remember))
        return int(seen[0].split()[0]), parts

    def _record(
        self,
        name: str,
        operation: str,
        key: str,
        status: int,
        parts: Iterable[bytes],
        body: bytes,
        environ: dict[str, Any],
    ) -> None:
        error = error_code(b"".join(parts)) if status >= 400 else ""
        roles = roles_in(body) if name == "eks" else []
        web = operation == web_identity.OPERATION
        caller = web_identity.subject(parameters(environ, body)) if web else self._sandbox.caller(key)
        call = Call(name, operation, caller, self._sandbox.clock.now(), status, error, roles)
        self._sandbox.recorder.add(call)

    def _spoil(
        self, environ: dict[str, Any], start: Callable[..., Any], name: str, operation: str, key: str
    ) -> Iterable[bytes] | None:
        """The fault that meets this call, acted out; None when there is none."""
        fault = self._sandbox.faults.take(BEFORE_DISPATCH, name, operation)
        if fault is None:
            return None
        throttled = fault.kind == "throttle"
        status = 400 if throttled else 503
        code = fault.code or ("ThrottlingException" if throttled else "ServiceUnavailableException")
        self._sandbox.recorder.add(
            Call(
                name,
                operation,
                self._sandbox.caller(key),
                self._sandbox.clock.now(),
                0 if fault.kind == "drop" else status,
                code,
            )
        )
        if fault.kind == "drop":
            environ["werkzeug.socket"].shutdown(socket.SHUT_RDWR)
            raise ConnectionAbortedError("a fault dropped this connection")
        headers, answer = error_in_protocol(name, code, fault.message or "Rate exceeded")
        start(f"{status} Error", headers)
        return [answer]


def error_in_protocol(name: str, code: str, message: str) -> tuple[list[tuple[str, str]], bytes]:
    """An error as the service's own protocol spells it: query and EC2 answer XML, the others JSON."""
    if name in ("ec2", "iam", "sts", "autoscaling", "elasticloadbalancing", "cloudformation"):
        inner = f"<Error><Code>{code}</Code><Message>{message}</Message></Error>"
        wrapped = (
            f"<Response><Errors>{inner}</Errors></Response>"
            if name == "ec2"
            else f"<ErrorResponse>{inner}</ErrorResponse>"
        )
        return [("Content-Type", "text/xml")], wrapped.encode()
    return [("Content-Type", "application/json"), ("x-amzn-ErrorType", code)], json.dumps(
        {"__type": code, "message": message}
    ).encode()


class Sandbox:
    """A running sandbox in this process; use it in a ``with`` block.

    Args:
        speed: of the clock: 1, N or "instant".
        kubernetes: give clusters a real control plane (started when first reached).
        refuse_unsupported: refuse Kubernetes versions that AWS no longer offers.
        enforce_iam: IAM decides who may do what, see ``set_enforce_iam``.
        port: 0 takes a free one.
        state_dir: where the Kubernetes side keeps its files; None for a folder that goes with the sandbox.
    """

    def __init__(
        self,
        speed: float | str = "instant",
        kubernetes: bool = False,
        refuse_unsupported: bool = False,
        port: int = 0,
        state_dir: str | None = None,
        region: str = REGION,
        enforce_iam: bool = False,
    ) -> None:
        self.clock = Clock(speed)
        self.faults = Faults()
        self.recorder = Recorder()
        self.region = region
        self.settings = Settings(refuse_unsupported)
        self.store = Store(self.clock)
        self.kubernetes: KubernetesBackend | None = None
        self._with_kubernetes, self._state_dir, self._port = kubernetes, state_dir, port
        self._enforce_iam = enforce_iam
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._stopped = threading.Event()
        self._clients: dict[str, Any] = {}

    def __enter__(self) -> Sandbox:
        self.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self.stop()

    def start(self) -> None:
        os.environ.setdefault("MOTO_IAM_LOAD_MANAGED_POLICIES", "true")
        os.environ.setdefault("MOTO_EC2_ENABLE_INSTANCE_TYPE_VALIDATION", "false")
        slow_down(self.clock)
        take_interfaces_along()
        complete_launch_templates()
        offer_images()
        complete_iam()
        complete_elb()
        spread_instances()
        keep_parsed()
        self._forget_moto()
        self.keys = make_administrator()
        enforce(self._enforce_iam)
        logging.getLogger("werkzeug").setLevel(logging.ERROR)
        self._server = werkzeug.serving.make_server("127.0.0.1", self._port, Front(self), threaded=True)
        self.endpoint = f"http://127.0.0.1:{self._server.server_port}"
        self.aws_context = AwsContext(self.endpoint, self.keys, self._changed)
        self.aws_context.endpoint = self._endpoint
        self.aws_context.removed = self._removed
        self.aws_context.addon_ready = self._addon_ready
        if self._with_kubernetes:
            from kumo_sandbox.kubernetes import KubernetesBackend as Side

            if self._state_dir is None:
                self._folder = tempfile.TemporaryDirectory(prefix="kumo-sandbox-")
            folder = self._state_dir or self._folder.name
            reviews = f"{self.endpoint}/_sandbox/kubernetes/token-review"
            self.kubernetes = Side(folder, self.view, reviews, LoadBalancers(self.store, self.aws_context))
        threading.Thread(target=self._server.serve_forever, daemon=True, name="sandbox-server").start()
        threading.Thread(target=self._tick, daemon=True, name="sandbox-agenda").start()

    def stop(self) -> None:
        self._stopped.set()
        enforce(False)
        if self.kubernetes:
            self.kubernetes.stop()
        if self._folder:
            self._folder.cleanup()
        self._server.shutdown()
        self._server.server_close()

    def reset(self) -> None:
        """Forget every resource, call and fault; the administrator's key stays good."""
        for arn in [cluster.raw["arn"] for cluster in self.store.clusters.values()]:
            self._removed(arn)
        self.store.clear()
        self.recorder.clear()
        self.faults.clear()
        self._forget_moto()
        make_administrator(self.keys)
        enforce(self._enforce_iam)

    @staticmethod
    def _forget_moto() -> None:
        from moto.core.base_backend import BackendDict
        from moto.core.model_instances import reset_model_data

        for backends in list(BackendDict._instances):  # those that somebody asked for
            for _account, _region, backend in list(backends.iter_backends()):
                backend.reset()
        reset_model_data()

    def _tick(self) -> None:
        while not self._stopped.wait(TICK):
            try:
                self.store.settle()
            except Exception:
                log.exception("an end that was due failed")

    # what tests and the command line use

    @property
    def env(self) -> dict[str, str]:
        """The environment that leads boto3, and so Ansible, here."""
        return {
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_ACCESS_KEY_ID": self.keys[0],
            "AWS_SECRET_ACCESS_KEY": self.keys[1],
            "AWS_DEFAULT_REGION": self.region,
            "AWS_REGION": self.region,
        }

    @property
    def chart_repository(self) -> str:
        """The URL of the chart repository; its charts are fetched where they are missing."""
        charts.ensure()
        return f"{self.endpoint}{charts.PATH}"

    def client(self, name: str) -> Any:
        """A boto3 client of the administrator."""
        import boto3

        if name not in self._clients:
            self._clients[name] = boto3.client(
                name,
                region_name=self.region,
                endpoint_url=self.endpoint,
                aws_access_key_id=self.keys[0],
                aws_secret_access_key=self.keys[1],
            )
        return self._clients[name]

    def calls(self, service: str = "", operation: str = "") -> list[dict[str, object]]:
        return self.recorder.rows(service, operation)

    def add_fault(self, **words: object) -> None:
        self.faults.add(**words)

    def clear_faults(self) -> None:
        self.faults.clear()

    def set_enforce_iam(self, wanted: bool) -> None:
        """Whether IAM decides who may do what, from the next call on and until ``reset``."""
        enforce(wanted)

    def issuer_token(
        self, cluster: str, namespace: str, account: str, audience: str = "sts.amazonaws.com", seconds: int = 3600
    ) -> str:
        """A service account's token, signed with the key of the cluster's issuer as its API server would sign it.

        For what an API server does not give: a token that is expired (``seconds`` below 0), or one without a control
        plane. It vouches for a service account that need not exist.
        """
        now = int(time.time())
        with self.store.lock:
            found = self.store.clusters[(self.region, cluster)]
        claims = {
            "aud": [audience],
            "exp": now + seconds,
            "iat": now + min(seconds - 600, 0),
            "iss": found.raw["identity"]["oidc"]["issuer"],
            "kubernetes.io": {"namespace": namespace, "serviceaccount": {"name": account, "uid": "none"}},
            "sub": f"system:serviceaccount:{namespace}:{account}",
        }
        return found.issuer_key.sign({**claims, "nbf": claims["iat"]})

    def issuer_key(self, issuer: str) -> IssuerKey | None:
        """The key of a cluster's issuer (its URL or the last part of it), None when the cluster is gone."""
        with self.store.lock:
            for cluster in self.store.clusters.values():
                url = cluster.raw["identity"]["oidc"]["issuer"]
                if issuer in (url, url.rsplit("/", 1)[1]):
                    return cluster.issuer_key
        return None

    # what the service asks

    def context(self, operation: str, key: str, region: str) -> Context:
        principal = iam_arn(self.caller(key))
        return Context(
            self.store,
            self.aws_context,
            self.faults,
            self.settings,
            region or self.region,
            ACCOUNT,
            principal,
            operation,
        )

    @staticmethod
    def caller(key: str) -> str:
        found = principal_of(key)
        return found[0] if found else f"arn:aws:iam::{ACCOUNT}:root"

    def view(self, arn: str) -> Any:
        return view_of(self.store, self.aws_context, arn)

    def _endpoint(self, arn: str) -> tuple[str, str]:
        if self.kubernetes:
            return self.kubernetes.endpoint(arn)
        name = secrets.token_hex(16).upper()
        return f"https://{name}.gr7.{arn.split(':')[3]}.eks.amazonaws.com", base64.b64encode(
            b"no control plane"
        ).decode()

    def _changed(self, arn: str) -> None:
        if self.kubernetes:
            self.kubernetes.sync(arn)

    def _removed(self, arn: str) -> None:
        if self.kubernetes:
            self.kubernetes.remove(arn)

    def _addon_ready(self, cluster: Cluster, addon: str) -> bool:
        if addon in RUNS_WITHOUT_NODES:
            return True
        if self.kubernetes:
            return self.kubernetes.addon_ready(cluster.raw["arn"], addon)
        return any(
            raw["status"] != "CREATING" and raw["scalingConfig"]["desiredSize"] > 0
            for raw in cluster.nodegroups.values()
        )

    # control

    def control(self, request: Request) -> Response:
        """The sandbox's own interface, under /_sandbox/."""
        path, method = request.path.removeprefix("/_sandbox/"), request.method
        if path.startswith("kubernetes/token-review/"):
            return self._token_review(path, request)
        if path.startswith("oidc/"):
            return self._oidc(path, request)
        if path.startswith("charts/") and method == "GET":
            return self._chart_file(path.removeprefix("charts/"))
        actions: dict[tuple[str, str], Callable[[], Any]] = {
            ("GET", "status"): self.status,
            ("GET", "calls"): lambda: self.calls(request.args.get("service", ""), request.args.get("operation", "")),
            ("DELETE", "calls"): self.recorder.clear,
            ("GET", "faults"): self.faults.rows,
            ("POST", "faults"): lambda: vars(self.faults.add(**request.get_json())),
            ("DELETE", "faults"): self.faults.clear,
            ("GET", "clock"): lambda: {"speed": self.clock.speed, "now": self.clock.now()},
            ("PUT", "clock"): lambda: self._set_clock(request.get_json()),
            ("POST", "reset"): self.reset,
            ("GET", "kubeconfig"): lambda: {"path": self._kubeconfig(request.args.get("cluster", ""))},
            ("GET", "iam"): lambda: {"enforced": enforced()},
            ("PUT", "iam"): lambda: self._set_iam(request.get_json()),
            ("POST", "token"): lambda: {"token": self._token(request.get_json())},
        }
        act = actions.get((method, path))
        if act is None:
            return Response(f"{method} /_sandbox/{path} is not known\n", 404)
        try:
            return Response(json.dumps(act()), mimetype="application/json")
        except (TypeError, ValueError) as error:
            return Response(f"{error}\n", 400)

    def _set_clock(self, wanted: dict[str, Any]) -> dict[str, Any]:
        if "speed" in wanted:
            self.clock.set_speed(wanted["speed"])
        self.clock.advance(float(wanted.get("advance", 0)))
        self.store.settle()
        return {"speed": self.clock.speed, "now": self.clock.now()}

    def _kubeconfig(self, name: str) -> str:
        with self.store.lock:
            cluster = self.store.clusters.get((self.region, name))
        if cluster is None or self.kubernetes is None:
            raise ValueError(f"no cluster {name!r} with a control plane in {self.region}")
        return str(self.kubernetes.kubeconfig(cluster.raw["arn"]))

    def _set_iam(self, wanted: dict[str, Any]) -> dict[str, bool]:
        if not isinstance(wanted.get("enforced"), bool):
            raise ValueError(f"enforced {wanted.get('enforced')!r}: true or false is wanted")
        self.set_enforce_iam(wanted["enforced"])
        return {"enforced": enforced()}

    def _token(self, wanted: dict[str, Any]) -> str:
        try:
            return self.issuer_token(**wanted)
        except KeyError as error:
            raise ValueError(f"no cluster {wanted.get('cluster')!r} in {self.region}") from error

    def _oidc(self, path: str, request: Request) -> Response:
        """What an issuer publishes: oidc/ID/.well-known/openid-configuration and oidc/ID/keys."""
        name, dummy, document = path.removeprefix("oidc/").partition("/")
        with self.store.lock:
            issuers = [cluster.raw["identity"]["oidc"]["issuer"] for cluster in self.store.clusters.values()]
        issuer = next((each for each in issuers if each.rsplit("/", 1)[1] == name), None)
        key = self.issuer_key(issuer) if issuer else None
        documents: dict[str, Callable[[], Any]] = {
            ".well-known/openid-configuration": lambda: discovery(str(issuer)),
            "keys": lambda: key.jwks if key else None,
        }
        if key is None or document not in documents or request.method != "GET":
            return Response(f"no issuer publishes {request.path}\n", 404)
        return Response(json.dumps(documents[document]()), mimetype="application/json")

    @staticmethod
    def _chart_file(name: str) -> Response:
        """A file of the chart repository, as `kumo-sandbox charts` put it into the cache: index.yaml, a packaged chart."""
        files = charts.files()
        if name in files:
            kind = "text/yaml" if name.endswith(".yaml") else "application/gzip"
            return Response(files[name].read_bytes(), mimetype=kind)
        words = f"no {name}; there are {', '.join(sorted(files))}" if files else charts.UNFETCHED
        return Response(f"{words}\n", 404)

    def _token_review(self, path: str, request: Request) -> Response:
        from kumo_sandbox.kubernetes import review_token

        cluster = self.view(path.removeprefix("kubernetes/token-review/"))
        answer = review_token(request.get_json(), cluster=cluster, principal_of=principal_of, now=time.time())
        return Response(json.dumps(answer), mimetype="application/json")

    def status(self) -> dict[str, Any]:
        """What stands: endpoint, clock, clusters with their children, control planes."""
        with self.store.lock:
            clusters = [
                {
                    "name": c.name,
                    "arn": c.raw["arn"],
                    "region": region,
                    "status": c.raw["status"],
                    "version": c.raw["version"],
                    "issuer": c.raw["identity"]["oidc"]["issuer"],
                    "oidc": f"{self.endpoint}/_sandbox/oidc/{c.raw['identity']['oidc']['issuer'].rsplit('/', 1)[1]}",
                    "nodegroups": {k: v["status"] for k, v in c.nodegroups.items()},
                    "fargate_profiles": {k: v["status"] for k, v in c.fargate_profiles.items()},
                    "addons": {k: v["status"] for k, v in c.addons.items()},
                }
                for (region, dummy), c in self.store.clusters.items()
            ]
        planes = list(self.kubernetes.status()) if self.kubernetes else []
        return {
            "endpoint": self.endpoint,
            "speed": self.clock.speed,
            "enforce_iam": enforced(),
            "clusters": clusters,
            "control_planes": planes,
        }
