"""IAM Roles Anywhere: trust anchors and profiles, by botocore's model. Nobody gets credentials by them.

https://docs.aws.amazon.com/rolesanywhere/latest/APIReference/Welcome.html
"""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

from kumo_sandbox.eks import model
from kumo_sandbox.eks.errors import ServiceError
from kumo_sandbox.eks.store import Raw, Store
from kumo_sandbox.identity.asks import Ask, build_pass_role
from kumo_sandbox.partitions import find_partition
from kumo_sandbox.principals import ACCOUNT

SERVICE = "rolesanywhere"
BUNDLE = "CERTIFICATE_BUNDLE"
NAME, TAG = re.compile(r"[ a-zA-Z0-9\-_]*"), re.compile(r"[ a-zA-Z0-9_.:/=+@\-]*")
MOST_TAGS = 200
DURATION = 3600  # seconds: https://docs.aws.amazon.com/rolesanywhere/latest/APIReference/API_CreateProfile.html
PAGE = 50
Answer = tuple[int, dict[str, str], bytes]


class AnywhereError(ServiceError):
    def __init__(self, code: str, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.code, self.status = code, status


def build_invalid(message: str) -> AnywhereError:
    return AnywhereError("ValidationException", message)


def build_asks(operation: str, body: Raw) -> Iterator[Ask]:
    """Who gives roles to a profile must be allowed to pass them.

    https://docs.aws.amazon.com/rolesanywhere/latest/userguide/authentication-create-session.html
    """
    yield Ask(f"{SERVICE}:{operation}", [("*", {})])
    if operation in ("CreateProfile", "UpdateProfile"):
        for arn in body.get("roleArns") or []:
            yield build_pass_role(arn, f"{SERVICE}.amazonaws.com")


def handle(store: Store, received: Any, operation: Any, path: dict[str, str]) -> Answer:
    """Answer a request: its region, its WSGI environment and its body are in ``received``."""
    headers = {"Content-Type": "application/json", "x-amzn-RequestId": str(uuid.uuid4())}
    try:
        act = OPERATIONS.get(operation.name)
        if act is None:
            raise build_invalid(f"The sandbox does not act out {operation.name}.")
        params = parse(operation, path, received.environ.get("QUERY_STRING", ""), received.body)
        with store.lock:
            answer = json.dumps(act(Service(store, received.region), params)).encode()
        return operation.http["responseCode"], headers, answer
    except ServiceError as error:
        text = json.dumps({"__type": error.code, "message": error.message}).encode()
        return error.status, {**headers, "x-amzn-ErrorType": error.code}, text


def parse(operation: Any, path: dict[str, str], query: str, body: bytes) -> Raw:
    """The parameters by the model and its patterns; raises AnywhereError where they break its rules."""
    try:
        params = model.parse(operation, path, query, body)
    except ServiceError as error:
        raise build_invalid(error.message) from error
    if not NAME.fullmatch(params.get("name", "")):
        raise build_invalid(f"Value at 'name' failed to satisfy constraint: {params['name']}")
    for tag in params.get("tags") or []:
        if not TAG.fullmatch(tag["key"] + tag["value"]):
            raise build_invalid(f"Value at 'tags' failed to satisfy constraint: {tag['key']}")
    return params


class Service:
    """IAM Roles Anywhere in one region."""

    def __init__(self, store: Store, region: str) -> None:
        self._store, self._region = store, region

    def create(self, rows: dict[str, Raw], kind: str, values: Raw, tags: list[Raw]) -> Raw:
        """Names are no keys: a name may be used more than once."""
        key = str(uuid.uuid4())
        arn = f"arn:{find_partition(self._region).name}:{SERVICE}:{self._region}:{ACCOUNT}:{kind}/{key}"
        now = self._read_clock()
        rows[arn] = {"id": key, "arn": arn, "tags": _merge_tags([], tags), "createdAt": now, "updatedAt": now, **values}
        return rows[arn]

    def _read_clock(self) -> str:
        return datetime.fromtimestamp(self._store.clock.now(), UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")

    def list_anchors(self) -> list[Raw]:
        return self._list(self._store.trust_anchors)

    def list_profiles(self) -> list[Raw]:
        return self._list(self._store.anywhere_profiles)

    def _list(self, rows: dict[str, Raw]) -> list[Raw]:
        return [row for row in rows.values() if row["arn"].split(":")[3] == self._region]

    @property
    def anchors(self) -> dict[str, Raw]:
        return self._store.trust_anchors

    @property
    def profiles(self) -> dict[str, Raw]:
        return self._store.anywhere_profiles

    def find(self, rows: dict[str, Raw], named: str, kind: str) -> Raw:
        """By ID or ARN; raises ResourceNotFoundException."""
        for row in self._list(rows):
            if named in (row["id"], row["arn"]):
                return row
        raise AnywhereError("ResourceNotFoundException", f"{kind} {named} not found", 404)

    def find_any(self, arn: str) -> Raw:
        return self.find({**self.anchors, **self.profiles}, arn, "Resource")

    def touch(self, row: Raw, values: Raw) -> Raw:
        row.update({**values, "updatedAt": self._read_clock()})
        return row


def _merge_tags(now: list[Raw], new: list[Raw]) -> list[Raw]:
    found = {tag["key"]: tag["value"] for tag in [*now, *new]}
    if len(found) > MOST_TAGS:
        raise AnywhereError("TooManyTagsException", f"A resource can have at most {MOST_TAGS} tags")
    return [{"key": key, "value": value} for key, value in found.items()]


def _check_source(source: Raw) -> None:
    """Certificates of CAs.

    https://docs.aws.amazon.com/rolesanywhere/latest/userguide/trust-model.html (signature validation)
    """
    if source.get("sourceType") != BUNDLE:
        raise build_invalid(f"The sandbox acts out trust anchors of the type {BUNDLE} only")
    from cryptography import x509

    text = (source.get("sourceData") or {}).get("x509CertificateData") or ""
    try:
        certificates = x509.load_pem_x509_certificates(text.encode())
    except ValueError as error:
        raise build_invalid("Unable to parse certificate data") from error
    for certificate in certificates:
        try:
            is_ca = certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
        except x509.ExtensionNotFound:
            is_ca = False
        if not is_ca:
            raise build_invalid("Incorrect basic constraints for CA certificate")


def _show(row: Raw, kind: str) -> Raw:
    """A row in the shape of the API: ``id`` and ``arn`` have names of their own."""
    rest = {key: value for key, value in row.items() if key not in ("id", "arn", "tags")}
    return {f"{kind}Id": row["id"], f"{kind}Arn": row["arn"], **rest}


def _show_anchor(row: Raw) -> Raw:
    return {"trustAnchor": _show(row, "trustAnchor")}


def _show_profile(row: Raw) -> Raw:
    return {"profile": _show(row, "profile")}


def _create_anchor(here: Service, p: Raw) -> Raw:
    _check_source(p["source"])
    values = {"name": p["name"], "source": p["source"], "enabled": p.get("enabled", False)}
    return _show_anchor(here.create(here.anchors, "trust-anchor", values, p.get("tags") or []))


def _create_profile(here: Service, p: Raw) -> Raw:
    values = {
        "name": p["name"],
        "roleArns": p["roleArns"],
        "enabled": p.get("enabled", False),
        "durationSeconds": p.get("durationSeconds", DURATION),
        "acceptRoleSessionName": p.get("acceptRoleSessionName", False),
        "createdBy": ACCOUNT,
    }
    return _show_profile(here.create(here.profiles, "profile", values, p.get("tags") or []))


def _find_anchor(here: Service, p: Raw) -> Raw:
    return here.find(here.anchors, p["trustAnchorId"], "Trust anchor")


def _find_profile(here: Service, p: Raw) -> Raw:
    return here.find(here.profiles, p["profileId"], "Profile")


def _update_anchor(here: Service, p: Raw) -> Raw:
    row = _find_anchor(here, p)
    if "source" in p:
        _check_source(p["source"])
    return _show_anchor(here.touch(row, {key: p[key] for key in ("name", "source") if key in p}))


def _update_profile(here: Service, p: Raw) -> Raw:
    names = ("name", "roleArns", "durationSeconds", "acceptRoleSessionName")
    return _show_profile(here.touch(_find_profile(here, p), {key: p[key] for key in names if key in p}))


def _tag(here: Service, p: Raw) -> Raw:
    row = here.find_any(p["resourceArn"])
    row["tags"] = _merge_tags(row["tags"], p["tags"])
    return {}


def _untag(here: Service, p: Raw) -> Raw:
    row = here.find_any(p["resourceArn"])
    row["tags"] = [tag for tag in row["tags"] if tag["key"] not in p["tagKeys"]]
    return {}


def _page(rows: list[Raw], p: Raw, key: str, kind: str) -> Raw:
    start, size = int(p.get("nextToken") or 0), p.get("pageSize") or PAGE
    more = {"nextToken": str(start + size)} if len(rows) > start + size else {}
    return {key: [_show(row, kind) for row in rows[start : start + size]], **more}


OPERATIONS: dict[str, Callable[[Service, Raw], Raw]] = {
    "CreateTrustAnchor": _create_anchor,
    "CreateProfile": _create_profile,
    "GetTrustAnchor": lambda here, p: _show_anchor(_find_anchor(here, p)),
    "GetProfile": lambda here, p: _show_profile(_find_profile(here, p)),
    "ListTrustAnchors": lambda here, p: _page(here.list_anchors(), p, "trustAnchors", "trustAnchor"),
    "ListProfiles": lambda here, p: _page(here.list_profiles(), p, "profiles", "profile"),
    "UpdateTrustAnchor": _update_anchor,
    "UpdateProfile": _update_profile,
    "EnableTrustAnchor": lambda here, p: _show_anchor(here.touch(_find_anchor(here, p), {"enabled": True})),
    "DisableTrustAnchor": lambda here, p: _show_anchor(here.touch(_find_anchor(here, p), {"enabled": False})),
    "EnableProfile": lambda here, p: _show_profile(here.touch(_find_profile(here, p), {"enabled": True})),
    "DisableProfile": lambda here, p: _show_profile(here.touch(_find_profile(here, p), {"enabled": False})),
    "DeleteTrustAnchor": lambda here, p: _show_anchor(here.anchors.pop(_find_anchor(here, p)["arn"])),
    "DeleteProfile": lambda here, p: _show_profile(here.profiles.pop(_find_profile(here, p)["arn"])),
    "ListTagsForResource": lambda here, p: {"tags": here.find_any(p["resourceArn"])["tags"]},
    "TagResource": _tag,
    "UntagResource": _untag,
}
