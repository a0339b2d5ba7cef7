"""A cluster's OIDC issuer: the key that signs its service account tokens, and what the issuer publishes.

The document and the keys are those of EKS: ISSUER/.well-known/openid-configuration and ISSUER/keys
(https://docs.aws.amazon.com/eks/latest/userguide/irsa-fetch-keys.html).
"""

from __future__ import annotations

import base64
import hashlib
import json
import threading
from functools import cached_property
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

ALGORITHM = "RS256"
_GENERATING = threading.Lock()


class TokenError(Exception):
    """The text is not a JSON Web Token."""


class IssuerKey:
    """The RSA pair of one issuer, made when first asked for (that takes 0.1 s) and the same ever after."""

    @cached_property
    def _key(self) -> rsa.RSAPrivateKey:
        return rsa.generate_private_key(public_exponent=65537, key_size=2048)

    @property
    def key(self) -> rsa.RSAPrivateKey:
        with _GENERATING:
            return self._key

    @cached_property
    def pem(self) -> str:
        """The private key as kube-apiserver reads it."""
        return self.key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
        ).decode()

    @cached_property
    def key_id(self) -> str:
        """As kube-apiserver names it in the header of a token: the digest of the public key."""
        public = self.key.public_key().public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        return _encode(hashlib.sha256(public).digest())

    @property
    def jwks(self) -> dict[str, Any]:
        """The JSON Web Key Set."""
        numbers = self.key.public_key().public_numbers()
        row = {
            "use": "sig",
            "kty": "RSA",
            "kid": self.key_id,
            "alg": ALGORITHM,
            "n": _encode(numbers.n.to_bytes((numbers.n.bit_length() + 7) // 8)),
            "e": _encode(numbers.e.to_bytes((numbers.e.bit_length() + 7) // 8)),
        }
        return {"keys": [row]}

    def sign(self, claims: dict[str, Any]) -> str:
        """A token with these claims, signed as kube-apiserver signs."""
        head = _encode(json.dumps({"alg": ALGORITHM, "kid": self.key_id}).encode())
        text = f"{head}.{_encode(json.dumps(claims).encode())}"
        return f"{text}.{_encode(self.key.sign(text.encode(), padding.PKCS1v15(), hashes.SHA256()))}"

    def verify(self, token: str) -> bool:
        """Whether this key made the token's signature."""
        text, dummy, signature = token.rpartition(".")
        try:
            self.key.public_key().verify(_decode(signature), text.encode(), padding.PKCS1v15(), hashes.SHA256())
        except (InvalidSignature, ValueError):
            return False
        return read_header(token).get("alg") == ALGORITHM


def build_discovery_document(issuer: str) -> dict[str, Any]:
    """The issuer's OpenID configuration."""
    return {
        "issuer": issuer,
        "jwks_uri": f"{issuer}/keys",
        "authorization_endpoint": "urn:kubernetes:programmatic_authorization",
        "response_types_supported": ["id_token"],
        "subject_types_supported": ["public"],
        "claims_supported": ["sub", "iss"],
        "id_token_signing_alg_values_supported": [ALGORITHM],
    }


def read_header(token: str) -> dict[str, Any]:
    """What a token says of itself; raises TokenError."""
    return _read_part(token, 0)


def read_claims(token: str) -> dict[str, Any]:
    """What a token claims, unchecked; raises TokenError."""
    return _read_part(token, 1)


def read_audiences(claims: dict[str, Any]) -> list[str]:
    found = claims.get("aud") or []
    return [found] if isinstance(found, str) else [str(each) for each in found]


def _read_part(token: str, number: int) -> dict[str, Any]:
    parts = token.split(".")
    if len(parts) != 3:
        raise TokenError("a token has three parts")
    try:
        found = json.loads(_decode(parts[number]))
    except ValueError as error:
        raise TokenError(str(error)) from error
    if not isinstance(found, dict):
        raise TokenError("a token's parts are JSON objects")
    return found


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def _decode(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
