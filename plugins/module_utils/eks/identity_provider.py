# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""OIDC identity providers that users of a cluster sign in with.

Sources: AssociateIdentityProviderConfig, DescribeIdentityProviderConfig, ListIdentityProviderConfigs,
DisassociateIdentityProviderConfig. Both changes are updates of the cluster.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.aws.client import has_message
from ansible_collections.kumo.eks.plugins.module_utils.aws.denials import look_if_allowed
from ansible_collections.kumo.eks.plugins.module_utils.aws.describe import describe_or_none, list_names
from ansible_collections.kumo.eks.plugins.module_utils.aws.tags import TAGS, apply_tags
from ansible_collections.kumo.eks.plugins.module_utils.core.errors import ValidationError
from ansible_collections.kumo.eks.plugins.module_utils.core.fields import (
    Change,
    Field,
    build_request,
    drop_none,
    none_if_empty,
    normalize_map,
)
from ansible_collections.kumo.eks.plugins.module_utils.core.resource import Request
from ansible_collections.kumo.eks.plugins.module_utils.core.specs.identity_provider import (
    find_identity_provider_problems,
)
from ansible_collections.kumo.eks.plugins.module_utils.core.validation import find_missing, raise_problems
from ansible_collections.kumo.eks.plugins.module_utils.eks.base import EksResource
from ansible_collections.kumo.eks.plugins.module_utils.eks.placement import refuse_missing_cluster

OIDC = "oidc"  # "The only type available is oidc": IdentityProviderConfig.type


def normalize_claims(value: Any) -> dict[str, str] | None:
    """Required claims with their values as text; none and the empty map are one."""
    return normalize_map(value, "required_claims") or None


def normalize_url(value: Any) -> Any:
    """An issuer with and without the slash at its end is the same."""
    return value.rstrip("/") if value else None


FIELDS = (
    TAGS,
    Field("issuer_url", "issuerUrl", None, normalize_url),
    Field("client_id", "clientId", None),
    Field("username_claim", "usernameClaim", None, none_if_empty),
    Field("username_prefix", "usernamePrefix", None, none_if_empty),
    Field("groups_claim", "groupsClaim", None, none_if_empty),
    Field("groups_prefix", "groupsPrefix", None, none_if_empty),
    Field("required_claims", "requiredClaims", None, normalize_claims, to_api=normalize_claims),
)


class IdentityProviderResource(EksResource):
    """The OIDC identity provider of a cluster: all but its tags is immutable."""

    kind = "OIDC identity provider"
    fields = FIELDS
    replaceable = True

    def __init__(self, client: Any, cluster: str, name: str) -> None:
        super().__init__(client, name)
        self._cluster = cluster
        self._names = {"clusterName": cluster, "identityProviderConfig": {"type": OIDC, "name": name}}

    def describe(self) -> dict[str, Any] | None:
        return describe_provider(self.client, self._cluster, self.name)

    def describe_update(self, update_id: str) -> dict[str, Any]:
        return self.client.describe_update(name=self._cluster, updateId=update_id)["update"]

    def is_missing(self, error: Exception) -> bool:
        # InvalidRequestException: https://github.com/hashicorp/terraform-provider-aws/blob/main/internal/service/eks/identity_provider_config.go
        return super().is_missing(error) or has_message(error, "is not associated with cluster")

    def validate(self, raw: dict[str, Any] | None, desired: dict[str, Any]) -> None:
        raise_problems(find_identity_provider_problems({**desired, "name": self.name}))
        if raw is None:
            raise_problems(find_missing(desired, ("issuer_url", "client_id"), f"{self.kind} {self.name}"))
            self._refuse_second()

    def _refuse_second(self) -> None:
        """A cluster has one: https://docs.aws.amazon.com/eks/latest/userguide/authenticate-oidc-identity-provider.html"""
        look = partial(list_providers, self.client, self._cluster)
        lost = f"it was not checked whether cluster {self._cluster} has another identity provider"
        others = [
            name for name in look_if_allowed(look, [], "eks:ListIdentityProviderConfigs", lost) if name != self.name
        ]
        if others:
            raise ValidationError(
                f"name: cluster {self._cluster} has the OIDC identity provider {others[0]!r}, and EKS allows one for a cluster."
                f" Disassociate it first, with name={others[0]} and state=absent, or use its name."
            )

    def build_create_request(self, desired: dict[str, Any]) -> dict[str, Any]:
        wanted = {key: value for key, value in drop_none(desired).items() if key != "tags" and value not in ("", {})}
        tags = build_request((TAGS,), drop_none(desired))
        return {
            "clusterName": self._cluster,
            "oidc": {"identityProviderConfigName": self.name, **build_request(FIELDS, wanted)},
            **({"tags": tags["tags"]} if tags.get("tags") else {}),
        }

    def create(self, desired: dict[str, Any]) -> dict[str, Any]:
        cluster = describe_or_none(self.client.describe_cluster, "cluster", name=self._cluster)
        refuse_missing_cluster(cluster, self._cluster, self.client.meta.region_name)
        self.started = self.client.associate_identity_provider_config(**self.build_create_request(desired))["update"]
        return self.describe() or self.predict(desired)

    def predict(self, desired: dict[str, Any]) -> dict[str, Any]:
        request = self.build_create_request(desired)
        return {"clusterName": self._cluster, **request["oidc"], "tags": request.get("tags", {}), "status": "CREATING"}

    def requests(self, raw: dict[str, Any], changes: list[Change], desired: dict[str, Any]) -> list[Request]:
        arn, tags = raw["identityProviderConfigArn"], TAGS.normalize(desired["tags"])
        return [Request("TagResource", lambda: apply_tags(self.client, arn, raw.get("tags"), tags))]

    def delete(self) -> None:
        self.started = self.client.disassociate_identity_provider_config(**self._names)["update"]


def list_providers(client: Any, cluster: str) -> list[str]:
    """The names of the cluster's OIDC identity providers; none where there is no such cluster."""
    rows = list_names(client, "list_identity_provider_configs", "identityProviderConfigs", cluster)
    return [row["name"] for row in rows if row["type"] == OIDC]


def describe_provider(client: Any, cluster: str, name: str) -> dict[str, Any] | None:
    """One identity provider, None where there is none of this name."""
    words = {"clusterName": cluster, "identityProviderConfig": {"type": OIDC, "name": name}}
    found = describe_or_none(client.describe_identity_provider_config, "identityProviderConfig", **words)
    return found[OIDC] if found else None
