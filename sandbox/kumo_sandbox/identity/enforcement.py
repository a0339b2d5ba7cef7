"""Whether IAM decides who may do what, and its decision about a call before anybody answers it.

Without it every signed call is allowed. The switch is moto's, which its /moto-api/reset-auth turns too. What moto would decide
itself, without resources and conditions, is decided here; it keeps S3 and other services whose requests do not name their action.
"""

from __future__ import annotations

import json
import math
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from werkzeug.datastructures import EnvironHeaders

from kumo_sandbox.eks.errors import ServiceError
from kumo_sandbox.eks.store import Store
from kumo_sandbox.identity import roles_anywhere
from kumo_sandbox.identity.asks import Ask
from kumo_sandbox.identity.asks_of_autoscaling import build_autoscaling_asks
from kumo_sandbox.identity.asks_of_ec2 import build_ec2_asks
from kumo_sandbox.identity.asks_of_eks import build_eks_asks
from kumo_sandbox.identity.asks_of_iam import build_iam_asks
from kumo_sandbox.identity.policies import Caller, build_caller
from kumo_sandbox.principals import ACCOUNT

# Needs no permission, "even if there's an explicit Deny": https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html
FREE = "sts:GetCallerIdentity"
JSON = "AccessDeniedException"
# Codes of a denial, and of a key nobody has and a wrong signature, where they are not those of the JSON protocol.
DENIED = {"ec2": "UnauthorizedOperation"}
XML_DENIED = "AccessDenied"
UNKNOWN_KEY = ("UnrecognizedClientException", "The security token included in the request is invalid.")
BAD_SIGNATURE = (
    "InvalidSignatureException",
    "The request signature we calculated does not match the signature you provided.",
)
XML_CODES = {
    "UnrecognizedClientException": "InvalidClientTokenId",
    "InvalidSignatureException": "SignatureDoesNotMatch",
}
EC2_CREDENTIALS = ("AuthFailure", "AWS was not able to validate the provided access credentials")


class Denied(ServiceError):
    def __init__(self, code: str, message: str, status: int = 403) -> None:
        super().__init__(message)
        self.code, self.status = code, status


@dataclass(frozen=True)
class Request:
    """A signed call: what it asks for, by whom is in its headers.

    Args:
        path: the values in the path of a call to EKS.
        parameters: those of the query protocol.
        is_json: the service speaks JSON.
    """

    environ: dict[str, Any]
    body: bytes
    service: str
    operation: str
    region: str
    path: dict[str, str]
    parameters: dict[str, str]
    is_json: bool

    @property
    def action(self) -> str:
        return f"{self.service}:{self.operation}"


def is_enforced() -> bool:
    from moto import settings

    return settings.INITIAL_NO_AUTH_ACTION_COUNT != math.inf


def set_enforced(wanted: bool) -> None:
    """From the next call on. The switch is one for the process."""
    from moto import settings
    from moto.core.authorization import ActionAuthenticatorMixin

    settings.INITIAL_NO_AUTH_ACTION_COUNT = 0.0 if wanted else math.inf
    ActionAuthenticatorMixin.request_count = 0


class Decided(threading.local):
    """Whether the call that this thread answers was decided here."""

    here = False


decided = Decided()


def leave_decisions_to_us() -> None:
    """moto decides only what ``is_ours`` leaves to it."""
    from moto.core.authorization import ActionAuthenticatorMixin

    if getattr(ActionAuthenticatorMixin, "_kumo", False):
        return
    original = ActionAuthenticatorMixin._authenticate_and_authorize_normal_action

    def authorize(self: Any, resource: str = "*") -> None:
        if not decided.here:
            original(self, resource)

    ActionAuthenticatorMixin._authenticate_and_authorize_normal_action = authorize
    ActionAuthenticatorMixin._kumo = True


def is_ours(operation: str) -> bool:
    """Whether the request names its action; that of others ("GET /bucket") only moto knows."""
    return " " not in operation


def check(store: Store, request: Request) -> None:
    """Whether the signer of a call may make it, where IAM decides; raises Denied in the service's words."""
    decided.here = is_ours(request.operation)
    if not decided.here:
        return
    caller = authenticate(request)
    if request.action == FREE:
        return
    regional = {"aws:RequestedRegion": [request.region]}
    asks = list(build_asks(store, request))
    for ask in asks:
        for resource, known in ask.resources:
            why = caller.explain_denial(ask.action, resource, {**regional, **ask.context, **known})
            if why:
                raise build_denial(request, ask, caller.arn, resource, why)
        ask.when_allowed()


def authenticate(request: Request) -> Caller:
    """Who signed the call; raises Denied for a key nobody has and a signature that is wrong."""
    from moto.core.exceptions import AuthFailureError, InvalidClientTokenIdError, SignatureDoesNotMatchError
    from moto.iam.access_control import IAMRequest

    environ = request.environ
    raw = environ.get("RAW_URI") or environ.get("REQUEST_URI") or environ.get("PATH_INFO", "")
    if "HTTP_AUTHORIZATION" not in environ:
        raise Denied("MissingAuthenticationToken", "Request is missing Authentication Token")
    try:
        signed = IAMRequest(
            account_id=ACCOUNT,
            method=environ["REQUEST_METHOD"],
            path=raw,
            data={},
            body=request.body,
            headers=EnvironHeaders(environ),  # type: ignore[arg-type]
            action=request.operation,
        )
        signed.check_signature()
    except AuthFailureError as error:
        raise Denied(*EC2_CREDENTIALS, status=401) from error
    except InvalidClientTokenIdError as error:
        raise build_credentials_error(request, *UNKNOWN_KEY) from error
    except SignatureDoesNotMatchError as error:
        raise build_credentials_error(request, *BAD_SIGNATURE) from error
    return build_caller(signed._access_key, signed._access_key.arn)


def build_credentials_error(request: Request, code: str, message: str) -> Denied:
    return Denied(code if request.is_json else XML_CODES[code], message)


def build_asks(store: Store, request: Request) -> Iterator[Ask]:
    if request.service == "eks":
        body = json.loads(request.body) if request.body else {}
        return build_eks_asks(store, request.operation, request.path, body, request.region)
    if request.service == "ec2":
        return build_ec2_asks(request.operation, request.parameters, request.region)
    if request.service == "iam":
        return build_iam_asks(request.operation, request.parameters, request.region)
    if request.service == "autoscaling":
        return build_autoscaling_asks(request.operation, request.parameters, request.region)
    if request.service == roles_anywhere.SERVICE:
        body = json.loads(request.body) if request.body else {}
        return roles_anywhere.build_asks(request.operation, body)
    return build_other_asks(request)


def build_other_asks(request: Request) -> Iterator[Ask]:
    """Services whose resources are not known here ask for all, AssumeRole for its role (whom that trusts is STS' question)."""
    arn = request.parameters.get("RoleArn", "*") if request.action == "sts:AssumeRole" else "*"
    yield Ask(request.action, [(arn, {})])


def build_denial(request: Request, ask: Ask, arn: str, resource: str, why: str) -> Denied:
    """The denial in the service's code and words.

    EC2's: https://github.com/hashicorp/terraform-provider-aws/issues/34234, IAM's:
    https://github.com/terraform-aws-modules/terraform-aws-eks/issues/2517
    """
    if ask.refusal:
        return Denied(ask.refusal.code, ask.refusal.message, ask.refusal.status)
    if ask.action.startswith("iam:") and ":role/" in resource and request.service == "iam":
        resource = "role " + resource.rsplit("/", 1)[-1]
    where = "" if resource == "*" and request.service == "ec2" else f" on resource: {resource}"
    text = f"User: {arn} is not authorized to perform: {ask.action}{where} {why}"
    if request.service == "ec2":
        text = f"You are not authorized to perform this operation. {text}"
    return Denied(DENIED.get(request.service, JSON if request.is_json else XML_DENIED), text)
