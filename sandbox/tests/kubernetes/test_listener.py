"""The endpoint's port: bytes pass both ways, the target is asked at each connection."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator

import pytest

from kumo_sandbox.kubernetes.listener import Listener


@pytest.fixture
def echo() -> Iterator[tuple[str, int]]:
    """A server that sends everything back when its client has said all."""
    server = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                client, dummy = server.accept()
            except OSError:
                return
            with client:
                data = b""
                while part := client.recv(65536):
                    data += part
                client.sendall(data)

    thread = threading.Thread(target=serve)
    thread.start()
    yield server.getsockname()
    server.shutdown(socket.SHUT_RDWR)
    server.close()
    thread.join()


def ask(port: int, data: bytes) -> bytes:
    with socket.create_connection(("127.0.0.1", port)) as client:
        sender = threading.Thread(target=lambda: (client.sendall(data), client.shutdown(socket.SHUT_WR)))
        sender.start()
        answer = b""
        while part := client.recv(65536):
            answer += part
        sender.join()
    return answer


def test_bytes_pass_both_ways_and_ends_are_passed_on(echo: tuple[str, int]) -> None:
    data = bytes(range(256)) * 20000
    listener = Listener(lambda: echo)
    assert ask(listener.port, data) == data
    listener.close()


def test_the_target_is_asked_at_each_connection(echo: tuple[str, int]) -> None:
    asked: list[int] = []
    listener = Listener(lambda: (asked.append(1), echo)[1])
    assert asked == []
    assert [ask(listener.port, text) for text in (b"one", b"two")] == [b"one", b"two"]
    assert len(asked) == 2
    listener.close()


def test_a_target_that_fails_closes_the_connection() -> None:
    def fail() -> tuple[str, int]:
        raise LookupError("gone")

    listener = Listener(fail)
    assert ask(listener.port, b"") == b""
    listener.close()


def test_a_closed_listener_accepts_no_more(echo: tuple[str, int]) -> None:
    listener = Listener(lambda: echo)
    listener.close()
    with pytest.raises(ConnectionRefusedError):
        ask(listener.port, b"")
