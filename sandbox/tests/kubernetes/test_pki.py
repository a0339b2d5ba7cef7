"""A cluster's certificates stand up to Python's strict verification, and keys are private."""

from __future__ import annotations

import base64
import socket
import ssl
import threading
from pathlib import Path

import pytest

from kumo_sandbox.kubernetes.pki import Pki


@pytest.fixture
def pki(tmp_path: Path) -> Pki:
    made = Pki(tmp_path / "pki", "demo")
    made.issue("server", "kube-apiserver", hosts=("127.0.0.1", "localhost"))
    made.issue("admin", "kubernetes-admin", ("system:masters",))
    return made


def shake_hands(pki: Pki, host: str) -> dict[str, object]:
    """The client's certificate as the server sees it, after both have verified each other."""
    server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=pki.path("ca.crt"))
    server.load_cert_chain(pki.path("server.crt"), pki.path("server.key"))
    server.verify_mode = ssl.CERT_REQUIRED
    client = ssl.create_default_context(cafile=pki.path("ca.crt"))
    client.verify_flags |= ssl.VERIFY_X509_STRICT
    client.load_cert_chain(pki.path("admin.crt"), pki.path("admin.key"))
    ours, theirs = socket.socketpair()
    seen: list[dict[str, object]] = []

    def serve() -> None:
        with server.wrap_socket(theirs, server_side=True) as secured:
            seen.append(dict(secured.getpeercert() or {}))

    thread = threading.Thread(target=serve)
    thread.start()
    with client.wrap_socket(ours, server_hostname=host):
        thread.join()
    return seen[0]


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_client_and_server_verify_each_other(pki: Pki, host: str) -> None:
    subject = shake_hands(pki, host)["subject"]
    assert subject == ((("organizationName", "system:masters"),), (("commonName", "kubernetes-admin"),))


def test_the_ca_is_given_as_base64_of_its_pem(pki: Pki) -> None:
    assert base64.b64decode(pki.ca_data) == Path(pki.path("ca.crt")).read_bytes()


def test_keys_are_for_their_owner_alone(pki: Pki) -> None:
    pki.service_account_keys()
    keys = sorted(pki.folder.glob("*.key"))
    assert [key.name for key in keys] == ["admin.key", "ca.key", "sa.key", "server.key"]
    assert {key.stat().st_mode & 0o777 for key in keys} == {0o600}
    assert (pki.folder / "sa.pub").read_text().startswith("-----BEGIN PUBLIC KEY-----")
