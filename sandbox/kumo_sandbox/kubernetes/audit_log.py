"""What was asked of the API groups that the control plane takes down, from the API server's audit log."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path

from kumo_sandbox.interfaces import ApiRequest
from kumo_sandbox.kubernetes.api import Manifest
from kumo_sandbox.kubernetes.control_plane import AUDIT_LOG


def read_requests(folder: Path) -> list[ApiRequest]:
    """Oldest first."""
    lines = log.read_text().splitlines() if (log := folder / AUDIT_LOG).exists() else []
    return [_read_request(json.loads(line)) for line in lines if line.endswith("}")]


def _read_request(event: Manifest) -> ApiRequest:
    asked = event.get("objectRef") or {}
    moment = datetime.fromisoformat(event["requestReceivedTimestamp"]).timestamp()
    names = (asked.get("apiGroup", ""), asked.get("apiVersion", ""), asked.get("resource", ""))
    return ApiRequest(*names, event.get("userAgent", ""), moment)
