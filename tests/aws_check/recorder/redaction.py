"""What a recording of calls to AWS must not tell: secrets, the account, who asked, and public addresses."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

REDACTED = "(redacted)"
# Members that botocore's model does not mark as sensitive, and that are; lower case.
SECRETS = {
    "password",
    "secretaccesskey",
    "sessiontoken",
    "token",
    "userdata",
    "webidentitytoken",
    "samlassertion",
    "accesskeyid",
    "keymaterial",
}
ADDRESSES = {"publicip", "publicipaddress", "natpublicip", "sourceip"}
ACCOUNT = re.compile(r"(?<!\d)\d{12}(?!\d)")
ACCESS_KEY = re.compile(r"\b(AKIA|ASIA|AROA|AIDA|ANPA|AIPA)[A-Z0-9]{12,}")
# Whoever runs the check: their user or session, of what the check itself makes nothing is named so.
PERSON = re.compile(r"(arn:[\w-]+:sts::[^:]*:assumed-role/[^/\s\"]+/|arn:[\w-]+:iam::[^:]*:user/)[^\s\"]+")


def redact(value: Any, shape: Any = None) -> Any:
    """A parameter or an answer as JSON, without what must not be told.

    Args:
        shape: botocore's shape of the value, which knows the members that are sensitive; None where there is none.
    """
    if getattr(shape, "metadata", {}).get("sensitive"):
        return REDACTED
    if isinstance(value, dict):
        return {str(key): _redact_member(str(key), item, shape) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [redact(item, getattr(shape, "member", None)) for item in value]
    if isinstance(value, str):
        return redact_text(value)
    if isinstance(value, datetime):
        return f"time:{value.isoformat()}"
    if value is None or isinstance(value, bool | int | float):
        return value
    return REDACTED  # bytes and streams


def _redact_member(name: str, value: Any, shape: Any) -> Any:
    if name.lower() in SECRETS:
        return REDACTED
    if name.lower() in ADDRESSES and value:
        return "203.0.113.1"  # of the documentation's range, RFC 5737
    members = getattr(shape, "members", {})
    return redact(value, members.get(name, getattr(shape, "value", None)))


def redact_text(text: str) -> str:
    """A text without account numbers, access keys, and names of people."""
    text = PERSON.sub(rf"\1{REDACTED}", text)
    return ACCESS_KEY.sub(r"\g<1>" + "0" * 16, ACCOUNT.sub("0" * 12, text))
