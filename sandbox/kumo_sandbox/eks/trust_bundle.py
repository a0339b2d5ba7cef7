"""The certificate authorities (CAs) of a cluster as data: who signs, who is trusted, and until when.

https://docs.aws.amazon.com/eks/latest/userguide/certificate-authority-rotation.html
"""

from __future__ import annotations

import base64
import uuid
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from kumo_sandbox.eks.store import Cluster, Raw

YEAR, DAY = 365 * 86400, 86400
FIRST_VALIDITY, SUCCESSOR_VALIDITY = 10 * YEAR, 5 * YEAR
FIRST_ACTIVATION, FINAL_ACTIVATION = 182 * DAY, 45 * DAY  # before the signer ends
PROTECTED = 2 * YEAR  # before the signer ends: its successor stays
ROLLBACK = 7 * DAY  # "a limited period", assumed


def add_first(cluster: Cluster, now: float, data: str) -> None:
    """The CA that EKS creates with the cluster."""
    authority = _build(now, "EKS", FIRST_VALIDITY, data)
    authority.update(signingStatus="IN_USE", distributionStatus="COMPLETE", activatedAt=now, activatedBy="EKS")
    cluster.certificate_authorities[authority["id"]] = authority
    show(cluster)


def add_successor(cluster: Cluster, now: float) -> Raw:
    """A CA that is appended: trusted when it is distributed, and not signing."""
    authority = _build(now, "CUSTOMER", SUCCESSOR_VALIDITY, _create_certificate(cluster.name, now))
    authority.update(signingStatus="NOT_USED", distributionStatus="IN_PROGRESS")
    end = find_signer(cluster)["validity"]["notAfter"]
    authority["scheduledEvents"] = {
        "firstAutoActivation": end - FIRST_ACTIVATION,
        "finalAutoActivation": end - FINAL_ACTIVATION,
    }
    cluster.certificate_authorities[authority["id"]] = authority
    return authority


def find_signer(cluster: Cluster) -> Raw:
    return next(row for row in cluster.certificate_authorities.values() if row["signingStatus"] == "IN_USE")


def show(cluster: Cluster) -> None:
    """What DescribeCluster says: all trusted certificates, and the signer."""
    trusted = [row["data"] for row in cluster.certificate_authorities.values() if row["distributionStatus"] != "FAILED"]
    signer = find_signer(cluster)
    bundle = b"".join(base64.b64decode(data) for data in trusted)
    cluster.raw["certificateAuthority"] = {
        "data": base64.b64encode(bundle).decode() if len(trusted) > 1 else trusted[0],
        "active": {"id": signer["id"], "activatedBy": signer["activatedBy"]},
    }


def is_way_back_open(cluster: Cluster, authority: Raw, now: float) -> bool:
    """Whether the signer was activated a short while ago, in the place of an older CA that is still there."""
    older = [row for row in cluster.certificate_authorities.values() if row["createdAt"] < authority["createdAt"]]
    return bool(older) and authority["signingStatus"] == "IN_USE" and now - authority["activatedAt"] <= ROLLBACK


def _build(now: float, creator: str, seconds: float, data: str) -> Raw:
    return {
        "id": str(uuid.uuid4()),
        "createdAt": now,
        "createdBy": creator,
        "validity": {"notBefore": now, "notAfter": now + seconds},
        "data": data,
    }


def _create_certificate(name: str, now: float) -> str:
    """A self-signed certificate, as PEM in base64."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    start = datetime.fromtimestamp(now, UTC)
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(subject).public_key(key.public_key())
    builder = builder.serial_number(x509.random_serial_number()).not_valid_before(start)
    builder = builder.not_valid_after(start + timedelta(seconds=SUCCESSOR_VALIDITY))
    certificate = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    return base64.b64encode(certificate.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)).decode()
