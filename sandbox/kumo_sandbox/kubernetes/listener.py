"""The cluster's endpoint: a port that is there from the start, and hands connections to the API server behind it.

To a running API server bytes pass through as they are, so TLS is between it and the client. While the API server
is still starting, the endpoint shakes hands itself, with a certificate of the same CA: clients written in Go wait ten
seconds for a handshake and no longer, but for an answer as long as it takes.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import cache
from typing import Any

from kumo_sandbox.kubernetes.pki import Pki

BUFFER = 65536
WAITING = 64  # connections that may wait for their API server at a time

Address = tuple[str, int]
Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Listener:
    """Accepts on a free port of 127.0.0.1.

    ``target`` gives the API server's address and may take its time (it starts what is not started); where it raises,
    the connection is closed. ``ready`` tells whether it runs already. ``pki`` has the certificates endpoint (ours) and
    admin (the only client certificate that is given out).
    """

    def __init__(self, pki: Pki, ready: Callable[[], bool], target: Callable[[], Address]) -> None:
        self._pki = pki
        self._ready = ready
        self._target = target
        # once a client has said all, asyncio holds its task only weakly, and the garbage collector takes it midway
        self._connections: set[asyncio.Task[None] | None] = set()
        self._socket = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port: int = self._socket.getsockname()[1]
        serving = asyncio.start_server(self._serve, sock=self._socket)
        self._server = asyncio.run_coroutine_threadsafe(serving, _start_loop()).result()

    def close(self) -> None:
        """Accept no more; running connections end with their API server."""
        closed = threading.Event()
        _start_loop().call_soon_threadsafe(lambda: (self._server.close(), closed.set()))
        closed.wait()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = asyncio.current_task()
        self._connections.add(connection)
        try:
            # whatever the reason, who could not start logged it, and the client sees a closed connection
            with suppress(Exception):
                server = await (self._pass_on() if self._ready() else self._shake_hands(writer))
                await _join((reader, writer), server)
        finally:
            writer.close()
            self._connections.discard(connection)

    async def _pass_on(self) -> Streams:
        return await asyncio.open_connection(*await asyncio.to_thread(self._target))

    async def _shake_hands(self, writer: asyncio.StreamWriter) -> Streams:
        """TLS on both sides, towards the API server as who the client is: a token's owner or the administrator."""
        await writer.start_tls(self._build_server_context())
        certificate = writer.get_extra_info("peercert")
        address = await asyncio.to_thread(self._target)
        return await asyncio.open_connection(*address, ssl=self._build_client_context(certificate))

    def _build_server_context(self) -> ssl.SSLContext:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=self._pki.path("ca.crt"))
        context.load_cert_chain(self._pki.path("endpoint.crt"), self._pki.path("endpoint.key"))
        context.verify_mode = ssl.CERT_OPTIONAL
        context.set_alpn_protocols(["http/1.1"])
        return context

    def _build_client_context(self, certificate: dict[str, Any] | None) -> ssl.SSLContext:
        context = ssl.create_default_context(cafile=self._pki.path("ca.crt"))
        if certificate:
            context.load_cert_chain(self._pki.path("admin.crt"), self._pki.path("admin.key"))
        return context


@cache
def _start_loop() -> asyncio.AbstractEventLoop:
    """One event loop, on a separate thread, for the connections of all clusters."""
    loop = asyncio.new_event_loop()
    loop.set_default_executor(ThreadPoolExecutor(WAITING, thread_name_prefix="kumo-endpoint"))
    threading.Thread(target=loop.run_forever, name="kumo-endpoints", daemon=True).start()
    return loop


async def _join(client: Streams, server: Streams) -> None:
    """Copy both ways until both have ended."""
    try:
        await asyncio.gather(_copy(client[0], server[1]), _copy(server[0], client[1]))
    finally:
        server[1].close()


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Copy until the reader ends, then tell the writer so (TLS cannot half-close: it closes)."""
    with suppress(OSError):
        while data := await reader.read(BUFFER):
            writer.write(data)
            await writer.drain()
    with suppress(OSError):
        if writer.can_write_eof():
            writer.write_eof()
        else:
            writer.close()
