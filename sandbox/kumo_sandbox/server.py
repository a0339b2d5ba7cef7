"""The sandbox's server: one address for all of AWS, with a recorder and faults in front.

EKS is answered by kumo_sandbox.aws, every other service by moto. Control of the sandbox itself is under /_sandbox/.
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
import threading
import time
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import parse_qs

import werkzeug.serving
from werkzeug.wrappers import Request, Response

from kumo_sandbox.aws import model, service
from kumo_sandbox.aws.addon_versions import RUNS_WITHOUT_NODES
from kumo_sandbox.aws.context import Context, Settings
from kumo_sandbox.aws.store import Cluster, Store
from kumo_sandbox.aws.world import MARK, World
from kumo_sandbox.clock import Clock
from kumo_sandbox.faults import Faults
from kumo_sandbox.interfaces import KubernetesSide
from kumo_sandbox.natgateways import slow_down
from kumo_sandbox.parameters import offer_images
from kumo_sandbox.principals import ACCOUNT, iam_arn, make_administrator, principal_of
from kumo_sandbox.recorder import Call, Recorder
from kumo_sandbox.views import view_of

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
    words = (
        body.decode("utf-8", "replace")
        if "form" in environ.get("CONTENT_TYPE", "")
        else environ.get("QUERY_STRING", "")
    )
    action = parse_qs(words).get("Action")
    return action[0] if action else f"{environ['REQUEST_METHOD']} {environ.get('PATH_INFO', '/')}"


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
        itself = MARK in environ.get("HTTP_USER_AGENT", "")
        if not itself:
            spoiled = self._spoil(environ, start, signed_for, operation, key)
            if spoiled is not None:
                return spoiled
        if route:
            status, headers, answer = self._eks(route, environ, body, key, region)
            start(f"{status} {'OK' if status < 400 else 'Error'}", list(headers.items()))
            parts: Iterable[bytes] = [answer]
        else:
            status, parts = self._to_moto(environ, start)
        if not itself:
            self._record(signed_for, operation, key, status, parts, body)
        return parts

    @staticmethod
    def _eks_route(environ: dict[str, Any]) -> Any:
        raw = environ.get("RAW_URI") or environ.get("REQUEST_URI") or environ.get("PATH_INFO", "")
        return model.match(environ["REQUEST_METHOD"], raw.partition("?")[0])

    def _eks(self, route: Any, environ: dict[str, Any], body: bytes, key: str, region: str) -> service.Answer:
        operation, path = route
        query = environ.get("QUERY_STRING", "")
        return service.handle(lambda name: self._sandbox.context(name, key, region), operation, path, query, body)

    def _to_moto(self, environ: dict[str, Any], start: Callable[..., Any]) -> tuple[int, list[bytes]]:
        seen: list[str] = []

        def remember(status: str, headers: list[tuple[str, str]], *rest: Any) -> Any:
            seen.append(status)
            return start(status, headers, *rest)

        parts = list(self._moto(environ, remember))
        return int(seen[0].split()[0]), parts

    def _record(self, name: str, operation: str, key: str, status: int, parts: Iterable[bytes], body: bytes) -> None:
        error = error_code(b"".join(parts)) if status >= 400 else ""
        roles = roles_in(body) if name == "eks" else []
        call = Call(name, operation, self._sandbox.caller(key), self._sandbox.clock.now(), status, error, roles)
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
        port: 0 takes a free one.
        state_dir: where the Kubernetes side keeps its files; needed with kubernetes.
    """

    def __init__(
        self,
        speed: float | str = "instant",
        kubernetes: bool = False,
        refuse_unsupported: bool = False,
        port: int = 0,
        state_dir: str | None = None,
        region: str = REGION,
    ) -> None:
        self.clock = Clock(speed)
        self.faults = Faults()
        self.recorder = Recorder()
        self.region = region
        self.settings = Settings(refuse_unsupported)
        self.store = Store(self.clock)
        self.kubernetes: KubernetesSide | None = None
        self._with_kubernetes, self._state_dir, self._port = kubernetes, state_dir, port
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
        offer_images()
        self._forget_moto()
        self.keys = make_administrator()
        logging.getLogger("werkzeug").setLevel(logging.ERROR)
        self._server = werkzeug.serving.make_server("127.0.0.1", self._port, Front(self), threaded=True)
        self.endpoint = f"http://127.0.0.1:{self._server.server_port}"
        self.world = World(self.endpoint, self.keys, self._changed)
        self.world.endpoint = self._endpoint
        self.world.removed = self._removed
        self.world.addon_ready = self._addon_ready
        if self._with_kubernetes:
            from kumo_sandbox.kubernetes import KubernetesSide as Side

            self.kubernetes = Side(str(self._state_dir), self.view, f"{self.endpoint}/_sandbox/kubernetes/token-review")
        threading.Thread(target=self._server.serve_forever, daemon=True, name="sandbox-server").start()
        threading.Thread(target=self._tick, daemon=True, name="sandbox-agenda").start()

    def stop(self) -> None:
        self._stopped.set()
        if self.kubernetes:
            self.kubernetes.stop()
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

    @staticmethod
    def _forget_moto() -> None:
        from moto.backends import get_backend
        from moto.core.model_instances import reset_model_data

        for name in ("ec2", "iam", "sts", "autoscaling", "ssm", "kms"):
            for account in get_backend(name).values():
                for backend in account.values():
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

    # what the service asks

    def context(self, operation: str, key: str, region: str) -> Context:
        principal = iam_arn(self.caller(key))
        return Context(
            self.store, self.world, self.faults, self.settings, region or self.region, ACCOUNT, principal, operation
        )

    @staticmethod
    def caller(key: str) -> str:
        found = principal_of(key)
        return found[0] if found else f"arn:aws:iam::{ACCOUNT}:root"

    def view(self, arn: str) -> Any:
        return view_of(self.store, self.world, arn)

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
                    "region": region,
                    "status": c.raw["status"],
                    "version": c.raw["version"],
                    "nodegroups": {k: v["status"] for k, v in c.nodegroups.items()},
                    "fargate_profiles": {k: v["status"] for k, v in c.fargate_profiles.items()},
                    "addons": {k: v["status"] for k, v in c.addons.items()},
                }
                for (region, dummy), c in self.store.clusters.items()
            ]
        planes = list(self.kubernetes.status()) if self.kubernetes else []
        return {"endpoint": self.endpoint, "speed": self.clock.speed, "clusters": clusters, "control_planes": planes}
