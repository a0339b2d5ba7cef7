# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Public keys of SSH as EC2 imports them. Pure.

https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/create-key-pairs.html (import your own key): RSA, and ED25519, not for Windows.
"""

from __future__ import annotations

import base64
import binascii
import hashlib

RSA, ED25519 = "ssh-rsa", "ssh-ed25519"
DIGITS = 12  # of the digest of a key, in a name


def read_public_key(text: str) -> tuple[str, bytes]:
    """The type and the content of a line like "ssh-ed25519 AAAA... somebody".

    Raises:
        ValueError: with what is wrong; it does not repeat the text, which may be a private key.
    """
    parts = text.split()
    if len(parts) < 2 or parts[0] not in (RSA, ED25519) or len(text.strip().splitlines()) != 1:
        raise ValueError(f"it is not the public key of an SSH key pair. Use a line that begins with {RSA} or {ED25519}")
    try:
        content = base64.b64decode(parts[1], validate=True)
    except binascii.Error as error:
        raise ValueError("its second word is not in Base64. Copy the whole line") from error
    size = int.from_bytes(content[:4], "big")
    if content[4 : 4 + size] != parts[0].encode():
        raise ValueError(f"its content is not a key of the type {parts[0]}. Copy the whole line")
    return parts[0], content


def build_digest(text: str) -> str:
    """What names a key, whatever its comment: the first digits of its SHA-256."""
    return hashlib.sha256(read_public_key(text)[1]).hexdigest()[:DIGITS]
