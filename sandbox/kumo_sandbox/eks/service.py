"""The EKS service: from a request to a handler and back, by botocore's model."""

from __future__ import annotations

import importlib
import json
import logging
import uuid
from collections.abc import Callable
from typing import Any

from kumo_sandbox.eks import model
from kumo_sandbox.eks.context import OPERATIONS, Context
from kumo_sandbox.eks.errors import ServerFault, ServiceError, Unsupported

# Each of these files registers the handlers of its operations.
HANDLERS = (
    "access",
    "addon_versions",
    "addons",
    "capabilities",
    "certificate_authorities",
    "cluster_updates",
    "clusters",
    "fargate_profiles",
    "identity_providers",
    "insights",
    "nodegroup_updates",
    "nodegroups",
    "pod_identity",
    "registrations",
    "updates",
    "versions",
)
for name in HANDLERS:
    importlib.import_module(f"kumo_sandbox.eks.{name}")

log = logging.getLogger("kumo_sandbox")
Answer = tuple[int, dict[str, str], bytes]


def build_error_answer(error: ServiceError) -> Answer:
    headers = {
        "Content-Type": "application/json",
        "x-amzn-ErrorType": error.code,
        "x-amzn-RequestId": str(uuid.uuid4()),
    }
    return error.status, headers, json.dumps({"__type": error.code, "message": error.message, **error.members}).encode()


def answer_once(ctx: Context, operation: Any, handler: Callable[..., Any], params: dict[str, Any]) -> Any:
    """The answer, and the same one to a request that is repeated with its clientRequestToken."""
    token = params.get("clientRequestToken")
    key = (operation.name, token)
    if token and key in ctx.store.tokens:
        return ctx.store.tokens[key]
    answer = model.shape_answer(operation.output_shape, handler(ctx, params))
    if token:
        ctx.store.tokens[key] = answer
    return answer


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
            text = json.dumps(answer_once(ctx, operation, handler, params)).encode()
    except ServiceError as error:
        return build_error_answer(error)
    except Exception:
        log.exception("%s failed", operation.name)
        return build_error_answer(ServerFault(f"The sandbox failed in {operation.name}; its log says how."))
    return 200, {"Content-Type": "application/json", "x-amzn-RequestId": str(uuid.uuid4())}, text
