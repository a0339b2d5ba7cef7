"""Sessions of roles: who may begin one, and for how long.

https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from moto.core.exceptions import ServiceException
from moto.sts.exceptions import STSValidationError
from moto.sts.models import STSBackend, sts_backends
from moto.sts.responses import TokenResponse

from kumo_sandbox import trust
from kumo_sandbox.moto_fixes.hooks import around, before
from kumo_sandbox.moto_fixes.runtime import runtime
from kumo_sandbox.partitions import read_partition
from kumo_sandbox.principals import (
    ACCOUNT,
    find_longest_session,
    find_principal,
    find_role,
    normalize_to_iam_arn,
)

ACTION = "sts:AssumeRole"
SESSIONS = "sessions"  # attribute of moto's backend: sessions by their access key. It goes with a reset of moto


class NotAuthorized(ServiceException):
    """STS refuses a caller whom the role does not trust, and says the same of a role that does not exist."""

    code = "AccessDenied"
    status_code = 403


@before(TokenResponse, "assume_role")
def check_session(response: Any) -> None:
    arn, seconds = response._get_param("RoleArn"), response._get_int_param("DurationSeconds", 3600)
    role = find_role(arn)
    found = find_principal(response.access_key)
    caller = found[0] if found else f"arn:{read_partition(arn)}:iam::{ACCOUNT}:root"
    if role is None or not _is_trusting(role, caller, response._get_param("ExternalId")):
        raise NotAuthorized(f"User: {caller} is not authorized to perform: {ACTION} on resource: {arn}")
    if seconds > find_longest_session(role):
        raise STSValidationError("The requested DurationSeconds exceeds the MaxSessionDuration set for this role.")


def _is_trusting(role: Any, caller: str, external_id: str | None) -> bool:
    """A trust policy names a caller by its ARN, its role's, or its account."""
    account = caller.split(":")[4]
    names = {
        caller,
        normalize_to_iam_arn(caller),
        account,
        f"{caller.rsplit(':', 1)[0]}:root".replace(":sts:", ":iam:"),
    }
    context = {"sts:ExternalId": [external_id]} if external_id else {}
    document = json.loads(role.assume_role_policy_document)
    return any(trust.is_allowed(document, ACTION, ("AWS", name), context) for name in names)


@around(STSBackend, "assume_role")
def assume_role(original: Callable[..., Any], *args: Any, **options: Any) -> Any:
    """Remember the session by its key, and by the sandbox's clock when it ends."""
    session = original(*args, **options)
    session.ends = runtime.now() + options["duration"]
    session.expiration = datetime.fromtimestamp(session.ends, UTC).replace(tzinfo=None)
    backend = sts_backends[session.account_id][session.partition]
    vars(backend).setdefault(SESSIONS, {})[session.access_key_id] = session
    return session


@around(STSBackend, "get_assumed_role_from_access_key")
def find_session(_original: Callable[..., Any], backend: STSBackend, access_key_id: str) -> Any:
    """Each call of anybody asks whose key it has: moto would walk through all sessions that there ever were."""
    return vars(backend).get(SESSIONS, {}).get(access_key_id)
