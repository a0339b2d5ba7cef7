# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Bundles of certificates of CAs, as text in PEM. Pure."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re

from ansible_collections.kumo.eks.plugins.module_utils.core.counts import format_count

BLOCK = re.compile(r"-----BEGIN ([A-Z0-9 ]+)-----\s(.*?)-----END \1-----", re.DOTALL)
CERTIFICATE = "CERTIFICATE"
LONGEST = 204800  # characters of SourceData.x509CertificateData: the model of IAM Roles Anywhere


def read_fingerprints(text: str) -> list[str]:
    """The SHA-256 digests of the certificates, sorted: what a bundle is, however it is written.

    Raises:
        ValueError: with what is wrong; it does not repeat the text, which may be a private key.
    """
    blocks = BLOCK.findall(text)
    if any("PRIVATE KEY" in kind for kind, _content in blocks):
        raise ValueError(
            "it contains a private key. Use the certificates of the CA alone, and treat the key as disclosed"
        )
    if not blocks or {kind for kind, _content in blocks} != {CERTIFICATE}:
        raise ValueError("it is not a bundle of certificates in PEM. Use text with -----BEGIN CERTIFICATE-----")
    if len(text) > LONGEST:
        raise ValueError(f"it has {format_count(len(text), 'character')}. IAM Roles Anywhere accepts {LONGEST}")
    try:
        found = {base64.b64decode("".join(content.split()), validate=True) for _kind, content in blocks}
    except binascii.Error as error:
        raise ValueError("one of its certificates is not in Base64. Copy the whole text") from error
    return sorted(f"SHA-256 {hashlib.sha256(content).hexdigest()}" for content in found)
