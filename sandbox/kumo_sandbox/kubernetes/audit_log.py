"""What a cluster's API server wrote of requests to API groups that lose versions."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path

from kumo_sandbox.interfaces import ApiRequest
from kumo_sandbox.kubernetes.api import Manifest


def list_requests(log: Path) -> list[ApiRequest]:
    """The requests of a log, oldest first; none where there is no log. Its last line may be half written."""
    lines = log.read_text().splitlines() if log.exists() else []
    return [read_request(json.loads(line)) for line in lines if line.endswith("}")]


def read_request(event: Manifest) -> ApiRequest:
    """A request as the API server's audit log has it."""
    asked = event.get("objectRef") or {}
    moment = datetime.fromisoformat(event["requestReceivedTimestamp"]).timestamp()
    names = (asked.get("apiGroup", ""), asked.get("apiVersion", ""), asked.get("resource", ""))
    return ApiRequest(*names, event.get("userAgent", ""), moment)
