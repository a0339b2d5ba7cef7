"""Records each call of boto3 in any Python that starts with this folder on its path.

One line of JSON a call is added to $KUMO_RECORDING (0600): service, operation, parameters, answer or error, when, how long.
"""

from __future__ import annotations

import json
import os
import time
from typing import Any

from redaction import redact, redact_text


def install(path: str) -> None:
    """Stand around the one method by which every client calls."""
    from botocore.client import BaseClient

    original = BaseClient._make_api_call

    def make_call(self: Any, operation: str, parameters: dict[str, Any]) -> Any:
        begun = time.time()
        row = {"service": self.meta.service_model.service_name, "operation": operation, "at": begun}
        model = self.meta.service_model.operation_model(operation)
        row["parameters"] = redact(parameters, model.input_shape)
        try:
            answer = original(self, operation, parameters)
        except Exception as error:
            found = (getattr(error, "response", None) or {}).get("Error") or {}
            row["error"] = found.get("Code") or type(error).__name__
            row["message"] = redact_text(str(found.get("Message") or error))
            raise
        else:
            plain = {key: value for key, value in answer.items() if key != "ResponseMetadata"}
            row["answer"] = redact(plain, model.output_shape)
            return answer
        finally:
            row["seconds"] = round(time.time() - begun, 3)
            write(path, row)

    BaseClient._make_api_call = make_call


def write(path: str, row: dict[str, Any]) -> None:
    """Add a line at once, so that the lines of processes at the same time do not mix."""
    handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        os.write(handle, (json.dumps(row) + "\n").encode())
    finally:
        os.close(handle)


if os.environ.get("KUMO_RECORDING"):
    install(os.environ["KUMO_RECORDING"])
