"""The EKS service: from a request to a handler and back, by botocore's model."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from typing import Any

from kumo_sandbox.aws import (  # the handlers register themselves
    access,  # noqa: F401
    addon_versions,  # noqa: F401
    addons,  # noqa: F401
    clusters,  # noqa: F401
    fargate_profiles,  # noqa: F401
    model,
    nodegroups,  # noqa: F401
    pod_identity,  # noqa: F401
    updates,  # noqa: F401
    versions,  # noqa: F401
)
from kumo_sandbox.aws.context import OPERATIONS, Context
from kumo_sandbox.aws.errors import ServiceError, Unsupported

Answer = tuple[int, dict[str, str], bytes]


def error_answer(error: ServiceError) -> Answer:
    headers = {
        "Content-Type": "application/json",
        "x-amzn-ErrorType": error.code,
        "x-amzn-RequestId": str(uuid.uuid4()),
    }
    return error.status, headers, json.dumps({"message": error.message, **error.members}).encode()


def handle(context: Callable[[str], Context], operation: Any, path: dict[str, str], query: str, body: bytes) -> Answer:
    """Act out one operation; ``context`` makes what its handler gets."""
    try:
        handler = OPERATIONS.get(operation.name)
        if handler is None:
            raise Unsupported(f"The sandbox does not act out {operation.name}.")
        params = model.parse(operation, path, query, body)
        ctx = context(operation.name)
        with ctx.store.lock:
            ctx.store.settle()
            answer = model.shaped(operation.output_shape, handler(ctx, params))
            text = json.dumps(answer).encode()
    except ServiceError as error:
        return error_answer(error)
    return 200, {"Content-Type": "application/json", "x-amzn-RequestId": str(uuid.uuid4())}, text
