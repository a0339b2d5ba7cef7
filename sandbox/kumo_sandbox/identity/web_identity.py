"""STS AssumeRoleWithWebIdentity: the token of a service account for the credentials of a role.

The checks come in the order in which STS answers them: the token's form, the account's OIDC provider, the signature,
the audience, the expiry, the role's trust policy. Codes are those of STS' API model, messages those seen in public logs.
"""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from xml.sax.saxutils import escape

from kumo_sandbox import trust
from kumo_sandbox.eks.issuer import IssuerKey, TokenError, read_audiences, read_claims
from kumo_sandbox.partitions import read_partition
from kumo_sandbox.principals import SHORTEST_SESSION, find_longest_session, find_role, list_iam_backends, read_account

OPERATION = "AssumeRoleWithWebIdentity"
ACTION = f"sts:{OPERATION}"
NAMESPACE = "https://sts.amazonaws.com/doc/2011-06-15/"
REQUIRED = {"RoleArn": "roleArn", "RoleSessionName": "roleSessionName", "WebIdentityToken": "webIdentityToken"}

KeyOf = Callable[[str], IssuerKey | None]  # the key of an issuer (its URL); None for one that nobody serves


class StsError(Exception):
    def __init__(self, code: str, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.code, self.message, self.status = code, message, status


def read_subject(asked: dict[str, str]) -> str:
    """Whom a request speaks for by its own word: the token's subject at its issuer."""
    try:
        claims = read_claims(asked.get("WebIdentityToken") or "")
    except TokenError:
        return "a web identity"
    return f"{claims.get('sub')}@{claims.get('iss')}"


def build_not_authorized() -> StsError:
    return StsError("AccessDenied", f"Not authorized to perform {ACTION}", 403)


def handle(asked: dict[str, str], key_of: KeyOf) -> tuple[int, dict[str, str], bytes]:
    """Answer a request by its parameters."""
    request = str(uuid.uuid4())
    try:
        status, body = 200, _build_result(assume(asked, key_of))
    except StsError as error:
        status = error.status
        body = f"<Error><Type>Sender</Type><Code>{error.code}</Code><Message>{escape(error.message)}</Message></Error>"
    if status == 200:
        text = f'<{OPERATION}Response xmlns="{NAMESPACE}">{body}<ResponseMetadata><RequestId>{request}</RequestId></ResponseMetadata></{OPERATION}Response>'
    else:
        text = f'<ErrorResponse xmlns="{NAMESPACE}">{body}<RequestId>{request}</RequestId></ErrorResponse>'
    return status, {"Content-Type": "text/xml", "x-amzn-RequestId": request}, text.encode()


def assume(asked: dict[str, str], key_of: KeyOf) -> dict[str, Any]:
    """Check everything and have moto make the session; raises StsError."""
    for name, member in REQUIRED.items():
        if not asked.get(name):
            raise _build_invalid(f"Value null at '{member}' failed to satisfy constraint: Member must not be null")
    token = asked["WebIdentityToken"]
    claims, provider = check_token(token, key_of, asked["RoleArn"])
    role = find_role(asked["RoleArn"])
    if role is None or not is_trusting(role, provider.arn, claims, asked["RoleSessionName"]):
        raise build_not_authorized()
    session = make_session(role, asked["RoleSessionName"], _read_duration(asked, role), asked.get("Policy") or "")
    return {"session": session, "claims": claims, "provider": provider.arn}


def check_token(token: str, key_of: KeyOf, role: str) -> tuple[dict[str, Any], Any]:
    """The claims of a good token and the provider for its issuer that the account of the role (its ARN) has."""
    try:
        claims = read_claims(token)
    except TokenError as error:
        raise StsError(
            "InvalidIdentityToken",
            "The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)",
        ) from error
    issuer = str(claims.get("iss") or "")
    provider = find_provider(issuer, role)
    if provider is None:
        raise StsError("InvalidIdentityToken", f"No OpenIDConnect provider found in your account for {issuer}")
    key = key_of(issuer)
    if key is None or not key.verify(token):
        raise StsError(
            "InvalidIdentityToken",
            "Couldn't retrieve verification key from your identity provider,  please reference"
            f" {OPERATION} documentation for requirements",
        )
    if not set(read_audiences(claims)) & set(provider.client_id_list):
        raise StsError("InvalidIdentityToken", "Incorrect token audience")
    now, end = int(time.time()), int(claims.get("exp") or 0)
    if now >= end:
        raise StsError(
            "ExpiredTokenException",
            f"Token expired: current date/time {now} must be before the expiration date/time {end}",
        )
    return claims, provider


def find_provider(issuer: str, role: str) -> Any:
    """The OpenID Connect provider for an issuer in the account of a role (its ARN), None where it has none."""
    name, partition = issuer.removeprefix("https://"), read_partition(role)
    providers = [each for iam in list_iam_backends(read_account(role)) for each in iam.open_id_providers.values()]
    return next((each for each in providers if each.url == name and read_partition(each.arn) == partition), None)


def is_trusting(role: Any, provider: str, claims: dict[str, Any], session: str) -> bool:
    """Whether the role's trust policy allows the token's owner."""
    name = str(claims["iss"]).removeprefix("https://")
    context = {
        f"{name}:sub": [str(claims.get("sub"))],
        f"{name}:aud": read_audiences(claims),
        "sts:RoleSessionName": [session],
        "aws:FederatedProvider": [provider],
    }
    return trust.is_allowed(json.loads(role.assume_role_policy_document), ACTION, ("Federated", provider), context)


def make_session(role: Any, name: str, seconds: int, policy: str = "") -> Any:
    """moto's session of a role, with credentials."""
    from moto.sts.models import sts_backends

    partition = read_partition(role.arn)
    return sts_backends[read_account(role.arn)][partition].assume_role_with_web_identity(
        region_name=partition,
        role_session_name=name,
        role_arn=role.arn,
        policy=policy,
        duration=seconds,
        external_id="",
    )


def _read_duration(asked: dict[str, str], role: Any) -> int:
    seconds = int(asked.get("DurationSeconds") or 3600)
    if seconds < SHORTEST_SESSION:
        raise _build_invalid(
            f"Value '{seconds}' at 'durationSeconds' failed to satisfy constraint:"
            f" Member must have value greater than or equal to {SHORTEST_SESSION}"
        )
    if seconds > find_longest_session(role):
        raise StsError(
            "ValidationError", "The requested DurationSeconds exceeds the MaxSessionDuration set for this role."
        )
    return seconds


def _build_invalid(words: str) -> StsError:
    return StsError("ValidationError", f"1 validation error detected: {words}")


def _build_result(made: dict[str, Any]) -> str:
    session, claims = made["session"], made["claims"]
    expiration = session.expiration.replace(tzinfo=UTC) if session.expiration.tzinfo is None else session.expiration
    rows = {
        "SubjectFromWebIdentityToken": claims["sub"],
        "Audience": read_audiences(claims)[0],
        "Provider": made["provider"],
    }
    user = {"AssumedRoleId": session.user_id, "Arn": session.arn}
    credentials = {
        "AccessKeyId": session.access_key_id,
        "SecretAccessKey": session.secret_access_key,
        "SessionToken": session.session_token,
        "Expiration": datetime.strftime(expiration.astimezone(UTC), "%Y-%m-%dT%H:%M:%SZ"),
    }
    inner = (
        _build_xml(rows)
        + f"<AssumedRoleUser>{_build_xml(user)}</AssumedRoleUser><Credentials>{_build_xml(credentials)}</Credentials>"
    )
    return f"<{OPERATION}Result>{inner}</{OPERATION}Result>"


def _build_xml(rows: dict[str, Any]) -> str:
    return "".join(f"<{key}>{escape(str(value))}</{key}>" for key, value in rows.items())
