"""Events that the controllers of a cluster record."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from http import HTTPStatus

from kumo_sandbox.kubernetes.api import Api, ApiError, Manifest, build_collection_path

LONGEST = 1024  # characters of an event's message that Kubernetes takes
# It was recorded, what it is about went, or its namespace goes.
DROPPED = (HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT, HTTPStatus.FORBIDDEN)


def record(api: Api, about: Manifest, component: str, kind: str, reason: str, message: str) -> None:
    """An event, once for each message.

    Args:
        component: who records it.
        kind: Normal, Warning
    """
    event = build_event(about, component, kind, reason, message[:LONGEST])
    try:
        api.create(build_collection_path("v1", "Event", event["metadata"]["namespace"]), event)
    except ApiError as error:
        if error.status not in DROPPED:
            raise


def build_event(about: Manifest, component: str, kind: str, reason: str, message: str) -> Manifest:
    """With a name that says what it is about, so that the same one is not written again."""
    metadata, now = about["metadata"], datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    namespace = metadata.get("namespace") or "default"
    digest = hashlib.sha256(f"{metadata['uid']} {reason} {message}".encode()).hexdigest()[:16]
    known = {key: metadata[key] for key in ("name", "namespace", "uid", "resourceVersion") if key in metadata}
    return {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {"name": f"{metadata['name']}.{digest}", "namespace": namespace},
        "involvedObject": {"apiVersion": about["apiVersion"], "kind": about["kind"], **known},
        **{"type": kind, "reason": reason, "message": message, "source": {"component": component}},
        **{"firstTimestamp": now, "lastTimestamp": now, "count": 1},
    }
