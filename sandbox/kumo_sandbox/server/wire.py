"""Requests and errors as they travel: who signed, which operation is called, and errors in each protocol."""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import parse_qs

ROLES = re.compile(rb'"(?:roleArn|nodeRole|podExecutionRoleArn|serviceAccountRoleArn)"\s*:\s*"([^"]+)"')
CODE = re.compile(rb'<Code>([^<]+)</Code>|"__type":\s*"(?:[^"#]*#)?([^"]+)"|"code":\s*"([^"]+)"')
XML_SERVICES = ("ec2", "iam", "sts", "autoscaling", "elasticloadbalancing", "cloudformation", "route53")
# The reads of Route 53 whose names are known here, so that they may be denied by name
ROUTE53 = (
    (re.compile(r"GET /2013-04-01/hostedzone"), "ListHostedZones"),
    (re.compile(r"GET /2013-04-01/hostedzone/[^/]+/rrset"), "ListResourceRecordSets"),
)

# Of a key that is of another partition or of a region that is not enabled, which is to say of none there: EKS' and other JSON services' common errors, IAM's
# (https://docs.aws.amazon.com/IAM/latest/APIReference/CommonErrors.html), EC2's
# (https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html)
UNKNOWN_KEY = {
    "ec2": ("AuthFailure", 401, "AWS was not able to validate the provided access credentials"),
    **dict.fromkeys(
        XML_SERVICES[1:], ("InvalidClientTokenId", 403, "The security token included in the request is invalid.")
    ),
}
UNKNOWN_KEY_ELSEWHERE = ("UnrecognizedClientException", 403, "The security token included in the request is invalid.")

# Code and status of a call that is one too many: EKS' model (ThrottlingException),
# https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-throttling.html, and what IAM and STS answer
# (https://github.com/go-to-k/delstack/issues/82)
THROTTLED = {
    "eks": ("ThrottlingException", 429),
    "ec2": ("RequestLimitExceeded", 503),
    "iam": ("Throttling", 400),
    "sts": ("Throttling", 400),
}
THROTTLED_ELSEWHERE = ("ThrottlingException", 400)
UNAVAILABLE = ("ServiceUnavailableException", 503)


def read_body(environ: dict[str, Any]) -> bytes:
    length = int(environ.get("CONTENT_LENGTH") or 0)
    return environ["wsgi.input"].read(length) if length else b""


def read_scope(environ: dict[str, Any]) -> tuple[str, str, str]:
    """(access key, region, service) a request was signed for, empty where it is not signed."""
    header = environ.get("HTTP_AUTHORIZATION", "")
    credential = header.partition("Credential=")[2].partition(",")[0]
    if not credential:
        credential = (parse_qs(environ.get("QUERY_STRING", "")).get("X-Amz-Credential") or [""])[0]
    parts = credential.split("/")
    return (parts[0], parts[2], parts[3]) if len(parts) == 5 else ("", "", "")


def read_operation(environ: dict[str, Any], body: bytes, signed_for: str) -> str:
    """The API operation of a request to moto: by target header, by Action, else method and path."""
    target = environ.get("HTTP_X_AMZ_TARGET")
    if target:
        return target.rsplit(".", 1)[-1]
    if signed_for == "eks-auth":
        return "AssumeRoleForPodIdentity"
    if signed_for == "route53":
        return _read_route53_operation(environ)
    action = read_parameters(environ, body).get("Action")
    return action or f"{environ['REQUEST_METHOD']} {environ.get('PATH_INFO', '/')}"


def _read_route53_operation(environ: dict[str, Any]) -> str:
    """Route 53 names its operations by method and path. https://docs.aws.amazon.com/Route53/latest/APIReference/API_Operations.html"""
    method, path = environ["REQUEST_METHOD"], environ.get("PATH_INFO", "/")
    names = [name for pattern, name in ROUTE53 if pattern.fullmatch(f"{method} {path}")]
    return names[0] if names else f"{method} {path}"


def read_parameters(environ: dict[str, Any], body: bytes) -> dict[str, str]:
    """The parameters of a request in the query protocol, in its form or its URL."""
    form = "form" in environ.get("CONTENT_TYPE", "")
    text = body.decode("utf-8", "replace") if form else environ.get("QUERY_STRING", "")
    return {key: values[0] for key, values in parse_qs(text).items()}


def read_passed_roles(body: bytes) -> list[str]:
    """The roles a request to EKS passes to the service."""
    return [match.decode("utf-8", "replace") for match in ROLES.findall(body)]


def read_error_code(answer: bytes) -> str:
    """The code of an error in any of the protocols."""
    match = CODE.search(answer)
    return next(group for group in match.groups() if group).decode("utf-8", "replace") if match else "Unknown"


def build_error(service: str, code: str, message: str) -> tuple[list[tuple[str, str]], bytes]:
    """Headers and body of an error in the service's own protocol: query and EC2 answer XML, the others JSON."""
    if service not in XML_SERVICES:
        body = json.dumps({"__type": code, "message": message}).encode()
        return [("Content-Type", "application/json"), ("x-amzn-ErrorType", code)], body
    inner = f"<Error><Code>{code}</Code><Message>{message}</Message></Error>"
    if service == "ec2":
        inner = f"<Errors>{inner}</Errors>"
    outer = "Response" if service == "ec2" else "ErrorResponse"
    return [("Content-Type", "text/xml")], f"<{outer}>{inner}</{outer}>".encode()
