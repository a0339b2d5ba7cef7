# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A Kubernetes service account with the annotations that EKS' pod identity webhook reads.

https://github.com/aws/amazon-eks-pod-identity-webhook#eks-walkthrough

https://docs.aws.amazon.com/eks/latest/userguide/associate-service-account-role.html
"""

from __future__ import annotations

from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.core.errors import NotThere
from ansible_collections.kumo.eks.plugins.module_utils.core.fields import Change, Field
from ansible_collections.kumo.eks.plugins.module_utils.core.resource import Request, Resource
from ansible_collections.kumo.eks.plugins.module_utils.kubernetes.api import KubernetesApi, KubernetesError
from ansible_collections.kumo.eks.plugins.module_utils.kubernetes.kinds import NAMESPACE, SERVICE_ACCOUNT

PREFIX = "eks.amazonaws.com/"
ROLE = f"{PREFIX}role-arn"
AUDIENCE = f"{PREFIX}audience"
EXPIRATION = f"{PREFIX}token-expiration"
REGIONAL = f"{PREFIX}sts-regional-endpoints"
OURS = (ROLE, AUDIENCE, EXPIRATION, REGIONAL)

# Set with the creation, so that state=absent deletes only what was created here.
# https://kubernetes.io/docs/concepts/overview/working-with-objects/common-labels/
MANAGED_BY = {"app.kubernetes.io/managed-by": "kumo.eks"}
# Written by kubectl apply; the whole object again, and of no interest to a diff.
NOISE = "kubectl.kubernetes.io/last-applied-configuration"

FIELDS = (
    Field("annotations", "annotations", "metadata", partial=True),
    Field("labels", "labels", "metadata", partial=True),
)


class ServiceAccountResource(Resource):
    """A service account's metadata.

    Args:
        api: the cluster's Kubernetes API; None for the plan of a cluster that does not exist yet.
        create_namespace: whether a missing namespace is created.
    """

    kind = "service account"
    fields = FIELDS

    def __init__(self, api: KubernetesApi | None, namespace: str, account: str, create_namespace: bool = False) -> None:
        self._api, self._namespace, self._account = api, namespace, account
        self._create_namespace = create_namespace
        self.name = f"{namespace}/{account}"

    def describe(self) -> dict[str, Any] | None:
        found = self._api.get(SERVICE_ACCOUNT, self._account, self._namespace) if self._api else None
        return self._build_raw(found["metadata"]) if found else None

    def _build_raw(self, metadata: dict[str, Any]) -> dict[str, Any]:
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
        if raw is None and self._api and not self._create_namespace and self._is_namespace_missing():
            raise NotThere(
                f"namespace: namespace {self._namespace} does not exist in the cluster."
                " Set create_namespace=true to create it, or role_only=true to create only the IAM role."
            )

    def create(self, desired: dict[str, Any]) -> dict[str, Any]:
        if self._create_namespace and self._is_namespace_missing():
            self._ensure_namespace()
        raw = self.predict(desired)
        metadata = {"name": self._account, "annotations": raw["annotations"], "labels": raw["labels"]}
        return self._build_raw(self._api.create(SERVICE_ACCOUNT, {"metadata": metadata}, self._namespace)["metadata"])

    def _is_namespace_missing(self) -> bool:
        return self._api.get(NAMESPACE, self._namespace) is None

    def _ensure_namespace(self) -> None:
        try:
            self._api.create(NAMESPACE, {"metadata": {"name": self._namespace, "labels": MANAGED_BY}})
        except KubernetesError as error:
            if error.status != 409:  # another identity of the list was first
                raise

    def predict(self, desired: dict[str, Any]) -> dict[str, Any]:
        annotations = {key: value for key, value in desired["annotations"].items() if value is not None}
        return self._build_raw({"annotations": annotations, "labels": {**(desired.get("labels") or {}), **MANAGED_BY}})

    def requests(self, raw: dict[str, Any], changes: list[Change], desired: dict[str, Any]) -> list[Request]:
        metadata = {change.field.option: change.after for change in changes}
        return [Request("patch", lambda: self._patch(metadata))]

    def _patch(self, metadata: dict[str, Any]) -> None:
        self._api.patch(SERVICE_ACCOUNT, self._account, {"metadata": metadata}, self._namespace)

    def delete(self) -> None:
        raw = self.describe()
        if raw:
            self._api.delete(SERVICE_ACCOUNT, self._account, self._namespace, uid=raw["uid"])

    def already_exists(self, error: Exception) -> bool:
        return isinstance(error, KubernetesError) and error.status == 409


def is_ours(raw: dict[str, Any]) -> bool:
    """Whether this collection created it."""
    return MANAGED_BY.items() <= raw["labels"].items()


def build_annotations(role_arn: str, settings: dict[str, Any]) -> dict[str, str | None]:
    """The annotations for a role and the options audience, token_expiration, sts_regional_endpoints. None removes one."""
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
