"""Queues whose name was just in use: for 60 seconds nobody can create one of the same name again.

https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_CreateQueue.html (QueueDeletedRecently)
https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_DeleteQueue.html
"""

from __future__ import annotations

from typing import Any

from moto.sqs.exceptions import SQSException
from moto.sqs.models import SQSBackend

from kumo_sandbox import durations
from kumo_sandbox.moto_fixes.hooks import Method, around, before
from kumo_sandbox.moto_fixes.runtime import runtime


def _list_blocked(backend: Any) -> dict[str, float]:
    """Until when names cannot be used; moto makes a new ``__dict__`` of a backend where it forgets everything."""
    return backend.__dict__.setdefault("_kumo_blocked", {})


@before(SQSBackend, "create_queue")
def check_that_the_name_is_free(backend: Any, name: str, *_rest: Any, **_attributes: Any) -> None:
    if runtime.now() < _list_blocked(backend).get(name, 0.0):
        raise SQSException(
            "QueueDeletedRecently",
            "You must wait 60 seconds after deleting a queue before you can create another with the same name.",
        )


@around(SQSBackend, "delete_queue")
def remember_the_name(original: Method, backend: Any, queue_name: str) -> None:
    original(backend, queue_name)
    _list_blocked(backend)[queue_name] = runtime.agenda.clock.after(durations.QUEUE_NAME_BLOCKED)
