"""A boto3 client of the sandbox's own process asks the application without a connection, which costs as much as the answer."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Iterator
from typing import Any
from urllib.parse import urlsplit

from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.exceptions import ConnectionClosedError
from werkzeug.test import EnvironBuilder, run_wsgi_app

App = Callable[[dict[str, Any], Any], Iterable[bytes]]


class Body(io.BytesIO):
    """The body of an answer, as botocore reads it from urllib3."""

    def stream(self, amount: int = 2**16, **_options: Any) -> Iterator[bytes]:
        while part := self.read(amount):
            yield part


def connect_directly(client: Any, app: App) -> Any:
    """The client. Its requests are answered in the thread that makes them."""

    def send(request: AWSPreparedRequest, **_event: Any) -> AWSResponse:
        return ask(app, request)

    client.meta.events.register("before-send", send)
    return client


def ask(app: App, request: AWSPreparedRequest) -> AWSResponse:
    """The application's answer, or the error of a connection that was dropped."""
    try:
        parts, status, headers = run_wsgi_app(app, build_environ(request))
    except ConnectionAbortedError as error:  # a fault dropped it
        raise ConnectionClosedError(endpoint_url=request.url, error=error) from error
    return AWSResponse(request.url, int(status.split()[0]), headers, Body(b"".join(parts)))


def build_environ(request: AWSPreparedRequest) -> dict[str, Any]:
    """The request as a WSGI server gives it to the application."""
    url = urlsplit(request.url)
    body = request.body or b""
    headers = [
        (name, value.decode("latin-1") if isinstance(value, bytes) else str(value))
        for name, value in request.headers.items()
        if name.lower() != "content-length"
    ]
    environ = EnvironBuilder(
        path=url.path or "/",
        base_url=f"{url.scheme}://{url.netloc}/",
        method=request.method,
        headers=headers,
        data=body.read() if hasattr(body, "read") else body,
    ).get_environ()
    target = f"{url.path}?{url.query}" if url.query else url.path  # as it was signed
    return {**environ, "QUERY_STRING": url.query, "RAW_URI": target, "REQUEST_URI": target}
