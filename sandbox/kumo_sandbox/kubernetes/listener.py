"""The cluster's endpoint: a port that is there from the start, and hands connections to the API server behind it.

Bytes pass through as they are, so TLS is between the client and the API server.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from contextlib import suppress

BUFFER = 65536


class Listener:
    """Accepts on a free port of 127.0.0.1; ``target`` is asked for the real address at each connection and may take
    its time (it starts what is not started). Where it raises, the connection is closed."""

    def __init__(self, target: Callable[[], tuple[str, int]]) -> None:
        self._target = target
        self._socket = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port: int = self._socket.getsockname()[1]
        threading.Thread(target=self._accept, name=f"kumo-listener-{self.port}", daemon=True).start()

    def close(self) -> None:
        """Accept no more; running connections end with their API server."""
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()

    def _accept(self) -> None:
        while True:
            try:
                client, dummy = self._socket.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with client:
            try:
                server = socket.create_connection(self._target())
            except Exception:  # the reason is logged by who could not start; the client sees a closed connection
                return
            with server:
                for each in (client, server):
                    each.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                back = threading.Thread(target=_copy, args=(server, client), daemon=True)
                back.start()
                _copy(client, server)
                back.join()


def _copy(source: socket.socket, sink: socket.socket) -> None:
    """Copy until the source ends, then tell the sink so."""
    with suppress(OSError):
        while data := source.recv(BUFFER):
            sink.sendall(data)
    with suppress(OSError):
        sink.shutdown(socket.SHUT_WR)
