# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A trust anchor of IAM Roles Anywhere: the certificates of the CA whose certificates identify machines.

Sources: CreateTrustAnchor, UpdateTrustAnchor, EnableTrustAnchor, DeleteTrustAnchor.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.aws.tags import TAGS
from ansible_collections.kumo.eks.plugins.module_utils.core.certificates import read_fingerprints
from ansible_collections.kumo.eks.plugins.module_utils.core.fields import Change, Field
from ansible_collections.kumo.eks.plugins.module_utils.roles_anywhere.base import AnywhereResource, Row, build_tag_rows

BUNDLE = "CERTIFICATE_BUNDLE"


def _normalize_bundle(value: Any) -> list[str]:
    """The certificates by their digests: of a bundle it does not matter how it is written."""
    if isinstance(value, list):
        return value
    try:
        return read_fingerprints(value or "")
    except ValueError:
        return []  # an anchor of AWS Private CA has none


FIELDS = (
    Field("ca_bundle", "caBundle", "settings", _normalize_bundle),
    Field("enabled", "enabled", "enabled"),
    TAGS,
)


def build_source(bundle: str) -> Row:
    """Source of the API."""
    return {"sourceType": BUNDLE, "sourceData": {"x509CertificateData": bundle}}


class TrustAnchorResource(AnywhereResource):
    """The trust anchor of a cluster."""

    kind, word, fields = "trust anchor", "trustAnchor", FIELDS

    def list_rows(self) -> Iterator[Row]:
        for page in self.client.get_paginator("list_trust_anchors").paginate():
            yield from page["trustAnchors"]

    def read(self, row: Row) -> Row:
        data: Any = (row.get("source") or {}).get("sourceData") or {}
        return {**super().read(row), "caBundle": data.get("x509CertificateData")}

    def create(self, desired: Row) -> Row:
        tags = self.build_tags(desired)
        made = self.client.create_trust_anchor(
            name=self.name, source=build_source(desired["ca_bundle"]), enabled=True, tags=build_tag_rows(tags)
        )["trustAnchor"]
        return self.read({**made, "tags": tags})

    def predict(self, desired: Row) -> Row:
        about = {"name": self.name, "caBundle": desired["ca_bundle"], "enabled": True}
        return {**about, "tags": self.build_tags(desired), "status": "ACTIVE"}

    def update(self, raw: Row, changes: list[Change], desired: Row) -> None:
        self.client.update_trust_anchor(trustAnchorId=raw["trustAnchorId"], source=build_source(desired["ca_bundle"]))

    def enable(self, key: str) -> None:
        self.client.enable_trust_anchor(trustAnchorId=key)

    def delete_row(self, key: str) -> None:
        self.client.delete_trust_anchor(trustAnchorId=key)
