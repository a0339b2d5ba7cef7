# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The IAM OIDC provider of a cluster's issuer: STS believes the issuer's tokens because of it.

Sources: CreateOpenIDConnectProvider, GetOpenIDConnectProvider, AddClientIDToOpenIDConnectProvider,
ListOpenIDConnectProviders, DeleteOpenIDConnectProvider. IAM finds the thumbprint itself; the field is optional.
"""

from __future__ import annotations

from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.fields import Change, Field, unordered
from ansible_collections.kumo.eks.plugins.module_utils.iam_policy import issuer_of
from ansible_collections.kumo.eks.plugins.module_utils.iam_tags import as_list, as_map
from ansible_collections.kumo.eks.plugins.module_utils.reconciler import Request
from ansible_collections.kumo.eks.plugins.module_utils.resources.iam import IamResource, found_in_iam

FIELDS = (
    Field("url", "Url", None),
    Field("audiences", "ClientIDList", "audiences", unordered),
)


class OidcProviderResource(IamResource):
    """``tags`` are set with the creation only: the provider is the cluster's, and not one role's."""

    kind = "IAM OIDC provider"
    fields = FIELDS

    def __init__(self, iam: Any, arn: str, issuer: str, audience: str, tags: dict[str, str]) -> None:
        super().__init__(iam, issuer_of(arn))
        self.arn, self._issuer, self._audience, self._tags = arn, issuer, audience, tags

    def describe(self) -> dict[str, Any] | None:
        found = found_in_iam(lambda: self.iam.get_open_id_connect_provider(OpenIDConnectProviderArn=self.arn))
        return found and self._raw(found["Url"], found.get("ClientIDList", []), as_map(found.get("Tags")))

    def _raw(self, url: str, audiences: list[str], tags: dict[str, str]) -> dict[str, Any]:
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
            Url=self._issuer, ClientIDList=[self._audience], Tags=as_list(self._tags)
        )
        return self.predict(desired)

    def predict(self, desired: dict[str, Any]) -> dict[str, Any]:
        return self._raw(self._issuer, [self._audience], self._tags)

    def requests(self, raw: dict[str, Any], changes: list[Change], desired: dict[str, Any]) -> list[Request]:
        return [Request("AddClientIDToOpenIDConnectProvider", self._add_audience)]

    def _add_audience(self) -> None:
        self.iam.add_client_id_to_open_id_connect_provider(OpenIDConnectProviderArn=self.arn, ClientID=self._audience)

    def delete(self) -> None:
        self.iam.delete_open_id_connect_provider(OpenIDConnectProviderArn=self.arn)
