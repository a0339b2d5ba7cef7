"""The certificates of one cluster: its own CA, and what that CA signs."""

from __future__ import annotations

import base64
import ipaddress
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

LIFETIME = timedelta(days=365)
CLOCK_SKEW = timedelta(minutes=5)
CA_USAGE = x509.KeyUsage(
    digital_signature=True,
    key_cert_sign=True,
    crl_sign=True,
    content_commitment=False,
    key_encipherment=False,
    data_encipherment=False,
    key_agreement=False,
    encipher_only=False,
    decipher_only=False,
)


class Pki:
    """Keys and certificates in one folder: ca.crt, ca.key, NAME.crt, NAME.key, sa.key, sa.pub (PEM, keys 0600)."""

    def __init__(self, folder: Path, cluster: str) -> None:
        """Make the folder and the CA; ``cluster`` is the CA's common name."""
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._certificate = self._make_ca(cluster)
        self._write("ca", self._key, self._certificate)

    def path(self, name: str) -> str:
        """The path of one file, as flags want it."""
        return str(self.folder / name)

    @property
    def ca_data(self) -> str:
        """Base64 of the CA's PEM, as DescribeCluster and kubeconfig files give it."""
        return base64.b64encode((self.folder / "ca.crt").read_bytes()).decode()

    def issue(self, name: str, common_name: str, groups: tuple[str, ...] = (), hosts: tuple[str, ...] = ()) -> None:
        """Sign NAME.crt: a client of these groups, and where ``hosts`` (names or addresses) are given a server too."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = _name(common_name, groups)
        usages = [ExtendedKeyUsageOID.CLIENT_AUTH, *([ExtendedKeyUsageOID.SERVER_AUTH] if hosts else [])]
        builder = self._start_certificate(subject, key.public_key(), self._certificate.subject)
        builder = builder.add_extension(x509.ExtendedKeyUsage(usages), critical=False)
        if hosts:
            builder = builder.add_extension(
                x509.SubjectAlternativeName([_parse_host(host) for host in hosts]), critical=False
            )
        self._write(name, key, builder.sign(self._key, hashes.SHA256()))

    def service_account_keys(self, pem: str = "") -> None:
        """sa.key and sa.pub: the RSA pair that signs service account tokens (RS256, as EKS' issuers do).

        ``pem`` is the private key; without it one is made, once.
        """
        path = self.folder / "sa.key"
        if not pem:
            if path.exists():
                return
            pem = _encode_private(rsa.generate_private_key(public_exponent=65537, key_size=2048)).decode()
        key = serialization.load_pem_private_key(pem.encode(), None)
        _write_private(path, pem.encode())
        public = key.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        (self.folder / "sa.pub").write_bytes(public)

    def _make_ca(self, cluster: str) -> x509.Certificate:
        builder = self._start_certificate(_name(cluster), self._key.public_key(), _name(cluster))
        builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        return builder.add_extension(CA_USAGE, critical=True).sign(self._key, hashes.SHA256())

    def _start_certificate(
        self, subject: x509.Name, key: ec.EllipticCurvePublicKey, issuer: x509.Name
    ) -> x509.CertificateBuilder:
        """A certificate to be signed; Python's strict verification wants both key identifiers in it."""
        now = datetime.now(UTC)
        authority = x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key())
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(issuer)
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - CLOCK_SKEW)
            .not_valid_after(now + LIFETIME)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
            .add_extension(authority, critical=False)
        )

    def _write(self, name: str, key: ec.EllipticCurvePrivateKey, certificate: x509.Certificate) -> None:
        _write_private(self.folder / f"{name}.key", _encode_private(key))
        (self.folder / f"{name}.crt").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))


def _name(common_name: str, groups: tuple[str, ...] = ()) -> x509.Name:
    organisations = [x509.NameAttribute(NameOID.ORGANIZATION_NAME, group) for group in groups]
    return x509.Name([*organisations, x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _parse_host(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _encode_private(key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    )


def _write_private(path: Path, content: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)


def build_pki(folder: Path, arn: str) -> Pki:
    """The certificates of a cluster: those of its administrator and of its endpoint."""
    pki = Pki(folder / "pki", arn.rpartition("/")[2])
    pki.issue("admin", "kubernetes-admin", ("system:masters",))
    pki.issue("endpoint", "kube-apiserver", hosts=("127.0.0.1", "localhost"))
    return pki
