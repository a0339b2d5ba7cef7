# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bundles of certificates: what they are, however they are written, and what is none."""

from __future__ import annotations

import pytest
from support.certificates import CA_BUNDLE, OTHER_BUNDLE

from ansible_collections.kumo.eks.plugins.module_utils.core.certificates import read_fingerprints


def test_a_bundle_is_its_certificates():
    both = read_fingerprints(CA_BUNDLE + OTHER_BUNDLE)
    assert len(both) == 2 and both == read_fingerprints(f"# ours\n{OTHER_BUNDLE}\n{CA_BUNDLE}".replace("\n", "\r\n"))
    assert read_fingerprints(CA_BUNDLE * 2) == read_fingerprints(CA_BUNDLE)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("ca.pem", "not a bundle of certificates"),
        (CA_BUNDLE.replace("CERTIFICATE", "CERTIFICATE REQUEST"), "not a bundle of certificates"),
        (CA_BUNDLE.replace("MII", "!!!", 1), "not in Base64"),
        (CA_BUNDLE * 500, "204800"),
    ],
)
def test_what_is_no_bundle(text, message):
    with pytest.raises(ValueError, match=message):
        read_fingerprints(text)


def test_a_private_key_is_refused_and_not_repeated():
    key = "-----BEGIN EC PRIVATE KEY-----\nMHcCAQEE\n-----END EC PRIVATE KEY-----\n"
    with pytest.raises(ValueError, match="private key") as error:
        read_fingerprints(CA_BUNDLE + key)
    assert "MHcCAQEE" not in str(error.value)
