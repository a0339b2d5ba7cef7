"""The endpoint's port: bytes pass both ways, and TLS is shaken hands while the API server is starting."""

from __future__ import annotations

import gc
import socket
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from kumo_sandbox.kubernetes.listener import Listener
from kumo_sandbox.kubernetes.pki import Pki


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


@pytest.fixture
def pki(tmp_path: Path) -> Pki:
    """The certificates that an endpoint and its API server have."""
    made = Pki(tmp_path / "pki", "demo")
    made.issue("endpoint", "kube-apiserver", hosts=("127.0.0.1",))
    made.issue("server", "kube-apiserver", hosts=("127.0.0.1",))
    made.issue("admin", "kubernetes-admin", ("system:masters",))
    return made


def test_bytes_pass_both_ways_and_ends_are_passed_on(echo: tuple[str, int], pki: Pki) -> None:
    data = bytes(range(256)) * 20000
    listener = Listener(pki, lambda: True, lambda: echo)
    assert ask(listener.port, data) == data
    listener.close()


def test_connections_outlive_the_garbage_collector(echo: tuple[str, int], pki: Pki) -> None:
    data = bytes(range(256)) * 20000
    listener = Listener(pki, lambda: True, lambda: echo)
    over = threading.Event()

    def collect() -> None:
        while not over.is_set():
            gc.collect()

    gc.freeze()  # what other tests have left need not be looked through each time
    collector = threading.Thread(target=collect)
    collector.start()
    try:
        assert [ask(listener.port, data) == data for number in range(5)] == [True] * 5
    finally:
        over.set()
        collector.join()
        gc.unfreeze()
        listener.close()


def test_the_target_is_asked_at_each_connection(echo: tuple[str, int], pki: Pki) -> None:
    asked: list[int] = []
    listener = Listener(pki, lambda: True, lambda: (asked.append(1), echo)[1])
    assert asked == []
    assert [ask(listener.port, text) for text in (b"one", b"two")] == [b"one", b"two"]
    assert len(asked) == 2
    listener.close()


def test_a_target_that_fails_closes_the_connection(pki: Pki) -> None:
    def fail() -> tuple[str, int]:
        raise LookupError("gone")

    listener = Listener(pki, lambda: True, fail)
    assert ask(listener.port, b"") == b""
    listener.close()


def test_a_closed_listener_accepts_no_more(echo: tuple[str, int], pki: Pki) -> None:
    listener = Listener(pki, lambda: True, lambda: echo)
    listener.close()
    with pytest.raises(ConnectionRefusedError):
        ask(listener.port, b"")


@pytest.mark.parametrize("client", [None, "admin"])
def test_hands_are_shaken_before_the_api_server_is_there(pki: Pki, client: str | None) -> None:
    """The client sends its request before there is an address; the API server sees the client's certificate."""
    started = threading.Event()
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=pki.path("ca.crt"))
    context.load_cert_chain(pki.path("server.crt"), pki.path("server.key"))
    context.verify_mode = ssl.CERT_OPTIONAL
    server = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        connection, dummy = server.accept()
        with context.wrap_socket(connection, server_side=True) as secured:
            names = dict(pair[0] for pair in (secured.getpeercert() or {}).get("subject", ()))
            secured.sendall(secured.recv(100) + str(names.get("commonName", "nobody")).encode())

    thread = threading.Thread(target=serve)
    thread.start()
    listener = Listener(pki, lambda: False, lambda: (started.wait(), server.getsockname())[1])
    ours = ssl.create_default_context(cafile=pki.path("ca.crt"))
    if client:
        ours.load_cert_chain(pki.path(f"{client}.crt"), pki.path(f"{client}.key"))
    with (
        socket.create_connection(("127.0.0.1", listener.port)) as plain,
        ours.wrap_socket(plain, server_hostname="127.0.0.1") as secured,
    ):
        secured.sendall(b"hello ")
        started.set()
        answer = b""
        while part := secured.recv(100):
            answer += part
    thread.join()
    server.close()
    listener.close()
    assert answer.decode() == ("hello kubernetes-admin" if client else "hello nobody")
