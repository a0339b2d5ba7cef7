"""Who a k8s-aws-v1 token is: the checks of aws-iam-authenticator, which EKS' control plane runs, and STS' own.

A token is ``k8s-aws-v1.`` and the base64url, without padding, of a presigned STS GetCallerIdentity URL whose
signature covers the header x-k8s-aws-id with the cluster's name. STS accepts such a URL for 15 minutes after
X-Amz-Date, whatever X-Amz-Expires says.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import SplitResult, parse_qsl, urlsplit, urlunsplit

from botocore.auth import SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from kumo_sandbox.interfaces import ClusterView, PrincipalOf
from kumo_sandbox.kubernetes.access import find_group
from kumo_sandbox.kubernetes.aws_auth import find_mapping, strip_path
from kumo_sandbox.partitions import find_partition

PREFIX = "k8s-aws-v1."
CLUSTER_HEADER = "x-k8s-aws-id"
LIFETIME = timedelta(minutes=15)
CLOCK_SKEW = timedelta(minutes=5)
LONGEST = 4096  # characters of a token
LOOPBACK = ("127.0.0.1", "localhost")
GLOBAL_HOST = "sts.amazonaws.com"
PARAMETERS = {
    "action",
    "version",
    "x-amz-algorithm",
    "x-amz-credential",
    "x-amz-date",
    "x-amz-expires",
    "x-amz-security-token",
    "x-amz-signature",
    "x-amz-signedheaders",
}
REQUIRED = PARAMETERS - {"x-amz-security-token"}
FIXED = {"action": "GetCallerIdentity", "version": "2011-06-15", "x-amz-algorithm": "AWS4-HMAC-SHA256"}


class TokenError(Exception):
    """Why a token is refused."""


@dataclass(frozen=True)
class Caller:
    """Who signed: the ARN STS would answer with, the IAM ARN behind it, and the name of an assumed role's session."""

    arn: str
    principal: str
    account: str
    access_key: str
    session: str = ""


def review_token(
    body: dict[str, Any],
    *,
    cluster: ClusterView,
    principal_of: PrincipalOf,
    aws_auth: Callable[[], dict[str, str]],
    now: float,
) -> dict[str, Any]:
    """Answer an authentication.k8s.io TokenReview: the user, or authenticated: false and why (the API server's 401).

    ``now`` is POSIX time in seconds, by the clock of those who sign tokens. ``aws_auth`` reads the data of the ConfigMap.
    """
    token = str((body.get("spec") or {}).get("token") or "")
    try:
        caller = _verify(token, cluster, principal_of, datetime.fromtimestamp(now, UTC))
        status: dict[str, Any] = {"authenticated": True, "user": _build_user(caller, cluster, aws_auth)}
    except TokenError as error:
        status = {"authenticated": False, "error": str(error)}
    version = body.get("apiVersion") or "authentication.k8s.io/v1"
    return {"apiVersion": version, "kind": "TokenReview", "status": status}


def _verify(token: str, cluster: ClusterView, principal_of: PrincipalOf, now: datetime) -> Caller:
    url = _decode(token)
    _check_host(url, cluster.region)
    query = _parse_query(url)
    _check_headers(query["x-amz-signedheaders"])
    _check_time(query, now)
    access_key, region = _parse_credential(query, cluster.region)
    known = principal_of(access_key)
    if known is None:
        raise TokenError(f"the access key {access_key} is unknown")
    arn, secret, session_token = known
    if not hmac.compare_digest(query.get("x-amz-security-token", ""), session_token or ""):
        raise TokenError("the session token is not the one of the access key")
    if not hmac.compare_digest(query["x-amz-signature"], _sign(url, query, region, secret, cluster.name)):
        raise TokenError(f"the signature does not match; the token may be made for a cluster other than {cluster.name}")
    return _find_caller(arn, access_key)


def _decode(token: str) -> SplitResult:
    if not token.startswith(PREFIX):
        raise TokenError(f"a token begins with {PREFIX}")
    if len(token) > LONGEST:
        raise TokenError(f"the token is longer than {LONGEST} characters")
    encoded = token.removeprefix(PREFIX)
    try:
        text = base64.b64decode(encoded + "=" * (-len(encoded) % 4), altchars=b"-_", validate=True).decode("ascii")
        return urlsplit(text)
    except (binascii.Error, ValueError) as error:
        raise TokenError("the token is not the base64url of a URL") from error


def _check_host(url: SplitResult, region: str) -> None:
    """STS of the region, global STS, or an endpoint of the sandbox itself."""
    partition = find_partition(region)
    allowed = [f"{name}.{region}.{partition.domain}" for name in ("sts", "sts-fips")]
    allowed += [GLOBAL_HOST] if partition.name == "aws" else []
    real = url.scheme == "https" and url.netloc in allowed
    own = url.scheme in ("http", "https") and url.hostname in LOOPBACK and not url.username
    if not (real or own):
        raise TokenError(f"{url.scheme}://{url.netloc} is not STS of {region}")
    if url.path not in ("", "/"):
        raise TokenError(f"the path {url.path} is not STS' path /")


def _parse_query(url: SplitResult) -> dict[str, str]:
    """The parameters by their names in lower case; exactly those of a presigned GetCallerIdentity."""
    pairs = [(key.lower(), value) for key, value in parse_qsl(url.query, keep_blank_values=True)]
    query = dict(pairs)
    if len(query) != len(pairs):
        raise TokenError("a query parameter is given twice")
    if unknown := sorted(query.keys() - PARAMETERS):
        raise TokenError(f"the query parameter {unknown[0]} does not belong there")
    if missing := sorted(REQUIRED - query.keys()):
        raise TokenError(f"the query parameter {missing[0]} is missing")
    for key, value in FIXED.items():
        if query[key] != value:
            raise TokenError(f"the query parameter {key} is {query[key]!r}, not {value!r}")
    return query


def _check_headers(signed: str) -> None:
    if missing := {"host", CLUSTER_HEADER} - set(signed.split(";")):
        raise TokenError(f"the header {sorted(missing)[0]} is not signed")
    if more := set(signed.split(";")) - {"host", CLUSTER_HEADER}:
        raise TokenError(f"the signed header {sorted(more)[0]} is not part of a token")


def _check_time(query: dict[str, str], now: datetime) -> None:
    if not re.fullmatch(r"\d{1,6}", query["x-amz-expires"]):
        raise TokenError(f"X-Amz-Expires is {query['x-amz-expires']!r}, not a number of seconds")
    try:
        signed = datetime.strptime(query["x-amz-date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    except ValueError as error:
        raise TokenError(f"X-Amz-Date is {query['x-amz-date']!r}, not a time like 20260131T235959Z") from error
    if signed > now + CLOCK_SKEW:
        raise TokenError(f"X-Amz-Date {query['x-amz-date']} is in the future")
    if signed + LIFETIME < now:
        raise TokenError(f"the token is expired: signed at {query['x-amz-date']}, good for 15 minutes")


def _list_scopes(region: str) -> tuple[str, ...]:
    """The regions for which a token may be signed: the cluster's, and that of global STS, which only ``aws`` has."""
    return (region, "us-east-1") if find_partition(region).name == "aws" else (region,)


def _parse_credential(query: dict[str, str], region: str) -> tuple[str, str]:
    """Access key, and the region of the credential's scope."""
    access_key, dummy, scope = query["x-amz-credential"].partition("/")
    day = query["x-amz-date"][:8]
    allowed = {f"{day}/{place}/sts/aws4_request": place for place in _list_scopes(region)}
    if not access_key or scope not in allowed:
        raise TokenError(f"the credential scope {scope!r} is not STS' of that day in {region}")
    return access_key, allowed[scope]


def _sign(url: SplitResult, query: dict[str, str], region: str, secret: str, cluster: str) -> str:
    """The URL's signature as it is when made by this secret for this cluster."""
    unsigned = "&".join(pair for pair in url.query.split("&") if not pair.lower().startswith("x-amz-signature="))
    request = AWSRequest("GET", urlunsplit(url._replace(query=unsigned)), headers={CLUSTER_HEADER: cluster})
    request.context["timestamp"] = query["x-amz-date"]
    signer = SigV4QueryAuth(Credentials("", secret), "sts", region)
    return str(signer.signature(signer.string_to_sign(request, signer.canonical_request(request)), request))


def _find_caller(arn: str, access_key: str) -> Caller:
    """The IAM ARN behind the caller: an assumed role's session stands for the role."""
    account = arn.split(":")[4]
    assumed = re.fullmatch(r"(arn:[\w-]+):sts::(\d+):assumed-role/([^/]+)/(.+)", arn)
    if assumed is None:
        return Caller(arn, arn, account, access_key)
    partition, account, role, session = assumed.groups()
    return Caller(arn, f"{partition}:iam::{account}:role/{role}", account, access_key, session)


def _build_user(caller: Caller, cluster: ClusterView, aws_auth: Callable[[], dict[str, str]]) -> dict[str, Any]:
    """User name and groups by the access entry, with what aws-iam-authenticator adds for audit logs.

    Access entries take precedence over the ConfigMap: https://docs.aws.amazon.com/eks/latest/userguide/migrating-access-entries.html.
    """
    rule = next((rule for rule in cluster.access if _is_same_principal(rule.principal_arn, caller.principal)), None)
    if rule is None and cluster.authentication_mode != "API":
        rule = find_mapping(aws_auth(), caller.principal, caller.account)
    if rule is None:
        raise TokenError(f"{caller.principal} has no access entry in the cluster {cluster.name}")
    extra = {"accessKeyId": caller.access_key, "arn": caller.arn, "canonicalArn": caller.principal}
    return {
        "username": _fill(rule.username, caller, cluster),
        "uid": f"aws-iam-authenticator:{caller.account}:{caller.access_key}",
        "groups": [
            *(_fill(group, caller, cluster) for group in rule.groups),
            *([find_group(rule)] if rule.policies else []),
        ],
        "extra": {key: [value] for key, value in (extra | {"sessionName": caller.session}).items()},
    }


def _is_same_principal(entry: str, caller: str) -> bool:
    """Whether both are one principal; an assumed role's ARN has lost the role's path, so it does not count."""
    return strip_path(entry) == strip_path(caller)


def _fill(template: str, caller: Caller, cluster: ClusterView) -> str:
    """A user name or a group, its templates filled."""
    instances = {node.instance_id: node.name for node in cluster.nodes}
    values = {
        "AccountID": caller.account,
        "EC2PrivateDNSName": instances.get(caller.session, caller.session),
        "SessionName": caller.session.replace("@", "-"),
        "SessionNameRaw": caller.session,
    }
    return re.sub(r"\{\{(\w+)\}\}", lambda match: values.get(match[1], match[0]), template)
