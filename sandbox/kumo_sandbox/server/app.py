"""One address for all of AWS: what a request passes from the socket to its answer.

The sandbox answers EKS, EKS Auth, IAM Roles Anywhere, AWS Outposts and AssumeRoleWithWebIdentity, moto the rest; /_sandbox/ is its control.
"""

from __future__ import annotations

import io
import socket
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, NoReturn

from werkzeug.wrappers import Request

from kumo_sandbox import price_list
from kumo_sandbox.account import Account
from kumo_sandbox.eks import model, outposts, service
from kumo_sandbox.eks.errors import ServiceError
from kumo_sandbox.faults import Fault
from kumo_sandbox.identity import eks_auth, roles_anywhere, web_identity
from kumo_sandbox.identity.enforcement import Request as SignedRequest
from kumo_sandbox.identity.enforcement import check, is_enforced
from kumo_sandbox.identity.sessions import describe_expired, is_expired
from kumo_sandbox.principals import MARK
from kumo_sandbox.recorder import Call
from kumo_sandbox.server import cloudtrail
from kumo_sandbox.server.control import Control
from kumo_sandbox.server.lag import Lag
from kumo_sandbox.server.moto_app import build_moto
from kumo_sandbox.server.wire import (
    THROTTLED,
    THROTTLED_ELSEWHERE,
    UNAVAILABLE,
    UNKNOWN_KEY,
    UNKNOWN_KEY_ELSEWHERE,
    XML_SERVICES,
    build_error,
    read_body,
    read_error_code,
    read_operation,
    read_parameters,
    read_passed_roles,
    read_scope,
)

AROUND_DISPATCH = ("throttle", "error5xx", "drop", "lose_answer", "slow", "hold", "hold_answer")
BESIDE = {roles_anywhere.SERVICE: roles_anywhere.handle, outposts.SERVICE: outposts.handle}
ROUTED = ("eks", *BESIDE)  # services whose requests are distinguished by botocore's model
AFTER_THE_WORK = ("lose_answer", "hold_answer")
Start = Callable[..., Any]


@dataclass
class Received:
    """A request to AWS: its WSGI environment and body, and what they say."""

    environ: dict[str, Any]
    body: bytes
    access_key: str
    region: str
    service: str
    operation: str
    route: Any  # of an operation of EKS, IAM Roles Anywhere or Outposts: its model and the values in its path

    @property
    def is_from_sandbox(self) -> bool:
        """The sandbox's own calls are neither recorded nor hit by faults."""
        return MARK in self.environ.get("HTTP_USER_AGENT", "")

    @property
    def is_decided_by_iam(self) -> bool:
        """A pod is identified by its token, and what is under /moto-api/ belongs to no service."""
        by_token = self.operation == web_identity.OPERATION or self.service == "eks-auth"
        return not by_token and not self.path.startswith("/moto-api/")

    @property
    def path(self) -> str:
        return self.environ.get("PATH_INFO", "")

    @property
    def parameters(self) -> dict[str, str]:
        return read_parameters(self.environ, self.body)

    def build_signed_request(self) -> SignedRequest:
        """What IAM decides about."""
        path = self.route[1] if self.route else {}
        is_json = self.service not in XML_SERVICES
        return SignedRequest(
            self.environ, self.body, self.service, self.operation, self.region, path, self.parameters, is_json
        )


def receive(environ: dict[str, Any]) -> Received:
    """Read a request; its body can be read again by moto."""
    body = read_body(environ)
    environ["wsgi.input"] = io.BytesIO(body)
    access_key, region, signed_for = read_scope(environ)
    route = match_route(environ, signed_for) if signed_for in ROUTED else None
    operation = route[0].name if route else read_operation(environ, body, signed_for)
    # a call of AssumeRoleWithWebIdentity is not signed: the token identifies the caller
    name = "sts" if operation == web_identity.OPERATION else signed_for
    return Received(environ, body, access_key, region, name, operation, route)


def match_route(environ: dict[str, Any], name: str) -> Any:
    raw = environ.get("RAW_URI") or environ.get("REQUEST_URI") or environ.get("PATH_INFO", "")
    return model.match(environ["REQUEST_METHOD"], raw.partition("?")[0], name)


def build_missing(received: Received, reason: str) -> service.Answer:
    """The answer to a call that moto does not have. Clients do not send it again, as they would after a 500."""
    headers, body = build_error(received.service, "NotImplemented", f"The sandbox does not have it: {reason}")
    return 501, dict(headers), body


class App:
    """The WSGI application."""

    def __init__(self, account: Account, control: Control, latency: float = 0.0) -> None:
        self._account, self._control, self._latency = account, control, latency
        self.lag = Lag(account.clock)
        self._moto = build_moto()
        self._one_at_a_time = threading.Lock()

    def __call__(self, environ: dict[str, Any], start: Start) -> Iterable[bytes]:
        if environ.get("PATH_INFO", "").startswith("/_sandbox/"):
            return self._control.respond(Request(environ))(environ, start)
        received = receive(environ)
        if self._latency and not received.is_from_sandbox:
            time.sleep(self._latency)
        fault = None if received.is_from_sandbox else self._take_fault(received)
        if fault and fault.kind == "slow":
            time.sleep(fault.seconds)
        elif fault and fault.kind not in AFTER_THE_WORK:
            return self._act_out(fault, received, start)
        if not received.is_from_sandbox:
            self._account.store.settle()  # the sandbox's own calls come from what settles
        expired = is_expired(received.access_key, self._account.clock.now())
        status, parts = self._refuse_expired(received, start) if expired else self._answer(received, start)
        if not received.is_from_sandbox:
            self._record(received, status, read_error_code(b"".join(parts)) if status >= 400 else "")
            if status < 400:
                self.lag.note(received.service, received.operation, received.parameters, b"".join(parts))
        if fault and fault.kind in AFTER_THE_WORK:
            self._lose(fault, received)
        return parts

    # faults

    def _take_fault(self, received: Received) -> Fault | None:
        return self._account.faults.take(AROUND_DISPATCH, received.service, received.operation)

    def _lose(self, fault: Fault, received: Received) -> NoReturn:
        """Drop the connection, or keep it without an answer and drop it when the faults are cleared."""
        if fault.kind in ("hold", "hold_answer"):
            self._account.faults.hold(fault)
        connection = received.environ.get("werkzeug.socket")  # a client of this process has none
        with suppress(OSError):  # the client may be gone
            if connection:
                connection.shutdown(socket.SHUT_RDWR)
        raise ConnectionAbortedError("a fault dropped this connection")

    def _act_out(self, fault: Fault, received: Received, start: Start) -> Iterable[bytes]:
        """Throttle, fail, hold or drop the call instead of answering it."""
        throttled = THROTTLED.get(received.service, THROTTLED_ELSEWHERE)
        code, status = throttled if fault.kind == "throttle" else UNAVAILABLE
        code = fault.code or code
        is_lost = fault.kind in ("drop", "hold")
        self._record(received, 0 if is_lost else status, code)
        if is_lost:
            self._lose(fault, received)
        headers, answer = build_error(received.service, code, fault.message or "Rate exceeded")
        start(f"{status} Error", headers)
        return [answer]

    @staticmethod
    def _refuse_expired(received: Received, start: Start) -> tuple[int, list[bytes]]:
        code, status, message = describe_expired(received.service)
        headers, answer = build_error(received.service, code, message)
        start(f"{status} Error", headers)
        return status, [answer]

    # answers

    def _answer(self, received: Received, start: Start) -> tuple[int, list[bytes]]:
        answer = self._deny(received) or self._answer_ourselves(received) or self._answer_late(received)
        if answer is None:
            return self._ask_moto(received, start)
        status, headers, body = answer
        start(f"{status} {'OK' if status < 400 else 'Error'}", list(headers.items()))
        return status, [body]

    def _deny(self, received: Received) -> service.Answer | None:
        """IAM's answer to a call that it does not allow; None where it does, or where it does not decide."""
        if not is_enforced() or not received.is_decided_by_iam:
            return None
        try:
            check(self._account.store, received.build_signed_request())
        except ServiceError as error:
            if received.service == "eks":
                return service.build_error_answer(error)
            headers, body = build_error(received.service, error.code, error.message)
            return error.status, dict(headers), body
        return None

    def _answer_ourselves(self, received: Received) -> service.Answer | None:
        """The answer to what the sandbox acts out itself; None for what is moto's."""
        if received.region and not self._account.has_region(received.region):
            return self._refuse_key(received)
        if received.route and received.service == "eks":
            return self._answer_eks(received)
        if received.route:
            return BESIDE[received.service](self._account.store, received, *received.route)
        if received.operation == web_identity.OPERATION:
            return web_identity.handle(received.parameters, self._account.find_issuer_key)
        if received.service == "cloudtrail" and received.operation == "LookupEvents":
            region = received.region or self._account.region
            return cloudtrail.handle(self._account.recorder.calls(), region, self._account.clock.now(), received.body)
        if received.service == "pricing" and received.operation == "GetProducts":
            return price_list.handle(received.region, received.body)
        if received.service == "eks-auth":
            region = received.region or self._account.region
            return eks_auth.handle(self._account.store, region, received.path, received.body)
        return None

    @staticmethod
    def _refuse_key(received: Received) -> service.Answer:
        """An account and its keys are of one partition, and unknown in regions that the account has not enabled.

        https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html, https://github.com/aws/chalice/issues/1445
        """
        code, status, message = UNKNOWN_KEY.get(received.service, UNKNOWN_KEY_ELSEWHERE)
        headers, body = build_error(received.service, code, message)
        return status, dict(headers), body

    def _answer_late(self, received: Received) -> service.Answer | None:
        """The error of a read that does not find yet what was made a moment ago."""
        if received.is_from_sandbox:
            return None
        refusal = self.lag.find_refusal(received.service, received.operation, received.parameters)
        if refusal is None:
            return None
        code, message, status = refusal
        headers, body = build_error(received.service, code, message)
        return status, dict(headers), body

    def _answer_eks(self, received: Received) -> service.Answer:
        operation, path = received.route
        query = received.environ.get("QUERY_STRING", "")

        def build_context(name: str) -> Any:
            return self._account.build_context(name, received.access_key, received.region)

        return service.handle(build_context, operation, path, query, received.body)

    def _ask_moto(self, received: Received, start: Start) -> tuple[int, list[bytes]]:
        began: list[Any] = []  # what moto's application begins its answer with: status and headers
        # moto keeps its state without locks; a service looks and changes in one step, whoever asks at the same time
        with self._one_at_a_time:
            try:
                body = b"".join(self._moto(received.environ, lambda *words: began.append(words)))
            except NotImplementedError as error:
                status, headers, body = build_missing(received, str(error))
                start(f"{status} Error", list(headers.items()))
                return status, [body]
        status, headers = began[0][:2]
        if not received.is_from_sandbox:
            body = self.lag.hide(received.service, received.operation, body)
        sized = [(name, str(len(body)) if name.lower() == "content-length" else value) for name, value in headers]
        start(status, sized)
        return int(status.split()[0]), [body]

    # the recorder

    def _record(self, received: Received, status: int, error: str) -> None:
        account = self._account
        roles = read_passed_roles(received.body) if received.service == "eks" else []
        caller = self._find_caller(received)
        account.recorder.add(
            Call(
                received.service,
                received.operation,
                caller,
                account.clock.now(),
                status,
                error,
                roles,
                received.region or account.region,
                cloudtrail.read_parameters(received.route, received.body),
            )
        )

    def _find_caller(self, received: Received) -> str:
        if received.operation == web_identity.OPERATION:
            return web_identity.read_subject(received.parameters)
        return self._account.find_caller(received.access_key)
