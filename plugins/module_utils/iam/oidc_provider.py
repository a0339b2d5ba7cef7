# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The IAM OIDC provider of a cluster's issuer: STS believes the issuer's tokens because of it.

Sources: CreateOpenIDConnectProvider, GetOpenIDConnectProvider, AddClientIDToOpenIDConnectProvider,
ListOpenIDConnectProviders, DeleteOpenIDConnectProvider. IAM finds the thumbprint itself; the field is optional.
"""

from __future__ import annotations

from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.aws.iam_tags import build_tag_list, read_tag_list
from ansible_collections.kumo.eks.plugins.module_utils.core.fields import Change, Field, normalize_list
from ansible_collections.kumo.eks.plugins.module_utils.core.resource import Request
from ansible_collections.kumo.eks.plugins.module_utils.iam.base import IamResource, get_or_none
from ansible_collections.kumo.eks.plugins.module_utils.iam.policy_document import get_issuer

FIELDS = (
    Field("url", "Url", None),
    Field("audiences", "ClientIDList", "audiences", normalize_list),
)


class OidcProviderResource(IamResource):
    """``tags`` are set with the creation only: the provider is the cluster's, and not one role's."""

    kind = "IAM OIDC provider"
    fields = FIELDS

    def __init__(self, iam: Any, arn: str, issuer: str, audience: str, tags: dict[str, str]) -> None:
        super().__init__(iam, get_issuer(arn))
        self.arn, self._issuer, self._audience, self._tags = arn, issuer, audience, tags

    def describe(self) -> dict[str, Any] | None:
        found = get_or_none(lambda: self.iam.get_open_id_connect_provider(OpenIDConnectProviderArn=self.arn))
        return found and self._build_raw(found["Url"], found.get("ClientIDList", []), read_tag_list(found.get("Tags")))

    def _build_raw(self, url: str, audiences: list[str], tags: dict[str, str]) -> dict[str, Any]:
        return {
            "Arn": self.arn,
            "Url": url.removeprefix("https://"),  # IAM answers it without the scheme
            "ClientIDList": audiences,
            "tags": tags,
            "status": "ACTIVE",  # IAM knows no other state
        }

    def adjust(self, raw: dict[str, Any], desired: dict[str, Any]) -> dict[str, Any]:
        """Audiences of others stay."""
        return {**desired, "audiences": sorted({*raw["ClientIDList"], *desired["audiences"]})}

    def create(self, desired: dict[str, Any]) -> dict[str, Any]:
        self.iam.create_open_id_connect_provider(
            Url=self._issuer, ClientIDList=[self._audience], Tags=build_tag_list(self._tags)
        )
        return self.predict(desired)

    def predict(self, desired: dict[str, Any]) -> dict[str, Any]:
        return self._build_raw(self._issuer, [self._audience], self._tags)

    def requests(self, raw: dict[str, Any], changes: list[Change], desired: dict[str, Any]) -> list[Request]:
        return [Request("AddClientIDToOpenIDConnectProvider", self._add_audience)]

    def _add_audience(self) -> None:
        self.iam.add_client_id_to_open_id_connect_provider(OpenIDConnectProviderArn=self.arn, ClientID=self._audience)

    def delete(self) -> None:
        self.iam.delete_open_id_connect_provider(OpenIDConnectProviderArn=self.arn)
