# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A Kubernetes service account that names an IAM role. Sources: EKS' pod identity webhook, Kubernetes API core/v1.

https://docs.aws.amazon.com/eks/latest/userguide/associate-service-account-role.html
"""

from __future__ import annotations

from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.core.errors import ValidationError
from ansible_collections.kumo.eks.plugins.module_utils.core.fields import Change, Field
from ansible_collections.kumo.eks.plugins.module_utils.core.resource import Request, Resource
from ansible_collections.kumo.eks.plugins.module_utils.kubernetes.api import KubernetesApi, KubernetesError

PREFIX = "eks.amazonaws.com/"
ROLE = f"{PREFIX}role-arn"
AUDIENCE = f"{PREFIX}audience"
EXPIRATION = f"{PREFIX}token-expiration"
REGIONAL = f"{PREFIX}sts-regional-endpoints"
OURS = (ROLE, AUDIENCE, EXPIRATION, REGIONAL)

# Set with the creation, so that an absent knows again what was made here.
MANAGED_BY = {"app.kubernetes.io/managed-by": "kumo.eks"}
NOISE = "kubectl.kubernetes.io/last-applied-configuration"

FIELDS = (
    Field("annotations", "annotations", "metadata", partial=True),
    Field("labels", "labels", "metadata", partial=True),
)


class ServiceAccountResource(Resource):
    """A service account's metadata.

    Args:
        api: None where the cluster does not exist yet, for a plan.
        create_namespace: a missing namespace is made, too.
    """

    kind = "service account"
    fields = FIELDS

    def __init__(self, api: KubernetesApi | None, namespace: str, account: str, create_namespace: bool = False) -> None:
        self._api, self._namespace, self._account = api, namespace, account
        self._create_namespace = create_namespace
        self.name = f"{namespace}/{account}"

    def describe(self) -> dict[str, Any] | None:
        found = self._api.service_account(self._namespace, self._account) if self._api else None
        return self._raw(found["metadata"]) if found else None

    def _raw(self, metadata: dict[str, Any]) -> dict[str, Any]:
        annotations = {key: value for key, value in (metadata.get("annotations") or {}).items() if key != NOISE}
        return {
            "namespace": self._namespace,
            "name": self._account,
            "annotations": annotations,
            "labels": metadata.get("labels") or {},
            "uid": metadata.get("uid"),
            "status": "ACTIVE",
        }

    def validate(self, raw: dict[str, Any] | None, desired: dict[str, Any]) -> None:
        if raw is None and self._api and not self._create_namespace and self._api.namespace(self._namespace) is None:
            raise ValidationError(
                f"namespace: there is no namespace {self._namespace} in the cluster."
                " Way out: set create_namespace: true, or role_only: true to make only the role."
            )

    def create(self, desired: dict[str, Any]) -> dict[str, Any]:
        if self._create_namespace and self._api.namespace(self._namespace) is None:
            self._make_namespace()
        raw = self.predict(desired)
        metadata = {"name": self._account, "annotations": raw["annotations"], "labels": raw["labels"]}
        return self._raw(self._api.create_service_account(self._namespace, metadata)["metadata"])

    def _make_namespace(self) -> None:
        try:
            self._api.create_namespace(self._namespace, MANAGED_BY)
        except KubernetesError as error:
            if error.status != 409:  # another identity of the list came first
                raise

    def predict(self, desired: dict[str, Any]) -> dict[str, Any]:
        annotations = {key: value for key, value in desired["annotations"].items() if value is not None}
        return self._raw({"annotations": annotations, "labels": {**(desired.get("labels") or {}), **MANAGED_BY}})

    def requests(self, raw: dict[str, Any], changes: list[Change], desired: dict[str, Any]) -> list[Request]:
        metadata = {change.field.option: change.after for change in changes}
        return [Request("patch", lambda: self._patch(metadata))]

    def _patch(self, metadata: dict[str, Any]) -> None:
        self._api.patch_service_account(self._namespace, self._account, metadata)

    def delete(self) -> None:
        raw = self.describe()
        if raw:
            self._api.delete_service_account(self._namespace, self._account, raw["uid"])

    def already_exists(self, error: Exception) -> bool:
        return isinstance(error, KubernetesError) and error.status == 409


def is_ours(raw: dict[str, Any]) -> bool:
    """Whether this collection made it."""
    return MANAGED_BY.items() <= raw["labels"].items()


def annotations_of(role_arn: str, settings: dict[str, Any]) -> dict[str, str | None]:
    """The annotations for a role and the options audience, token_expiration, sts_regional_endpoints; empty removes."""
    found: dict[str, str | None] = {ROLE: role_arn}
    audience, seconds = settings.get("audience"), settings.get("token_expiration")
    regional = settings.get("sts_regional_endpoints")
    if audience is not None:
        found[AUDIENCE] = audience or None
    if seconds is not None:
        found[EXPIRATION] = str(seconds) if seconds else None
    if regional is not None:
        found[REGIONAL] = "true" if regional else "false"
    return found
